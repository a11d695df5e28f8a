"""Which certificates are there, and do they still hold?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.credentials.facts import CertificateIssued, CertificateReissued, CertificateRevoked
from domain.kernel import Envelope
from projections.reading import Documents, Key, Reading, View, columns, names


class Certificate(Struct, frozen=True, gc=False):
    """A certificate.

    ``reason`` is why it no longer counts, sealed with the id ``revoked_fact``: that of the
    revocation, or where there was none of the correction that superseded it.
    """

    certificate: str
    run: str
    course: str
    subject: str
    mode: str
    basis: str
    result: str
    percent: int | None
    issued_at: datetime
    revoked_at: datetime | None
    reason: str | None
    revoked_fact: str | None
    position: int
    supersedes: str | None = None
    superseded_by: str | None = None
    superseded_at: datetime | None = None
    identity_verified: bool = False


def fold(document: Certificate | None, envelope: Envelope, key: Key) -> Certificate | None:
    """Take one fact about the certificate in. What was issued stays readable when revoked."""
    match envelope.fact:
        case CertificateIssued() as fact if document is None:
            return _issued(fact, envelope)
        case CertificateReissued(certificate=new) as fact if document is None and new == key[0]:
            return replace(_issued(fact, envelope), supersedes=fact.supersedes)
        case CertificateReissued() as fact if document is not None and fact.supersedes == key[0]:
            why = {"reason": fact.reason.sealed, "revoked_fact": envelope.id}
            return replace(
                document,
                superseded_by=fact.certificate,
                superseded_at=envelope.occurred_at,
                position=envelope.position,
                **({} if document.revoked_at is not None else why),
            )
        case CertificateRevoked(reason=reason) if document is not None:
            return replace(
                document,
                revoked_at=envelope.occurred_at,
                reason=reason.sealed,
                revoked_fact=envelope.id,
                position=envelope.position,
            )
        case _:
            return document


def _issued(fact: CertificateIssued | CertificateReissued, envelope: Envelope) -> Certificate:
    _, _, run, subject = envelope.stream.split("/")
    return Certificate(
        certificate=fact.certificate,
        run=run,
        course=fact.course,
        subject=subject,
        mode=fact.mode,
        basis=fact.basis,
        result=fact.result,
        percent=fact.percent,
        issued_at=envelope.occurred_at,
        revoked_at=None,
        reason=None,
        revoked_fact=None,
        position=envelope.position,
        identity_verified=fact.identity_verified,
    )


def keys(envelope: Envelope) -> Iterable[Key]:
    """The certificate's id, and that of the one that it supersedes."""
    fact = envelope.fact
    if isinstance(fact, CertificateReissued):
        return ((fact.certificate,), (fact.supersedes,))
    return ((fact.certificate,),)  # type: ignore[attr-defined]


CERTIFICATES = Reading(
    name="certificates",
    version=4,
    documents=(
        Documents(
            name="certificate",
            row=Certificate,
            key=("certificate",),
            facts=names(CertificateIssued, CertificateReissued, CertificateRevoked),
            keys=keys,
            fold=fold,
            indexes=("(subject)", "(run)"),
            across=("(certificate)",),
        ),
    ),
    views=(View("certificates", columns(Certificate), "{certificate}"),),
)

"""Which certificates are there, and do they still hold?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.kernel import Envelope
from projections.reading import Documents, Key, Reading, View, columns, names


class Certificate(Struct, frozen=True, gc=False):
    """A certificate. ``reason`` of a revocation is sealed with the id ``revoked_fact``."""

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


def fold(document: Certificate | None, envelope: Envelope, key: Key) -> Certificate | None:
    """Take one fact about the certificate in. What was issued stays readable when revoked."""
    match envelope.fact:
        case CertificateIssued() as fact if document is None:
            _, _, run, subject = envelope.stream.split("/")
            return Certificate(
                certificate=key[0],
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


def keys(envelope: Envelope) -> Iterable[Key]:
    """The certificate's id."""
    return ((envelope.fact.certificate,),)  # type: ignore[attr-defined]


CERTIFICATES = Reading(
    name="certificates",
    version=1,
    documents=(
        Documents(
            name="certificate",
            row=Certificate,
            key=("certificate",),
            facts=names(CertificateIssued, CertificateRevoked),
            keys=keys,
            fold=fold,
            indexes=("(subject)", "(run)"),
        ),
    ),
    views=(View("certificates", columns(Certificate), "{certificate}"),),
)

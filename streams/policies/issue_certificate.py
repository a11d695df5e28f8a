"""When is a certificate issued by itself? When the last of what it waits for has come."""

from __future__ import annotations

from collections.abc import Sequence

from domain.credentials.facts import CertificateAllowed, CertificateBarLifted
from domain.enrolment.facts import LearnerEnrolled, ModeChanged
from domain.grading.facts import CoursePassed, GradesReleased, OutcomeRecorded
from domain.grading.rules import PASSING
from domain.integrity.facts import IdentityVerified, IntegrityPolicyPublished, ViolationDismissed
from domain.kernel import Envelope, stream_ids
from streams.ports import Order, Roster

_OF_LEARNER = (
    LearnerEnrolled,
    ModeChanged,
    CoursePassed,
    OutcomeRecorded,
    IdentityVerified,
    CertificateAllowed,
    CertificateBarLifted,
    ViolationDismissed,
)
_OF_RUN = (GradesReleased, IntegrityPolicyPublished)
_ASKING = frozenset({CoursePassed.__name__, OutcomeRecorded.__name__, CertificateAllowed.__name__})
"""Without one of these a learner cannot have a certificate."""


class IssueCertificate:
    """Asks for the certificate whenever something has come that one waits for: of a learner a pass,
    a verified identity, a place on the allow list, a bar lifted, another mode, their coming back;
    of a run the release of its grades, or other terms, for all who may have waited.

    Whether there is one is decided by the command, which knows all of it.
    """

    name = "issue-certificate"
    facts = frozenset(cls.__name__ for cls in (*_OF_LEARNER, *_OF_RUN))

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the certificates that may now be due."""
        fact = cause.fact
        if isinstance(fact, _OF_RUN):
            waiting = await self._roster.with_facts(
                cause.tenant, fact.run, cause.position, _ASKING, without="CertificateIssued"
            )
            return [_order(fact.run, one, f"certificate/{cause.id}/{one}") for one in waiting]
        if isinstance(fact, OutcomeRecorded) and fact.result not in PASSING:
            return ()
        if isinstance(fact, LearnerEnrolled) and cause.version == 1:
            return ()  # only who comes back may have passed before
        run, subject = stream_ids(cause.stream)
        return (_order(run, subject, f"certificate/{cause.id}"),)


def _order(run: str, subject: str, key: str) -> Order:
    return Order("issue-certificate", {"run": run, "subject": subject}, key)

"""When is a certificate issued by itself? When a learner has passed."""

from __future__ import annotations

from collections.abc import Sequence

from domain.grading.facts import CoursePassed, OutcomeRecorded
from domain.kernel import Envelope, stream_ids
from streams.ports import Order

PASSING = frozenset({"pass", "distinction"})


class IssueCertificate:
    """Passed, by the board's decision or by computation: ask for the certificate.

    Whether there is one is decided by the command, which knows mode, run and board.
    """

    name = "issue-certificate"
    facts = frozenset({OutcomeRecorded.__name__, CoursePassed.__name__})

    async def orders(self, cause: Envelope) -> Sequence[Order]:
        """Order the certificate of the enrolment that the fact is about."""
        fact = cause.fact
        if isinstance(fact, OutcomeRecorded) and fact.result not in PASSING:
            return ()
        run, subject = stream_ids(cause.stream)
        body = {"run": run, "subject": subject}
        return (Order("issue-certificate", body, f"certificate/{cause.id}"),)

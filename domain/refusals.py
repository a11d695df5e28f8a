"""Which rules can refuse a command, and how is each explained?"""

from __future__ import annotations

from types import ModuleType

from domain import due
from domain.access import rules as access
from domain.assessment import rules as assessment
from domain.catalogue import rules as catalogue
from domain.consent import rules as consent
from domain.credentials import rules as credentials
from domain.engagement import rules as engagement
from domain.enrolment import rules as enrolment
from domain.enrolment import terms, waitlist
from domain.grading import regrade
from domain.grading import rules as grading
from domain.integrity import rules as integrity
from domain.kernel import Refusal
from domain.learners import rules as learners
from domain.peer_review import rules as peer_review
from domain.privacy import rules as privacy
from domain.tenants import rules as tenants

_MODULES: tuple[ModuleType, ...] = (
    catalogue,
    enrolment,
    terms,
    waitlist,
    engagement,
    assessment,
    grading,
    regrade,
    credentials,
    integrity,
    peer_review,
    privacy,
    learners,
    consent,
    due,
    access,
    tenants,
)


def _refusals(modules: tuple[ModuleType, ...]) -> dict[str, type[Refusal]]:
    found: dict[str, type[Refusal]] = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                if not issubclass(value, Refusal):
                    continue
                if value.rule in found:
                    raise ValueError(f"rule {value.rule} is there twice")
                found[value.rule] = value
    return found


REFUSALS: dict[str, type[Refusal]] = _refusals(_MODULES)
"""Every refusal by the name of its rule, context by context."""

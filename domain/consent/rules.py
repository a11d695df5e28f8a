"""Which consent counts?"""

from __future__ import annotations

from domain.consent.facts import PurposePublished
from domain.consent.state import Purpose
from domain.kernel import Refusal

ANALYTICS = "analytics"
"""The purpose that decides whether analysts get to see a learner's facts."""


class PurposeUnknown(Refusal):
    """Consent is to a purpose that was published, so that it can be said later what somebody agreed
    to. Publish it with `publish-purpose`."""

    rule = "purpose-unknown"
    title = "There is no such purpose"


class ConsentNotAsked(Refusal):
    """The purpose rests on something else than consent, or is retired: to ask for consent would say
    that there is a choice where there is none."""

    rule = "consent-not-asked"
    title = "This purpose asks for no consent"


class PurposeVersionOther(Refusal):
    """Consent is to the version that is in force: whoever agrees must have seen that text. Show it,
    and send its number."""

    rule = "purpose-version-other"
    title = "Another version of the purpose is in force"


def require_asked(purpose: Purpose, name: str, version: int) -> PurposePublished:
    """Return what consent is asked for. Raises PurposeUnknown, ConsentNotAsked or
    PurposeVersionOther."""
    published = purpose.published
    if published is None:
        raise PurposeUnknown(f"No purpose {name} was published.", purpose=name)
    if published.basis != "consent" or published.retired:
        why = "is retired" if published.retired else f"rests on {published.basis}"
        raise ConsentNotAsked(
            f"Purpose {name} {why}.", purpose=name, basis=published.basis, retired=published.retired
        )
    if published.version != version:
        raise PurposeVersionOther(
            f"Version {published.version} of purpose {name} is in force, not {version}.",
            purpose=name,
            version=version,
            in_force=published.version,
        )
    return published

"""How does a test have a learner erased, and wait until that is done?"""

from __future__ import annotations

from tests.read_api.world import World
from tests.server import eventually

ERASED_SECONDS_MAX = 30.0


def erased(one: World, subject: str, ground: str = "consent-withdrawn") -> None:
    """Erase a learner, and wait until all steps are facts."""
    one.command("erase-learner", subject=subject, ground=ground)
    until(one, subject, "SubjectErased")


def until(one: World, subject: str, fact_type: str) -> None:
    """Wait until a step of a learner's erasure is recorded."""
    stream = f"main/erasure/{subject}"

    def there() -> bool:
        facts = one.run(one.reads.log.streams("main", [stream]))
        one.position = max([one.position, *(fact.position for fact in facts)])
        return any(fact.type == fact_type for fact in facts)

    eventually(there, ERASED_SECONDS_MAX, f"{fact_type} of {subject}")

"""Is the example whole when its last command is recorded?"""

from __future__ import annotations

from infra.importers.oulad.enrolments import Enrolments
from infra.importers.oulad.example import LAST, RUN
from infra.importers.oulad.tables import example_folder, read_tables


def test_the_last_command_of_the_example_is_known() -> None:
    """A start that finds its key has nothing left to load."""
    parcels = list(Enrolments(read_tables(example_folder(), [RUN])).parcels(500))
    assert (parcels[-1][-1].name, parcels[-1][-1].key) == LAST

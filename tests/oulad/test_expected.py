"""Do the expected figures agree with what is published about the data set?"""

from __future__ import annotations

from tests.oulad.expected import all_figures, rows


def test_the_figures_of_all_runs_add_up_to_the_known_totals() -> None:
    """The counts that come with the data set's description."""
    runs = all_figures().values()
    assert len(runs) == 22
    assert sum(run.enrolled for run in runs) == 32_593
    assert sum(run.enrolled_day_unknown for run in runs) == 45
    assert sum(run.withdrawn for run in runs) == 10_072
    assert sum(run.refused for run in runs) == 601
    assert sum(run.submissions + run.banked + run.refused for run in runs) == 173_912
    assert sum(run.outcomes.total() for run in runs) == 32_593
    assert sum(row["is_banked"] == "True" for row in rows("studentAssessment")) == 1_909


def test_no_more_work_is_late_than_the_data_set_says() -> None:
    """49,318 submissions are late; those after unregistration are refused and counted nowhere."""
    late = sum(run.late for run in all_figures().values())
    assert 49_318 - 588 <= late <= 49_318

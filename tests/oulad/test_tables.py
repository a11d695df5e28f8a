"""Is wrong data refused with the file and the line that are wrong?"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from infra.importers.oulad.tables import UnknownRun, WrongData, example_folder, read_tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data to spoil."""
    return Path(shutil.copytree(example_folder(), tmp_path / "oulad"))


def rewrite(folder: Path, table: str, old: str, new: str) -> None:
    """Change the first occurrence of a text in a table."""
    path = folder / f"{table}.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))


def test_all_rows_are_read() -> None:
    """As many as the data set holds."""
    tables = read_tables(example_folder())
    assert [len(rows) for rows in tables] == [22, 206, 6_364, 32_593, 32_593, 173_912]


def test_only_the_runs_named_are_read() -> None:
    """AAA-2013J has 383 learners."""
    tables = read_tables(example_folder(), ["AAA-2013J"])
    assert (len(tables.courses), len(tables.registrations), len(tables.infos)) == (1, 383, 383)


def test_a_run_that_is_not_there_is_named() -> None:
    """And those that are there with it."""
    with pytest.raises(UnknownRun, match="AAA-1999J is not in the data; it holds AAA-2013J"):
        read_tables(example_folder(), ["AAA-1999J"])


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("courses", "268", "many", r"courses.csv.gz, line 2: .*'many'"),
        ("assessments", "assessment_type", "kind", "the column assessment_type is missing"),
        ("studentAssessment", "False", "maybe", "line 2: 'maybe' is neither True nor False"),
        ("studentAssessment", "1752,11391", "99,11391", "line 2: no run has the assessment 99"),
        (
            "studentRegistration",
            "11391,-159",
            "11391",
            "studentRegistration.csv.gz, line 2: 4 cells where 5",
        ),
        ("assessments", "10.0", "heavy", "assessments.csv.gz, line 2"),
    ],
)
def test_a_wrong_cell_is_told_by_file_and_line(
    folder: Path, table: str, old: str, new: str, message: str
) -> None:
    """So that it can be found and mended."""
    rewrite(folder, table, old, new)
    with pytest.raises(WrongData, match=message):
        read_tables(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    """Not a stack trace."""
    (folder / "vle.csv.gz").unlink()
    with pytest.raises(WrongData, match=r"vle.csv.gz is missing"):
        read_tables(folder)


def test_a_damaged_file_is_named(folder: Path) -> None:
    """A file that was cut off, or is no gzip."""
    path = folder / "studentInfo.csv.gz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WrongData, match=r"studentInfo.csv.gz cannot be read"):
        read_tables(folder)
    path.write_bytes(b"plain")
    with pytest.raises(WrongData, match=r"studentInfo.csv.gz cannot be read"):
        read_tables(folder)

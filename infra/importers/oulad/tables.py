"""What do OULAD's files hold, row by row?"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import infra

R = TypeVar("R")
UNKNOWN = frozenset(("", "?"))


class WrongData(Exception):
    """A file is missing or does not hold what it should; names the file, the line and the rule."""


class UnknownRun(WrongData):
    """The data does not hold this run."""


class CourseRow(NamedTuple):
    """A module's presentation: a course run."""

    module: str
    presentation: str
    length_days: int


class AssessmentRow(NamedTuple):
    """An assessment of a run. ``day`` counts from the run's start; None: not known."""

    module: str
    presentation: str
    assessment: str
    type: str
    day: int | None
    weight: Decimal


class VleRow(NamedTuple):
    """A content item of a run."""

    site: str
    module: str
    presentation: str
    activity_type: str
    week_from: int | None
    week_to: int | None


class InfoRow(NamedTuple):
    """One learner in one run: who they are, and how it ended."""

    module: str
    presentation: str
    student: str
    gender: str | None
    region: str | None
    highest_education: str | None
    imd_band: str | None
    age_band: str | None
    previous_attempts: int | None
    studied_credits: int | None
    disability: bool | None
    final_result: str | None


class RegistrationRow(NamedTuple):
    """When one learner came into one run, and left it."""

    module: str
    presentation: str
    student: str
    registered: int | None
    unregistered: int | None


class SubmissionRow(NamedTuple):
    """One learner's work for one assessment. ``score`` is an exact text, 0 to 100."""

    assessment: str
    student: str
    day: int
    banked: bool
    score: str | None


class RunRow(Protocol):
    """A row that belongs to a run."""

    @property
    def module(self) -> str: ...
    @property
    def presentation(self) -> str: ...


class Tables(NamedTuple):
    """All rows, in the files' order."""

    courses: tuple[CourseRow, ...]
    assessments: tuple[AssessmentRow, ...]
    vle: tuple[VleRow, ...]
    infos: tuple[InfoRow, ...]
    registrations: tuple[RegistrationRow, ...]
    submissions: tuple[SubmissionRow, ...]


def run_of(row: RunRow) -> str:
    """Return the id of the run that a row belongs to: ``AAA-2013J``."""
    return f"{row.module}-{row.presentation}"


def example_folder() -> Path:
    """Return where the data that comes with the product lies: in an installation, or a checkout."""
    package = Path(infra.__file__).parent
    installed = package / "examples" / "oulad"
    return installed if installed.is_dir() else package.parent / "examples" / "oulad"


def read_tables(folder: Path, runs: Collection[str] = ()) -> Tables:
    """Read the six files: the rows of these runs (``AAA-2013J``), or of all where none are named.

    Raises WrongData, also for a submission to an assessment that no run has, and UnknownRun.
    """
    courses = _read(folder, "courses", COURSES, _course)
    known = [run_of(row) for row in courses]
    for run in runs:
        if run not in known:
            raise UnknownRun(f"{run} is not in the data; it holds {', '.join(known)}")
    chosen = frozenset(runs)

    def wanted(row: RunRow) -> bool:
        return not chosen or run_of(row) in chosen

    assessments = _read(folder, "assessments", ASSESSMENTS, _assessment)
    run_of_assessment = {row.assessment: run_of(row) for row in assessments}

    def wanted_submission(row: SubmissionRow) -> bool:
        if row.assessment not in run_of_assessment:
            raise ValueError(f"no run has the assessment {row.assessment}")
        return not chosen or run_of_assessment[row.assessment] in chosen

    return Tables(
        courses=tuple(filter(wanted, courses)),
        assessments=tuple(filter(wanted, assessments)),
        vle=_read(folder, "vle", VLE, _vle, wanted),
        infos=_read(folder, "studentInfo", INFOS, _info, wanted),
        registrations=_read(folder, "studentRegistration", REGISTRATIONS, _registration, wanted),
        submissions=_read(folder, "studentAssessment", SUBMISSIONS, _submission, wanted_submission),
    )


RUN = ("code_module", "code_presentation")
COURSES = (*RUN, "module_presentation_length")
ASSESSMENTS = (*RUN, "id_assessment", "assessment_type", "date", "weight")
VLE = ("id_site", *RUN, "activity_type", "week_from", "week_to")
INFOS = (
    *RUN,
    "id_student",
    "gender",
    "region",
    "highest_education",
    "imd_band",
    "age_band",
    "num_of_prev_attempts",
    "studied_credits",
    "disability",
    "final_result",
)
REGISTRATIONS = (*RUN, "id_student", "date_registration", "date_unregistration")
SUBMISSIONS = ("id_assessment", "id_student", "date_submitted", "is_banked", "score")


def _read(
    folder: Path,
    table: str,
    columns: tuple[str, ...],
    parse: Callable[[list[str]], R],
    wanted: Callable[[R], bool] | None = None,
) -> tuple[R, ...]:
    path = folder / f"{table}.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return tuple(_rows(path, csv.reader(file), columns, parse, wanted))
    except FileNotFoundError as error:
        raise WrongData(f"{path} is missing") from error
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise WrongData(f"{path} cannot be read: {error}") from error


def _rows(
    path: Path,
    reader: Iterator[list[str]],
    columns: tuple[str, ...],
    parse: Callable[[list[str]], R],
    wanted: Callable[[R], bool] | None,
) -> Iterator[R]:
    header = next(reader, [])
    missing = [column for column in columns if column not in header]
    if missing:
        raise WrongData(f"{path}: the column {missing[0]} is missing")
    order = [header.index(column) for column in columns]
    for line, cells in enumerate(reader, start=2):
        try:
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells where {len(header)} are expected")
            row = parse([cells[index] for index in order])
            if wanted is None or wanted(row):
                yield row
        except (ValueError, InvalidOperation) as error:
            raise WrongData(f"{path}, line {line}: {error}") from error


def _course(cells: list[str]) -> CourseRow:
    module, presentation, length = cells
    return CourseRow(module, presentation, int(length))


def _assessment(cells: list[str]) -> AssessmentRow:
    module, presentation, assessment, kind, day, weight = cells
    return AssessmentRow(module, presentation, assessment, kind, _number(day), Decimal(weight))


def _vle(cells: list[str]) -> VleRow:
    site, module, presentation, activity, first, last = cells
    return VleRow(site, module, presentation, activity, _number(first), _number(last))


def _info(cells: list[str]) -> InfoRow:
    module, presentation, student, *told, attempts, credit, disability, result = cells
    gender, region, education, imd, age = map(_text, told)
    return InfoRow(
        module,
        presentation,
        student,
        gender,
        region,
        education,
        imd,
        age,
        _number(attempts),
        _number(credit),
        _truth(disability),
        _text(result),
    )


def _registration(cells: list[str]) -> RegistrationRow:
    module, presentation, student, registered, unregistered = cells
    return RegistrationRow(
        module, presentation, student, _number(registered), _number(unregistered)
    )


def _submission(cells: list[str]) -> SubmissionRow:
    assessment, student, day, banked, score = cells
    return SubmissionRow(assessment, student, int(day), _truth(banked) is True, _text(score))


def _text(cell: str) -> str | None:
    return None if cell in UNKNOWN else cell


def _number(cell: str) -> int | None:
    return None if cell in UNKNOWN else int(cell)


TRUTHS: Mapping[str, bool] = {"True": True, "False": False}


def _truth(cell: str) -> bool | None:
    if cell in UNKNOWN:
        return None
    if cell not in TRUTHS:
        raise ValueError(f"{cell!r} is neither True nor False")
    return TRUTHS[cell]

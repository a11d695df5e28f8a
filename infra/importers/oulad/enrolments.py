"""Which commands tell what happened between one learner and one run, in the order of time?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from infra.importers.oulad.catalogue import MODE, POSSIBLE
from infra.importers.oulad.fates import Row, Sendable, sendable
from infra.importers.oulad.tables import (
    InfoRow,
    RegistrationRow,
    SubmissionRow,
    Tables,
    WrongData,
    run_of,
)
from infra.importers.oulad.times import GRADE, OUTCOME, REGISTER, SUBMIT, UNREGISTER, Calendar

ATTEMPT = "1"
GRADERS = {"TMA": "tutor", "CMA": "computer", "Exam": "examiner"}
"""Who marks: OULAD's types are tutor marked, computer marked, and the final exam."""


class Enrolment:
    """All rows of one learner in one run."""

    __slots__ = ("info", "registration", "submissions")

    def __init__(self) -> None:
        self.info: InfoRow | None = None
        self.registration: RegistrationRow | None = None
        self.submissions: list[SubmissionRow] = []


class Enrolments:
    """The tables, merged by learner and run, and told as commands."""

    def __init__(self, tables: Tables) -> None:
        """Raises WrongData where a learner is twice in one table for one run."""
        self._types = {row.assessment: row.type for row in tables.assessments}
        self._runs = {row.assessment: run_of(row) for row in tables.assessments}
        self._length_days = {run_of(row): row.length_days for row in tables.courses}
        self._calendars = {run_of(row): Calendar(row.presentation) for row in tables.courses}
        self.enrolments = self._merged(tables)

    def _merged(self, tables: Tables) -> dict[tuple[str, str], Enrolment]:
        merged: defaultdict[tuple[str, str], Enrolment] = defaultdict(Enrolment)
        for registration in tables.registrations:
            enrolment = merged[run_of(registration), registration.student]
            _once(enrolment.registration, registration)
            enrolment.registration = registration
        for info in tables.infos:
            enrolment = merged[run_of(info), info.student]
            _once(enrolment.info, info)
            enrolment.info = info
        for submission in tables.submissions:
            run = self._runs[submission.assessment]
            merged[run, submission.student].submissions.append(submission)
        return dict(merged)

    def parcels(self, commands_max: int) -> Iterator[list[Sendable]]:
        """Yield whole enrolments, as many together as keep within this number of commands."""
        parcel: list[Sendable] = []
        for run, student in self.enrolments:
            commands = self.commands(run, student)
            if parcel and len(parcel) + len(commands) > commands_max:
                yield parcel
                parcel = []
            parcel += commands
        if parcel:
            yield parcel

    def count(self) -> int:
        """Return how many commands there are over all enrolments."""
        registrations = infos = work = 0
        for enrolment in self.enrolments.values():
            registration, info = enrolment.registration, enrolment.info
            if registration is not None:
                registrations += 1 + (registration.unregistered is not None)
            infos += info is not None and info.final_result is not None
            work += sum(
                1 + (not row.banked and row.score is not None) for row in enrolment.submissions
            )
        return registrations + infos + work

    def commands(self, run: str, student: str) -> list[Sendable]:
        """Return the commands of one enrolment in the order of time."""
        enrolment = self.enrolments[run, student]
        timed = sorted(self._timed(run, student, enrolment), key=lambda pair: pair[0])
        return [command for _, command in timed]

    def _timed(
        self, run: str, student: str, enrolment: Enrolment
    ) -> Iterator[tuple[str, Sendable]]:
        calendar = self._calendars[run]
        who = {"run": run, "subject": f"oulad-{student}"}
        registration = enrolment.registration
        info_row = Row("studentInfo", f"{run} student {student}")
        registered = None
        if registration is not None:
            row = Row("studentRegistration", f"{run} student {student}")
            day = enrolled_day(registration, enrolment.submissions)
            registered = calendar.at(day, REGISTER)
            rows = (row,) if enrolment.info is None else (row, info_row)
            body = _enrol(who, registered, registration, enrolment.info)
            yield registered, sendable("enrol-learner", f"{run}:enrol:{student}", body, *rows)
            if registration.unregistered is not None:
                at = calendar.at(registration.unregistered, UNREGISTER)
                key = f"{run}:withdraw:{student}"
                yield at, sendable("withdraw-learner", key, {**who, "occurred_at": at}, row)
        for submission in enrolment.submissions:
            yield from self._work(run, submission, registered)
        if enrolment.info is not None and enrolment.info.final_result is not None:
            at = calendar.at(self._last_day(run, enrolment), OUTCOME)
            result = enrolment.info.final_result.lower()
            body = {**who, "result": result, "occurred_at": at}
            yield at, sendable("record-outcome", f"{run}:outcome:{student}", body, info_row)

    def _work(
        self, run: str, submission: SubmissionRow, registered: str | None
    ) -> Iterator[tuple[str, Sendable]]:
        calendar, student = self._calendars[run], submission.student
        row = Row(
            "studentAssessment", f"{run} student {student} assessment {submission.assessment}"
        )
        what = {"run": run, "subject": f"oulad-{student}", "item": submission.assessment}
        key = f"{submission.assessment}:{student}"
        at = calendar.at(submission.day, SUBMIT)
        if submission.banked:
            # Carried in with the learner: it cannot be in a run before the learner is.
            at = at if registered is None else max(at, registered)
            body = {**what, "possible": POSSIBLE, "occurred_at": at}
            if submission.score is not None:
                body["raw"] = submission.score
            yield at, sendable("transfer-result", f"{run}:banked:{key}", body, row)
            return
        body = {**what, "attempt": ATTEMPT, "occurred_at": at}
        yield at, sendable("submit-work", f"{run}:submit:{key}", body, row)
        if submission.score is not None:
            at = calendar.at(submission.day, GRADE)
            grader = GRADERS.get(self._types[submission.assessment], "unknown")
            body = {
                **what,
                "attempt": ATTEMPT,
                "raw": submission.score,
                "grader": grader,
                "occurred_at": at,
            }
            yield at, sendable("grade-submission", f"{run}:grade:{key}", body, row)

    def _last_day(self, run: str, enrolment: Enrolment) -> int:
        """The board meets when the run is over and nothing of this learner is to come."""
        days = [self._length_days[run], *(row.day for row in enrolment.submissions)]
        registration = enrolment.registration
        if registration is not None:
            days += [registration.registered or 0, registration.unregistered or 0]
        return max(days)


def enrolled_day(registration: RegistrationRow, submissions: Sequence[SubmissionRow]) -> int:
    """Return the day of registration; where it is not known, the earliest that shows them in.

    That is the run's start, or an earlier submission or unregistration.
    """
    if registration.registered is not None:
        return registration.registered
    days = [0, *(row.day for row in submissions if not row.banked)]
    if registration.unregistered is not None:
        days.append(registration.unregistered)
    return min(days)


def _enrol(
    who: dict[str, Any], at: str, registration: RegistrationRow, info: InfoRow | None
) -> dict[str, Any]:
    body: dict[str, Any] = {**who, "mode": MODE, "occurred_at": at}
    if registration.registered is None:
        body["day_known"] = False
    told = {} if info is None else _demographics(info)
    if told:
        body["demographics"] = told
    return body


def _demographics(info: InfoRow) -> dict[str, Any]:
    told = {
        "gender": info.gender,
        "region": info.region,
        "highest_education": info.highest_education,
        "imd_band": info.imd_band,
        "age_band": info.age_band,
        "disability": info.disability,
        "previous_attempts": info.previous_attempts,
        "studied_credits": info.studied_credits,
    }
    return {name: value for name, value in told.items() if value is not None}


def _once(before: object, row: InfoRow | RegistrationRow) -> None:
    if before is not None:
        raise WrongData(f"student {row.student} is twice in one table for {run_of(row)}")

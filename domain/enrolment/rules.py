"""Who may be in a run?

The checks of an enrolment come in this order [Open edX]: the run exists, the learner is not already
in it, the window is open, prerequisites are met, the mode is offered, a seat is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.catalogue.facts import Prerequisite, RunScheduled
from domain.catalogue.state import Run
from domain.enrolment.seats import Seats
from domain.enrolment.state import Enrolment
from domain.enrolment.waitlist import require_standing_offer
from domain.grading.counting import Score
from domain.grading.rules import has_passed
from domain.kernel import Refusal
from domain.wording import counted, moment, moment_or


class NotEnrolled(Refusal):
    """What the command asks for is only for a learner who is in the run at that moment. This one
    never enrolled, or has withdrawn or moved to another run. Enrolling again makes it possible
    again; what was achieved before stays in the record."""

    rule = "not-enrolled"
    title = "The learner is not enrolled in the run"


class AlreadyEnrolled(Refusal):
    """The learner is in the run already, in another mode. Enrolling again in the same mode changes
    nothing and is no error; changing the mode is not an enrolment [Open edX]."""

    rule = "already-enrolled"
    title = "The learner is already enrolled in another mode"


class WindowClosed(Refusal):
    """A run may state when it takes enrolments. The window is half-open: `opens <= now < closes`
    [Canvas, Moodle]. A side that the run does not state is open."""

    rule = "window-closed"
    title = "The run does not take enrolments at this time"


class PrerequisiteUnmet(Refusal):
    """The run's course requires that another course was passed, or a minimum grade in it. The
    command names in `satisfied_by` the run of that course in which the learner met it. An exam
    board's decision counts over the computed grade; a minimum grade is the computed whole percent,
    and does not count where the board decided otherwise [Open edX]."""

    rule = "prerequisite-unmet"
    title = "A prerequisite is not met"


class ModeNotOffered(Refusal):
    """A run says in which modes it can be taken (`audit`, `verified`, `honor` …) [Open edX]. The
    mode asked for is none of them."""

    rule = "mode-not-offered"
    title = "The run does not offer this mode"


class RunFull(Refusal):
    """All seats of the run are taken, or held for those on its waitlist. The seat is decided in the
    same atomic append as the enrolment, so a run is never over its capacity, however many ask for
    the last seat at once [Open edX and others check first and write later, unlocked]. Join the
    waitlist with `join-waitlist`."""

    rule = "run-full"
    title = "The run is full"


class SeatsBeingCounted(Refusal):
    """The run had no limit on its seats until now, and who is in is being counted. It opens again
    by itself as soon as the count is recorded. Try again in a moment."""

    rule = "seats-being-counted"
    title = "The run's seats are being counted"


class OtherCourse(Refusal):
    """A transfer moves a learner between runs of one course, with results that count in both. To
    take another course, enrol in it."""

    rule = "other-course"
    title = "The runs are not of one course"


class NothingToCarry(Refusal):
    """A transfer carries ("banks") the results of the items that it names. The learner has no score
    for one of them in the run that they leave."""

    rule = "nothing-to-carry"
    title = "There is no result to carry over"


def require_active(enrolment: Enrolment, run_id: str, subject: str) -> None:
    """Raise NotEnrolled where the learner is not in the run now."""
    if enrolment.standing == "active":
        return
    how = {
        "none": "was never enrolled in",
        "withdrawn": "has withdrawn from",
        "transferred": "has moved to another run from",
    }[enrolment.standing]
    raise NotEnrolled(
        f"Learner {subject} {how} run {run_id}.",
        run=run_id,
        subject=subject,
        standing=enrolment.standing,
    )


def require_ever_enrolled(enrolment: Enrolment, run_id: str, subject: str) -> None:
    """Raise NotEnrolled where the learner never was in the run."""
    if enrolment.standing == "none":
        require_active(enrolment, run_id, subject)


def require_window(run: Run, run_id: str, now: datetime) -> None:
    """Raise WindowClosed outside opens <= now < closes [Canvas, Moodle]."""
    early = run.opens is not None and now < run.opens
    late = run.closes is not None and now >= run.closes
    if early or late:
        raise WindowClosed(
            f"Run {run_id} takes enrolments from {moment_or(run.opens, 'any time')} until before "
            f"{moment_or(run.closes, 'any time')}; it is {moment_or(now, '')}.",
            run=run_id,
            opens=moment(run.opens),
            closes=moment(run.closes),
            now=moment(now),
        )


def require_prerequisite(
    prerequisite: Prerequisite,
    satisfied_by: str | None,
    earlier_run: Run | None,
    earlier: Enrolment | None,
) -> None:
    """Raise PrerequisiteUnmet unless the learner's result in the run named meets it."""
    least = prerequisite.minimum_percent
    needed = (
        f"a pass in course {prerequisite.course}"
        if least is None
        else f"at least {least}% in course {prerequisite.course}"
    )
    percent = None
    if satisfied_by is None or earlier_run is None or earlier is None:
        found = "no run was named in satisfied_by"
    elif earlier_run.scheduled is None or earlier_run.scheduled.course != prerequisite.course:
        found = f"{satisfied_by} is no run of that course"
    else:
        grade = earlier.results.grade
        percent = None if grade is None else grade.percent
        refused_by_board = earlier.results.outcome in ("fail", "withdrawn")
        if least is None:
            met = has_passed(earlier.results)
        else:
            met = percent is not None and percent >= least and not refused_by_board
        if met:
            return
        found = f"the result in run {satisfied_by} is not enough"
    raise PrerequisiteUnmet(
        f"This course requires {needed}: {found}.",
        prerequisite=prerequisite.course,
        minimum_percent=least,
        satisfied_by=satisfied_by,
        percent=percent,
    )


def require_mode(scheduled: RunScheduled, mode: str) -> None:
    """Raise ModeNotOffered for a mode that the run does not offer."""
    if mode not in scheduled.modes:
        raise ModeNotOffered(
            f"Run {scheduled.run} offers {', '.join(scheduled.modes)}, not {mode}.",
            run=scheduled.run,
            mode=mode,
            modes=list(scheduled.modes),
        )


def require_seat(seats: Seats, run_id: str, subject: str, now: datetime) -> None:
    """Raise unless seats are unlimited, one is free for anybody, or is held for this learner.

    It is decided in one append with the enrolment [Open edX and others check, then write,
    unlocked]. While somebody waits, a free seat is theirs. Raises SeatsBeingCounted, OfferLapsed or
    RunFull.
    """
    if seats.capacity is None:
        return
    require_counted(seats, run_id)
    expires = seats.offers.get(subject)
    if expires is not None:
        require_standing_offer(expires, run_id, now)
        return
    if seats.held >= seats.capacity or seats.waiting:
        raise RunFull(
            f"Run {run_id} has {counted(seats.capacity, 'seat')}: {seats.taken} taken, "
            f"{len(seats.offers)} offered, {len(seats.waiting)} waiting.",
            run=run_id,
            capacity=seats.capacity,
            taken=seats.taken,
            offered=len(seats.offers),
            waiting=len(seats.waiting),
        )


def require_counted(seats: Seats, run_id: str) -> None:
    """Raise SeatsBeingCounted where seats are limited and nobody knows yet how many are taken."""
    if seats.capacity is not None and not seats.counted:
        raise SeatsBeingCounted(
            f"Who is in run {run_id} is being counted. Try again in a moment.", run=run_id
        )


def require_same_course(leaving: RunScheduled, entering: RunScheduled) -> None:
    """Raise OtherCourse where the runs are of two courses."""
    if leaving.course != entering.course:
        raise OtherCourse(
            f"Run {leaving.run} is of course {leaving.course}, run {entering.run} of course "
            f"{entering.course}.",
            from_run=leaving.run,
            from_course=leaving.course,
            to_run=entering.run,
            to_course=entering.course,
        )


def require_result(best: Mapping[str, Score], item: str, run_id: str) -> Score:
    """Return the best score on an item, or raise NothingToCarry."""
    score = best.get(item)
    if score is None:
        raise NothingToCarry(
            f"There is no score on item {item} in run {run_id} to carry over.",
            run=run_id,
            item=item,
        )
    return score

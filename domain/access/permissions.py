"""What can be permitted?"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing that a role or a scope may allow. Stored nowhere; clients see the value."""

    READ_CATALOGUE = "read-catalogue"
    """Courses, runs and the meaning of events."""
    READ_CONTENT = "read-content"
    """Content versions and drafts of a run."""
    READ_ROSTER = "read-roster"
    """Who is in a run, who waits, and whose work peers review."""
    READ_GRADEBOOK = "read-gradebook"
    """All scores and grades of a run, and what another policy would make of them."""
    READ_RECORD = "read-record"
    """A learner's record: enrolments, progress, grades, history, and the proofs of its facts."""
    READ_PERSONAL = "read-personal"
    """Personal fields of a record, opened."""
    READ_ANALYTICS = "read-analytics"
    """Sums over learners: of a run, or of everything."""
    READ_EVENTS = "read-events"
    """Events, which hold pseudonyms and no personal field."""
    READ_LOG = "read-log"
    """Where the log ends, its checkpoints and the tree of hashes."""
    READ_GRANTS = "read-grants"
    """Who has which role, now and on a past day."""
    READ_ACCESS_LOG = "read-access-log"
    """Who read which record."""
    READ_TENANTS = "read-tenants"
    """Which tenants the installation has, and how much of each; only in its own tenant, `main`."""
    SEARCH = "search"
    """Finding courses, runs and items; people and certificates where those may be read."""
    EXPORT_RECORD = "export-record"
    """Taking a learner's whole record along."""

    MANAGE_CATALOGUE = "manage-catalogue"
    """Courses, runs, their dates and seats."""
    EDIT_CONTENT = "edit-content"
    """A run's content."""
    SET_GRADING_POLICY = "set-grading-policy"
    """How a run is graded, and grading it anew."""
    SET_INTEGRITY_POLICY = "set-integrity-policy"
    """Honor code, identity checks and penalties of a run."""
    MANAGE_PEOPLE = "manage-people"
    """Registering people, which records are of one person, and what in them is wrong."""
    KEEP_PROFILE = "keep-profile"
    """A person's addresses, preferences and goals."""
    CONSENT = "consent"
    """What a learner agrees to."""
    SET_PRIVACY_RULES = "set-privacy-rules"
    """What learners' data is used for, and how long it is kept."""
    ENROL = "enrol"
    """Enrolling, transferring, changing the mode, withdrawing, refunds."""
    WAIT = "wait"
    """Joining and leaving a waitlist, and leaving a run."""
    GROUP = "group"
    """Cohorts."""
    TAKE_PART = "take-part"
    """Viewing, working and handing in, in the learner's own name."""
    GRADE = "grade"
    """Scores for what was handed in."""
    OVERRIDE_GRADES = "override-grades"
    """Scores in place of what was graded or computed, and excuses."""
    RELEASE_GRADES = "release-grades"
    """Whether learners see their grades."""
    ADJUST_TERMS = "adjust-terms"
    """Extensions, other due dates, waived modules."""
    DECIDE_OUTCOMES = "decide-outcomes"
    """What a board decides: outcomes, and results taken over."""
    CERTIFY = "certify"
    """Issuing, correcting, revoking, allowing and barring certificates."""
    REPORT_VIOLATION = "report-violation"
    """Saying that rules of integrity were broken."""
    JUDGE_VIOLATION = "judge-violation"
    """Upholding or dismissing that."""
    VERIFY_IDENTITY = "verify-identity"
    """Recording that somebody's identity was checked."""
    AUTOMATE = "automate"
    """What follows from time and facts by itself; policies do it."""
    ERASE = "erase"
    """Forgetting a learner, and legal holds that keep them from being forgotten."""
    CARRY_OUT_ERASURE = "carry-out-erasure"
    """Recording what was destroyed; the policy that destroys it does."""
    STATE_TIME = "state-time"
    """Stating when something occurred."""
    GRANT_ROLES = "grant-roles"
    """Giving and taking roles."""
    MANAGE_TENANTS = "manage-tenants"
    """Opening and erasing tenants; only in the installation's own tenant, `main`."""


_P = Permission

JUDGING = frozenset(
    {
        _P.GRADE,
        _P.OVERRIDE_GRADES,
        _P.ADJUST_TERMS,
        _P.DECIDE_OUTCOMES,
        _P.CERTIFY,
        _P.JUDGE_VIOLATION,
        _P.VERIFY_IDENTITY,
    }
)
"""Nobody does this to their own record, whatever their roles."""

STRONG = frozenset(
    {_P.EXPORT_RECORD, _P.OVERRIDE_GRADES, _P.GRANT_ROLES, _P.ERASE, _P.MANAGE_TENANTS}
)
"""Asks for a second factor, of people; a service has none."""

OF_INSTALLATION = frozenset({_P.READ_TENANTS, _P.MANAGE_TENANTS})
"""Nobody has this outside of the installation's own tenant, whatever their roles."""

RECORDED = frozenset(
    {
        _P.READ_RECORD,
        _P.READ_ROSTER,
        _P.READ_GRADEBOOK,
        _P.READ_EVENTS,
        _P.EXPORT_RECORD,
    }
)
"""Reading a learner's record with this is noted in the access log, but for one's own."""

OF_MANY = frozenset({_P.READ_ROSTER, _P.READ_GRADEBOOK})
"""Reading with this is reading what all learners of a run did, and is noted of the run."""

OF_ALL = frozenset({_P.READ_RECORD})
"""Reading with this, and of no learner or run by name, is looking through all learners: it is noted
of nobody, and without what was looked for."""

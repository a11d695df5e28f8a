"""What may each role do, and each scope of a program?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from domain.access.permissions import Permission
from domain.access.principal import Role


class Reach(IntEnum):
    """How far a permission reaches. A role that is held in some runs only never reaches beyond."""

    OWN = 1
    """The record whose subject is the actor."""
    RUNS = 2
    """A run, and the records of learners in it."""
    TENANT = 3
    """Everything of the tenant."""


_P = Permission
_OWN, _RUNS, _TENANT = Reach


def _rights(
    tenant: tuple[Permission, ...] = (),
    runs: tuple[Permission, ...] = (),
    own: tuple[Permission, ...] = (),
) -> Mapping[Permission, Reach]:
    return (
        dict.fromkeys(own, _OWN)
        | dict.fromkeys(runs, _RUNS)
        | dict.fromkeys((_P.READ_CATALOGUE, _P.READ_LOG, _P.SEARCH, *tenant), _TENANT)
        | ({_P.READ_GRANTS: _OWN} if _P.READ_GRANTS not in tenant else {})
    )


_READING = (
    _P.READ_CONTENT,
    _P.READ_ROSTER,
    _P.READ_GRADEBOOK,
    _P.READ_RECORD,
    _P.READ_PERSONAL,
    _P.READ_ANALYTICS,
    _P.READ_EVENTS,
)
_TEACHING = (
    _P.EDIT_CONTENT,
    _P.SET_GRADING_POLICY,
    _P.GROUP,
    _P.GRADE,
    _P.OVERRIDE_GRADES,
    _P.RELEASE_GRADES,
    _P.ADJUST_TERMS,
    _P.REPORT_VIOLATION,
)
_INSTITUTION = (
    _P.MANAGE_CATALOGUE,
    _P.EDIT_CONTENT,
    _P.SET_GRADING_POLICY,
    _P.SET_INTEGRITY_POLICY,
    _P.MANAGE_PEOPLE,
    _P.KEEP_PROFILE,
    _P.CONSENT,
    _P.ENROL,
    _P.WAIT,
    _P.GROUP,
    _P.OVERRIDE_GRADES,
    _P.RELEASE_GRADES,
    _P.ADJUST_TERMS,
    _P.DECIDE_OUTCOMES,
    _P.CERTIFY,
    _P.REPORT_VIOLATION,
    _P.JUDGE_VIOLATION,
    _P.VERIFY_IDENTITY,
)

ROLES: Mapping[Role, Mapping[Permission, Reach]] = {
    Role.LEARNER: _rights(
        own=(
            _P.READ_RECORD,
            _P.READ_PERSONAL,
            _P.READ_EVENTS,
            _P.READ_ACCESS_LOG,
            _P.EXPORT_RECORD,
            _P.KEEP_PROFILE,
            _P.CONSENT,
            _P.WAIT,
            _P.TAKE_PART,
        )
    ),
    Role.INSTRUCTOR: _rights(runs=_READING + _TEACHING),
    Role.GRADER: _rights(
        runs=(
            _P.READ_CONTENT,
            _P.READ_ROSTER,
            _P.READ_GRADEBOOK,
            _P.READ_RECORD,
            _P.GRADE,
            _P.REPORT_VIOLATION,
        )
    ),
    Role.REGISTRAR: _rights(
        tenant=(
            *_READING,
            _P.EXPORT_RECORD,
            *_INSTITUTION,
            _P.SET_PRIVACY_RULES,
            _P.GRANT_ROLES,
            _P.READ_GRANTS,
            _P.ERASE,
        )
    ),
    Role.AUDITOR: _rights(
        tenant=(
            *_READING,
            _P.EXPORT_RECORD,
            _P.READ_GRANTS,
            _P.READ_ACCESS_LOG,
            _P.READ_TENANTS,
        )
    ),
    Role.ANALYST: _rights(tenant=(_P.READ_CONTENT, _P.READ_ANALYTICS, _P.READ_EVENTS)),
    Role.ADMINISTRATOR: _rights(
        tenant=(
            _P.GRANT_ROLES,
            _P.READ_GRANTS,
            _P.ERASE,
            _P.READ_TENANTS,
            _P.MANAGE_TENANTS,
        )
    ),
    Role.IMPORTER: _rights(
        tenant=(*_INSTITUTION, _P.TAKE_PART, _P.GRADE, _P.AUTOMATE, _P.STATE_TIME)
    ),
    Role.POLICY: _rights(
        tenant=(
            _P.GRADE,
            _P.CERTIFY,
            _P.AUTOMATE,
            _P.ERASE,
            _P.CARRY_OUT_ERASURE,
            _P.STATE_TIME,
        )
    ),
}
"""What each role may do, and how far. Everybody with a role may also read the catalogue and the
log's checkpoints, search, and see the own grants."""

WHOLE = "registrar"
SCOPES: Mapping[str, frozenset[Permission]] = {
    WHOLE: frozenset(Permission),
    "read": frozenset({_P.READ_CATALOGUE, _P.READ_LOG, _P.SEARCH, *_READING}) - {_P.READ_PERSONAL},
    "personal": frozenset({_P.READ_PERSONAL}),
    "audit": frozenset({_P.READ_GRANTS, _P.READ_ACCESS_LOG}),
    "analytics": frozenset({_P.READ_CATALOGUE, _P.READ_CONTENT, _P.READ_ANALYTICS}),
    "events": frozenset({_P.READ_CATALOGUE, _P.READ_EVENTS}),
    "witness": frozenset({_P.READ_LOG}),
    "export": frozenset({_P.READ_CATALOGUE, _P.READ_LOG, _P.READ_RECORD, _P.EXPORT_RECORD}),
    "catalogue": frozenset(
        {
            _P.READ_CATALOGUE,
            _P.READ_CONTENT,
            _P.MANAGE_CATALOGUE,
            _P.EDIT_CONTENT,
            _P.SET_GRADING_POLICY,
            _P.SET_INTEGRITY_POLICY,
        }
    ),
    "people": frozenset({_P.MANAGE_PEOPLE, _P.KEEP_PROFILE, _P.CONSENT}),
    "privacy": frozenset({_P.ERASE, _P.SET_PRIVACY_RULES}),
    "enrolment": frozenset({_P.READ_CATALOGUE, _P.ENROL, _P.WAIT, _P.GROUP}),
    "learning": frozenset({_P.READ_CATALOGUE, _P.WAIT, _P.TAKE_PART}),
    "grading": frozenset(
        {_P.READ_CATALOGUE, _P.READ_CONTENT, _P.GRADE, _P.OVERRIDE_GRADES, _P.RELEASE_GRADES}
    ),
    "integrity": frozenset(
        {_P.READ_CATALOGUE, _P.REPORT_VIOLATION, _P.JUDGE_VIOLATION, _P.VERIFY_IDENTITY}
    ),
    "outcomes": frozenset(
        {_P.READ_CATALOGUE, _P.ADJUST_TERMS, _P.DECIDE_OUTCOMES, _P.CERTIFY, _P.AUTOMATE}
    ),
    "roles": frozenset({_P.READ_GRANTS, _P.GRANT_ROLES}),
    "tenants": frozenset({_P.READ_TENANTS, _P.MANAGE_TENANTS}),
    "import": frozenset(ROLES[Role.IMPORTER]),
}
"""What a program with a scope may do: of what the person that it acts for may do, or by itself, in
the whole tenant. Another scope (``openid`` …) allows nothing. ``WHOLE`` is for programs in which
somebody has signed in; one that acts for itself has to name what it needs."""

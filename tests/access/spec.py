"""Who may do what, written by hand and read by nobody but the tests.

It says again in a few lines what ``domain.access`` says in its tables, so that a slip in one of
them shows. For each group of addresses and commands: how far each role reaches. ``-``: nowhere;
``own``: the record of who asks; ``runs``: any run, and learners in it; ``all``: everything.
"""

from __future__ import annotations

ROLES = [
    "learner",
    "instructor",
    "grader",
    "registrar",
    "auditor",
    "analyst",
    "administrator",
    "importer",
]

REACH = {
    #            learner instr. grader reg. auditor analyst admin importer
    "open": "    all     all    all    all  all     all     all   all",
    "content": " -       runs   runs   all  all     all     -     -",
    "roster": "  -       runs   runs   all  all     -       -     -",
    "sums": "    -       runs   -      all  all     all     -     -",
    "record": "  own     runs   runs   all  all     -       -     -",
    "export": "  own     -      -      all  all     -       -     -",
    "events": "  own     runs   -      all  all     all     -     -",
    "roles": "   own     own    own    all  all     own     all   own",
    "reads": "   own     -      -      -    all     -       -     -",
    "catalogue": "-      -      -      all  -       -       -     all",
    "teach": "   -       runs   -      all  -       -       -     all",
    "honour": "  -       -      -      all  -       -       -     all",
    "enrol": "   -       -      -      all  -       -       -     all",
    "leave": "   own     -      -      all  -       -       -     all",
    "learn": "   own     -      -      -    -       -       -     all",
    "score": "   -       runs   runs   -    -       -       -     all",
    "override": "-       runs   -      all  -       -       -     all",
    "terms": "   -       runs   -      all  -       -       -     all",
    "degree": "  -       -      -      all  -       -       -     all",
    "report": "  -       runs   runs   all  -       -       -     all",
    "verdict": " -       -      -      all  -       -       -     all",
    "machine": " -       -      -      -    -       -       -     all",
    "people": "  -       -      -      all  -       -       -     all",
    "profile": " own     -      -      all  -       -       -     all",
    "privacy": " -       -      -      all  -       -       -     -",
    "erase": "   -       -      -      all  -       -       all   -",
    "nobody": "  -       -      -      -    -       -       -     -",
    "grant": "   -       -      -      all  -       -       all   -",
    "houses": "  -       -      -      -    all     -       all   -",
    "house": "   -       -      -      -    -       -       all   -",
}
"""How far each role reaches, by group, in the order of ROLES."""

NOT_OF_ONESELF = {"score", "override", "terms", "degree", "verdict"}
"""Nobody does this to their own record."""

ADDRESSES = {
    "open": """/v1/courses/{course} /v1/runs /v1/runs/{run} /v1/search /v1/events/schemas
        /v1/events/schemas/{event}/{version} /v1/log /v1/log/checkpoint /v1/log/keys
        /v1/log/tile/{level}/{named:path} /v1/log/consistency /console/runs /console/search
        /v1/purposes /v1/retention/rules""",
    "content": """/v1/runs/{run}/content /v1/runs/{run}/content/{number}
        /v1/runs/{run}/content/{number}/since/{before} /console/runs/{run}/content/{number}""",
    "roster": """/v1/runs/{run}/learners /v1/runs/{run}/waitlist /v1/runs/{run}/peer-pools
        /v1/runs/{run}/items/{item}/peer-pool /v1/runs/{run}/gradebook
        /v1/runs/{run}/gradebook.csv /v1/runs/{run}/gradebook/preview /v1/runs/{run}/what-if
        /console/runs/{run} /console/runs/{run}/gradebook /console/runs/{run}/what-if
        /console/runs/{run}/what-if/{job} /v1/runs/{run}/regrades
        /v1/runs/{run}/regrades/{batch} /console/runs/{run}/regrades
        /console/runs/{run}/regrades/{batch}""",
    "sums": """/v1/analytics/overview /v1/analytics/runs/{run} /v1/analytics/runs/{run}/daily
        /v1/analytics/runs/{run}/items""",
    "record": """/v1/learners /v1/learners/{subject} /v1/learners/{subject}/profile
        /v1/learners/{subject}/consents /v1/learners/{subject}/erasure
        /v1/learners/{subject}/enrolments
        /v1/learners/{subject}/waitlist /v1/learners/{subject}/history
        /v1/learners/{subject}/history/diff /v1/enrolments/{run}/{subject}
        /v1/enrolments/{run}/{subject}/progress /v1/enrolments/{run}/{subject}/grade
        /v1/enrolments/{run}/{subject}/derivation /v1/enrolments/{run}/{subject}/peer-reviews
        /console/learners/{subject} /console/learners/{subject}/why
        /console/learners/{subject}/grade""",
    "export": """/v1/learners/{subject}/evidence /v1/learners/{subject}/exports
        /v1/learners/{subject}/exports/{export} /v1/learners/{subject}/exports/{export}/link
        /console/learners/{subject}/exports /console/learners/{subject}/exports/{export}""",
    "events": "/v1/events",
    "roles": "/v1/access /v1/access/{actor} /console/access /console/access/{actor}",
    "privacy": "/v1/retention/preview",
    "erase": "/v1/erasures",
    "reads": """/v1/access-log /v1/learners/{subject}/reads /console/access-log
        /console/learners/{subject}/reads""",
    "houses": "/v1/tenants /v1/tenants/{tenant}/erasure",
}
CHOOSING = {
    "/v1/events",
    "/v1/learners/{subject}/history",
    "/console/learners/{subject}",
    "/console/learners/{subject}/why",
    "/console/learners/{subject}/grade",
}
"""Takes run and subject as parameters, too."""

TELLING = {
    "/v1/certificates/{certificate}",
    "/v1/facts/{position}",
    "/v1/log/proof/{position}",
    "/v1/log/proofs",
    "/v1/jobs/{job}",
    "/v1/jobs/{job}/result",
    "/console/facts/{position}",
}
"""Shows whose it is by its answer only, and is 404 to others (tests of its own)."""
APART = {"/console", "/console/certificates/{certificate}"}
"""Leads somewhere else who may not see it; is open to all."""

COMMANDS = {
    "catalogue": "create-course set-prerequisite schedule-run reschedule-run archive-run "
    "limit-seats",
    "teach": "publish-content draft-content publish-draft discard-draft publish-grading-policy "
    "start-regrade join-cohort leave-cohort withhold-grades release-grades",
    "honour": "publish-integrity-policy",
    "enrol": "enrol-learner transfer-enrolment change-mode decide-refund",
    "leave": "join-waitlist leave-waitlist withdraw-learner",
    "learn": "view-item watch-video start-attempt save-work submit-work abandon-attempt "
    "accept-honor-code claim-review submit-review",
    "score": "grade-submission compute-grade report-grader-failure",
    "override": "override-score remove-override excuse-item withdraw-excuse",
    "terms": "grant-extension withdraw-extension override-due-date remove-due-override "
    "waive-module withdraw-waiver",
    "degree": "record-outcome transfer-result issue-certificate reissue-certificate "
    "revoke-certificate allow-certificate bar-certificate lift-certificate-bar",
    "report": "report-violation",
    "verdict": "uphold-violation dismiss-violation verify-identity",
    "machine": "count-seats offer-seats lapse-offer decide-modules expire-access expire-attempt "
    "expire-review-lease finalize-peer-score redecide-lateness score-missing-work "
    "complete-regrade",
    "people": "register-learner merge-learners unmerge-learners correct-record",
    "profile": "change-profile set-preferences set-goals give-consent withdraw-consent",
    "privacy": "publish-purpose publish-retention-rule",
    "erase": "erase-learner place-legal-hold lift-legal-hold",
    "nobody": "record-erasure-step repeat-erasure record-tenant-erasure repeat-tenant-erasure",
    "grant": "grant-role revoke-role",
    "house": "open-tenant erase-tenant record-tenant-import",
}

OF_INSTALLATION = {"houses", "house"}
"""Nobody does this from another tenant than the installation's own."""


def allowed(
    group: str, role: str, run: str | None, subject: str | None, *, actor: str, held_in: str | None
) -> bool:
    """Whether somebody with this role, in the whole tenant or held in one run, is let in."""
    reach = REACH[group].split()[ROLES.index(role)]
    own = subject == actor
    if own and group in NOT_OF_ONESELF:
        return False
    if held_in is not None and run != held_in:
        return False
    return reach == "all" or (reach == "runs" and run is not None) or (reach == "own" and own)

"""Which shape stands for which kind of fact?"""

from __future__ import annotations

from markupsafe import Markup

OFFSETS = {"submit": -8, "grade": 8, "certificate": -8}
"""What often happens at one time stands above and below the lane, in pixels."""

SYMBOLS = {
    "enrol": '<circle r="5"/>',
    "leave": '<path d="M-4-4 4 4M4-4-4 4"/>',
    "view": '<rect x="-1.5" y="-4" width="3" height="8"/>',
    "submit": '<path d="M-5 4 0-5 5 4z"/>',
    "grade": '<path d="M0-6 5 0 0 6-5 0z"/>',
    "outcome": '<rect x="-5" y="-5" width="10" height="10"/>',
    "certificate": '<path d="M0-7 2-2H7L3 1.500 4.500 6.500 0 3.500-4.500 6.500-3 1.500-7-2H-2z"/>',
}
"""A symbol for each kind of fact, so that nothing hangs on colour alone."""

SYMBOL_OF = {
    "LearnerEnrolled": "enrol",
    "EnrolmentTransferred": "enrol",
    "SeatTaken": "enrol",
    "WaitlistJoined": "enrol",
    "ModeChanged": "enrol",
    "AccessExpired": "leave",
    "RefundApproved": "outcome",
    "RefundDenied": "outcome",
    "SeatOffered": "enrol",
    "SeatOfferLapsed": "leave",
    "WaitlistLeft": "leave",
    "SeatsLimited": "enrol",
    "SeatsCounted": "enrol",
    "LearnerWithdrawn": "leave",
    "SeatReleased": "leave",
    "RunArchived": "leave",
    "CertificateRevoked": "leave",
    "VideoWatched": "view",
    "ItemViewed": "view",
    "ItemCompleted": "view",
    "ContentVersionPublished": "view",
    "ContentDrafted": "view",
    "ModuleUnlocked": "view",
    "ModuleWaived": "view",
    "ModuleWaiverWithdrawn": "view",
    "CohortJoined": "enrol",
    "AttemptStarted": "view",
    "WorkSaved": "view",
    "AttemptAbandoned": "leave",
    "CohortLeft": "leave",
    "SubmissionReceived": "submit",
    "SubmissionGraded": "grade",
    "PeerScoreFinalized": "grade",
    "ReviewSubmitted": "grade",
    "SubmissionPooled": "submit",
    "SubmissionWithdrawn": "leave",
    "SubmissionReturned": "submit",
    "ReviewClaimed": "view",
    "ReviewLeaseExpired": "leave",
    "LatePenaltyApplied": "grade",
    "MissingWorkScored": "grade",
    "MissingWorkCleared": "grade",
    "ScoreOverridden": "grade",
    "OverrideRemoved": "grade",
    "ItemExcused": "grade",
    "ExcuseWithdrawn": "grade",
    "RegradeStarted": "grade",
    "RegradeCompleted": "grade",
    "ResultTransferred": "grade",
    "CourseGradeComputed": "grade",
    "GradingPolicyPublished": "grade",
    "CertificateIssued": "certificate",
    "CertificateReissued": "certificate",
    "CertificateAllowed": "certificate",
    "CertificateBarred": "leave",
    "AttemptVoided": "leave",
    "LearnerRegistered": "enrol",
    "LearnersMerged": "enrol",
    "LearnersUnmerged": "leave",
    "PreferencesSet": "view",
    "ConsentGiven": "enrol",
    "ConsentWithdrawn": "leave",
    "GoalsSet": "view",
}
"""The symbol of each type of fact; any other is an ``outcome``: something was decided."""


def symbol_of(fact_type: str) -> str:
    """Return the name of the symbol that stands for facts of this type."""
    return SYMBOL_OF.get(fact_type, "outcome")


def symbol(name: str) -> Markup:
    """Return one symbol as a picture for the legend and for lists."""
    return Markup(  # noqa: S704 - constants
        f'<svg class="symbol" width="16" height="16" aria-hidden="true">'
        f'<svg class="mark {name}" x="8" y="8">{SYMBOLS[name]}</svg></svg>'
    )

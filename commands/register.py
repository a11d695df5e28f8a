"""Which commands are there?"""

from __future__ import annotations

from commands.assessment import (
    grant_extension,
    override_due_date,
    redecide_lateness,
    remove_due_override,
    submit_work,
    withdraw_extension,
)
from commands.catalogue import (
    archive_run,
    count_seats,
    create_course,
    limit_seats,
    publish_content,
    publish_grading_policy,
    reschedule_run,
    schedule_run,
    set_prerequisite,
)
from commands.credentials import (
    allow_certificate,
    bar_certificate,
    issue_certificate,
    lift_certificate_bar,
    reissue_certificate,
    revoke_certificate,
)
from commands.decision import Decision
from commands.engagement import view_item, watch_video
from commands.enrolment import (
    enrol_learner,
    join_cohort,
    join_waitlist,
    lapse_offer,
    leave_cohort,
    leave_waitlist,
    offer_seats,
    transfer_enrolment,
    withdraw_learner,
)
from commands.grading import (
    compute_grade,
    excuse_item,
    grade_submission,
    override_score,
    record_outcome,
    release_grades,
    remove_override,
    transfer_result,
    withdraw_excuse,
    withhold_grades,
)
from commands.integrity import (
    accept_honor_code,
    dismiss_violation,
    publish_integrity_policy,
    report_violation,
    uphold_violation,
    verify_identity,
)

DECISIONS: dict[str, Decision] = {
    module.DECISION.name: module.DECISION
    for module in (
        create_course,
        set_prerequisite,
        schedule_run,
        reschedule_run,
        archive_run,
        publish_content,
        publish_grading_policy,
        limit_seats,
        count_seats,
        enrol_learner,
        withdraw_learner,
        transfer_enrolment,
        join_cohort,
        leave_cohort,
        join_waitlist,
        leave_waitlist,
        offer_seats,
        lapse_offer,
        transfer_result,
        view_item,
        watch_video,
        submit_work,
        grant_extension,
        withdraw_extension,
        override_due_date,
        remove_due_override,
        redecide_lateness,
        grade_submission,
        compute_grade,
        override_score,
        remove_override,
        excuse_item,
        withdraw_excuse,
        record_outcome,
        withhold_grades,
        release_grades,
        issue_certificate,
        reissue_certificate,
        revoke_certificate,
        allow_certificate,
        bar_certificate,
        lift_certificate_bar,
        publish_integrity_policy,
        accept_honor_code,
        verify_identity,
        report_violation,
        uphold_violation,
        dismiss_violation,
    )
}

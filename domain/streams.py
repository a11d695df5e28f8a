"""Which kinds of stream are there, and so which facts?"""

from __future__ import annotations

from typing import Any

from domain.access.state import ACCESS, ADMINISTRATORS
from domain.catalogue.content import RUN_CONTENT
from domain.catalogue.state import COURSE, RUN
from domain.consent.state import PURPOSE
from domain.engagement.state import VIEWING
from domain.enrolment.seats import RUN_SEATS
from domain.enrolment.state import ENROLMENT
from domain.grading.regrade import REGRADE
from domain.kernel import StreamKind
from domain.learners.state import LEARNER
from domain.peer_review.state import PEER_POOL
from domain.privacy.state import ERASURE
from domain.registry import Registry
from domain.retention.state import RETENTION
from domain.tenants.state import TENANT

KINDS: tuple[StreamKind[Any], ...] = (
    COURSE,
    RUN,
    RUN_CONTENT,
    RUN_SEATS,
    ENROLMENT,
    VIEWING,
    PEER_POOL,
    ERASURE,
    REGRADE,
    ACCESS,
    ADMINISTRATORS,
    LEARNER,
    PURPOSE,
    RETENTION,
    TENANT,
)
REGISTRY = Registry(KINDS)

"""Which readings are there?"""

from __future__ import annotations

from projections.analytics import ANALYTICS
from projections.catalogue import CATALOGUE
from projections.certificates import CERTIFICATES
from projections.due import DUE
from projections.grants import GRANTS
from projections.history import HISTORY
from projections.learners import LEARNERS
from projections.peer_review import PEER_REVIEW
from projections.progress import PROGRESS
from projections.reading import Reading
from projections.retention import RETENTION
from projections.search import SEARCH

READINGS: tuple[Reading, ...] = (
    CATALOGUE,
    PROGRESS,
    CERTIFICATES,
    SEARCH,
    ANALYTICS,
    HISTORY,
    DUE,
    PEER_REVIEW,
    GRANTS,
    LEARNERS,
    RETENTION,
)

"""Which permission does each address ask for, and what says whose record it is about?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.access.permissions import Permission


class Asks(NamedTuple):
    """What an address asks for. None: nothing, it is open to everybody.

    The run and the subject (or actor) are those of the path. ``selects``: where the path has none,
    those of the parameters ``run`` and ``subject``. ``tells``: only the answer shows what it is
    about, so that the query itself checks again, and answers as though there were no such thing.
    """

    permission: Permission | None
    selects: bool = False
    tells: bool = False


_P = Permission
OPEN = Asks(None)

QUERIES: Mapping[str, Asks] = {
    "/healthz": OPEN,
    "/readyz": OPEN,
    "/metrics": OPEN,
    "/openapi.json": OPEN,
    "/docs": OPEN,
    "/docs/start.js": OPEN,
    "/static-offline-docs": OPEN,
    "/problems": OPEN,
    "/problems/{name}": OPEN,
    "/v1/courses/{course}": Asks(_P.READ_CATALOGUE),
    "/v1/runs": Asks(_P.READ_CATALOGUE),
    "/v1/runs/{run}": Asks(_P.READ_CATALOGUE),
    "/v1/runs/{run}/content": Asks(_P.READ_CONTENT),
    "/v1/runs/{run}/content/{number}": Asks(_P.READ_CONTENT),
    "/v1/runs/{run}/content/{number}/since/{before}": Asks(_P.READ_CONTENT),
    "/v1/runs/{run}/learners": Asks(_P.READ_ROSTER),
    "/v1/runs/{run}/waitlist": Asks(_P.READ_ROSTER),
    "/v1/runs/{run}/peer-pools": Asks(_P.READ_ROSTER),
    "/v1/runs/{run}/items/{item}/peer-pool": Asks(_P.READ_ROSTER),
    "/v1/runs/{run}/gradebook": Asks(_P.READ_GRADEBOOK),
    "/v1/runs/{run}/gradebook.csv": Asks(_P.READ_GRADEBOOK),
    "/v1/runs/{run}/gradebook/preview": Asks(_P.READ_GRADEBOOK),
    "/v1/runs/{run}/what-if": Asks(_P.READ_GRADEBOOK),
    "/v1/runs/{run}/regrades": Asks(_P.READ_GRADEBOOK),
    "/v1/runs/{run}/regrades/{batch}": Asks(_P.READ_GRADEBOOK),
    "/v1/analytics/overview": Asks(_P.READ_ANALYTICS),
    "/v1/analytics/runs/{run}": Asks(_P.READ_ANALYTICS),
    "/v1/analytics/runs/{run}/daily": Asks(_P.READ_ANALYTICS),
    "/v1/analytics/runs/{run}/items": Asks(_P.READ_ANALYTICS),
    "/v1/learners": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/profile": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/consents": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/exports": Asks(_P.EXPORT_RECORD),
    "/v1/learners/{subject}/exports/{export}": Asks(_P.EXPORT_RECORD),
    "/v1/learners/{subject}/exports/{export}/link": Asks(_P.EXPORT_RECORD),
    "/v1/exports/{token}": OPEN,
    "/v1/purposes": Asks(_P.READ_CATALOGUE),
    "/v1/retention/rules": Asks(_P.READ_CATALOGUE),
    "/v1/retention/preview": Asks(_P.SET_PRIVACY_RULES),
    "/v1/learners/{subject}": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/enrolments": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/waitlist": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/history": Asks(_P.READ_RECORD, selects=True),
    "/v1/learners/{subject}/history/diff": Asks(_P.READ_RECORD),
    "/v1/learners/{subject}/evidence": Asks(_P.EXPORT_RECORD),
    "/v1/learners/{subject}/erasure": Asks(_P.READ_RECORD),
    "/v1/erasures": Asks(_P.ERASE),
    "/v1/enrolments/{run}/{subject}": Asks(_P.READ_RECORD),
    "/v1/enrolments/{run}/{subject}/progress": Asks(_P.READ_RECORD),
    "/v1/enrolments/{run}/{subject}/grade": Asks(_P.READ_RECORD),
    "/v1/enrolments/{run}/{subject}/derivation": Asks(_P.READ_RECORD),
    "/v1/enrolments/{run}/{subject}/peer-reviews": Asks(_P.READ_RECORD),
    "/v1/certificates/{certificate}": Asks(_P.READ_RECORD, tells=True),
    "/v1/facts/{position}": Asks(_P.READ_RECORD, tells=True),
    "/v1/log/proof/{position}": Asks(_P.READ_RECORD, tells=True),
    "/v1/log/proofs": Asks(_P.READ_RECORD, tells=True),
    "/v1/jobs/{job}": Asks(_P.READ_CATALOGUE, tells=True),
    "/v1/jobs/{job}/result": Asks(_P.READ_CATALOGUE, tells=True),
    "/v1/tenants": Asks(_P.READ_TENANTS),
    "/v1/tenants/{tenant}/erasure": Asks(_P.READ_TENANTS),
    "/v1/access": Asks(_P.READ_GRANTS),
    "/v1/access/{actor}": Asks(_P.READ_GRANTS),
    "/v1/access-log": Asks(_P.READ_ACCESS_LOG),
    "/v1/learners/{subject}/reads": Asks(_P.READ_ACCESS_LOG),
    "/v1/search": Asks(_P.SEARCH),
    "/v1/events": Asks(_P.READ_EVENTS, selects=True),
    "/v1/events/schemas": Asks(_P.READ_CATALOGUE),
    "/v1/events/schemas/{event}/{version}": Asks(_P.READ_CATALOGUE),
    "/v1/log": Asks(_P.READ_LOG),
    "/v1/log/checkpoint": Asks(_P.READ_LOG),
    "/v1/log/keys": Asks(_P.READ_LOG),
    "/v1/log/tile/{level}/{named:path}": Asks(_P.READ_LOG),
    "/v1/log/consistency": Asks(_P.READ_LOG),
}
"""An address under ``/v1`` that is not here is refused to everybody."""

PAGES: Mapping[str, Asks] = {
    "/console": Asks(_P.READ_ANALYTICS),
    "/console/runs": Asks(_P.READ_CATALOGUE),
    "/console/runs/{run}": Asks(_P.READ_ROSTER),
    "/console/runs/{run}/gradebook": Asks(_P.READ_GRADEBOOK),
    "/console/runs/{run}/what-if": Asks(_P.READ_GRADEBOOK),
    "/console/runs/{run}/what-if/{job}": Asks(_P.READ_GRADEBOOK),
    "/console/runs/{run}/regrades": Asks(_P.READ_GRADEBOOK),
    "/console/runs/{run}/regrades/{batch}": Asks(_P.READ_GRADEBOOK),
    "/console/runs/{run}/content/{number}": Asks(_P.READ_CONTENT),
    "/console/learners/{subject}": Asks(_P.READ_RECORD, selects=True),
    "/console/learners/{subject}/reads": Asks(_P.READ_ACCESS_LOG),
    "/console/learners/{subject}/exports": Asks(_P.EXPORT_RECORD),
    "/console/learners/{subject}/exports/{export}": Asks(_P.EXPORT_RECORD),
    "/console/learners/{subject}/why": Asks(_P.READ_RECORD, selects=True),
    "/console/learners/{subject}/grade": Asks(_P.READ_RECORD, selects=True),
    "/console/facts/{position}": Asks(_P.READ_RECORD, tells=True),
    "/console/access": Asks(_P.READ_GRANTS),
    "/console/access/{actor}": Asks(_P.READ_GRANTS),
    "/console/access-log": Asks(_P.READ_ACCESS_LOG),
    "/console/search": Asks(_P.SEARCH),
    "/console/certificates/{certificate}": OPEN,
    "/console/me": OPEN,
}
"""The same for pages of the console, each with its ``.json``."""

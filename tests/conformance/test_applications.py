"""Do applications and projections run over the log as the library's own tests promise?"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from eventsourcing.dcb.msgpack import MessagePackMapper
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.tests import application as applications
from eventsourcing.tests import projection as projections
from eventsourcing.utils import get_topic
from psycopg.sql import SQL, Identifier

from tests.conformance.library import OverTheLog

pytestmark = pytest.mark.filterwarnings("always")  # the library tests its own warnings


class CountersInPostgres(PostgresTrackingRecorder, projections.EventCountersView):
    """The view that the library's projection tests count in."""

    def __init__(self, datastore: PostgresDatastore, **named: Any) -> None:
        super().__init__(datastore, **named)
        self._table = Identifier(datastore.schema, f"{self.tracking_table_name}_counts")
        create = SQL("create table if not exists {0} (kind text primary key, n bigint not null)")
        self.sql_create_statements.append(create.format(self._table))

    def get_created_event_counter(self) -> int:
        """How many began something."""
        return self._counted("created")

    def get_subsequent_event_counter(self) -> int:
        """How many went on with something."""
        return self._counted("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        """Count one, once."""
        self._count("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        """Count one, once."""
        self._count("subsequent", tracking)

    def _counted(self, kind: str) -> int:
        with self.datastore.transaction() as cursor:
            query = SQL("select coalesce(sum(n), 0)::bigint as n from {0} where kind = %s")
            row = cursor.execute(query.format(self._table), (kind,)).fetchone()
            assert row is not None
            return int(row["n"])

    def _count(self, kind: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            add = "insert into {0} as c values (%s, 1) on conflict (kind) do update set n = c.n + 1"
            cursor.execute(SQL(add).format(self._table), (kind,))


class TestApplication(OverTheLog, applications.ApplicationTestCase):
    """Saving, caching, fast-forwarding under contention, topics."""


class TestExampleApplication(OverTheLog, applications.ExampleApplicationTestCase):
    """The library's bank accounts, with snapshots."""

    expected_factory_topic = "infra.log.recorder.factory:LogFactory"


class TestEventCountersView(OverTheLog, projections.EventCountersViewTestCase):
    """A view that tracks what it has counted."""

    def construct_event_counters_view(self) -> projections.EventCountersView:
        """Make it with the log's factory."""
        self.factory = InfrastructureFactory[CountersInPostgres].construct(self.settings)
        return self.factory.tracking_recorder(CountersInPostgres)

    def tearDown(self) -> None:
        """Let its connections go."""
        self.factory.close()


class TestProjection(OverTheLog, projections.AggregateEventCountersProjectionTestCase):
    """ProjectionRunner follows an application's events."""

    view_class = CountersInPostgres


class TestEventSourcedProjection(OverTheLog, projections.EventSourcedProjectionTestCase):
    """A projection that records events of its own follows another application in the same log."""


class TestTaggedProjection(OverTheLog, projections.TaggedDecisionCountersProjectionTestCase):
    """ProjectionRunner follows an application with dynamic consistency boundaries."""

    view_class = CountersInPostgres
    env: ClassVar[dict[str, str]] = {"MAPPER_TOPIC": get_topic(MessagePackMapper)}

"""What does the library build an application's infrastructure with?"""

from __future__ import annotations

from eventsourcing.dcb.api import DCBRecorder
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, ProcessRecorder
from eventsourcing.postgres import (
    BasePostgresFactory,
    PostgresFactory,
    PostgresTrackingRecorder,
)

from infra.log.recorder.bodies import AGGREGATES, TAGGED
from infra.log.recorder.events import LogAggregateRecorder, LogProcessRecorder, LogRecorder
from infra.log.recorder.streams import Streams
from infra.log.recorder.tagged import TaggedLogRecorder

UNNAMED = "application"
"""Stands where an application's environment has no name."""
LOG_STREAMS = "LOG_STREAMS"


class LogFactory(PostgresFactory):
    """For applications with aggregates. The log's schema is migrated already."""

    def application_recorder(self) -> ApplicationRecorder:
        """Return the recorder over the log."""
        return LogRecorder(self.datastore, self._streams())

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return the recorder over the log for events, the library's own for snapshots."""
        if purpose == "events":
            return LogAggregateRecorder(self.datastore, self._streams())
        return super().aggregate_recorder(purpose)

    def process_recorder(self) -> ProcessRecorder:
        """Return the recorder over the log that also tracks what was followed."""
        table = (self.env.name.lower() or "notification") + "_tracking"
        recorder = LogProcessRecorder(self.datastore, self._streams(), table)
        if self.env_create_table():
            recorder.create_table()
        return recorder

    def _streams(self) -> Streams:
        """Raises OSError, as the library does, where the settings do not fit each other."""
        read = self.env.get(LOG_STREAMS)
        if read is None:
            return Streams(f"{AGGREGATES}{self.env.name.lower() or UNNAMED}/")
        if self.datastore.originator_id_type != "text":
            raise OSError(f"{LOG_STREAMS} needs {self.ORIGINATOR_ID_TYPE}=text")
        return Streams(read, facts=True)


class TaggedLogFactory(
    BasePostgresFactory[PostgresTrackingRecorder],
    DCBInfrastructureFactory[PostgresTrackingRecorder],
):
    """For applications with dynamic consistency boundaries (``eventsourcing.dcb``)."""

    def dcb_recorder(self) -> DCBRecorder:
        """Return the recorder over the log."""
        application = self.env.name.lower() or UNNAMED
        return TaggedLogRecorder(self.datastore, f"{TAGGED}{application}")

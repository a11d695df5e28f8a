"""Do the recorders over the log keep what the library's own tests promise of recorders?"""

from __future__ import annotations

from typing import Any

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.tests import persistence as promised
from eventsourcing.utils import Environment

from infra.log.recorder import LogFactory
from infra.log.recorder.events import LogAggregateRecorder, LogProcessRecorder, LogRecorder
from tests.conformance.library import OverTheLog


class _Recorders(OverTheLog):
    """Gives recorders of one factory."""

    INITIAL_VERSION = 1
    factory: InfrastructureFactory[Any]

    def setUp(self) -> None:
        """Make the factory as an application does."""
        self.factory = InfrastructureFactory.construct(Environment("tested", self.settings))

    def tearDown(self) -> None:
        """Let its connections go."""
        self.factory.close()


class TestAggregateRecorder(_Recorders, promised.AggregateRecorderTestCase):
    """A stream's events are kept in order, all of a call or none."""

    def create_recorder(self) -> AggregateRecorder:
        """For events."""
        return self.factory.aggregate_recorder()


class TestSnapshotRecorder(_Recorders, promised.AggregateRecorderTestCase):
    """Snapshots are kept beside the log."""

    def create_recorder(self) -> AggregateRecorder:
        """For snapshots."""
        return self.factory.aggregate_recorder("snapshots")


class TestApplicationRecorder(_Recorders, promised.ApplicationRecorderTestCase):
    """Notifications, many writers at once, and subscriptions."""

    def create_recorder(self) -> ApplicationRecorder:
        """For an application."""
        return self.factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        """The library leaves this one to who offers subscriptions."""
        self.optional_test_insert_subscribe()


class TestNotificationIDs(_Recorders, promised.NonInterleavingNotificationIDsBaseCase):
    """Two calls at once do not mix their positions."""

    def create_recorder(self) -> ApplicationRecorder:
        """For an application."""
        return self.factory.application_recorder()


class TestProcessRecorder(_Recorders, promised.ProcessRecorderTestCase):
    """Events and how far another application was followed are recorded together."""

    def create_recorder(self) -> ProcessRecorder:
        """For an application that follows another."""
        return self.factory.process_recorder()


class TestTrackingRecorder(_Recorders, promised.TrackingRecorderTestCase):
    """How far another application was followed."""

    def create_recorder(self) -> TrackingRecorder:
        """For a view."""
        return self.factory.tracking_recorder()


class OwnTracking(PostgresTrackingRecorder):
    """A view of somebody's own."""


class TestFactory(OverTheLog, promised.InfrastructureFactoryTestCase[LogFactory]):
    """Construction from the environment: mapper, cipher, compressor, and each recorder."""

    def setUp(self) -> None:
        """Put the settings where the test case expects them."""
        self.env = Environment("TestCase", self.settings)
        super().setUp()

    def expected_factory_class(self) -> type[LogFactory]:
        """The one that the module names."""
        return LogFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        """Ours."""
        return LogAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        """Ours."""
        return LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        """The library's."""
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        """Somebody's own."""
        return OwnTracking

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        """Ours."""
        return LogProcessRecorder


@pytest.mark.parametrize("missing", ["DBNAME", "HOST", "USER", "PASSWORD"])
def test_a_missing_setting_is_named(dsn: str, missing: str) -> None:
    """An application that lacks a setting is told which."""
    from tests.conformance.library import environment

    settings = environment(dsn)
    del settings[f"POSTGRES_{missing}"]
    with pytest.raises(OSError, match=f"POSTGRES_{missing}"):
        LogFactory(settings)

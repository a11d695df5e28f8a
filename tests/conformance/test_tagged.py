"""Does the log keep what the library's own tests promise of recorders with tags?"""

from __future__ import annotations

from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.utils import Environment

from tests.conformance.library import OverTheLog


class TestTaggedRecorder(OverTheLog, DCBRecorderTestCase):
    """Queries by type and tag, conditions on them, subscriptions."""

    def setUp(self) -> None:
        """Make the recorder as an application does."""
        self.factory = DCBInfrastructureFactory.construct(Environment("tested", self.settings))
        self.recorder = self.factory.dcb_recorder()

    def tearDown(self) -> None:
        """Let its connections go."""
        self.factory.close()

    def test_append_read(self) -> None:
        """What is appended is read by what it is and bears, and conditions hold."""
        self._test_append_read(self.recorder)

    def test_append_subscribe(self) -> None:
        """Who follows gets what is there and then what comes."""
        self._test_append_subscribe(self.recorder)

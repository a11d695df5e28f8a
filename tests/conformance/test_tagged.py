"""Does the log keep what the library's own tests promise of recorders with tags?"""

from __future__ import annotations

import asyncio

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.dcb.tests import DCBRecorderTestCase
from eventsourcing.utils import Environment

from tests.conformance.library import OverTheLog, environment
from tests.log.facts import run
from tests.log.proxy import Proxy, proxied


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


@pytest.mark.parametrize("conditional", [True, False])
def test_an_append_whose_answer_was_lost_is_made_once(dsn: str, conditional: bool) -> None:
    """The connection breaks after the commit: the caller gets the position of what landed, though
    by then it matches its own condition."""
    query = DCBQuery([DCBQueryItem(types=["Registered"], tags=["s1"])])
    condition = DCBAppendCondition(query) if conditional else None

    def work(proxy: Proxy, through: str) -> None:
        settings = Environment("tested", environment(through))
        with DCBInfrastructureFactory.construct(settings) as factory:
            recorder = factory.dcb_recorder()
            recorder.append([DCBEvent("Noted", b"", ["s2"])])
            proxy.cut_replies = True
            assert recorder.append([DCBEvent("Registered", b"", ["s1"])], condition) == 2
            assert proxy.cuts == 1
            assert [event.position for event in recorder.read()] == [1, 2]

    async def test() -> None:
        async with proxied(dsn) as (proxy, through):
            await asyncio.to_thread(work, proxy, through)

    run(test())

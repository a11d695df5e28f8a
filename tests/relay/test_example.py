"""Does the consumer of the examples run on a real log and a real Kafka?"""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

from infra.engines.kafka import Kafka
from tests.relay.load import record
from tests.relay.process import places, relays
from tests.server import eventually

CONSUMER = Path(__file__).parents[2] / "examples" / "consumer.py"
FACTS = 120


def test_the_consumer_of_the_examples_gets_every_event(
    dsn: str, kafka: Kafka, tmp_path: Path
) -> None:
    """Every position once, as CloudEvents that the official library reads."""
    cluster = f"test-{uuid.uuid4().hex[:8]}"
    record(dsn, FACTS)
    with relays(1, dsn, kafka.bootstrap, cluster, tmp_path) as (one,):
        eventually(lambda: places(dsn).get("public") == FACTS, 30, "all is published")
        command = [sys.executable, str(CONSUMER), kafka.bootstrap, f"{cluster}.facts", cluster]
        with (tmp_path / "errors").open("wb") as errors:
            consumer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert consumer.stdout is not None
            lines = [consumer.stdout.readline().split(" ", 3) for _ in range(FACTS)]
        finally:
            consumer.kill()
            consumer.communicate()
        assert one.stop() == 0
    assert sorted(int(line[0]) for line in lines) == list(range(1, FACTS + 1))
    kinds = {line[1] for line in lines}
    assert {"registrar.LearnerEnrolled.v1", "registrar.CourseCreated.v1"} <= kinds
    assert all("'mode': 'audit'" in line[3] for line in lines if "LearnerEnrolled" in line[1])


def test_the_guide_shows_the_consumer_as_it_is() -> None:
    """Character by character."""
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "subscribe.md"
    assert f"```python\n{CONSUMER.read_text()}```" in guide.read_text()

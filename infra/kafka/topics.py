"""How does a topic come to be, with the number of partitions that everything rests on?"""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from streams.relay.ports import TopicUnavailable, TopicUnfit

REQUEST_MS_MAX = 10_000
MESSAGE_BYTES_MAX = 16_777_216
"""Of one message or batch, before compression: twice the largest body of a request."""
_MADE = {"max.message.bytes": str(MESSAGE_BYTES_MAX), "cleanup.policy": "delete"}
_BROKERS_DEFAULT = -1
"""As many replicas as the brokers are set to."""

DAY_MS = 86_400_000
PACKS: Mapping[str, str] = {**_MADE, "retention.ms": str(7 * DAY_MS)}
"""Who is further behind takes what is missing from the log."""
PUBLIC: Mapping[str, str] = {**_MADE, "retention.ms": "-1"}
"""Consumers outside have no other log to go back to."""


async def ensure(
    bootstrap: str, name: str, partitions: int, configuration: Mapping[str, str]
) -> None:
    """Have a topic with so many partitions, made with this configuration if it is not there.

    Raises TopicUnfit where there is one with another number, TopicUnavailable where Kafka is away.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS_MAX)
    try:
        await admin.start()
        found = await _partitions(admin, name)
        if found is None:
            await _create(admin, name, partitions, configuration)
        elif found != partitions:
            raise TopicUnfit(
                f"topic {name} has {found} partitions, and this registrar is set to {partitions}: "
                "set REGISTRAR_PARTITIONS to what it was, or REGISTRAR_CLUSTER to a new name"
            )
    except (KafkaError, OSError) as error:
        raise TopicUnavailable(f"Kafka at {bootstrap}: {error!r}") from error
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient, name: str) -> int | None:
    for topic in await admin.describe_topics([name]):
        if topic["topic"] == name and topic["error_code"] == 0:
            return len(topic["partitions"])
    return None


async def _create(
    admin: AIOKafkaAdminClient, name: str, partitions: int, configuration: Mapping[str, str]
) -> None:
    # Without assignments that are empty, and not absent, the driver refuses the brokers' default.
    topic = NewTopic(name, partitions, _BROKERS_DEFAULT, {}, dict(configuration))
    answer = await admin.create_topics([topic], timeout_ms=REQUEST_MS_MAX)
    for _, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"topic {name} cannot be made")

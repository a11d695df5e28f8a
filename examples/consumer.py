"""What happens to learners? Try it: ``python examples/consumer.py 127.0.0.1:9092``"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event


async def main(kafka: str, topic: str = "registrar.facts", group: str = "example") -> None:
    seen: dict[tuple[str, int], int] = {}  # what comes a second time, after a failover, is skipped
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=group, auto_offset_reset="earliest"
    ) as consumer:
        async for message in consumer:
            headers = dict(message.headers)
            event = from_binary_event(KafkaMessage(headers, message.key, message.value or b""))
            place = (event.get_extension("epoch"), message.partition)
            sequence = int(event.get_extension("sequence"))
            if sequence > seen.get(place, 0):
                seen[place] = sequence
                print(sequence, event.get_type(), event.get_subject(), event.get_data(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

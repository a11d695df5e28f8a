"""What are the topics called?"""

from __future__ import annotations


def packs(cluster: str, partitions: int) -> str:
    """Return the internal topic of packed facts. Another number of partitions is another topic,
    because a subject's facts would lie elsewhere."""
    return f"{cluster}.packs.{partitions}"


def public(cluster: str) -> str:
    """Return the topic that consumers outside subscribe to: one CloudEvent a message."""
    return f"{cluster}.facts"

"""How does an application of the ``eventsourcing`` library keep its events in this log?

``PERSISTENCE_MODULE=infra.log.recorder`` with the library's own ``POSTGRES_*`` settings: its events
then stand among the other facts, in the same order of commits, on streams
``main/aggregate/{application}/{originator id}`` (an application of ``eventsourcing.dcb``:
``main/tagged/{application}``). A notification's id is its position. Snapshots and tracking records
are not facts and go where the library puts them.

With ``LOG_STREAMS=main/`` and ``ORIGINATOR_ID_TYPE=text`` an application reads the facts that
commands recorded: a fact's type is its topic, the rest of its stream's name its originator.
"""

from infra.log.recorder.factory import LogFactory, TaggedLogFactory

__all__ = ["LogFactory", "TaggedLogFactory"]

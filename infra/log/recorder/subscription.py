"""How does a subscription of the library hear of new facts, whatever becomes of the server?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from eventsourcing.dcb.api import DCBQuery, TDCBRecorder_co
from eventsourcing.dcb.persistence import DCBListenNotifySubscription
from eventsourcing.persistence import (
    ApplicationRecorder,
    InterfaceError,
    ListenNotifySubscription,
    OperationalError,
    PersistenceError,
)
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import DictRow

LISTEN_SECONDS_MAX = 0.1
"""Until a listener looks whether it was stopped."""
RETRY_SECONDS = 0.2
"""Until the server is asked again after it could not be reached."""
LOOK_SECONDS_MAX = 5.0
"""Until the log is looked at without having been notified: a dead connection may say nothing."""


class NewEpoch(PersistenceError):
    """Positions were or could be used a second time: a backup was restored."""


if TYPE_CHECKING:

    class _Base:
        """What both kinds of subscriptions of the library have."""

        _has_been_notified: Event
        _has_been_stopped: bool
        _thread_error: BaseException | None

        def stop(self) -> None: ...
        def _pull(self) -> None: ...
        def __exit__(self, *args: object, **kwargs: Any) -> None: ...
else:
    _Base = object


class _Lasting(_Base):
    """Wakes on the log's notifications, and goes on where the server was away.

    In a new epoch it ends with an error: the positions that it has seen mean other events now.
    """

    _datastore: PostgresDatastore
    _listener: Thread
    _epoch: str | None = None

    def _begin(self, datastore: PostgresDatastore) -> None:
        self._datastore = datastore
        self._listener = Thread(target=self._listen)
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listener.join()

    def _pull(self) -> None:
        while not self._has_been_stopped:
            try:
                super()._pull()
                return
            except (InterfaceError, OperationalError):
                time.sleep(RETRY_SECONDS)

    def _listen(self) -> None:
        try:
            while not self._has_been_stopped:
                try:
                    self._hear()
                except (InterfaceError, OperationalError):
                    time.sleep(RETRY_SECONDS)
        except BaseException as error:
            self._thread_error = self._thread_error or error
            self.stop()

    def _hear(self) -> None:
        with self._datastore.get_connection() as connection:
            connection.execute("listen log")
            self._same_epoch(connection.execute("select name from log.epoch").fetchone())
            looked = float("-inf")  # for what was recorded before it listened
            while not self._has_been_stopped:
                if time.monotonic() - looked > LOOK_SECONDS_MAX:
                    looked = time.monotonic()
                    self._has_been_notified.set()
                for _ in connection.notifies(timeout=LISTEN_SECONDS_MAX, stop_after=1):
                    self._has_been_notified.set()
            connection.execute("unlisten log")

    def _same_epoch(self, row: DictRow | None) -> None:
        epoch = None if row is None else str(row["name"])
        if self._epoch not in (None, epoch):
            raise NewEpoch("the log began a new epoch; follow it again from where you once began")
        self._epoch = epoch


class LogSubscription(_Lasting, ListenNotifySubscription[ApplicationRecorder]):
    """Follows an application's events."""

    def __init__(
        self,
        recorder: ApplicationRecorder,
        datastore: PostgresDatastore,
        gt: int | None,
        topics: Sequence[str],
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._begin(datastore)


class TaggedSubscription(_Lasting, DCBListenNotifySubscription[TDCBRecorder_co]):
    """Follows events by their types and tags."""

    def __init__(
        self,
        recorder: TDCBRecorder_co,
        datastore: PostgresDatastore,
        query: DCBQuery | None,
        after: int | None,
    ) -> None:
        super().__init__(recorder=recorder, query=query, after=after)
        self._begin(datastore)

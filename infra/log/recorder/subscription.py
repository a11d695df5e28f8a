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
)
from eventsourcing.postgres import PostgresDatastore

LISTEN_SECONDS_MAX = 0.1
"""Until a listener looks whether it was stopped."""
RETRY_SECONDS = 0.2
"""Until the server is asked again after it could not be reached."""
LOOK_SECONDS_MAX = 5.0
"""Until the log is looked at without having been notified: a dead connection may say nothing."""

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
    """Wakes on the log's notifications, and goes on where the server was away."""

    _datastore: PostgresDatastore
    _listener: Thread

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
            looked = float("-inf")  # for what was recorded before it listened
            while not self._has_been_stopped:
                if time.monotonic() - looked > LOOK_SECONDS_MAX:
                    looked = time.monotonic()
                    self._has_been_notified.set()
                for _ in connection.notifies(timeout=LISTEN_SECONDS_MAX, stop_after=1):
                    self._has_been_notified.set()
            connection.execute("unlisten log")


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

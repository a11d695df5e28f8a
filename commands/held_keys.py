"""Which subjects' keys are at hand, and for how long may they be?"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence

from commands.ports import KeysUnavailable, SubjectKey
from domain.privacy.rules import SubjectErased

KEY_SECONDS_MAX = 5.0
"""So long a process may go on with a key that was destroyed meanwhile."""
UNAVAILABLE_SECONDS = 0.2
"""So long what needs a key is refused without asking again, when the store could not be reached."""
KEYS_HELD_MAX = 10_000


class HeldKeys:
    """Keys of subjects, those least recently fetched dropped first; each is asked for anew after
    ``KEY_SECONDS_MAX``, so that a destroyed key is gone from every process after that time.

    ``fetch`` is one of the calls of ``commands.ports.Keys``.
    """

    def __init__(
        self,
        fetch: Callable[[str, Sequence[str]], Awaitable[Mapping[str, SubjectKey]]],
        elapsed: Callable[[], float] = time.monotonic,
        limit: int = KEYS_HELD_MAX,
    ) -> None:
        self._fetch = fetch
        self._elapsed = elapsed
        self._limit = limit
        self._held: OrderedDict[tuple[str, str], tuple[SubjectKey | Exception, float]] = (
            OrderedDict()
        )

    def get(self, tenant: str, subject: str) -> SubjectKey | None:
        """Return the subject's key if it is at hand."""
        found = self._found(tenant, subject)
        return None if isinstance(found, Exception) else found

    def why_none(self, tenant: str, subject: str) -> Exception | None:
        """Return why a key that was fetched is not at hand; None: it is to be fetched.

        It is SubjectErased, or KeysUnavailable.
        """
        found = self._found(tenant, subject)
        return found if isinstance(found, Exception) else None

    async def fetch(self, tenant: str, subjects: Sequence[str]) -> None:
        """Have these keys at hand, as far as there are any. Never raises."""
        try:
            found = await self._fetch(tenant, subjects)
        except KeysUnavailable as error:
            for subject in subjects:
                self._hold(tenant, subject, error, UNAVAILABLE_SECONDS)
            return
        for subject in subjects:
            key = found.get(subject)
            self._hold(
                tenant, subject, SubjectErased(subject) if key is None else key, KEY_SECONDS_MAX
            )

    def _found(self, tenant: str, subject: str) -> SubjectKey | Exception | None:
        held = self._held.get((tenant, subject))
        if held is None or held[1] <= self._elapsed():
            return None
        return held[0]

    def _hold(
        self, tenant: str, subject: str, what: SubjectKey | Exception, seconds: float
    ) -> None:
        self._held.pop((tenant, subject), None)
        while len(self._held) >= self._limit:
            self._held.popitem(last=False)
        self._held[tenant, subject] = what, self._elapsed() + seconds

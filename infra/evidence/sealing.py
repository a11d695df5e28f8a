"""Which parts seal the log, given the settings?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from infra.evidence.anchors import DirectoryAnchors
from infra.evidence.keys import Keys, check, kept_keys, read_keys
from infra.evidence.leaves import PostgresLeaves
from infra.evidence.seals import PostgresSeals
from infra.settings.fields import Settings
from streams.sealer import Sealer
from streams.seals import Signing

KEY_FILE = "log.key"


class Sealing(msgspec.Struct, frozen=True):
    """What sealing needs to know: the log's name, the file of its keys, whether that is made where
    there is none, and where anchors go."""

    origin: str
    key_file: str
    key_made: bool
    anchors: str | None

    def signing(self) -> Signing:
        """Return what signs. Raises WrongKeyFile."""
        keys = (kept_keys if self.key_made else read_keys)(Path(self.key_file), self.origin)
        return Signing(self.origin, keys.signed, keys.known, check)


def sealing(settings: Settings) -> Sealing | None:
    """Return how the log is sealed; None: not at all.

    In a cluster whoever leads may be on any machine, so it seals only with a key that is given.
    """
    if settings.is_cluster and settings.log_key is None:
        return None
    anchors = None if settings.anchors is None else str(Path(settings.anchors).expanduser())
    made = settings.log_key is None
    return Sealing(settings.log_origin, str(key_file(settings)), made, anchors)


def key_file(settings: Settings) -> Path:
    """Return where the log's keys are."""
    if settings.log_key is None:
        return settings.folder / KEY_FILE
    return Path(settings.log_key).expanduser()


def known_keys(settings: Settings) -> Keys:
    """Return the log's keys, and make none. Raises WrongKeyFile."""
    return read_keys(key_file(settings), settings.log_origin)


@contextmanager
def sealer(dsn: str, how: Sealing) -> Iterator[Sealer]:
    """Seal for a while. Raises WrongKeyFile."""
    signing = how.signing()
    reader, seals = PostgresLeaves(dsn), PostgresSeals(dsn)
    anchors = None if how.anchors is None else DirectoryAnchors(Path(how.anchors))
    one = Sealer(reader, seals, signing, anchors)
    one.start()
    try:
        yield one
    finally:
        one.stop()
        reader.close()
        seals.close()

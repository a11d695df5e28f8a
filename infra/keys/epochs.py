"""Where are the keys of the epochs kept, so that one can be destroyed for good?

A row that is deleted from a database lives on in its free pages, its journal and its backups. A
small file can be overwritten in its place, and whatever was wrapped with what it held is gone.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keys.ports import EpochKeyGone, WrongKeyStore
from infra.keys.sealing import KEY_BYTES, NONCE_BYTES, new_key

SUFFIX = ".key"


class MemoryEpochKeys:
    """Implements ``infra.keys.ports.EpochKeys``: gone with the process."""

    def __init__(self) -> None:
        self._keys: dict[int, bytes] = {}

    def make(self, epoch: int) -> None:
        """Have a key of this epoch."""
        self._keys.setdefault(epoch, new_key())

    def wrap(self, epoch: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Encrypt each (key, context)."""
        return _wrap(self._key(epoch), keys)

    def unwrap(self, epoch: int, wrapped: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Decrypt each (wrapped key, context)."""
        return _unwrap(self._key(epoch), wrapped)

    def destroy(self, epoch: int) -> None:
        """Destroy this epoch's key."""
        self._keys.pop(epoch, None)

    def epochs(self) -> Sequence[int]:
        """Return the epochs that there are keys of."""
        return sorted(self._keys)

    def _key(self, epoch: int) -> bytes:
        try:
            return self._keys[epoch]
        except KeyError:
            raise EpochKeyGone(f"there is no key of epoch {epoch}") from None


class FileEpochKeys:
    """Implements ``infra.keys.ports.EpochKeys`` with a file an epoch, which only its owner may
    read. Raises WrongKeyStore where others may, and OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, epoch: int) -> None:
        """Have a key of this epoch. Of several processes that make one, the first does."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(epoch)
        if path.exists():
            return
        made = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(new_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            _overwrite(made)
        made.unlink()
        self._sync()

    def wrap(self, epoch: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Encrypt each (key, context)."""
        return _wrap(self._key(epoch), keys)

    def unwrap(self, epoch: int, wrapped: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Decrypt each (wrapped key, context)."""
        return _unwrap(self._key(epoch), wrapped)

    def destroy(self, epoch: int) -> None:
        """Overwrite this epoch's key where it lies, and remove the file."""
        path = self._path(epoch)
        try:
            _overwrite(path)
        except FileNotFoundError:
            return
        path.unlink(missing_ok=True)
        self._sync()

    def epochs(self) -> Sequence[int]:
        """Return the epochs that there are keys of."""
        return sorted(int(path.stem) for path in self._folder.glob(f"[0-9]*{SUFFIX}"))

    def _key(self, epoch: int) -> bytes:
        path = self._path(epoch)
        try:
            with path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise WrongKeyStore(f"{path} can be read by others: chmod 600 it")
                key = file.read()
        except FileNotFoundError:
            raise EpochKeyGone(f"there is no key of epoch {epoch} in {self._folder}") from None
        if len(key) != KEY_BYTES or not any(key):  # it is being destroyed
            raise EpochKeyGone(f"{path} holds no key")
        return key

    def _path(self, epoch: int) -> Path:
        return self._folder / f"{epoch:08d}{SUFFIX}"

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _wrap(key: bytes, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    cipher, wrapped = AESGCM(key), []
    for plain, context in keys:
        nonce = os.urandom(NONCE_BYTES)
        wrapped.append(nonce + cipher.encrypt(nonce, plain, context))
    return wrapped


def _unwrap(key: bytes, wrapped: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    cipher = AESGCM(key)
    try:
        return [
            cipher.decrypt(one[:NONCE_BYTES], one[NONCE_BYTES:], context)
            for one, context in wrapped
        ]
    except InvalidTag:
        raise ValueError("a wrapped key was altered or belongs elsewhere") from None

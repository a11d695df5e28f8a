"""What does the development issuer sign and seal with, and how are its keys replaced?

One file in the data folder, readable by its owner only: a set of JSON Web Keys [RFC 7517], the one
that signs first. Those after it signed before, and what they signed is believed until it expires;
the symmetric one seals the secrets of phones.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from joserfc import jwk

from infra.keys.sealing import AesGcmKey

FILE = "issuer.keys"
ALGORITHM = "ES256"
OWNER_ONLY = 0o600
OTHERS = 0o077
KEYS_KEPT_MAX = 3
"""The one that signs, and those before it."""


class WrongKeys(Exception):
    """The file of the issuer's keys cannot be used. One sentence."""


class IssuerKeys:
    """The keys as they are in the file now: whoever replaces one need not stop the server."""

    def __init__(self, file: Path) -> None:
        """Read the file; make it where there is none. Raises WrongKeys."""
        self._file = file
        if not file.exists():
            seal = jwk.OctKey.generate_key(256, {"use": "enc"}, auto_kid=True)
            _write(file, [_new_signing_key(), seal.as_dict(private=True)])
        self._read_at: int | None = None
        self._keys: list[dict[str, Any]] = []
        self._reread()

    @property
    def signing(self) -> jwk.ECKey:
        """The key that signs now."""
        self._reread()
        return jwk.ECKey.import_key(next(key for key in self._keys if key["kty"] == "EC"))

    @property
    def public(self) -> dict[str, Any]:
        """The set that others check signatures with."""
        self._reread()
        return {
            "keys": [
                jwk.ECKey.import_key(key).as_dict(private=False)
                for key in self._keys
                if key["kty"] == "EC"
            ]
        }

    @property
    def sealing(self) -> AesGcmKey:
        """The key of what is kept sealed in the database."""
        key = next(key["k"] for key in self._keys if key["kty"] == "oct")
        return AesGcmKey(urlsafe_b64decode(key + "=" * (-len(key) % 4)))

    def replace(self) -> None:
        """Sign with a new key from now on; the last few before it are still believed."""
        self._reread()
        signing = [key for key in self._keys if key["kty"] == "EC"]
        others = [key for key in self._keys if key["kty"] != "EC"]
        _write(self._file, [_new_signing_key(), *signing[: KEYS_KEPT_MAX - 1], *others])
        self._reread()

    def _reread(self) -> None:
        try:
            found = self._file.stat()
            if found.st_mtime_ns == self._read_at:
                return
            if os.name == "posix" and found.st_mode & OTHERS:
                raise WrongKeys(f"{self._file} may be read by others; it should have mode 0600")
            self._keys = json.loads(self._file.read_text())["keys"]
            if {"EC", "oct"} != {key["kty"] for key in self._keys}:
                raise WrongKeys(f"{self._file} lacks a key")
            self._read_at = found.st_mtime_ns
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WrongKeys(f"the issuer's keys cannot be read: {error}") from error


def _new_signing_key() -> dict[str, Any]:
    key = jwk.ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
    return dict(key.as_dict(private=True))


def _write(file: Path, keys: list[dict[str, Any]]) -> None:
    """Put the file in its place in one step. Raises WrongKeys."""
    try:
        put(file, json.dumps({"keys": keys}, indent=1) + "\n")
    except OSError as error:
        raise WrongKeys(f"the issuer's keys cannot be written: {error}") from error


def put(file: Path, text: str) -> None:
    """Put a file in its place in one step, on the disk, and never readable by others."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    file.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as out:  # noqa: PTH123
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)

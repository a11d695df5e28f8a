"""How are passwords kept and checked, and which are refused? (OWASP ASVS 5.0, V6.2)"""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

CHARACTERS_MIN = 12
CHARACTERS_MAX = 256
PADDING_MAX = 4
"""So many characters after a common password make it no better."""
HASHES_AT_ONCE_MAX = 2
"""Each takes 64 MiB and both processors of a small machine for a moment."""
COMMON = Path(__file__).with_name("common_passwords.txt")
WORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that are taken for one another."""
GENERATED_WORDS, GENERATED_WORD_LETTERS = 4, 5
"""20 letters out of 31: 99 bits."""

_hasher = PasswordHasher()


class WeakPassword(Exception):
    """A password that is refused. One sentence."""


def refuse_weak(password: str, name: str) -> None:
    """Raise WeakPassword for what is short, or what everybody tries first. Of which characters it
    is made is nobody's business."""
    if not CHARACTERS_MIN <= len(password) <= CHARACTERS_MAX:
        raise WeakPassword(f"A password has {CHARACTERS_MIN} to {CHARACTERS_MAX} characters.")
    lowered = password.lower()
    begins = (lowered[:length] for length in range(len(lowered) - PADDING_MAX, len(lowered) + 1))
    if any(one in _common() for one in begins) or len(set(password)) < CHARACTERS_MIN // 3:
        raise WeakPassword("This password is one of those that are tried first.")
    if name.lower() in lowered or "registrar" in lowered:
        raise WeakPassword("A password contains neither the name nor the word registrar.")


def generated_password() -> str:
    """Return a random password that can be typed off a screen."""
    words = (
        "".join(secrets.choice(WORD_LETTERS) for _ in range(GENERATED_WORD_LETTERS))
        for _ in range(GENERATED_WORDS)
    )
    return "-".join(words)


def hashed(password: str) -> str:
    """Return what is kept of a password: argon2id with a salt of its own [RFC 9106]."""
    return _hasher.hash(password)


class Passwords:
    """Checks passwords beside the event loop, a few at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(HASHES_AT_ONCE_MAX)
        self._nobody = _nobodys()

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether this is the password of which ``kept`` was kept. None: of nobody's, which takes
        as long, so that nobody learns who has an account."""
        async with self._turns:
            fits = await asyncio.to_thread(_fits, kept or self._nobody, password)
        return fits and kept is not None


def _fits(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password[:CHARACTERS_MAX])
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex())


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text().split())

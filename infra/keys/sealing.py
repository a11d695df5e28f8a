"""How is a personal field encrypted?"""

from __future__ import annotations

import hashlib
import hmac
import os
from binascii import a2b_base64, b2a_base64

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
MARK_BYTES = 16
MARKING = b"registrar: marks of personal values"


class AesGcmKey:
    """AES-256-GCM [NIST SP 800-38D] under one subject's key, with a random 96-bit nonce.

    Sealed text is base64 of nonce, ciphertext and tag.
    """

    __slots__ = ("_cipher", "_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a subject's key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)
        self._key = key

    def seal(self, plaintext: bytes, context: bytes) -> str:
        """Encrypt, bound to ``context``."""
        nonce = os.urandom(NONCE_BYTES)
        return b2a_base64(
            nonce + self._cipher.encrypt(nonce, plaintext, context), newline=False
        ).decode()

    def open(self, sealed: str, context: bytes) -> bytes:
        """Decrypt. Raises ValueError where the text was altered or belongs to another context."""
        raw = a2b_base64(sealed, strict_mode=True)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context)
        except InvalidTag:
            raise ValueError("the sealed field was altered or belongs elsewhere") from None

    def mark(self, plaintext: bytes) -> str:
        """Return the HMAC-SHA-256 of it, cut to 128 bits, under a key that follows from this one
        [NIST SP 800-108]."""
        own = hmac.digest(self._key, MARKING, hashlib.sha256)
        digest = hmac.digest(own, plaintext, hashlib.sha256)[:MARK_BYTES]
        return b2a_base64(digest, newline=False).decode()


def new_key() -> bytes:
    """Return a fresh random key."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)

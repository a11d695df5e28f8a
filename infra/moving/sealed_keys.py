"""How do the keys of a tenant's learners travel?

As one file that is encrypted (AES-256-GCM) with a secret of 256 random bits, which is told once and
travels another way: nobody chooses it, so nobody can guess it. The tenant is bound to what is
sealed.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.keys.sealing import KEY_BYTES, NONCE_BYTES, new_key
from infra.keys.store import KeyStore

PAGE = 1_000


class WrongKeys(Exception):
    """The file of keys cannot be taken. One sentence."""


class Forgotten(msgspec.Struct, frozen=True):
    """A learner whose key was destroyed, who stays without one wherever the tenant is."""

    subject: str
    request: str
    ground: str


class Keys(msgspec.Struct, frozen=True):
    """The keys of learners by pseudonym, and whose keys were destroyed."""

    keys: Mapping[str, bytes]
    erased: Sequence[Forgotten]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["registrar-keys/1"]
    tenant: str
    sealed: str


_file = msgspec.json.Decoder(_File)
_keys = msgspec.json.Decoder(Keys)
_encode = msgspec.json.Encoder().encode


def kept(store: KeyStore, tenant: str) -> Keys:
    """Return what a store holds of a tenant. Raises KeysUnavailable."""
    keys: dict[str, bytes] = {}
    after = ""
    while page := store.subjects(tenant, after, PAGE):
        keys |= store.unwrapped(tenant, page)
        after = page[-1]
    erased: list[Forgotten] = []
    last = (tenant, "")
    while entries := [one for one in store.erased(last, PAGE) if one.tenant == tenant]:
        erased += [Forgotten(one.subject, one.request, one.ground) for one in entries]
        last = (tenant, entries[-1].subject)
    return Keys(keys, erased)


def adopt(store: KeyStore, tenant: str, keys: Keys) -> None:
    """Have a store hold them. Again, it changes nothing. Raises WrongKeys where it holds others of
    the tenant, and KeysUnavailable."""
    for one in keys.erased:
        store.destroy(tenant, one.subject, one.request, one.ground)
    names = list(keys.keys)
    for first in range(0, len(names), PAGE):
        some = names[first : first + PAGE]
        store.adopt({(tenant, name): keys.keys[name] for name in some})
        if store.unwrapped(tenant, some) != {name: keys.keys[name] for name in some}:
            raise WrongKeys(f"there are other keys of learners of {tenant} here")


def sealed(tenant: str, keys: Keys) -> tuple[bytes, str]:
    """Return the file, and the secret that opens it."""
    secret, nonce = new_key(), os.urandom(NONCE_BYTES)
    closed = nonce + AESGCM(secret).encrypt(nonce, _encode(keys), _context(tenant))
    file = _encode(_File("registrar-keys/1", tenant, b64encode(closed).decode()))
    return file + b"\n", b64encode(secret).decode()


def opened(file: bytes, tenant: str, secret: str) -> Keys:
    """Return what a file holds. Raises WrongKeys."""
    try:
        found = _file.decode(file)
        key, closed = b64decode(secret, validate=True), b64decode(found.sealed, validate=True)
        if found.tenant != tenant:
            raise WrongKeys(f"these are the keys of tenant {found.tenant}, not of {tenant}")
        if len(key) != KEY_BYTES:
            raise WrongKeys("that is no secret of such a file")
        plain = AESGCM(key).decrypt(closed[:NONCE_BYTES], closed[NONCE_BYTES:], _context(tenant))
        return _keys.decode(plain)
    except InvalidTag:
        raise WrongKeys("the secret does not open the file, or the file was changed") from None
    except (msgspec.MsgspecError, Error, ValueError) as error:
        raise WrongKeys(f"this is no file of keys, or no secret of one: {error}") from error


def _context(tenant: str) -> bytes:
    return f"registrar-keys/1/{tenant}".encode()

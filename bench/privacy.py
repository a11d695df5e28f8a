"""What does sealing a field cost beside the cipher alone, and what wrapping a key anew?"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from statistics import median

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.report import Report, median_ratio
from infra.compose.keys import key_store
from infra.keys.sealing import AesGcmKey, new_key
from infra.settings.fields import Settings

FIELD = b'"Was ill from Monday on and could not hand in; the certificate is with the office."' * 2
CONTEXT = b"0d1f9a52-7b6c-8f0e-a1b2-c3d4e5f60718/reason"
SEALED_A_ROUND = 20_000
SEAL_US_MAX, OPEN_US_MAX, REWRAP_US_MAX = 5.0, 5.0, 60.0
SHARE_MIN = 0.2
"""Of the time for a sealed field the cipher alone should take no less: the rest is base64, the
nonce and the call."""
KEYS, KEYS_QUICK = 20_000, 4_000


def measure(*, quick: bool) -> Report:
    """Seal and open fields beside AES-GCM alone in rounds, and end an epoch."""
    rounds = 5 if quick else 15
    plain, key = AESGCM(new_key()), AesGcmKey(new_key())
    sealed = key.seal(FIELD, CONTEXT)

    def cipher() -> None:
        plain.encrypt(os.urandom(12), FIELD, CONTEXT)

    alone, seal, opened = [], [], []
    for _ in range(rounds):
        alone.append(_each_us(cipher))
        seal.append(_each_us(lambda: key.seal(FIELD, CONTEXT)))
        opened.append(_each_us(lambda: key.open(sealed, CONTEXT)))
    rewrap, destroy = _epochs(KEYS_QUICK if quick else KEYS)
    figures = {
        "field_bytes": len(FIELD),
        "cipher_alone_us": median(alone),
        "seal_us": median(seal),
        "open_us": median(opened),
        "rewrap_a_key_us": rewrap,
        "destroy_a_key_us": destroy,
    }
    limits = {"seal_us": SEAL_US_MAX, "open_us": OPEN_US_MAX, "rewrap_a_key_us": REWRAP_US_MAX}
    ratios = {"cipher_of_seal": median_ratio(alone, seal)}
    return Report("privacy", ratios, {"cipher_of_seal": SHARE_MIN}, figures, limits)


def _each_us(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(SEALED_A_ROUND):
        work()
    return (time.perf_counter() - begun) / SEALED_A_ROUND * 1e6


def _epochs(keys: int) -> tuple[float, float]:
    """Return what wrapping a key in the next epoch and destroying one cost, in microseconds."""
    erased = keys // 50
    with (
        tempfile.TemporaryDirectory(prefix="registrar-bench-") as folder,
        closing(key_store(Settings(data=folder))) as store,
    ):
        store.open()
        store.adopt({("main", f"s{number}"): new_key() for number in range(keys)})
        begun = time.perf_counter()
        for number in range(erased):
            store.destroy("main", f"s{number}", "request", "ground")
        destroyed = time.perf_counter()
        rotated = store.end_epochs(1)
        ended = time.perf_counter()
    assert rotated is not None
    assert rotated.rewrapped == keys - erased
    return (ended - destroyed) / rotated.rewrapped * 1e6, (destroyed - begun) / erased * 1e6

"""How is a one-time password of a phone checked, and how is a phone made known? (RFC 6238)"""

from __future__ import annotations

import secrets
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
STEPS_ASIDE = 1
"""A phone's clock may be so many steps off."""
DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_CHARACTERS = 16


def new_phone() -> str:
    """Return a secret for a phone, in the letters that it takes (base 32): 160 bits."""
    return pyotp.random_base32()


def taken_step(secret: str, code: str, last_step: int, now: datetime) -> int | None:
    """Return the time step that a code is of, if it is right and later than the last one that was
    taken. None: it is not."""
    code = "".join(code.split())
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    phone = pyotp.TOTP(secret)
    here = int(now.timestamp()) // STEP_SECONDS
    for step in range(max(last_step + 1, here - STEPS_ASIDE), here + STEPS_ASIDE + 1):
        if secrets.compare_digest(phone.at(step * STEP_SECONDS), code):
            return step
    return None


def picture(secret: str, name: str) -> str:
    """Return the address that a phone reads the secret from as an inline SVG, dark on light."""
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="registrar")
    code = segno.make(address, error="m")
    return code.svg_inline(
        scale=4, border=4, light="#fff", dark="#000", svgclass="qr", lineclass=None
    )


def new_recovery_codes() -> list[str]:
    """Return codes of which each stands for the phone once: 79 bits each."""
    return [
        "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_CHARACTERS))
        for _ in range(RECOVERY_CODES)
    ]


def plain(recovery_code: str) -> str:
    """Return a recovery code as it was made, however it was typed."""
    return "".join(recovery_code.replace("-", "").split()).lower()

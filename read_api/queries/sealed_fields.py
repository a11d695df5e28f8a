"""How are the sealed fields of a learner shown to who may open them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.access import Principal
from domain.access.deciding import may
from domain.access.permissions import Permission
from read_api.answers import Opened
from read_api.personal import CLOSED
from read_api.ports.keys import Sealed


def may_open(asking: Principal, subject: str) -> bool:
    return may(asking, Permission.READ_PERSONAL, None, subject)


def fields_of(row: Mapping[str, Any], names: Sequence[str]) -> list[Sealed]:
    return [(row[f"{name}_fact"], name, row[name]) for name in names if row[name] is not None]


def told(
    row: Mapping[str, Any],
    names: Sequence[str],
    sealed: Mapping[str, Sequence[Sealed]],
    opened: Mapping[str, Sequence[bytes | None]],
) -> dict[str, Opened | None]:
    subject = row["subject"]
    plain = {
        name: value
        for (_, name, _), value in zip(
            sealed.get(subject, ()), opened.get(subject, ()), strict=True
        )
        if value is not None
    }
    return {name: _shown(row[name], plain.get(name)) for name in names}


def _shown(sealed: str | None, plain: bytes | None) -> Opened | None:
    if sealed is None:
        return None
    return CLOSED if plain is None else Opened(msgspec.json.decode(plain), erased=False)

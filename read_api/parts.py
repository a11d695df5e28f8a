"""What does a value consist of, by the names that lead to each part?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def parts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield what there is of a value of JSON: names with dots between them, and each part as text.
    What is null or empty is left out."""
    if isinstance(value, dict):
        for part, found in value.items():
            yield from parts(found, f"{name}.{part}" if name else part)
    elif value not in (None, []):
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

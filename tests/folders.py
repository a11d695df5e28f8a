"""Where do tests keep what the account of an engine must be able to enter?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def enterable() -> Iterator[Path]:
    """Make a folder that is removed afterwards.

    Not under pytest's folder: pytest takes the permissions away that an engine's account needs.
    """
    folder = Path(tempfile.mkdtemp(prefix="registrar-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

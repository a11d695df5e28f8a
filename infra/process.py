"""What does every process of ours set for itself?"""

from __future__ import annotations

import gc


def calm_garbage_collection() -> None:
    """Collect rarely: at the default thresholds it costs half of the batch route's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)

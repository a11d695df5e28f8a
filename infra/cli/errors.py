"""How does a verb say that it cannot do what was asked?"""

from __future__ import annotations


class Failed(Exception):
    """It did not work. One sentence for a person; the exit code is 1."""


class Interrupted(Exception):
    """Somebody stopped it. One sentence that says how to go on; the exit code is 130."""

"""Does a terminal say how far an erasure is, and no more?"""

from __future__ import annotations

from infra.cli.tenants_erase import _steps as steps_of_tenant


def test_a_step_that_was_asked_for_again_counts_once() -> None:
    """A legal hold stopped it, and it was asked for again: two of four steps are done, not four."""
    told = ["Requested", "Held", "Requested", "Begun"]
    steps = [{"step": f"TenantErasure{step}"} for step in told]
    assert steps_of_tenant({"steps": steps}) == (2, 4)
    assert steps_of_tenant({"steps": [*steps, {"step": "TenantLearnersErased"}]}) == (3, 4)

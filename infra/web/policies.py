"""How does the read API read a grading policy, when it must not know of commands?"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from commands.catalogue.grading_policies import LatePolicyBody, PolicyBody
from commands.malformed import of_validation
from domain.catalogue.facts import GradingPolicy, LatePolicy
from read_api.errors import BadParameter


class _Body(BaseModel):
    """The body of ``publish-grading-policy`` without its run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    policy: PolicyBody
    late: LatePolicyBody | None = None


def read_policy(body: bytes) -> tuple[GradingPolicy, LatePolicy | None]:
    """Read a policy, and what late work costs, out of JSON. Raises BadParameter."""
    try:
        read = _Body.model_validate_json(body)
    except ValidationError as error:
        first = of_validation(error).errors[0]
        raise BadParameter(first.field, first.message) from None
    return read.policy.as_policy(), None if read.late is None else read.late.as_policy()

"""What is a run's content made of, and which contents contradict themselves?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from commands.catalogue.item_fields import OBJECTIVES_MAX, ItemBody
from commands.decision import Command
from commands.fields import ITEMS_MAX, Contradiction, Exact, Id, Label, Text, Title, text
from domain.catalogue.facts import Item, Module, Objective, Requirement

MODULES_MAX = 500
REQUIREMENTS_MAX = 20

ExactPercent = Annotated[Exact, Field(ge=0, le=100, decimal_places=3)]


class RequirementBody(BaseModel):
    """What of another module must be reached before a module unlocks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: Id
    minimum_score: ExactPercent = Field(
        default=Decimal(0), description="Per cent of the highest score of its items."
    )
    minimum_completion: ExactPercent = Field(
        default=Decimal(0), description="Per cent of its items."
    )


class ModuleBody(BaseModel):
    """A part of the content, and what it requires of others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: Id
    title: Label = ""
    requires: Annotated[tuple[RequirementBody, ...], Field(max_length=REQUIREMENTS_MAX)] = ()

    def as_module(self) -> Module:
        """Return the module as facts hold it."""
        return Module(
            self.module,
            self.title,
            tuple(
                Requirement(one.module, text(one.minimum_score), text(one.minimum_completion))
                for one in self.requires
            ),
        )


class ObjectiveBody(BaseModel):
    """What a learner is to be able to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Id
    text: Title

    def as_objective(self) -> Objective:
        """Return the objective as facts hold it."""
        return Objective(self.objective, self.text)


class Whole(NamedTuple):
    """The whole content of a run, as facts hold it."""

    items: tuple[Item, ...]
    modules: tuple[Module, ...]
    objectives: tuple[Objective, ...]
    relocks: bool


class ContentBody(Command):
    """The whole content of a run."""

    run: Id
    items: Annotated[tuple[ItemBody, ...], Field(max_length=ITEMS_MAX)]
    modules: Annotated[tuple[ModuleBody, ...], Field(max_length=MODULES_MAX)] = Field(
        default=(), description="Absent: modules are but the names that items give."
    )
    objectives: Annotated[tuple[ObjectiveBody, ...], Field(max_length=OBJECTIVES_MAX)] = ()
    relocks: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="true: a module is locked again where what it requires is met no more.",
    )
    changes: Text = Field(default="", description="What is new in this version, for people.")

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        _named_once("items", (body.item for body in self.items))
        _named_once("modules", (body.module for body in self.modules))
        _named_once("objectives", (body.objective for body in self.objectives))
        modules = {body.module: body for body in self.modules}
        objectives = {body.objective for body in self.objectives}
        for at, item in enumerate(self.items):
            if modules and item.module and item.module not in modules:
                raise Contradiction(f"items.{at}.module", f"there is no module {item.module}")
            for one in item.objectives:
                if one not in objectives:
                    raise Contradiction(f"items.{at}.objectives", f"there is no objective {one}")
        _require_unlockable(modules)
        return self

    def whole(self) -> Whole:
        """Return the content as facts hold it."""
        return Whole(
            tuple(body.as_item() for body in self.items),
            tuple(body.as_module() for body in self.modules),
            tuple(body.as_objective() for body in self.objectives),
            self.relocks,
        )


def _named_once(field: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Contradiction(field, f"names {twice[0]} twice")


def _require_unlockable(modules: Mapping[str, ModuleBody]) -> None:
    """Refuse requirements on no module, and circles of them: nobody could ever unlock one."""
    for at, body in enumerate(modules.values()):
        for one in body.requires:
            if one.module not in modules:
                raise Contradiction(f"modules.{at}.requires", f"there is no module {one.module}")
    reached: set[str] = set()
    waiting = dict(modules)
    while waiting:
        free = [
            name
            for name, body in waiting.items()
            if all(one.module in reached for one in body.requires)
        ]
        if not free:
            raise Contradiction(
                f"modules.{list(modules).index(min(waiting))}.requires",
                f"module {min(waiting)} waits for itself in the end",
            )
        reached.update(free)
        for name in free:
            del waiting[name]

"""How do decided facts become an append: which stream, which version, sealed and encoded?"""

from __future__ import annotations

from asyncio import Future
from datetime import UTC, datetime
from typing import Any

import msgspec

from commands.decision import Elsewhere
from commands.held_keys import HeldKeys
from commands.ports import Append, CommandKey, NewFact, Outcome, SubjectKey
from commands.requests import CLIENT_KEY_DAYS, Request, command_id, fact_id
from commands.stream_cache import Entry
from commands.verdicts import Decided, Declined, Needs
from domain.kernel import Envelope, Fact, Personal, StreamRef
from domain.registry import FactType, Registry

UNPLACED = datetime(1970, 1, 1, tzinfo=UTC)


class Assembly:
    """Turns decided facts into an append: which stream, which version, sealed and encoded."""

    def __init__(
        self,
        request: Request,
        registry: Registry,
        keys: HeldKeys,
        refs: tuple[StreamRef[Any], ...],
        held: list[Entry],
        at: datetime,
    ) -> None:
        self.request = request
        self.registry = registry
        self.keys = keys
        self.refs = refs
        self.at = at
        self.key = request.full_key
        self.command_id = command_id(self.key)
        self.read = {ref.name: entry for ref, entry in zip(refs, held, strict=True)}
        self.kinds = {ref.name: ref.kind.name for ref in refs}
        self.after: dict[str, tuple[Any, int]] = {}

    def of(
        self, decided: list[Fact | Elsewhere], rests_on: tuple[Future[Outcome], ...]
    ) -> Needs | Declined | Decided:
        """Assemble all facts, or say which keys are needed first, or that there will be none."""
        request, unconditioned = self.request, self.request.decision.unconditioned
        envelopes = []
        for index, item in enumerate(decided):
            envelope = self._place(index, item)
            if isinstance(envelope, str):
                return self._without_key(envelope, rests_on)
            envelopes.append(envelope)
        key = self.key
        conditions = [
            (name, entry.version)
            for name, entry in self.read.items()
            if name not in self.after and self.kinds[name] not in unconditioned
        ]
        encode = self.registry.encode
        append = Append(
            tuple(
                [
                    NewFact(e.stream, e.version, e.type, e.tenant, e.subject, encode(e))
                    for e in envelopes
                ]
            ),
            tuple(conditions),
            None
            if key is None
            else CommandKey(
                key, request.digest, CLIENT_KEY_DAYS if request.cause is None else None
            ),
        )
        primary = self.refs[0].name
        version = self.after[primary][1] if primary in self.after else self.read[primary].version
        return Decided(
            append,
            rests_on,
            self.refs,
            self.after,
            tuple(envelopes),
            version,
            request.decision.answer(tuple([e.fact for e in envelopes])),
        )

    def _without_key(self, subject: str, rests_on: tuple[Future[Outcome], ...]) -> Needs | Declined:
        tenant = self.request.principal.tenant
        why = self.keys.why_none(tenant, subject)
        if why is None:
            return Needs({}, ((tenant, subject),), self.refs)
        versions = {name: one.version for name, one in self.read.items() if one.pending is None}
        return Declined(why, self.refs, self.read[self.refs[0].name].version, versions, rests_on)

    def _place(self, index: int, item: Fact | Elsewhere) -> Envelope | str:
        """Return the fact as it goes into the log, or the subject whose key it needs."""
        fact, known, ref = self._target(item)
        request, principal = self.request, self.request.principal
        subject = fact.subject if known.names_subject else ref.subject  # type: ignore[attr-defined]
        identity = fact_id(self.command_id, index)
        if known.personal:
            key = self.keys.get(principal.tenant, subject or "")
            if key is None and any(_is_open(fact, field) for field in known.personal):
                return subject or ""
            if key is not None:
                fact = seal(fact, known, identity, key)
        state, version = self.after.get(ref.name) or (
            self.read[ref.name].state,
            self.read[ref.name].version,
        )
        version += 1
        self.after[ref.name] = (ref.kind.evolve(state, fact, self.at), version)
        cause = request.cause
        return Envelope(
            0,
            UNPLACED,
            version,
            ref.name,
            identity,
            known.name,
            known.schema,
            self.at,
            principal.tenant,
            subject,
            principal.actor,
            self.command_id,
            self.command_id if cause is None else cause.correlation_id,
            None if cause is None else cause.id,
            fact,
        )

    def _target(self, item: Fact | Elsewhere) -> tuple[Fact, FactType, StreamRef[Any]]:
        if isinstance(item, Elsewhere):
            return item.fact, self.registry.of(item.fact), item.stream
        known = self.registry.of(item)
        for ref in self.refs:
            if ref.kind is known.kind:
                return item, known, ref
        raise TypeError(f"{self.request.decision.name} writes no stream that holds {known.name}")


def _is_open(fact: Fact, field: str) -> bool:
    value = getattr(fact, field)
    return isinstance(value, Personal) and value.value is not None


def seal(fact: Fact, known: FactType, identity: str, key: SubjectKey) -> Fact:
    """Return the fact with its personal fields encrypted, bound to its id and their names."""
    sealed: dict[str, Personal[Any]] = {
        field: Personal(
            sealed=key.seal(
                msgspec.json.encode(getattr(fact, field).value), f"{identity}/{field}".encode()
            ),
            mark=getattr(fact, field).mark,
        )
        for field in known.personal
        if _is_open(fact, field)
    }
    return msgspec.structs.replace(fact, **sealed) if sealed else fact

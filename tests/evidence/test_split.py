"""Can a log be split in two, and does each prove the past that they share and what follows?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from infra.evidence.anchors import DirectoryAnchors
from infra.evidence.auditing import audit
from infra.evidence.epoch import epoch, renew
from infra.evidence.keys import Keys, check, new_key
from infra.evidence.leaves import PostgresLeaves
from infra.evidence.seals import PostgresSeals
from streams.sealer import Sealer
from streams.seals import Signing
from tests.databases import Databases
from tests.evidence.logs import KEY, add_facts, leaves_of, seal

FACTS = 300
OTHER = new_key("other.example")


def seal_other(dsn: str, anchors: Path) -> None:
    """Seal as the log that was split off does: with an origin, a key and anchors of its own."""
    signing = Signing("other.example", Keys([OTHER], [OTHER.public]).signed, [OTHER.public], check)
    with closing(PostgresLeaves(dsn)) as leaves, closing(PostgresSeals(dsn)) as seals:
        sealer = Sealer(leaves, seals, signing, DirectoryAnchors(anchors))
        while sealer.step():
            pass
        sealer.anchor()


def test_both_go_on_and_prove_what_they_share(databases_18: Databases, tmp_path: Path) -> None:
    """A copy gets an epoch, an origin and a key of its own; no byte of the past changes in either,
    and an audit of each finds nothing."""
    with databases_18.fresh() as one:
        add_facts(one, FACTS)
        seal(one, tmp_path / "one")
        other = databases_18.server.address("split")
        databases_18.copy(conninfo_to_dict(one)["dbname"], "split")
        try:
            over = epoch(other)
            renew(other)
            for dsn, text in ((one, "stays"), (other, "moved")):
                add_facts(dsn, FACTS, text)
            seal(one, tmp_path / "one")
            seal_other(other, tmp_path / "other")
            assert epoch(one) == over != epoch(other)
            assert leaves_of(one)[:FACTS] == leaves_of(other)[:FACTS]
            assert leaves_of(one)[FACTS:] != leaves_of(other)[FACTS:]
            audits = [
                audit(one, [KEY.public], tmp_path / "one", (), lambda *_: None),
                audit(other, [OTHER.public], tmp_path / "other", (), lambda *_: None),
            ]
            assert [audited.findings for audited in audits] == [[], []]
            assert [audited.sealed for audited in audits] == [2 * FACTS, 2 * FACTS]
        finally:
            databases_18.drop("split")

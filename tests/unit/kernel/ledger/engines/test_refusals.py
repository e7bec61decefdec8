"""What an application refuses is told with who proposed it; what it keeps outlives a repair."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.chain import CHARTER, START_MS, Chain
from simulation.validators import engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.marks import Mark, Marks, Misbehaviour
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.layout import SCHEMA, VERSION
from tallystick.kernel.ledger.repair import repair_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.database import Database

NONCE = bytes(16)


@pytest.fixture
def chain() -> Chain:
    return validated("application")


@pytest.fixture
def application(chain: Chain, tmp_path: Path) -> Iterator[Application]:
    path = tmp_path / "ledger.db"
    replica = Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)
    yield Application(replica, Gate(replica, chain.clock), SeededEntropy("nonces"))
    replica.close()


def address(name: str) -> bytes:
    return address_of(engine_keys("application", name).public)


def offer(chain: Chain, height: int, *txs: bytes, name: str = "operator") -> Offer:
    chain.clock.advance(1)
    return Offer(height, chain.clock.now_ms(), address(name), txs)


def test_who_made_a_refused_proposal_is_named_for_some_time(
    chain: Chain, application: Application
) -> None:
    good = offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)]), name="bank")
    assert application.judge(good) is None
    assert (application.refusals.known(), application.refusals.trouble(1)) == ((), None)
    for bad in (replace(good, txs=(*good.txs, b"garbage")), replace(good, proposer=bytes(20))):
        # The rounds of a height may repeat a proposal; it is told once.
        assert application.judge(bad) is not None
        assert application.judge(bad) is not None
    known = application.refusals.known()
    assert [(each.height, each.member) for each in known] == [(1, "bank"), (1, "00" * 20)]
    assert {each.code for each in known} == {"codec.form"}
    application.judge(replace(good, txs=(*good.txs, b"other garbage")))
    told = application.refusals.trouble(1_001)
    assert told is not None
    assert (told.code, told.values["member"]) == ("engine.refused", "00" * 20)
    assert application.refusals.trouble(1_002) is None


def test_what_this_program_is_too_old_to_judge_accuses_nobody(
    chain: Chain, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: Offer) -> None:
        raise Unavailable("rules.unknown", "a later rule", cure="")

    monkeypatch.setattr(application, "_run", unknown)
    assert application.judge(offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)]))) is not None
    assert application.refusals.known() == ()


def test_a_repair_keeps_what_the_engine_kept_and_no_damaged_row_of_it(
    chain: Chain, application: Application
) -> None:
    replica, path = application.replica, application.replica.path
    caught = [Misbehaviour(1, address(name), 1, START_MS) for name in ("bank", "coop")]
    for seq in range(1, 4):
        asked = offer(chain, seq, NONCE, chain.sign(seq, [chain.news(seq)]))
        application.finalize(asked, caught)
        application.commit()
    replica.keep(
        lambda database: database.run_many(
            "UPDATE misbehaviour SET time = ? WHERE address = ?", [(7, address("coop"))]
        )
    )
    replica.close()
    with closing(Database.write(path, "ledger", SCHEMA, VERSION)) as database:
        database.run("UPDATE log SET codes = x'00'")
        database.run("UPDATE engine SET height = 9 WHERE own = 2")
    network = Network()
    repaired = repair_chain(
        path, CHARTER, genesis=chain.genesis, link=network.join("bank"), peers=[]
    )
    assert (repaired.height, repaired.kept) == (3, 3)
    again = Replica.open(path, CHARTER)
    assert (Marks(again).last(), Marks(again).misbehaviour()) == (Mark(3, 3), caught[:1])
    assert again.audit("bank").is_sound
    again.close()

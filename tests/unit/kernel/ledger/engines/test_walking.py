"""An engine that begins anew walks through kept blocks, whether their bodies are held or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.validators import engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import decode, encode
from tallystick.base.errors import NotFound, Unavailable
from tallystick.chain import schema
from tallystick.kernel.ledger.archive import prune_chain
from tallystick.kernel.ledger.engines.application import Application, Decided, Offer
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.marks import Mark, Marks
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.tables import write_fact

NONCE = bytes(16)


@pytest.fixture
def chain() -> Chain:
    return validated("walking")


@pytest.fixture
def replica(chain: Chain, tmp_path: Path) -> Iterator[Replica]:
    found = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    yield found
    found.close()


def make(chain: Chain, replica: Replica, *, is_new: bool = False) -> Application:
    gate = Gate(replica, chain.clock)
    return Application(replica, gate, SeededEntropy("nonces"), is_new=is_new)


def address(name: str = "operator") -> bytes:
    return address_of(engine_keys("walking", name).public)


def offer(chain: Chain, height: int, *txs: bytes, name: str = "operator") -> Offer:
    chain.clock.advance(1)
    return Offer(height, chain.clock.now_ms(), address(name), txs)


def _ordered(chain: Chain, replica: Replica, count: int = 6) -> tuple[list[Offer], list[Decided]]:
    """Order blocks, every other one empty, one that changes the list; what was told of each."""
    application, blocks, told = make(chain, replica), list[Offer](), list[Decided]()
    for seq in range(1, count + 1):
        rows = [chain.sign(seq, [chain.news(seq)]), chain.sign(seq + 100, [chain.news(seq)])]
        if seq == 2:
            rows.append(chain.sign(1_000, [chain.rotation(77, "bureau")], "bureau"))
        blocks.append(offer(chain, 2 * seq - 1, NONCE, *rows))
        blocks.append(offer(chain, 2 * seq, NONCE, name="bank"))
    for each in blocks:
        told.append(application.finalize(each))
        application.commit()
    assert replica.tip.height == count
    return blocks, told


def _alone(_: int) -> bytes:
    """Find that nobody is asked for a body."""
    raise AssertionError


def _without_bodies(replica: Replica, below: int, *, to_fetch: bool = False) -> None:
    """Give the bodies up to a height away; or have them as after a snapshot, yet to be fetched."""
    prune_chain(replica, replica.path.parent / "old.car", below)
    replica.elsewhere = _alone
    if to_fetch:
        replica.keep(lambda database: write_fact(database, "pruned", 0))
        assert replica.holes(99) == list(range(1, below + 1))
    with pytest.raises(NotFound, match=r"ledger\.pruned"):
        replica._held_block(1)


@pytest.mark.parametrize("to_fetch", [False, True], ids=["given away", "yet to be fetched"])
@pytest.mark.parametrize("below", [6, 3], ids=["all", "half"])
def test_an_engine_that_begins_anew_walks_through_blocks_without_bodies_and_goes_on(
    chain: Chain, replica: Replica, below: int, to_fetch: bool
) -> None:
    blocks, told = _ordered(chain, replica)
    _without_bodies(replica, below, to_fetch=to_fetch)
    again = make(chain, replica, is_new=True)
    for each, before in zip(blocks, told, strict=True):
        assert again.judge(each) is None
        assert again.finalize(each) == before
        again.commit()
    assert (again.height, again.executed, again.is_walking()) == (12, 0, False)
    assert again.app_hash == replica.tip.cid.digest
    # What follows is run, and kept with its body.
    again.finalize(offer(chain, 13, NONCE, chain.sign(9, [chain.news(9)])))
    again.commit()
    assert (again.executed, replica.tip.height, replica.lowest()) == (1, 7, below + 1)
    assert Marks(replica).last() == Mark(7, 13)
    assert not replica.holds(1)
    assert replica.audit("bank").is_sound


def _resigned(data: bytes) -> bytes:
    """Return a transaction of the same id under another signature."""
    header, signature, records = decode(data, schema.TRANSACTION)
    return encode([header, bytes([signature[0] ^ 1]) + signature[1:], records])


def _rewritten(data: bytes) -> bytes:
    """Return a transaction of the same id with another record."""
    header, signature, records = decode(data, schema.TRANSACTION)
    return encode([header, signature, [records[0][:-1] + bytes([records[0][-1] ^ 1])]])


@pytest.mark.parametrize(
    "change",
    [
        lambda o: replace(o, txs=o.txs[:2]),
        lambda o: replace(o, txs=(*o.txs, o.txs[1])),
        lambda o: replace(o, txs=(o.txs[0], o.txs[2], o.txs[1])),
        lambda o: replace(o, txs=(o.txs[0], _resigned(o.txs[1]), o.txs[2])),
        lambda o: replace(o, txs=(o.txs[0], _rewritten(o.txs[1]), o.txs[2])),
        lambda o: replace(o, txs=(o.txs[0], b"garbage", o.txs[2])),
        lambda o: replace(o, txs=o.txs[1:]),
        lambda o: replace(o, time_ms=o.time_ms + 1),
        lambda o: replace(o, proposer=address("bank")),
        lambda o: replace(o, proposer=bytes(20)),
    ],
    ids=[
        *("one less", "one more", "another order", "another signature", "another record"),
        *("garbage", "no nonce", "another time", "another proposer", "a stranger"),
    ],
)
@pytest.mark.parametrize("below", [0, 6], ids=["bodies held", "none held"])
def test_a_block_that_differs_from_the_kept_one_is_refused_with_or_without_its_body(
    chain: Chain, replica: Replica, below: int, change: Callable[[Offer], Offer]
) -> None:
    blocks, _ = _ordered(chain, replica)
    if below:
        _without_bodies(replica, below)
    again = make(chain, replica, is_new=True)
    bad = change(blocks[0])
    found = again.judge(bad)
    assert found is not None
    assert found.code == "codec.form"
    with pytest.raises(Unavailable, match=r"abci\.undecidable"):
        again.finalize(bad)
    assert again.height == 0
    again.finalize(blocks[0])
    again.commit()
    assert again.height == 1

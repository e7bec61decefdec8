from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from tallystick import _native
from tallystick.base.errors import Corrupt
from tallystick.base.keys import Signed, verify, verify_many
from tallystick.chain.block import Tip, apply_block, genesis_state, start
from tallystick.kernel.ledger import signatures
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rerun import take_over
from tallystick.kernel.ledger.signatures import look_ahead

WIDTH = 5
BUILT = pytest.mark.skipif(
    not _native.is_signatures_built(), reason="the loop over signatures was not compiled here"
)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.fixture
def blocks(tmp_path: Path, chain: Chain) -> list[bytes]:
    """Give eight blocks of five transactions, of which the fourth adds a key to the signer's."""
    path = tmp_path / "ledger.db"
    replica = Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)
    found, seq = [], 0
    for number in range(8):
        rows: list[bytes] = []
        for _ in range(WIDTH):
            seq += 1
            turn = number == 3 and not rows
            record = chain.rotation(9_000, "operator") if turn else chain.news(seq)
            rows.append(chain.sign(seq, [record]))
        found.append(chain.extend(replica, rows))
    replica.close()
    return found


def _run(chain: Chain, blocks: Iterable[bytes], tips: list[Tip]) -> None:
    state, tip = genesis_state(chain.genesis), start(chain.genesis)

    def here() -> Tip:
        return tip

    for data, ahead, opened in look_ahead(blocks, here):
        effects = apply_block(data, tip, state.get, CHARTER, ahead, opened=opened)
        take_over(state, effects)
        tip = effects.tip
        tips.append(tip)


@pytest.mark.parametrize("built", [pytest.param(True, marks=BUILT), False])
@pytest.mark.parametrize("together", [1, WIDTH, 2 * WIDTH, 1_000])
def test_the_chain_is_the_same_however_far_one_looks_ahead(
    chain: Chain,
    blocks: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    *,
    built: bool,
    together: int,
) -> None:
    monkeypatch.setattr(_native, "is_signatures_built", lambda: built)
    monkeypatch.setattr(signatures, "TOGETHER", together)
    state, tip, expected = genesis_state(chain.genesis), start(chain.genesis), list[Tip]()
    for data in blocks:
        effects = apply_block(data, tip, state.get, CHARTER)
        take_over(state, effects)
        tip = effects.tip
        expected.append(tip)
    found: list[Tip] = []
    _run(chain, blocks, found)
    assert found == expected


@BUILT
def test_the_signatures_of_later_blocks_are_checked_once_and_beside(
    chain: Chain, blocks: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[int] = []
    here: list[Signed] = []
    many, one = verify_many, verify

    def check_many(rows: Sequence[Signed]) -> list[bool]:
        beside.append(len(rows))
        return many(rows)

    def check_one(public: bytes, message: bytes, signature: bytes) -> bool:
        here.append((public, message, signature))
        return one(public, message, signature)

    monkeypatch.setattr(signatures, "TOGETHER", 2 * WIDTH)
    monkeypatch.setattr(signatures, "verify_many", check_many)
    monkeypatch.setattr(signatures, "verify", check_one)
    _run(chain, blocks, [])
    assert beside == [2 * WIDTH] * 3
    # Of the first two blocks alone, which nothing was run beside.
    assert len(here) == 2 * WIDTH


@pytest.mark.parametrize("together", [1, 2 * WIDTH, 1_000])
def test_a_forged_signature_far_ahead_is_refused_in_its_own_block(
    chain: Chain,
    blocks: list[bytes],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    together: int,
) -> None:
    monkeypatch.setattr(signatures, "TOGETHER", together)
    replica = Replica.create(tmp_path / "b.db", chain.genesis.data, chain.list.data, CHARTER)
    forged = bytearray(blocks[6])
    # The last bytes of a block are its last transaction's signature.
    forged[-1] ^= 1
    with pytest.raises(InvalidBlock) as error:
        replica.accept(*blocks[:6], bytes(forged), blocks[7])
    assert (error.value.fault.height, replica.tip.height) == (7, 6)
    replica.close()


def test_what_stands_before_a_source_that_breaks_off_is_run(
    chain: Chain, blocks: list[bytes]
) -> None:
    def broken() -> Iterator[bytes]:
        yield from blocks[:5]
        raise Corrupt("ledger.corrupt", "ledger.db: block 6")

    found: list[Tip] = []
    with pytest.raises(Corrupt):
        _run(chain, broken(), found)
    assert [tip.height for tip in found] == [1, 2, 3, 4, 5]

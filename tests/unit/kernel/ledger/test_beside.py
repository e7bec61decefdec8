"""The signatures of what waits are checked while a block is made, and no answer changes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from tallystick import _native
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.base.keys import Signed, verify, verify_many
from tallystick.kernel.ledger import orderer as orderers
from tallystick.kernel.ledger import signatures
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.signatures import PART_MIN, check_both

WIDTH = 5
"""So many transactions of a block: the fewest that are worth a thread here."""


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Signed]:
    """Give each signature that is checked with others, in blocks of `WIDTH`."""
    found: list[Signed] = []

    def check(rows: Sequence[Signed]) -> list[bool]:
        found.extend(rows)
        return verify_many(rows)

    monkeypatch.setattr(signatures, "verify_many", check)
    monkeypatch.setattr(signatures, "THREADS_FROM", 2)
    monkeypatch.setattr(orderers, "CUT_TRANSACTIONS_MAX", WIDTH)
    return found


@pytest.mark.parametrize("built", [True, False])
def test_a_signature_counts_by_the_keys_of_its_own_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: list[Signed], *, built: bool
) -> None:
    is_beside = built and _native.is_signatures_built()
    monkeypatch.setattr(_native, "is_signatures_built", lambda: is_beside)
    chain = Chain()
    replica = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    orderer = Orderer(replica, "operator", chain.clock, SeededEntropy("n"))
    records = {6: chain.rotation(9_000, "operator", ends=True)}
    rows = [chain.sign(seq, [records.get(seq) or chain.news(seq)]) for seq in range(1, 16)]
    for seq in (3, 8):
        # The last bytes of a transaction are its signature's.
        rows[seq - 1] = rows[seq - 1][:-1] + bytes([rows[seq - 1][-1] ^ 1])
    tids = [orderer.submit(row) for row in rows]
    for _ in range(3):
        orderer.cut()
    # Those after the key's end were found valid by it, beside the block that ended it.
    refused = {3, 8, *range(11, 16)}
    for seq, tid in enumerate(tids, 1):
        if seq in refused:
            with pytest.raises(Invalid, match=r"^ledger\.refused"):
                orderer.wait(tid, 0)
        else:
            assert orderer.wait(tid, 0).code == 0
    assert len(checked) == len(set(checked)) == (15 if is_beside else 10)
    orderer.close()
    orderer.close()
    replica.close()


def test_a_part_after_another_is_every_signature_once(checked: list[Signed]) -> None:
    chain = Chain()
    key = chain.keys["operator"]
    rows: list[Signed] = []
    for number in range(5 * PART_MIN):
        message = number.to_bytes(4, "big")
        signature = key.sign(message if number % 3 else b"another")
        rows.append((key.public, message, signature))
    for count in (0, 1, PART_MIN - 1, PART_MIN, PART_MIN + 1, len(rows)):
        checked.clear()
        assert check_both(rows[:count]) == [verify(*row) for row in rows[:count]]
        assert sorted(checked) == sorted(rows[:count])
    assert len(list(itertools.groupby(check_both(rows)))) > PART_MIN

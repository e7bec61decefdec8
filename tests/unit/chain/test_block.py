"""A block is made only by who may propose it: what every reader refuses is not made."""

from __future__ import annotations

import pytest

from chains import SmallChain
from tallystick.base.errors import Invalid
from tallystick.chain.block import Effects, Execution, apply_block, propose_block


def test_only_a_member_of_the_list_in_force_proposes() -> None:
    chain = SmallChain()
    found = chain.sign("bank-a", [chain.record("fund.allocated", {"amount": 1})])

    def propose(proposer: str) -> tuple[bytes, Effects]:
        run = Execution(chain.tip, chain.state.get, chain.charter, chain.tip.time + 1)
        run.add(found)
        return propose_block(run, [found], tip=chain.tip, proposer=proposer, nonce=bytes(16))

    data, effects = propose("bank-b")
    assert apply_block(data, chain.tip, chain.state.get, chain.charter) == effects
    with pytest.raises(Invalid, match="proposer"):
        propose("bank-z")

"""A record's proof holds for that record on that chain, and says with which result it stands."""

from __future__ import annotations

from typing import Any

import pytest

from chains import Named, SmallChain
from tallystick.base import codec
from tallystick.base.codec import encode
from tallystick.base.errors import Error, Invalid
from tallystick.chain.merkle import PATH_MAX
from tallystick.chain.proof import PROOF, ProvenRecord, verify_record
from tallystick.chain.verdict import Contradicted, Missing

HEIGHT = 4


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    found.cut(("operator", [found.record("fund.allocated", {"amount": 5})]))
    bundle = [found.record("fund.allocated", {"amount": i + 1}) for i in range(20)]
    found.cut(("bank-a", bundle), ("bank-b", [found.record("fund.allocated", {"amount": 0})]))
    found.cut(("bank-a", [found.rotation("bank-a", "tx")]))
    found.cut(("bank-a", [found.record("fund.allocated", {"amount": 9})]))
    return found


def verified(chain: SmallChain, proof: dict[str, Any], *heights: int) -> ProvenRecord:
    size = chain.sizes[HEIGHT]
    known = chain.known(*(heights or range(HEIGHT)))
    return verify_record(proof, chain=chain.chain, size=size, root=chain.root(size), **known)


def test_every_record_of_the_chain_is_proven_with_its_result(chain: SmallChain) -> None:
    for position, transaction in enumerate(chain.transactions):
        for index, data in enumerate(transaction.records):
            proof = chain.proof(Named(position, index), HEIGHT)
            found = verified(chain, codec.decode(encode(proof), PROOF))
            assert (found.data, found.tid, found.index) == (data, transaction.tid, index)
            assert found.member == transaction.member
            assert found.height == chain.height_of(position)
            assert found.fields is not None
            assert found.code == (6 if found.fields["pub"].get("amount") == 0 else 0)


def test_a_proof_of_another_thing_is_false(chain: SmallChain) -> None:
    proof = chain.proof(Named(1, 17), HEIGHT)
    other = chain.proof(Named(0, 0), HEIGHT)
    for change in (
        {"record": other["record"]},
        {"index": 16},
        {"index": 20},
        {"path": proof["path"][:-1]},
        {"path": [*proof["path"], bytes(32)]},
        {"position": 2},
        {"position": 2**40},
        {"log_path": proof["log_path"][:-1]},
        {"log_path": other["log_path"]},
        {"leaf": other["leaf"]},
        {"header": other["header"]},
        {"sig": other["sig"]},
    ):
        with pytest.raises(Contradicted):
            verified(chain, {**proof, **change})


def test_every_altered_byte_of_a_proof_is_found(chain: SmallChain) -> None:
    data = encode(chain.proof(Named(1, 17), HEIGHT))
    for at in range(len(data)):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        with pytest.raises(Error):
            verified(chain, codec.decode(bytes(altered), PROOF))


def test_without_the_header_or_its_list_nothing_can_be_said(chain: SmallChain) -> None:
    proof = chain.proof(Named(1, 17), HEIGHT)
    verified(chain, proof, 1)
    with pytest.raises(Missing, match=r"proof\.header"):
        verified(chain, proof, 0)
    size = chain.sizes[HEIGHT]
    known = {**chain.known(1), "lists": {}}
    with pytest.raises(Missing, match=r"proof\.members"):
        verify_record(proof, chain=chain.chain, size=size, root=chain.root(size), **known)


def test_a_record_signed_with_a_retired_key_is_not_proven(chain: SmallChain) -> None:
    """bank-a's first tx key ended with height 3; at height 4 the list no longer has it."""
    forged = SmallChain()
    retired = forged.keys["bank-a", "tx"]
    for height in range(1, 4):
        bundles = [
            (each.member, [codec.decode(data, codec.value) for data in each.records])
            for position, each in enumerate(chain.transactions)
            if chain.height_of(position) == height
        ]
        forged.cut(*bundles)
    forged.keys["bank-a", "tx"], forged.numbers["bank-a", "tx"] = retired, 1
    with pytest.raises(Invalid, match="key"):
        forged.cut(("bank-a", [forged.record("fund.allocated", {"amount": 1})]))
    transaction = forged.sign("bank-a", [forged.record("fund.allocated", {"amount": 1})])
    leaf = encode([4, 0, 1, 0, transaction.tid, forged.tip.cid])
    forged.transactions.append(transaction)
    forged.leaves.append(leaf)
    forged.sizes.append(len(forged.leaves))
    proof = forged.proof(Named(len(forged.leaves) - 1, 0), 4)
    with pytest.raises(Contradicted, match="key or signature"):
        verify_record(
            proof,
            chain=forged.chain,
            size=len(forged.leaves),
            root=forged.root(len(forged.leaves)),
            **forged.known(3),
        )


def test_a_proof_without_record_list_and_checkpoint_stays_under_4_kib(chain: SmallChain) -> None:
    """At the greatest bundle and the longest log that may ever be, with the header before it."""
    proof = chain.proof(Named(1, 17), HEIGHT)
    longest = {
        **proof,
        "record": b"",
        "index": 1_023,
        "path": [bytes(32)] * 10,
        "position": 2**53 - 1,
        "log_path": [bytes(32)] * PATH_MAX,
    }
    header = max(chain.headers, key=len)
    assert len(encode(longest)) + len(header) <= 4_096


def test_a_proof_of_another_form_is_refused(chain: SmallChain) -> None:
    proof = chain.proof(Named(1, 17), HEIGHT)
    for change in (
        {"index": -1},
        {"path": [b"short"]},
        {"sig": b"short"},
        {"header": b"\xa0"},
        {"leaf": b"\x80"},
        {"extra": 1},
    ):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(chain, {**proof, **change})

"""A record's proof holds for that record on that chain, and says with which result it stands."""

from __future__ import annotations

from typing import Any

import pytest

from chains import Named, SmallChain
from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import Error, Invalid
from tallystick.chain import schema
from tallystick.chain.merkle import PATH_MAX, inclusion_path, leaf_hash, root_of
from tallystick.chain.proof import PROOF, ProvenRecord, prove_record, verify_record
from tallystick.chain.transaction import Transaction, sign_transaction
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
    with pytest.raises(Contradicted, match="key or signature"):
        logged(forged, transaction, 4, forged.tip.cid)


def logged(
    chain: SmallChain, transaction: Transaction, height: int, prev: Cid, **known: dict[Cid, bytes]
) -> ProvenRecord:
    """Verify a transaction that a faulty quorum wrote into the log as admitted."""
    leaves = [*chain.leaves, encode([height, 0, 1, 0, transaction.tid, prev])]
    hashes = [leaf_hash(leaf) for leaf in leaves]
    position = len(chain.leaves)
    proof = prove_record(
        transaction,
        0,
        leaf=leaves[-1],
        position=position,
        log_path=inclusion_path(hashes, position),
    )
    given: dict[str, Any] = {**chain.known(*range(len(chain.headers))), **known}
    return verify_record(proof, chain=chain.chain, size=len(leaves), root=root_of(leaves), **given)


def test_what_a_faulty_quorum_logged_is_still_compared() -> None:
    """The log root is right in each case; the record is not one of this chain at that place."""
    chain = SmallChain()
    for amount in (1, 2):
        chain.cut(("operator", [chain.record("fund.allocated", {"amount": amount})]))
    good = chain.sign("bank-a", [chain.record("fund.allocated", {"amount": 1})])
    first, prev = cid_of(chain.headers[0]), cid_of(chain.headers[2])
    assert logged(chain, good, 3, prev).member == "bank-a"
    assert logged(chain, good, 1, first).height == 1
    elsewhere = Transaction.read(
        sign_transaction(
            chain.keys["bank-a", "tx"],
            good.records,
            chain=bytes(32),
            member="bank-a",
            number=1,
            seq=9,
            not_after=1,
        )
    )
    malformed = Transaction.read(
        sign_transaction(
            chain.keys["bank-a", "tx"],
            [b"no record"],
            chain=chain.chain,
            member="bank-a",
            number=1,
            seq=9,
            not_after=1,
        )
    )
    other = encode({**chain.genesis.fields, "salt": bytes(32)})
    header = codec.decode(chain.headers[2], schema.HEADER)
    stray = encode({**header, "chain": bytes(32)})
    more = {"headers": {cid_of(block): block for block in (other, stray)}}
    for transaction, height, before, reason in (
        (elsewhere, 3, prev, "chain"),
        (malformed, 3, prev, "record form"),
        (good, 4, prev, "header before the record"),
        (good, 3, cid_of(stray), "header before the record"),
        (good, 1, cid_of(other), "header before the record"),
    ):
        known = more if before in more["headers"] else {}
        with pytest.raises(Contradicted, match=f": {reason}"):
            logged(chain, transaction, height, before, **known)


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

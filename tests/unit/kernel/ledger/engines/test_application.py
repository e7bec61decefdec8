"""The application: the chain of the embedded orderer, whatever the engine asks and repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.chain import CHARTER, START_MS, Chain
from simulation.validators import NAMES, engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import decode, encode, sha256
from tallystick.base.errors import Conflict, Corrupt, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.block import Genesis, read_block
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.ledger.engines.application import (
    Application,
    Offer,
    genesis_time_ms,
    network_name,
)
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.marks import Mark, Marks, Misbehaviour
from tallystick.kernel.ledger.engines.validators import address_of, changes, owners, validators
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica

NONCE = bytes(16)
BYTES_MAX = 4_000_000


@pytest.fixture
def chain() -> Chain:
    return validated("application")


@pytest.fixture
def replica(chain: Chain, tmp_path: Path) -> Iterator[Replica]:
    found = make_replica(chain, tmp_path / "ledger.db")
    yield found
    found.close()


def make_replica(chain: Chain, path: Path) -> Replica:
    return Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)


def make(chain: Chain, replica: Replica, *, is_new: bool = False) -> Application:
    gate = Gate(replica, chain.clock)
    return Application(replica, gate, SeededEntropy("nonces"), is_new=is_new)


@pytest.fixture
def application(chain: Chain, replica: Replica) -> Application:
    return make(chain, replica)


def address(name: str = "operator") -> bytes:
    return address_of(engine_keys("application", name).public)


def offer(chain: Chain, height: int, *txs: bytes, name: str = "operator") -> Offer:
    chain.clock.advance(1)
    return Offer(height, chain.clock.now_ms(), address(name), txs)


# ---- one chain under every engine


def test_an_embedded_chain_through_the_engines_grammar_has_equal_headers(
    chain: Chain, tmp_path: Path
) -> None:
    embedded = make_replica(chain, tmp_path / "embedded.db")
    orderer = Orderer(embedded, "operator", chain.clock, chain.entropy)
    seq = 0
    for block in range(12):
        for _ in range(1 + block % 4):
            seq += 1
            # Some ids are held already: refused by a code, they stand in the block too.
            number = seq - 1 if seq % 5 == 0 else seq
            orderer.submit(chain.sign(seq, [chain.news(number), chain.news(number + 10_000)]))
        chain.clock.advance(7)
        orderer.cut()
    other = make_replica(chain, tmp_path / "engine.db")
    application = make(chain, other)
    height = 0
    for own in range(1, embedded.tip.height + 1):
        header, fields, found = read_block(embedded.block(own))
        txs = (fields["nonce"], *(each.data for each in found))
        height += 1
        asked = Offer(height, fields["time"], address(), txs)
        # A round that fails, a proposal that may not stand, the same one again, then the decision.
        application.prepare(replace(asked, txs=txs[1:][:1]), BYTES_MAX)
        assert application.judge(replace(asked, txs=(*txs, b"garbage"))) is not None
        if own % 2:
            assert application.judge(asked) is None
            assert application.judge(asked) is None
        decided = application.finalize(asked)
        assert decided.app_hash == sha256(header)
        assert list(decided.codes[1:]) == [
            row.code for each in found if (row := embedded.find(each.tid)) is not None
        ]
        application.commit()
        height += 1
        before = application.app_hash
        application.finalize(Offer(height, fields["time"] + 1, address("bank"), (NONCE,)))
        application.commit()
        assert application.app_hash == before
    assert other.tip == embedded.tip
    assert (application.height, other.tip.height) == (24, 12)
    assert other.verify() == embedded.verify()
    for each in (embedded, other):
        each.close()


# ---- what a proposal must be


def test_a_proposal_begins_with_the_proposers_nonce_and_holds_what_may_stand(
    chain: Chain, application: Application
) -> None:
    thief = Chain("thief")
    thief.genesis = chain.genesis
    good = [chain.sign(seq, [chain.news(seq)]) for seq in (3, 1, 2)]
    bad = [
        thief.sign(4, [thief.news(4)]),
        chain.sign(1, [chain.news(9)]),
        good[0][:-1] + b"x",
        b"garbage",
        chain.sign(5, [chain.news(5)], life_ms=-10_000),
    ]
    asked = offer(chain, 1, bad[0], good[0], *bad[2:], *good[1:], bad[1])
    txs = application.prepare(asked, BYTES_MAX)
    assert len(txs[0]) == 16
    assert txs[1:] == good
    assert application.judge(replace(asked, txs=tuple(txs))) is None
    assert application.executed == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda o: replace(o, txs=()),
        lambda o: replace(o, txs=o.txs[1:]),
        lambda o: replace(o, txs=(NONCE, *o.txs)),
        lambda o: replace(o, txs=(*o.txs, NONCE)),
        lambda o: replace(o, txs=(bytes(15), *o.txs[1:])),
        lambda o: replace(o, txs=(*o.txs, o.txs[1])),
        lambda o: replace(o, txs=(*o.txs, b"garbage")),
        lambda o: replace(o, txs=(o.txs[0], o.txs[1][:-1] + b"x")),
        lambda o: replace(o, proposer=bytes(20)),
        lambda o: replace(o, time_ms=START_MS - 1),
        lambda o: replace(o, time_ms=o.time_ms + 25 * 3_600_000),
    ],
    ids=[
        *("nothing", "no nonce", "two nonces", "a nonce last", "a short nonce", "twice", "garbage"),
        *("other records", "a stranger", "no later than genesis", "beyond all lives"),
    ],
)
def test_what_no_honest_proposer_proposes_is_refused_and_does_nothing(
    chain: Chain, application: Application, change: Callable[[Offer], Offer]
) -> None:
    asked = offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)]))
    bad = change(asked)
    assert application.judge(bad) is not None
    with pytest.raises(Unavailable, match=r"abci\.undecidable"):
        application.finalize(bad)
    assert application.judge(asked) is None
    application.finalize(asked)
    application.commit()
    assert application.replica.tip.height == 1


def test_a_proposal_is_cut_at_the_engines_bytes_and_at_the_chains(
    chain: Chain, application: Application
) -> None:
    txs = [chain.sign(seq, [chain.news(seq)]) for seq in range(1, 40)]
    size = len(txs[0])
    few = application.prepare(offer(chain, 1, *txs), 10 * (size + 8))
    assert 8 <= len(few) - 1 <= 10
    assert sum(len(data) + 6 for data in few) <= 10 * (size + 8)
    assert len(application.prepare(offer(chain, 1, *txs), BYTES_MAX)) == 40


def test_blocks_hold_no_more_than_the_chain_allows(tmp_path: Path) -> None:
    chain = validated("application")
    genesis = {**chain.genesis.fields, "limits": {"block_transactions": 3, "block_bytes": 300_000}}
    chain.genesis = Genesis.read(encode(genesis), chain.list.data)
    replica = make_replica(chain, tmp_path / "ledger.db")
    application = make(chain, replica)
    txs = [chain.sign(seq, [chain.news(seq)]) for seq in range(1, 6)]
    asked = offer(chain, 1, *txs)
    assert len(application.prepare(asked, BYTES_MAX)) == 1 + 3
    assert application.judge(replace(asked, txs=(NONCE, *txs[:3]))) is None
    assert application.judge(replace(asked, txs=(NONCE, *txs[:4]))) is not None
    big = [
        chain.sign(seq, [chain.news(seq * 1_024 + each) for each in range(1_000)])
        for seq in (10, 11, 12)
    ]
    asked = offer(chain, 1, *big)
    found = application.prepare(asked, BYTES_MAX)
    assert 1 < len(found) < 4
    assert application.judge(replace(asked, txs=tuple(found))) is None
    assert application.judge(replace(asked, txs=(NONCE, *big))) is not None
    assert len(big[0]) < schema.TRANSACTION_BYTES_MAX
    replica.close()


# ---- heights, crashes, replays


def test_nothing_is_kept_before_the_commit(chain: Chain, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    replica = make_replica(chain, path)
    application = make(chain, replica)
    asked = offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)]))
    first = application.finalize(asked)
    replica.close()
    replica = Replica.open(path, CHARTER)
    application = make(chain, replica)
    assert (application.height, replica.tip.height) == (0, 0)
    assert application.finalize(asked) == first
    application.commit()
    replica.close()
    replica = Replica.open(path, CHARTER)
    application = make(chain, replica)
    assert (application.height, application.app_hash) == (1, first.app_hash)
    assert application.gate.verified.checked == 0
    replica.close()


def test_empty_heights_are_replayed_after_a_crash_and_change_nothing(
    chain: Chain, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    replica = make_replica(chain, path)
    application = make(chain, replica)
    blocks = [
        offer(chain, 1, NONCE),
        offer(chain, 2, NONCE, chain.sign(1, [chain.news(1)])),
        offer(chain, 3, NONCE),
        offer(chain, 4, NONCE),
    ]
    for each in blocks:
        application.finalize(each)
        application.commit()
    found = application.app_hash
    replica.close()
    replica = Replica.open(path, CHARTER)
    application = make(chain, replica)
    assert application.height == 2
    for each in blocks[2:]:
        application.finalize(each)
        application.commit()
    assert (application.height, application.app_hash) == (4, found)
    replica.close()


def test_a_block_that_is_not_the_next_is_refused(chain: Chain, application: Application) -> None:
    with pytest.raises(Conflict, match=r"abci\.height"):
        application.finalize(offer(chain, 2, NONCE))
    with pytest.raises(Conflict, match=r"abci\.height"):
        application.commit()


def test_a_block_that_cannot_be_kept_is_decided_again(
    chain: Chain, application: Application, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)]))
    application.finalize(asked)
    database = replica._database

    def full(*_: object) -> int:
        code = "database.full"
        raise Unavailable(code, "the disk is full")

    monkeypatch.setattr(database.__class__, "run_many", full)
    with pytest.raises(Unavailable, match=r"database\.full"):
        application.commit()
    monkeypatch.undo()
    assert (application.height, replica.tip.height) == (0, 0)
    application.finalize(asked)
    application.commit()
    assert (application.height, replica.tip.height) == (1, 1)


def test_an_engine_whose_data_was_lost_finds_the_blocks_that_are_kept(
    chain: Chain, tmp_path: Path
) -> None:
    replica = make_replica(chain, tmp_path / "ledger.db")
    application = make(chain, replica)
    blocks = [offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)])), offer(chain, 2, NONCE)]
    blocks.append(offer(chain, 3, NONCE, chain.sign(2, [chain.news(1)])))
    told = []
    for each in blocks:
        told.append(application.finalize(each))
        application.commit()
    again = make(chain, replica, is_new=True)
    assert (again.height, again.app_hash) == (0, chain.genesis.cid.digest)
    other = replace(blocks[0], txs=(NONCE, chain.sign(3, [chain.news(3)])))
    assert again.judge(other) is not None
    assert again.prepare(offer(chain, 1, chain.sign(3, [chain.news(3)])), BYTES_MAX)[1:] == []
    for each, before in zip(blocks, told, strict=True):
        assert again.finalize(each) == before
        again.commit()
    assert (again.height, again.executed, replica.tip.height) == (3, 0, 2)
    replica.close()


def test_a_repair_that_shortens_the_chain_lets_the_engine_replay_the_rest(
    chain: Chain, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    replica = make_replica(chain, path)
    application = make(chain, replica)
    blocks = [offer(chain, seq, NONCE, chain.sign(seq, [chain.news(seq)])) for seq in range(1, 4)]
    for each in blocks:
        application.finalize(each)
        application.commit()
        if each.height == 1:
            replica._database.backup(tmp_path / "older.db")
    tip = replica.tip

    def swap() -> Path:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return (tmp_path / "older.db").replace(path)

    replica.exchange(swap)
    assert replica.tip.height == 1
    application.resume()
    assert application.height == 1
    for each in blocks[1:]:
        application.finalize(each)
        application.commit()
    assert replica.tip == tip
    replica.close()


def test_a_damaged_mark_is_named(chain: Chain, tmp_path: Path) -> None:
    replica = make_replica(chain, tmp_path / "ledger.db")
    application = make(chain, replica)
    application.finalize(offer(chain, 1, NONCE, chain.sign(1, [chain.news(1)])))
    application.commit()
    assert Marks(replica).last() == Mark(1, 1)
    replica.keep(lambda database: database.run_many("UPDATE engine SET height = ?", [(7,)]))
    with pytest.raises(Corrupt, match="engine's mark"):
        make(chain, replica)
    assert {finding.field for finding in replica.audit("bank").findings} == {"engine"}
    replica.close()


def test_what_validators_were_caught_at_is_kept_once(
    chain: Chain, application: Application
) -> None:
    caught = Misbehaviour(1, address("bank"), 1, START_MS)
    application.finalize(offer(chain, 1, NONCE), [caught])
    application.commit()
    application.finalize(offer(chain, 2, NONCE), [caught])
    application.commit()
    assert application.marks.misbehaviour() == [caught]
    assert application.replica.audit("coop").is_sound
    application.replica.keep(
        lambda database: database.run_many("UPDATE misbehaviour SET time = ?", [(7,)])
    )
    with pytest.raises(Corrupt, match="caught at"):
        application.marks.misbehaviour()
    assert owners(chain.list)[caught.address] == "bank"


# ---- validators


def test_the_engine_begins_with_the_genesis_list_and_this_chain_alone(
    chain: Chain, application: Application
) -> None:
    tip = application.replica.tip
    found = application.begin(network_name(tip), genesis_time_ms(tip))
    assert found.validators == {engine_keys("application", name).public: 1 for name in NAMES}
    for network, time in ((network_name(tip) + "x", 0), ("", 0)):
        with pytest.raises(Conflict, match=r"abci\.genesis"):
            application.begin(network, genesis_time_ms(tip) + time)
    with pytest.raises(Conflict, match=r"abci\.genesis"):
        application.begin(network_name(tip), genesis_time_ms(tip) + 1)


def _list(*keys: Key) -> Members:
    return Members.of([Member("bank", "bank", keys)])


def _key(number: int, start: int, end: int | None = None) -> Key:
    public = SigningKey.from_seed(bytes([number]) * 32).public
    return Key(number, "bft", 1, public, start, end)


def test_a_rotation_moves_a_members_vote_and_never_doubles_it() -> None:
    members = _list(_key(1, 0, 9), _key(2, 5))
    first, second = _key(1, 0).pub, _key(2, 0).pub
    assert validators(members, 4) == {first: 1}
    assert validators(members, 5) == {second: 1}
    assert validators(members, 10) == {second: 1}
    assert changes({first: 1}, {second: 1}) == {first: 0, second: 1}
    assert changes({first: 1}, {first: 1}) == {}
    # Both keys name their member, whenever the engine comes to hear of it.
    assert owners(members) == {address_of(first): "bank", address_of(second): "bank"}


def test_an_engine_is_never_left_without_validators() -> None:
    assert changes({b"a": 1}, {}) == {}


def test_a_key_whose_span_begins_is_told_to_the_engine_in_time(tmp_path: Path) -> None:
    chain = validated("application")
    rows = [
        Member(m.name, m.role, (*m.keys, replace(_key(4, 3), number=4))) if m.name == "bank" else m
        for m in chain.list.by_name.values()
    ]
    chain.list = Members.of(rows)
    genesis = {**chain.genesis.fields, "members": chain.list.cid}
    chain.genesis = Genesis.read(encode(genesis), chain.list.data)
    replica = make_replica(chain, tmp_path / "ledger.db")
    application = make(chain, replica)
    told = []
    for height in range(1, 5):
        asked = offer(chain, height, NONCE, chain.sign(height, [chain.news(height)]))
        told.append(dict(application.finalize(asked).validators))
        application.commit()
    old = engine_keys("application", "bank").public
    assert told == [{}, {old: 0, _key(4, 3).pub: 1}, {}, {}]
    again = make(chain, replica, is_new=True)
    for height in range(1, 5):
        _, fields, found = read_block(replica.block(height))
        asked = Offer(height, fields["time"], address(), (fields["nonce"], found[0].data))
        assert dict(again.finalize(asked).validators) == told[height - 1]
        again.commit()
    replica.close()


def test_header_fields_are_the_engines_and_the_members(
    chain: Chain, application: Application, replica: Replica
) -> None:
    asked = offer(chain, 1, b"n" * 16, chain.sign(1, [chain.news(1)]), name="coop")
    application.finalize(asked)
    application.commit()
    fields = decode(replica.header(1), schema.HEADER)
    assert fields["proposer"] == "coop"
    assert fields["time"] == asked.time_ms
    assert fields["nonce"] == b"n" * 16

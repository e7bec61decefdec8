"""A list too long for one record comes in parts before it, in one bundle; nothing else does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chains import TIME_MS, SmallChain
from rulings import DAY_MS, Floor
from tallystick.base.codec import INTEGER_MAX, Cid, cid_of, encode, read_admitted
from tallystick.chain import schema
from tallystick.chain.block import apply_block, start
from tallystick.chain.checkpoint import largest_note, read_note, shorten_note
from tallystick.chain.crossing import (
    ANCHOR_NOTE_MAX,
    BEGUN_BYTES_MAX,
    chain_key,
    find_chain,
    hold_chain,
    keep_chain,
    split_list,
)
from tallystick.chain.member import Key, Member, Members, quorum
from tallystick.chain.record import BEGUN_KEY
from tallystick.chain.state import Overlay
from tallystick.charter import CHARTER
from tallystick.records.chains import LIST_BYTES_MAX
from tallystick.records.refusal import Refusal

MANY = 64
UNTIL = TIME_MS + 30 * DAY_MS
Pub = dict[str, Any]


class Large(SmallChain):
    """A chain of 64 members, each with a key of every use, as those that order together have."""

    def __init__(self, kind: str, count: int = MANY) -> None:
        super().__init__(
            [f"{kind}-{at:02}" for at in range(count)],
            limits={"vote_ppm": 666_667},
            charter=CHARTER,
        )
        self.names = [*self.genesis.members.by_name]

    def _keys(self, name: str) -> tuple[Key, ...]:
        bft = self._key(name, "bft", 5, 0)
        return (*super()._keys(name), bft)

    def say(self, member: str, *stated: tuple[str, Mapping[str, Any]]) -> int:
        """Cut a block of one bundle of these records, and return its code."""
        records = [self.record(t, pub) for t, pub in stated]
        self.last = records[-1]["id"]
        (code,) = self.cut((member, records))
        assert BEGUN_KEY not in self.state
        return code

    def decide(self, *stated: tuple[str, Mapping[str, Any]]) -> None:
        """Let the first member propose a change and all others vote for it until it counts."""
        assert self.say(self.names[0], *stated) == 0
        change = self.last
        for voter in self.names[1:]:
            code = self.say(voter, ("change.voted", {"change": change, "vote": 1}))
            if code == Refusal.NO_CHANGE:
                return
            assert code == 0
        pytest.fail("the change never came into force")

    def anchor(self, height: int, since: int = 0) -> list[tuple[str, Pub]]:
        """Return the bundle that anchors a height, from an earlier one that is anchored."""
        pub: Pub = {"chain": self.chain}
        pub["note"] = shorten_note(self.note(height), ANCHOR_NOTE_MAX)
        path = self.paths(self.sizes[since], height)
        if path and path[0]:
            pub["path"] = path[0]
        if self.lists[height].cid == self.lists[height - 1].cid:
            return [("chain.anchored", pub)]
        pub["header"] = self.headers[height]
        return in_parts("chain.anchored", pub, self.lists[height].data, 1)

    def link(self, **more: Any) -> list[tuple[str, Pub]]:
        """Return the bundle by which another chain is to know this one."""
        pub: Pub = {"kind": "link", "until": UNTIL, "demand": "nothing", **more}
        pub["genesis"] = self.genesis.data
        return in_parts("change.proposed", pub, self.genesis.members.data)


def in_parts(
    t: str, pub: Mapping[str, Any], listed: bytes, room: int = LIST_BYTES_MAX
) -> list[tuple[str, Pub]]:
    """Return a record that needs a list, with the parts that come before it."""
    before, rest = split_list(listed, room)
    return [
        *(("chain.listed", {"listed": each.listed}) for each in before),
        (t, {**pub, "listed": rest}),
    ]


def offer(floor: Floor, member: str, stated: Sequence[tuple[str, Pub]]) -> int:
    """Return the code of a bundle; it leaves nothing begun, whatever that is."""
    code = floor.offer(member, *(floor.record(t, pub) for t, pub in stated))
    assert BEGUN_KEY not in floor.state
    return code


@pytest.fixture(scope="module")
def offices() -> Large:
    """A chain of 64 that changed a key between its first block and its last."""
    found = Large("office")
    found.decide(("change.proposed", {"kind": "limit", "until": UNTIL, **LIMIT}))
    stated = found.rotated("office-07", "note")
    found.decide(("change.proposed", {"kind": "keys", "until": UNTIL, **stated}))
    return found


LIMIT: Pub = {"limit": "block_transactions", "value": 4_000}


def handover_of(chain: Large) -> int:
    """Return the one height that changed the members."""
    pairs = itertools.pairwise(each.cid for each in chain.lists)
    (found,) = [height for height, (a, b) in enumerate(pairs, start=1) if a != b]
    return found


@pytest.fixture
def floor(offices: Large) -> Floor:
    """Members of another chain, who know the offices' from a vote."""
    return linked(Floor(), offices)


def linked(floor: Floor, offices: Large) -> Floor:
    assert offer(floor, "bank-a", offices.link()) == 0
    change = floor.last
    for voter in ("agriculture", "bank-b", "bureau", "finance", "newspaper"):
        assert floor.say(voter, "change.voted", {"change": change, "vote": 1}) == 0
    return floor


# ---- 64 members


@pytest.mark.parametrize("kind", ["county", "public"])
def test_a_chain_of_64_is_linked_anchored_changes_its_members_and_is_anchored_again(
    offices: Large, kind: str
) -> None:
    floor = linked(Floor(kind=kind), offices)
    handover, end = handover_of(offices), offices.tip.height
    for height, since in ((1, 0), (handover, 1), (end, handover)):
        stated = offices.anchor(height, since)
        assert (len(stated) > 1) == (height == handover)
        sizes = [len(floor.record(t, pub)) for t, pub in stated]
        assert max(sizes) <= schema.RECORD_BYTES_MAX
        assert offer(floor, "village", stated) == 0
        held = find_chain(floor.state.get, offices.chain)
        assert held is not None
        assert held.anchors[-1][:2] == [height, offices.sizes[height]]
        assert held.listed == offices.lists[height].data


def test_two_chains_of_64_know_each_other_and_a_copy_that_runs_their_blocks_agrees() -> None:
    one, other = Large("office"), Large("bank")
    for chain, seen in ((one, other), (other, one)):
        chain.decide(*seen.link(demand="approval"))
    for chain, seen in ((one, other), (other, one)):
        height = seen.tip.height
        assert chain.say(chain.names[3], *seen.anchor(height)) == 0
        held = find_chain(chain.state.get, seen.chain)
        assert held is not None
        assert held.listed == seen.genesis.members.data
    tip, state = start(one.genesis), dict(Large("office").state)
    for block in one.blocks:
        effects = apply_block(block, tip, state.get, CHARTER)
        assert BEGUN_KEY not in effects.changes
        tip = effects.tip
        for key, value in effects.changes.items():
            if value is None:
                del state[key]
            else:
                state[key] = value
    assert state == one.state
    assert tip.lanes == one.tip.lanes


def test_a_long_list_is_kept_apart_from_what_each_anchor_writes(
    floor: Floor, offices: Large
) -> None:
    key = b"listed/" + offices.chain
    held = read_admitted(floor.state[chain_key(offices.chain)])
    assert held[2] == cid_of(floor.state[key]) == offices.genesis.members.cid
    assert offer(floor, "village", offices.anchor(1)) == 0
    assert chain_key(offices.chain) in floor.written
    assert key not in floor.written
    assert len(floor.state[chain_key(offices.chain)]) < 200


def test_a_list_is_held_alike_however_it_was_cut_and_goes_back_into_its_place() -> None:
    small, large = Large("bank", 3), Large("bank")
    states = []
    for room in (1, 40, LIST_BYTES_MAX):
        floor = Floor()
        pub: Pub = {"kind": "link", "until": UNTIL, "demand": "nothing"}
        stated = in_parts(
            "change.proposed",
            {**pub, "genesis": small.genesis.data},
            small.genesis.members.data,
            room,
        )
        assert offer(floor, "bank-a", stated) == 0
        states.append(floor.state[b"change/" + floor.last])
    assert len(set(states)) == 1
    empty: dict[bytes, bytes] = {}
    state = Overlay(empty.get)
    _, held = hold_chain(large.genesis.data, large.genesis.members.data)
    keep_chain(state, b"c" * 32, held)
    assert isinstance(read_admitted(state.changed[chain_key(b"c" * 32)] or b"")[2], Cid)
    shrunk = held._replace(listed=small.genesis.members.data)
    keep_chain(state, b"c" * 32, shrunk)
    assert state.net() == {chain_key(b"c" * 32): encode(list(shrunk))}
    assert find_chain(state.get, b"c" * 32) == shrunk


# ---- hostile parts


def test_parts_that_do_not_make_the_list_bring_nothing_about(floor: Floor, offices: Large) -> None:
    handover = handover_of(offices)
    assert offer(floor, "village", offices.anchor(1)) == 0
    before = dict(floor.state)
    *parts, last = offices.anchor(handover, 1)
    assert len(parts) > 2
    bent = bytearray(parts[1][1]["listed"])
    bent[40] ^= 1
    short = {"listed": parts[1][1]["listed"][:-1]}
    longer = {"listed": parts[1][1]["listed"][-100:] + parts[2][1]["listed"][:100]}
    for wrong in (
        [parts[0], ("chain.listed", {"listed": bytes(bent)}), *parts[2:]],
        [parts[0], ("chain.listed", short), *parts[2:]],
        [parts[0], parts[1], ("chain.listed", longer), *parts[2:]],
        [parts[1], parts[0], *parts[2:]],
        [parts[0], *parts],
        parts[1:],
        [],
    ):
        assert offer(floor, "village", [*wrong, last]) == Refusal.NOT_ANCHORED
        assert floor.state == before
    assert offer(floor, "village", [*parts, last]) == 0


def test_a_list_of_another_chain_is_not_this_ones(floor: Floor, offices: Large) -> None:
    other = Large("bank")
    *_, anchored = offices.anchor(handover_of(offices))
    foreign = in_parts(*anchored, other.genesis.members.data, 1)
    assert offer(floor, "village", foreign) == Refusal.NOT_ANCHORED
    pub: Pub = {"kind": "link", "until": UNTIL, "demand": "nothing"}
    pub["genesis"] = other.genesis.data
    mixed = in_parts("change.proposed", pub, offices.genesis.members.data)
    assert offer(floor, "bank-a", mixed) == Refusal.CHANGE_CANNOT_STAND
    own = in_parts("chain.linked", {"genesis": other.genesis.data}, offices.genesis.members.data)
    assert offer(Floor(), "village", own) == Refusal.NOT_A_CHAIN


def test_parts_that_no_record_of_their_bundle_takes_leave_nothing(
    floor: Floor, offices: Large
) -> None:
    before = dict(floor.state)
    *parts, last = offices.anchor(1)
    assert not parts
    part = ("chain.listed", {"listed": b"any bytes"})
    limit: tuple[str, Pub] = ("change.proposed", {"kind": "limit", "until": UNTIL, **LIMIT})
    for stated in ([part], [part, part], [part, last], [last, part], [part, limit]):
        assert offer(floor, "village", stated) == Refusal.RULE
        assert floor.state == before
    # What one bundle began is nothing to the next.
    *parts, last = offices.anchor(handover_of(offices))
    assert offer(floor, "village", parts) == Refusal.RULE
    assert offer(floor, "village", [last]) == Refusal.NOT_ANCHORED
    assert offer(floor, "village", [*parts, last]) == 0


def test_a_bundle_of_blocks_leaves_nothing_begun_either() -> None:
    chain = Large("bank", 3)
    part = ("chain.listed", {"listed": b"any bytes"})
    before = dict(chain.state)
    assert chain.say("bank-00", part) == Refusal.RULE
    written = {key for key, value in chain.state.items() if before.get(key) != value}
    assert written == {b"seq/bank-00"}


def test_nobody_begins_a_list_that_is_longer_than_any(floor: Floor) -> None:
    part = ("chain.listed", {"listed": b"x" * LIST_BYTES_MAX})
    count = BEGUN_BYTES_MAX // LIST_BYTES_MAX
    assert offer(floor, "village", [part] * count) == Refusal.RULE
    assert offer(floor, "village", [part] * (count + 1)) == Refusal.LIST_TOO_LONG
    over = ("chain.listed", {"listed": b"x" * (LIST_BYTES_MAX + 1)})
    assert offer(floor, "village", [over]) == Refusal.FORM


# ---- what fits into a record


def test_a_list_that_fits_stands_in_its_record_as_ever() -> None:
    assert split_list(b"x" * LIST_BYTES_MAX) == ([], b"x" * LIST_BYTES_MAX)
    before, rest = split_list(b"x" * (LIST_BYTES_MAX + 1))
    assert [len(each.listed) for each in before] == [1]
    assert len(rest) == LIST_BYTES_MAX
    data = bytes(range(256)) * 60
    for room in (1, 77, LIST_BYTES_MAX, len(data)):
        before, rest = split_list(data, room)
        assert b"".join([*(each.listed for each in before), rest]) == data
        assert 1 <= len(rest) <= min(room, LIST_BYTES_MAX)
        assert all(1 <= len(each.listed) <= LIST_BYTES_MAX for each in before)


def test_a_shortened_note_keeps_as_many_good_lines_as_fit(offices: Large) -> None:
    note = offices.note(1)
    assert shorten_note(note, len(note)) == note
    assert len(note) > ANCHOR_NOTE_MAX
    short = shorten_note(note, ANCHOR_NOTE_MAX)
    assert len(short) <= ANCHOR_NOTE_MAX
    about: Pub = {"name": "county", "chain": offices.chain, "members": offices.lists[0]}
    found = read_note(short, **about)
    assert found.is_authoritative()
    assert len(short) + len(note.splitlines()[-1]) >= ANCHOR_NOTE_MAX - len("\u2014\n")
    assert len(read_note(shorten_note(note, 1), **about).signers) == 1


def test_the_longest_note_of_a_list_is_told_to_the_byte_and_stands_in_an_anchor(
    offices: Large,
) -> None:
    names = offices.names[: quorum(MANY)]
    body = offices.body(1)
    digits = sum(16 - len(str(each)) for each in (body.size, body.height))
    assert largest_note("county", offices.lists[0]) == len(offices.note(1, names)) + digits
    header = dict.fromkeys(("chain", "target", "merkle_root", "log_root", "state_root"), b"r" * 32)
    link = cid_of(b"")
    fields: Pub = {**header, "v": 1, "prev": link, "members": link, "nonce": b"n" * 16}
    fields |= dict.fromkeys(("height", "time", "log_size"), INTEGER_MAX)
    fields |= {"tx_count": 2**32 - 1, "proposer": "p" * schema.NAME_MAX}
    pub: Pub = {"chain": b"c" * 32, "note": b"n" * ANCHOR_NOTE_MAX, "listed": b"l"}
    pub |= {"path": [b"p" * 32] * 40, "header": encode(fields)}
    assert len(Floor().record("chain.anchored", pub)) <= schema.RECORD_BYTES_MAX


def _listed(count: int, size: int) -> Members:
    """Return members of names of one length, each with a note key alone."""
    secret = SmallChain(("bank-a",))
    rows = []
    for at in range(count):
        key = Key(1, "note", 1, secret._secret().public, 0)
        rows.append(Member(f"{at:02}".ljust(size, "x"), "bank", (key,)))
    return Members.of(rows)


def test_64_members_are_anchored_and_55_whatever_they_are_called() -> None:
    assert largest_note("n" * 6, _listed(64, 22)) <= ANCHOR_NOTE_MAX
    assert largest_note("n" * 24, _listed(64, 4)) <= ANCHOR_NOTE_MAX
    assert largest_note("n" * 24, _listed(55, 24)) <= ANCHOR_NOTE_MAX
    assert largest_note("n" * 24, _listed(56, 24)) > ANCHOR_NOTE_MAX

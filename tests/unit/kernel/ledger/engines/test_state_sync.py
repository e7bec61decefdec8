"""State sync between applications: the same app hash at the end, and nothing false on any way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation.hall import AWAY, OTHERS, Hall, tip_of
from simulation.state_sync import Killed
from tallystick.base.codec import sha256
from tallystick.base.errors import Conflict, Invalid, Unavailable
from tallystick.chain.span import Span
from tallystick.kernel.ledger.archive import prune_chain
from tallystick.kernel.ledger.engines import restoring
from tallystick.kernel.ledger.engines.manifest import Manifest, Names
from tallystick.kernel.ledger.engines.marks import Mark, Marks
from tallystick.kernel.ledger.offer import decode_spans, encode_spans
from tallystick.kernel.ledger.pen import Pen

pytestmark = pytest.mark.usefixtures("small_snapshots")


def test_a_member_that_holds_nothing_ends_at_the_same_app_hash_and_orders_on(
    own_hall: Hall, tmp_path: Path
) -> None:
    taker = own_hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = own_hall.sync(taker)
        assert sync.run()
        assert (sync.gone, sync.rejected) == ([], [])
        # Several chunks of each kind were sent, by each of the others.
        assert sync.applied > 5
        reached = taker.replica.tip.height
        assert 5 < reached == taker.replica.leapt == taker.replica.floor < tip_of(own_hall).height
        # The file says where its engine stands: a restart goes on from there.
        assert Marks(taker.replica).last() == Mark(reached, taker.height)
        own_hall.join(taker)
        assert taker.replica.tip == tip_of(own_hall)
        own_hall.order(2)
        assert taker.replica.tip == tip_of(own_hall)
        assert taker.app_hash == own_hall.application("bank").app_hash
        assert taker.replica.audit(AWAY).is_sound
        # What was taken over is nobody's but theirs who ran it to witness.
        pen = Pen(
            own_hall.council.folder / "away.pen",
            taker.replica,
            AWAY,
            own_hall.council.chain.notes[AWAY],
            own_hall.clock,
        )
        with closing(pen):
            with pytest.raises(Conflict, match=r"ledger\.not_run"):
                pen.sign(reached)
            pen.sign(reached + 1)
        own_hall.council.engine.crash(AWAY)


# ---- what is taken over


def kinds(hall: Hall) -> dict[str, int]:
    """Return the index of a chunk of each kind of the newest snapshot."""
    application = hall.application("bank")
    found = application.offering.offered(application.height)[-1].manifest
    return {"spans": 0, "state": found.groups, "names": len(found.digests)}


@pytest.mark.parametrize("kind", ["spans", "state", "names"])
@pytest.mark.parametrize("make", [lambda data: data[:-1], lambda data: data[:-9] + bytes(9)])
def test_a_wrong_chunk_costs_its_sender_alone(
    hall: Hall, kind: str, make: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    wrong = kinds(hall)[kind]
    liar = f"node-{OTHERS[wrong % len(OTHERS)]}"

    def meddle(name: str, index: int, chunk: bytes) -> bytes:
        return make(chunk) if (name, index) == (liar, wrong) else chunk

    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = hall.sync(taker, meddle=meddle)
        assert sync.run()
        assert (sync.gone, sync.rejected) == ([liar], [])


def rename(chunk: bytes, **given: Any) -> bytes:
    """Return a chunk of names of which some are others."""
    names = Names.read(chunk)
    fields = {"notes": names.notes, "last": names.last, "tail": names.tail, **given}
    return Names(**fields).data


NAMES_WRONG: dict[str, Callable[[bytes, bytes], bytes]] = {
    "no change of the list": lambda chunk, _: rename(chunk, notes={}),
    "no names at the end": lambda chunk, _: rename(chunk, last=b""),
    "an older end": lambda chunk, early: rename(chunk, last=early, tail=[]),
    "one name under it": lambda chunk, _: rename(
        chunk, last=b"".join(Names.read(chunk).last.splitlines(keepends=True)[:-2])
    ),
    "a note of another height": lambda chunk, early: rename(
        chunk, notes=dict.fromkeys(Names.read(chunk).notes, early)
    ),
    "what follows is false": lambda chunk, _: rename(chunk, tail=[Span(b"x", b"", b"")]),
    "nothing": lambda _, __: b"",
}


@pytest.mark.parametrize("why", NAMES_WRONG)
def test_names_that_lead_nowhere_cost_their_sender_alone(
    hall: Hall, why: str, tmp_path: Path
) -> None:
    wrong = kinds(hall)["names"]
    liar = f"node-{OTHERS[wrong % len(OTHERS)]}"
    early = hall.application("bank").offering._note(2)
    assert early

    def meddle(name: str, index: int, chunk: bytes) -> bytes:
        is_wrong = (name, index) == (liar, wrong)
        return NAMES_WRONG[why](chunk, early) if is_wrong else chunk

    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = hall.sync(taker, meddle=meddle)
        assert sync.run()
        assert (sync.gone, sync.rejected) == ([liar], [])


def test_without_a_quorum_of_names_from_anybody_nothing_is_taken_over(
    hall: Hall, tmp_path: Path
) -> None:
    taker = hall.fresh(tmp_path)

    def meddle(_: str, __: int, chunk: bytes) -> bytes:
        try:
            return NAMES_WRONG["one name under it"](chunk, b"")
        except Invalid:
            return chunk

    with closing(taker.replica):
        sync = hall.sync(taker, meddle=meddle)
        assert not sync.run()
        assert set(sync.gone) == set(sync.givers)
        assert (taker.replica.tip.height, taker.height, taker.replica.leapt) == (0, 0, 0)


class Forger:
    """One node that offers a snapshot of its own making, all in itself fitting."""

    def __init__(self, hall: Hall, index: int, make: Callable[[bytes], bytes]) -> None:
        application = hall.application("bank")
        self.name = "node-bank"
        self.found = application.offering.offered(application.height)[-1]
        self.chunks: dict[int, bytes] = {}
        honest = self.found.manifest
        data = make(application.offering.chunk(self.found.height, index))
        self.chunks[index] = data
        digests = list(honest.digests)
        digests[index] = sha256(data)
        self.manifest = Manifest(honest.own, honest.size, tuple(digests))

    def edit(self, name: str, found: list[Any]) -> list[Any]:
        """Nobody else offers anything at its height."""
        if name != self.name:
            return [each for each in found if each.height != self.found.height]
        for each in found:
            if each.height == self.found.height:
                each.hash, each.metadata = self.manifest.hash, self.manifest.data
                each.chunks = self.manifest.chunks
        return found

    def meddle(self, name: str, index: int, chunk: bytes) -> bytes:
        return self.chunks.get(index, chunk) if name == self.name else chunk


def alter_span(at: int, **given: bytes) -> Callable[[bytes], bytes]:
    def make(data: bytes) -> bytes:
        spans = decode_spans(data)
        old = spans[at]
        fields = {each: getattr(old, each) for each in ("header", "tids", "codes", "members")}
        spans[at] = Span(**{**fields, **given})
        return encode_spans(spans)

    return make


FORGED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a result": ("spans", alter_span(1, codes=b"\0\1")),
    "a header": ("spans", alter_span(1, header=b"x")),
    "a header left out": ("spans", lambda data: encode_spans(decode_spans(data)[:-1])),
    "no spans": ("spans", lambda _: b"x"),
    "a byte of the state": ("state", lambda data: data[:-7] + bytes((data[-7] ^ 1,)) + data[-6:]),
    "a shorter state": ("state", lambda data: data[:-1]),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_snapshot_of_somebodys_own_making_is_rejected_and_the_next_is_taken(
    hall: Hall, what: str, tmp_path: Path
) -> None:
    kind, make = FORGED[what]
    forger = Forger(hall, kinds(hall)[kind], make)
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = hall.sync(taker, edit=forger.edit, meddle=forger.meddle)
        assert sync.run()
        assert sync.rejected == [forger.found.height]
        # The forger goes on with the next one, and nobody else is blamed.
        assert set(sync.gone) <= {forger.name}
        assert taker.replica.audit(AWAY).is_sound
        assert not list(taker.replica.path.parent.glob("sync.parts"))


MISLED: dict[str, Callable[[Any], None]] = {
    "another format": lambda each: setattr(each, "format", 2),
    "more chunks than it says": lambda each: setattr(each, "chunks", each.chunks + 1),
    "another hash": lambda each: setattr(each, "hash", bytes(32)),
    "no manifest": lambda each: setattr(each, "metadata", b"x"),
    "beyond all bounds": lambda each: setattr(each, "metadata", bytes(3_900_000)),
}


@pytest.mark.parametrize("what", MISLED)
def test_a_snapshot_that_is_not_what_it_says_is_not_begun(
    hall: Hall, what: str, tmp_path: Path
) -> None:
    application = hall.application("bank")
    last = application.offering.offered(application.height)[-1].height

    def edit(_: str, found: list[Any]) -> list[Any]:
        for each in found:
            if each.height == last:
                MISLED[what](each)
        return found

    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = hall.sync(taker, edit=edit)
        assert sync.run()
        assert sync.rejected == [last]


def test_a_snapshot_of_another_height_than_the_light_client_trusts_is_rejected(
    hall: Hall, tmp_path: Path
) -> None:
    application = hall.application("bank")
    old, new = application.offering.offered(application.height)
    hashes = list(hall.council.engine.hashes)
    hashes[new.height] = hashes[old.height]
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = hall.sync(taker)
        sync.hashes = hashes
        assert sync.run()
        assert sync.rejected == [new.height]
        assert taker.height == old.height


def test_a_state_that_the_disk_cannot_hold_is_not_begun(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taker = hall.fresh(tmp_path)
    monkeypatch.setattr(restoring, "ROOM", 2**60)
    with closing(taker.replica):
        assert not hall.sync(taker).run()
        assert isinstance(taker.restoring.trouble, Unavailable)
        assert taker.restoring.trouble.code == "ledger.snapshot_disk"
        monkeypatch.undo()


def test_a_kill_between_any_two_chunks_leaves_nothing_and_the_next_start_begins_anew(
    hall: Hall, tmp_path: Path
) -> None:
    total = kinds(hall)["names"] + 1
    for at in range(total):
        taker = hall.fresh(tmp_path)
        with closing(taker.replica):
            with pytest.raises(Killed):
                hall.sync(taker, kill_at=at).run()
            assert (taker.replica.tip.height, taker.replica.floor) == (0, 0)
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        assert not list(taker.replica.path.parent.glob("sync.parts"))
        sync = hall.sync(taker)
        assert sync.run()
        assert sync.applied == total
    # Killed after the last: the file holds all of it, the engine nothing, and is led there again.
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        own = taker.replica.tip.height
        assert taker.height == 0 < own
        assert hall.sync(taker).run()
        assert taker.replica.tip.height == own
        hall.join(taker)
        assert taker.replica.tip == tip_of(hall)
        hall.council.engine.crash(AWAY)


def test_a_member_that_holds_some_blocks_takes_over_the_rest(hall: Hall, tmp_path: Path) -> None:
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        for height in range(1, 4):
            taker.replica.accept(hall.application("bank").replica.block(height))
        assert hall.sync(taker).run()
        assert taker.replica.holes(100) == list(range(4, taker.replica.leapt + 1))
        hall.join(taker)
        assert taker.replica.tip == tip_of(hall)
        hall.council.engine.crash(AWAY)


def test_a_member_whose_engine_alone_lost_all_keeps_its_blocks_and_is_led_through_them(
    hall: Hall, tmp_path: Path
) -> None:
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        source = hall.application("bank").replica
        for height in range(1, source.tip.height + 1):
            taker.replica.accept(source.block(height))
        assert hall.sync(taker).run()
        assert taker.replica.leapt == 0
        assert taker.is_walking()
        hall.join(taker)
        assert not taker.is_walking()
        assert taker.replica.tip == tip_of(hall)
        assert taker.executed == 0
        hall.council.engine.crash(AWAY)


def test_a_follower_that_gave_bodies_away_comes_to_order_and_is_led_through_its_blocks(
    hall: Hall, tmp_path: Path
) -> None:
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        source = hall.application("bank").replica
        for height in range(1, source.tip.height + 1):
            taker.replica.accept(source.block(height))
        prune_chain(taker.replica, tmp_path / "old.car", source.tip.height)
        assert hall.sync(taker).run()
        assert (taker.replica.leapt, taker.is_walking()) == (0, True)
        hall.join(taker)
        assert (taker.replica.tip, taker.executed) == (tip_of(hall), 0)
        hall.council.engine.crash(AWAY)


def test_another_chain_of_the_same_length_is_not_gone_on_from(hall: Hall, tmp_path: Path) -> None:
    """The own blocks contradict what the light client trusts: nothing is thrown away for it."""
    taker = hall.fresh(tmp_path)
    with closing(taker.replica):
        chain, source = hall.council.chain, hall.application("bank").replica
        for seq in range(1, source.tip.height + 1):
            chain.extend(taker.replica, [chain.sign(seq + 500, [chain.news(seq + 7_000)])])
        tip = taker.replica.tip
        assert not hall.sync(taker).run()
        assert taker.replica.tip == tip

"""Snapshots that members offer: the same at all, under names, and what the engine may let go."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from simulation.engines import Council
from simulation.hall import OTHERS, SPACING, Hall
from simulation.state_sync import ask_abci
from simulation.validators import engine_keys
from tallystick.base.clock import SeededEntropy
from tallystick.kernel.ledger.engines import offering
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.offering import Offering
from tallystick.kernel.ledger.engines.validators import address_of

pytestmark = pytest.mark.usefixtures("small_snapshots")


# ---- what is offered


def test_all_members_offer_the_same_snapshots(hall: Hall) -> None:
    told = [
        [
            each.SerializeToString()
            for each in ask_abci(hall.application(name), "list_snapshots").snapshots
        ]
        for name in OTHERS
    ]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == offering.KEPT
    files = {path.name for path in (hall.council.folder / "bank").glob("sync-*")}
    assert len(files) == 2 * offering.KEPT


def test_blocks_are_let_go_of_once_a_snapshot_and_its_names_stand_for_them(
    hall: Hall, tmp_path: Path
) -> None:
    application = hall.application("bank")
    held = [each.height for each in application.offering.offered(application.height)]
    assert held == sorted(held)
    for height in range(application.height, application.height + 40):
        retained = application.offering.retained(height)
        assert retained <= min(held)
        assert retained <= max(0, height - offering.KEPT * SPACING)
    assert application.offering.retained(min(held) + offering.KEPT * SPACING) == min(held)
    # Without a quorum's names nothing is offered, and nothing goes.
    alone = Council(tmp_path / "alone", "state sync", spacing=SPACING)
    alone.folder.mkdir()
    for name in OTHERS:
        alone.open(name)
    for seq in range(1, 16):
        chain = alone.chain
        alone.seats["bank"].ledger.submit(chain.sign(seq, [chain.news(seq)], "bank"))
        for _ in range(3):
            alone.step()
    assert alone.seats["bank"].application.height > 2 * SPACING
    assert list(alone.folder.glob("bank/*.manifest"))
    assert ask_abci(alone.seats["bank"].application, "list_snapshots").snapshots == []
    assert alone.seats["bank"].application.offering.retained(10_000) == 0
    alone.end()


def _rest(hall: Hall, until: int) -> list[int]:
    """Have empty blocks made, as an engine does that keeps nothing; return what it may let go."""
    told = []
    application = hall.application("bank")
    while application.height < until:
        hall.clock.advance(200)
        address = address_of(engine_keys(hall.council.seed, "bank").public)
        asked = Offer(application.height + 1, hall.clock.now_ms(), address, (bytes(16),))
        application.finalize(asked)
        told.append(application.commit())
        # While a snapshot is being made the next one is passed over: here each is waited for.
        application.offering.close()
    return told


def test_at_rest_the_same_state_is_offered_at_later_heights_and_a_restart_replays_few(
    own_hall: Hall,
) -> None:
    application = own_hall.application("bank")
    own, begun = application.replica.tip.height, application.height
    told = _rest(own_hall, begun + 10 * SPACING)
    application.offering.close()
    assert application.replica.tip.height == own
    found = application.offering.offered(application.height)
    assert [each.manifest.own for each in found] == [own] * offering.KEPT
    assert len(list(application.replica.path.parent.glob("sync-*.state"))) == 1
    assert told == sorted(told)
    assert application.height - told[-1] <= (offering.KEPT + 1) * SPACING
    again = Application(
        application.replica,
        application.gate,
        SeededEntropy("again"),
        spacing=SPACING,
    )
    # What is before its height the engine has let go of, and what is after it it replays.
    assert told[-1] <= again.height <= application.height
    assert application.height - again.height < SPACING
    assert again.app_hash == application.app_hash
    assert (
        again.offering.offered(again.height) == found[: len(again.offering.offered(again.height))]
    )


def test_a_file_that_is_not_what_was_written_is_sent_to_nobody(
    own_hall: Hall, tmp_path: Path
) -> None:
    application = own_hall.application("bank")
    found = application.offering.offered(application.height)[-1]
    path = application.replica.path.with_name(f"sync-{found.manifest.own}.state")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    told = [
        application.offering.chunk(found.height, index) for index in range(found.manifest.chunks)
    ]
    assert b"" in told
    assert found not in application.offering.offered(application.height)
    taker = own_hall.fresh(tmp_path)
    with closing(taker.replica):
        sync = own_hall.sync(taker)
        assert sync.run()
        assert (sync.gone, sync.rejected) == ([], [])
    # Nor after a restart, and what a crash left behind goes.
    folder = application.replica.path.parent
    left = [folder / name for name in ("sync-new.part", "sync-3.state", "sync-99.manifest")]
    for path in left:
        path.write_bytes(b"x")
    again = Offering(application.replica, SPACING)
    assert found not in again.offered(application.height)
    assert not any(path.exists() for path in left)
    assert again.offered(application.height) == application.offering.offered(application.height)


def test_what_is_not_offered_has_no_chunks(hall: Hall) -> None:
    application = hall.application("bank")
    found = application.offering.offered(application.height)[-1]
    for height, kind, index in (
        (found.height + 1, 1, 0),
        (found.height, 2, 0),
        (found.height, 1, found.manifest.chunks),
    ):
        told = ask_abci(application, "load_snapshot_chunk", height=height, format=kind, chunk=index)
        assert told.chunk == b""

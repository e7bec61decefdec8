"""A county whose members order together: real engines beside four nodes, the others following."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, Town, take_in
from simulation.comet import find_comet
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.chain.crossing import find_chain
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status
from tallystick.charter import CHARTER, replay
from tallystick.county import alarms
from tallystick.county.alarms import find_alarm
from tallystick.county.chains import COUNTY, PUBLIC, found_chains, open_chains, serve_chains
from tallystick.county.evidence import export_case
from tallystick.county.founding import found_county, read_county
from tallystick.county.house import House, open_house
from tallystick.county.serving import serve_house
from tallystick.kernel.ledger.voting import KEY_FILE, EngineKeys, list_used
from tallystick.services.positioning.catalogue import catalogue_from_toml

VALIDATORS = 4
WAIT_S = 60


def await_that(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@pytest.mark.long
def test_a_case_is_final_at_all_while_engines_die_and_is_proven_to_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_comet()
    folder = tmp_path / "county"
    found_chains(folder, clock=SystemClock(), validators=VALIDATORS)
    assert read_county(folder).engine == "cometbft"
    with open_chains(folder, SystemClock()) as chains, serve_chains(chains, every_ms=1_000):
        house, public = chains.houses[COUNTY], chains.houses[PUBLIC]
        assert len(house.validators) == VALIDATORS
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        house.node("finance").positions.publish_catalogue(tree)
        town = Town(house, house.clock)
        (first,) = take_in(town["credit-union"], FITTING)
        pid = house.seat("agriculture").validating.engine_pid  # type: ignore[union-attr]
        os.kill(pid, signal.SIGKILL)
        (second,) = take_in(town["agricultural-bank"], FITTING)
        assert first["case"] != second["case"]

        def agree() -> bool:
            return len({node.replica.tip.cid for node in house.nodes()}) == 1

        await_that(agree, "all members hold one head")
        seat = house.seat("credit-union")
        await_that(
            lambda: seat.witnesses.height == seat.node.replica.tip.height, "the head is witnessed"
        )
        chain = seat.node.replica.genesis.chain

        def is_anchored() -> bool:
            held = find_chain(public.ordered.read, chain)
            return held is not None and held.size == seat.node.replica.tip.peaks.size

        await_that(is_anchored, "one member orders what everybody reads, and anchors it there")
        file = export_case(seat.node, seat.witnesses, bytes.fromhex(first["case"]))
        town.close()
    check_renewal(folder, monkeypatch)
    pin = Pin.read((folder / "members.json").read_bytes())
    assert verify_evidence(file, pin, CHARTER, replay).status is Status.PROVEN


def check_renewal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A validator that lost what it signed votes again by a key that the members voted in."""
    shutil.rmtree(folder / "agriculture" / "cometbft")
    old = EngineKeys.read(folder / "agriculture" / KEY_FILE)
    with open_house(folder, SystemClock()) as house, serve_house(house):
        seat, office = house.seat("agriculture"), house.office("agriculture")
        validating = seat.validating
        assert validating is not None

        def alarm() -> str:
            return validating.trouble.code if validating.trouble is not None else ""

        await_that(lambda: alarm() == "engine.forgotten", "the old key is known as lost")

        def newest() -> dict[str, Any]:
            found: dict[str, Any] = next(iter(office.list_changes()), {})
            return found

        with contextlib.suppress(Unavailable):
            # Engines may still be on their way in; what was handed over is not lost.
            office.propose_renewal(["bft"])
        await_that(lambda: bool(newest()), "the change is final")
        change = newest()["change"]
        with pytest.raises(Conflict, match=r"node\.keys_waiting"):
            office.propose_renewal(["bft"])
        with pytest.raises(NotFound, match=r"engine\.no_keys"):
            house.office("village").propose_renewal(["bft"])
        for name in house.offices():
            if name != "agriculture" and office.show_change(change)["state"] == "open":
                with contextlib.suppress(Unavailable):
                    house.office(name).vote_change(change, yes=True)
        await_that(lambda: not alarm(), "the new key is taken")
        own = EngineKeys.read(folder / "agriculture" / KEY_FILE)
        assert (own.bft != old.bft, own.node == old.node) == (True, True)
        assert list_used(seat.node.folder) == [old.public.hex(), own.public.hex()]
        # Three of four are needed, and one stands still: without the new key nothing were final.
        other = house.seat("civil-affairs").validating
        assert other is not None
        os.kill(other.engine_pid, signal.SIGSTOP)
        try:
            chain = house.node("finance").replica
            height = chain.tip.height
            with contextlib.suppress(Unavailable):
                # Its engine may still be on its way in; what was handed over is not lost.
                house.office("newspaper").publish_news("rain", language="en")
            await_that(lambda: chain.tip.height > height, "three of four order by the new key")
        finally:
            os.kill(other.engine_pid, signal.SIGCONT)
        check_stall(house, monkeypatch)


def check_stall(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two of four engines away a record waits, and whoever has it tells so meanwhile."""
    monkeypatch.setattr(alarms, "WAIT_MS_MAX", 1_000)
    first, second, *stopped = [house.seat(name) for name in house.validators]
    writer = house.seat("newspaper")

    def told() -> list[str]:
        found = [find_alarm(house, seat) for seat in (writer, first, second)]
        return [each.code for each in found if each is not None]

    await_that(lambda: not told(), "nothing is wrong")
    pids = [seat.validating.engine_pid for seat in stopped]  # type: ignore[union-attr]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match=r"ledger\.late"):
            house.office("newspaper").publish_news("sun", language="en")
        await_that(lambda: told() == ["ledger.stalled"] * 3, "all that have it say that it waits")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    await_that(lambda: not told(), "it is final, and nobody was asked to end the alarm")


@pytest.mark.parametrize(("count", "seed"), [(3, ""), (13, ""), (4, "told")])
def test_too_few_too_many_and_seeded_validators_are_refused(
    tmp_path: Path, count: int, seed: str
) -> None:
    with pytest.raises(Invalid, match=r"county\.validators"):
        found_county(tmp_path / "c", clock=SystemClock(), validators=count, seed=seed)
    assert not (tmp_path / "c").exists()

"""A county whose members order together: real engines beside four nodes, the others following."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from counties import CATALOGUE, FITTING, Town, take_in
from simulation.comet import find_comet
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Invalid
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status
from tallystick.charter import CHARTER, replay
from tallystick.county.evidence import export_case
from tallystick.county.founding import found_county, read_county
from tallystick.county.house import open_house
from tallystick.county.serving import serve_house
from tallystick.services.positioning.catalogue import catalogue_from_toml

VALIDATORS = 4
WAIT_S = 60


def await_that(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def test_a_case_is_final_at_all_while_engines_die_and_is_proven_to_strangers(
    tmp_path: Path,
) -> None:
    find_comet()
    folder = tmp_path / "county"
    found_county(folder, clock=SystemClock(), validators=VALIDATORS)
    assert read_county(folder).engine == "cometbft"
    with open_house(folder, SystemClock()) as house, serve_house(house):
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
        file = export_case(seat.node, seat.witnesses, bytes.fromhex(first["case"]))
        town.close()
    pin = Pin.read((folder / "members.json").read_bytes())
    assert verify_evidence(file, pin, CHARTER, replay).status is Status.PROVEN


@pytest.mark.parametrize(("count", "seed"), [(3, ""), (13, ""), (4, "told")])
def test_too_few_too_many_and_seeded_validators_are_refused(
    tmp_path: Path, count: int, seed: str
) -> None:
    with pytest.raises(Invalid, match=r"county\.validators"):
        found_county(tmp_path / "c", clock=SystemClock(), validators=count, seed=seed)
    assert not (tmp_path / "c").exists()

"""A county acted out over the API is the county acted out at its desks, block for block."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from counties import CATALOGUE, Town, open_town
from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.county.acted import publish_catalogue
from tallystick.county.agenda import day_of
from tallystick.county.county import draw_county
from tallystick.county.founding import found_county
from tallystick.county.office import Office
from tallystick.county.run import run_county
from tallystick.county.story import Story

MORNING_MS = 9 * 3_600_000
MONTHS = 2


def act_out(folder: Path, *, over_api: bool) -> tuple[Story, str]:
    county = draw_county(SeededEntropy("same"), households=50, months=MONTHS)
    clock = ManualClock((day_of(county.start_month, 1) - 1) * DAY_MS)
    found_county(folder, seed="same", clock=clock)
    with open_town(folder, clock) as town:
        publish_catalogue(town.house, CATALOGUE.read_text(encoding="utf-8"))
        names = [member.name for member in town.house.county.members]
        desks: Mapping[str, Office] = (
            {name: town[name] for name in names} if over_api else town.house.offices()
        )

        def advance(day: int) -> None:
            spread(town)
            clock.advance(max(0, day * DAY_MS + MORNING_MS - clock.now_ms()))

        story = run_county(desks, county, months=MONTHS, advance=advance, told=lambda _event: None)
        return story, str(town.house.orderer.replica.tip.cid)


def spread(town: Town) -> None:
    """Let registrations leave, and everybody follow, as a day's end does."""
    for node in town.house.nodes():
        node.fold()
        node.desk.record_pending()
    town.house.spread()
    for node in town.house.nodes():
        node.fold()


@pytest.mark.long
def test_the_same_county_over_the_api_is_the_same_chain(tmp_path: Path) -> None:
    at_desks, head = act_out(tmp_path / "desks", over_api=False)
    over_api, same = act_out(tmp_path / "api", over_api=True)
    assert at_desks.acts["case.opened"] > 1
    assert at_desks.acts["feedback.given"] > 0
    assert over_api == at_desks
    assert same == head

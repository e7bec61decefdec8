"""The public chain's page in a real browser: read without a log-in, sound in every look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from console.conftest import Language, Open
from console.screens import FEW, check_look, settle
from console.served import Served, serve
from counties import CATALOGUE, FITTING, START_MS, take_in
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.client import in_process
from tallystick.county.chains import COUNTY, PUBLIC, Chains, found_chains, open_chains
from tallystick.county.house import House
from tallystick.services.positioning.catalogue import catalogue_from_toml

SUBSIDY: Final = {
    "title_zh": "化肥补贴三月起受理",
    "title_en": "Fertiliser subsidy taken in from March on",
    "text_zh": "各村到供销社登记，带惠农卡。\n电话 0871-63612345。",
    "text_en": "Register at the supply co-operative.\nTelephone 0871-63612345.",
}
MARKUP: Final = "1<b & 2"


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A county with five cases, a tally, a bulletin and one withdrawn; its public chain."""
    folder, clock = tmp_path_factory.mktemp("board") / "county", ManualClock(START_MS)
    found_chains(folder, seed="board", clock=clock)
    with open_chains(folder, clock) as chains:
        _work(chains)
        clock.advance(DAY_MS)
        chains.anchor()
        _tell(chains.houses[PUBLIC])
    with serve(folder) as served:
        yield replace(served, address=served.public, chain=PUBLIC)


def _work(chains: Chains) -> None:
    house = chains.houses[COUNTY]
    tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
    house.node("finance").positions.publish_catalogue(tree)
    with in_process(create_app(house), ensure_token(house.folder), "credit-union") as client:
        for _ in range(5):
            take_in(client, FITTING)
    house.spread()


def _tell(house: House) -> None:
    day = START_MS // DAY_MS
    house.office("finance").publish_tally(from_day=day, to_day=day)
    house.office("newspaper").publish_bulletin(**SUBSIDY)
    regulator = house.office("regulator")
    wrong = dict.fromkeys(SUBSIDY, f"假 {MARKUP}") | dict.fromkeys(
        ("title_en", "text_en"), f"Wrong {MARKUP}"
    )
    regulator.withdraw_bulletin(regulator.publish_bulletin(**wrong)["record"])
    house.spread()


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_the_public_page_is_sound_to_look_at_to_read_and_to_hear(
    language: Language, board: Served, visitor: Open, axe: str
) -> None:
    opened = visitor(board, language)
    page = opened.page()
    page.goto(board.address)
    expect(page).to_have_url(f"{board.address}/public/{language}")
    expect(page.locator(".bulletin")).to_have_count(2)
    expect(page.get_by_text(SUBSIDY[f"title_{language}"])).to_be_visible()
    # What a member writes is told, and never becomes a part of the page.
    expect(page.locator(".bulletin.gone .text")).to_contain_text(MARKUP)
    expect(page.locator(".tbl tbody tr")).to_have_count(2)
    page.locator("summary").click()
    expect(page.locator("pre.checkpoint")).to_contain_text("county/finance")
    faults = []
    for theme, width in FEW:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 844})
        page.reload()
        settle(page)
        found = check_look(page, theme, width, language, axe)
        faults += [f"{theme} {width}: {each}" for each in found]
    assert not faults, "\n".join(faults)
    assert not opened.context.cookies(), "who only reads leaves nothing"
    assert not opened.watch.sockets


def test_what_the_page_leads_to_is_there_for_whoever_came_without_a_log_in(
    board: Served, visitor: Open, tmp_path: Path
) -> None:
    opened = visitor(board, "en")
    page = opened.page()
    page.goto(f"{board.address}/public/en")
    links = page.locator("a[href*='/log/']").evaluate_all("all => all.map(each => each.href)")
    assert len(links) == len(set(links)) == 2 + 7
    with board.ask() as client:
        for link in links:
            assert client.get(link).status_code == httpx.codes.OK, link
        answer = client.get("/newspaper/v1/blocks")
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    page.get_by_role("link", name="County newspaper").last.click()
    expect(page).to_have_url(f"{board.address}/newspaper/en/enter")

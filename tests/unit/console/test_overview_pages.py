"""What the pages of providers, products and programmes say of their figures."""

from __future__ import annotations

import asyncio
import doctest
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.client import AsyncClient
from tallystick.console.pages import (
    catalogue_acts,
    catalogue_words,
    programme_map,
    programme_measure,
    programme_words,
    share,
)
from tallystick.console.pages.catalogue_words import (
    find_in_force,
    may_record,
    name_word,
    say_subsidy,
)
from tallystick.console.pages.programme import sort_areas
from tallystick.console.pages.programme_map import find_shade
from tallystick.console.pages.programme_measure import count_files
from tallystick.console.pages.programme_words import apart_tag, find_areas, name_area, say_cycle
from tallystick.console.pages.providers import say_claim, say_served
from tallystick.console.pages.share import draw_share, is_apart
from tallystick.console.visit import Office, Visit
from tallystick.services.positioning.share import Share
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

HOSTILE = '"><img src=x onerror=alert(1)>'
PLACES = b"code,zh,en,lon_micro,lat_micro\nv1,\xe7\x94\xb2,A,1,2\nv2,\xe4\xb9\x99,B,900,2\n"


async def _nowhere(*_: Any) -> None:
    raise AssertionError("a pure part asks nobody")


def visit(language: Language = "en", *acts: str, member: str = "bank") -> Visit:
    names = {"bank": Phrase("银行", "Bank"), "finance": Phrase("财政局", "Finance bureau")}
    office = Office(Phrase("县账本", "County ledger"), tuple(names), names, lambda: 0)
    return Visit(office, member, language, AsyncClient(_nowhere, "", member), {"acts": acts})


def told(hits: int, count: int) -> dict[str, int]:
    found = Share(hits, count)
    low, high = found.interval_ppm
    tree = {"hits": hits, "count": count, "low_ppm": low, "high_ppm": high}
    return tree if found.ppm is None else {**tree, "ppm": found.ppm}


@pytest.mark.parametrize(
    "room",
    [catalogue_acts, catalogue_words, programme_map, programme_measure, programme_words, share],
)
def test_examples_in_docstrings_are_true(room: Any) -> None:
    found = doctest.testmod(room)
    assert found.attempted
    assert not found.failed


# ---- shares


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_shares_bar_stays_within_its_track_and_holds_its_figure(hits: int, more: int) -> None:
    found = told(hits, hits + more)
    drawn = str(draw_share(found))
    if "ppm" not in found:
        assert "reach" not in drawn
        return
    left, width, tick = (int(each) for each in re.findall(r"(?:left|width):(\d+)%", drawn))
    assert 0 <= left <= tick <= left + width <= 100
    assert f"{hits}/{hits + more}" in drawn.replace(",", "")


def test_a_share_of_nothing_is_a_dash_with_its_reason_escaped() -> None:
    drawn = str(draw_share(told(0, 0), why=HOSTILE))
    assert "\u2013" in drawn
    assert "<img" not in drawn


def test_a_part_is_apart_only_where_the_county_lies_outside_its_interval() -> None:
    wide, narrow = told(1, 2), told(500, 1_000)
    assert is_apart(wide, 300_000) == 0
    assert is_apart(narrow, 300_000) == 1
    assert is_apart(narrow, 700_000) == -1
    assert "Not told apart" in apart_tag(visit(), wide, 300_000)
    assert "Above the county" in apart_tag(visit(), narrow, 300_000)
    assert "tag" not in apart_tag(visit(), told(0, 0), 300_000)


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_greater_share_is_never_paler(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 1 <= find_shade({"ppm": low}) <= find_shade({"ppm": high}) <= 5


# ---- the catalogue


def product(scheme: str, version: int, start: int, end: int) -> dict[str, Any]:
    entry = {"scheme": scheme, "version": version, "from_month": start, "until_month": end}
    return {"product": f"{scheme}.{version}", "entry": entry}


def test_the_highest_version_in_force_is_shown_and_else_the_newest() -> None:
    rows = [product("a", 1, 0, 99), product("a", 2, 10, 99), product("a", 3, 50, 99)]
    rows += [product("b", 1, 0, 5), product("b", 2, 6, 8)]
    found = {name: row["entry"]["version"] for name, row in find_in_force(rows, 20).items()}
    assert found == {"a": 2, "b": 2}
    assert find_in_force(rows, 3)["b"]["entry"]["version"] == 1


def test_words_speak_the_page_and_unknown_codes_stand_as_they_are() -> None:
    assert name_word(visit("zh"), "expertise", "first_loan") == "首贷"
    assert name_word(visit("en"), "expertise", "first_loan") == "First loans"
    assert name_word(visit("en"), "expertise", "of-its-own") == "Of-its-own"
    terms = {"subsidy_ppm": 1_000_000, "subsidised_max_minor": 5_000_000}
    assert say_subsidy(visit("en"), terms) == "100% (up to ¥50,000)"
    assert say_subsidy(visit("zh"), terms) == "100%（50,000 元以内）"
    assert say_subsidy(visit("zh"), {}) == "\u2013"


def test_a_claim_is_called_the_catalogues_and_never_praise() -> None:
    entry = {"feel_milli": 4_300, "feel_count": 412}
    assert say_claim(visit("en"), entry) == "catalogue: 4.3 of 5 (412 asked)"
    assert "目录自述" in say_claim(visit("zh"), entry)
    assert say_claim(visit("en"), {"feel_milli": 0, "feel_count": 0}) == "none in the catalogue"
    assert say_served(visit("en"), ["finance"]) == "Through Finance bureau"
    assert say_served(visit("en"), []) == "Not a member of the ledger"


def test_only_a_role_and_a_member_that_may_are_offered_an_act() -> None:
    async def members(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        body = b'{"items":[{"member":"bank","role":"bank"},{"member":"paper","role":"media"}]}'
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await send({"type": "http.response.body", "body": body})

    async def ask(member: str, *acts: str) -> bool:
        plain = visit("en", *acts, member=member)
        async with AsyncClient(members, "", member) as client:
            seen = Visit(plain.office, member, "en", client, plain.me)
            return await may_record(seen, "add_provider", "provider.registered")

    assert asyncio.run(ask("bank", "add_provider"))
    assert not asyncio.run(ask("bank"))
    assert not asyncio.run(ask("paper", "add_provider"))


# ---- programmes


def area(codes: list[str], *, missed: int, poor: int) -> dict[str, Any]:
    shares = {"exclusion": told(missed, poor), "inclusion": told(0, 0)}
    return {"area": codes, "missed": missed, "households": 40, **shares}


def village(code: str, within: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "zh": f"{code}村", "en": f"{code}{HOSTILE}", **within}


def test_an_area_stands_once_with_its_villages_and_a_letter() -> None:
    joined, alone = area(["v1", "v2"], missed=5, poor=20), area(["v3"], missed=9, poor=10)
    found = find_areas([village("v1", joined), village("v2", joined), village("v3", alone)])
    assert [(each["letter"], each["area"]) for each in found] == [
        ("A", ["v1", "v2"]),
        ("B", ["v3"]),
    ]
    assert "<img" not in name_area(visit("en"), found[0])
    assert "v1村、v2村" in name_area(visit("zh"), found[0])


def test_areas_are_sorted_by_the_figure_asked_for_and_nothing_counted_comes_last() -> None:
    few, many = area(["v1"], missed=6, poor=6), area(["v2"], missed=9, poor=30)
    none = area(["v3"], missed=0, poor=0)
    by_share = [each["area"] for each in sort_areas([none, many, few], "exclusion")]
    by_count = [each["area"] for each in sort_areas([none, few, many], "missed")]
    assert by_share == [["v1"], ["v2"], ["v3"]]
    assert by_count == [["v2"], ["v1"], ["v3"]]


def test_a_survey_is_counted_into_parts_that_point_at_nobody() -> None:
    rows = [f"v{1 + at % 2},grain,{at % 3 == 0:d},{at % 4 == 0:d}\n" for at in range(240)]
    text = ("village,group,poor,held\n" + "".join(rows)).encode()
    found = count_files(text, PLACES)
    assert [each["code"] for each in found.villages] == ["v1", "v2"]
    assert found.whole == {"households": 240, "poor": 80, "held": 60, "missed": 60, "wrong": 40}
    assert sum(each["households"] for each in found.areas) == 240
    with pytest.raises(Invalid, match="below 5"):
        count_files(b"village,group,poor,held\nv1,grain,1,0\n", PLACES)


def test_a_cycle_is_said_as_a_month() -> None:
    assert say_cycle(visit("zh"), 202_612) == "2026年12月"
    assert say_cycle(visit("en"), 202_601) == "Jan 2026"

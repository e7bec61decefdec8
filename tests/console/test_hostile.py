"""Text of people is text: stored or reflected, it comes out escaped, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from console.conftest import Open
from console.finding import open_places
from console.hostile import HOSTILE, MARK, SHOWN, plant, was_hit
from console.screens import settle
from console.served import Served, copy_demonstration, serve
from tallystick.console.places import PLACES

MEMBERS: Final = ("credit-union", "agricultural-bank")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A county where hostile text was written into all that takes words."""
    with serve(copy_demonstration(tmp_path_factory.mktemp("planted") / "county")) as served:
        for kind, answers in plant(served).items():
            taken = [each for each in answers if each.status_code == httpx.codes.CREATED]
            assert taken, f"{kind}: {answers[0].text}"
        yield served


def _is_safe(page: Page) -> None:
    settle(page)
    assert not page.evaluate(was_hit()), f"text acted at {page.url}"
    assert "49<svg" not in page.content(), f"text was computed at {page.url}"


# What is stored is the same in both; the other language is looked at in the long run.
@pytest.mark.long
@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_what_was_stored_acts_on_no_page(
    language: str, planted: Served, officer: Open, visitor: Open
) -> None:
    seen = ""
    opened = officer("credit-union", "manager", language, served=planted)
    page = opened.open()
    for place in PLACES:
        for _, _, path in open_places(planted, place, ("credit-union", "manager")):
            page.goto(opened.address(path))
            page.locator("main h1").wait_for()
            _is_safe(page)
            seen += page.locator("main").inner_text()
    assert f"id={MARK}" in seen, "no page shows what was written: this test sees nothing"


@pytest.mark.long
def test_an_officers_own_name_acts_on_no_page(planted: Served, visitor: Open) -> None:
    with planted.api("credit-union") as client:
        users = client.get("users").json()["items"]
        assert SHOWN in {each["shown"] for each in users}
        password = client.post("users/a.hostile/reset").json()["password"]
    opened = visitor(planted, "en", member="credit-union")
    page = opened.page()
    page.goto(opened.address("/enter"))
    for chosen in ({"name": "a.hostile", "password": password},):
        page.locator("#name").fill(chosen["name"])
        page.locator("#password").fill(chosen["password"])
        page.locator("#password").press("Enter")
    page.locator("#old").fill(password)
    page.locator("#new").fill("rain falls on the terraces")
    page.locator("#new").press("Enter")
    for place in ("", "/settings"):
        page.goto(opened.address(place))
        expect(page.locator(".k-who")).to_contain_text(SHOWN)
        _is_safe(page)


def test_what_is_sent_back_at_once_acts_on_no_page(planted: Served, officer: Open) -> None:
    opened = officer("credit-union", "manager", served=planted)
    opened.watch.expect("status of 4")
    page = opened.open()
    page.keyboard.press("Control+k")
    page.locator(".q-dialog input").fill(HOSTILE)
    _is_safe(page)
    page.keyboard.press("Escape")
    for path in (
        f"/cases/{quote(HOSTILE, safe='')}",
        f"/{quote(HOSTILE, safe='')}",
        f"/cases?q={quote(HOSTILE)}&stage={quote(HOSTILE)}",
        f"/settings?{quote(HOSTILE)}#{quote(HOSTILE)}",
        f"/ledger/{quote(HOSTILE, safe='')}",
    ):
        page.goto(opened.address(path))
        page.locator("body").wait_for()
        _is_safe(page)
    for path in (f"/{quote(HOSTILE, safe='')}/en", f"/credit-union/file/proof/{quote(HOSTILE)}"):
        page.goto(planted.address + path)
        assert not page.evaluate(was_hit()), path


def test_what_is_typed_at_the_doors_acts_on_no_page(planted: Served, visitor: Open) -> None:
    opened = visitor(planted, "en", member="credit-union")
    opened.watch.expect("status of 4")
    page = opened.page()
    page.goto(opened.address("/enter"))
    page.locator("#name").fill(HOSTILE)
    page.locator("#password").fill(HOSTILE)
    page.locator("#password").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert not page.evaluate(was_hit())


def test_no_file_that_is_handed_out_is_taken_for_a_page(planted: Served, officer: Open) -> None:
    opened = officer("credit-union", "manager", served=planted)
    token = opened.context.cookies()[0]["value"]
    with planted.ask(cookie=f"tally_credit-union={token}") as client:
        answer = client.get("/credit-union/file/proof/3")
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "html" not in answer.headers["content-type"]

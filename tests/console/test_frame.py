"""The frame in a real browser: keyboard, language, theme, what changes by itself, one socket."""

from __future__ import annotations

import re
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, expect

from console.conftest import Language, Open
from console.screens import settle
from console.served import Served

AT: Final = ("credit-union", "manager")
_FOCUSED: Final = "document.activeElement"
_RING: Final = f"""() => {{
  const style = getComputedStyle({_FOCUSED});
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  // Quasar's buttons let nobody outline them: theirs is a ring of shadow.
  return outlined || style.boxShadow !== 'none';
}}"""


def _ready(page: Page) -> None:
    page.locator(".k-verify").wait_for()
    settle(page)


def _is_at_title(page: Page) -> None:
    expect(page.locator("main h1")).to_be_focused()
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize(
    ("language", "skip", "typed", "title"),
    [("zh", "跳到正文", "案件", "案件"), ("en", "Skip to main content", "cases", "Cases")],
)
def test_the_keyboard_alone_reaches_the_text_any_page_and_back(
    language: Language, skip: str, typed: str, title: str, officer: Open
) -> None:
    page = officer(*AT, language).open()
    _ready(page)
    page.evaluate(f"{_FOCUSED}.blur()")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name=skip)
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate(f"{_FOCUSED}.contains(document.querySelector('main h1'))")

    page.keyboard.press("Control+k")
    box = page.locator(".q-dialog input")
    expect(box).to_be_focused()
    page.keyboard.type(typed)
    expect(page.locator(".q-dialog a.hit").first).to_contain_text(title)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/{language}/cases$"))
    expect(page.locator("main h1")).to_contain_text(title)
    _is_at_title(page)

    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.locator(".q-dialog")).to_have_count(0)


def test_every_stop_of_the_keyboard_is_seen_and_none_holds_it(officer: Open) -> None:
    page = officer(*AT).open()
    _ready(page)
    page.evaluate(f"{_FOCUSED}.blur()")
    stops: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        at = page.evaluate(f"{_FOCUSED}.outerHTML.slice(0, 160)")
        if at.startswith("<body") or at in stops[:1]:
            break
        stops.append(at)
        expect(page.locator(":focus")).to_be_visible()
        assert page.evaluate(_RING), f"no ring around {at}"
    else:
        pytest.fail(f"the keyboard goes round and round at {stops[-1]}")
    reached = " ".join(stops)
    for place in ("/en/cases", "/en/settings"):
        assert f'href="/credit-union{place}"' in reached, place


def test_language_and_theme_change_and_the_place_stays(officer: Open) -> None:
    opened = officer(*AT, "zh")
    page = opened.open("/settings")
    _ready(page)
    page.get_by_role("button", name="深色或浅色").click()
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.get_by_role("link", name="EN", exact=True).click()
    expect(page).to_have_url(re.compile("/en/settings$"))
    expect(page.locator("html")).to_have_attribute("lang", "en-US")
    expect(page.locator("main h1")).to_have_text("Settings")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    _ready(page)
    page.get_by_role("button", name="Dark or light").click()
    expect(page.locator("body")).to_have_class(re.compile("body--light"))
    page.get_by_role("link", name="中文", exact=True).click()
    expect(page).to_have_url(re.compile("/zh/settings$"))
    expect(page.locator("body")).to_have_class(re.compile("body--light"))


def test_the_machines_theme_is_followed_until_one_is_chosen(officer: Open) -> None:
    page = officer(*AT, "en", "dark").open()
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.emulate_media(color_scheme="light")
    expect(page.locator("body")).to_have_class(re.compile("body--light"))


def test_a_new_block_appears_without_a_reload(county: Served, officer: Open) -> None:
    page = officer("village", "village_officer").open()
    _ready(page)
    page.evaluate("window.stayed = true")
    with county.api("newspaper") as client:
        told = client.post("news", json={"text": "明天下雨，注意收谷。"})
        assert told.status_code == httpx.codes.CREATED, told.text
    height = f"{told.json()['height']:,}"
    expect(page.locator(".k-verify")).to_contain_text(height)
    assert page.evaluate("window.stayed")


def test_pages_change_over_one_socket_and_the_back_button_works(officer: Open) -> None:
    opened = officer(*AT)
    page = opened.open()
    _ready(page)
    page.evaluate("window.stayed = true")
    first = page.locator("main h1").inner_text()
    for name, title in (("Cases", "Cases"), ("Settings and log-out", "Settings")):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        expect(page.locator("main h1")).to_contain_text(title)
        _is_at_title(page)
    page.go_back()
    expect(page.locator("main h1")).to_contain_text("Cases")
    page.go_back()
    expect(page.locator("main h1")).to_contain_text(first)
    assert page.evaluate("window.stayed"), "the page was loaded anew"
    assert len(opened.watch.sockets) == 1, opened.watch.sockets


def test_the_place_one_is_at_is_marked_for_the_eye_and_the_ear(officer: Open) -> None:
    page = officer(*AT).open("/cases")
    _ready(page)
    here = page.get_by_role("navigation", name="Main").locator('[aria-current="page"]')
    expect(here).to_have_count(1)
    expect(here).to_contain_text("Cases")


def test_a_session_that_ends_elsewhere_leads_to_the_log_in(county: Served, officer: Open) -> None:
    opened = officer("village", "manager")
    page = opened.open()
    _ready(page)
    token = opened.context.cookies()[0]["value"]
    with county.api("village", token) as client:
        assert client.delete("sessions").json()["ended"] == 1
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases").click()
    expect(page).to_have_url(opened.address("/enter"))


def test_no_name_stands_in_an_address_a_title_or_the_servers_log(
    county: Served, officer: Open
) -> None:
    opened = officer(*AT, "zh")
    with county.api(AT[0], opened.context.cookies()[0]["value"]) as client:
        shown = client.get("me").json()["shown"]
    names = [shown, *shown.split(" ", 1)]
    page = opened.open()
    _ready(page)
    assert names[1] in page.locator("main").inner_text()
    titles = []
    for place in ("", "/cases", "/settings"):
        page.goto(opened.address(place))
        _ready(page)
        titles.append(page.title())
    told = "\n".join([*titles, *opened.watch.asked, county.logged()])
    assert not [name for name in names if name in told]

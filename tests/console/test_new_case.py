"""A new case in the browser: typed by keys alone, kept, doubted, submitted once, found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from console.conftest import Open, Opened
from console.intake import CASES, Hand, type_case
from console.screens import FEW, check_look, settle
from console.served import Served, copy_demonstration, serve

MEMBER = "credit-union"
CLERK = "clerk"
MAIZE = "seed and fertiliser for maize"
INSURED = "wheat to be insured"
_QUICK = """{
  const old = document.querySelector('.form-foot .first');
  const seen = new MutationObserver(() => {
    const now = document.querySelector('.form-foot .first');
    if (!now || now === old) return;
    seen.disconnect();
    now.focus();
  });
  seen.observe(document.body, {childList: true, subtree: true});
}"""
"""Somebody who is at the next button as soon as it is there."""
_HOUSEHOLDS: dict[tuple[str, str], str] = {}
"""Numbers of households whose cases were typed, by the server's address and the case's name."""


def _ask(served: Served, path: str) -> dict[str, Any]:
    with served.api(MEMBER, served.choose(MEMBER, CLERK)) as client:
        found: dict[str, Any] = client.get(path).raise_for_status().json()
        return found


def _begin(opened: Opened, kind: int = 0) -> Page:
    page = opened.open("/new")
    page.locator("button.kind").nth(kind).click()
    page.locator("#step").wait_for()
    settle(page)
    return page


def _wait_saved(page: Page) -> None:
    page.wait_for_timeout(100)
    expect(page.locator(".saved")).to_contain_text("Saved on this node", timeout=10_000)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name != INSURED else []) for name in CASES],
)
def test_a_case_is_typed_by_keys_alone_and_stands_as_it_was_told(
    name: str, county: Served, officer: Open
) -> None:
    page = officer(MEMBER, CLERK).open("/new")
    drafts = len(_ask(county, "drafts")["items"])
    case = type_case(page, CASES[name])
    number = page.locator(".kv.number dd").inner_text()
    _HOUSEHOLDS[county.address, name] = number
    found = _ask(county, f"cases/{case}")
    typed = {entry.field: entry.what for step in CASES[name].steps for entry in step}
    profile = found["application"]["application"]["profile"]
    assert profile["persons"] == int(typed["persons"])
    assert profile["savings_minor"] == int(typed["savings"]) * 100
    assert found["row"]["stage"] in {"reported", "matched"}
    assert len(_ask(county, "drafts")["items"]) == drafts
    told = _ask(county, f"parties/{number}/prefill")["leaves"]
    assert {each["case"] for each in told} == {case}


@pytest.mark.long
def test_a_household_known_here_types_nothing_twice(county: Served, officer: Open) -> None:
    opened = officer(MEMBER, CLERK)
    number = _HOUSEHOLDS.get((county.address, MAIZE))
    if number is None:
        page = opened.open("/new")
        type_case(page, CASES[MAIZE])
        number = page.locator(".kv.number dd").inner_text()
    page = _begin(opened)
    page.get_by_role("button", name="Yes").first.click()
    page.locator("#field-party_number").fill(number)
    page.get_by_role("button", name="Look it up").click()
    expect(page.locator(".known")).to_contain_text("answers filled in")
    expect(page.locator("#field-persons")).to_have_value("4")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#field-crops-0-area")).to_have_value("10")
    expect(page.locator("#field-living")).to_have_value("34,800")
    expect(page.locator("#field-savings")).to_have_value("15,000")


@pytest.mark.long
def test_a_figure_in_doubt_is_asked_about_in_place_and_takes_the_estimate_away(
    officer: Open,
) -> None:
    page = _begin(officer(MEMBER, CLERK))
    page.locator("#field-person_name").fill("周桂兰")
    page.locator("#field-persons").fill("4")
    page.get_by_role("button", name="Next").click()
    page.locator("#field-wage").fill("3500")
    page.locator("#field-living").fill("34800")
    page.locator("#field-savings").fill("15000")
    expect(page.locator(".cash svg")).to_be_visible()
    expect(page.locator(".hero")).to_have_text("¥7,200")
    page.locator("#field-living").fill("3480")
    page.keyboard.press("Tab")
    words = "¥3,480 a year for 4 people looks low. Is a zero missing?"
    expect(page.locator("#fault-living")).to_have_text(words)
    expect(page.locator("#field-living")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-living")).to_have_value("3,480")
    expect(page.locator(".hero")).to_have_text("\u2014")
    expect(page.locator(".cash")).to_be_hidden()
    page.get_by_role("button", name="Next").click()
    link = page.locator(".faults button")
    expect(link).to_have_text(f"Living costs a year: {words}")
    link.click()
    expect(page.locator("#field-living")).to_be_focused()
    page.get_by_role("button", name="It is right").locator("visible=true").click()
    expect(page.locator(".hero")).to_have_text("¥38,520")
    expect(page.locator(".faults button")).to_have_count(0)


def test_keys_typed_while_the_page_answers_are_not_lost(officer: Open) -> None:
    page = _begin(officer(MEMBER, CLERK))
    page.locator("#field-person_name").press_sequentially("Zhou Guilan", delay=30)
    page.keyboard.press("Tab")
    for name, text in (("persons", "4"), ("workers", "2"), ("village", "v07")):
        page.locator(f"#field-{name}").press_sequentially(text, delay=30)
    page.wait_for_timeout(1_500)
    expect(page.locator("#field-person_name")).to_have_value("Zhou Guilan")
    expect(page.locator("#field-village")).to_have_value("v07")
    expect(page.locator("#field-village")).to_be_focused()


def test_a_button_reached_before_the_page_has_settled_keeps_the_keys(officer: Open) -> None:
    page = _begin(officer(MEMBER, CLERK))
    page.locator("#field-person_name").fill("周桂兰")
    page.locator("#field-persons").fill("4")
    page.evaluate(_QUICK)
    page.locator(".form-foot .first").press("Enter")
    page.locator(".steps li:nth-child(2)[aria-current=step]").wait_for()
    page.wait_for_timeout(300)
    expect(page.locator(".form-foot .first")).to_be_focused()


def test_what_is_to_be_corrected_leads_to_its_field_on_another_step(officer: Open) -> None:
    page = _begin(officer(MEMBER, CLERK))
    page.locator(".steps li:nth-child(5) button").click()
    link = page.locator(".faults button[data-field=persons]")
    link.focus()
    link.press("Enter")
    expect(page.locator("#field-persons")).to_be_focused()
    page.wait_for_timeout(300)
    expect(page.locator("#field-persons")).to_be_focused()


def test_what_is_missing_leads_to_its_field_from_beside_the_form(officer: Open) -> None:
    page = _begin(officer(MEMBER, CLERK))
    link = page.locator(".aside button.link[data-field]").last
    field = link.get_attribute("data-field")
    expect(page.locator(f"#field-{field}")).to_have_count(0)
    link.press("Enter")
    expect(page.locator(f"#field-{field}")).to_be_focused()


@pytest.mark.long
def test_what_was_typed_survives_the_end_of_the_server(tmp_path: Path, officer: Open) -> None:
    folder = copy_demonstration(tmp_path / "county")
    with serve(folder) as served:
        page = _begin(officer(MEMBER, CLERK, served=served))
        page.locator("#field-person_name").fill("<b>周</b>")
        page.locator("#field-persons").fill("five")
        page.wait_for_timeout(900)
        _wait_saved(page)
        page.close()
    with serve(folder) as served:
        page = officer(MEMBER, CLERK, served=served).open("/new")
        page.locator(".drafts a", has_text="<b>周</b>").click()
        expect(page.locator("#field-person_name")).to_have_value("<b>周</b>")
        expect(page.locator("#field-persons")).to_have_value("five")
        page.close()


@pytest.mark.long
def test_two_windows_never_overwrite_each_other_unasked(officer: Open) -> None:
    opened = officer(MEMBER, CLERK)
    one = _begin(opened)
    two = opened.context.new_page()
    two.goto(one.url)
    two.locator("#field-persons").wait_for()
    settle(two)
    one.locator("#field-persons").fill("3")
    one.wait_for_timeout(900)
    _wait_saved(one)
    two.locator("#field-persons").fill("4")
    expect(two.locator(".clash")).to_contain_text("What differs: People at home")
    expect(two.locator(".saved")).to_contain_text("Not saved")
    button = two.get_by_role("button", name="Keep mine").element_handle()
    two.locator("#field-persons").fill("5")
    two.wait_for_timeout(300)
    # It stays where it is while the officer types on, or goes to press it.
    assert button.evaluate("button => button.isConnected")
    two.get_by_role("button", name="Keep mine").click()
    _wait_saved(two)
    one.reload()
    expect(one.locator("#field-persons")).to_have_value("5")


@pytest.mark.long
def test_submitting_twice_at_once_records_one_case(county: Served, officer: Open) -> None:
    page = _begin(officer(MEMBER, CLERK), kind=2)
    hand = Hand(page, 0)
    for step in CASES[INSURED].steps:
        page.locator("#step").focus()
        for entry in step:
            hand.answer(entry)
        before = page.locator("#step").inner_text()
        page.get_by_role("button", name="Next").click()
        expect(page.locator("#step")).not_to_have_text(before)
    before_count = _ask(county, "cases/counts?kind=insure")["all"]
    page.get_by_role("button", name="Submit", exact=True).dblclick()
    page.locator(".kv.number").wait_for()
    assert _ask(county, "cases/counts?kind=insure")["all"] == before_count + 1


@pytest.mark.long
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_step_is_sound_to_look_at_to_read_and_to_hear(
    language: str, officer: Open, axe: str
) -> None:
    opened = officer(MEMBER, CLERK, language)
    page = _begin(opened)
    faults: dict[str, str] = {}
    for step in range(5):
        page.locator(".steps button").nth(step).click()
        settle(page)
        if step == 1:
            for group in ("crops", "livestock", "debts"):
                page.locator(f"#add-{group}").click()
        if step < 4:
            page.locator(".form-foot .first").click()
        for theme, width in FEW:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 900})
            page.locator(f"body.body--{theme}").wait_for()
            settle(page)
            for fault in check_look(page, theme, width, language, axe):
                faults.setdefault(fault, f"step {step + 1}, {theme} {width}")
    assert not faults, "\n".join(f"{fault} [{at}]" for fault, at in faults.items())

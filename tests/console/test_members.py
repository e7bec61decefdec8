"""Members and votes in a real browser: proposed, voted on, in force, with nobody restarting."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from console.conftest import HEIGHTS, Open
from console.screens import check_axe, check_layout, check_words, settle
from console.served import Served
from newcomers import draw_newcomer

PROPOSER: Final = "finance"
ON_PAGE: Final = ("village", "credit-union")
NEEDED: Final = 9
"""Of the demonstration's twelve members."""
HOSTILE: Final = '<script>x</script>"><img onerror=1>'
FOLLOW_MS: Final = 10_000
TRIES: Final = 100
WAIT_S: Final = 0.1
NEW_KEYS: Final = "proposes new keys for itself (sign, cosign, connect, open)"


def _open_changes(page: Page) -> Locator:
    return page.get_by_role("region", name="Open changes").get_by_role("article")


@contextmanager
def _managers(county: Served, members: list[str]) -> Iterator[list[httpx.Client]]:
    """Let managers of members ask the API, each with an own session."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(county.api(each, county.choose(each, "manager")))
            for each in members
        ]


def _vote(client: httpx.Client, change: str) -> None:
    """Say yes as soon as the member's copy holds the proposal."""
    answer = client.post(f"changes/{change}/votes", json={"vote": 1})
    for _ in range(TRIES):
        if answer.status_code != httpx.codes.NOT_FOUND:
            break
        time.sleep(WAIT_S)
        answer = client.post(f"changes/{change}/votes", json={"vote": 1})
    assert answer.status_code == httpx.codes.CREATED, answer.text


def _look(page: Page, language: str, axe: str) -> list[str]:
    found: list[str] = []
    for theme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.locator(f"body.body--{theme}").wait_for()
        settle(page)
        found += [*check_layout(page), *check_words(page, language), *check_axe(page, axe)]
    return found


def _say_yes(page: Page, told: str) -> None:
    article = _open_changes(page).filter(has_text=NEW_KEYS)
    article.get_by_role("button", name=re.compile("^Yes")).click()
    dialog = page.get_by_role("dialog", name="Say yes")
    expect(dialog).to_contain_text("stands for good")
    expect(dialog).to_contain_text(told)
    dialog.get_by_role("button", name="Say yes").click()
    expect(dialog).to_be_hidden()


@pytest.fixture
def proposed(county: Served, officer: Open) -> tuple[Page, str]:
    """The proposer's page after its manager proposed to renew all keys, and the change's id."""
    page = officer(PROPOSER, "manager").open("/members")
    page.get_by_role("button", name="Renew our keys").click()
    page.get_by_role("dialog").get_by_role("button", name="Propose").click()
    article = _open_changes(page).filter(has_text=NEW_KEYS)
    expect(article).to_contain_text(f"{NEEDED} of 12 must say yes: {NEEDED - 1} more")
    with county.api(PROPOSER) as client:
        change: dict[str, Any] = client.get("changes").json()["items"][0]
    return page, change["change"]


@pytest.mark.long
def test_renewed_keys_are_voted_in_and_work_with_nobody_restarting(
    proposed: tuple[Page, str], county: Served, officer: Open, axe: str
) -> None:
    page, change = proposed
    own = page.get_by_role("group", name=re.compile("^Keys of Finance"))
    first = own.locator(".mono").first.inner_text()
    expect(_open_changes(page)).to_contain_text("nothing needs a restart")
    expect(page.get_by_text("new keys wait for votes")).to_be_visible()

    clerk = officer(PROPOSER, "clerk", "zh").open("/members")
    expect(clerk.get_by_role("article")).to_contain_text("县财政局提议：给自己换新钥匙")
    expect(clerk.locator("main .q-btn")).to_have_count(0)
    faults = _look(clerk, "zh", axe)

    with _managers(county, ["agricultural-bank", "agriculture", "insurer"]) as clients:
        for client in clients:
            _vote(client, change)
    expect(_open_changes(page)).to_contain_text("5 more")
    voters = [officer(each, "manager").open("/members") for each in ON_PAGE]
    faults += _look(voters[0], "en", axe)
    assert not faults, "\n".join(dict.fromkeys(faults))
    _say_yes(voters[0], f"With {NEEDED} yes")
    expect(_open_changes(voters[0])).to_contain_text("We said yes")

    with _managers(county, ["guarantor", "newspaper", "regulator"]) as clients:
        for client in clients:
            _vote(client, change)
    expect(_open_changes(voters[1])).to_contain_text("1 more", timeout=FOLLOW_MS)
    _say_yes(voters[1], "This vote makes enough")
    settled = page.get_by_role("row").filter(has_text=NEW_KEYS)
    expect(settled).to_contain_text("In force", timeout=FOLLOW_MS)
    expect(_open_changes(page)).to_have_count(0)
    expect(page.get_by_text("new keys wait for votes")).to_have_count(0)
    expect(own.locator(".mono").first).not_to_have_text(first)
    expect(own.get_by_role("row").last).to_contain_text("8")
    # The next record is signed by the new key.
    with county.api(PROPOSER) as client:
        sent = client.post("changes", json={"limit": {"limit": "block_transactions", "value": 500}})
        assert sent.status_code == httpx.codes.CREATED, sent.text
    limit = _open_changes(page).filter(has_text="a block holds at most 500 submissions")
    limit.get_by_role("button", name=re.compile("^Take back")).click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_role("row").filter(has_text="500 submissions")).to_contain_text("Taken back")


@pytest.mark.long
def test_a_card_is_shown_as_it_is_before_it_is_proposed(
    own_county: Served, officer: Open, tmp_path: Path
) -> None:
    folder = tmp_path / "own" / "water-works"
    card = draw_newcomer(folder, own_county.folder, role="cooperative", called=HOSTILE)
    page = officer("agriculture", "manager", served=own_county).open("/members")
    page.get_by_role("button", name="Let a member join").click()
    page.locator("#field-card").fill("{")
    page.get_by_role("button", name="Read the card").click()
    asked = page.get_by_role("dialog", name="A new member's card")
    expect(asked.get_by_role("alert").first).to_contain_text("card cannot be read")
    expect(page.locator("#field-card")).to_have_value("{")
    file = tmp_path / "card.json"
    file.write_text(json.dumps(card), encoding="utf-8")
    asked.locator("input[type=file]").set_input_files(file)
    shown = page.get_by_role("dialog", name="Propose that a member joins")
    for words in (
        HOSTILE,
        "water-works",
        "Co-operative or enterprise",
        card["keys"]["tx"][:16],
    ):
        expect(shown).to_contain_text(words)
    shown.get_by_role("button", name="Propose").click()
    article = _open_changes(page).filter(has_text="joins")
    expect(article).to_contain_text(HOSTILE)
    article.get_by_role("button", name=re.compile("^Take back")).click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    row = page.get_by_role("row").filter(has_text=HOSTILE)
    expect(row).to_contain_text("Taken back")


def test_a_limit_out_of_its_range_is_told_where_it_was_typed(officer: Open) -> None:
    page = officer("agriculture", "manager").open("/members")
    page.get_by_role("button", name="Votes that pass a change").click()
    page.locator("#field-value").fill("40")
    page.get_by_role("button", name="Propose", exact=True).click()
    expect(page.locator("#fault-value")).to_contain_text("A figure from 50% to 99.9999%")
    expect(page.locator("#field-value")).to_have_value("40")

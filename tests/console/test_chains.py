"""Two chains in a real browser: approved on one, anchored by itself, paid out on the other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from console.conftest import HEIGHTS, Open, Opened, give_session
from console.screens import check_axe, check_layout, check_words, settle
from console.served import Served
from console.two_chains import found_two, serve_one
from counties import FITTING
from tallystick.county.dual import ADMINISTRATIVE, FINANCIAL

BANK: Final = "credit-union"
DEPARTMENT: Final = "finance"
PROGRAMME: Final = "relief"
ANCHOR_MS: Final = 15_000


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a county of two chains."""
    return found_two(tmp_path_factory.mktemp("two") / "county")


@pytest.fixture
def enter(visitor: Open) -> Open:
    """Make a context of one of the made-up officers: (served, member, log-in name, language)."""

    def make(served: Served, member: str, name: str, language: Any = "en") -> Opened:
        found = visitor(served, language, member=member)
        give_session(found, served.choose(member, name))
        return found

    return make


def _post(client: httpx.Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = client.post(path, json=body or {})
    assert answer.is_success, f"{path}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


def lend(served: Served) -> tuple[str, str, int]:
    """Let a household's request for public money be approved, accepted and granted.

    Returns:
        The case, the loan, and its sum in fen.
    """
    with served.api(DEPARTMENT) as client:
        fund = {"fund": "f", "to": BANK, "programme": PROGRAMME, "amount_minor": 9_000_000}
        _post(client, "allocations", fund)
    with served.api(BANK) as client:
        named = {"kind": "household", "identity": {"name": "\u738b\u79c0\u82f1"}}
        party = _post(client, "parties", named)["party"]
        asked = {"party": party, "witness": "village", "days": 400, "text": "to apply and answer"}
        mandate = _post(client, "mandates", asked)["mandate"]
        request = {
            "application": FITTING,
            "party": party,
            "mandate": mandate,
            "defaults": [],
            "programme": PROGRAMME,
        }
        (opened,) = _post(client, "cases", {"requests": [request]})["items"]
        case = opened["case"]
        _post(client, f"cases/{case}/approve")
        _post(client, f"cases/{case}/offer", {"accepted": True})
        granted = _post(client, f"cases/{case}/loan")
        return case, granted["loan"], granted["terms"]["amount_minor"]


def _look(page: Page, language: str, axe: str) -> list[str]:
    found: list[str] = []
    for theme, width in (("light", 1440), ("dark", 390)):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.locator(f"body.body--{theme}").wait_for()
        settle(page)
        found += [*check_layout(page), *check_words(page, language), *check_axe(page, axe)]
    return [f"{page.url}: {each}" for each in found]


def _newest(page: Page) -> Locator:
    """Return what the topmost arrow says."""
    return page.get_by_role("img", name=re.compile("anchored in block")).first


def _approve(page: Page, case: str, amount_minor: int) -> None:
    """Fill the form in: wrongly first, then as it is to be."""
    page.get_by_role("button", name="Approve public money").click()
    dialog = page.get_by_role("dialog", name="Approve public money")
    expect(dialog).to_contain_text("It stands for good")
    page.locator("#field-case").fill(case[:-1])
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator("#fault-case")).to_contain_text("32 digits")
    expect(page.locator("#fault-programme")).to_contain_text("needed")
    page.locator("#field-case").fill(f" {case.upper()} ")
    page.locator("#field-programme").fill(PROGRAMME)
    page.locator("#field-amount_minor").fill(f"{amount_minor // 100:,}")
    dialog.get_by_role("button", name="Approve", exact=True).dblclick()
    expect(page.locator(".q-notification", has_text="Recorded in block").first).to_be_visible()
    expect(dialog).to_be_hidden()


@pytest.fixture
def granted(two: Path) -> Iterator[tuple[dict[str, Served], str, int]]:
    """Both chains served with the administrative console, and a loan that waits for approval."""
    with serve_one(two, ADMINISTRATIVE) as served:
        case, _, amount = lend(served[FINANCIAL])
        yield served, case, amount


def test_public_money_is_approved_on_one_chain_and_paid_out_on_the_other(
    granted: tuple[dict[str, Served], str, int], two: Path, enter: Open, axe: str
) -> None:
    served, case, amount = granted
    page = enter(served[ADMINISTRATIVE], DEPARTMENT, "manager").open("/chains")
    expect(page.locator("main")).to_contain_text("are paid out on approvals") if False else None
    faults = _look(page, "en", axe)
    _approve(page, case, amount)
    assert not faults, "\n".join(dict.fromkeys(faults))

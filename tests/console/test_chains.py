"""Two chains in a real browser: approved on one, anchored by itself, paid out on the other."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Page, expect

from console.conftest import HEIGHTS, Open, Opened, give_session
from console.screens import check_axe, check_layout, check_words, settle
from console.served import Served, serve_both
from counties import CATALOGUE, FITTING
from tallystick.base.clock import SystemClock
from tallystick.county.chains import ADMINISTRATIVE, FINANCIAL, found_chains, open_chains
from tallystick.services.positioning.catalogue import catalogue_from_toml

BANK: Final = "credit-union"
DEPARTMENT: Final = "finance"
PROGRAMME: Final = "relief"
ANCHOR_S: Final = 60
LOOK_S: Final = 0.1


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """A county of two chains with made-up officers, and products on the financial one; served."""
    folder, clock = tmp_path_factory.mktemp("two") / "county", SystemClock()
    found_chains(folder, "dual", seed="two chains", clock=clock)
    with open_chains(folder, clock) as dual:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        dual.houses[FINANCIAL].node("finance").positions.publish_catalogue(tree)
    with serve_both(folder, "--anchor-every", "1") as served:
        yield served


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


def _approve(page: Page, case: str, amount_minor: int) -> int:
    """Fill the form in, wrongly first, then as it is to be; return the block it names."""
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
    told = page.locator(".q-notification", has_text="Recorded in block").first
    expect(told).to_be_visible()
    expect(dialog).to_be_hidden()
    return int(re.sub(r"\D", "", told.inner_text()))


def _wait_for_anchor(served: Served, height: int) -> dict[str, Any]:
    """Wait until a chain anchors the other one's height by itself; return the anchor."""
    with served.api(BANK) as client:
        deadline = time.monotonic() + ANCHOR_S
        while time.monotonic() < deadline:
            anchors = client.get("chains").json()["items"][1]["anchors"]
            if anchors and anchors[0]["height"] >= height:
                found: dict[str, Any] = anchors[0]
                return found
            time.sleep(LOOK_S)
    pytest.fail(f"height {height} was not anchored in {ANCHOR_S} s")


def _do(page: Page, name: str, told: str) -> None:
    """Do what a page offers and confirm it, twice as fast as one should."""
    page.locator("main").get_by_role("button", name=name, exact=True).click()
    page.locator(".q-dialog .form-foot button").last.dblclick()
    expect(page.locator(".q-notification", has_text=told).first).to_be_visible()


@pytest.mark.long
def test_a_department_approves_public_money_and_it_is_paid_out_on_the_other_chain(
    both: dict[str, Served], enter: Open, axe: str
) -> None:
    here, there = both[ADMINISTRATIVE], both[FINANCIAL]
    case, loan, amount = lend(there)
    page = enter(here, DEPARTMENT, "manager").open("/chains")
    arrows = page.get_by_role("img", name=re.compile("^Financial chain up to"))
    expect(arrows.first).to_be_visible(timeout=ANCHOR_S * 1_000)
    expect(page.get_by_role("region", name="Financial chain")).to_contain_text("minute ago")
    faults = _look(page, "en", axe)
    for member, name in ((DEPARTMENT, "clerk"), ("village", "village_officer")):
        other = enter(here, member, name, "zh").open("/chains")
        expect(other.get_by_role("button", name="批准财政资金")).to_have_count(0)
        faults += _look(other, "zh", axe) if member == "village" else []

    with there.api(BANK) as client:
        refused = client.post(f"loans/{loan}/disburse", json={"amount_minor": amount})
        assert refused.json()["code"] == "subsidy.none"
    height = _approve(page, case, amount)
    with here.api(DEPARTMENT) as client:
        again = {"case": case, "programme": PROGRAMME, "amount_minor": amount}
        assert client.post("subsidies", json=again).is_client_error
    anchor = _wait_for_anchor(there, height)
    with there.api(BANK) as client:
        _post(client, f"loans/{loan}/disburse", {"amount_minor": amount})
        across = client.get(f"cases/{case}").json()["across"]
    assert across["kind"] == ADMINISTRATIVE
    assert (across["member"], across["amount_minor"]) == (DEPARTMENT, amount)
    assert across["height"] == height <= across["anchored"]["height"] <= anchor["height"]
    assert across["anchored"]["anchored_height"] < across["paid"]["height"]
    assert not faults, "\n".join(dict.fromkeys(faults))


@pytest.mark.long
def test_a_case_shows_its_path_across_the_chains_as_it_goes(
    both: dict[str, Served], enter: Open, axe: str
) -> None:
    here, there = both[FINANCIAL], both[ADMINISTRATIVE]
    case, _, amount = lend(here)
    page = enter(here, BANK, "clerk", "zh").open(f"/cases/{case}")
    path = page.get_by_role("region", name="财政资金跨两条链的经过")
    expect(path).to_contain_text(case)
    expect(path.get_by_role("listitem").nth(2)).to_contain_text("还没有")
    with there.api(DEPARTMENT) as client:
        given = {"case": case, "programme": PROGRAMME, "amount_minor": amount}
        approved = _post(client, "subsidies", given)
    # The anchor's block shows it, with nobody reloading.
    expect(path).to_contain_text("可以放款了", timeout=ANCHOR_S * 1_000)
    expect(path.get_by_role("listitem").nth(2)).to_contain_text(f"行政链 #{approved['height']}")
    expect(path.get_by_role("listitem").nth(2)).to_contain_text("县财政局，至多 20,000 元")
    _do(page, "放款", "已记入区块")
    expect(path).to_contain_text("5 / 5 步")
    expect(path).to_contain_text("任何成员都能重验")
    page.reload()
    expect(path).to_contain_text("5 / 5 步")
    faults = _look(page, "zh", axe)

    page = enter(here, BANK, "auditor", "zh").open("/chains")
    expect(page.get_by_role("region", name="行政链")).to_contain_text("必须先在行政链上")
    page.get_by_text("看数字").click()
    rows = page.get_by_role("table", name="锚定").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("行政链")
    faults += _look(page, "zh", axe)
    page.get_by_role("link", name=re.compile("^区块")).first.click()
    expect(page).to_have_url(re.compile(r"/ledger/\d+$"))
    assert not faults, "\n".join(dict.fromkeys(faults))

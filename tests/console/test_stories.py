"""Officers at work, each in a browser of their own: a case from its approval to its money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, expect

from console.conftest import Language, Open
from console.served import Served
from counties import FITTING

BANK: Final = "credit-union"
WORDS: Final = {
    "zh": {
        "approve": "批准方案",
        "answer": "记家庭的答复",
        "accepts": "接受",
        "grant": "签贷款",
        "pay": "放款",
        "verify": "立即核对",
        "recorded": r"已记入区块 ([\d,]+)",
    },
    "en": {
        "approve": "Approve the offer",
        "answer": "Record the answer",
        "accepts": "Accepts",
        "grant": "Grant the loan",
        "pay": "Pay out",
        "verify": "Verify now",
        "recorded": r"Recorded in block ([\d,]+)",
    },
}


def take_in(served: Served) -> str:
    """Open a case that fits, as its member's programs may; return its number."""
    with served.api(BANK) as client:

        def post(path: str, body: Mapping[str, object]) -> httpx.Response:
            answer = client.post(path, json=body)
            assert answer.is_success, f"{path}: {answer.text}"
            return answer

        named = {"kind": "household", "identity": {"name": "王秀英"}}
        party = post("parties", named).json()["party"]
        asked = {"party": party, "witness": "village", "days": 400, "text": "to apply and answer"}
        mandate = post("mandates", asked).json()["mandate"]
        request = {"application": FITTING, "party": party, "mandate": mandate, "defaults": []}
        found: str = post("cases", {"requests": [request]}).json()["items"][0]["case"]
        return found


def _do(page: Page, name: str, recorded: str) -> int:
    """Do what the page offers first, twice as fast as one should; return the block it names."""
    page.locator("main").get_by_role("button", name=name, exact=True).click()
    return _confirm(page, recorded)


def _confirm(page: Page, recorded: str) -> int:
    page.locator(".q-dialog .form-foot button").last.dblclick()
    told = page.locator(".q-notification", has_text=re.compile(recorded)).first
    expect(told).to_be_visible()
    found = re.search(recorded, told.inner_text())
    assert found is not None
    expect(page.locator(".q-dialog")).to_have_count(0)
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_a_case_goes_from_the_manager_by_the_clerk_and_the_loan_officer_to_its_money(
    language: Language, county: Served, officer: Open
) -> None:
    words = WORDS[language]
    case = take_in(county)
    heights = []
    manager = officer(BANK, "manager", language).open(f"/cases/{case}")
    heights.append(_do(manager, words["approve"], words["recorded"]))
    # The page shows by itself what the block changed.
    expect(manager.get_by_role("button", name=words["approve"], exact=True)).to_have_count(0)

    clerk = officer(BANK, "clerk", language).open(f"/cases/{case}")
    clerk.locator("main").get_by_role("button", name=words["answer"], exact=True).click()
    clerk.locator("#field-accepted").click()
    clerk.get_by_role("option", name=words["accepts"], exact=True).click()
    heights.append(_confirm(clerk, words["recorded"]))

    lender = officer(BANK, "loan_officer", language).open(f"/cases/{case}")
    heights.append(_do(lender, words["grant"], words["recorded"]))
    # What was told before would be read again.
    clerk.reload()
    heights.append(_do(clerk, words["pay"], words["recorded"]))
    assert heights == sorted(set(heights))

    with county.api(BANK) as client:
        found = client.get(f"cases/{case}").json()
    acts = [each["t"] for each in found["records"]]
    for act in ("approval.given", "offer.accepted", "loan.granted", "loan.disbursed"):
        assert acts.count(act) == 1, f"{act}: a double click made {acts.count(act)}"


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_auditor_has_the_ledger_verified_and_sees_every_copy_agree(
    language: Language, officer: Open
) -> None:
    page = officer(BANK, "auditor", language).open("/ledger")
    button = page.get_by_role("button", name=WORDS[language]["verify"])
    expect(button).to_be_enabled()
    button.click()
    expect(button).to_be_enabled(timeout=60_000)
    pill = page.locator(".k-verify")
    expect(pill).to_contain_text("12")
    expect(pill).not_to_have_class(re.compile("bad|warn"))
    page.locator('main a[href*="/ledger/"]').first.click()
    expect(page).to_have_url(re.compile(r"/ledger/\d+"))


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_risk_reads_what_a_model_is_worth(language: Language, officer: Open) -> None:
    page = officer(BANK, "risk", language).open("/models")
    page.locator('main a[href*="/models/"]').first.click()
    expect(page).to_have_url(re.compile("/models/b"))
    expect(page.locator("main")).to_contain_text("AUC")
    # Every chart says in words what it shows, and gives its figures as text.
    page.locator("main svg").first.wait_for()
    charts = page.locator(".k-chart")
    assert charts.count() > 0
    for chart in charts.all():
        expect(chart).to_have_attribute("role", "img")
        expect(chart).to_have_attribute("aria-label", re.compile(".{2,}"))
    assert page.locator("main details table").count() > 0


def test_a_page_left_before_its_charts_are_drawn_fails_nowhere(officer: Open) -> None:
    page = officer(BANK, "risk").open("/models")
    # What waits a turn waits for ever, so that the page is left first.
    page.evaluate(
        "() => { const wait = setTimeout;"
        " window.setTimeout = (done, ms, ...more) => wait(done, ms || 1e9, ...more) }"
    )
    page.locator('main a[href*="/models/"]').first.click()
    page.locator(".k-chart").first.wait_for(state="attached")
    page.go_back()
    expect(page.locator(".k-chart")).to_have_count(0)

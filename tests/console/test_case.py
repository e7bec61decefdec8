"""A case between officers: who else is here, what changed under a dialog, the page on paper."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from playwright.sync_api import expect

from console.conftest import Language, Open
from console.served import Served
from console.test_stories import BANK, take_in

_SHEETS = re.compile(rb"/Type\s*/Page[^s]")
PRINTED_MAX = 6
"""How many cases are printed in each language."""


@pytest.mark.parametrize(
    ("language", "said"),
    [pytest.param("zh", "也在看这个案件", marks=pytest.mark.long), ("en", "is here too")],
)
def test_two_officers_at_one_case_see_each_other_come_and_go(
    language: Language, said: str, county: Served, officer: Open
) -> None:
    case = take_in(county)
    manager = officer(BANK, "manager", language).open(f"/cases/{case}")
    expect(manager.get_by_text(said)).to_have_count(0)
    reviewer = officer(BANK, "loan_officer", language).open(f"/cases/{case}")
    expect(manager.get_by_text(said)).to_be_visible()
    expect(reviewer.get_by_text(said)).to_be_visible()
    reviewer.locator(".k-nav a", has_text="今天" if language == "zh" else "Today").click()
    expect(manager.get_by_text(said)).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "approve", "done"),
    [
        ("zh", "批准方案", "批准"),
        ("en", "Approve the offer", "Approval given"),
    ],
)
def test_the_second_of_two_officers_is_told_what_changed(
    language: Language, approve: str, done: str, county: Served, officer: Open
) -> None:
    case = take_in(county)
    second = officer(BANK, "manager", language).open(f"/cases/{case}")
    second.locator("main").get_by_role("button", name=approve, exact=True).click()
    second.locator("#field-notes").fill("seen by me")
    with county.api(BANK) as client:
        assert client.post(f"cases/{case}/approve", json={}).is_success
    # The page under the dialog has changed; what was typed stands.
    expect(second.locator("#field-notes")).to_have_value("seen by me")
    second.locator(".q-dialog .form-foot button").last.click()
    problem = second.locator(".q-dialog .problem")
    expect(problem).to_contain_text(done)
    with county.api(BANK) as client:
        found = client.get(f"cases/{case}").json()
    assert [each["t"] for each in found["records"]].count("approval.given") == 1


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_the_households_page_is_one_sheet_of_paper(
    language: Language, county: Served, officer: Open
) -> None:
    with county.api(BANK) as client:
        rows = client.get("cases", params={"owner": BANK, "limit": 200}).json()["items"]
    opened = officer(BANK, "manager", language)
    shown = (row["case"] for row in rows if row["stage"] in {"reported", "matched", "refused"})
    page = opened.open()
    count = 0
    for case in islice(shown, PRINTED_MAX):
        page.goto(f"{county.address}/{BANK}/file/report/{case}/{language}")
        sheets = len(_SHEETS.findall(page.pdf(prefer_css_page_size=True)))
        assert sheets == 1, f"case {case} takes {sheets} sheets"
        count += 1
    assert count

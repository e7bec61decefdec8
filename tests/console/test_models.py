"""Models in a real browser: looked at, compared with what was decided, retired."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from console.conftest import Open
from console.served import Served

MEMBER: Final = "credit-union"


def _in_force(served: Served) -> dict[str, Any]:
    with served.api(MEMBER) as client:
        rows: list[dict[str, Any]] = client.get("models").json()["items"]
    return next(each for each in rows if each["state"] == "in_force")


def _open_model(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_model_shows_what_was_measured_with_its_figures_as_text(
    county: Served, officer: Open
) -> None:
    found = _in_force(county)
    page = officer(MEMBER, "risk").open("/models")
    _open_model(page, found["name"])
    assert found["metrics"]["auc_ppm"] > 500_000
    expect(page.locator("main")).to_contain_text(f"{found['metrics']['auc_ppm'] / 1_000_000:.3f}")
    for name in (
        "Does it mean what it says?",
        "Can it tell them apart?",
        "Is it fair to everyone?",
    ):
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    figures = page.get_by_role("region", name="Does it mean what it says?")
    figures.locator("summary").click()
    expect(figures.locator("tbody tr")).to_have_count(10)
    with page.expect_download() as download:
        figures.get_by_role("button", name="Download CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 11


def test_only_whoever_may_publish_or_approve_is_offered_a_file(officer: Open) -> None:
    for name, count in (("risk", 1), ("manager", 1), ("clerk", 0)):
        page = officer(MEMBER, name).open("/models")
        expect(page.get_by_role("button", name="Choose a file")).to_have_count(count)


def test_a_file_that_training_did_not_write_is_refused_in_words(
    officer: Open, tmp_path: Path
) -> None:
    page = officer(MEMBER, "manager").open("/models")
    wrong = tmp_path / "model.cbor"
    wrong.write_bytes(b"%PDF-1.7")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(wrong)
    expect(page.get_by_role("dialog")).to_contain_text("What to do")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


@pytest.mark.long
def test_a_model_is_retired_with_a_reason_that_everybody_reads(
    own_county: Served, officer: Open
) -> None:
    found = _in_force(own_county)
    page = officer(found["member"], "manager", served=own_county).open("/models")
    _open_model(page, found["name"])
    page.get_by_role("button", name="Retire").click()
    page.locator("#field-code").fill("drift.seen")
    page.get_by_role("button", name="Retire", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    row = page.get_by_role("row").filter(has_text=found["name"])
    expect(row).to_contain_text("retired")
    _open_model(page, found["name"])
    expect(page.locator("main")).to_contain_text("drift.seen")

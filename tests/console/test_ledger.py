"""The ledger's page in a real browser: a block comes, a copy is damaged and made whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from console.conftest import Open
from console.served import Served, copy_demonstration, serve
from tallystick.base.clock import SystemClock
from tallystick.county.house import open_house
from tallystick.county.tamper import flip_byte

DAMAGED: Final = "postal-bank"
CHECK_MS: Final = 60_000
CHECKS_MOST: Final = 30


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A county of which one member's file was changed by a byte, and the block's height."""
    folder = copy_demonstration(tmp_path / "county")
    with open_house(folder, SystemClock()) as house:
        replica = house.node(DAMAGED).replica
        height = replica.tip.height // 2
        header = replica.header(height)
    flip_byte(folder / DAMAGED / "ledger.db", header)
    with serve(folder) as served:
        yield served, height


def _verify(page: Page) -> None:
    page.get_by_role("button", name="Verify now").click()


@pytest.mark.long
def test_a_flipped_byte_is_found_named_repaired_and_remembered(
    damaged: tuple[Served, int], officer: Open
) -> None:
    served, height = damaged
    figure = f"{height:,}"
    page = officer(DAMAGED, "manager", served=served).open("/ledger")
    _verify(page)
    expect(page.get_by_text("Our own copy is wrong")).to_be_visible(timeout=CHECK_MS)
    alarm = page.get_by_role("alert", name="Ledger alarm")
    expect(alarm).to_contain_text("Postal savings bank")
    expect(alarm).to_contain_text(figure)
    expect(alarm).to_contain_text("merkle_root")
    # Both values stand there, and what differs is marked in the damaged one alone.
    expect(alarm.locator(".values b")).to_have_text(re.compile(r"^[0-9a-f]$"))
    expect(page.locator(".tile.bad").filter(has_text=figure)).to_be_visible()
    alarm.get_by_role("button", name="Repair from the others").click()
    page.get_by_role("button", name="Begin the repair").click()
    expect(page.get_by_text("fetched from other members: 1")).to_be_visible(timeout=CHECK_MS)
    expect(alarm).to_be_hidden()
    expect(page.get_by_role("heading", name="Alarms that are gone")).to_be_visible()
    _verify(page)
    expect(page.get_by_text("were compared with all others")).to_be_visible(timeout=CHECK_MS)


@pytest.mark.long
def test_another_member_sees_whose_copy_differs_and_cannot_repair_it(
    damaged: tuple[Served, int], officer: Open
) -> None:
    served, height = damaged
    with served.api(DAMAGED) as client:
        client.post("verify", json={"blocks": 0})
    alarms: list[dict[str, Any]] = []
    with served.api("finance") as client:
        # A check draws the blocks it compares, so one may miss this block; several do not.
        for _ in range(CHECKS_MOST):
            found = client.post("verify", json={"blocks": 1_024}).json()
            while found["state"] == "running":
                found = client.get("verify").json()
            alarms = client.get("state").json()["alarms"]
            if alarms:
                break
    assert [(each["member"], each["height"]) for each in alarms] == [(DAMAGED, height)]
    page = officer("finance", "manager", "zh", served=served).open("/ledger")
    alarm = page.get_by_role("alert", name="账本警报")
    expect(alarm).to_contain_text("邮政储蓄银行")
    expect(alarm.get_by_role("button", name="从其他成员修复")).to_have_count(0)
    expect(alarm.get_by_role("link", name="下载证明")).to_be_visible()


def test_a_new_block_appears_without_a_reload_and_hands_out_its_proof(
    county: Served, officer: Open
) -> None:
    opened = officer("regulator", "auditor")
    page = opened.open("/ledger")
    newest = page.locator(".tile.newest a")
    before = newest.get_attribute("href") or ""
    with county.api("newspaper") as client:
        sent = client.post("news", json={"text": "谷雨后可以播种。"})
        assert sent.status_code == 201, sent.text
    expect(newest).not_to_have_attribute("href", before, timeout=CHECK_MS)
    newest.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Block")
    expect(page.locator("main")).to_contain_text("News published")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download proof").click()
    assert re.fullmatch(r"block-\d+\.car", download.value.suggested_filename)
    assert Path(download.value.path()).stat().st_size > 0


def test_earlier_blocks_are_reached_by_paging_and_back(county: Served, officer: Open) -> None:
    page = officer("credit-union", "clerk").open("/ledger")
    first = page.get_by_role("table", name="Blocks").locator("tbody tr a").first
    newest = first.inner_text()
    page.get_by_role("link", name="Earlier ones").click()
    expect(first).not_to_have_text(newest)
    page.get_by_role("link", name="Back to the newest").click()
    expect(page.get_by_role("link", name="Back to the newest")).to_have_count(0)


@pytest.mark.parametrize("height", ["0", "999999999", "x", "-1"])
def test_a_block_that_is_not_there_is_told_as_missing(height: str, officer: Open) -> None:
    page = officer("credit-union", "clerk").open(f"/ledger/{height}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")

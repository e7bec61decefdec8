"""Files that members keep for one another, in a real browser: in, out, lost, mended, erased."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from console.conftest import HEIGHTS, Open, Opened
from console.screens import FEW, check_look, settle
from console.served import Served

BANK: Final = "credit-union"
LARGE: Final = 1_500_000
"""More than the console takes of any other body."""
NAMES: Final = {"zh": "审计底稿.pdf", "en": "Ledger copies.csv"}


def _look(opened: Opened, place: str, axe: str) -> list[str]:
    """Return what is wrong with a page in its few looks."""
    page, found = opened.open(place), []
    for theme, width in FEW:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.locator(f"body.body--{theme}").wait_for()
        settle(page)
        found += check_look(page, theme, width, opened.language, axe)
    opened.leave(page)
    return [f"{place}, {opened.language}: {each}" for each in found]


def _ask(served: Served, path: str) -> Any:
    with served.api(BANK) as client:
        answer = client.get(path)
        assert answer.is_success, answer.text
        return answer.json()


def _put(served: Served, data: bytes, **wanted: str | int) -> str:
    with served.api(BANK) as client:
        answer = client.post("store/objects", content=data, params=wanted)
        assert answer.is_success, answer.text
        found: str = answer.json()["cid"]
        return found


def _fetch(page: Page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def test_a_file_goes_in_and_comes_out_byte_for_byte_and_a_lost_disk_is_shown_and_mended(
    county: Served, officer: Open, axe: str
) -> None:
    data = random.Random(7).randbytes(LARGE)
    _put(county, b"paper" * 1_000, name="safe.pdf", code="zz-6+3")
    owner = officer(BANK, "manager", "zh")
    page = owner.open("/store")
    page.get_by_role("button", name="存一份文件").click()
    dialog = page.get_by_role("dialog", name="存一份文件")
    dialog.get_by_role("button", name="存起来").click()
    expect(page.locator("#fault-file")).to_contain_text("这里要填")
    paper: FilePayload = {"name": NAMES["zh"], "mimeType": "application/pdf", "buffer": data}
    page.locator("#field-file").set_input_files(paper)
    dialog.get_by_role("button", name="存起来").dblclick()
    page.wait_for_url(re.compile(r"/store/b[a-z2-7]{58}$"))
    cid = page.url.rsplit("/", 1)[1]
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{NAMES['zh']} 齐全")
    kept = _ask(county, "store/objects?limit=200")["items"]
    assert [each["cid"] for each in kept if each.get("name") == NAMES["zh"]] == [cid]
    assert _fetch(page, "取回") == (NAMES["zh"], data)

    found = _ask(county, f"store/objects/{cid}")
    part = found["holders"][3]
    (member,) = part["members"]
    shutil.rmtree(county.folder / member / "shards")
    # The page sees by itself what no block tells.
    expect(page.get_by_role("heading", level=1)).to_contain_text("缺 1 份")
    expect(page.locator("main")).to_contain_text("没有找到第 4 份")
    risk = officer(BANK, "risk", "en")
    faults = _look(owner, "/store", axe) + _look(risk, f"/store/{cid}", axe)
    assert not faults, "\n".join(dict.fromkeys(faults))

    other = risk.open("/store")
    weakest = other.get_by_role("table", name="Files, the least safe first").get_by_role("row")
    expect(weakest.nth(1)).to_contain_text("Can lose 1 more")
    holders = other.get_by_role("table", name="Who holds which part")
    row = holders.get_by_role("row", name=NAMES["zh"])
    expect(row).to_contain_text("part 4")
    other.get_by_role("button", name="Check and repair").click()
    expect(other.get_by_role("region", name="Checked and repaired")).to_contain_text("made anew")
    expect(row).not_to_contain_text("part 4")
    assert _ask(county, f"store/objects/{cid}")["present"] == found["shards"]
    expect(page.get_by_role("heading", level=1)).to_contain_text("齐全")
    assert _fetch(page, "取回")[1] == data


def test_a_sealed_file_is_read_by_whom_its_owner_lets_and_by_nobody_once_it_is_erased(
    county: Served, officer: Open
) -> None:
    data = random.Random(8).randbytes(30_000)
    cid = _put(county, data, name=NAMES["en"])
    clerk = officer(BANK, "clerk").open(f"/store/{cid}")
    expect(clerk.get_by_role("link", name="Read it")).to_be_visible()
    for name in ("Erase", "Let a member read"):
        expect(clerk.get_by_role("button", name=name)).to_have_count(0)
    reader = officer("finance", "manager").open(f"/store/{cid}")
    reader.get_by_role("link", name="Read it").click()
    expect(reader.get_by_role("alert")).to_contain_text("has not let this member read")
    expect(reader.locator("main")).not_to_contain_text(NAMES["en"])

    owner = officer(BANK, "manager").open(f"/store/{cid}")
    owner.get_by_role("button", name="Let a member read").click()
    owner.locator("#field-to").click()
    owner.get_by_role("option", name="Finance bureau").click()
    owner.get_by_role("button", name="Let it read").dblclick()
    expect(owner.get_by_role("button", name="End it: Finance bureau")).to_be_visible()
    assert _fetch(reader, "Read it") == (f"{cid[:16]}.bin", data)

    owner.get_by_role("button", name="Erase", exact=True).click()
    owner.get_by_role("button", name="Erase for good").click()
    dropped = owner.get_by_role("region", name="Who has dropped it")
    expect(dropped).to_contain_text("12 of 12 have signed")
    expect(reader.get_by_role("heading", level=1)).to_contain_text("Erased")
    expect(reader.get_by_role("link", name="Read it")).to_have_count(0)


@pytest.mark.parametrize(
    ("origin", "session", "status"),
    [("http://evil.example", True, 403), ("", True, 403), ("own", False, 401)],
)
def test_a_file_from_a_foreign_page_or_without_a_session_is_not_taken(
    origin: str, session: bool, status: int, county: Served
) -> None:
    cookie = f"{county.cookie(BANK)}={county.choose(BANK, 'manager')}" if session else "a=b"
    given = {"origin": county.address if origin == "own" else origin, "cookie": cookie}
    headers = {name: value for name, value in given.items() if value}
    # The county's own token is no way in here: sessions come as cookies alone.
    headers["authorization"] = f"Bearer {county.token}"
    before = _ask(county, "store/health")["objects"]
    with county.ask(**headers) as client:
        answer = client.post(f"/{BANK}/file/object", content=b"x" * LARGE)
    assert answer.status_code == httpx.codes(status)
    assert _ask(county, "store/health")["objects"] == before

"""A department measures a programme, a bank registers a provider: by hand, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from console.conftest import Open
from console.served import Served

HOSTILE: Final = '"><img src=x onerror="window.hit=1">'
PROGRAMME: Final = "poverty_microcredit"
VILLAGES: Final = (
    ("v01", "石桥村", "Shiqiao", 104_100_000, 31_100_000),
    ("v02", "大泉村", "Daquan", 104_300_000, 31_150_000),
    ("v03", "南河村", "Nanhe", 104_200_000, 31_300_000),
    ("v04", "高坪村", "Gaoping", 104_400_000, 31_320_000),
)
COUNTS: Final = (
    ("v01", 10, 8, 9, 40),
    ("v02", 6, 9, 7, 30),
    ("v03", 1, 0, 2, 20),
    ("v04", 5, 6, 5, 9),
)
"""By village: poor and held, poor and missed, held wrongly, neither; the third is too small."""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A survey under a name that would act, and its villages."""
    villages, survey = tmp_path / "villages.csv", tmp_path / "<img src=x onerror=window.hit=1>.csv"
    rows = [",".join(map(str, each)) for each in VILLAGES]
    villages.write_text("\n".join(("code,zh,en,lon_micro,lat_micro", *rows, "")), encoding="utf-8")
    lines = ["village,group,poor,held"]
    for code, both, missed, wrong, neither in COUNTS:
        cells = (("1,1", both), ("1,0", missed), ("0,1", wrong), ("0,0", neither))
        lines += [f"{code},grain,{answers}" for answers, count in cells for _ in range(count)]
    survey.write_text("\n".join((*lines, "")), encoding="utf-8")
    return survey, villages


def _bring(page: Page, survey: Path, villages: Path | None = None) -> None:
    boxes = page.locator(".q-dialog input[type=file]")
    if villages is not None:
        boxes.nth(1).set_input_files(villages)
    boxes.nth(0).set_input_files(survey)


@pytest.mark.long
def test_a_department_counts_a_survey_and_everybody_reads_the_counts(
    own_county: Served, officer: Open, files: tuple[Path, Path], tmp_path: Path
) -> None:
    page = officer("civil-affairs", "reviewer", served=own_county).open("/programmes")
    page.get_by_role("button", name="Publish a measure").click()
    publish = page.locator(".q-dialog").get_by_role("button", name="Publish", exact=True)
    expect(publish).to_be_disabled()

    bad = tmp_path / "bad.csv"
    bad.write_text("village,group,poor,held\nv01,grain,1,0\nv01,grain,1,yes\n", encoding="utf-8")
    _bring(page, bad, files[1])
    expect(page.locator(".q-dialog")).to_contain_text("Line 3")
    expect(publish).to_be_disabled()

    _bring(page, files[0])
    expect(page.locator(".q-dialog")).to_contain_text(files[0].name)
    expect(page.locator(".q-dialog")).to_contain_text("51% (37%\u201365%) · 23/45")
    page.locator("#field-cycle").fill("2026-11")
    publish.dblclick()
    expect(page.locator(".q-notification", has_text="Recorded in block")).to_be_visible()
    expect(page).to_have_url(re.compile(f"/programmes/{PROGRAMME}$"))
    assert not page.evaluate("() => !!window.hit")

    with own_county.api("civil-affairs") as client:
        found = client.get(f"programmes/{PROGRAMME}").json()
    # The demonstration's own cycle stands before it.
    assert found["cycles"][-1]["missed"] == 23
    assert "v03" not in [each["area"][0] for each in found["villages"] if len(each["area"]) == 1]

    reader = officer("village", "village_officer", "zh", served=own_county).open(
        f"/programmes/{PROGRAMME}"
    )
    main = reader.locator("main")
    expect(main).to_contain_text("51%")
    expect(main.locator(".map-label")).to_have_count(len(VILLAGES))
    expect(main.get_by_role("button", name="公布一期测算")).to_have_count(0)
    tops = main.locator(".tbl.terms tbody").first.locator("td:nth-child(3)").all_inner_texts()
    assert tops == sorted(tops, key=int, reverse=True)
    reader.locator("main").get_by_role("link", name="错了 · 95% 区间").click()
    expect(reader.locator("th[aria-sort=descending]")).to_contain_text("错了")


@pytest.mark.long
def test_a_bank_registers_a_provider_and_publishes_a_version_of_its_terms(
    own_county: Served, officer: Open
) -> None:
    page = officer("credit-union", "manager", served=own_county).open("/providers")
    page.get_by_role("button", name="Register a provider").click()
    dialog = page.locator(".q-dialog").first
    dialog.get_by_role("button", name="Register a provider").click()
    expect(dialog.locator(".field.wrong")).to_have_count(9)
    typed = {
        "provider": "seed.fund",
        "name_zh": "种子基金",
        "name_en": HOSTILE,
        "ticket_min_minor": "1,000",
        "ticket_max_minor": "50,000",
        "capacity_minor": "800,000",
        "days_to_yes": "4",
    }
    for name, value in typed.items():
        page.locator(f"#field-{name}").fill(value)
    for name, word in (("services", "Village-graded line"), ("expertise", "First loans")):
        page.locator(f"#field-{name}").click()
        page.get_by_role("option", name=word, exact=True).click()
        page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Register a provider").dblclick()
    expect(page).to_have_url(re.compile("/providers/seed.fund$"))
    expect(page.locator("main h1")).to_contain_text(HOSTILE)
    expect(page.locator("main")).to_contain_text("Registered by")
    assert not page.evaluate("() => !!window.hit")
    # Nobody has asked its households: no praise, and no claim either.
    expect(page.locator("main .stats dd.v").first).to_have_text("\u2013")

    page.goto(page.url.replace("/providers/seed.fund", "/products/village_line"))
    expect(page.locator("main")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Publish a version").click()
    page.locator("#field-rate_ppm").fill("5.25")
    page.locator("#field-amount_min_minor").fill("")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.locator("main h1 + p")).to_contain_text("version 2")
    with own_county.api("credit-union") as client:
        entries = [each["entry"] for each in client.get("products/village_line").json()["versions"]]
        providers = client.get("providers", params={"limit": 200}).json()["items"]
    assert [entry["version"] for entry in entries] == [2, 1]
    assert entries[0]["rate_ppm"] == 52_500
    # What was left empty is gone; what was not asked for stays.
    assert "amount_min_minor" not in entries[0]
    assert entries[0]["made_for"] == entries[1]["made_for"]
    assert [each["members"] for each in providers if each["provider"] == "seed.fund"] == [[]]


def test_who_registered_a_provider_alone_is_offered_to_change_it(officer: Open) -> None:
    change = "Change the entry"
    stranger = officer("credit-union", "manager").open("/providers/rural_credit_coop")
    expect(stranger.locator("main")).to_contain_text("Registered by")
    expect(stranger.get_by_role("button", name=change)).to_have_count(0)
    owner = officer("finance", "manager").open("/providers/rural_credit_coop")
    expect(owner.get_by_role("button", name=change)).to_have_count(1)


def test_a_clerk_sees_providers_and_whose_task_it_is_to_read_praise(officer: Open) -> None:
    page = officer("credit-union", "clerk").open("/providers")
    expect(page.locator("main")).to_contain_text("are for reviewers, risk officers")
    expect(page.locator("main .share")).to_have_count(0)
    page.locator("main .k-seg").get_by_role("link", name="Borrowing").click()
    expect(page).to_have_url(re.compile("kind=borrow"))
    expect(page.get_by_role("row").filter(has_text="Farm insurer")).to_have_count(0)
    page.get_by_role("row").filter(has_text="Rural credit co-operative").get_by_role("link").click()
    expect(page.locator("main h1")).to_contain_text("Rural credit co-operative")

"""The card list that is shipped: read as workbook and as CSV, dated, and without identities."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tallystick.base.errors import Invalid
from tallystick.sources import (
    Application,
    Reading,
    load_mapping,
    parse_mapping,
    read_applications,
)
from tallystick.sources.dates import month_index
from tallystick.sources.recipes import origin_references

Find = Callable[[str], Path]
DAY = datetime.date
IDENTITY = ("户主姓名", "身份证号", "联系电话", "银行卡号", "家庭住址")
HEADER = (
    *("户编号", "户主姓名", "身份证号", "联系电话", "家庭住址", "行政村", "户类型"),
    *("户主出生年月", "家庭人口", "劳动力人数", "外出务工人数", "在校生人数", "户主有无劳动能力"),
    *("承包地面积(亩)", "流转入面积(亩)", "作物1", "作物1面积(亩)", "作物2", "作物2面积(亩)"),
    *("养殖种类", "存栏数", "年出栏收入(元)", "月工资(元)", "务工月数", "年转移性收入(元)"),
    *("欠款对象", "欠款余额(元)", "欠款到期月", "已投保险"),
    *("更新日期", "种植核查日期", "务工信息更新日期", "备注"),
)
# Made-up people: the numbers have the form of real ones, and no check digit that fits.
NAMED = ("示例甲", "000000190001010001", "00000000001", "示例路一号")
ROWS: list[tuple[object, ...]] = [
    (
        *("H0001", *NAMED, "李家村", "脱贫户", DAY(1980, 5, 1), 4, 2, 1, 1, "有"),
        *(8.5, 0, "玉米", 6.5, "小麦", 2, "猪", 12, 15000.5, 3200, 9, 1200),
        *("农信社", 20000, DAY(2027, 10, 1), "玉米、小麦"),
        *(DAY(2026, 3, 15), DAY(2025, 6, 30), DAY(2026, 11, 2), None),
    ),
    (
        *("H0002", "示例乙", 10**17, "00000000002", "示例路二号", "王家坝", "低保户"),
        *(DAY(1955, 12, 1), 1, 0, 0, 0, "无", 2, None, "无", None, "无", None),
        *("无", None, None, None, 0, 9800, "无", None, None, "无"),
        *(DAY(2024, 1, 1), None, None, "独居"),
    ),
    (
        *("H0003", "示例丙", "000000190001010003", None, None, "赵村", "突发严重困难户"),
        *(DAY(1990, 1, 31), 5, 2, 2, 2, "有", 3, 1, "辣椒", 1, None, None),
        *(None, None, None, 4100, 11, None, "亲友", 30000, None, None),
        *(None, DAY(2026, 12, 1), DAY(2026, 12, 1), None),
    ),
]
FOOTER = ("填表人:", "示例丁", None, "审核人:")


def workbook_of(rows: list[tuple[object, ...]], *, footer: bool = False) -> bytes:
    book = Workbook()
    assert isinstance(book.active, Worksheet)
    book.active.append(("某县某镇建档立卡户信息表",))
    book.active.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(HEADER))
    for row in [HEADER, *rows, *([FOOTER] if footer else [])]:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def shown(cell: object) -> str:
    if isinstance(cell, datetime.date):
        return f"{cell.year}/{cell.month}/{cell.day}"
    if isinstance(cell, int | float) and cell >= 1000:
        return f"{cell:,}"
    return "" if cell is None else str(cell)


def table_of(rows: list[tuple[object, ...]], encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["某县某镇建档立卡户信息表", *[""] * (len(HEADER) - 1)])
    writer.writerows([HEADER, *[[shown(cell) for cell in row] for row in rows]])
    return text.getvalue().encode(encoding)


@pytest.fixture
def cards(example: Find) -> Callable[[bytes], Reading]:
    """Return a function from a file's bytes to its reading as a card list."""
    return lambda data: read_applications(
        io.BytesIO(data), load_mapping(example("card_list")), training=False
    )


def accepted(reading: Reading) -> list[Application]:
    rows = [row for row in reading if isinstance(row, Application)]
    assert reading.rejected == []
    return rows


def test_a_card_list_comes_out_of_its_workbook(
    cards: Callable[[bytes], Reading], tmp_path: Path, example: Find
) -> None:
    path = tmp_path / "list"
    path.write_bytes(workbook_of(ROWS))
    first, second, third = accepted(read_applications(path, load_mapping(example("card_list"))))
    assert first.key == "H0001"
    assert first.profile == {
        "category": "out_of_poverty",
        "age_years": 46,
        "village": "李家村",
        "persons": 4,
        "workers": 2,
        "workers_away": 1,
        "students": 1,
        "able_to_work": 1,
        "land_own_centimu": 850,
        "land_leased_centimu": 0,
        "crops": [
            {"crop": "maize", "area_centimu": 650},
            {"crop": "wheat", "area_centimu": 200},
        ],
        "livestock": [{"kind": "hog", "heads": 12, "sales_minor_year": 1_500_050}],
        "wage_minor_month": 320_000,
        "wage_months": 9,
        "transfers_minor_year": 120_000,
        "debts": [
            {
                "lender": "rural_credit_coop",
                "balance_minor": 2_000_000,
                "due_month": month_index(2027, 10),
            }
        ],
        "insurance": ["maize", "wheat"],
    }
    assert second.profile["crops"] == second.profile["livestock"] == second.profile["debts"] == []
    assert (second.profile["category"], second.profile["insurance"]) == ("dibao", [])
    assert third.profile["category"] == "monitored_sudden"
    assert "livestock" not in third.profile
    assert "insurance" not in third.profile
    assert first.demand == {"as_of_month": month_index(2027, 1)}


def test_each_datum_of_a_card_carries_its_month(cards: Callable[[bytes], Reading]) -> None:
    first, second, third = accepted(cards(workbook_of(ROWS)))
    assert set(first.dates) == {f"profile.{leaf}" for leaf in first.profile}
    assert first.dates["profile.persons"] == month_index(2026, 3)
    assert first.dates["profile.crops"] == month_index(2025, 6)
    assert first.dates["profile.wage_months"] == month_index(2026, 11)
    assert second.dates["profile.debts"] == month_index(2024, 1)
    assert "profile.crops" not in second.dates
    assert third.dates == {
        "profile.crops": month_index(2026, 12),
        "profile.wage_minor_month": month_index(2026, 12),
        "profile.wage_months": month_index(2026, 12),
    }


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig"])
def test_the_same_list_as_csv_reads_to_the_same_applications(
    cards: Callable[[bytes], Reading], encoding: str
) -> None:
    table = cards(table_of(ROWS, encoding))
    assert accepted(table) == accepted(cards(workbook_of(ROWS)))
    assert table.format == "csv"


@pytest.mark.parametrize("write", [workbook_of, lambda rows: table_of(rows, "gbk")])
def test_an_identity_reaches_nothing_that_is_read(
    cards: Callable[[bytes], Reading], write: Callable[[list[tuple[object, ...]]], bytes]
) -> None:
    opened = cards(write(ROWS))
    told = repr(list(opened)) + repr(opened.rejected) + repr(opened.unmapped)
    for row in ROWS:
        for cell in row[1:5]:
            assert cell is None or str(cell) not in told
    assert opened.unmapped == ("备注",)


def test_the_mapping_names_every_identity_as_never_read(example: Find) -> None:
    mapping = load_mapping(example("card_list"))
    assert mapping.layout.unread == IDENTITY
    recipes = [entry.recipe for entry in mapping.fields]
    recipes += [entry.recipe for entry in mapping.dates]
    read = {each.name for recipe in recipes for each in origin_references(recipe.origin)}
    assert read.isdisjoint(IDENTITY)


@pytest.mark.parametrize(
    "use",
    [
        '[fields]\n"profile.village" = "姓名"',
        '[fields]\n"profile.persons" = { sum = ["a", "姓名"] }',
        '[[features]]\nname = "n"\ncolumn = "姓名"',
        '[[features]]\nname = "n"\ncolumn = "姓名"\nprotected = true',
        '[case]\nid = "姓名"\n[fields]\n"profile.village" = "a"',
        '[dates]\nall = "姓名"\n[fields]\n"profile.village" = "a"',
        '[expected]\nkeep = ["姓名"]\n[fields]\n"profile.village" = "a"',
        '[target]\ncolumn = "姓名"\ngood = ["1"]\nbad = ["0"]\n[fields]\n"profile.village" = "a"',
    ],
)
def test_a_column_that_is_never_read_can_be_used_nowhere(use: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping(f'[file]\nunread = ["姓名"]\n{use}\n'.encode())
    assert caught.value.code == "mapping.leak"
    assert "unread" in caught.value.message


def test_the_signatures_under_a_list_are_rejected_as_no_household(
    cards: Callable[[bytes], Reading],
) -> None:
    opened = cards(workbook_of(ROWS, footer=True))
    list(opened)
    assert opened.accepted == 3
    assert [(row.row, row.code) for row in opened.rejected] == [(4, "source.required")]


@pytest.mark.parametrize(
    ("category", "meant"),
    [
        ("脱贫户", "out_of_poverty"),
        ("脱贫不稳定户", "monitored_relapse"),
        ("边缘易致贫户", "monitored_marginal"),
        ("突发严重困难户", "monitored_sudden"),
        ("低保户", "dibao"),
    ],
)
def test_every_category_of_the_cards_is_known(
    cards: Callable[[bytes], Reading], category: str, meant: str
) -> None:
    row = tuple(
        category if name == "户类型" else cell for name, cell in zip(HEADER, ROWS[0], strict=True)
    )
    (found,) = accepted(cards(workbook_of([row])))
    assert found.profile["category"] == meant


@pytest.mark.parametrize("value", ["0", "1001", '"2"', "true"])
def test_a_header_row_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping(f"[file]\nheader_row = {value}\n".encode())
    assert caught.value.code == "mapping.value"

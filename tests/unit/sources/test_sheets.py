"""Workbooks: which cells come out as what, from sheets as offices keep them."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tallystick.base.errors import Invalid
from tallystick.sources import (
    Application,
    Reading,
    Rejected,
    parse_mapping,
    read_applications,
    survey,
)
from tallystick.sources.dates import month_index

Open = Callable[..., Reading]
HEADS = ("村", "人口", "面积", "月份")
MAPPING = """
[file]
{file}
[fields]
"profile.village" = "村"
"profile.persons" = "人口"
"profile.land_own_centimu" = {{ column = "面积", unit = "mu" }}
"demand.needed_by_month" = {{ column = "月份", date = "YYYY/M*" }}
"""
DAY = datetime.date(2026, 3, 15)


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sheet(*rows: tuple[object, ...], title: str = "名册") -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def edited(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """Return a workbook with one part rewritten or added, as other programs would write it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        texts = {name: old.read(name) for name in old.namelist()}
        texts[part] = change(texts.get(part, b"").decode()).encode()
        for name, text in texts.items():
            new.writestr(name, text)
    return buffer.getvalue()


def mapping(file: str = "") -> str:
    return MAPPING.format(file=file)


def read(reading: Reading) -> list[Application]:
    rows = [row for row in reading if isinstance(row, Application)]
    assert reading.rejected == []
    return rows


def faults(reading: Reading) -> list[tuple[int, str, str]]:
    return [(row.row, row.column, row.code) for row in reading if isinstance(row, Rejected)]


def test_texts_numbers_and_dates_of_a_sheet_come_out(reading: Open) -> None:
    data = sheet(HEADS, (" 李庄 ", 4, 1.1, DAY), ("王家坝", "3", "2.25", "2027/4/1"))
    opened = reading(mapping(), data)
    rows = read(opened)
    assert [row.profile for row in rows] == [
        {"village": "李庄", "persons": 4, "land_own_centimu": 110},
        {"village": "王家坝", "persons": 3, "land_own_centimu": 225},
    ]
    assert [row.demand["needed_by_month"] for row in rows] == [
        month_index(2026, 3),
        month_index(2027, 4),
    ]
    assert (opened.format, opened.encoding, opened.unmapped) == ("xlsx", "utf-8", ())


def test_a_workbook_is_told_by_its_bytes_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(sheet(HEADS, ("李庄", 4, 1, DAY)))
    opened = read_applications(path, parse_mapping(mapping().encode()))
    assert len(read(opened)) == 1
    assert opened.format == "xlsx"


@pytest.mark.parametrize(
    "rows",
    [
        [("登记表",), (), HEADS],
        [("登记表", None, None, "制表:某镇"), ("2026年",), HEADS],
        [("登记表",), ("村", "家庭", None, "月份"), (None, "人口", "面积", None)],
        [("登记表",), (), ("村", "人\n口", " 面积", "月份", None, "")],
    ],
)
def test_titles_stand_above_the_header_and_merged_names_are_found(
    reading: Open, rows: list[tuple[object, ...]]
) -> None:
    book = Workbook()
    assert book.active is not None
    for row in [*rows, ("李庄", 4, 1.5, DAY)]:
        book.active.append(list(row) or [None])
    book.active.merge_cells("A1:C1")
    (found,) = read(reading(mapping("header_row = 3"), saved(book)))
    assert found.profile == {"village": "李庄", "persons": 4, "land_own_centimu": 150}
    assert found.demand == {"needed_by_month": month_index(2026, 3)}
    assert found.row == 1


def test_titles_above_the_header_of_a_csv_are_passed_over(reading: Open) -> None:
    data = "登记表,,,\n\n村,人口,面积,月份\n李庄,4,1.5,2026/3/15\n"
    (row,) = read(reading(mapping("header_row = 3"), data.encode("gbk")))
    assert row.profile["land_own_centimu"] == 150


def test_columns_may_be_named_by_the_mapping_with_a_header_or_without(reading: Open) -> None:
    names = 'columns = ["村", "人口", "面积", "月份"]'
    data = sheet(("a", "a", "b", "c"), ("李庄", 4, 1, DAY))
    assert len(read(reading(mapping(names), data))) == 1
    bare = sheet(("标题",), ("李庄", 4, 1, DAY))
    bare_file = f"header = false\nheader_row = 2\n{names}"
    assert len(read(reading(mapping(bare_file), bare))) == 1
    with pytest.raises(Invalid, match="4 names are declared for 5 columns"):
        reading(mapping(names), sheet((*HEADS, "x")))


def test_a_sheet_is_named_or_the_first_that_is_not_hidden(reading: Open) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.sheet_state = "hidden"
    for title, village in (("一", "李庄"), ("二", "王家坝")):
        made = book.create_sheet(title)
        made.append(HEADS)
        made.append((village, 4, 1, DAY))
    data = saved(book)
    assert read(reading(mapping(), data))[0].profile["village"] == "李庄"
    assert read(reading(mapping('sheet = "二"'), data))[0].profile["village"] == "王家坝"
    with pytest.raises(Invalid) as caught:
        reading(mapping('sheet = "三"'), data)
    assert caught.value.code == "source.sheet_missing"
    assert "3 sheets" in caught.value.message


def test_empty_rows_pass_and_gaps_between_rows_are_not_filled(reading: Open) -> None:
    data = sheet(HEADS, (None,), ("李庄", 4, 1, DAY), (" ", None), (None,), ("王家坝", 3, 1, DAY))
    rows = read(reading(mapping(), data))
    assert [(row.row, row.profile["village"]) for row in rows] == [(1, "李庄"), (2, "王家坝")]
    with pytest.raises(Invalid) as caught:
        list(reading(mapping(), sheet(HEADS)))
    assert caught.value.code == "source.empty"
    with pytest.raises(Invalid) as caught:
        reading(mapping("header_row = 9"), sheet(HEADS))
    assert caught.value.code == "source.empty"


def test_a_size_that_the_sheet_states_wrongly_cuts_nothing_off(reading: Open) -> None:
    data = sheet(HEADS, ("李庄", 4, 1, DAY), ("王家坝", 3, 1, DAY))
    part = "xl/worksheets/sheet1.xml"
    wrong = edited(data, part, lambda text: text.replace('ref="A1:D3"', 'ref="A1"'))
    assert wrong != data
    assert len(read(reading(mapping(), wrong))) == 2


def test_shared_texts_are_read_as_spreadsheet_programs_write_them(reading: Open) -> None:
    data = sheet(("村",), ("x",), ("x",))
    names = {"村": 0, "x": 1}
    inline = r'<c r="(\w+)" t="inlineStr"><is><t>(\w+)</t></is></c>'
    data = edited(
        data,
        "xl/worksheets/sheet1.xml",
        lambda text: re.sub(
            inline, lambda hit: f'<c r="{hit[1]}" t="s"><v>{names[hit[2]]}</v></c>', text
        ),
    )
    shared = (
        '<?xml version="1.0" encoding="UTF-8"?><sst xmlns='
        '"http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><t>村</t></si><si><r><t>李</t></r><r><t>庄</t></r>"
        '<rPh sb="0" eb="1"><t>li</t></rPh></si></sst>'
    )
    data = edited(data, "xl/sharedStrings.xml", lambda _: shared)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    data = edited(data, "[Content_Types].xml", lambda text: text.replace("</Types>", entry))
    rows = read(reading('[fields]\n"profile.village" = "村"\n', data))
    assert [row.profile["village"] for row in rows] == ["李庄", "李庄"]


@given(st.integers(1 - 2**53, 2**53 - 1))
def test_every_integer_below_the_limit_is_exact(number: int) -> None:
    meaning = parse_mapping(b'[[features]]\nname = "n"\ncolumn = "a"\n')
    (row,) = read_applications(io.BytesIO(sheet(("a",), (number,))), meaning)
    assert isinstance(row, Application)
    assert row.features == {"n": number}


@given(st.integers(0, 10**14))
def test_every_amount_of_fifteen_digits_comes_back_to_the_fen(fen: int) -> None:
    meaning = parse_mapping(b'[[features]]\nname = "n"\ncolumn = "a"\nscale = 100\n')
    (row,) = read_applications(io.BytesIO(sheet(("a",), (fen / 100,))), meaning)
    assert isinstance(row, Application)
    assert row.features == {"n": fen}


def test_a_sum_of_binary_fractions_is_the_number_that_is_shown(reading: Open) -> None:
    data = sheet(HEADS, ("李庄", 4, 0.1 + 0.2, DAY))
    (row,) = read(reading(mapping(), data))
    assert row.profile["land_own_centimu"] == 30


@pytest.mark.parametrize("number", [2**53, 12345678901234567, -(2**53), 1.3e17, 1e300])
def test_a_number_whose_digits_may_be_lost_rejects_its_row(reading: Open, number: float) -> None:
    data = sheet(HEADS, ("李庄", number, 1, DAY), ("王家坝", 4, 1, DAY))
    opened = reading(mapping(), data)
    assert faults(opened) == [(1, "人口", "source.number_long")]
    assert "text" in opened.rejected[0].cure
    assert opened.accepted == 1


def test_an_id_entered_as_text_keeps_every_digit(reading: Open) -> None:
    meaning = '[case]\nid = "编号"\n[fields]\n"profile.persons" = "人口"\n'
    (row,) = read(reading(meaning, sheet(("编号", "人口"), ("012345678901234567", 4))))
    assert row.key == "012345678901234567"


def test_what_stands_in_a_column_that_is_not_read_is_at_no_fault(reading: Open) -> None:
    data = sheet((*HEADS, "证"), ("李庄", 4, 1, DAY, 10**17), ("王家坝", 4, 1, DAY, "=A1"))
    opened = reading(mapping(), data)
    assert len(read(opened)) == 2
    assert opened.unmapped == ("证",)


def calculated(data: bytes, value: str) -> bytes:
    """Return a workbook whose formulas without a value hold `value`, as a program stores it."""
    part = "xl/worksheets/sheet1.xml"
    return edited(data, part, lambda text: re.sub(r"</f><v ?/>|</f><v></v>", f"</f>{value}", text))


def test_a_formula_is_its_stored_value(reading: Open) -> None:
    data = calculated(sheet(HEADS, ("李庄", "=2+2", 1, DAY)), "<v>4</v>")
    (row,) = read(reading(mapping(), data))
    assert row.profile["persons"] == 4


def test_a_formula_that_gives_an_empty_text_is_unknown_and_no_fault(reading: Open) -> None:
    data = calculated(sheet(HEADS, ("李庄", '=IF(1,"",2)', 1, DAY)), "<v></v>")
    part = "xl/worksheets/sheet1.xml"
    data = edited(data, part, lambda text: text.replace('<c r="B2"', '<c r="B2" t="str"'))
    (row,) = read(reading(mapping(), data))
    assert "persons" not in row.profile


def test_a_formula_without_a_stored_value_rejects_its_row_alone(reading: Open) -> None:
    rows = [("李庄", 4, 1, DAY), ("王家坝", "=1+1", 1, DAY), ("赵村", 5, 1, DAY)]
    opened = reading(mapping(), sheet(HEADS, *rows, ("孙村", 5, "=B2", DAY)))
    assert faults(opened) == [(2, "人口", "source.formula"), (4, "面积", "source.formula")]
    assert "calculate" in opened.rejected[0].cure
    assert opened.accepted == 2


def test_a_rule_of_colour_with_a_formula_is_no_cell_of_the_sheet(reading: Open) -> None:
    extension = '<extLst><ext xmlns:xm="urn:x"><xm:f>A1</xm:f></ext></extLst></worksheet>'
    data = edited(
        sheet(HEADS, ("李庄", 4, 1, DAY)),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace("</worksheet>", extension),
    )
    assert len(read(reading(mapping(), data))) == 1


def test_formulas_beyond_counting_refuse_the_file(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "FORMULAS_MAX", 2)
    with pytest.raises(Invalid) as caught:
        reading(mapping(), sheet(HEADS, *[("李庄", "=1", 1, DAY)] * 3))
    assert caught.value.code == "source.formula"


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_of_a_formula_rejects_its_row_unless_it_is_named(
    reading: Open, error: str
) -> None:
    data = sheet(HEADS, ("李庄", error, 1, DAY))
    opened = reading(mapping(), data)
    assert faults(opened) == [(1, "人口", "source.formula_error")]
    (row,) = read(reading(mapping(f'missing = ["", "{error}"]'), data))
    assert "persons" not in row.profile


def test_dates_follow_the_epoch_of_the_workbook(reading: Open) -> None:
    found = []
    for epoch in (None, CALENDAR_MAC_1904):
        book = Workbook()
        if epoch is not None:
            book.epoch = epoch
        assert book.active is not None
        book.active.append(HEADS)
        book.active.append(("李庄", 4, 1, DAY))
        data = saved(book)
        found += [row.demand["needed_by_month"] for row in read(reading(mapping(), data))]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert (b"date1904" in archive.read("xl/workbook.xml")) == (epoch is not None)
    assert found == [month_index(2026, 3)] * 2


@pytest.mark.filterwarnings("ignore:Cell D2 is marked as a date")
@pytest.mark.parametrize("serial", [-5, 1e12])
def test_a_number_formatted_as_a_date_that_is_none_rejects_its_row(
    reading: Open, serial: float
) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(HEADS)
    book.active.append(("李庄", 4, 1, serial))
    book.active["D2"].number_format = "yyyy-mm-dd"
    assert faults(reading(mapping(), saved(book))) == [(1, "月份", "source.date")]


def test_no_warning_of_the_library_quotes_a_cell(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["村"])
    book.active.append([987654321987])
    book.active["A2"].number_format = "yyyy-mm-dd"
    path = tmp_path / "list.xlsx"
    path.write_bytes(saved(book))
    program = (
        "import sys\nfrom tallystick.sources import parse_mapping, read_applications\n"
        'meaning = parse_mapping(\'[fields]\\n"profile.village" = "村"\'.encode())\n'
        "print(len(list(read_applications(sys.argv[1], meaning))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_date_is_no_number_and_a_text_like_it_still_needs_its_pattern(reading: Open) -> None:
    data = sheet(HEADS, ("李庄", DAY, 1, DAY), ("李庄", 4, 1, DAY), ("李庄", 4, 1, "2026-03-15"))
    assert faults(reading(mapping(), data)) == [
        (1, "人口", "source.not_number"),
        (3, "月份", "source.date"),
    ]


def test_a_flag_and_a_time_are_read_as_a_csv_shows_them(reading: Open) -> None:
    meaning = '[fields]\n"profile.returnee" = "a"\n"profile.persons" = "b"\n'
    data = sheet(("a", "b"), (True, 1), (False, datetime.time(8, 30)))
    opened = reading(meaning, data)
    first, second = opened
    assert isinstance(first, Application)
    assert first.profile["returnee"] == 1
    assert isinstance(second, Rejected)
    assert second.column == "b"


def test_progress_of_a_workbook_grows_to_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from tallystick.sources import applications

    monkeypatch.setattr(applications, "PROGRESS_ROWS", 64)
    data = sheet(HEADS, *[(f"村{row}", row % 9 + 1, row, DAY) for row in range(5000)])
    told: list[tuple[int, int]] = []
    opened = read_applications(
        io.BytesIO(data),
        parse_mapping(mapping().encode()),
        progress=lambda done, total: told.append((done, total)),
    )
    assert len(read(opened)) == 5000
    steps = [done for done, _ in told]
    assert steps == sorted(steps)
    assert 0 < steps[0] < len(data)
    assert told[-1] == (len(data), len(data))
    assert len(set(steps)) > 2

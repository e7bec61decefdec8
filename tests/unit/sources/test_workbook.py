"""Workbooks that are refused, each by its own code, and what is no workbook at all."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tallystick.base.errors import Invalid, Unavailable
from tallystick.sources import Reading, opening, parse_mapping, read_applications, workbook

Open = Callable[..., Reading]
MAPPING = '[fields]\n"profile.village" = "村"\n'
SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def book(rows: int = 1) -> bytes:
    made = Workbook()
    assert isinstance(made.active, Worksheet)
    made.active.append(("村", "x"))
    for row in range(rows):
        made.active.append(("李庄", row))
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def rebuilt(parts: dict[str, bytes | None], base: bytes | None = None) -> bytes:
    """Return a workbook with parts put in place of its own, or, where None, left out."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(base or book())) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            if data is not None:
                new.writestr(name, data)
    return buffer.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book())) as archive:
        return archive.read(name)


def code_of(reading: Open, data: bytes, file: str = "") -> str:
    with pytest.raises(Invalid) as caught:
        list(reading(file + MAPPING, data))
    assert caught.value.cure
    return caught.value.code


def declared(kind: str, name: str = "/xl/extra.xml") -> bytes:
    entry = f'<Override PartName="{name}" ContentType="{kind}"/></Types>'.encode()
    return part(TYPES).replace(b"</Types>", entry)


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.template.macroEnabled.main+xml",
    ],
)
def test_a_workbook_of_the_form_for_macros_is_refused(reading: Open, kind: str) -> None:
    main = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    types = part(TYPES)
    assert main in types
    data = rebuilt({TYPES: types.replace(main, kind.encode())})
    assert code_of(reading, data) == "source.sheet_macro"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("application/vnd.ms-office.vbaProject", "source.sheet_macro"),
        ("application/vnd.ms-excel.macrosheet+xml", "source.sheet_macro"),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
            "source.sheet_link",
        ),
        ("application/vnd.ms-excel.sheet.binary.macroEnabled.main", "source.sheet_old"),
    ],
)
def test_a_workbook_that_carries_more_than_cells_is_refused(
    reading: Open, kind: str, code: str
) -> None:
    assert code_of(reading, rebuilt({TYPES: declared(kind)})) == code


def test_a_link_in_a_cell_to_a_page_is_no_link_to_a_file(reading: Open) -> None:
    made = Workbook()
    assert isinstance(made.active, Worksheet)
    made.active.append(("村",))
    made.active.append(("李庄",))
    made.active["A2"].hyperlink = "https://example.org/"
    buffer = io.BytesIO()
    made.save(buffer)
    assert len(list(reading(MAPPING, buffer.getvalue()))) == 1


def compound(*names: str) -> bytes:
    """Return the start of a compound file: header, and a directory with these names."""
    directory = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    return COMPOUND.ljust(512, b"\0") + directory.ljust(4096, b"\0")


def test_an_older_workbook_and_an_encrypted_one_are_told_apart(reading: Open) -> None:
    assert code_of(reading, compound("Root Entry", "Workbook")) == "source.sheet_old"
    encrypted = compound("Root Entry", "\x06DataSpaces", "EncryptionInfo", "EncryptedPackage")
    assert code_of(reading, encrypted) == "source.sheet_encrypted"
    far = COMPOUND.ljust(200_192, b"\0") + "EncryptedPackage".encode("utf-16-le")
    assert code_of(reading, far) == "source.sheet_encrypted"


def test_a_workbook_whose_zip_is_encrypted_is_refused(reading: Open) -> None:
    data = bytearray(book())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<H", data, at + 8, struct.unpack_from("<H", data, at + 8)[0] | 1)
        at += 4
    assert code_of(reading, bytes(data)) == "source.sheet_encrypted"


def test_a_workbook_that_unpacks_far_beyond_its_size_is_refused(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "UNPACKED_BYTES_FREE", 1_000_000)
    data = rebuilt({"xl/media/image1.png": b"\0" * 20_000_000})
    assert code_of(reading, data) == "source.bomb"


def test_a_part_that_would_be_held_whole_is_bounded(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "PART_BYTES_MAX", 20_000)
    padded = part("xl/styles.xml").replace(b"</styleSheet>", b" " * 20_000 + b"</styleSheet>")
    assert code_of(reading, rebuilt({"xl/styles.xml": padded})) == "source.sheet_large"
    assert len(list(reading(MAPPING, book(2_000)))) == 2_000


def test_shared_texts_have_a_bound_of_their_own(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "STRINGS_BYTES_MAX", 1_000)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    types = declared(kind, "/xl/sharedStrings.xml")
    for length, code in ((1_001, "source.sheet_large"), (1_000, "source.sheet_broken")):
        data = rebuilt({TYPES: types, "xl/sharedStrings.xml": b"x" * length})
        assert code_of(reading, data) == code


@pytest.mark.parametrize("name", [SHEET, "xl/workbook.xml", "xl/styles.xml", TYPES])
def test_a_document_type_is_refused_in_every_part(reading: Open, name: str) -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    text = part(name)
    data = text[text.find(b"?>") + 2 :] if text.startswith(b"<?") else text
    assert code_of(reading, rebuilt({name: entity + data})) == "source.sheet_broken"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(b'<row r="2"', b'<row r="1"'),
        lambda text: text.replace(b'<row r="2"', b'<row r="1048577"'),
        lambda text: text.replace(b'r="B2"', b'r="XFE2"'),
        lambda text: text.replace(b"<v>0</v>", b"<v>zero</v>"),
        lambda text: text.replace(b"<sheetData>", b"<sheetData>" + b" " * 5_000_000),
    ],
    ids=["cut", "row twice", "row too far", "column too far", "no number", "row too long"],
)
def test_a_sheet_that_contradicts_itself_is_refused(
    reading: Open, change: Callable[[bytes], bytes]
) -> None:
    text = part(SHEET)
    changed = change(text)
    assert changed != text
    assert code_of(reading, rebuilt({SHEET: changed})) == "source.sheet_broken"


@pytest.mark.parametrize("name", ["xl/workbook.xml", SHEET, "xl/_rels/workbook.xml.rels"])
def test_a_workbook_that_lacks_a_part_is_refused(reading: Open, name: str) -> None:
    assert code_of(reading, rebuilt({name: None})) in (
        "source.sheet_broken",
        "source.sheet_missing",
    )


def test_a_workbook_cut_short_is_told_as_broken(reading: Open) -> None:
    data = book(500)
    assert code_of(reading, data[:-200]) == "source.packing"
    hurt = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.getinfo(SHEET).header_offset + 80
    hurt[start : start + 200] = b"\xff" * 200
    assert code_of(reading, bytes(hurt)) in ("source.packing", "source.sheet_broken")


def test_the_declared_format_is_held_to(reading: Open) -> None:
    assert len(list(reading('[file]\nformat = "xlsx"\n' + MAPPING, book()))) == 1
    assert code_of(reading, book(), '[file]\nformat = "csv"\n') == "source.format"
    assert code_of(reading, "村\n李庄\n".encode(), '[file]\nformat = "xlsx"\n') == "source.format"


def test_a_workbook_inside_a_packed_file_is_to_be_unpacked(reading: Open) -> None:
    assert code_of(reading, gzip.compress(book())) == "source.member"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("list.xlsx", book())
    assert code_of(reading, buffer.getvalue()) == "source.member"


def test_another_document_in_a_package_is_no_workbook(reading: Open) -> None:
    types = part(TYPES).replace(b"spreadsheetml.sheet.main", b"wordprocessingml.document.main")
    assert code_of(reading, rebuilt({TYPES: types})) == "source.member"


def test_no_refusal_quotes_a_cell(reading: Open) -> None:
    text = part(SHEET).replace(b"<v>0</v>", b"<v>Secret</v>")
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, rebuilt({SHEET: text})))
    assert "Secret" not in f"{caught.value.message} {caught.value.cure} {caught.value.values}"


def test_a_disk_that_fails_while_a_sheet_is_read_is_told_as_such() -> None:
    class Failing(io.BytesIO):
        failing = False

        def read(self, size: int | None = -1) -> bytes:
            if self.failing:
                raise OSError(5, "Input/output error")
            return super().read(size)

    stream = Failing(book(20_000))
    opened = read_applications(stream, parse_mapping(MAPPING.encode()))
    stream.failing = True
    with pytest.raises(Unavailable) as caught:
        list(opened)
    assert caught.value.code == "source.unreadable"


def test_a_reading_left_early_closes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(book(100))
    opened = read_applications(path, parse_mapping(MAPPING.encode()))
    next(opened)
    opened.close()
    assert opened.bytes_read <= opened.bytes_total
    path.unlink()

"""Containers and encodings: what is read, what is refused, and at which row."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.sources import Application, Reading, opening, parse_mapping, read_applications

Open = Callable[..., Reading]
MAPPING = '[fields]\n"profile.village" = "村"\n"profile.age_years" = "age"\n'
TEXT = "村,age\n王家坝,40\n李庄,50\n"


def villages(reading: Reading) -> list[object]:
    rows = list(reading)
    assert all(isinstance(row, Application) for row in rows)
    return [row.profile["village"] for row in rows if isinstance(row, Application)]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gbk", "gbk")],
)
@pytest.mark.parametrize("packing", ["plain", "gzip", "zip"])
def test_an_encoding_is_detected_in_every_container(
    reading: Open, encoding: str, found: str, packing: str
) -> None:
    data = TEXT.encode(encoding)
    if packing == "gzip":
        data = gzip.compress(data)
    if packing == "zip":
        data = zipped({"a/table.csv": data})
    opened = reading(MAPPING, data)
    assert villages(opened) == ["王家坝", "李庄"]
    assert opened.encoding == found


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_declared_encoding_is_held_to() -> None:
    mapping = parse_mapping(('[file]\nencoding = "gbk"\n' + MAPPING).encode())
    assert villages(read_applications(io.BytesIO(TEXT.encode("gbk")), mapping)) == [
        "王家坝",
        "李庄",
    ]
    with pytest.raises(Invalid) as caught:
        list(read_applications(io.BytesIO(b"\xef\xbb\xbf" + TEXT.encode()), mapping))
    assert caught.value.code == "source.encoding"


def test_bytes_that_are_neither_are_refused_with_their_row(reading: Open) -> None:
    ascii_table = '[fields]\n"profile.village" = "v"\n'
    opened = reading(ascii_table, b"v,w\na,1\nb,2\n\xff\xff\xff,3\n")
    with pytest.raises(Invalid) as caught:
        list(opened)
    assert caught.value.code == "source.encoding"
    assert caught.value.values["row"] == 3
    assert "row 3" in caught.value.message


def test_an_encoding_that_changes_midway_is_refused(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, TEXT.encode() + "赵村,60\n".encode("gbk")))
    assert (caught.value.code, caught.value.values["row"]) == ("source.encoding", 3)


def test_utf_16_is_told_apart(reading: Open) -> None:
    with pytest.raises(Invalid, match="UTF-16"):
        reading(MAPPING, TEXT.encode("utf-16"))


@pytest.mark.parametrize("cut", [1, 8, 12])
def test_a_gzip_cut_short_is_refused(reading: Open, cut: int) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, gzip.compress(TEXT.encode())[:-cut]))
    assert caught.value.code == "source.packing"


def test_a_zip_with_a_flipped_byte_is_refused(reading: Open) -> None:
    data = bytearray(zipped({"t.csv": TEXT.encode() * 40}))
    data[60] ^= 0x55
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, bytes(data)))
    assert caught.value.code in ("source.packing", "source.encoding", "source.columns_missing")


def test_a_zip_of_two_files_wants_its_member_named(reading: Open) -> None:
    data = zipped({"a.csv": TEXT.encode(), "b.csv": TEXT.replace("40", "41").encode()})
    with pytest.raises(Invalid) as caught:
        reading(MAPPING, data)
    assert caught.value.code == "source.member"
    first = next(reading('[file]\nmember = "b.csv"\n' + MAPPING, data))
    assert isinstance(first, Application)
    assert first.profile["age_years"] == 41


def test_a_bomb_is_refused_before_it_fills_anything(
    reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "UNPACKED_BYTES_FREE", 100_000)
    bomb = gzip.compress("村,age\n".encode() + b"a,1\n" * 500_000, 9)
    assert len(bomb) < 8_000
    opened = reading(MAPPING, bomb)
    with pytest.raises(Invalid) as caught:
        for _ in opened:
            pass
    assert caught.value.code == "source.bomb"
    assert opened.rows < 500_000


def test_a_line_without_end_is_refused(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, TEXT.encode() + b"x" * (opening.LINE_BYTES_MAX + 2)))
    assert caught.value.code == "source.line_too_long"


def test_zero_bytes_are_no_text(reading: Open) -> None:
    with pytest.raises(Invalid) as caught:
        list(reading(MAPPING, TEXT.encode() + b"a\0b,3\n"))
    assert (caught.value.code, caught.value.values["row"]) == ("source.binary", 3)


def test_an_absent_file_is_not_found() -> None:
    with pytest.raises(NotFound) as caught:
        read_applications("/nonexistent/table.csv", parse_mapping(MAPPING.encode()))
    assert caught.value.code == "source.absent"


METHODS = (None, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@given(st.sampled_from(METHODS), st.data())
def test_a_damaged_container_gives_rows_or_a_refusal_and_nothing_else(
    method: int | None, data: st.DataObject
) -> None:
    if method is None:
        raw = bytearray(gzip.compress(TEXT.encode()))
    else:
        raw = bytearray(zipped({"t.csv": TEXT.encode()}, method))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(0, len(raw))) :]
    try:
        rows = list(read_applications(io.BytesIO(raw), parse_mapping(MAPPING.encode())))
        told = f"{len(rows)} rows"
    except Invalid as refused:
        told = refused.code
    assert told.startswith("source.") or told.endswith(" rows")


def test_a_stream_that_cannot_be_wound_back_is_refused() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(Invalid) as caught:
        read_applications(Pipe(TEXT.encode()), parse_mapping(MAPPING.encode()))
    assert caught.value.code == "source.stream"


def test_a_disk_that_fails_midway_is_told_as_such() -> None:
    class Failing(io.BytesIO):
        lines = 0

        def readline(self, size: int | None = -1) -> bytes:
            self.lines += 1
            if self.lines > 2:
                raise OSError(5, "Input/output error")
            return super().readline(size)

    reading = read_applications(Failing(TEXT.encode()), parse_mapping(MAPPING.encode()))
    with pytest.raises(Unavailable) as caught:
        list(reading)
    assert (caught.value.code, reading.rows) == ("source.unreadable", 1)


def test_a_file_given_by_path_is_closed_after_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(Invalid) as caught:
        read_applications(path, parse_mapping(MAPPING.encode()))
    assert caught.value.code == "source.packing"
    path.write_text("other\n1\n")
    with pytest.raises(Invalid) as caught:
        read_applications(path, parse_mapping(MAPPING.encode()))
    assert caught.value.code == "source.columns_missing"


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson.gz", "t.arff", "t.tsv", "t.csv.gz"])
def test_a_format_is_told_by_the_name(tmp_path: Path, name: str) -> None:
    texts = {
        "jsonl": '{"村": "李庄", "age": 5}\n',
        "ndjson": '{"村": "李庄", "age": 5}\n',
        "arff": "@attribute 村 string\n@attribute age numeric\n@data\n李庄,5\n",
        "tsv": "村\tage\n李庄\t5\n",
        "csv": "村,age\n李庄,5\n",
    }
    data = texts[name.split(".")[1]].encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (row,) = read_applications(path, parse_mapping(MAPPING.encode()))
    assert isinstance(row, Application)
    assert row.profile == {"village": "李庄", "age_years": 5}

"""What is told to people is whole, acts on no terminal, and is told to programs as it is."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import Any

import pytest
from rich.cells import cell_len

from tallystick.cli.showing import show

CID = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
OTHER = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
HOSTILE = {
    "\x1b]0;owned\x07\x1b[2Jred": r"\x1b]0;owned\x07\x1b[2Jred",
    f"a\t{CID}\nforged\t{CID}": rf"a\x09{CID}\x0aforged\x09{CID}",
    "\u202egpj.exe": r"\u202egpj.exe",
    "\u2066x\u2069\u200f\u061c": r"\u2066x\u2069\u200f\u061c",
    "\x9b31m\x7f\x00": r"\x9b31m\x7f\x00",
    "a\u2028b\u2029c": r"a\u2028b\u2029c",
    "o\udcff": r"o\xff",
}
PLAIN = (
    "b [red] :x: :100:.txt",
    "[bold]x[/bold]",
    "中文 name",
    "नमस्ते",
    "👨\u200d👩\u200d👧",
    "100%",
)


def on_terminal(rows: object, columns: int) -> str:
    """Return what `show` writes to a terminal of so many columns."""
    code = (
        "import json, sys; from tallystick.cli.showing import show;"
        "show(json.loads(sys.argv[1]), is_json=False, language='en')"
    )
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    command = [sys.executable, "-c", code, json.dumps(rows)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, env=environment | {"TERM": "xterm-256color"}
    ) as process:
        os.close(theirs)
        told = b""
        while part := _read(ours):
            told += part
        assert process.wait(60) == 0
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", told.decode()).replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # the last writer has gone
        return b""


def row(cid: str, name: str) -> dict[str, Any]:
    """Return a row as `tally store ls` tells it."""
    told = {"cid": cid, "name": name, "profile": "unixfs-v1-2025", "bytes": 11, "blocks": 1}
    return told | {"stored": 11, "pinned": 1, "public": 0, "added_at": 1_790_000_000_000}


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_no_cid_is_cut_on_a_terminal_of_any_width(columns: int) -> None:
    rows = [row(CID, "b [red] :x: :100:.txt"), row(OTHER, "x" * 70)]
    told = on_terminal(rows, columns)
    for whole in (CID, OTHER, "x" * 70, "b [red] :x: :100:.txt"):
        assert whole in told
    assert "…" not in told


def test_a_table_fills_the_terminal_that_it_fits_and_no_line_is_longer() -> None:
    name = "some words to be folded where they do not fit"
    rows = [{"cid": CID, "name": name, "bytes": 7}]
    for columns in (70, 76, 80, 90, 119, 130):
        told = on_terminal(rows, columns)
        assert CID in told
        head, *lines = told.splitlines()
        if columns > len(CID) + 20:
            assert head.split() == ["cid", "name", "bytes"]
            assert all(len(line.rstrip()) <= columns for line in lines)
        words = " ".join(told.split())
        assert all(each in words for each in name.split())


def test_what_does_not_fit_is_told_line_by_line_and_chinese_breaks_anywhere() -> None:
    told = on_terminal([{"cid": CID, "name": "a"}, {"cid": OTHER, "name": "b"}], 50)
    assert told == f"cid   {CID}\nname  a\n\ncid   {OTHER}\nname  b\n"
    text = "一二三四五六七八九十" * 6
    told = on_terminal([{"cid": CID, "name": text}], 90)
    assert "".join(re.findall("[一-龥]", told)) == text
    assert all(cell_len(line.rstrip()) <= 90 for line in told.splitlines())


def test_names_are_shown_as_they_are_on_a_terminal() -> None:
    told = on_terminal([{"name": name} for name in PLAIN], 80).splitlines()
    assert [line.rstrip() for line in told] == ["name", *PLAIN]


def test_a_name_out_of_a_strange_archive_does_nothing_to_a_terminal() -> None:
    rows = [{"cid": OTHER, "name": name} for name in HOSTILE if "\udcff" not in name]
    told = on_terminal(rows, 300)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200f\u061c]", told
    )
    assert len(told.splitlines()) == 1 + len(rows)


def test_a_strange_name_forges_no_row_and_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"cid": OTHER, "name": name} for name in HOSTILE], is_json=False, language="en")
    lines = capsys.readouterr().out.split("\n")
    assert lines == ["cid\tname", *(f"{OTHER}\t{said}" for said in HOSTILE.values()), ""]
    for name, said in HOSTILE.items():
        show({"name": name, "items": [{"name": name}]}, is_json=False, language="en")
        assert capsys.readouterr().out == f"name   {said}\nitems\n  - name {said}\n"
    show({"name": list(PLAIN)}, is_json=False, language="en")
    assert capsys.readouterr().out == f"name  {', '.join(PLAIN)}\n"


def test_a_column_of_a_strange_name_is_spelled_too(capsys: pytest.CaptureFixture[str]) -> None:
    for tree in ({"\x1b[2J": 1}, [{"\x1b[2J": 1}], {"a": {"b": [{"\x1b[2J": 1}]}}):
        show(tree, is_json=False, language="en")
        told = capsys.readouterr().out
        assert r"\x1b[2J" in told
        assert "\x1b" not in told


def test_json_has_every_name_as_it_is_and_is_utf_8(capfdbinary: Any) -> None:
    names = [*HOSTILE, *PLAIN]
    show([{"name": name} for name in names], is_json=True, language="en")
    told = capfdbinary.readouterr().out.decode("utf-8")
    # str.splitlines would cut at U+2028, which JSON may hold.
    assert [json.loads(line)["name"] for line in told.rstrip("\n").split("\n")] == names

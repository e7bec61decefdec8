"""Foreign bytes, opened and read line by line in bounded memory.

Plain, gzip, zip and workbooks are told by their first bytes, never by name. Text is UTF-8 (with or
without a mark) or GBK: declared, or detected at the first line that is not ASCII and then held to.
Lines are bounded, and what unpacks far beyond its packed size is refused as a bomb.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.sources.workbook import (
    COMPOUND_MARK,
    check_package,
    compound_refused,
    is_workbook,
)

__all__ = [
    "ENCODINGS",
    "LINE_BYTES_MAX",
    "PACKING_ERRORS",
    "UNPACKED_BYTES_FREE",
    "UNPACKED_RATIO_MAX",
    "Lines",
    "Opened",
    "open_source",
    "packing_refused",
    "reading_stopped",
]

LINE_BYTES_MAX = 1_048_576
"""Longest physical line, in bytes."""
UNPACKED_BYTES_FREE = 67_108_864
"""Unpacked bytes up to which the ratio below is not looked at."""
UNPACKED_RATIO_MAX = 250
"""Most unpacked bytes per packed byte; tables of text reach 5 to 50."""
ENCODINGS = ("detect", "utf-8", "gbk", "gb18030")

_BUFFER_BYTES = 262_144
_ZIP_MARK = b"PK\x03\x04"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PACKING_ERRORS: tuple[type[Exception], ...] = (
    zlib.error,
    lzma.LZMAError,
    EOFError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    NotImplementedError,
)
"""What broken packed bytes raise."""


@dataclass(slots=True)
class Opened:
    """An open file: unpacked bytes to read, and how far the packed bytes have been read.

    Attributes:
        stream: unpacked bytes.
        packed: the file itself, whose position is the progress.
        total: bytes of the file, 0 where unknown.
        name: name of the file or of the zip member, without `.gz`; may be empty.
        owned: whether closing also closes the file.
        workbook: whether it is an .xlsx, whose stream is then the file itself.
        reached: bytes read when it was closed, -1 while it is open.
    """

    stream: BinaryIO
    packed: BinaryIO
    total: int
    name: str
    owned: bool
    workbook: bool = False
    reached: int = -1

    def position(self) -> int:
        """Return bytes of the file read so far."""
        if self.reached >= 0:
            return self.reached
        # A caller may have closed its own stream before us.
        return 0 if self.packed.closed else self.packed.tell()

    def close(self) -> None:
        """Close what was opened here; a second time does nothing."""
        if self.reached >= 0:
            return
        self.reached = self.position()
        if self.stream is not self.packed:
            self.stream.close()
        if self.owned:
            self.packed.close()


def open_source(source: Path | str | BinaryIO, member: str = "") -> Opened:
    """Open a file, or a seekable binary stream, for reading.

    Args:
        source: path or stream; a stream is not closed.
        member: name inside a zip; may be left out where the zip holds one file.

    Raises:
        NotFound: `source.absent`.
        Invalid: `source.packing` or `source.member` where the container cannot be read; a code
            beginning `source.sheet_`, or `source.bomb`, where a workbook must not be.
    """
    owned = isinstance(source, str | Path)
    if isinstance(source, str | Path):
        try:
            packed: BinaryIO = Path(source).open("rb")  # noqa: SIM115 - Opened closes it
        except OSError as error:
            raise NotFound(
                "source.absent",
                f"the file cannot be opened: {error.strerror}",
                cure="Check the path and the right to read it.",
            ) from error
        name = Path(source).name
    else:
        packed, name = source, ""
    if not packed.seekable():
        raise Invalid(
            "source.stream", "the stream cannot be wound back", cure="Save it to a file first."
        )
    try:
        total = packed.seek(0, os.SEEK_END)
        packed.seek(0)
        workbook = not member and _is_workbook(packed)
        stream, inner = (packed, "") if workbook else _unpack(packed, member)
    except BaseException as error:
        if owned:
            packed.close()
        if isinstance(error, PACKING_ERRORS):
            raise packing_refused() from error
        raise
    return Opened(stream, packed, total, inner or name.removesuffix(".gz"), owned, workbook)


def _is_workbook(packed: BinaryIO) -> bool:
    """Return whether the file is an .xlsx that may be read; what is like one is refused."""
    magic = packed.read(len(COMPOUND_MARK))
    if magic == COMPOUND_MARK:
        raise compound_refused(packed)
    if not magic.startswith(_ZIP_MARK):
        return False
    with zipfile.ZipFile(packed) as archive:
        if not is_workbook(archive):
            return False
        total = packed.seek(0, os.SEEK_END)
        unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > max(UNPACKED_BYTES_FREE, UNPACKED_RATIO_MAX * total):
            raise _bomb_refused()
        check_package(archive)
    return True


def _unpack(packed: BinaryIO, member: str) -> tuple[BinaryIO, str]:
    packed.seek(0)
    magic = packed.read(4)
    packed.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return _plain(io.BufferedReader(gzip.GzipFile(fileobj=packed), _BUFFER_BYTES)), ""
    if magic == _ZIP_MARK:
        archive = zipfile.ZipFile(packed)
        inside = _choose_member(archive, member)
        if inside.flag_bits & 1:
            raise _member_refused("the zip member is encrypted", "Unpack it first.")
        raw = cast("io.RawIOBase", archive.open(inside))
        return _plain(io.BufferedReader(raw, _BUFFER_BYTES)), inside.filename
    if magic[:2] in _UTF16_MARKS:
        raise _encoding_refused("the file is UTF-16", 1)
    return packed, ""


def _plain(stream: io.BufferedReader) -> io.BufferedReader:
    """Return unpacked bytes, which must not be packed once more or be a workbook."""
    if stream.peek(len(COMPOUND_MARK)).startswith((COMPOUND_MARK, _ZIP_MARK)):
        raise _member_refused("the packed file is itself a workbook or zip", "Unpack it first.")
    return stream


def _choose_member(archive: zipfile.ZipFile, member: str) -> zipfile.ZipInfo:
    files = [entry for entry in archive.infolist() if not entry.is_dir()]
    if member:
        files = [entry for entry in files if entry.filename == member]
    if len(files) != 1:
        fact = f"the zip holds {len(files)} files" + (" of the declared name" if member else "")
        raise _member_refused(fact, "Name exactly one as member in [file].")
    return files[0]


class Lines(Iterator[str]):
    """Decoded lines of an opened file, each with its own line end.

    Attributes:
        row: number of the row being read, set by the reader of rows; for messages.
        encoding: what the text was found or declared to be; `ascii` until it shows.
    """

    __slots__ = ("_declared", "_opened", "_unpacked", "encoding", "row")

    def __init__(self, opened: Opened, encoding: str = "detect") -> None:
        """Read `opened` as one of `ENCODINGS`."""
        self._opened = opened
        self._declared = encoding
        self._unpacked = 0
        self.encoding = "ascii" if encoding == "detect" else encoding
        self.row = 0

    def __next__(self) -> str:
        """Return the next line.

        Raises:
            Invalid: `source.line_too_long`, `source.bomb`, `source.packing`,
                `source.encoding` or `source.binary`, each with its row.
        """
        raw = self._read()
        if not raw:
            raise StopIteration
        if self._unpacked == 0:
            raw = self._without_mark(raw)
        self._unpacked += len(raw)
        if b"\0" in raw:
            raise Invalid(
                "source.binary",
                f"row {self.row} holds a zero byte: this is not text",
                cure="Export the table as CSV in UTF-8.",
                row=self.row,
            )
        return self._decode(raw) if raw else "\n"

    def _read(self) -> bytes:
        try:
            raw = self._opened.stream.readline(LINE_BYTES_MAX + 1)
        except PACKING_ERRORS as error:
            raise packing_refused(self.row) from error
        except OSError as error:
            if error.errno is None:  # bz2 says so of broken bytes, not of a broken disk.
                raise packing_refused(self.row) from error
            raise reading_stopped(error, self.row) from error
        if len(raw) > LINE_BYTES_MAX:
            raise Invalid(
                "source.line_too_long",
                f"the line of row {self.row} exceeds {LINE_BYTES_MAX} bytes",
                cure="Write one record per line, ended by a line feed.",
                row=self.row,
            )
        if self._unpacked > max(UNPACKED_BYTES_FREE, UNPACKED_RATIO_MAX * self._opened.total):
            raise _bomb_refused(self.row)
        return raw

    def _without_mark(self, raw: bytes) -> bytes:
        if raw.startswith(_UTF16_MARKS):
            raise _encoding_refused("the file is UTF-16", self.row)
        if not raw.startswith(_UTF8_MARK):
            return raw
        if self._declared in ("gbk", "gb18030"):
            raise _encoding_refused(
                "the file opens with UTF-8's mark but is declared GBK", self.row
            )
        self.encoding = "utf-8"
        return raw[len(_UTF8_MARK) :]

    def _decode(self, raw: bytes) -> str:
        if raw.isascii():
            return raw.decode("ascii")
        for name in ("utf-8", "gbk") if self.encoding == "ascii" else (self.encoding,):
            try:
                text = raw.decode(name)
            except UnicodeDecodeError:
                continue
            self.encoding = name
            return text
        tried = (
            "neither as UTF-8 nor as GBK" if self.encoding == "ascii" else f"not as {self.encoding}"
        )
        raise _encoding_refused(f"row {self.row} decodes {tried}", self.row)


def _bomb_refused(row: int = 0) -> Invalid:
    return Invalid(
        "source.bomb",
        f"the file unpacks to over {UNPACKED_RATIO_MAX} times its size",
        cure="Unpack it yourself, look at it, and give the plain file.",
        row=row,
    )


def _encoding_refused(fact: str, row: int) -> Invalid:
    return Invalid(
        "source.encoding",
        fact,
        cure='Declare encoding = "utf-8", "gbk" or "gb18030" in [file], or re-export the file.',
        row=row,
    )


def packing_refused(row: int = 0) -> Invalid:
    """Return the refusal of packed bytes that are broken."""
    place = f" after row {row}" if row else ""
    return Invalid(
        "source.packing",
        f"the packed file is broken or cut short{place}",
        cure="Copy it again and compare its size with the original.",
        row=row,
    )


def reading_stopped(error: OSError, row: int = 0) -> Unavailable:
    """Return the error of a disk or network drive that fails while it is read."""
    return Unavailable(
        "source.unreadable",
        f"reading stopped at row {row}: {error.strerror}",
        cure="Check the disk or the network drive, and start again.",
        row=row,
    )


def _member_refused(fact: str, cure: str) -> Invalid:
    return Invalid("source.member", fact, cure=cure)

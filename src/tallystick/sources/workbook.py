"""A workbook's package, looked through before anything of it is read.

A workbook is told by its first bytes and the content types it declares, never by its name. Laws:
what could carry code (macros), what rests on files that are not here (external links), what is
encrypted or of an older form, and what unpacks beyond its bounds is refused, each by a code of its
own. Source: ECMA-376 part 2 (packages), [MS-CFB] (the older container, also that of encryption).
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import IO, BinaryIO
from xml.parsers import expat

from tallystick.base.errors import Invalid

__all__ = [
    "COMPOUND_MARK",
    "PART_BYTES_MAX",
    "STRINGS_BYTES_MAX",
    "check_package",
    "compound_refused",
    "is_workbook",
    "sheet_refused",
    "walk_part",
]

COMPOUND_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of a compound file: an .xls, or an encrypted .xlsx."""
STRINGS_BYTES_MAX = 67_108_864
"""Longest table of shared texts, unpacked; it is held in memory."""
PART_BYTES_MAX = 16_777_216
"""Longest other part that is held in memory, such as styles, unpacked."""

_TYPES = "[Content_Types].xml"
_CHUNK_BYTES = 65_536
_MAIN = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
)
_STREAMED = ("worksheet+xml", "pivotcacherecords+xml")
_ENTRY_BYTES = 128
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

OnStart = Callable[[str, dict[str, str]], None]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Return whether a zip declares itself a workbook of any kind, macros and binary included.

    Raises:
        Invalid: as `walk_part`, where its declaration of types cannot be read.
    """
    if _TYPES not in archive.namelist():
        return False
    types = _types_of(archive).values()
    return any(_is_book(kind) for kind in types)


def _is_book(kind: str) -> bool:
    return kind in _MAIN or (kind.startswith("application/vnd.ms-excel.") and ".main" in kind)


def check_package(archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that must not, or cannot, be read.

    Raises:
        Invalid: `source.sheet_encrypted`, `source.sheet_macro`, `source.sheet_old`,
            `source.sheet_link`, `source.sheet_large`, `source.sheet_broken`.
    """
    if any(entry.flag_bits & 1 for entry in archive.infolist()):
        raise _encrypted_refused()
    types = _types_of(archive)
    kinds = set(types.values())
    if any(".binary." in kind for kind in kinds):
        raise _old_refused("the workbook is of the binary form (.xlsb)")
    if any("macro" in kind or "vbaproject" in kind for kind in kinds):
        raise Invalid(
            "source.sheet_macro",
            "the workbook carries macros or is of the form that may (.xlsm)",
            cure='Save it as "Excel Workbook (.xlsx)", which drops macros.',
        )
    if any(kind.endswith("externallink+xml") for kind in kinds):
        raise Invalid(
            "source.sheet_link",
            "the workbook takes values from other files, which are not here",
            cure="Break the links (Data, Edit Links), so that the values stay, and save it.",
        )
    for entry in archive.infolist():
        _check_part(archive, entry, types.get(entry.filename, ""))


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, kind: str) -> None:
    """Refuse a part that would be held in memory whole and is too long, or names a document type.

    A zip's reader gives no more bytes of a part than its directory states, so this bound holds.
    """
    if not entry.filename.lower().endswith((".xml", ".rels")) or kind.endswith(_STREAMED):
        return
    most = STRINGS_BYTES_MAX if kind.endswith("sharedstrings+xml") else PART_BYTES_MAX
    if entry.file_size > most:
        raise Invalid(
            "source.sheet_large",
            f"a part of the workbook that is held whole exceeds {most} bytes",
            cure="Save the list alone in a new workbook, or as CSV.",
        )
    with archive.open(entry) as stream:
        walk_part(stream, lambda _name, _attributes: None)


def _types_of(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the content type, in lower case, by part name; of an ending under `*.ending`."""
    found: dict[str, str] = {}

    def on_start(name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "").lower()
        if name == "Override":
            found[attributes.get("PartName", "").removeprefix("/")] = kind
        elif name == "Default":
            found["*." + attributes.get("Extension", "").lower()] = kind

    entry = archive.getinfo(_TYPES)
    if entry.file_size > PART_BYTES_MAX:
        raise sheet_refused("its declaration of types is too long")
    if entry.flag_bits & 1:
        raise _encrypted_refused()
    with archive.open(entry) as stream:
        walk_part(stream, on_start)
    return found


def walk_part(
    stream: IO[bytes],
    on_start: OnStart,
    *,
    on_chunk: Callable[[expat.XMLParserType, int], None] | None = None,
    prepare: Callable[[expat.XMLParserType], None] | None = None,
) -> None:
    """Read one XML part of a package to its end, in bounded memory.

    Args:
        stream: the part's bytes.
        on_start: told the name, without prefix, and the attributes of every element.
        on_chunk: told the parser and the bytes fed so far, after each piece.
        prepare: given the parser before the first byte.

    Raises:
        Invalid: `source.sheet_broken` where it is no XML, or declares a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_declared: object) -> None:
        raise sheet_refused("one of its parts declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: on_start(
        name.rpartition(":")[2], attributes
    )
    if prepare is not None:
        prepare(parser)
    fed = 0
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            parser.Parse(chunk, False)  # noqa: FBT003 - the C parser's own form
            fed += len(chunk)
            if on_chunk is not None:
                on_chunk(parser, fed)
        parser.Parse(b"", True)  # noqa: FBT003
    except expat.ExpatError as error:
        raise sheet_refused("one of its parts is not well-formed XML") from error


def compound_refused(packed: BinaryIO) -> Invalid:
    """Return why a compound file is not read: it is encrypted, or an older workbook.

    The directory of a compound file is made of entries of 128 bytes, each opening with its name.
    """
    packed.seek(0)
    while block := packed.read(_CHUNK_BYTES):
        for place in range(0, len(block), _ENTRY_BYTES):
            if block.startswith(_ENCRYPTED, place):
                return _encrypted_refused()
    return _old_refused("the file is of an older form (.xls)")


def sheet_refused(fact: str) -> Invalid:
    """Return the refusal of a workbook that cannot be read."""
    return Invalid(
        "source.sheet_broken",
        f"the workbook cannot be read: {fact}",
        cure='Open it in a spreadsheet program and save it as "Excel Workbook (.xlsx)", or as CSV.',
    )


def _encrypted_refused() -> Invalid:
    return Invalid(
        "source.sheet_encrypted",
        "the workbook is encrypted",
        cure="Open it with its password, take the password away, and save it.",
    )


def _old_refused(fact: str) -> Invalid:
    return Invalid(
        "source.sheet_old",
        fact,
        cure='Open it in a spreadsheet program and save it as "Excel Workbook (.xlsx)".',
    )

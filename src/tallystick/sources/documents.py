"""JSON documents, one per line, read without floats and in bounded depth.

Numbers stay the text they were written as (`Numeral`), so that they are read exactly. A key that
stands twice, a line that is no object, or nesting beyond `DEPTH_MAX` is a fault of its row.
Source: RFC 8259 and the JSON Lines convention.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from tallystick.base.errors import Invalid
from tallystick.sources.opening import Lines

__all__ = ["DEPTH_MAX", "Document", "Json", "Numeral", "read_documents", "verbatim", "walk_to"]

DEPTH_MAX = 16
"""Deepest nesting of lists and maps in one document."""


class Numeral(str):
    """The text of a JSON number, unlike a JSON string that looks like one."""

    __slots__ = ()


Json = str | bool | None | list["Json"] | dict[str, "Json"]
Document = dict[str, Json]


def read_documents(lines: Lines) -> Iterator[tuple[int, Document | Invalid]]:
    """Yield documents, or the fault of a row in its place, numbered from 1; blank lines pass."""
    row = 0
    lines.row = 1
    for line in lines:
        if not line.strip():
            continue
        row += 1
        lines.row = row + 1
        try:
            yield row, _parse(line)
        except Invalid as fault:
            yield row, fault


def _parse(line: str) -> Document:
    try:
        document = _DECODER.decode(line.strip().removeprefix("\ufeff"))
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # The parser's own words quote the line, so they stop here.
        raise _json_refused("the line is not a JSON document") from None
    if not isinstance(document, dict):
        raise _json_refused("the line is not a JSON object")
    if _depth_exceeds(document, DEPTH_MAX):
        raise _too_deep()
    if "\\u" in line and not _is_unicode(document):
        raise _json_refused("the document escapes half a character")
    return document


def _is_unicode(document: Document) -> bool:
    """Return whether every text can be written as UTF-8, which a lone surrogate cannot."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unique(pairs: list[tuple[str, Json]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise Invalid(
            "source.key_twice",
            "the document holds one key twice",
            cure="Keep one of them; which is meant cannot be known.",
        )
    return document


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=Numeral, parse_int=Numeral, parse_constant=Numeral
)


def _depth_exceeds(value: Json, most: int) -> bool:
    if isinstance(value, dict):
        return most == 0 or any(_depth_exceeds(inner, most - 1) for inner in value.values())
    if isinstance(value, list):
        return most == 0 or any(_depth_exceeds(inner, most - 1) for inner in value)
    return False


def walk_to(steps: tuple[str, ...]) -> Callable[[Json], Json]:
    """Return a function that follows `steps` down a document; what is absent is None.

    Raises (from the function):
        Invalid: `source.not_map` where a step stands on what is no map.
    """

    def find(value: Json) -> Json:
        for step in steps:
            if value is None:
                return None
            if not isinstance(value, dict):
                raise Invalid(
                    "source.not_map",
                    f"there is no map to look for {step} in",
                    cure="Correct the path in the mapping, or the row.",
                )
            value = value.get(step)
        return value

    return find


def verbatim(value: Json) -> object:
    """Return a document's part as Python's own JSON reader would (integers and floats)."""
    if isinstance(value, Numeral):
        return json.loads(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, dict):
        return {key: verbatim(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [verbatim(inner) for inner in value]
    return value


def _json_refused(fact: str) -> Invalid:
    return Invalid("source.json", fact, cure="Write one whole JSON object per line.")


def _too_deep() -> Invalid:
    return Invalid(
        "source.too_deep",
        f"the document nests deeper than {DEPTH_MAX}",
        cure="Flatten it before it is read.",
    )

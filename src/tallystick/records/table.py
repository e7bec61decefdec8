"""The table of record types for a second implementation: `docs/spec/records.csv`.

A check is put into the words of docs/spec/README.md by reading what it was made with, so that the
table cannot say another thing than the program does. A kind of check without words is our bug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX, Check
from tallystick.records.base import Spec

__all__ = ["COLUMNS", "shape_of", "table_of", "words_of"]

COLUMNS: Final = ("type", "version", "class", "position", "field", "optional", "check")
_UNSIGNED: Final = {2**8 - 1: "u8", 2**16 - 1: "u16", 2**32 - 1: "u32", INTEGER_MAX: "uint"}


def _made_with(check: Any) -> dict[str, Any]:  # noqa: ANN401 - a function and its closure
    cells = check.__closure__ or ()
    return dict(
        zip(check.__code__.co_freevars, (each.cell_contents for each in cells), strict=True)
    )


def _integer(low: int, high: int) -> str:
    if low == 0 and high in _UNSIGNED:
        return _UNSIGNED[high]
    if (low, high) == (-INTEGER_MAX, INTEGER_MAX):
        return "int"
    return f"{low}..{'2^53-1' if high == INTEGER_MAX else high}"


def _sized(least: int, most: int) -> str:
    return f"<={most}" if least == 0 else f"{least}..{most}"


def _choice(allowed: Iterable[int | str]) -> str:
    return " | ".join(str(each) for each in allowed)


def _say_shape(made: dict[str, Any]) -> str:
    plan = _made_with(made["plan"])
    fields = (
        f"{name}{'' if name in plan['required'] else '?'}: {words_of(check)}"
        for name, check in plan["known"].items()
    )
    return f"{{{', '.join(fields)}}}"


_SAY: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "integer": lambda made: _integer(made["low"], made["high"]),
    "choice": lambda made: _choice(made["allowed"]),
    "exact_bytes": lambda made: f"b{made['size']}",
    "octets": lambda made: f"bytes {_sized(made['least'], made['most'])}",
    "ident": lambda made: f"id{made['most']}",
    "text": lambda made: ("" if made["least"] else "empty or ") + f"str{made['most']}",
    "list_of": lambda made: f"[{words_of(made['item'])}]{_sized(made['least'], made['most'])}",
    "map_of": lambda made: (
        f"{{id{made['key_max']}: {words_of(made['item'])}}}{_sized(made['least'], made['most'])}"
    ),
    "shape": _say_shape,
    "assent": lambda made: f"{words_of(made['own'])} | {words_of(made['mandated'])}",
}


def shape_of(check: Check) -> tuple[dict[str, Check], frozenset[str]]:
    """Return the fields of a `codec.shape` and the names of those that may not be absent."""
    plan = _made_with(_made_with(check)["plan"])
    return dict(plan["known"]), frozenset(plan["required"])


def words_of(check: Check) -> str:
    """Return what a check admits, in the notation of docs/spec/README.md."""
    if check is codec.cid:
        return "CID"
    if check is codec.value:
        return "value"
    maker = check.__qualname__.partition(".")[0]
    assert maker in _SAY, f"no words for the check {check.__qualname__}"
    return _SAY[maker](_made_with(check))


def _rows(spec: Spec) -> Iterator[tuple[str, ...]]:
    for sealed in ("public", "case", "party"):
        found = spec.of_class(sealed)
        for position, (name, check) in enumerate(found.items()):
            optional = "no" if name in spec.required else "yes"
            place = (sealed, str(position), name, optional)
            yield (spec.t, str(spec.rv), *place, words_of(check))
    if not spec.fields:
        yield (spec.t, str(spec.rv), "", "", "", "", "")


def _quote(cell: str) -> str:
    """Return a cell as RFC 4180 writes it; no words of ours hold a quotation mark."""
    assert '"' not in cell
    return f'"{cell}"' if "," in cell else cell


def table_of(specs: Iterable[Spec]) -> str:
    """Return the table as CSV, a line a field; a type without fields has one line of its name."""
    rows = [COLUMNS, *(row for spec in specs for row in _rows(spec))]
    return "".join(f"{','.join(map(_quote, row))}\n" for row in rows)

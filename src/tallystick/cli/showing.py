"""How results are told: JSON for programs, lines and tables for people.

Laws: what a program reads is one JSON object a result on standard output; what only a person needs
(progress) goes to standard error, and only to a terminal. What a person reads is text: a sign that
would act on the terminal, begin a row of its own or turn the line round is spelled out, since names
come from strangers too. Nothing is cut: a table that is wider than the terminal is told as lines.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tallystick.text.column import MODEL_STATES, STAGES, name_column
from tallystick.text.roles import ROLE_NAMES
from tallystick.text.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tallystick.text.wording import Language

__all__ = ["Plain", "progress", "show", "spell"]

_POSTS: Final = {f"post.{role}": name for role, name in ROLE_NAMES.items()}
_WORDS: Final = {**WORDS, **STAGES, **MODEL_STATES, **_POSTS}
_TABLES: Final[Mapping[str, Sequence[str]]] = {
    "stage": ("stage",),
    "state": ("model_state",),
    "role": ("post",),
    "outcome": ("outcome", "scheme"),
    "preferred": ("expertise",),
    "alternatives": ("expertise",),
    "expertise": ("expertise",),
    "scheme": ("scheme",),
    "gap": ("gap",),
    "is_told": ("end_told",),
    "until_at": ("until",),
}
"""Columns whose values have words of their own."""
_TIMES: Final = frozenset({"at", "time", "since", "not_after", "handed_over_due"})
_ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls (Cc), separators of lines (Zl, Zp), marks of direction (of Cf), lone surrogates (Cs)."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BYTE: Final = range(0xDC80, 0xDD00)
"""The surrogates that stand for a byte of a file's name that is no UTF-8."""
_WORD: Final = re.compile("[!-~]+")
_GAP: Final = 2
"""Cells between two columns; the table's measure counts them behind the last one too."""
_WIDE: Final = 2
"""Cells of a Chinese sign."""


class Plain(str):
    """A text to be told as it stands, such as a file's content."""

    __slots__ = ()


def show(found: object, *, is_json: bool, language: Language) -> None:
    """Tell a result: a tree, a list of trees, or a text."""
    if found is None:
        return
    if isinstance(found, Plain):
        sys.stdout.write(found)
    elif is_json:
        for each in found if isinstance(found, list) else [found]:
            line = json.dumps(each, ensure_ascii=False, sort_keys=True)
            # What is no UTF-8 goes out as JSON's own escape: whoever reads it has the name again.
            print(_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", line))
    elif isinstance(found, list):
        _show_table(found, language)
    elif isinstance(found, Mapping):
        _show_lines(found, language, 0)
    else:
        print(found)


def _show_lines(tree: Mapping[str, Any], language: Language, depth: int) -> None:
    names = {key: spell(name_column(key, language)) for key in tree}
    width = max((_width(name) for name in names.values()), default=0)
    for key, value in tree.items():
        pad = "  " * depth + names[key] + " " * (width - _width(names[key]))
        if isinstance(value, Mapping) and value:
            print(pad.rstrip())
            _show_lines(value, language, depth + 1)
        elif _is_rows(value):
            print(pad.rstrip())
            for row in value:
                print("  " * (depth + 1) + "- " + _say_row(row, language))
        else:
            print(f"{pad}  {_say(key, value, language)}")


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _say_row(row: Mapping[str, Any], language: Language) -> str:
    return ", ".join(
        f"{spell(name_column(key, language))} {_say(key, value, language)}"
        for key, value in row.items()
    )


def _say(key: str, value: object, language: Language) -> str:
    """Return a value as people read it: known words in their language, lists in one line."""
    if isinstance(value, Mapping):
        return "{" + _say_row(value, language) + "}" if value else "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_say(key, each, language) for each in value) or "-"
    if value is None or value == "":
        return "-"
    for table in _TABLES.get(key, ()):
        phrase = _WORDS.get(f"{table}.{value}")
        if phrase is not None:
            return phrase.zh if language == "zh" else phrase.en
    if isinstance(value, int) and (key in _TIMES or key.endswith("_at")):
        return datetime.fromtimestamp(value / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return spell(str(value))


def spell(text: str) -> str:
    """Return a text in which each sign that would act on a terminal is spelled by its number.

    A byte of a file's name that is no UTF-8 is spelled as that byte.
    """
    return _ACTING.sub(_spell_sign, text)


def _spell_sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    code -= 0xDC00 if code in _BYTE else 0
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - what two digits hold


def _show_table(rows: Sequence[Mapping[str, Any]], language: Language) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        return
    cells = [[_say(key, row.get(key), language) for key in columns] for row in rows]
    head = [spell(name_column(key, language)) for key in columns]
    if sys.stdout.isatty():
        _show_rich(head, cells)
        return
    for line in (head, *cells):
        print("\t".join(line))


def _show_rich(head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Show a table on a terminal; row by row as lines where its words do not fit side by side."""
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    console = Console(emoji=False, highlight=False, markup=False)
    widths = _fit(list(zip(head, *cells, strict=True)), console.width)
    if not widths:
        pad = max(map(_width, head))
        for number, line in enumerate(cells):
            if number:
                print()
            for name, cell in zip(head, line, strict=True):
                print(f"{name}{' ' * (pad - _width(name))}  {cell}")
        return
    # A cell is a Text, since a bare string is read as markup and emoji whatever the console says.
    columns = [
        Column(Text(name), width=w, overflow="fold") for name, w in zip(head, widths, strict=True)
    ]
    table = Table(*columns, box=None, pad_edge=False)
    for line in cells:
        table.add_row(*map(Text, line))
    console.print(table)


def _fit(columns: Sequence[Sequence[str]], most: int) -> list[int]:
    """Return how wide each column is, so that no word of it is broken; none where that cannot be.

    What is left beyond the longest words goes to the columns by what each would still take.
    """
    from rich.cells import cell_len

    least = [max(_WIDE, *map(_longest, column)) for column in columns]
    whole = [max(*map(cell_len, column), low) for column, low in zip(columns, least, strict=True)]
    room = most - _GAP * len(columns)
    spare, wish = room - sum(least), sum(whole) - sum(least)
    if spare < 0:
        return []
    if wish <= spare:
        return whole
    return [low + (full - low) * spare // wish for low, full in zip(least, whole, strict=True)]


def _longest(text: str) -> int:
    """Return the cells of the longest run that is not to be broken: an id, a number, a word.

    Chinese text breaks anywhere.
    """
    return max(map(len, _WORD.findall(text)), default=0)


def _width(text: str) -> int:
    """Return how many cells a text takes: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)  # noqa: PLR2004 - where CJK begins


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far a long work is, to a terminal alone; yield what is told (done, of)."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)

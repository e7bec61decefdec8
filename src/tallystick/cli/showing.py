"""How results are told: JSON for programs, lines and tables for people.

Law: what a program reads is one JSON object a result on standard output; what only a person needs
(progress) goes to standard error, and only to a terminal.
"""

from __future__ import annotations

import json
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

__all__ = ["Plain", "progress", "show"]

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
            print(json.dumps(each, ensure_ascii=False, sort_keys=True))
    elif isinstance(found, list):
        _show_table(found, language)
    elif isinstance(found, Mapping):
        _show_lines(found, language, 0)
    else:
        print(found)


def _show_lines(tree: Mapping[str, Any], language: Language, depth: int) -> None:
    names = {key: name_column(key, language) for key in tree}
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
        f"{name_column(key, language)} {_say(key, value, language)}" for key, value in row.items()
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
    return str(value)


def _show_table(rows: Sequence[Mapping[str, Any]], language: Language) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not columns:
        return
    cells = [[_say(key, row.get(key), language) for key in columns] for row in rows]
    head = [name_column(key, language) for key in columns]
    if sys.stdout.isatty():
        _show_rich(head, cells)
        return
    for line in (head, *cells):
        print("\t".join(line))


def _show_rich(head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, box=None, pad_edge=False)
    for line in cells:
        table.add_row(*line)
    Console().print(table, markup=False)


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

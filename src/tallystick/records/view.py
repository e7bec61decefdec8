"""Row operations: how a record changes the tables that screens query.

A fold is pure: from one admitted record's public part to a list of operations on declared tables.
Views are re-created from the chain at any time, so nothing else may change them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Admitted", "Column", "Delete", "Fold", "Op", "Put", "Table"]

Column: TypeAlias = Literal["integer", "text", "blob"]


@dataclass(frozen=True, slots=True)
class Table:
    """A view's table: its key columns come first; `indexed` columns are searched by."""

    name: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    indexed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """Insert a row, or change the named columns of the one with the same key."""

    table: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Take the row with this key out."""

    table: str
    key: Mapping[str, Any]


Op: TypeAlias = Put | Delete


@dataclass(frozen=True, slots=True)
class Admitted:
    """An admitted record and where it stands."""

    record: dict[str, Any]
    member: str
    height: int
    index: int
    place: int
    time: int
    tid: bytes


Fold: TypeAlias = Callable[[Admitted], Sequence[Op]]

"""The port of views: tables folded from blocks, queried by services and screens.

Laws: `apply` is atomic and moves the height by one; the same blocks give the same digest on every
member and engine; rows come back in the order asked, pages by key never skip or repeat a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tallystick.records.view import Op

__all__ = ["PAGE_MAX", "Row", "Views"]

PAGE_MAX = 1_000
Row = dict[str, Any]


class Views(Protocol):
    """Tables at a height."""

    def height(self) -> int:
        """Return the height the tables stand at; 0 before the first block."""

    def apply(self, height: int, ops: Sequence[Op]) -> None:
        """Apply a block's operations; `height` must follow the present one."""

    def rows(
        self,
        table: str,
        where: Mapping[str, Any] | None = None,
        *,
        order: str = "",
        limit: int = PAGE_MAX,
        offset: int = 0,
        after: Mapping[str, Any] | None = None,
    ) -> list[Row]:
        """Return up to `limit` rows whose columns equal `where`.

        Args:
            order: a column to order by, "-column" to descend, then the key; only the key if empty.
            limit: at most `PAGE_MAX`.
            offset: rows to leave out; blocks applied between two pages move what comes next.
            after: the last row of the page before, in the same order: what comes after it, so that
                no block makes a page skip or repeat a row that it did not touch.

        Raises:
            NotFound: `views.table` or `views.column`.
        """

    def count(self, table: str, where: Mapping[str, Any] | None = None) -> int:
        """Return how many rows equal `where`."""

    def digest(self, table: str) -> bytes:
        """Return the canonical digest of a table's rows in key order."""

    def clear(self) -> None:
        """Empty all tables and go back to height 0."""

    def close(self) -> None:
        """Release the file."""

"""Books over the API: lenders' and payees' told, lenders' read, and whether a model is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client.carrying import Carrier, Tree

__all__ = ["BookVerbs"]


class BookVerbs(Carrier):
    """Verbs of books."""

    def report_loans(
        self, month: int, *, rows: Mapping[str, Any], readers: Sequence[str] = ()
    ) -> Tree:
        """Tell what became of this lender's loans in a month; its loans of the chain are added."""
        body = {"month": month, "rows": dict(rows), "readers": list(readers)}
        return self._send("/books", body)

    def report_dues(
        self, begin: int, *, months: int, rows: Mapping[str, Any], readers: Sequence[str] = ()
    ) -> Tree:
        """Tell which small dues this payee's accounts owed in a period, and when they came."""
        body = {"begin": begin, "months": months, "rows": dict(rows), "readers": list(readers)}
        return self._send("/dues", body)

    def read_books(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return reports as they stand in the chain, with rows this member may open."""
        return self._list("/books", limit, offset)

    def due_model(self) -> Tree:
        """Return whether a model is to be trained anew, and why."""
        found: Tree = self._get("/models/due")
        return found

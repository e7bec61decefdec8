"""Cases from intake to appeal, and what positioning chooses from, over the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["PositioningVerbs"]


class PositioningVerbs(Carrier):
    """Verbs of cases and of the catalogue."""

    def open_cases(self, requests: Sequence[Mapping[str, Any]]) -> list[Tree]:
        """Take requests in and run the five steps on each; as `Office.open_cases`."""
        body = {"requests": [present(each) for each in requests]}
        found: list[Tree] = self._send("/cases", body)["items"]
        return found

    def list_cases(
        self, *, stage: str = "", owner: str = "", limit: int = 100, offset: int = 0
    ) -> list[Any]:
        """Return cases as this member's views have them, newest first."""
        return self._list("/cases", limit, offset, stage=stage, owner=owner)

    def show_case(self, case: str) -> Tree:
        """Return the case with what this member may open."""
        found: Tree = self._get(f"/cases/{case}")
        return found

    def show_report(self, case: str, language: str = "zh") -> str:
        """Return the household's report as one HTML page."""
        query = {"language": language}
        return self.request("GET", f"/cases/{case}/report", params=query).text

    def hand_over(self, case: str, *, to: str, days: int, notes: str = "") -> Tree:
        """Give the case to another member."""
        return self._send(f"/cases/{case}/hand-over", {"to": to, "days": days, "notes": notes})

    def refuse(self, case: str, *, code: str, words: str) -> Tree:
        """Refuse in person."""
        return self._send(f"/cases/{case}/refuse", {"code": code, "words": words})

    def close_case(self, case: str, *, code: str, words: str = "") -> Tree:
        """Close the case."""
        return self._send(f"/cases/{case}/close", {"code": code, "words": words})

    def override(self, case: str, *, code: str, outcome: str, file: str) -> Tree:
        """Decide otherwise than the decision."""
        body = {"code": code, "outcome": outcome, "file": file}
        return self._send(f"/cases/{case}/override", body)

    def sum_feedback(self, by: str = "provider") -> Tree:
        """Return what feedback says, by `provider` or `scheme`; leaves receipts."""
        found: Tree = self._get("/feedback/summary", by=by)
        return found

    def due_feedback(self) -> list[Tree]:
        """Return cases of other members whose feedback is due now."""
        found: list[Tree] = self._get("/feedback/due")["items"]
        return found

    def give_feedback(
        self, case: str, *, felt: int, income_minor: int | None = None, words: str = ""
    ) -> Tree:
        """Record what the household says became of it."""
        body = {"felt": felt, "income_minor": income_minor, "words": words}
        return self._send(f"/cases/{case}/feedback", present(body))

    def open_appeal(self, case: str, *, code: str, words: str) -> Tree:
        """Take in an appeal against the case's decision or refusal."""
        return self._send(f"/cases/{case}/appeals", {"code": code, "words": words})

    def list_appeals(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return appeals, newest first."""
        return self._list("/appeals", limit, offset, case=case)

    def settle_appeal(self, appeal: str, *, outcome: str, words: str) -> Tree:
        """Answer an appeal."""
        return self._send(f"/appeals/{appeal}/settle", {"outcome": outcome, "words": words})

    def list_providers(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return service subjects by name."""
        return self._list("/providers", limit, offset)

    def list_products(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return published products by name and version."""
        return self._list("/products", limit, offset)

    def list_rules(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return which versions of which rules are in force from which height on."""
        return self._list("/rules", limit, offset)

    def publish_catalogue(self, tree: Mapping[str, Any]) -> Tree:
        """Publish providers, products and reference figures."""
        return self._send("/catalogue", dict(tree))

    def add_provider(self, entry: Mapping[str, Any]) -> Tree:
        """Publish one service subject."""
        return self._send("/providers", dict(entry))

    def add_product(self, entry: Mapping[str, Any]) -> Tree:
        """Publish one version of a product."""
        return self._send("/products", dict(entry))

"""Programmes, service subjects and products over the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["ProgrammeVerbs"]


class ProgrammeVerbs(Carrier):
    """Verbs of what is measured in public."""

    def list_programmes(self) -> list[Tree]:
        """Return programmes with their newest reach and sums of public money."""
        found: list[Tree] = self._get("/programmes")["items"]
        return found

    def show_programme(self, programme: str) -> Tree:
        """Return a programme's reach over time, by village and group, and its money."""
        found: Tree = self._get(f"/programmes/{programme}")
        return found

    def measure_programme(
        self,
        programme: str,
        *,
        cycle: int,
        villages: Sequence[Mapping[str, Any]],
        areas: Sequence[Mapping[str, Any]],
        groups: Sequence[Mapping[str, Any]],
        day: int | None = None,
    ) -> Tree:
        """Publish a cycle's reach, in counts that point at nobody."""
        parts = {"villages": villages, "areas": areas, "groups": groups}
        body = {"programme": programme, "cycle": cycle, "day": day}
        rows = {name: [dict(each) for each in part] for name, part in parts.items()}
        return self._send("/programmes", present({**body, **rows}))

    def show_map(self) -> Tree:
        """Return the villages' areas as GeoJSON."""
        found: Tree = self._get("/map")
        return found

    def show_provider(self, provider: str) -> Tree:
        """Return a service subject with its products and what became of its cases."""
        found: Tree = self._get(f"/providers/{provider}")
        return found

    def sum_provider(self, provider: str) -> Tree:
        """Return what feedback says of a service subject; leaves receipts."""
        found: Tree = self._get(f"/providers/{provider}/feedback")
        return found

    def show_product(self, product: str) -> Tree:
        """Return a product's versions and who offers it."""
        found: Tree = self._get(f"/products/{product}")
        return found

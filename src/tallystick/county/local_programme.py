"""Public programmes, service subjects and products as a member sees them, at a node here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.county.local_base import NodeOffice
from tallystick.county.reach import list_programmes, show_map, show_programme
from tallystick.county.subject import show_product, show_provider, sum_provider
from tallystick.county.telling import told

__all__ = ["ProgrammeOffice"]


class ProgrammeOffice(NodeOffice):
    """What a member measures in public, and reads of it."""

    def list_programmes(self) -> list[Any]:
        """Return programmes by code, with their newest reach and sums of public money."""
        return [told(each) for each in list_programmes(self._node.views)]

    def show_programme(self, programme: str) -> dict[str, Any]:
        """Return a programme's reach over time, by village and group, and its money."""
        found: dict[str, Any] = told(show_programme(self._node.views, programme))
        return found

    def show_map(self) -> dict[str, Any]:
        """Return the villages' areas as GeoJSON."""
        return show_map(self._node.views)

    def measure_programme(
        self,
        programme: str,
        *,
        cycle: int,
        villages: Sequence[Mapping[str, Any]],
        areas: Sequence[Mapping[str, Any]],
        groups: Sequence[Mapping[str, Any]],
        day: int | None = None,
    ) -> dict[str, Any]:
        """Publish a cycle's reach; as `Publication.measure_programme`."""
        record = self._node.publication.measure_programme(
            programme, cycle=cycle, villages=villages, areas=areas, groups=groups, day=day
        )
        return {"programme": programme, "cycle": cycle, "record": record.hex()}

    def show_provider(self, provider: str) -> dict[str, Any]:
        """Return a service subject with its products and what became of its cases."""
        found: dict[str, Any] = told(show_provider(self._node.views, provider))
        return found

    def sum_provider(self, provider: str) -> dict[str, Any]:
        """Return what feedback says of a service subject; leaves receipts."""
        return sum_provider(self._node.desk, provider)

    def show_product(self, product: str) -> dict[str, Any]:
        """Return a product's versions, the newest first, and who offers it."""
        node = self._node
        found: dict[str, Any] = told(show_product(node.views, product, node.desk.now_ms()))
        return found

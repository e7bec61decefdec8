"""Models from publication to retirement, at a node in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.base.clock import DAY_MS
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_link, told, told_row
from tallystick.services.positioning.model import Models
from tallystick.services.positioning.shadow import compare_cases

__all__ = ["ModelOffice"]


class ModelOffice(NodeOffice):
    """What an officer does with the models that decide."""

    @property
    def _models(self) -> Models:
        node = self._node
        return Models(node.desk, node.positions)

    def list_models(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return models ever approved, the latest first; the one `in_force` decides."""
        return [told_row(row) for row in self._models.list_rows(limit=limit, offset=offset)]

    def show_model(self, model: str) -> dict[str, Any]:
        """Return a model's approval, figures and features."""
        return told_row(self._models.show(read_link(model)))

    def publish_model(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a model as a public object; nothing decides by it yet."""
        return {"model": str(self._models.publish(tree))}

    def approve_model(
        self, model: str, *, name: str, report: Mapping[str, Any], force: str | None = None
    ) -> dict[str, Any]:
        """Let a published model decide."""
        found = {**report, "data": read_link(report.get("data"))}
        record = self._models.approve(read_link(model), name=name, report=found, forced=force)
        return {"model": model, "record": record.hex()}

    def retire_model(self, model: str, *, code: str | None = None) -> dict[str, Any]:
        """Let a model decide no more."""
        record = self._models.retire(read_link(model), reason=code)
        return {"model": model, "record": record.hex()}

    def shadow_model(
        self, model: str, *, days: int = 0, limit: int = 200, offset: int = 0
    ) -> dict[str, Any]:
        """Return a page of what a model would have decided of this member's own cases."""
        node = self._node
        found = compare_cases(
            node.desk,
            node.positions,
            read_link(model),
            since_ms=node.desk.now_ms() - days * DAY_MS if days else 0,
            limit=limit,
            offset=offset,
        )
        items = [told(each.tree()) for each in found.rows]
        tree: dict[str, Any] = {"items": items, "unread": found.unread}
        return {**tree, "next": offset + limit} if found.seen == limit else tree

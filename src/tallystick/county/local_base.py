"""What every part of a node's office has: the node, and pages of its views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.county.telling import told_row
from tallystick.node import Node

__all__ = ["NodeOffice"]


class NodeOffice:
    """The office of a node in this process, without a verb yet."""

    def __init__(self, node: Node) -> None:
        self._of = node

    @property
    def _node(self) -> Node:
        """The node, its copy of the chain and its views up to date: read once in each act."""
        self._of.catch_up()
        return self._of

    def _list(
        self, table: str, where: Mapping[str, Any], order: str, limit: int, offset: int
    ) -> list[Any]:
        rows = self._node.views.rows(table, where, order=order, limit=limit, offset=offset)
        return [told_row(row) for row in rows]

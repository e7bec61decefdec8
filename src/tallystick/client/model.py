"""Models over the API: published, approved, compared, retired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["ModelVerbs"]


class ModelVerbs(Carrier):
    """Verbs of models."""

    def list_models(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return models ever approved, the latest first; the one `in_force` decides."""
        return self._list("/models", limit, offset)

    def show_model(self, model: str) -> Tree:
        """Return a model's approval, figures and features, by its CID."""
        found: Tree = self._get(f"/models/{model}")
        return found

    def publish_model(self, tree: Mapping[str, Any]) -> Tree:
        """Keep a model as a public object, by which nothing decides yet; tells its CID."""
        return self._send("/models", {"model": dict(tree)})

    def approve_model(
        self, model: str, *, name: str, report: Mapping[str, Any], force: str | None = None
    ) -> Tree:
        """Let a published model decide; `force` says by code why, where its figures forbid it."""
        body = {"name": name, "report": dict(report), "force": force}
        return self._send(f"/models/{model}/approve", present(body))

    def retire_model(self, model: str, *, code: str | None = None) -> Tree:
        """Let a model decide no more."""
        return self._send(f"/models/{model}/retire", present({"code": code}))

    def shadow_model(self, model: str, *, days: int = 0, limit: int = 200, offset: int = 0) -> Tree:
        """Return a page of what a model would have decided of this member's own cases."""
        query = {"days": days, "limit": limit, "offset": offset}
        found: Tree = self._get(f"/models/{model}/shadow", **query)
        return found

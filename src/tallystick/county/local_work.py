"""An officer's day, at a node in this process: what is due, drafts, estimates, what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.county.local_base import NodeOffice
from tallystick.county.prefill import find_prefill
from tallystick.county.replaying import replay_case
from tallystick.county.telling import read_id, told_tree
from tallystick.county.today import list_today
from tallystick.kernel.access.drafts import Draft
from tallystick.services.positioning.estimate import estimate

__all__ = ["WorkOffice"]


class WorkOffice(NodeOffice):
    """What an officer asks for before it does anything."""

    def list_today(self, *, role: str = "", limit: int = 100) -> dict[str, Any]:
        """Return what needs this member now, as an officer of a role can end it."""
        return told_tree(list_today(self._node, role=role, limit=limit))

    def estimate(
        self, application: Mapping[str, Any], *, defaults: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return what an application, finished or not, would come to; nothing is recorded."""
        tree = {name: dict(part) for name, part in application.items()}
        inputs = {"v": 1, "application": tree, "defaults": list(defaults)}
        positions = self._node.positions
        model, catalogue = positions.model_for(inputs), positions.catalogue()
        found = estimate(positions.decider(model, catalogue), inputs)
        if found.get("undecided", "").startswith("model."):
            # What the model reads is not there yet: the rest is told without it.
            found = estimate(positions.decider(None, catalogue), inputs)
            found["missing"] = [*found["missing"], "features"]
        return found

    def prefill(self, party: str) -> dict[str, Any]:
        """Return what a party told before, each part with its date; leaves receipts."""
        return told_tree(find_prefill(self._node.desk, read_id(party)))

    def replay_case(self, case: str) -> dict[str, Any]:
        """Run a case's decisions again and tell whether they come out the same; leaves receipts."""
        return told_tree(replay_case(self._node, read_id(case)))

    # ---- drafts: of who acts, and nobody else's

    def save_draft(
        self, draft: str, tree: Mapping[str, Any], *, revision: int = 0
    ) -> dict[str, Any]:
        """Keep what was typed; an empty id begins a draft."""
        desk = self._of.desk
        identifier = read_id(draft) if draft else desk.new_id()
        found = self._of.drafts.save(desk.officer().hex(), identifier, tree, revision)
        return _draft(found)

    def list_drafts(self) -> list[dict[str, Any]]:
        """Return this officer's drafts with their labels, the one saved last first."""
        rows = self._of.drafts.list_all(self._of.desk.officer().hex())
        return [{**_draft(each), "label": each.tree.get("label", "")} for each in rows]

    def read_draft(self, draft: str) -> dict[str, Any]:
        """Return a draft of this officer's, with what it says."""
        found = self._of.drafts.read(self._of.desk.officer().hex(), read_id(draft))
        return {**_draft(found), **found.tree}

    def drop_draft(self, draft: str) -> dict[str, Any]:
        """Forget a draft of this officer's."""
        self._of.drafts.drop(self._of.desk.officer().hex(), read_id(draft))
        return {"draft": draft, "ended": 1}


def _draft(found: Draft) -> dict[str, Any]:
    """Return a draft's standing, without what it says."""
    return {
        "draft": found.draft.hex(),
        "revision": found.revision,
        "made_at": found.made_ms,
        "saved_at": found.saved_ms,
    }

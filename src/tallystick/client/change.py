"""Changes of the members' list, keys and limits over the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client.carrying import Carrier, Tree

__all__ = ["ChangeVerbs"]


class ChangeVerbs(Carrier):
    """Verbs of what members decide together."""

    def show_limits(self) -> Tree:
        """Return the limits of the chain in force."""
        found: Tree = self._get("/limits")
        return found

    def list_changes(self) -> list[Tree]:
        """Return the changes proposed, the newest first, with how they stand."""
        found: list[Tree] = self._get("/changes")["items"]
        return found

    def show_change(self, change: str) -> Tree:
        """Return a change and its votes."""
        found: Tree = self._get(f"/changes/{change}")
        return found

    def propose_join(self, card: Mapping[str, Any], *, days: int = 30) -> Tree:
        """Propose that a new member joins, as its card states it."""
        return self._send("/changes", {"join": dict(card), "days": days})

    def propose_renewal(self, uses: Sequence[str], *, days: int = 30) -> Tree:
        """Draw fresh keys of this member and propose them."""
        return self._send("/changes", {"renew": list(uses), "days": days})

    def propose_revocation(self, member: str, key: int, *, days: int = 30) -> Tree:
        """Propose that a member's key signs no more."""
        return self._send("/changes", {"revoke": {"member": member, "key": key}, "days": days})

    def propose_leaving(self, member: str, *, days: int = 30) -> Tree:
        """Propose that a member leaves."""
        return self._send("/changes", {"leave": member, "days": days})

    def propose_limit(self, limit: str, value: int, *, days: int = 30) -> Tree:
        """Propose a limit of the chain."""
        return self._send("/changes", {"limit": {"limit": limit, "value": value}, "days": days})

    def vote_change(self, change: str, *, yes: bool) -> Tree:
        """Say yes or no to a change, once."""
        return self._send(f"/changes/{change}/votes", {"vote": int(yes)})

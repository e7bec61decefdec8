"""Other chains of the county over the API."""

from __future__ import annotations

from tallystick.client.carrying import Carrier, Tree

__all__ = ["ChainVerbs"]


class ChainVerbs(Carrier):
    """Verbs of what one chain knows of another."""

    def list_chains(self) -> list[Tree]:
        """Return this chain, then those linked to it with their anchors."""
        found: list[Tree] = self._get("/chains")["items"]
        return found

    def approve_subsidy(self, case: str, *, programme: str, amount_minor: int) -> Tree:
        """Approve public money for a case of another chain."""
        body = {"case": case, "programme": programme, "amount_minor": amount_minor}
        return self._send("/subsidies", body)

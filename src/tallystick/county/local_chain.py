"""Other chains of the county as a member sees them, at a node here."""

from __future__ import annotations

from typing import Any

from tallystick.chain.crossing import find_chain
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_id, told

__all__ = ["ChainOffice"]


class ChainOffice(NodeOffice):
    """What a member knows of other chains, and approves for them."""

    def list_chains(self) -> list[Any]:
        """Return this chain, then those linked to it with their anchors, the newest first."""
        node = self._node
        genesis = node.replica.genesis
        own = {
            "chain": genesis.chain,
            "name": genesis.fields["name"],
            "kind": genesis.fields["kind"],
            "size": node.replica.tip.peaks.size,
            "height": node.replica.tip.height,
            "demanded": 0,
            "anchors": [],
        }
        return [told(each) for each in [own, *map(self._tell, node.anchoring.list_chains())]]

    def _tell(self, row: dict[str, Any]) -> dict[str, Any]:
        """Add what is new on a linked chain, where this process keeps it too."""
        beside = next((each for each in self._node.beside if each.chain == row["chain"]), None)
        held = find_chain(self._node.replica.read, row["chain"])
        if beside is None or held is None:
            return row
        # The state knows the last anchor also where the row's, of the newest, no more hold it.
        return {**row, "behind": beside.count_new(held.anchors[-1][0] if held.anchors else 0)}

    def approve_subsidy(self, case: str, *, programme: str, amount_minor: int) -> dict[str, Any]:
        """Approve public money for a case of another chain."""
        record = self._node.anchoring.approve_subsidy(
            read_id(case), programme=programme, amount_minor=amount_minor
        )
        return {"case": case, "record": record.hex()}

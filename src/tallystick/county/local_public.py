"""What a member says on the public chain, at a node here."""

from __future__ import annotations

from typing import Any

from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.crossing import HeldChain, find_chain
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_id
from tallystick.node import Beside

__all__ = ["PublicOffice"]


class PublicOffice(NodeOffice):
    """Bulletins, and figures of the county's other chains."""

    def publish_bulletin(
        self, *, title_zh: str, title_en: str, text_zh: str, text_en: str, amends: str | None = None
    ) -> dict[str, Any]:
        """Tell everybody something, in both languages; in the place of an earlier own one."""
        record = self._node.publication.publish_bulletin(
            (title_zh, title_en), (text_zh, text_en), amends=read_id(amends) if amends else None
        )
        return {"record": record.hex()}

    def withdraw_bulletin(self, bulletin: str) -> dict[str, Any]:
        """Say that an own bulletin no longer holds."""
        return {"record": self._node.publication.withdraw_bulletin(read_id(bulletin)).hex()}

    def publish_tally(self, *, from_day: int, to_day: int, chain: str = "") -> dict[str, Any]:
        """Publish what another chain of the county recorded in a period that is over.

        Args:
            from_day: its first day, since 1970 UTC.
            to_day: its last.
            chain: the chain's digest in hex; "" where only one is linked here.

        Raises:
            NotFound: `tally.elsewhere`, this process does not keep that chain.
            Unavailable: `tally.not_anchored`, the period is not all anchored yet.
            Invalid: `tally.empty`, nothing in it may be told; `record.refused`.
        """
        node = self._node
        beside, held = self._find_source(chain)
        height = held.anchors[-1][0] if held.anchors else 0
        figures = beside.count_figures(height, from_day, to_day)
        if not figures:
            raise Invalid(
                "tally.empty",
                f"nothing of day {from_day} to {to_day} is of as many cases as may be told",
                cure="Take a longer period.",
            )
        record = node.publication.publish_tally(
            beside.chain, height, days=(from_day, to_day), figures=figures
        )
        return {"record": record.hex(), "figures": figures}

    def _find_source(self, chain: str) -> tuple[Beside, HeldChain]:
        node = self._of
        named = [each for each in node.beside if chain in {"", each.chain.hex()}]
        held = find_chain(node.replica.read, named[0].chain) if len(named) == 1 else None
        if held is None:
            raise NotFound(
                "tally.elsewhere",
                f"{len(named)} chains that this process keeps are meant",
                cure="Name one that is linked here, where all of the county's chains are served.",
            )
        return named[0], held

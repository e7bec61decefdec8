"""What a member of one chain sees of another that the same process keeps: figures, proofs.

Laws: of the other chain only that counts which stands anchored on this one; what is counted is
counted in the member's own copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import NotFound, Unavailable
from tallystick.chain.crossing import find_chain, prove_across
from tallystick.county.house import House, Seat
from tallystick.kernel.ledger.browse import Line, list_lines
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.views.base import Row
from tallystick.node import Node
from tallystick.records.chains import ChainAnchored
from tallystick.services.publication.tally import COUNTED, Counted, count_figures

__all__ = ["Across", "Beside", "find_seat", "list_news"]

_PAGE: Final = 500
_FUNDED: Final = frozenset({"approval.given", "loan.disbursed", "loan.granted", "loan.repaid"})
"""The record types in which public money stands."""


def find_seat(house: House) -> Seat:
    """Return the place that a house looks from: who orders, or the one that is open alone."""
    return house.seat(house.apart.member) if house.apart is not None else house.foremost


def list_news(replica: Replica, first: int, last: int) -> Iterator[Line]:
    """Yield what blocks hold but anchors."""
    for height in range(first, last + 1):
        yield from (each for each in list_lines(replica, height) if each.t != ChainAnchored.t)


@dataclass(frozen=True, slots=True)
class Beside:
    """Another chain, as a member of one sees it whose process keeps both."""

    house: House
    member: str

    @property
    def chain(self) -> bytes:
        """Return the digest of its genesis."""
        return find_seat(self.house).node.replica.genesis.chain

    def count_new(self, height: int) -> int:
        """Return how many of its records stand above a height, anchors left out."""
        replica = find_seat(self.house).node.replica
        return sum(1 for _ in list_news(replica, height + 1, replica.tip.height))

    def count_figures(self, height: int, first_day: int, last_day: int) -> list[dict[str, Any]]:
        """Return the figures of a period, counted in the member's own copy.

        Raises:
            NotFound: `member.unknown`, this member does not keep it.
            Unavailable: `tally.not_anchored`, records of the period stand above `height`.
        """
        node = self.house.node(self.member)
        node.catch_up()
        return count_figures(_list_counted(node, height, first_day, last_day))


def _list_counted(node: Node, height: int, first_day: int, last_day: int) -> Iterator[Counted]:
    """Yield the period's records that a tally tells of."""
    for t in COUNTED:
        for row in _rows(node, t, first_day):
            if not first_day <= row["time"] // DAY_MS <= last_day:
                continue
            if row["height"] > height:
                raise Unavailable(
                    "tally.not_anchored",
                    f"the period reaches height {row['height']}, anchored is {height}",
                    cure="Try again in a minute, or anchor now: tally chain anchor.",
                )
            pub = node.find(row["id"]).record["pub"] if t in _FUNDED else {}
            yield Counted(t, row["case"], pub.get("amount"))


def _rows(node: Node, t: str, first_day: int) -> Iterator[Row]:
    """Yield the records of a type since a day, the newest first: heights and times ascend."""
    before: Row | None = None
    while True:
        rows = node.views.rows("record", {"t": t}, order="-height", limit=_PAGE, after=before)
        yield from rows
        if len(rows) < _PAGE or rows[-1]["time"] // DAY_MS < first_day:
            return
        before = rows[-1]


@dataclass(frozen=True, slots=True)
class Across:
    """How a member of the financial chain proves what the administrative one approved."""

    house: House
    node: Node

    def prove_approval(self, case: bytes) -> bytes:
        """Return the proof of a case's approval, at the last size anchored on the node's chain.

        Raises:
            NotFound: `subsidy.none`, nobody approved it; `subsidy.not_anchored`, not yet anchored.
        """
        there = find_seat(self.house).node
        for node in (there, self.node):
            node.catch_up()
        found = there.find(there.anchoring.find_approval(case))
        held = find_chain(self.node.replica.read, there.replica.genesis.chain)
        transaction = there.transaction(found.height, found.index)
        result = there.replica.find(transaction.tid)
        assert result is not None
        if held is None or held.size <= result.position:
            raise NotFound(
                "subsidy.not_anchored",
                f"height {found.height} of the administrative chain is not anchored here yet",
                cure="Try again in a minute, or anchor now: tally chain anchor.",
            )
        return prove_across(
            transaction,
            found.place,
            leaf=there.replica.leaf(result.position),
            position=result.position,
            log_path=there.replica.log.inclusion(result.position, held.size),
            size=held.size,
        )

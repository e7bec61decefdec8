"""The chains of a county: what it records, and one that everybody reads; how they anchor.

A county records on one chain (`county`), or on two: departments keep an administrative one, those
who move money a financial one, each anchored in the other. Beside them stands a public chain: kept
by those who serve the public, read by anybody, and anchoring all others.
Layout: `chains.json` (which chains there are), and a whole county folder a chain, with genesis,
keys and members of its own; that of the `county` chain is the folder itself. Public money is paid
out on the financial chain on proof that a department approved it on the administrative one.

Laws: a chain believes of the other what a quorum of its members signed and its own log already
anchors, no more; a member that keeps several chains has separate keys on each.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tallystick.base.clock import DAY_MS, Clock
from tallystick.base.errors import Error, Invalid, NotFound, Unavailable
from tallystick.chain.crossing import Anchored, HeldChain, find_chain, prove_across
from tallystick.charter import PUBLISHER
from tallystick.county.founding import (
    COUNTY_KIND,
    CountyFile,
    check_empty,
    found_county,
    read_county,
)
from tallystick.county.house import House, Seat, open_house
from tallystick.county.member import MEMBERS, ORDERER
from tallystick.county.serving import serve_house
from tallystick.kernel.ledger.browse import Line, list_lines
from tallystick.kernel.views.base import Row
from tallystick.node import Node
from tallystick.records.chains import PUBLIC_KIND, ChainAnchored
from tallystick.services.publication.tally import COUNTED, Counted, count_figures

__all__ = [
    "ADMINISTRATIVE",
    "COUNTY",
    "FINANCIAL",
    "OWN",
    "PUBLIC",
    "SERVED",
    "Chains",
    "anchor_house",
    "find_chains",
    "found_chains",
    "found_own",
    "open_chains",
    "serve_chains",
]

COUNTY: Final = COUNTY_KIND
ADMINISTRATIVE: Final = "administrative"
FINANCIAL: Final = "financial"
PUBLIC: Final = PUBLIC_KIND
FILE: Final = "chains.json"
OWN: Final = "own"
SERVED: Final = (COUNTY, FINANCIAL, ADMINISTRATIVE, PUBLIC)
"""The chains in the order in which they are served: that where money moves, first."""
ANCHOR_MS: Final = 10_000
_PAGE: Final = 500
_FUNDED: Final = frozenset({"approval.given", "loan.disbursed", "loan.granted", "loan.repaid"})
"""The record types in which public money stands."""
PUBLIC_ORDERER: Final = "newspaper"
"""Not who orders the county's chain: what testifies of it is another's to put in order."""
_LOG: Final = logging.getLogger(__name__)
_OFFICES: Final = frozenset({"department", "village", "regulator", "project_owner", "media"})
_MODES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "single": {COUNTY: frozenset(), PUBLIC: PUBLISHER},
    "dual": {ADMINISTRATIVE: _OFFICES, FINANCIAL: frozenset(), PUBLIC: PUBLISHER},
}
"""The chains of each mode, with the roles of those who keep them; empty for all."""
_LINKS: Final = (
    (ADMINISTRATIVE, FINANCIAL, "nothing"),
    (FINANCIAL, ADMINISTRATIVE, "approval"),
    (PUBLIC, COUNTY, "nothing"),
    (PUBLIC, ADMINISTRATIVE, "nothing"),
    (PUBLIC, FINANCIAL, "nothing"),
)
"""Where, what is anchored there, and what it demands of that chain."""


def find_chains(folder: Path) -> dict[str, Path]:
    """Return each chain of a county's folder, and where it is; none where nothing says so.

    A county founded from cards, or by an engine of several members, keeps one chain and says so
    by its `county.json` alone.

    Raises:
        Invalid: `county.malformed`, `chains.json` says something else.
    """
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise _malformed() from error
    kinds = found.get("chains") if isinstance(found, dict) else None
    # A county of two chains that was founded before there was a public one goes on without.
    if kinds not in [list(kept) for kept in _MODES.values()] + [[ADMINISTRATIVE, FINANCIAL]]:
        raise _malformed()
    return {kind: _place(folder, kind) for kind in kinds}


def _place(folder: Path, kind: str) -> Path:
    return folder if kind == COUNTY else folder / kind


def _malformed() -> Invalid:
    return Invalid("county.malformed", f"{FILE} cannot be read", cure="Restore it from a copy.")


def found_chains(
    folder: Path,
    mode: Literal["single", "dual"] = "single",
    *,
    name: str = "county",
    seed: str = "",
    clock: Clock,
) -> dict[str, CountyFile]:
    """Found all chains of a county; they are linked when they are first opened together.

    All members keep the one chain, or the financial one; departments, villages, media and the
    regulator the administrative one; these and the credit co-operative the public one.

    Raises:
        Conflict: `county.exists`, the folder holds something already.
    """
    check_empty(folder)
    kept = _MODES[mode]
    found = {
        kind: found_county(
            _place(folder, kind),
            name=name if kind == COUNTY else f"{name[:9]}-{kind}",
            seed=seed if kind == COUNTY or not seed else f"{seed}/{kind}",
            clock=clock,
            members=[each for each in MEMBERS if not roles or each.role in roles],
            kind=kind,
            orderer=PUBLIC_ORDERER if kind == PUBLIC else ORDERER,
        )
        for kind, roles in kept.items()
    }
    (folder / FILE).write_text(json.dumps({"chains": list(kept)}) + "\n", encoding="utf-8")
    return found


def found_own(folder: Path, member: str, *, clock: Clock) -> CountyFile:
    """Found a chain of a member's own, in its folder of the county.

    Raises:
        Conflict: `county.exists`, it has one.
        NotFound: `member.unknown`.
    """
    county = read_county(folder)
    own = [each for each in county.members if each.name == member]
    if not own:
        raise NotFound(
            "member.unknown", f"{member} is no member of this county", cure="tally county show."
        )
    return found_county(
        folder / member / OWN,
        name=member,
        seed=f"{county.seed}/{member}/{OWN}" if county.seed else "",
        clock=clock,
        members=own,
        orderer=member,
        kind="private",
    )


class Chains:
    """All chains' open houses, and what passes between them.

    Args:
        houses: by the kind of chain.
    """

    def __init__(self, houses: Mapping[str, House]) -> None:
        self.houses = dict(houses)
        self._links = [each for each in _LINKS if {each[0], each[1]} <= houses.keys()]
        if FINANCIAL in houses:
            for node in houses[FINANCIAL].nodes():
                node.across = _Across(houses[ADMINISTRATIVE], node)
        for kind, house in houses.items():
            others = [houses[other] for at, other, _ in self._links if at == kind]
            for node in house.nodes():
                node.beside = [_Beside(each, node.member) for each in others]

    def link(self) -> None:
        """Let the members of each chain vote those into theirs that are to be anchored there."""
        for kind, other, demand in self._links:
            house, genesis = self.houses[kind], self.houses[other].orderer.replica.genesis
            if find_chain(house.ordered.read, genesis.chain) is not None:
                continue
            first, *others = house.nodes()
            change = first.membership.propose_link(
                genesis.data, genesis.members.data, demand=demand
            )
            for node in others:
                node.catch_up()
                if node.membership.show_change(change)["state"] != "open":
                    break
                node.membership.vote(change, yes=True)
            house.spread()

    def anchor(self) -> int:
        """Anchor each chain where it is linked, as far as it is witnessed; return how many."""
        return sum(
            anchor_house(self.houses[other], self.houses[kind]) for kind, other, _ in self._links
        )


def anchor_house(source: House, target: House, *, by: str = "") -> int:
    """Anchor a house's chain in another's as far as it is witnessed; return how many anchors.

    Each height that changed the source's members needs an anchor of its own.

    Args:
        source: whose chain is anchored.
        target: where.
        by: the member of the target that writes; "" for its orderer.
    """
    seat, node = source.seat(source.leader), target.node(by or target.leader)
    chain, count = seat.node.replica.genesis.chain, 0
    while True:
        node.catch_up()
        held = find_chain(node.replica.read, chain)
        given = _next_anchor(seat, held) if held else None
        if given is None:
            return count
        node.anchoring.anchor(chain, given)
        count += 1


def _next_anchor(seat: Seat, held: HeldChain) -> Anchored | None:
    """Return what anchors a chain further than it is held, None if there is nothing to anchor."""
    replica, witnessed, size = seat.node.replica, seat.witnesses.height, held.size
    since = held.anchors[-1][0] if held.anchors else 0
    if since and not _has_news(seat.node, since + 1, witnessed):
        return None
    changes = [each for each in replica.handovers() if each <= witnessed]
    beyond = [each for each in [*changes, witnessed] if each and replica.body(each).size > size]
    if not beyond:
        return None
    height = beyond[0]
    path = [] if not since else replica.log.consistency(size, replica.body(height).size)
    parts = (replica.header(height), replica.members(height + 1).data) if height in changes else ()
    return Anchored(seat.witnesses.note(height), path, *parts)


def _has_news(node: Node, first: int, last: int) -> bool:
    """Tell whether blocks hold anything but anchors, which would answer each other for ever."""
    return any(_news(node, first, last))


def _news(node: Node, first: int, last: int) -> Iterator[Line]:
    """Yield what blocks hold but anchors."""
    for height in range(first, last + 1):
        yield from (each for each in list_lines(node.replica, height) if each.t != ChainAnchored.t)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Another chain, as a member of one sees it whose process keeps both."""

    house: House
    member: str

    @property
    def chain(self) -> bytes:
        """Return the digest of its genesis."""
        return self.house.orderer.replica.genesis.chain

    def count_new(self, height: int) -> int:
        """Return how many of its records stand above a height, anchors left out."""
        node = self.house.node(self.house.leader)
        return sum(1 for _ in _news(node, height + 1, node.replica.tip.height))

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
class _Across:
    """How a member of the financial chain proves what the administrative one approved."""

    house: House
    node: Node

    def prove_approval(self, case: bytes) -> bytes:
        """Return the proof of a case's approval, at the last size anchored on the node's chain.

        Raises:
            NotFound: `subsidy.none`, nobody approved it; `subsidy.not_anchored`, not yet anchored.
        """
        there = self.house.node(self.house.leader)
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


@contextmanager
def serve_chains(chains: Chains, *, every_ms: int = ANCHOR_MS) -> Iterator[None]:
    """Run all houses' threads, and anchor what is linked, for as long as the block lasts.

    Args:
        chains: all of a county's, open.
        every_ms: after how long what is new on one is anchored where it is linked.
    """
    ended = threading.Event()

    def anchor() -> None:
        while not ended.wait(every_ms / 1_000):
            try:
                chains.anchor()
            except Error as error:
                # Told and tried again: nothing is lost by an anchor that comes later.
                _LOG.warning("no anchor now: %s", error.code)

    thread = threading.Thread(target=anchor, name="anchors", daemon=True)
    with ExitStack() as served:
        for house in chains.houses.values():
            served.enter_context(serve_house(house))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def open_chains(folder: Path, clock: Clock) -> Iterator[Chains]:
    """Open all chains of a county folder, linked, and close them at the end.

    Raises:
        Invalid: `county.single`, it keeps one.
    """
    found = find_chains(folder)
    if not found:
        raise Invalid(
            "county.single", f"{folder.name} has one chain", cure="Use the verbs of that chain."
        )
    with ExitStack() as opened:
        chains = Chains(
            {kind: opened.enter_context(open_house(at, clock)) for kind, at in found.items()}
        )
        chains.link()
        yield chains

"""A county of two chains: departments keep one, those who move money another; each anchors both.

Layout: `chains.json` (which chains there are), and a whole county folder a chain,
`administrative/` and `financial/`, with genesis, keys and members of its own. Public money is paid
out on the financial chain on proof that a department approved it on the administrative one.

Laws: a chain believes of the other what a quorum of its members signed and its own log already
anchors, no more; a member that keeps both chains has separate keys on each.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.chain.crossing import Anchored, HeldChain, find_chain, prove_across
from tallystick.county.founding import CountyFile, check_empty, found_county, read_county
from tallystick.county.house import House, Seat, open_house
from tallystick.county.member import MEMBERS
from tallystick.county.serving import serve_house
from tallystick.kernel.ledger.browse import Line, list_lines
from tallystick.node import Node
from tallystick.records.chains import ChainAnchored

__all__ = [
    "ADMINISTRATIVE",
    "CHAINS",
    "FINANCIAL",
    "OWN",
    "Dual",
    "anchor_house",
    "find_chains",
    "found_dual",
    "found_own",
    "open_dual",
    "serve_dual",
]

ADMINISTRATIVE: Final = "administrative"
FINANCIAL: Final = "financial"
CHAINS: Final = (ADMINISTRATIVE, FINANCIAL)
FILE: Final = "chains.json"
OWN: Final = "own"
ANCHOR_MS: Final = 10_000
_LOG: Final = logging.getLogger(__name__)
_PUBLIC_ROLES: Final = frozenset({"department", "village", "regulator", "project_owner", "media"})


def find_chains(folder: Path) -> tuple[str, ...]:
    """Return the chains of a county's folder; none where it holds a single one, or nothing.

    Raises:
        Invalid: `county.malformed`, `chains.json` says something else.
    """
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise _malformed() from error
    if found != {"chains": list(CHAINS)}:
        raise _malformed()
    return CHAINS


def _malformed() -> Invalid:
    return Invalid("county.malformed", f"{FILE} cannot be read", cure="Restore it from a copy.")


def found_dual(
    folder: Path, *, name: str = "county", seed: str = "", clock: Clock
) -> dict[str, CountyFile]:
    """Found both chains of a county and link them by their members' votes.

    Departments, villages, media and the regulator keep the administrative chain; all members keep
    the financial one.

    Raises:
        Conflict: `county.exists`, the folder holds something already.
    """
    check_empty(folder)
    public = [each for each in MEMBERS if each.role in _PUBLIC_ROLES]
    kept = {ADMINISTRATIVE: public, FINANCIAL: list(MEMBERS)}
    found = {
        kind: found_county(
            folder / kind,
            name=f"{name[:9]}-{kind}",
            seed=f"{seed}/{kind}" if seed else "",
            clock=clock,
            members=members,
            kind=kind,
        )
        for kind, members in kept.items()
    }
    (folder / FILE).write_text(json.dumps({"chains": list(CHAINS)}) + "\n", encoding="utf-8")
    with open_dual(folder, clock) as dual:
        dual.link()
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


class Dual:
    """Both chains' open houses, and what passes between them."""

    def __init__(self, administrative: House, financial: House) -> None:
        self.houses = {ADMINISTRATIVE: administrative, FINANCIAL: financial}
        for node in financial.nodes():
            node.across = _Across(administrative, node)
        for kind in CHAINS:
            for node in self.houses[kind].nodes():
                node.beside = _Beside(self.houses[_other(kind)])

    def link(self) -> None:
        """Let the members of each chain vote the other into theirs."""
        for kind, demand in ((ADMINISTRATIVE, "nothing"), (FINANCIAL, "approval")):
            house, other = self.houses[kind], self.houses[_other(kind)]
            genesis = other.orderer.replica.genesis
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
        """Anchor each chain in the other as far as it is witnessed; return how many anchors."""
        return sum(anchor_house(self.houses[kind], self.houses[_other(kind)]) for kind in CHAINS)


def _other(kind: str) -> str:
    return FINANCIAL if kind == ADMINISTRATIVE else ADMINISTRATIVE


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
    """The other chain, as the members of one see it whose process keeps both."""

    house: House

    @property
    def chain(self) -> bytes:
        """Return the digest of its genesis."""
        return self.house.orderer.replica.genesis.chain

    def count_new(self, height: int) -> int:
        """Return how many of its records stand above a height, anchors left out."""
        node = self.house.node(self.house.leader)
        return sum(1 for _ in _news(node, height + 1, node.replica.tip.height))


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
def serve_dual(dual: Dual, *, every_ms: int = ANCHOR_MS) -> Iterator[None]:
    """Run both houses' threads, and anchor each chain in the other, for as long as the block lasts.

    Args:
        dual: both chains, open.
        every_ms: after how long what is new on one is anchored in the other.
    """
    ended = threading.Event()

    def anchor() -> None:
        while not ended.wait(every_ms / 1_000):
            try:
                dual.anchor()
            except Error as error:
                # Told and tried again: nothing is lost by an anchor that comes later.
                _LOG.warning("no anchor now: %s", error.code)

    thread = threading.Thread(target=anchor, name="anchors", daemon=True)
    with ExitStack() as served:
        for house in dual.houses.values():
            served.enter_context(serve_house(house))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def open_dual(folder: Path, clock: Clock) -> Iterator[Dual]:
    """Open both chains of a county folder and close them at the end."""
    if not find_chains(folder):
        raise Invalid(
            "county.single", f"{folder.name} has one chain", cure="Use the verbs of that chain."
        )
    with ExitStack() as opened:
        houses = [opened.enter_context(open_house(folder / kind, clock)) for kind in CHAINS]
        yield Dual(*houses)

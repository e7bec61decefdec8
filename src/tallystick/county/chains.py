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
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal

from tallystick.base.clock import Clock
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.chain.block import Genesis
from tallystick.chain.crossing import find_chain
from tallystick.charter import PUBLISHER
from tallystick.county.anchors import OWN, anchor_house, anchor_own
from tallystick.county.beside import Across, Beside, find_seat
from tallystick.county.founding import (
    COUNTY_KIND,
    CountyFile,
    check_empty,
    found_county,
    read_county,
)
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS, ORDERER
from tallystick.county.packing import pack_member
from tallystick.county.present import is_here
from tallystick.county.serving import TEND_S, serve_house
from tallystick.county.single import open_single, read_own_place
from tallystick.county.validating import DEFAULT
from tallystick.kernel.link.book import BOOK_FILE
from tallystick.records.chains import PUBLIC_KIND

__all__ = [
    "ADMINISTRATIVE",
    "CHAINS_FILE",
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
    "name_chain",
    "open_alone",
    "open_chains",
    "pack_chains",
    "serve_chains",
    "write_chains",
]

COUNTY: Final = COUNTY_KIND
ADMINISTRATIVE: Final = "administrative"
FINANCIAL: Final = "financial"
PUBLIC: Final = PUBLIC_KIND
CHAINS_FILE: Final = "chains.json"
SERVED: Final = (COUNTY, FINANCIAL, ADMINISTRATIVE, PUBLIC)
"""The chains in the order in which they are served: that where money moves, first."""
ANCHOR_MS: Final = 10_000
LINK_MS: Final = 1_000
"""How soon members apart look again whether their chains are linked."""
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

    A county that keeps one chain says so by its `county.json` alone.

    Raises:
        Invalid: `county.malformed`, `chains.json` says something else.
    """
    try:
        found = json.loads((folder / CHAINS_FILE).read_text(encoding="utf-8"))
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
    return Invalid(
        "county.malformed", f"{CHAINS_FILE} cannot be read", cure="Restore it from a copy."
    )


def found_chains(
    folder: Path,
    mode: Literal["single", "dual"] = "single",
    *,
    name: str = "county",
    seed: str = "",
    clock: Clock,
    validators: int = 0,
    profile: str = DEFAULT,
) -> dict[str, CountyFile]:
    """Found all chains of a county; they are linked when they are first opened together.

    All members keep the one chain, or the financial one; departments, villages, media and the
    regulator the administrative one; these and the credit co-operative the public one.

    Args:
        folder: new or empty.
        mode: one chain beside the public one, or two.
        name: of the county's chain.
        seed: of a demonstration; "" for a real county.
        clock: gives each genesis its time.
        validators: how many members order the one chain together; one member orders each other.
        profile: of their engine.

    Raises:
        Conflict: `county.exists`, the folder holds something already.
        Invalid: `county.validators`; of two chains each has one orderer.
    """
    check_empty(folder)
    if mode == "dual" and (validators or profile != DEFAULT):
        raise Invalid(
            "county.validators",
            f"{validators} members are to order together, and each of two chains has one orderer",
            cure="Take one chain, or leave the engine out.",
        )
    kept = _MODES[mode]
    found = {
        kind: found_county(
            _place(folder, kind),
            name=name_chain(name, kind),
            seed=seed if kind == COUNTY or not seed else f"{seed}/{kind}",
            clock=clock,
            members=[each for each in MEMBERS if not roles or each.role in roles],
            kind=kind,
            orderer=PUBLIC_ORDERER if kind == PUBLIC else ORDERER,
            validators=validators if kind == COUNTY else 0,
            profile=profile if kind == COUNTY else DEFAULT,
        )
        for kind, roles in kept.items()
    }
    write_chains(folder, list(kept))
    return found


def write_chains(folder: Path, kinds: Sequence[str]) -> None:
    """Write which chains a county's folder has."""
    text = json.dumps({"chains": list(kinds)}) + "\n"
    (folder / CHAINS_FILE).write_text(text, encoding="utf-8")


def name_chain(county: str, kind: str) -> str:
    """Return what a county's chain of a kind is called."""
    return county if kind == COUNTY else f"{county[:9]}-{kind}"


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
        houses: by the kind of chain; of all their members, or of the same one alone.
    """

    def __init__(self, houses: Mapping[str, House]) -> None:
        self.houses = dict(houses)
        self._links = [each for each in _LINKS if {each[0], each[1]} <= houses.keys()]
        if FINANCIAL in houses:
            for node in houses[FINANCIAL].nodes():
                node.across = Across(houses[ADMINISTRATIVE], node)
        for kind, house in houses.items():
            others = [houses[other] for at, other, _ in self._links if at == kind]
            for node in house.nodes():
                node.beside = [Beside(each, node.member) for each in others]

    @property
    def is_apart(self) -> bool:
        """Whether one member alone is open here."""
        return any(house.apart is not None for house in self.houses.values())

    def link(self) -> None:
        """Let the members of each chain vote those into theirs that are to be anchored there."""
        for kind, other, demand in self._links:
            _link(self.houses[kind], find_seat(self.houses[other]).node.replica.genesis, demand)

    def link_apart(self) -> bool:
        """Let the one member that is open link its chains, as far as it can; True once they are."""
        return all(
            _ask_in(self.houses[kind], find_seat(self.houses[other]).node.replica.genesis)
            for kind, other, _ in self._links
        )

    def anchor(self) -> int:
        """Anchor each chain where it is linked, as far as it is witnessed; return how many.

        Of members on machines of their own, who orders a chain anchors the others there.
        """
        return sum(
            anchor_house(self.houses[other], self.houses[kind])
            for kind, other, _ in self._links
            if self.houses[kind].orders
        )


def _link(house: House, genesis: Genesis, demand: str) -> None:
    """Let the members of a house vote another chain into theirs, unless it is known there."""
    if find_chain(house.ordered.read, genesis.chain) is not None:
        return
    first, *others = house.nodes()
    change = first.membership.propose_link(genesis.data, genesis.members.data, demand=demand)
    for node in others:
        node.catch_up()
        if node.membership.show_change(change)["state"] != "open":
            break
        node.membership.vote(change, yes=True)
    house.spread()


def _ask_in(house: House, genesis: Genesis) -> bool:
    """Let the one member open here have another chain linked, or say yes to that; True once it is.

    Who orders proposes it, once; the others agree, since it is the chain that they keep themselves.
    """
    node = find_seat(house).node
    node.catch_up()
    if find_chain(node.replica.read, genesis.chain) is not None:
        return True
    # Genesis names the list: where it is long, the change's record bears but its end.
    stated: dict[str, object] = {"kind": "link", "demand": "nothing", "genesis": genesis.data}
    changes = [row for row in node.membership.list_changes() if stated.items() <= row.items()]
    waiting = [row for row in changes if row["state"] == "open"]
    for row in waiting:
        if node.member not in (*row["yes"], *row["no"]):
            node.membership.vote(row["change"], yes=True)
    if house.orders and all(row["state"] == "expired" for row in changes):
        node.membership.propose_link(genesis.data, genesis.members.data)
    return False


def pack_chains(folder: Path, member: str, target: Path) -> list[str]:
    """Pack a member's chains for a machine of its own; return the names of what was copied.

    The public chain goes with it where the member keeps that.

    Raises:
        As `packing.pack_member`, of either chain.
    """
    told = pack_member(folder, member, target)
    place = find_chains(folder).get(PUBLIC)
    if place is not None and folder in find_chains(folder).values() and is_here(place, member):
        told += [f"{PUBLIC}/{each}" for each in pack_member(place, member, target / PUBLIC)]
        shutil.copy2(folder / CHAINS_FILE, target / CHAINS_FILE)
        told.append(CHAINS_FILE)
    return told


@contextmanager
def _tried_again() -> Iterator[None]:
    """Tell of an anchor that fails; nothing is lost by one that comes later."""
    try:
        yield
    except Error as error:
        _LOG.warning("no anchor now: %s", error.code)


@contextmanager
def serve_chains(
    chains: Chains, *, every_ms: int = ANCHOR_MS, tend_s: float = TEND_S
) -> Iterator[None]:
    """Run all houses' threads, and anchor what is linked, for as long as the block lasts.

    Members' own chains are anchored, too, each by its member.

    Args:
        chains: all of a county's, open; or its only one.
        every_ms: after how long what is new on one is anchored where it is linked.
        tend_s: as `serve_house` takes it.
    """
    ended = threading.Event()

    def anchor() -> None:
        is_linked = not chains.is_apart
        while not ended.wait((every_ms if is_linked else min(every_ms, LINK_MS)) / 1_000):
            with _tried_again():
                is_linked = is_linked or chains.link_apart()
                chains.anchor()
            for house in chains.houses.values():
                for seat in house.seats():
                    with _tried_again():
                        anchor_own(house, seat.node.member)

    thread = threading.Thread(target=anchor, name="anchors", daemon=True)
    with ExitStack() as served:
        for house in chains.houses.values():
            served.enter_context(serve_house(house, tend_s=tend_s))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextmanager
def open_chains(folder: Path, clock: Clock, *, needed: Collection[str] = ()) -> Iterator[Chains]:
    """Open all chains of a county folder, linked, and close them at the end.

    Args:
        folder: the county's.
        clock: the machine's.
        needed: as `House` takes it, of each chain.

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
            {
                kind: opened.enter_context(open_house(at, clock, needed=needed))
                for kind, at in found.items()
            }
        )
        chains.link()
        yield chains


@contextmanager
def open_alone(
    folder: Path,
    member: str,
    clock: Clock,
    *,
    bind: tuple[str, int] | None = None,
    leaps: bool = False,
) -> Iterator[Chains]:
    """Open one member's chains: the county's, and the public one where it keeps that.

    Args:
        folder: a member folder, or a county's.
        member: its name.
        clock: the machine's.
        bind: where the county's chain is listened for, as `open_single` takes it; the public one
            and the engine are at that host, too, at their own ports.
        leaps: of both.

    Raises:
        As `open_single`.
    """
    with ExitStack() as opened:
        own = open_single(folder, member, clock, bind=bind, leaps=leaps)
        houses = {COUNTY: opened.enter_context(own)}
        place = find_chains(folder).get(PUBLIC)
        if place is not None and (place / member / BOOK_FILE).is_file():
            port = read_own_place(place / member).port
            at = (bind[0], port) if bind is not None else None
            beside = open_single(place, member, clock, bind=at, leaps=leaps)
            houses[PUBLIC] = opened.enter_context(beside)
        yield Chains(houses)

"""Members that come to a county that stands: their keys, their cards, their copies of its chain.

Where members vote here, one of them cuts the blocks, whoever else is to order with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tallystick.base.clock import Clock, SystemClock, SystemEntropy
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Members
from tallystick.county.card import digest_of
from tallystick.county.carding import Drawn, draw_member, join_county, read_chain
from tallystick.county.founding import read_county
from tallystick.county.house import House
from tallystick.county.local import LocalOffice
from tallystick.county.member import Member
from tallystick.kernel.access.secrets import Secrets

__all__ = ["carry", "cutting", "draw_newcomer", "sign", "vote_in"]


def draw_newcomer(
    home: Path, county: Path, *, role: str, called: str, engine_port: int = 0
) -> dict[str, Any]:
    """Draw a member's keys in its own folder, begin its copy there, and return its card."""
    path, _ = draw_member(
        home,
        Member(home.name, role, called, called),
        Drawn("", engine_port),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=read_chain(county),
    )
    join_county(home, county)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@contextmanager
def cutting(folder: Path, clock: Clock | None = None) -> Iterator[House]:
    """Open a county's members, one of which cuts blocks."""
    house = House(folder, replace(read_county(folder), engine=""), clock or SystemClock())
    try:
        yield house
    finally:
        house.close()


def vote_in(folder: Path, card: Mapping[str, Any]) -> Members:
    """Have the founders vote a card in; return the list in force."""
    return carry(folder, lambda office: office.propose_join(card))


def carry(folder: Path, propose: Callable[[LocalOffice], dict[str, Any]], by: str = "") -> Members:
    """Have one founder propose a change, and the others vote; return the list in force.

    Args:
        folder: the county's; all founders are there.
        propose: proposes it.
        by: who does; "" for the first.
    """
    names = [each.name for each in read_county(folder).members]
    first = by or names[0]
    with cutting(folder) as house:
        own = house.office(first)
        change = propose(own)["change"]
        for name in names:
            if name != first and own.show_change(change)["state"] == "open":
                house.office(name).vote_change(change, yes=True)
        house.spread()
        return house.node(first).replica.tip.members


def sign(home: Path, tree: dict[str, Any]) -> dict[str, Any]:
    """Return a card as its own member could state it otherwise."""
    key = SigningKey.from_seed(Secrets.read(home / "member.key").tx)
    return {**tree, "signature": key.sign(bytes.fromhex(digest_of(tree))).hex()}

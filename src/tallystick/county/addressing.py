"""Where members are asked, written into the address book of every member that a folder holds.

An operator tells it by hand, or by the card of a member that joined since, or came to validate;
that card tells where its engine's node is too, for the folder's engines. Laws: a card counts while
every key on it is the member's in the list in force: it is signed by one of them, so it is that
member's own word. Books and nodes are read at the start of who goes by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Invalid, NotFound
from tallystick.county.card import Card, check_joining, check_keys
from tallystick.county.papers import read_genesis
from tallystick.county.present import list_in_force, read_newest
from tallystick.county.validating import (
    SEATS_FILE,
    list_validators,
    not_listed,
    read_seats,
    with_seat,
    write_seats,
)
from tallystick.kernel.link.book import BOOK_FILE, Place, read_place, write_entry
from tallystick.kernel.link.certificate import ensure_certificate

__all__ = ["Told", "set_address", "set_by_card"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a card told a folder's members.

    Attributes:
        member: whose card it is.
        address: where its link is asked; "" where all members are in one folder.
        engine: where its engine's node is, `HOST:PORT`; "" where it does not validate.
        told: the folder's members whose books were written.
    """

    member: str
    address: str
    engine: str
    told: Sequence[str]


def set_address(folder: Path, name: str, url: str, certificate: Path | None = None) -> list[str]:
    """Write a member's address into the books of the members of a folder; return their names.

    Args:
        folder: the county's, or a member's.
        name: the member whose address it is.
        url: `https://HOST:PORT`, or `http://` on this machine.
        certificate: of a member that is elsewhere; one that is here gets its own made.

    Raises:
        NotFound: `member.unknown`.
        Invalid: the address or the certificate is none.
    """
    # One that is about to follow stands in no list that it has itself.
    held = _list_held(folder)
    if name not in {*held, *(each.name for each in list_in_force(folder))}:
        raise NotFound(
            "member.unknown", f"{name} is no member of this county", cure="tally county show."
        )
    pem = _read_certificate(certificate)
    if url.startswith("https:") and not pem and name in held:
        pem = ensure_certificate(folder / name, name, clock=SystemClock(), entropy=SystemEntropy())
    place = read_place(name, {"address": url, **({"certificate": pem} if pem else {})})
    _write(folder, held, name, place)
    return held


def set_by_card(folder: Path, card: Card) -> Told:
    """Write where the member of a card is: its link, and its engine's node if it has one.

    Args:
        folder: the county's, or a member's.
        card: as its own key signed it.

    Raises:
        NotFound: `member.unknown`, it is not in the list of this folder's copy; `engine.no_seats`.
        Unavailable: `engine.not_listed`, that list has no key of its engine yet.
        Invalid: `county.card`, it is not for this chain, or shows keys that are not those of the
            list; `county.one_orders`.
        Conflict: `engine.taken`, its node, or the place of that, is another member's, or it has
            another node.
    """
    check_joining(card, read_genesis(folder))
    _check_in_force(folder, card)
    name, held, address = card.member.name, _list_held(folder), card.side.place["address"]
    engine = ""
    if card.vote is not None:
        seat, seats = card.vote.peer, folder / SEATS_FILE
        write_seats(seats, with_seat(read_seats(seats), name, seat))
        engine = f"{seat.host}:{seat.port}"
    if not address:
        return Told(name, "", engine, [])
    _write(folder, held, name, read_place(name, card.side.place))
    return Told(name, address, engine, held)


def _check_in_force(folder: Path, card: Card) -> None:
    """Refuse a card whose keys are not those that the list in force has of its member."""
    name, newest = card.member.name, read_newest(folder)
    if newest is None or name not in newest[1].by_name:
        raise NotFound(
            "member.unknown",
            f"{name} is in no list that a copy of the chain here holds",
            cure="Have it voted in first, and this folder's member catch up.",
        )
    height, members = newest
    if card.vote is not None and name not in list_validators(members, height):
        raise not_listed(name, height - 1)
    check_keys(card, members, height)


def _list_held(folder: Path) -> list[str]:
    return [path.parent.name for path in sorted(folder.glob("*/member.key"))]


def _write(folder: Path, held: Sequence[str], name: str, place: Place) -> None:
    """Write one member's place into the books of those that a folder holds."""
    for each in held:
        # Whatever is wrong with another's entry: this is how each of them is mended.
        write_entry(folder / each / BOOK_FILE, name, place)


def _read_certificate(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            "peers.certificate",
            f"{path.name} has no reading",
            cure="Name by --certificate the link.pem of that member.",
        ) from error

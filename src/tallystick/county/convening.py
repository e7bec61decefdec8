"""A county founded from its members' cards, where no two members share a machine.

What is made are the public files of its chains: the one that all members keep, ordered by one of
them or by those that validate, and beside it the public one of those whose cards are for that.
Laws: there is no secret among the files; the lists hold exactly the keys that the cards show; who
validates is what the cards say and the founders have agreed on, both alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tallystick.base.clock import Clock, Entropy
from tallystick.base.errors import Error, Invalid
from tallystick.chain.checkpoint import largest_note
from tallystick.chain.crossing import ANCHOR_NOTE_MAX
from tallystick.chain.member import Member as ListedMember
from tallystick.chain.member import Members
from tallystick.charter import MEDIA
from tallystick.county.card import Card, Side, bad_card
from tallystick.county.chains import COUNTY, PUBLIC, name_chain, write_chains
from tallystick.county.founding import (
    CountyFile,
    check_empty,
    check_role,
    check_validators,
    write_genesis,
)
from tallystick.county.validating import COMETBFT, DEFAULT, SEATS_FILE, write_seats
from tallystick.kernel.link.book import BOOK_FILE, read_place, write_book

__all__ = ["Founding", "found_from_cards", "tell_parts"]


@dataclass(frozen=True, slots=True)
class Founding:
    """What those who found a county have agreed on.

    Attributes:
        name: of the county's chain.
        orderer: who orders it alone; "" where those that validate do.
        engine: "" for one member that orders, or `cometbft`.
        profile: of that engine.
        followers: who does not validate beside those that do.
        publisher: who orders the public chain; "" for the first of the media, else the first that
            keeps it and does not order the county's.
    """

    name: str = "county"
    orderer: str = ""
    engine: str = ""
    profile: str = DEFAULT
    followers: Sequence[str] = ()
    publisher: str = ""


def found_from_cards(
    folder: Path, cards: Sequence[Card], agreed: Founding, *, clock: Clock, entropy: Entropy
) -> dict[str, CountyFile]:
    """Make the public files of a county's chains from its members' cards.

    Args:
        folder: new or empty; the public chain's files are made in `public` in it.
        cards: one a member.
        agreed: who orders, and how.
        clock: gives each genesis its time.
        entropy: draws their salts.

    Returns:
        What the `county.json` of each chain says; a public one stands where a card is for it.

    Raises:
        Conflict: `county.exists`.
        Invalid: `county.role`, `county.card`, `county.orderer`; `county.validators` or
            `county.vote`, the cards and what was agreed on do not fit; `county.many`.
    """
    check_empty(folder)
    _check_cards(cards)
    _check_order(cards, agreed)
    kept = [card for card in cards if card.public is not None]
    publisher = _find_publisher(kept, agreed)
    listed = _list([card.listed() for card in cards])
    beside = _list([card.listed_public() for card in kept]) if kept else None
    if beside is not None:
        _check_size(agreed.name, listed)
    votes = {card.member.name: card.vote.peer for card in cards if card.vote is not None}
    orderer, members = agreed.orderer or min(votes), tuple(card.member for card in cards)
    found = {COUNTY: CountyFile(agreed.name, orderer, "", members, agreed.engine, agreed.profile)}
    make = partial(write_genesis, clock=clock, entropy=entropy)
    folder.mkdir(parents=True, exist_ok=True)
    make(folder, listed, name=agreed.name)
    _write(folder, found[COUNTY], [card.side for card in cards])
    if votes:
        write_seats(folder / SEATS_FILE, votes)
    if beside is not None:
        name, keepers = name_chain(agreed.name, PUBLIC), tuple(card.member for card in kept)
        found[PUBLIC] = CountyFile(name, publisher, "", keepers)
        (folder / PUBLIC).mkdir()
        make(folder / PUBLIC, beside, name=name, kind=PUBLIC)
        _write(folder / PUBLIC, found[PUBLIC], [card.public for card in kept if card.public])
        write_chains(folder, list(found))
    return found


def tell_parts(card: Card, founded: Mapping[str, CountyFile]) -> dict[str, list[str]]:
    """Return which of the chains that were founded a card's member keeps, and which it orders."""
    name = card.member.name
    kept = {kind: each for kind, each in founded.items() if card.member in each.members}
    return {
        "keeps": list(kept),
        "orders": [
            kind
            for kind, each in kept.items()
            if (card.vote is not None if each.engine else each.orderer == name)
        ],
    }


def _check_cards(cards: Sequence[Card]) -> None:
    """Refuse cards that no county is founded by, and two at one address."""
    places: dict[str, str] = {}
    for card in cards:
        name = card.member.name
        check_role(card.member.role)
        if card.chain:
            raise bad_card(name, "it is for a chain that stands, not to found one by")
        for place in _list_places(card):
            if place in places:
                raise bad_card(name, f"{place} is told by {places[place]} already")
            places[place] = name


def _list_places(card: Card) -> list[str]:
    """Return each host and port at which a card's member is to be reached."""
    sides = [card.side, *([card.public] if card.public is not None else [])]
    places = [read_place(card.member.name, each.place) for each in sides]
    found = [f"{each.host}:{each.port}" for each in places]
    return [*found, *([f"{card.vote.peer.host}:{card.vote.peer.port}"] if card.vote else [])]


def _check_order(cards: Sequence[Card], agreed: Founding) -> None:
    """Refuse cards by which the chain cannot be ordered as it was agreed."""
    voting = {card.member.name for card in cards if card.vote is not None}
    silent = {card.member.name for card in cards} - voting
    if agreed.engine != COMETBFT:
        if voting:
            raise _unfit(
                f"one member is to order, and the card of {_say(voting)} shows a key to vote by",
                "Found it with --engine cometbft, or have that card drawn without an engine.",
            )
        _check_orderer(cards, agreed.orderer)
    elif agreed.orderer:
        raise Invalid(
            "county.orderer",
            f"{agreed.orderer} is to order the chain, and {len(voting)} members do together",
            cure="Leave --orderer out.",
        )
    else:
        _check_followers(silent, set(agreed.followers))
    check_validators(len(voting), len(cards), agreed.engine, agreed.profile)


def _check_orderer(cards: Sequence[Card], orderer: str) -> None:
    if orderer not in [card.member.name for card in cards]:
        raise Invalid(
            "county.orderer",
            f"{orderer or 'nobody'} is to order the chain, and none of {len(cards)} cards is of"
            " that name",
            cure="Name one of the members by --orderer.",
        )


def _check_followers(silent: set[str], followers: set[str]) -> None:
    """Refuse a card without a key to vote by, unless its member is only to follow."""
    if silent - followers:
        raise _unfit(
            f"the card of {_say(silent - followers)} shows no key to vote by",
            "Have it drawn anew by tally member new --engine cometbft, or say by --follower that"
            " its member is only to follow.",
        )
    if followers - silent:
        raise _unfit(
            f"{_say(followers - silent)} is only to follow, and there is no card of that name"
            " without a key to vote by",
            "Leave --follower out for whoever validates.",
        )


def _find_publisher(kept: Sequence[Card], agreed: Founding) -> str:
    """Return who orders the public chain; "" where nobody keeps one.

    What testifies of a chain is another's to put in order than who orders that, where there is one.
    """
    names = [card.member.name for card in kept]
    if agreed.publisher and agreed.publisher not in names:
        raise Invalid(
            "county.orderer",
            f"{agreed.publisher} is to order the public chain, and no card of that name is for it",
            cure="Name by --publisher a member that keeps the public chain, or leave it out.",
        )
    media = [card.member.name for card in kept if card.member.role in MEDIA]
    others = [name for name in names if name != agreed.orderer]
    return next((name for name in (agreed.publisher, *media, *others, *names) if name), "")


def _list(listed: list[ListedMember]) -> Members:
    try:
        return Members.of(listed)
    except Error as error:
        raise bad_card("together", error.message) from error


def _check_size(name: str, listed: Members) -> None:
    """Refuse members whose quorum's names are too long for an anchor on the public chain."""
    size = largest_note(name, listed)
    if size > ANCHOR_NOTE_MAX:
        raise Invalid(
            "county.many",
            f"a checkpoint under a quorum's names of {len(listed.by_name)} members has up to {size}"
            f" bytes, and an anchor on the public chain takes {ANCHOR_NOTE_MAX}",
            cure="Found it with fewer, or shorter names: 64 fit where the county's and a member's"
            " have 28 characters together, 55 whatever they are called.",
        )


def _write(folder: Path, county: CountyFile, sides: Sequence[Side]) -> None:
    """Write what a chain's county says of itself, and where its members are asked."""
    county.write(folder / "county.json")
    named = zip(county.members, sides, strict=True)
    book = {each.name: read_place(each.name, side.place) for each, side in named}
    write_book(folder / BOOK_FILE, book)


def _say(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _unfit(fact: str, cure: str) -> Invalid:
    return Invalid("county.vote", fact, cure=cure)

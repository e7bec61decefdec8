"""A county founded from cards: every member draws its keys on its own machine, and none leaves it.

A card is what a member shows of itself: name, role, public keys, address and certificate, signed
with its transaction key over a digest of all that. Laws: who founds sees public keys alone; a card
is read strictly, and its public keys are as the chain demands them; a member takes a county's files
only if its own keys stand in the list as it drew them. Limits: who brings the cards together must
compare their digests with the members over another way: a card proves its key, not its bearer.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import Clock, Entropy
from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Conflict, Error, Invalid
from tallystick.base.keys import SigningKey, verify
from tallystick.chain import schema
from tallystick.chain.block import Genesis
from tallystick.chain.member import Key, Members
from tallystick.chain.member import Member as ListedMember
from tallystick.charter import CHARTER
from tallystick.county.founding import (
    CountyFile,
    check_empty,
    check_role,
    read_county,
    write_genesis,
)
from tallystick.county.member import Member
from tallystick.county.packing import PUBLIC_FILES
from tallystick.kernel.access.secrets import SEAL_ALG, USES, Secrets
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.book import BOOK_FILE, read_address, read_place, write_book
from tallystick.kernel.link.certificate import ensure_certificate

__all__ = ["Card", "digest_of", "draw_member", "found_from_cards", "join_county", "read_card"]

CARD_BYTES_MAX: Final = 65_536
_FIELDS: Final = frozenset(
    {"v", "name", "role", "zh", "en", "keys", "address", "certificate", "signature"}
)
_TEXT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Card:
    """What a member shows of itself.

    Attributes:
        member: name, role and what it is called.
        keys: public keys in the order of `USES`.
        place: `address` and `certificate`, as an entry of the address book.
        digest: of all of it, 64 hex digits: what members compare by telephone.
    """

    member: Member
    keys: tuple[bytes, ...]
    place: dict[str, str]
    digest: str


def draw_member(
    home: Path, member: Member, address: str, *, clock: Clock, entropy: Entropy
) -> tuple[Path, str]:
    """Draw a member's keys in its own folder, and write its card beside it.

    Args:
        home: the member's own folder, named as the member; made, and empty before.
        member: what it is to be.
        address: of its link.
        clock: dates the certificate.
        entropy: draws the keys.

    Returns:
        The card's path, and its digest.

    Raises:
        Conflict: `county.exists`, the folder holds something.
        Invalid: `county.role`; the address is none, or `county.card`, the name is none.
    """
    try:
        schema.NAME(member.name)
    except Invalid as error:
        raise _bad(member.name[:40], "its name cannot be a member's") from error
    check_empty(home)
    check_role(member.role)
    scheme, _, _ = read_address(member.name, address)
    secrets = Secrets.draw(entropy)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = ""
    if scheme == "https":
        pem = ensure_certificate(home, member.name, clock=clock, entropy=entropy)
    place = {"address": address, **({"certificate": pem} if pem else {})}
    tree: dict[str, Any] = {
        "v": 1,
        **{name: getattr(member, name) for name in ("name", "role", "zh", "en")},
        "keys": {use: secrets.public(use).hex() for use in USES},
        "certificate": "",
        **place,
    }
    signature = SigningKey.from_seed(secrets.tx).sign(bytes.fromhex(digest_of(tree)))
    text = json.dumps({**tree, "signature": signature.hex()}, ensure_ascii=False, indent=1) + "\n"
    card = _read(text, member.name)
    secrets.write(home / "member.key")
    path = home.with_name(f"{member.name}.card.json")
    path.write_text(text, encoding="utf-8")
    return path, card.digest


def digest_of(tree: dict[str, Any]) -> str:
    """Return the digest of a card, without its signature."""
    stated = {name: each for name, each in tree.items() if name != "signature"}
    return sha256(b"tallystick card\0" + encode(stated)).hex()


def read_card(path: Path) -> Card:
    """Return a card.

    Raises:
        Invalid: `county.card`, it has no reading, or is not signed by the key that it shows.
    """
    data = path.read_bytes()
    if len(data) > CARD_BYTES_MAX:
        raise _bad(path.name, f"it has {len(data)} bytes, most is {CARD_BYTES_MAX}")
    return _read(data.decode("utf-8", "replace"), path.name)


def _read(text: str, named: str) -> Card:
    try:
        tree = json.loads(text)
        keys = tuple(bytes.fromhex(tree["keys"][use]) for use in USES)
        signature = bytes.fromhex(tree["signature"])
        digest = digest_of(tree)
    except (ValueError, KeyError, TypeError, RecursionError, AssertionError) as error:
        raise _bad(named, "it has no reading") from error
    texts = [tree.get(name) for name in ("name", "role", "zh", "en", "address", "certificate")]
    if (
        tree.keys() != _FIELDS
        or tree["v"] != 1
        or tree["keys"].keys() != set(USES)
        or not all(isinstance(each, str) for each in texts)
        or any(len(each) > _TEXT_MAX for each in texts[:4])
    ):
        raise _bad(named, "its fields are not those of a card")
    if not verify(keys[0], bytes.fromhex(digest), signature):
        raise _bad(named, "the key that it shows did not sign it")
    place = {"address": tree["address"]}
    place |= {"certificate": tree["certificate"]} if tree["certificate"] else {}
    read_place(tree["name"], place)
    member = Member(tree["name"], tree["role"], tree["zh"], tree["en"])
    card = Card(member, keys, place, digest)
    _listed(card)
    return card


def _listed(card: Card) -> ListedMember:
    """Return a card's member as the chain lists it; Invalid `county.card` if it may not stand."""
    algs = dict.fromkeys(USES, 1) | {"seal": SEAL_ALG}
    keys = [
        Key(number, use, algs[use], pub, 0)
        for number, (use, pub) in enumerate(zip(USES, card.keys, strict=True), start=1)
    ]
    found = ListedMember(card.member.name, card.member.role, tuple(keys))
    try:
        Members.of([found])
    except Error as error:
        raise _bad(card.member.name[:40], error.message) from error
    return found


def found_from_cards(
    folder: Path, cards: Sequence[Card], *, name: str, orderer: str, clock: Clock, entropy: Entropy
) -> CountyFile:
    """Make a county's public files from its members' cards; there is no secret among them.

    Raises:
        Conflict: `county.exists`.
        Invalid: `county.role`, `county.card`; `county.orderer`, no card is the orderer's.
    """
    check_empty(folder)
    for card in cards:
        check_role(card.member.role)
    if orderer not in [card.member.name for card in cards]:
        raise Invalid(
            "county.orderer",
            f"{orderer} is to order the chain, and none of {len(cards)} cards is of that name",
            cure="Name one of the members by --orderer.",
        )
    try:
        listed = Members.of([_listed(card) for card in cards])
    except Error as error:
        raise _bad("together", error.message) from error
    folder.mkdir(parents=True, exist_ok=True)
    write_genesis(folder, listed, name=name, clock=clock, entropy=entropy)
    write_book(
        folder / BOOK_FILE,
        {card.member.name: read_place(card.member.name, card.place) for card in cards},
    )
    found = CountyFile(name, orderer, "", tuple(card.member for card in cards))
    found.write(folder / "county.json")
    return found


def join_county(home: Path, public: Path) -> None:
    """Take a county's public files beside a member's own folder, and begin its copy of the chain.

    Args:
        home: the member's own folder, as `draw_member` made it.
        public: the folder that `found_from_cards` made.

    Raises:
        Conflict: `county.stranger`, the list does not hold this member with its own keys;
            `ledger.exists`, it has begun already.
        Invalid: the files do not belong together.
    """
    read_county(public)
    genesis = (public / "genesis.cbor").read_bytes()
    members = (public / "members.cbor").read_bytes()
    listed = Genesis.read(genesis, members).members.by_name.get(home.name)
    keys = [key.pub for key in listed.keys] if listed else []
    secrets = Secrets.read(home / "member.key")
    if keys != [secrets.public(use) for use in USES]:
        raise Conflict(
            "county.stranger",
            f"the county's list does not hold {home.name} with the keys that were drawn here",
            cure="Have the county founded anew from this member's own card.",
        )
    Replica.create(home / "ledger.db", genesis, members, CHARTER).close()
    for name in PUBLIC_FILES:
        shutil.copy2(public / name, home.parent / name)
    shutil.copy2(public / BOOK_FILE, home / BOOK_FILE)


def _bad(named: str, reason: str) -> Invalid:
    return Invalid(
        "county.card",
        f"the card {named}: {reason}",
        cure="Have the member send its card again, and compare the digest with it.",
    )

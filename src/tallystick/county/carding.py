"""Members by their cards: each draws its keys on its own machine, and none leaves it.

A card is what a member shows of itself: name, role, public keys, address and certificate, signed
with its transaction key over a digest of all that. A county is founded from cards; who comes later
names the chain that stands on its card, each signing key proving itself for that one, and is voted
in. Laws: who founds or votes sees public keys alone; a card
is read strictly, and its public keys are as the chain demands them; a member takes a county's files
only if its own keys stand in the list as it drew them. Limits: who brings the cards together must
compare their digests with the members over another way: a card proves its key, not its bearer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from tallystick.county.packing import copy_public
from tallystick.kernel.access.secrets import SEAL_ALG, USES, Secrets, state_keys
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.book import BOOK_FILE, read_address, read_book, read_place, write_book
from tallystick.kernel.link.certificate import ensure_certificate

__all__ = [
    "Card",
    "check_card",
    "digest_of",
    "draw_member",
    "found_from_cards",
    "join_county",
    "load_card",
    "read_card",
    "read_chain",
    "state_member",
]

CARD_BYTES_MAX: Final = 65_536
_CHAIN_DIGITS: Final = 64
_FIELDS: Final = frozenset(
    {
        *("v", "name", "role", "zh", "en", "keys", "address", "certificate", "chain", "proofs"),
        "signature",
    }
)
_TEXT_BYTES_MAX: Final = 200
"""What the chain takes as a name."""
_NO_PLACE: Final = {"address": ""}
_TAKEN: Final = frozenset({"healthz", "ipfs", "ipns"})
"""What a node answers at by itself: a member of such a name could not be reached there."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a member shows of itself.

    Attributes:
        member: name, role and what it is called.
        keys: public keys in the order of `USES`.
        place: `address` and `certificate`, as an entry of the address book; no address where its
            member is on one machine with all others.
        digest: of all of it, 64 hex digits: what members compare by telephone.
        chain: the digest of the chain that it is to join; b"" for one that is to be founded.
        proofs: by use, each signing key's own signature for that chain.
    """

    member: Member
    keys: tuple[bytes, ...]
    place: dict[str, str]
    digest: str
    chain: bytes = b""
    proofs: Mapping[str, bytes] = field(default_factory=dict)


def draw_member(
    home: Path,
    member: Member,
    address: str,
    *,
    clock: Clock,
    entropy: Entropy,
    chain: bytes = b"",
) -> tuple[Path, str]:
    """Draw a member's keys in its own folder, and write its card beside it.

    Args:
        home: the member's own folder, named as the member; made, and empty before.
        member: what it is to be.
        address: of its link; "" where all members are in one folder.
        clock: dates the certificate.
        entropy: draws the keys.
        chain: the digest of the chain that it is to join by a vote; b"" for one to be founded.

    Returns:
        The card's path, and its digest.

    Raises:
        Conflict: `county.exists`, the folder holds something.
        Invalid: `county.role`; the address is none, or `county.card`, the name is none.
    """
    _check_name(member.name)
    check_empty(home)
    check_role(member.role)
    scheme = read_address(member.name, address)[0] if address or not chain else ""
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
        "chain": chain.hex(),
        "proofs": _prove(secrets, chain, member.name) if chain else {},
    }
    signature = SigningKey.from_seed(secrets.tx).sign(bytes.fromhex(digest_of(tree)))
    text = json.dumps({**tree, "signature": signature.hex()}, ensure_ascii=False, indent=1) + "\n"
    card = check_card(json.loads(text), member.name)
    secrets.write(home / "member.key")
    path = _card_path(home)
    path.write_text(text, encoding="utf-8")
    return path, card.digest


def _check_name(name: str) -> None:
    """Refuse a name that no member may have."""
    try:
        schema.NAME(name)
    except Invalid as error:
        raise _bad(name[:40], "its name cannot be a member's") from error
    if name in _TAKEN:
        raise _bad(name, "every node answers at that name itself")


def _prove(secrets: Secrets, chain: bytes, member: str) -> dict[str, str]:
    """Return each signing key's own signature for a chain, by use, in hex."""
    stated = state_keys(secrets, None, chain=chain, member=member, top=0)
    return {key["use"]: key["pop"].hex() for key in stated if "pop" in key}


def read_chain(folder: Path) -> bytes:
    """Return the digest of the chain whose `genesis.cbor` and `members.cbor` a folder holds.

    Raises:
        Invalid: `county.missing`, they are not there.
    """
    try:
        genesis, listed = (
            (folder / name).read_bytes() for name in ("genesis.cbor", "members.cbor")
        )
    except FileNotFoundError as error:
        raise Invalid(
            "county.missing",
            f"{folder.name} holds no genesis.cbor and members.cbor",
            cure="Copy both from any member; they are public.",
        ) from error
    return Genesis.read(genesis, listed).chain


def digest_of(tree: Mapping[str, Any]) -> str:
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
    return check_card(load_card(data.decode("utf-8", "replace"), path.name), path.name)


def load_card(text: str, named: str = "") -> Any:  # noqa: ANN401 - whatever a file held
    """Return the tree that a card's text holds, unchecked; Invalid `county.card` if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(named, "it is no JSON") from error


def check_card(tree: Any, named: str = "") -> Card:  # noqa: ANN401 - whatever a file held
    """Return the card that a tree of JSON states.

    Args:
        tree: of a file, or of a request.
        named: what the card is called in an error; "" calls it by the name that it tells.

    Raises:
        Invalid: `county.card`, as `read_card`.
    """
    if not named and isinstance(tree, dict):
        named = str(tree.get("name", ""))[:40]
    try:
        keys = tuple(bytes.fromhex(tree["keys"][use]) for use in USES)
        proofs = {use: bytes.fromhex(each) for use, each in tree["proofs"].items()}
        chain, signature = bytes.fromhex(tree["chain"]), bytes.fromhex(tree["signature"])
        digest = digest_of(tree)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(named, "it has no reading") from error
    except AssertionError as error:
        # The codec's own: a tree that has no canonical bytes.
        raise _bad(named, "it has no reading") from error
    if not _has_form(tree):
        raise _bad(named, "its fields are not those of a card")
    _check_name(tree["name"])
    if not verify(keys[0], bytes.fromhex(digest), signature):
        raise _bad(named, "the key that it shows did not sign it")
    place = {"address": tree["address"]}
    place |= {"certificate": tree["certificate"]} if tree["certificate"] else {}
    if not chain or place != _NO_PLACE:
        read_place(tree["name"], place)
    member = Member(tree["name"], tree["role"], tree["zh"], tree["en"])
    card = Card(member, keys, place, digest, chain, proofs)
    _listed(card)
    return card


def _has_form(tree: dict[str, Any]) -> bool:
    texts = [tree.get(name) for name in ("name", "role", "zh", "en", "address", "certificate")]
    if not all(isinstance(each, str) for each in texts) or tree.keys() != _FIELDS:
        return False
    sizes = [len(each.encode()) for each in texts[:4] if isinstance(each, str)]
    proven = set(USES) - {"seal"} if tree["chain"] else set()
    return (
        tree["v"] == 1
        and tree["keys"].keys() == set(USES)
        and tree["proofs"].keys() == proven
        and len(tree["chain"]) in (0, _CHAIN_DIGITS)
        and all(0 < size <= _TEXT_BYTES_MAX for size in sizes)
    )


def state_member(tree: Any, chain: bytes) -> dict[str, Any]:  # noqa: ANN401 - of a request
    """Return what a card states of a member that is to join a chain, as a change proposes it.

    Args:
        tree: the card.
        chain: the digest of the chain at which it is proposed.

    Raises:
        Invalid: `county.card`: it is none, or it is for another chain, or for none.
    """
    card = check_card(tree)
    if card.chain != chain:
        for_ = card.chain.hex()[:16] if card.chain else "a county to be founded"
        raise _bad(card.member.name, f"it is for {for_}, and not for {chain.hex()[:16]}")
    keys = [
        {
            **{name: each for name, each in key.tree().items() if name != "from"},
            **({"pop": card.proofs[key.use]} if key.use in card.proofs else {}),
        }
        for key in _listed(card).keys
    ]
    return {"member": card.member.name, "role": card.member.role, "name": card.member.zh} | {
        "keys": keys
    }


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
        if card.chain:
            raise _bad(card.member.name, "it is for a chain that stands, not to found one by")
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

    A member that is to be voted in begins at genesis too, and follows once it is.

    Args:
        home: the member's own folder, as `draw_member` made it.
        public: the folder that `found_from_cards` made, or one with a county's public files.

    Raises:
        Conflict: `county.stranger`, the list does not hold this member with its own keys, and its
            card is not for this chain; `ledger.exists`, it has begun already.
        Invalid: the files do not belong together.
    """
    read_county(public)
    genesis = (public / "genesis.cbor").read_bytes()
    members = (public / "members.cbor").read_bytes()
    first = Genesis.read(genesis, members)
    listed = first.members.by_name.get(home.name)
    secrets = Secrets.read(home / "member.key")
    own = tuple(secrets.public(use) for use in USES)
    held = tuple(key.pub for key in listed.keys) if listed else ()
    card = None if held == own else _own_card(home)
    if card is not None and (card.keys, card.chain) != (own, first.chain):
        raise _stranger(home.name)
    Replica.create(home / "ledger.db", genesis, members, CHARTER).close()
    if not home.parent.samefile(public):
        copy_public(public, home.parent)
    _write_book(home, public, card)


def _own_card(home: Path) -> Card:
    try:
        return read_card(_card_path(home))
    except FileNotFoundError as error:
        raise _stranger(home.name) from error


def _write_book(home: Path, public: Path, card: Card | None) -> None:
    """Write where members are asked, as far as the public files tell, and the own place."""
    book = read_book(public / BOOK_FILE) if (public / BOOK_FILE).is_file() else {}
    if card is not None and card.place != _NO_PLACE:
        book = {**book, home.name: read_place(home.name, card.place)}
    if book:
        write_book(home / BOOK_FILE, book)


def _card_path(home: Path) -> Path:
    return home.with_name(f"{home.name}.card.json")


def _stranger(member: str) -> Conflict:
    return Conflict(
        "county.stranger",
        f"the county's list does not hold {member} with the keys that were drawn here",
        cure="Have the county founded anew from this member's own card, or draw one for its chain:"
        " tally member new --chain.",
    )


def _bad(named: str, reason: str) -> Invalid:
    return Invalid(
        "county.card",
        f"the card {named}: {reason}",
        cure="Have the member send its card again, and compare the digest with it.",
    )

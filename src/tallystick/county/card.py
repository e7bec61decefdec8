"""A member's card: what it shows of itself to those who found a county or vote it in.

A card states name, role, public keys, address and certificate, signed with the member's transaction
key over a digest of all that; who is to validate states its engine's key and node too, and a
founder that is to keep the public chain its keys and address there. Who joins a chain that stands
names it, each signing key proving itself for that one; so does who follows it and is to validate,
whose card shows the keys that it has and its engine's; and so does who had keys on that chain and
lost them, or left, whose card says after which number its fresh ones follow. Laws: a card is read
strictly, and its public keys are as a chain demands them; the digest covers every field; nobody
comes to validate where one member orders. Limits: who brings cards together must compare their
digests with the members over another way: a card proves its key, not its bearer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import verify
from tallystick.chain import schema
from tallystick.chain.block import Genesis
from tallystick.chain.member import Member as ListedMember
from tallystick.chain.member import Members
from tallystick.county.founding import list_member
from tallystick.county.member import Member
from tallystick.county.validating import Peer, list_validators, read_seat
from tallystick.kernel.access.secrets import USES, VOTE
from tallystick.kernel.link.book import read_place

__all__ = [
    "AFTER_MAX",
    "Card",
    "Side",
    "Vote",
    "bad_card",
    "card_path",
    "check_card",
    "check_joining",
    "check_keys",
    "check_name",
    "check_voting",
    "digest_of",
    "load_joining",
    "read_card",
    "state_member",
]

CARD_BYTES_MAX: Final = 65_536
AFTER_MAX: Final = 2**31
"""Nobody had as many keys; the numbers behind it are still the chain's."""
_CHAIN_DIGITS: Final = 64
_FIELDS: Final = frozenset(
    {
        *("v", "name", "role", "zh", "en", "keys", "address", "certificate", "chain", "proofs"),
        "signature",
    }
)
_LATER_FIELDS: Final = frozenset({"engine", "after"})
_FOUNDER_FIELDS: Final = frozenset({"engine", "public"})
"""Of a card to found a county by; who comes later shows itself for one chain."""
_UNREADABLE: Final = (
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
    AssertionError,  # The codec's own: a tree that has no canonical bytes.
)
_SIDE_FIELDS: Final = frozenset({"keys", "address", "certificate"})
_ENGINE_FIELDS: Final = frozenset({"key", "node", "host", "port"})
_TEXT_BYTES_MAX: Final = 200
"""What the chain takes as a name."""
_NO_PLACE: Final = {"address": ""}
_ANSWERED: Final = frozenset({"healthz", "ipfs", "ipns"})
"""What a node answers at by itself: a member of such a name could not be reached there."""
_FOLDERS: Final = frozenset({"administrative", "financial", "logs", "public"})
"""What else stands in a county's folder: a member's own could not stand there too."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a member shows of itself for one chain.

    Attributes:
        keys: public keys in the order of `USES`.
        place: `address` and `certificate`, as an entry of the address book; no address where its
            member is on one machine with all others.
    """

    keys: tuple[bytes, ...]
    place: dict[str, str]


@dataclass(frozen=True, slots=True)
class Vote:
    """How a member is to validate.

    Attributes:
        key: the public key by which its engine votes.
        peer: its engine's node, and where that is reached.
    """

    key: bytes
    peer: Peer


@dataclass(frozen=True, slots=True)
class Card:
    """What a member shows of itself.

    Attributes:
        member: name, role and what it is called.
        side: for the county's chain, or the one that it is to join.
        digest: of all of it, 64 hex digits: what members compare by telephone.
        vote: how it validates; None where it does not.
        public: for the public chain; None where it does not keep that.
        chain: the digest of the chain that it is to join; b"" for one that is to be founded.
        proofs: by use, each signing key's own signature for that chain.
        after: the greatest number of a key that the member ever had there; its keys follow it.
    """

    member: Member
    side: Side
    digest: str
    vote: Vote | None = None
    public: Side | None = None
    chain: bytes = b""
    proofs: Mapping[str, bytes] = field(default_factory=dict)
    after: int = 0

    @property
    def keys(self) -> tuple[bytes, ...]:
        """All public keys that the chain is to list, in the list's order."""
        return (*self.side.keys, *([self.vote.key] if self.vote is not None else []))

    def listed(self) -> ListedMember:
        """Return it as the chain lists it; Invalid `county.card` if it may not stand."""
        return _listed(self.member, self.keys, self.after)

    def listed_public(self) -> ListedMember:
        """Return it as the public chain lists it; only where it keeps that."""
        assert self.public is not None
        return _listed(self.member, self.public.keys)


def check_name(name: str) -> None:
    """Refuse a name that no member may have: Invalid `county.card`."""
    try:
        schema.NAME(name)
    except Invalid as error:
        raise bad_card(name[:40], "its name cannot be a member's") from error
    if name in _ANSWERED:
        raise bad_card(name, "every node answers at that name itself")
    if name in _FOLDERS:
        raise bad_card(name, "that name is another folder's of every county")


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
        raise bad_card(path.name, f"it has {len(data)} bytes, most is {CARD_BYTES_MAX}")
    return check_card(_load(data.decode("utf-8", "replace"), path.name), path.name)


def card_path(home: Path) -> Path:
    """Return where the card of a member's folder is written: beside it."""
    return home.with_name(f"{home.name}.card.json")


def load_joining(text: str, named: str = "") -> dict[str, Any]:
    """Return the tree of a card by which a member joins a chain that stands.

    Args:
        text: what was brought.
        named: what the card is called in an error; "" calls it by the name that it tells.

    Raises:
        Invalid: `county.card`: it is none, or one to found a county by.
    """
    found: dict[str, Any] = _load(text, named)
    if not check_card(found, named).chain:
        raise bad_card(found["name"], "it is to found a county by; one to join with is drawn anew")
    return found


def _load(text: str, named: str) -> Any:  # noqa: ANN401 - whatever a file held
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad_card(named, "it is no JSON") from error


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
        card, signature = _read_tree(tree), bytes.fromhex(tree["signature"])
    except _UNREADABLE as error:
        raise bad_card(named, "it has no reading, or its fields are not those of a card") from error
    check_name(card.member.name)
    if not verify(card.side.keys[0], bytes.fromhex(card.digest), signature):
        raise bad_card(named, "the key that it shows did not sign it")
    if not card.chain or card.side.place != _NO_PLACE:
        read_place(card.member.name, card.side.place)
    card.listed()
    if card.public is not None:
        read_place(card.member.name, card.public.place)
        card.listed_public()
    return card


def _has_form(tree: dict[str, Any]) -> bool:
    texts = [tree.get(name) for name in ("name", "role", "zh", "en", "address", "certificate")]
    more = tree.keys() - _FIELDS
    if not all(isinstance(each, str) for each in texts) or not tree.keys() >= _FIELDS:
        return False
    sizes = [len(each.encode()) for each in texts[:4] if isinstance(each, str)]
    signing = {*USES, *([VOTE] if "engine" in more else [])} - {"seal"}
    return (
        tree["v"] == 1
        and more <= (_LATER_FIELDS if tree["chain"] else _FOUNDER_FIELDS)
        and tree["keys"].keys() == set(USES)
        and tree["proofs"].keys() == (signing if tree["chain"] else set())
        and len(tree["chain"]) in (0, _CHAIN_DIGITS)
        and all(0 < size <= _TEXT_BYTES_MAX for size in sizes)
        and ("after" not in more or _is_number(tree["after"]))
        and ("engine" not in more or tree["engine"].keys() == _ENGINE_FIELDS)
        and ("public" not in more or _has_side_form(tree["public"]))
    )


def _is_number(after: Any) -> bool:  # noqa: ANN401 - whatever a file held
    return type(after) is int and 0 < after <= AFTER_MAX


def _has_side_form(tree: dict[str, Any]) -> bool:
    return tree.keys() == _SIDE_FIELDS and tree["keys"].keys() == set(USES)


def _read_tree(tree: dict[str, Any]) -> Card:
    """Return what a tree states; an error of `_UNREADABLE` if it is no card."""
    if not _has_form(tree):
        raise ValueError(tree)
    engine, public = tree.get("engine"), tree.get("public")
    vote = Vote(bytes.fromhex(engine["key"]), read_seat(tree["name"], engine)) if engine else None
    return Card(
        Member(tree["name"], tree["role"], tree["zh"], tree["en"]),
        _read_side(tree),
        digest_of(tree),
        vote,
        _read_side(public) if public else None,
        bytes.fromhex(tree["chain"]),
        {use: bytes.fromhex(each) for use, each in tree["proofs"].items()},
        tree.get("after", 0),
    )


def _read_side(tree: Mapping[str, Any]) -> Side:
    place = {"address": tree["address"]}
    place |= {"certificate": tree["certificate"]} if tree["certificate"] else {}
    return Side(tuple(bytes.fromhex(tree["keys"][use]) for use in USES), place)


def _listed(member: Member, keys: Sequence[bytes], after: int = 0) -> ListedMember:
    found = list_member(member, keys)
    later = tuple(replace(key, number=key.number + after) for key in found.keys)
    found = replace(found, keys=later)
    try:
        Members.of([found])
    except Error as error:
        raise bad_card(member.name[:40], error.message) from error
    return found


def check_joining(card: Card, genesis: Genesis) -> None:
    """Refuse a card by which nobody joins a chain.

    Raises:
        Invalid: `county.card`, it is for another chain, or for none; `county.one_orders`.
    """
    name, chain = card.member.name, genesis.chain
    if card.chain != chain:
        for_ = card.chain.hex()[:16] if card.chain else "a county to be founded"
        raise bad_card(name, f"it is for {for_}, and not for {chain.hex()[:16]}")
    if card.vote is not None:
        check_voting(name, genesis)


def check_voting(member: str, genesis: Genesis) -> None:
    """Refuse one that is to validate where one member orders: Invalid `county.one_orders`."""
    if not list_validators(genesis.members, 1):
        raise Invalid(
            "county.one_orders",
            f"{member} is to validate, and one member orders the chain that it is to validate on",
            cure="It follows that chain: have a card to join it drawn without --engine.",
        )


def check_keys(
    card: Card, members: Members, height: int, uses: Collection[str] = (*USES, VOTE)
) -> None:
    """Refuse a card whose keys are not its member's at a height: Invalid `county.card`.

    Args:
        card: of a member of the list; what it shows of its engine is looked at where it has one.
        members: the list.
        height: the height.
        uses: which keys are looked at.
    """
    name = card.member.name
    for use, pub in zip((*USES, VOTE), card.keys, strict=False):
        if use in uses and pub not in {key.pub for key in members.keys(name, use, height)}:
            raise bad_card(name, f"its {use} key is not in the list in force")


def state_member(tree: Any, genesis: Genesis) -> dict[str, Any]:  # noqa: ANN401 - of a request
    """Return what a card states of a member that is to join a chain, as a change proposes it.

    Args:
        tree: the card.
        genesis: of the chain at which it is proposed.

    Raises:
        Invalid: `county.card`, it is none; or as `check_joining`.
    """
    card = check_card(tree)
    check_joining(card, genesis)
    keys = [
        {
            **{name: each for name, each in key.tree().items() if name != "from"},
            **({"pop": card.proofs[key.use]} if key.use in card.proofs else {}),
        }
        for key in card.listed().keys
    ]
    return {"member": card.member.name, "role": card.member.role, "name": card.member.zh} | {
        "keys": keys
    }


def bad_card(named: str, reason: str) -> Invalid:
    """Return the error for a card that is none, or does not fit what it is brought to."""
    return Invalid(
        "county.card",
        f"the card {named}: {reason}",
        cure="Have the member send its card again, and compare the digest with it.",
    )

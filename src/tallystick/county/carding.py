"""Members by their cards: each draws its keys on its own machine, and none leaves it.

A member draws its keys and writes its card (`card`); once the county is founded (`convening`), it
takes the public files and begins its own copies of the chains it keeps. Who comes later draws a
card for the chain that stands, and is voted in; it validates too, where others do and its card says
so. Who follows already draws its engine's keys when it is to validate, and a card that shows them.
Laws: a key is drawn where it is used; a member takes a county's files only if its own keys
stand in the lists as it drew them, no others by its name, and if the files say of who orders what
the list says.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import Clock, Entropy
from tallystick.base.errors import Conflict, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Genesis, Tip
from tallystick.chain.member import Member as ListedMember
from tallystick.chain.membership import read_top
from tallystick.charter import CHARTER, PUBLISHER
from tallystick.county.card import (
    Card,
    card_path,
    check_card,
    check_keys,
    check_name,
    check_voting,
    digest_of,
    read_card,
)
from tallystick.county.chains import CHAINS_FILE, PUBLIC, find_chains
from tallystick.county.founding import check_empty, check_role, read_county
from tallystick.county.member import Member
from tallystick.county.packing import copy_public
from tallystick.county.validating import (
    COMETBFT,
    KEY_FILE,
    SEATS_FILE,
    EngineKeys,
    Peer,
    draw_engine,
    list_validators,
    read_seats,
    with_seat,
    write_seats,
)
from tallystick.kernel.access.secrets import USES, VOTE, Secrets, prove_vote, state_keys
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import load_tip, read_file
from tallystick.kernel.ledger.voting import list_used, validates
from tallystick.kernel.link.book import BOOK_FILE, read_address, read_book, read_place, write_book
from tallystick.kernel.link.certificate import ensure_certificate
from tallystick.node import check_here

__all__ = [
    "ENGINE_PORT",
    "PUBLIC_PORTS",
    "Drawn",
    "add_engine",
    "draw_member",
    "find_place",
    "join_county",
    "read_chain",
    "read_standing",
    "show_member",
    "sign_card",
    "state_chain",
    "write_card",
]

ENGINE_PORT: Final = 26_656
"""Where CometBFT's nodes reach each other unless something else is said."""
PUBLIC_PORTS: Final = 200
"""How far a member's link for the public chain stands from that for the county's."""
_HERE: Final = "127.0.0.1"
"""Where engines reach each other of members that are all in one folder."""


# ---- drawing


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a member is to be reached.

    Attributes:
        address: of its link; "" where it joins members that are all in one folder.
        engine_port: of its engine's node, at the same host, or on this machine where no address
            is told; 0 where it does not validate.
        public_port: of its link for the public chain, at the same host; 0 takes the address' port
            and `PUBLIC_PORTS` more.
    """

    address: str
    engine_port: int = 0
    public_port: int = 0


def draw_member(
    home: Path,
    member: Member,
    at: Drawn,
    *,
    clock: Clock,
    entropy: Entropy,
    chain: bytes = b"",
    after: int = 0,
) -> tuple[Path, str]:
    """Draw a member's keys in its own folder, and write its card beside it.

    A founder that serves the public draws keys for the public chain too, in `public/NAME`.

    Args:
        home: the member's own folder, named as the member; made, and empty before.
        member: what it is to be.
        at: where it is reached.
        clock: dates the certificates.
        entropy: draws the keys.
        chain: the digest of the chain that it is to join by a vote; b"" for one to be founded.
        after: the greatest number of a key that a member of this name ever had on that chain: one
            that lost its keys, or left, comes back with fresh ones.

    Returns:
        The card's path, and its digest.

    Raises:
        Conflict: `county.exists`, a folder holds something.
        Invalid: `county.role`; an address is none, or `county.card`, the name is none.
    """
    check_name(member.name)
    check_role(member.role)
    check_empty(home)
    host = read_address(member.name, at.address)[1] if at.address or not chain else _HERE
    secrets, more, vote = Secrets.draw(entropy), {}, b""
    if member.role in PUBLISHER and not chain:
        more["public"] = _draw_public(home, _find_public(member, at), clock, entropy)
    shown = _show_side(home, secrets, at.address, clock, entropy)
    if at.engine_port:
        keys = draw_engine(home, entropy, is_later=bool(chain))
        vote, more["engine"] = keys.bft, _show_engine(keys, host, at.engine_port)
    tree = {
        **show_member(member),
        **shown,
        **more,
        **state_chain(secrets, chain, member.name, vote, after),
    }
    card, text = sign_card(tree, secrets)
    secrets.write(home / "member.key")
    return write_card(home, text), card.digest


def show_member(member: Member) -> dict[str, Any]:
    """Return what a card says of who its member is."""
    return {"v": 1, **{name: getattr(member, name) for name in ("name", "role", "zh", "en")}}


def _show_engine(keys: EngineKeys, host: str, port: int) -> dict[str, Any]:
    return {"key": keys.public.hex(), "node": keys.node_id, "host": host, "port": port}


def sign_card(tree: Mapping[str, Any], secrets: Secrets) -> tuple[Card, str]:
    """Return the card that a tree states, and what is written of it.

    Raises:
        Invalid: `county.card`, it states none.
    """
    signature = SigningKey.from_seed(secrets.tx).sign(bytes.fromhex(digest_of(tree)))
    text = json.dumps({**tree, "signature": signature.hex()}, ensure_ascii=False, indent=1) + "\n"
    return check_card(json.loads(text), str(tree["name"])), text


def write_card(home: Path, text: str) -> Path:
    """Write a member's card, whole or not at all; return its path."""
    path = card_path(home)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    return fresh.replace(path)


def _find_public(member: Member, at: Drawn) -> str:
    """Return where a member's link for the public chain is reached."""
    scheme, host, port = read_address(member.name, at.address)
    address = f"{scheme}://{host}:{at.public_port or port + PUBLIC_PORTS}"
    read_address(member.name, address)
    return address


def _draw_public(home: Path, address: str, clock: Clock, entropy: Entropy) -> dict[str, Any]:
    """Draw a member's keys for the public chain, and return what its card shows of them."""
    kept, secrets = _public_home(home), Secrets.draw(entropy)
    check_empty(kept)
    shown = _show_side(kept, secrets, address, clock, entropy)
    secrets.write(kept / "member.key")
    return shown


def _public_home(home: Path) -> Path:
    return home.parent / PUBLIC / home.name


def _show_side(
    home: Path, secrets: Secrets, address: str, clock: Clock, entropy: Entropy
) -> dict[str, Any]:
    """Make a member's folder for one chain, and return what its card shows for that."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    is_tls = address.startswith("https:")
    pem = ensure_certificate(home, home.name, clock=clock, entropy=entropy) if is_tls else ""
    keys = {use: secrets.public(use).hex() for use in USES}
    return {"keys": keys, "address": address, "certificate": pem}


def state_chain(
    secrets: Secrets, chain: bytes, member: str, vote: bytes = b"", after: int = 0
) -> dict[str, Any]:
    """Return what a card says of the chain it is for, with each signing key's own proof.

    Args:
        secrets: the member's.
        chain: that chain's digest; b"" for one to be founded, to which nothing is proven.
        member: its name.
        vote: the seed by which its engine votes; b"" where it has none.
        after: the number after which its keys are numbered.
    """
    if not chain:
        return {"chain": "", "proofs": {}}
    stated = state_keys(secrets, None, chain=chain, member=member, top=after, vote=vote)
    proofs = {key["use"]: key["pop"].hex() for key in stated if "pop" in key}
    return {"chain": chain.hex(), "proofs": proofs, **({"after": after} if after else {})}


def read_chain(folder: Path, voter: str = "") -> bytes:
    """Return the digest of the chain whose `genesis.cbor` and `members.cbor` a folder holds.

    Args:
        folder: with a county's public files.
        voter: who is to join that chain and to validate on it; "" where nobody is.

    Raises:
        Invalid: `county.missing`, they are not there; `county.one_orders`.
    """
    try:
        genesis = _read_genesis(folder)
    except FileNotFoundError as error:
        raise Invalid(
            "county.missing",
            f"{folder.name} holds no genesis.cbor and members.cbor",
            cure="Copy both from any member; they are public.",
        ) from error
    if voter:
        check_voting(voter, genesis)
    return genesis.chain


def _read_genesis(folder: Path) -> Genesis:
    genesis, listed = ((folder / name).read_bytes() for name in ("genesis.cbor", "members.cbor"))
    return Genesis.read(genesis, listed)


# ---- coming to validate


def add_engine(home: Path, port: int, entropy: Entropy) -> tuple[Path, str]:
    """Draw the keys of an engine for a member that follows, and write its card, which shows them.

    They count once they were voted in. Asked again before they have voted, they stay, and the card
    is written anew: for another port, or another place of the member.

    Args:
        home: the member's own folder, beside the county's public files; it may be served.
        port: of its engine's node, at the host of its link's address, or on this machine where no
            address is told.
        entropy: draws the keys.

    Returns:
        The card's path, and its digest.

    Raises:
        NotFound: `member.elsewhere`; `member.unknown`, its copy has no list that holds it;
            `engine.no_seats`.
        Invalid: `county.one_orders`; `county.card`, keys that were voted in are not taken yet.
        Conflict: `engine.validates`, it validates, or did; `engine.taken`, another engine is there.
    """
    check_here(home)
    tip, listed, top = read_standing(home)
    check_voting(home.name, tip.genesis)
    if home.name in list_validators(tip.genesis.members, 1):
        raise validates(home.name)
    seats, (place, host) = read_seats(home.parent / SEATS_FILE), find_place(home)
    keys, number = _take_engine(home, listed, top, entropy)
    with_seat(seats, home.name, Peer(keys.node_id, host, port))
    chain, secrets = tip.genesis.chain, Secrets.read(home / "member.key")
    proof = prove_vote(keys.bft, chain=chain, member=home.name, number=number)
    plain = Member(home.name, listed.role, home.name, home.name)
    founders = {each.name: each for each in read_county(home.parent).members}
    stated = state_chain(secrets, chain, home.name)
    tree = {
        **show_member(founders.get(home.name, plain)),
        "keys": {use: secrets.public(use).hex() for use in USES},
        **place,
        "engine": _show_engine(keys, host, port),
        **stated,
        "proofs": {**stated["proofs"], VOTE: proof.hex()},
    }
    card, text = sign_card(tree, secrets)
    check_keys(card, tip.members, tip.height + 1, USES)
    return write_card(home, text), card.digest


def read_standing(home: Path) -> tuple[Tip, ListedMember, int]:
    """Return the tip of a member's copy, itself there, and the greatest number its keys ever had.

    Raises:
        NotFound: `member.unknown`.
    """
    with closing(read_file(home / "ledger.db")) as database:
        database.hold()
        rows = Rows(database)
        tip, top = load_tip(rows), read_top(rows.state, home.name)
    listed = tip.members.by_name.get(home.name)
    if listed is None:
        raise NotFound(
            "member.unknown",
            f"the list of its own copy does not hold {home.name}",
            cure="Have it voted in first, and this folder's member catch up.",
        )
    return tip, listed, top


def _take_engine(
    home: Path, listed: ListedMember, top: int, entropy: Entropy
) -> tuple[EngineKeys, int]:
    """Return the keys of an engine that has not voted, drawn where there are none, and a number.

    The number is that of its vote in the list: the next one, where it is not there yet.
    """
    path, votes = home / KEY_FILE, {key.pub: key.number for key in listed.keys if key.use == VOTE}
    own = EngineKeys.read(path) if path.is_file() else None
    if list_used(home) or (votes and (own is None or own.public not in votes)):
        raise validates(home.name)
    keys = own or draw_engine(home, entropy, is_later=True)
    return keys, votes.get(keys.public, top + 1)


def find_place(home: Path) -> tuple[dict[str, str], str]:
    """Return where a member's link is asked as its card shows it, and its host."""
    path = home / BOOK_FILE
    place = read_book(path).get(home.name) if path.is_file() else None
    if place is None:
        return {"address": "", "certificate": ""}, _HERE
    return {"address": place.address, "certificate": place.certificate}, place.host


# ---- joining


def join_county(home: Path, public: Path) -> dict[str, Genesis]:
    """Take a county's public files beside a member's own folder, and begin its copies of chains.

    A member that is to be voted in begins at genesis too, and follows once it is.

    Args:
        home: the member's own folder, as `draw_member` made it.
        public: the folder that `convening` made, or one with a county's public files.

    Returns:
        The genesis of each chain that it keeps.

    Raises:
        Conflict: `county.stranger`, a list does not hold this member with its own keys, and its
            card is not for this chain; `engine.taken`, the county's files say of its engine's node
            what its card does not; `ledger.exists`, it has begun already.
        Invalid: `county.order` or others, the files do not belong together; `county.one_orders`.
    """
    first = _read_order(home, public)
    card = _check_listed(home, first)
    vote = card.vote if card is not None else None
    if vote is not None:
        check_voting(home.name, first)
        _add_seat(public, home.name, vote.peer)
    sides = [(home, public, first, card)]
    beside = _find_beside(home, public)
    if beside is not None:
        kept = _public_home(home)
        sides.append((kept, public / PUBLIC, beside, _check_listed(kept, beside)))
    # A copy that was put aside begins anew; the other stands.
    for side in [each for each in sides if not (each[0] / "ledger.db").exists()] or sides:
        _begin(*side)
    if beside is not None and not home.parent.samefile(public):
        shutil.copy2(public / CHAINS_FILE, home.parent / CHAINS_FILE)
    return {each.fields["kind"]: each for _, _, each, _ in sides}


def _read_order(home: Path, public: Path) -> Genesis:
    """Return a county's genesis, whose list says of who validates what the other files say."""
    county, first = read_county(public), _read_genesis(public)
    voting = list_validators(first.members, 1)
    if county.engine != (COMETBFT if voting else ""):
        raise Invalid(
            "county.order",
            f"{len(voting)} members of the list have a key to vote by, and county.json names"
            f" {county.engine or 'no'} engine",
            cure="Have the county's public files sent again, all together, by who founded it.",
        )
    if (home / KEY_FILE).is_file() and home.name in voting:
        seat = read_seats(public / SEATS_FILE).get(home.name)
        if seat is None or seat.node_id != EngineKeys.read(home / KEY_FILE).node_id:
            raise _stranger(home.name)
    return first


def _check_listed(home: Path, first: Genesis) -> Card | None:
    """Refuse a list that does not hold a member as it drew its keys; return a later one's card."""
    secrets, path = Secrets.read(home / "member.key"), home / KEY_FILE
    vote = EngineKeys.read(path) if path.is_file() else None
    own = [secrets.public(use) for use in USES]
    own += [vote.public] if vote is not None else []
    listed = first.members.by_name.get(home.name)
    if listed is not None and [key.pub for key in listed.keys] == own:
        return None
    try:
        card = read_card(card_path(home))
    except FileNotFoundError as error:
        raise _stranger(home.name) from error
    node = card.vote.peer.node_id if card.vote is not None else ""
    if (list(card.keys), card.chain, node) != (own, first.chain, vote.node_id if vote else ""):
        raise _stranger(home.name)
    return card


def _add_seat(folder: Path, name: str, seat: Peer) -> dict[str, Peer]:
    """Return where a county's nodes are, a later member's among them.

    Where the county's files tell of that node they tell where it is now: it may have moved.

    Raises:
        Conflict: `engine.taken`.
    """
    found = read_seats(folder / SEATS_FILE)
    added = with_seat(found, name, seat)
    return found if name in found else added


def _find_beside(home: Path, public: Path) -> Genesis | None:
    """Return the public chain's genesis, if the member keeps that from its founding.

    Raises:
        Conflict: `county.stranger`, it drew keys for one and there is none, or the other way round.
    """
    place = find_chains(public).get(PUBLIC)
    found = _read_genesis(place) if place is not None else None
    is_listed = found is not None and home.name in found.members.by_name
    if is_listed != (_public_home(home) / "member.key").is_file():
        raise _stranger(home.name)
    return found if is_listed else None


def _begin(home: Path, public: Path, first: Genesis, card: Card | None) -> None:
    """Begin a member's copy of one chain, with that one's public files beside its folder."""
    Replica.create(home / "ledger.db", first.data, first.members.data, CHARTER).close()
    if not home.parent.samefile(public):
        copy_public(public, home.parent)
    if card is not None and card.vote is not None:
        seats = _add_seat(home.parent, home.name, card.vote.peer)
        write_seats(home.parent / SEATS_FILE, seats)
    book = read_book(public / BOOK_FILE) if (public / BOOK_FILE).is_file() else {}
    if card is not None and card.side.place["address"]:
        book = {**book, home.name: read_place(home.name, card.side.place)}
    if book and not (home / BOOK_FILE).exists():
        write_book(home / BOOK_FILE, book)


def _stranger(member: str) -> Conflict:
    return Conflict(
        "county.stranger",
        f"the county's list does not hold {member} with the keys that were drawn here",
        cure="Have the county founded anew from this member's own card, or draw one for its chain:"
        " tally member new --chain.",
    )

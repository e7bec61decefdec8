"""One member of a county in a process of its own, linked over HTTP to the others' machines.

A member folder holds one member's own folder and the county's public files; in the folder of a
whole county each member can be opened so as well. Laws: who answers on the link is in force on this
member's own copy of the chain; the machine's clock, not a simulated county's, dates what is signed
for the link; others can connect before the chain is open, and are answered once it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, SystemEntropy
from tallystick.base.errors import Denied, Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Members
from tallystick.county.card import card_path, read_card
from tallystick.county.founding import CountyFile, read_county
from tallystick.county.house import House
from tallystick.county.link_keys import hold_links
from tallystick.county.opening import Apart
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.access.secrets import USES, Secrets
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import read_file
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.book import BOOK_FILE, Book, Place, read_book
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.trust import Roll, Trust
from tallystick.node import Node, check_here

__all__ = ["find_reader", "find_single", "open_asking", "open_single", "read_own_place"]

_LINK_KEY: Final = USES.index("link") + 1
"""A card numbers a new member's keys from 1, in the order of their uses."""


def find_single(folder: Path, county: CountyFile) -> str:
    """Return the one member that a folder holds, "" where it holds all or several."""
    # Where the only keys are lost, the copy of the chain tells whose folder it is.
    held = [*folder.glob("*/member.key")] or [*folder.glob("*/ledger.db")]
    return held[0].parent.name if len(held) == 1 < len(county.members) else ""


def _find_drawn(home: Path, secrets: Secrets) -> int:
    """Return the number under which a member's link key was drawn, by the card beside its folder.

    Where there is none of that key, it is taken for a new member's.
    """
    # A card that has no reading keeps nobody from beginning; whoever is asked finds the number.
    with suppress(Error, OSError):
        card = read_card(card_path(home))
        if card.side.keys[USES.index("link")] == secrets.public("link"):
            return card.after + _LINK_KEY
    return _LINK_KEY


def find_reader(folder: Path) -> str:
    """Return whose copy is read where no member is named: the only one held here, or who orders.

    Where the founding orderer's folder is gone, it is the first member that is here.
    """
    county = read_county(folder)
    names = [county.orderer, *(each.name for each in county.members)]
    here = (name for name in names if (folder / name / "member.key").is_file())
    return find_single(folder, county) or next(here, county.orderer)


def read_own_place(home: Path) -> Place:
    """Return where a member's own link is asked, from the book in its folder.

    Raises:
        NotFound: `peers.missing`.
        Invalid: the book has no reading; `peers.own`, it has no entry of this member.
    """
    found = read_book(home / BOOK_FILE).get(home.name)
    if found is None:
        raise Invalid(
            "peers.own",
            f"the address book of {home.name} does not tell where {home.name} itself is asked",
            cure="tally member address NAME URL.",
        )
    return found


class _Joining:
    """Makes a node's end of the link, and keeps what is to be closed with it."""

    def __init__(self, home: Path, clock: Clock, bind: tuple[str, int] | None) -> None:
        self._home = home
        self._clock = clock
        self._bind = bind
        self._place = read_own_place(home)
        self._book = read_book(home / BOOK_FILE)
        self.link: HttpLink | None = None
        self._heard: HeardRequests | None = None

    def join(self, node: Node) -> Link:
        """Return the node's end: it listens, and does not answer yet."""
        replica = node.replica

        def in_force() -> tuple[Members, int]:
            tip = replica.tip
            return tip.members, tip.height + 1

        self._heard = HeardRequests(node.folder / "local.db", self._clock)
        trust = Trust(
            node.member,
            lambda: SigningKey.from_seed(node.secrets.link),
            Roll(replica.genesis.chain, in_force, _find_drawn(self._home, node.secrets)),
            clock=self._clock,
            entropy=SystemEntropy(),
            nonces=self._heard,
            held=lambda: hold_links(
                self._home,
                node.secrets.link,
                replica.tip.members,
                replica.read,
                replica.genesis.chain,
            ),
        )
        self.link = HttpLink(trust, self._book, Listening(self._place, self._home, self._bind))
        return self.link

    def is_away(self, member: str) -> bool:
        return self.link is not None and self.link.is_away(member)

    def list_behind(self) -> list[str]:
        return [] if self.link is None else self.link.list_behind()

    def close_link(self) -> None:
        if self.link is not None:
            self.link.close()

    def close(self) -> None:
        self.close_link()
        if self._heard is not None:
            self._heard.close()


@contextmanager
def open_single(
    folder: Path,
    member: str,
    clock: Clock,
    *,
    bind: tuple[str, int] | None = None,
    leaps: bool = False,
) -> Iterator[House]:
    """Open one member of a folder, answering others on its link, and close it at the end.

    Args:
        folder: a member folder, or a county's.
        member: its name.
        clock: the machine's.
        bind: host and port to listen at, where they are not those of its own entry; its engine, if
            it has one, listens at that host too.
        leaps: where many blocks are missing, take the state over on a quorum's word.

    Raises:
        NotFound: `member.elsewhere`; `peers.missing`.
        Conflict: `node.locked`.
        Unavailable: `link.address`, its address cannot be listened at.
    """
    county = read_county(folder)
    # One that was voted in later stands in no county.json; its folder says that it is here.
    check_here(folder / member)
    joining = _Joining(folder / member, clock, bind)
    try:
        house = House(
            folder,
            county,
            clock,
            apart=Apart(
                member,
                joining.join,
                joining.is_away,
                joining.list_behind,
                leaps,
                host=bind[0] if bind else "",
            ),
        )
        assert joining.link is not None
        joining.link.start()
        try:
            yield house
        finally:
            if house.orders:
                # Whoever waits for a result is told that this member ends, while it can be told.
                house.orderer.close()
            joining.close_link()
            house.close()
    finally:
        joining.close()


@contextmanager
def open_asking(
    home: Path, book: Book, chain: bytes, in_force: tuple[int, Members], clock: Clock
) -> Iterator[Link]:
    """Give a member at rest an end of the link to ask by; it listens nowhere.

    Args:
        home: the member's folder; nobody serves it.
        book: where the others are asked.
        chain: the chain's id.
        in_force: a height, and the list by which the others are believed.
        clock: the machine's.
    """
    height, members = in_force
    secrets = Secrets.read(home / "member.key")
    trust = Trust(
        home.name,
        lambda: SigningKey.from_seed(secrets.link),
        Roll(chain, lambda: (members, height), _find_drawn(home, secrets)),
        clock=clock,
        entropy=SystemEntropy(),
        nonces=_Deaf(),
        held=lambda: hold_links(home, secrets.link, members, partial(_read_resting, home), chain),
    )
    with closing(HttpLink(trust, book)) as link:
        yield link


def _read_resting(home: Path, key: bytes) -> bytes | None:
    """Return a value of the state in a member's file; None too where that cannot be read."""
    with suppress(Error), closing(read_file(home / "ledger.db")) as database:
        return Rows(database).state(key)
    return None


class _Deaf:
    """Believes no request: nobody can send one to an end that listens nowhere."""

    def take(self, member: str, nonce: str, end_ms: int) -> None:
        del nonce, end_ms
        raise Denied(
            "link.replayed", f"{member} asked an end that only asks", cure="Sign the request anew."
        )

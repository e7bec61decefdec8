"""Checks who orders by a member's own file, `term.cbor`, and mends it by what others hold.

Laws: all that the file says is signed, by this member in its consent and by more than two thirds in
the certificate, or is of a form that has no other reading: so no flipped bit is missed while the
chain can be read, whose lists tell the keys. Without it the form alone is checked. A signature
counts under any list that the chain had, for keys were renewed since.
A lost consent does no harm where no certificate was made of it. Of two members whose consents make
one, one at least is among any more than a third of the others; so where more than a third answer,
and none of them consented to a later term than they hold a certificate of, there is none.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tallystick.base.errors import Corrupt, Denied, Error
from tallystick.chain.member import Members, quorum
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.term import (
    TERM_FILE,
    Consent,
    Held,
    Term,
    ask_held,
    read_held,
    serve_terms,
    write_held,
)
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import put_aside, sync_path

__all__ = ["find_faults", "mend_term", "serve_at_rest"]

NOT_OWN: Final = "its consent is not one that {member} signed"
NO_AUTHORITY: Final = "its certificate is not signed by more than two thirds"


class _Chain:
    """What a member's chain tells of who may sign.

    Attributes:
        chain: its id.
        lists: each list it had, with heights under which its keys are not all the same.
        voices: how many members there are now.
    """

    def __init__(self, rows: Rows) -> None:
        tip = rows.head()[0]
        self.chain = rows.genesis().chain
        begun = [0, *rows.handovers()]
        self.lists: list[tuple[Members, int]] = []
        for first, last in itertools.pairwise([*begun, tip + 1]):
            members = rows.members(first)
            self.lists += [(members, height) for height in _turns(members, first + 1, last)]
        self._newest = rows.members(tip), tip + 1
        self.voices = self._newest[0].voices(tip + 1)

    def is_signed(self, consent: Consent) -> bool:
        return any(consent.is_signed(self.chain, *each) for each in self.lists)

    def is_in_force(self, term: Term) -> bool:
        return _is_made(term, self.chain, *self._newest)

    def has_authority(self, term: Term) -> bool:
        return any(_is_made(term, self.chain, *each) for each in self.lists)


def _turns(members: Members, first: int, last: int) -> list[int]:
    """Return heights from first to last at which a list's keys are others than one lower."""
    ends = {end for _, key in members.note_keys() for end in (key.start, key.end) if end}
    return sorted({first, *(end for end in ends if first < end <= last)})


def _is_made(term: Term, chain: bytes, members: Members, height: int) -> bool:
    try:
        term.check(chain, members, height)
    except Denied:
        return False
    return True


def _read_chain(home: Path) -> _Chain | None:
    """Return what the own chain tells; None where it cannot be read, which its audit says."""
    try:
        with contextlib.closing(Database.read(home / "ledger.db")) as database:
            return _Chain(Rows(database))
    except Error:
        return None


def find_faults(home: Path) -> Iterator[str]:
    """Yield what is wrong with a member's file of who orders; nothing where there is none.

    Raises:
        Corrupt: `ledger.term_corrupt`, it has no reading.
    """
    held, chain = read_held(home / TERM_FILE), _read_chain(home)
    if chain is None:
        return
    kept = _sound(home.name, held, chain)
    if kept.consent != held.consent:
        yield NOT_OWN.format(member=home.name)
    if kept.term != held.term:
        yield NO_AUTHORITY


def _sound(member: str, held: Held, chain: _Chain) -> Held:
    """Return of what is held that which holds."""
    consent, term = held.consent, held.term
    if consent is not None and not (consent.member == member and chain.is_signed(consent)):
        consent = None
    return Held(consent, term if term is not None and chain.has_authority(term) else None)


def serve_at_rest(folder: Path, links: Iterable[Link]) -> None:
    """Let members that answer by their files, each at its link, tell too what they hold of it."""
    for link in links:
        with contextlib.suppress(Error):
            # One whose own file has no reading tells nothing of it.
            serve_terms(link, read_held(folder / link.member / TERM_FILE))


def mend_term(home: Path, link: Link) -> bool:
    """Put in the place of a damaged file what holds of it and of what the others hold.

    The damaged one is kept beside it. Where too few answer, or one waits for a certificate yet,
    the file stays: then what this member consented to may count.
    """
    path, chain = home / TERM_FILE, _read_chain(home)
    if chain is None:
        return False
    try:
        held = read_held(path)
    except Corrupt:
        held = Held()
        is_damaged = True
    else:
        is_damaged = _sound(home.name, held, chain) != held
    if not is_damaged:
        return False
    own = _sound(home.name, held, chain)
    told = _ask_all(link)
    best = _newest(chain, own.term, [each.term for each in told if each.term is not None])
    number = best.number if best is not None else 0
    waiting = [each.consent for each in told if each.consent and each.consent.term > number]
    if len(told) <= chain.voices - quorum(chain.voices) or (waiting and own.consent is None):
        return False
    put_aside(path)
    if own.consent is not None or best is not None:
        write_held(path, Held(own.consent, best))
    sync_path(home)
    return True


def _ask_all(link: Link) -> list[Held]:
    """Return what those that answer hold, each its own consent."""
    found = []
    for name in link.peers():
        with contextlib.suppress(Error):
            held = ask_held(link, name)
            if held.consent is None or held.consent.member == name:
                found.append(held)
    return found


def _newest(chain: _Chain, own: Term | None, told: Sequence[Term]) -> Term | None:
    """Return the newest certificate; one by keys that count no more by the word of more than one.

    Old keys may be in a thief's hands, so more than a third must hold what they alone signed.
    """
    least = chain.voices - quorum(chain.voices) + 1
    shown = Counter((each.number, each.leader) for each in told)
    made = [
        each
        for each in told
        if chain.is_in_force(each)
        or (shown[each.number, each.leader] >= least and chain.has_authority(each))
    ]
    found = made if own is None else [own, *made]
    return max(found, key=lambda each: each.number, default=None)

"""Who orders the chain: a term's leader, by the written consent of more than two thirds.

One orderer can be lost. Members then agree on another: each writes a consent for the next term's
leader, which names the head of its own copy, and orders and cosigns nothing until it knows that
enough others did. Their consents together are the term's certificate; its base, the highest head in
it, is where the new leader begins.

Laws: a member consents to one leader a term, and to no earlier term again, durably before it says
so; what was witnessed before is in the base, since any two thirds share a member; what was only
durable at the old leader may not be, and is sent again by its writers' outboxes. The leader holds
the base before it takes the certificate, and a consent whose head nobody shows makes none. A copy
that holds other blocks beyond the base is superseded there: a repair drops them.
Source: terms and view changes of crash-tolerant logs (Oki and Liskov 1988; Ongaro and Ousterhout
2014), with people in the place of time-outs.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of, encode
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, Invalid, Unavailable
from tallystick.base.keys import SigningKey, verify
from tallystick.chain import schema
from tallystick.chain.digest import domain
from tallystick.chain.member import Members, quorum
from tallystick.kernel.ledger.claim import Asked, Claim, fetch_way, find_way, is_backed
from tallystick.kernel.ledger.fork import find_fork
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.folder import sync_path

__all__ = [
    "TERM_FILE",
    "Consent",
    "Held",
    "Term",
    "Terms",
    "ask_held",
    "ask_term",
    "read_held",
    "serve_terms",
    "write_held",
]

TERM_FILE: Final = "term.cbor"
CONSENT: Final = "ledger.consent"
TERM: Final = "ledger.term"
AHEAD_MAX: Final = 2**17
"""A head further ahead is asked for where more than a third name it: one alone may make any up."""
_SIGNATURE: Final = codec.exact_bytes(64)
_CONSENT: Final = codec.shape(
    {
        "v": schema.version,
        "member": schema.NAME,
        "term": codec.integer(1),
        "leader": schema.NAME,
        "height": codec.integer(),
        "header": codec.cid,
        "sig": _SIGNATURE,
    }
)
_TERM: Final = codec.shape(
    {"v": schema.version, "consents": codec.list_of(_CONSENT, schema.NOTE_MEMBERS_MAX, 1)}
)
_FILE: Final = codec.shape({}, {"consent": _CONSENT, "term": _TERM})


@dataclass(frozen=True, slots=True)
class Consent:
    """A member's word that another is to order, and where its own copy stands.

    Attributes:
        member: whose it is.
        term: of which term, from 1; the founder's is 0 and needs none.
        leader: who is to order.
        height: of the member's tip.
        header: of the member's tip; genesis at height 0.
        sig: by its note key over D("lead", chain, m([term, leader, height, header])).
    """

    member: str
    term: int
    leader: str
    height: int
    header: Cid
    sig: bytes

    def tree(self) -> dict[str, Value]:
        """Return it as the codec's tree."""
        return {"v": 1, **{name: getattr(self, name) for name in self.__slots__}}

    @classmethod
    def of(cls, tree: dict[str, Any]) -> Consent:
        """Return the consent of a checked tree."""
        return cls(**{name: tree[name] for name in cls.__slots__})

    def is_signed(self, chain: bytes, members: Members, height: int) -> bool:
        """Tell whether a note key of the member, valid at `height`, signed it for this chain."""
        said = _message(chain, self.term, self.leader, self.height, self.header)
        keys = members.keys(self.member, "note", height)
        return any(verify(key.pub, said, self.sig) for key in keys)


def _message(chain: bytes, term: int, leader: str, height: int, header: Cid) -> bytes:
    return domain("lead", chain, encode([term, leader, height, header]))


@dataclass(frozen=True, slots=True)
class Term:
    """A term by its certificate: the consents that make it."""

    consents: tuple[Consent, ...]

    @property
    def number(self) -> int:
        """Which term it is."""
        return self.consents[0].term

    @property
    def leader(self) -> str:
        """Who orders in it."""
        return self.consents[0].leader

    @property
    def base(self) -> tuple[int, Cid]:
        """Height and header from which the leader begins: the highest head consented with."""
        best = min(self.consents, key=lambda each: (-each.height, each.header))
        return best.height, best.header

    def tree(self) -> dict[str, Value]:
        """Return it as the codec's tree."""
        return {"v": 1, "consents": [each.tree() for each in self.consents]}

    @classmethod
    def of(cls, tree: dict[str, Any]) -> Term:
        """Return the term of a checked tree."""
        return cls(tuple(Consent.of(each) for each in tree["consents"]))

    def check(self, chain: bytes, members: Members, height: int) -> None:
        """Refuse a certificate without authority under a list in force at `height`.

        Raises:
            Denied: `ledger.term`, too few distinct members signed for one term and leader.
        """
        same = {(each.term, each.leader) for each in self.consents}
        signers = {each.member for each in self.consents if each.is_signed(chain, members, height)}
        needed = quorum(members.voices(height))
        if len(same) != 1 or len(signers) < needed or len(signers) < len(self.consents):
            raise Denied(
                "ledger.term",
                f"{len(signers)} signed for {len(same)} leaders, {needed} are needed for one",
                cure="Ask the members for their consents again: tally county lead.",
            )


@dataclass(frozen=True, slots=True)
class Held:
    """What a member's file holds: its own consent, and the newest certificate; None for none."""

    consent: Consent | None = None
    term: Term | None = None


def read_held(path: Path) -> Held:
    """Return what a file holds, of which the form alone is checked; nothing where there is none.

    Raises:
        Corrupt: `ledger.term_corrupt`.
    """
    try:
        found = codec.decode(path.read_bytes(), _FILE)
    except FileNotFoundError:
        return Held()
    except Invalid as error:
        raise Corrupt(
            "ledger.term_corrupt",
            f"{path.name} does not say whom this member consented to",
            cure="tally repair; else restore it, or remove it once the other members agree who"
            " orders.",
        ) from error
    consent, term = found.get("consent"), found.get("term")
    return Held(Consent.of(consent) if consent else None, Term.of(term) if term else None)


def write_held(path: Path, held: Held) -> None:
    """Write both in the file's place, durably."""
    tree: dict[str, Value] = {}
    if held.consent is not None:
        tree["consent"] = held.consent.tree()
    if held.term is not None:
        tree["term"] = held.term.tree()
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(encode(tree))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_path(path.parent)


def ask_held(link: Link, member: str) -> Held:
    """Return what another member says that it holds; nobody has checked it.

    Raises:
        Error: it does not answer, or not in this form.
    """
    found: list[Any] = []
    for method, check in ((CONSENT, _CONSENT), (TERM, _TERM)):
        try:
            found.append(codec.decode(link.call(member, method, b""), check))
        except Error as error:
            if error.code != "ledger.no_consent":
                raise
            found.append(None)
    consent, term = found
    return Held(Consent.of(consent) if consent else None, Term.of(term) if term else None)


class Terms:
    """What a member knows of who orders: its own consent, and the newest certificate.

    Args:
        path: the file of both, `term.cbor`.
        replica: the member's copy.
        member: its name.
        founder: who orders in term 0, as the county was founded.
    """

    def __init__(self, path: Path, replica: Replica, member: str, founder: str) -> None:
        self._path = path
        self._replica = replica
        self._member = member
        self._founder = founder
        self._lock = threading.Lock()
        held = read_held(path)
        self._consent, self._term = held.consent, held.term

    def _keep(self) -> None:
        """Write both, durably, before anybody is told."""
        write_held(self._path, Held(self._consent, self._term))

    @property
    def term(self) -> Term | None:
        """The newest certificate known, None in the founder's term."""
        return self._term

    @property
    def number(self) -> int:
        """Which term it is, 0 the founder's."""
        return self._term.number if self._term is not None else 0

    @property
    def leader(self) -> str:
        """Who orders, as far as is known here."""
        return self._term.leader if self._term is not None else self._founder

    @property
    def consent(self) -> Consent | None:
        """What this member consented to last."""
        return self._consent

    @property
    def is_between(self) -> bool:
        """Whether this member has consented to a term that it holds no certificate of yet."""
        return self._consent is not None and self._consent.term > self.number

    def check(self) -> None:
        """Refuse to order, follow or cosign between two terms.

        Raises:
            Unavailable: `ledger.between_terms`.
        """
        if self.is_between:
            assert self._consent is not None
            raise Unavailable(
                "ledger.between_terms",
                f"{self._member} consented that {self._consent.leader} orders in term"
                f" {self._consent.term}, and too few others did so far",
                cure="It goes on once more than two thirds have consented: tally county lead.",
                member=self._consent.leader,
            )

    def agree(self, term: int, leader: str, key: SigningKey) -> Consent:
        """Consent that a member orders from a term on; the act of this member's operator.

        Args:
            term: above the newest known.
            leader: a member of the list in force.
            key: this member's note key.

        Raises:
            Conflict: `ledger.consented`, it consented to another leader or a later term already.
            Invalid: `ledger.no_leader`, the leader is no member.
        """
        with self._lock:
            tip = self._replica.tip
            if leader not in tip.members.by_name:
                raise Invalid(
                    "ledger.no_leader",
                    f"{leader} is no member of this chain",
                    cure="tally change members.",
                )
            held = self._consent
            if held is not None and (held.term, held.leader) == (term, leader):
                return held
            promised = max(self.number, held.term if held is not None else 0)
            if term <= promised:
                raise Conflict(
                    "ledger.consented",
                    f"term {term} is asked for, {self._member} consented up to term {promised}",
                    cure="Ask for the next term.",
                )
            said = _message(tip.genesis.chain, term, leader, tip.height, tip.cid)
            found = Consent(self._member, term, leader, tip.height, tip.cid, key.sign(said))
            self._consent = found
            self._keep()
            return found

    def adopt(self, term: Term, under: tuple[Members, int] | None = None) -> bool:
        """Take a later term's certificate over; True if it is news.

        Args:
            term: by its certificate.
            under: a list, and a height it was in force at; None for the present one.

        Raises:
            Denied: `ledger.term`, it has no authority.
        """
        tip = self._replica.tip
        with self._lock:
            if term.number <= self.number:
                return False
            term.check(tip.genesis.chain, *(under or (tip.members, tip.height + 1)))
            self._term = term
            self._keep()
            return True

    def check_base(self) -> None:
        """Refuse to order from a copy that does not hold the term's base.

        Raises:
            Unavailable: `ledger.behind`, it ends before the base.
            Conflict: `ledger.superseded`, it holds another block there.
        """
        if self._term is None:
            return
        height, header = self._term.base
        tip = self._replica.tip
        if tip.height < height:
            raise Unavailable(
                "ledger.behind",
                f"the term begins at height {height}, the chain of {self._member} ends at"
                f" {tip.height}",
                cure="Let it catch up from other members first.",
                height=height,
            )
        if cid_of(self._replica.header(height)) != header:
            raise superseded(self._member, height)

    def gather(self, link: Link) -> Term:
        """Ask all members for their consents to this member's term, and take it over.

        Before, the heads that they name are: who consented with one that nobody shows is left out,
        while a quorum remains. Any quorum's highest head holds what was witnessed.

        Raises:
            Invalid: `ledger.no_consent`, this member has not consented that it orders itself.
            Unavailable: `ledger.between_terms`, too few consented so far; `ledger.behind`, enough
                did, with heads that this copy does not reach.
            Conflict: `ledger.superseded`, this copy holds blocks that the members left behind.
        """
        own = self._consent
        if own is None or own.leader != self._member:
            raise Invalid(
                "ledger.no_consent",
                f"{self._member} has not consented that it orders itself",
                cure=f"tally member agree {self._member} --member {self._member}, as the others.",
            )
        if own.term > self.number:
            told = [own, *self._ask_consents(link, own)]
            tip = self._replica.tip
            held = self._take_heads(link, told)
            if self._replica.tip != tip:
                # What was taken over may have changed the list: consents are read by it as it is.
                told = [own, *self._ask_consents(link, own)]
                held = self._take_heads(link, told)
            voices = self._replica.tip.members.voices(self._replica.tip.height + 1)
            if len(held) < quorum(voices) <= len(told):
                raise self._unreached(link, told)
            try:
                self.adopt(Term(tuple(sorted(held, key=lambda each: each.member))))
            except Denied:
                self.check()
                raise
        assert self._term is not None
        return self._term

    def _ask_consents(self, link: Link, own: Consent) -> Iterator[Consent]:
        """Yield what others consented to of the own term, where they themselves signed it."""
        tip = self._replica.tip
        for name in link.peers():
            try:
                found = Consent.of(codec.decode(link.call(name, CONSENT, b""), _CONSENT))
            except Error:
                # Away, or it consented to nothing: it can be asked again.
                continue
            same = (found.member, found.term, found.leader) == (name, own.term, own.leader)
            if same and found.is_signed(tip.genesis.chain, tip.members, tip.height + 1):
                yield found

    def _take_heads(self, link: Link, consents: Sequence[Consent]) -> list[Consent]:
        """Take the heads over that are shown and run; return the consents that named those.

        What most consented with comes first: one alone that made another up is left out then.
        """
        holders: dict[tuple[int, Cid], list[str]] = {}
        for each in consents:
            holders.setdefault((each.height, each.header), []).append(each.member)
        for height, header in sorted(holders, key=lambda head: (-len(holders[head]), head[0])):
            names = [name for name in holders[height, header] if name != self._member]
            for name in names:
                # Another holder may answer; what is held in the end is looked at below.
                with contextlib.suppress(Error):
                    self._reach(Asked(link, names), Claim(name, height, header))
        return [each for each in consents if self._holds(each.height, each.header)]

    def _holds(self, height: int, header: Cid) -> bool:
        replica = self._replica
        return height <= replica.tip.height and cid_of(replica.header(height)) == header

    def _reach(self, asked: Asked, claim: Claim) -> None:
        """Run the blocks that lead to a head; without this member's name, until it knows more."""
        replica = self._replica
        is_near = claim.height - replica.tip.height <= AHEAD_MAX
        if not is_near and not is_backed(replica, claim.height, asked.names(), ()):
            return
        if claim.height <= replica.tip.height:
            return
        way, taken = find_way(asked.link, claim, replica.tip), 1
        while taken and (height := replica.tip.height + 1) <= way.last:
            count = way.last - height + 1
            taken = fetch_way(asked, way, height, count, lambda _, data: replica.accept(data))

    def _unreached(self, link: Link, consents: Sequence[Consent]) -> Error:
        """Return why enough consents are too few: their heads are not on this copy."""
        fork = find_fork(link, link.peers(), self._replica)
        if fork is not None:
            return superseded(self._member, fork.height)
        lost = [each for each in consents if not self._holds(each.height, each.header)]
        named = ", ".join(each.member for each in lost)
        return Unavailable(
            "ledger.behind",
            f"{named} consented with heads to which nothing that {self._member} was given leads",
            cure="Let it catch up from other members first.",
            height=max(each.height for each in lost),
        )


def superseded(member: str, height: int) -> Conflict:
    """Return the error of a copy that holds what the members left behind."""
    return Conflict(
        "ledger.superseded",
        f"{member} holds blocks beyond height {height} that the members did not go on from",
        cure="tally repair: it drops them; what was recorded in them alone is sent again.",
        member=member,
        height=height,
    )


def ask_term(link: Link, member: str) -> Term:
    """Return the newest certificate that a member holds, unchecked."""
    return Term.of(codec.decode(link.call(member, TERM, b""), _TERM))


def serve_terms(link: Link, terms: Terms | Held) -> None:
    """Answer what this member consented to, and who orders."""

    def consent(_: str, __: bytes) -> bytes:
        if terms.consent is None:
            raise Invalid("ledger.no_consent", "nothing was consented to", cure="Ask later.")
        return encode(terms.consent.tree())

    def term(_: str, __: bytes) -> bytes:
        if terms.term is None:
            raise Invalid("ledger.no_consent", "the founder orders", cure="Ask later.")
        return encode(terms.term.tree())

    link.serve({CONSENT: consent, TERM: term})

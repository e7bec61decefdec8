"""Whom a member believes on the link: messages signed with keys of its own chain's list.

Laws: a request covers method, target, body, chain and recipient, lives 60 s at most and is heard
once, also after a restart; an answer covers its status, its body and the signature of the request
that it answers, so that no answer serves another request. Keys are those in force for the next
block of this member's own copy of the chain: whom that list does not know is nobody.
Source: RFC 9421 sections 2.2, 2.4 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tallystick.base.clock import Clock, Entropy
from tallystick.base.errors import Denied, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Members
from tallystick.kernel.link.clocks import AHEAD_MAX_S, Clocks
from tallystick.kernel.link.signature import (
    Signature,
    content_digest,
    is_digest,
    read_signature,
    sign,
    unsigned,
)

__all__ = [
    "ANSWERED",
    "ASKED",
    "KEY_ID",
    "LIFE_MAX_S",
    "TAG",
    "WANTED",
    "Asked",
    "Nonces",
    "Roll",
    "Trust",
    "answer_values",
    "request_values",
]

TAG: Final = "tally-link"
LIFE_MAX_S: Final = 60
"""Longest time between a request's making and its end."""
LIFE_S: Final = 50
"""What our own requests are given: a clock that is a little behind still finds them in order."""
NONCE_SIZE: Final = 16
_NONCE: Final = re.compile(r"[\x21-\x7e]{16,64}")
KEY_ID: Final = re.compile(r"([a-z0-9._-]{1,24})/(0|[1-9][0-9]{0,8})")
ASKED: Final = ('"@method"', '"@target-uri"', '"content-digest"', '"tally-chain"', '"tally-to"')
ANSWERED: Final = ('"@status"', '"content-digest"', '"signature";req')
WANTED: Final = "tally-key"
"""The field of a request that tells, unsigned, by which of the recipient's keys the caller goes."""
Numbered = tuple[SigningKey, int]
"""A link key and its number."""


class Nonces(Protocol):
    """Which requests were heard; kept until they have ended, also over a restart."""

    def take(self, member: str, nonce: str, end_ms: int) -> None:
        """Keep a request's nonce until `end_ms`.

        Raises:
            Denied: `link.replayed`, it is kept already.
            Unavailable: it cannot be kept now; the request is not to be believed.
        """


@dataclass(frozen=True, slots=True)
class Roll:
    """The chain and the list of members that a member goes by.

    Attributes:
        chain: the chain's id, 32 bytes.
        read: returns the list in force and the height that it is in force at.
        drawn: number under which this member's own link key was drawn for a card: one that was
            voted in, or came back with fresh keys, signs by it until its copy has reached the list
            that holds it; 0 for none. Whoever is asked believes by its own list alone.
    """

    chain: bytes
    read: Callable[[], tuple[Members, int]]
    drawn: int = 0

    def key(self, member: str, number: int) -> bytes | None:
        """Return a member's link key of a number, None if it is not in force."""
        members, height = self.read()
        found = members.key(member, number, "link", height)
        return None if found is None else found.pub

    def number(self, member: str, public: bytes) -> int:
        """Return the number of this member's key; Unavailable `link.no_key` if not in force."""
        if (found := self.find(member, public)) is not None:
            return found
        members, height = self.read()
        listed = members.by_name.get(member)
        if self.drawn > max((key.number for key in listed.keys) if listed else (), default=0):
            return self.drawn
        raise Unavailable(
            "link.no_key",
            f"{member} signs with a link key that is not in force at height {height}",
            cure="Have the member's new key voted in, or restore member.key.",
        )

    def find(self, member: str, public: bytes) -> int | None:
        """Return the number of a member's link key, None if it is not in force."""
        members, height = self.read()
        fitting = (key for key in members.keys(member, "link", height) if key.pub == public)
        return next((key.number for key in fitting), None)

    def newest(self, member: str) -> int:
        """Return the number of a member's newest link key in force, 0 where it has none."""
        members, height = self.read()
        return max((key.number for key in members.keys(member, "link", height)), default=0)

    def names(self) -> list[str]:
        """Return the members' names, ascending."""
        return sorted(self.read()[0].by_name)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose signature is believed; its body is still to come.

    Attributes:
        caller: who asks.
        digest: the `Content-Digest` that its body must have.
        nonce: told once.
        end_s: when it ends, in seconds since 1970 UTC.
    """

    caller: str
    digest: str
    nonce: str
    end_s: int


class Trust:
    """One member's signing and believing.

    Args:
        member: its name.
        key: returns its private link key, which may be renewed while it runs.
        roll: its chain and list.
        clock: tells when requests were made.
        entropy: draws nonces, label `nonce`.
        nonces: the requests that it heard.
        held: returns all link keys that it has, with their numbers: that one, one that is to take
            its place, one whose place it took. A member whose key is renewed learns of it in a
            block that others give it, and these know the new key already; or it orders, and gives
            that block to others that know the old one alone.
    """

    def __init__(
        self,
        member: str,
        key: Callable[[], SigningKey],
        roll: Roll,
        *,
        clock: Clock,
        entropy: Entropy,
        nonces: Nonces,
        held: Callable[[], Sequence[Numbered]] = lambda: (),
    ) -> None:
        self.member = member
        self.roll = roll
        self._key = key
        self._held = held
        self._clock = clock
        self._entropy = entropy
        self._nonces = nonces
        self._clocks = Clocks()

    def list_behind(self) -> list[str]:
        """Return the members that this clock is ahead of, by what they said last."""
        return self._clocks.list_behind(self._now_s())

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1_000

    def _own_key(self, wanted: str = "") -> Numbered:
        """Return the own key of a number where there is one, else the one in force; its number."""
        key, known = self._key(), self.roll
        number = known.find(self.member, key.public)
        if wanted not in {"", str(number)}:
            for each in self._held():
                if wanted == str(each[1]):
                    return each
        if number is None:
            # The list has moved on a moment ago, and the keys are about to follow.
            held = self._held()
            for each in held:
                if known.key(self.member, each[1]) == each[0].public:
                    return each
            # It ended before the one that waits was in force here: others may know that one.
            ended = next((number for own, number in held if own.public == key.public), None)
            for each in held:
                if ended is not None and each[1] > ended:
                    return each
            number = known.number(self.member, key.public)
        return key, number

    # ---- asking

    def find_others(self) -> list[str]:
        """Return the numbers of own keys besides that in force: to be tried on `link.key`."""
        own = self._own_key()[1]
        return [str(number) for _, number in self._held() if number != own]

    def sign_request(self, to: str, target: str, body: bytes, wanted: str = "") -> dict[str, str]:
        """Return the fields that make a POST of `body` to `target` a request to member `to`.

        Args:
            to: who is asked.
            target: its address and the path.
            body: the request's.
            wanted: number of the own key to sign by; "" for the one in force.
        """
        stated = {
            "content-digest": content_digest(body),
            "tally-chain": self.roll.chain.hex(),
            "tally-to": to,
        }
        now = self._now_s()
        key, number = self._own_key(wanted)
        told = (
            ("created", now),
            ("expires", now + LIFE_S),
            ("nonce", self._entropy.draw("nonce", NONCE_SIZE).hex()),
            ("keyid", f"{self.member}/{number}"),
            ("tag", TAG),
        )
        signed = sign(key, request_values("POST", target, stated), told)
        return {**stated, **signed, WANTED: str(self.roll.newest(to))}

    def check_answer(
        self,
        to: str,
        request: Mapping[str, str],
        status: int,
        fields: Mapping[str, str],
        body: bytes,
    ) -> None:
        """Believe an answer, or say why not.

        Args:
            to: the member that was asked.
            request: the fields of the request that was sent.
            status: the answer's.
            fields: the answer's, each once.
            body: the answer's.

        Raises:
            Unavailable: `link.answer`, it is not that member's answer to this request.
        """
        try:
            found = read_signature(fields)
            member, public = self._signer(found)
            values = answer_values(status, fields, request["signature"])
            ours = member == to and found.covers(ANSWERED) and found.text("tag") == TAG
            if not ours or not found.is_by(public, values):
                raise _not_signed(member)
            if not is_digest(fields["content-digest"], body):
                raise _other_body(member)
            asked_s = read_signature(request).time("created")
            self._clocks.hear(to, found.time("created"), asked_s, self._now_s())
        except Denied as error:
            raise Unavailable(
                "link.answer",
                f"{to}: the answer is not that member's to this request ({error.code})",
                cure="Check the member's address and certificate in peers.json.",
                member=to,
            ) from error

    # ---- answering

    def check_request(self, method: str, target: str, fields: Mapping[str, str]) -> Asked:
        """Believe the head of a request, or refuse it; nothing is kept yet.

        Raises:
            Denied: `link.unsigned`, `link.key`, `link.signature`, `link.chain`, `link.recipient`,
                `link.expired`, `link.future`.
        """
        found = read_signature(fields)
        if not found.covers(ASKED) or found.text("tag") != TAG:
            raise unsigned("its signature covers other parts, or is for another purpose")
        nonce = found.text("nonce")
        if not _NONCE.fullmatch(nonce):
            raise unsigned("its nonce has not 16 to 64 signs")
        caller, public = self._signer(found)
        if not found.is_by(public, request_values(method, target, fields)):
            raise _not_signed(caller)
        self._check_address(fields)
        end = self._check_time(found)
        return Asked(caller, fields["content-digest"], nonce, end)

    def accept(self, asked: Asked, body: bytes) -> None:
        """Believe a request whole: its body is what was signed, and it is heard the first time.

        Raises:
            Denied: `link.digest`, `link.expired`, `link.replayed`.
        """
        if not is_digest(asked.digest, body):
            raise _other_body(asked.caller)
        now = self._now_s()
        if asked.end_s < now:
            # Its body was slow: what was heard is kept until its end alone, and then forgotten.
            raise Denied(
                "link.expired",
                f"the request of {asked.caller} ended at {asked.end_s}, now its body is here at"
                f" {now}",
                cure="Ask again.",
            )
        self._nonces.take(asked.caller, asked.nonce, (asked.end_s + 1) * 1_000)

    def sign_answer(
        self, signed: str, status: int, body: bytes, wanted: str = ""
    ) -> dict[str, str]:
        """Return the fields that make `status` and `body` the answer to a request.

        Args:
            signed: the field `Signature` of the request.
            status: the answer's.
            body: the answer's.
            wanted: its field `Tally-Key`: by which of the own keys the caller goes.
        """
        stated = {"content-digest": content_digest(body)}
        key, number = self._own_key(wanted)
        key_id = f"{self.member}/{number}"
        told = (("created", self._now_s()), ("keyid", key_id), ("tag", TAG))
        return {**stated, **sign(key, answer_values(status, stated, signed), told)}

    def _signer(self, found: Signature) -> tuple[str, bytes]:
        """Return who claims to have signed, and the key to be tried."""
        named = KEY_ID.fullmatch(found.text("keyid"))
        public = self.roll.key(named[1], int(named[2])) if named else None
        if named is None or public is None:
            raise Denied(
                "link.key",
                f"{found.text('keyid')[:40]} is no link key in force on the chain as {self.member}"
                " has it",
                cure="Let both members catch up. If it stays: Members and keys in docs/operate.md.",
            )
        return named[1], public

    def _check_address(self, fields: Mapping[str, str]) -> None:
        chain, to = self.roll.chain.hex(), fields["tally-to"]
        if fields["tally-chain"] != chain:
            raise Denied(
                "link.chain",
                f"the request is for chain {fields['tally-chain'][:64]}, this member keeps {chain}",
                cure="Check the addresses in peers.json: they lead to another county.",
            )
        if to != self.member:
            raise Denied(
                "link.recipient",
                f"the request is for {to[:24]}, here answers {self.member}",
                cure="Check the addresses in peers.json: two members are mixed up.",
            )

    def _check_time(self, found: Signature) -> int:
        """Return when a request ends, in seconds."""
        made, end, now = found.time("created"), found.time("expires"), self._now_s()
        if made > now + AHEAD_MAX_S:
            raise Denied(
                "link.future",
                f"the request was made at {made}, now it is {now}, most is {AHEAD_MAX_S} s ahead",
                cure="Set the clocks of both machines.",
            )
        if not made < end <= made + LIFE_MAX_S or end < now:
            raise Denied(
                "link.expired",
                f"the request was made at {made} and ends at {end}, now it is {now},"
                f" most is {LIFE_MAX_S} s",
                cure="Set the clocks of both machines, and ask again.",
            )
        return end


def request_values(method: str, target: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the covered values of a request; "" stands for a field that it has not once."""
    return {
        '"@method"': method,
        '"@target-uri"': target,
        **{f'"{name}"': fields.get(name, "") for name in _names(ASKED[2:])},
    }


def answer_values(status: int, fields: Mapping[str, str], signed: str) -> dict[str, str]:
    """Return the covered values of an answer to the request of that field `Signature`."""
    return {
        '"@status"': str(status),
        '"content-digest"': fields.get("content-digest", ""),
        '"signature";req': signed,
    }


def _names(components: tuple[str, ...]) -> list[str]:
    return [each.strip('"') for each in components]


def _not_signed(member: str) -> Denied:
    return Denied(
        "link.signature",
        f"a message in the name of {member} is not signed so by its link key",
        cure="Something on the way changed it, or forged it: check the address and the network.",
    )


def _other_body(member: str) -> Denied:
    return Denied(
        "link.digest",
        f"a message of {member} has another body than its signature covers",
        cure="Ask again; if it stays, something on the way changes it.",
    )

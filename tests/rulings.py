"""A floor on which the charter's rules are tried: members of every role, a state, and one clock.

Records go through `admit_record` as their bytes, so that form, id, refs, role and rule are all
asked, in the order of the product, and what a refused record wrote is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.base.codec import RAW, Cid, Value, cid_of, encode
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.record import Admission, Charter, admit_bundle
from tallystick.chain.state import Overlay
from tallystick.charter import CHARTER
from tallystick.records.held import find_fund

__all__ = ["DAY_MS", "MEMBERS", "TIME_MS", "Floor", "name"]

TIME_MS: Final = 1_790_000_000_000
DAY_MS: Final = 86_400_000
MEMBERS: Final[Mapping[str, str]] = {
    "agriculture": "department",
    "bank-a": "bank",
    "bank-b": "bank",
    "bureau": "bureau",
    "finance": "department",
    "newspaper": "media",
    "operator": "operator",
    "project": "project_owner",
    "regulator": "regulator",
    "village": "village",
}
_CHAIN: Final = b"c" * 32


def name(number: int, space: str = "id") -> bytes:
    """Return an id: 16 bytes that tell nothing."""
    return cid_of(encode([space, number])).digest[:16]


def _listed() -> Members:
    rows = []
    for number, (member, role) in enumerate(sorted(MEMBERS.items())):
        key = SigningKey.from_seed(number.to_bytes(32, "big"))
        rows.append(Member(member, role, (Key(1, "tx", 1, key.public, 0),)))
    return Members.of(rows)


_LISTED: Final = _listed()
CATALOGUE: Final = cid_of(b"catalogue")
MODEL: Final = cid_of(b"model")


@dataclass(slots=True)
class Floor:
    """A state and a clock, and what the last record wrote."""

    time: int = TIME_MS
    height: int = 10
    kind: str = "county"
    charter: Charter = field(default_factory=lambda: CHARTER)
    state: dict[bytes, bytes] = field(
        default_factory=lambda: {
            b"rules/positioning": encode(1),
            b"members": _LISTED.data,
            b"limits/vote_ppm": encode(500_000),
        }
    )
    written: dict[bytes, bytes | None] = field(default_factory=dict)
    last: bytes = b""
    _drawn: int = 0

    def new_id(self) -> bytes:
        self._drawn += 1
        return name(self._drawn)

    def record(self, t: str, pub: Mapping[str, Any] | None = None, **more: Any) -> bytes:
        """Return the bytes of a record with all the seals of its type."""
        record: dict[str, Any] = {
            "t": t,
            "rv": 1,
            "id": more.pop("id", None) or self.new_id(),
            "pub": dict(pub or {}),
            **{key: value for key, value in more.items() if value is not None},
        }
        self.last = record["id"]
        kind = self.charter.get((t, 1))
        if kind is not None and kind.classes() and "seals" not in record:
            seal: dict[str, Value] = {"com": bytes(32), "obj": cid_of(b"o", RAW), "size": 2048}
            record["seals"] = dict.fromkeys(kind.classes(), seal)
        return encode(record)

    def offer(self, member: str, *records: bytes, keep: bool = True) -> int:
        """Return the code of a bundle's bytes, and keep what it wrote if it was admitted."""
        overlay = Overlay(self.state.get)

        def offered(record: dict[str, Any]) -> Admission:
            return Admission(
                record=record,
                member=member,
                role=MEMBERS[member],
                chain=_CHAIN,
                height=self.height,
                time=self.time,
                members=_LISTED,
                state=overlay,
                kind=self.kind,
            )

        code = admit_bundle(records, self.charter, offered, overlay)
        self.written = dict(overlay.changed)
        if code == 0 and keep:
            for key, value in overlay.changed.items():
                if value is None:
                    self.state.pop(key, None)
                else:
                    self.state[key] = value
        return code

    def say(self, member: str, t: str, pub: Mapping[str, Any] | None = None, **more: Any) -> int:
        """Offer a record of type `t` by a member and return its code; `last` is its id."""
        return self.offer(member, self.record(t, pub, **more))

    def next_height(self, *, days: int = 0) -> None:
        """Let a block pass, and days with it."""
        self.height += 1
        self.time += 1 + days * DAY_MS

    # ---- a case on its way

    def decision(self, question: str, /, **changes: Any) -> dict[str, Any]:
        pub = {
            "service": "positioning",
            "version": 1,
            "question": question,
            "catalogue": CATALOGUE,
            "rules": 1,
            "inputs_com": bytes(32),
            "not_after": self.time + 90 * DAY_MS,
            **changes,
        }
        return {key: value for key, value in pub.items() if value is not None}

    def apply(self, member: str = "bank-a", programme: str | None = None) -> bytes:
        pub = {"kind": "borrow"} | ({"programme": programme} if programme else {})
        assert self.say(member, "case.applied", pub) == 0
        return self.last

    def judge(self, case: bytes, member: str = "bank-a") -> bytes:
        for question, t in (("scheme", "case.schemed"), ("judgement", "case.judged")):
            assert self.say(member, t, self.decision(question), case=case) == 0
        return self.last

    def report(self, case: bytes, member: str = "bank-a") -> bytes:
        self.judge(case, member)
        assert self.say(member, "case.reported", self.decision("report"), case=case) == 0
        return self.last

    def match(self, case: bytes, member: str = "bank-a") -> bytes:
        self.judge(case, member)
        assert self.say(member, "case.matched", self.decision("match"), case=case) == 0
        return self.last

    def approve(
        self,
        case: bytes,
        decision: bytes,
        member: str = "bank-a",
        *,
        programme: str | None = None,
        amount: int | None = None,
    ) -> int:
        pub = {"decision": decision, "programme": programme, "amount": amount}
        stated = {key: value for key, value in pub.items() if value is not None}
        return self.say(member, "approval.given", stated, case=case, officer=b"f" * 16)

    def accept(self, case: bytes, member: str = "bank-a") -> int:
        return self.say(member, "offer.accepted", case=case)

    def allocate(self, amount: int, to: str = "bank-a", programme: str = "relief") -> int:
        pub = {"fund": "fund", "to": to, "programme": programme, "amount": amount}
        return self.say("finance", "fund.allocated", pub)

    def grant(
        self, case: bytes, approval: bytes, member: str = "bank-a", **public: str | int
    ) -> int:
        identifier = self.new_id()
        pub = {"loan": identifier, "approval": approval, **public}
        return self.say(member, "loan.granted", pub, case=case, id=identifier)

    def pay(
        self, t: str, case: bytes, loan: bytes, member: str = "bank-a", **public: str | int
    ) -> int:
        return self.say(member, t, {"loan": loan, **public}, case=case)

    def left(self, member: str = "bank-a", programme: str = "relief") -> int:
        """Return what a member has left of a programme's public money."""
        return find_fund(self.state.get, programme, member).left


def links(count: int) -> Sequence[Cid]:
    return sorted(cid_of(bytes([at]), RAW) for at in range(count))

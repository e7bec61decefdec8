"""Random records by random members on a floor, and the books a bystander keeps of them.

Each step holds the laws of one record: a known code, the same answer twice, no writes if refused,
no writes outside its spaces, no owner but by a hand-over; `check_money` holds those of the sums.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from chains import SmallChain
from rulings import CATALOGUE, DAY_MS, MEMBERS, MODEL, Floor, links, name
from tallystick.base.codec import INTEGER_MAX, read_admitted
from tallystick.charter import STATEMENTS, codes_of
from tallystick.records.book import SUMMED_LEAST
from tallystick.records.dues import KINDS
from tallystick.records.held import (
    HeldBook,
    HeldCase,
    HeldDues,
    HeldFund,
    HeldLoan,
    Stage,
    find_appeal,
    find_book,
    find_case,
    find_dues,
    find_loan,
)
from tallystick.records.refusal import Refusal
from tallystick.records.view import Admitted

__all__ = ["CODES", "TYPES", "Town", "open_town"]

CODES: Final = {0, *Refusal}
KNOWN: Final = {t: {*range(6), *codes_of(row.admit)} for t, row in STATEMENTS.items()}
# A part of a list that no later record of its bundle takes.
KNOWN["chain.listed"].add(Refusal.RULE)
ANYWHERE: Final = {"id", "in", "named"}
PROGRAMMES: Final = ("relief", "seed")
NAMES: Final = sorted(MEMBERS)
TYPES: Final = sorted(STATEMENTS)
PAID: Final = ("loan.disbursed", "loan.repaid")
# What moves a case on from each stage: half of all records are of these.
NEXT: Final[dict[int, tuple[str, ...]]] = {
    Stage.APPLIED: ("case.schemed",),
    Stage.SCHEMED: ("case.judged",),
    Stage.JUDGED: ("case.reported", "case.reported", "case.matched"),
    Stage.REPORTED: ("approval.given", "offer.accepted", "loan.granted", *PAID, *PAID),
    Stage.MATCHED: ("decision.overridden", "approval.given", "offer.accepted", "loan.granted"),
    Stage.REFUSED: ("appeal.opened", "appeal.settled"),
    Stage.CLOSED: ("case.applied", "loan.repaid"),
}
CASED: Final = {
    *("case", "offer", "money", "approval", "loan", "decision"),
    *("feedback", "appeal", "endorsed"),
}
QUESTIONS: Final = {
    "case.schemed": "scheme",
    "case.judged": "judgement",
    "case.reported": "report",
    "case.matched": "match",
}

Part: TypeAlias = Callable[[], dict[str, Any]]


def _linking(other: SmallChain) -> dict[str, Any]:
    return {"genesis": other.genesis.data, "listed": other.genesis.members.data}


@dataclass(slots=True)
class Town:
    """A floor on which anybody says anything, and the books a bystander keeps of it."""

    floor: Floor
    draws: random.Random
    ids: dict[str, list[bytes]] = field(default_factory=dict)
    admitted: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    owners: dict[bytes, str] = field(default_factory=dict)
    allocated: Counter[tuple[str, str]] = field(default_factory=Counter)
    out: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: HeldCase | None = None
    log: list[Admitted] = field(default_factory=list)
    others: dict[str, SmallChain] = field(default_factory=dict)

    # ---- drawing a record

    def known(self, *types: str) -> bytes:
        """Return the id of a record of some type, mostly a late one; now and then of nothing."""
        if self.draws.random() < 0.04:
            return name(self.draws.randrange(5), "nothing")
        found = [each for t in types for each in self.ids.get(t, ())[-4:]]
        return self.draws.choice(found) if found else name(0, "nothing")

    def of_case(self, *types: str) -> bytes:
        """Return the id of a record of the case in hand, now and then of any of some types."""
        if self.held is None or not self.held.records or self.draws.random() < 0.05:
            return self.known(*(types or self.ids))
        held = self.held
        if types == ("decision",):
            return held.decision or self.known("case.judged")
        if types == ("approval.given",):
            found = self.draws.choice((held.approval, held.public_approval))
            return found or self.known("approval.given")
        place = self.draws.randrange(len(held.records) // 16) * 16
        return held.records[place : place + 16]

    def amount(self) -> int:
        return self.draws.choice((1, 2, 5, 10, 50, 100, INTEGER_MAX))

    def time(self) -> int:
        days = self.draws.choice((-400, -1, 0, 1, 90, 400))
        return max(0, self.floor.time + days * DAY_MS)

    def money(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.held is not None and self.draws.random() < 0.8:
            found = {"programme": self.held.programme} if self.held.programme else {}
        elif self.draws.random() < 0.6:
            found["programme"] = self.draws.choice((*PROGRAMMES, "relief"))
        if ("programme" in found) == (self.draws.random() < 0.95):
            found["amount"] = self.draws.choice((1, 2, 5, 10, 50))
        return found

    def decision(self, t: str) -> dict[str, Any]:
        held = read_admitted(self.floor.state[b"rules/positioning"])
        changes: dict[str, Any] = {"rules": held if type(held) is int else held[0]}
        if self.draws.random() < 0.1:
            changes |= self.draws.choice(
                ({"rules": 9}, {"version": 3}, {"model": MODEL}, {"not_after": self.time()})
            )
        return self.floor.decision(QUESTIONS[t], **changes)

    def term(self, space: str, identifier: bytes) -> dict[str, Any]:
        pub = {space: identifier, "from_time": self.floor.time, "until": self.time()}
        if space == "mandate":
            return {**pub, "officer": b"f" * 16, "witness": self.draws.choice(NAMES)}
        classes = self.draws.choice((["income"], ["income", "profile"], ["profile", "income"]))
        about = {"classes": classes, "purpose": "credit", "basis": "consent"}
        return {**pub, **about, "recipient": self.draws.choice(NAMES)}

    def public(self, t: str, member: str, identifier: bytes) -> dict[str, Any]:
        """Return the public part of a record, plausible but not always right."""
        if t in QUESTIONS:
            return self.decision(t)
        parts: dict[str, Part] = {
            **self._of_parties(identifier),
            **self._of_choices(),
            **self._of_cases(member, identifier),
            "change.proposed": self.change,
            "change.voted": self.vote,
            "chain.linked": lambda: _linking(self.other(member)),
            "chain.listed": lambda: {"listed": self.other(member).genesis.members.data},
            "chain.anchored": self.anchor,
            "subsidy.approved": lambda: {
                "approved_case": self.known("case.applied"),
                "programme": self.draws.choice(PROGRAMMES),
                "amount": self.draws.choice((1, 50)),
            },
            "loans.reported": lambda: self.report(member),
            "dues.reported": lambda: self.dues(member),
            "programme.measured": self.measurement,
        }
        return parts[t]() if t in parts else {}

    def _of_parties(self, identifier: bytes) -> dict[str, Part]:
        draws = self.draws
        return {
            "party.registered": lambda: {"kind": "household", "custodian": draws.choice(NAMES)},
            "objects.dropped": lambda: {"objects": list(links(draws.choice((7, 8, 9))))},
            "mandate.given": lambda: self.term("mandate", identifier),
            "mandate.ended": lambda: {"mandate": self.known("mandate.given")},
            "grant.given": lambda: self.term("grant", identifier),
            "grant.ended": lambda: {"grant": self.known("grant.given")},
        }

    def _of_choices(self) -> dict[str, Part]:
        draws, floor = self.draws, self.floor
        return {
            "provider.registered": self.provider,
            "product.published": lambda: {
                "product": "seed.1",
                "entry": {"scheme": "seed", "version": draws.choice((1, 1, 2))},
            },
            "model.approved": lambda: {
                "model": draws.choice((MODEL, CATALOGUE)),
                "service": draws.choice(("positioning", "risk")),
                "name": "card",
                "metrics": draws.choice(({}, {"ece_ppm": 9_000, "ece_null95_ppm": 8_000})),
            },
            "model.retired": lambda: {
                "model": draws.choice((MODEL, CATALOGUE)),
                "service": draws.choice(("positioning", "risk")),
            },
            "rules.activated": lambda: {
                "name": draws.choice(("positioning", "reference")),
                "version": draws.choice((1, 2, 3)),
                "from_height": floor.height + draws.choice((0, 1, 1)),
                "figures": CATALOGUE,
            },
            "notice.posted": lambda: {
                "scope": "village",
                "from_day": 20_000,
                "days": 5,
                "whitelist": ["name"],
                "object": CATALOGUE,
            },
            "notice.withdrawn": lambda: {"notice": self.known("notice.posted")},
            "guidance.given": lambda: {"topic": "aid"},
            "object.kept": lambda: {
                "manifest": draws.choice(list(links(9))),
                "size": draws.choice((0, 5)),
                "sealed": draws.choice((0, 1)),
            },
            "object.erased": lambda: {"manifest": draws.choice(list(links(9)))},
            "project.evaluated": lambda: {"project": self.known("case.applied"), "score": 5},
            "news.published": lambda: {"object": CATALOGUE, "language": "zh"},
            "news.corrected": lambda: {
                "news": self.known("news.published"),
                "object": CATALOGUE,
                "language": "zh",
            },
        }

    def _of_cases(self, member: str, identifier: bytes) -> dict[str, Part]:
        draws = self.draws
        return {
            "case.applied": lambda: (
                {"kind": "borrow"} | draws.choice(({}, {"programme": "relief"}))
            ),
            "case.handed_over": lambda: {
                "from_member": draws.choice((member, "bank-a")),
                "to": draws.choice((*NAMES, "bank-a", "bank-b", "nobody")),
                "due": self.time(),
            },
            "endorsed": lambda: {"endorses": self.of_case()},
            "decision.overridden": lambda: {
                "decision": self.of_case("decision"),
                "code": "visit",
            },
            "appeal.opened": lambda: {"against": self.of_case()},
            "appeal.settled": lambda: {"appeal": self.known("appeal.opened")},
            "approval.given": lambda: {
                "decision": self.of_case("decision"),
                **self.money(),
            },
            "fund.allocated": lambda: {
                "fund": "fund",
                "to": draws.choice((*NAMES, "bank-a", "bank-b")),
                "programme": draws.choice(PROGRAMMES),
                "amount": self.amount(),
            },
            "loan.granted": lambda: {
                "loan": identifier,
                "approval": self.of_case("approval.given"),
                **self.money(),
            },
            "loan.disbursed": lambda: {"loan": self.known("loan.granted"), **self.money()},
            "loan.repaid": lambda: {"loan": self.known("loan.granted"), **self.money()},
        }

    def change(self) -> dict[str, Any]:
        """Return a change of the list or of a limit, some of which can stand."""
        kind = self.draws.choice(("leave", "limit", "limit", "join"))
        pub: dict[str, Any] = {"kind": kind, "until": self.floor.time + 80 * DAY_MS}
        if self.draws.random() < 0.2:
            pub["until"] = self.time()
        if kind == "limit":
            name = self.draws.choice(("block_transactions", "vote_ppm", "nothing"))
            return {**pub, "limit": name, "value": self.draws.choice((0, 500_000, 4_096))}
        return {**pub, "member": self.draws.choice((*NAMES, "nobody"))}

    def other(self, member: str) -> SmallChain:
        """Return a chain of one member's own, two blocks long."""
        found = self.others.get(member)
        if found is None:
            found = self.others[member] = SmallChain((member,))
            for _ in range(2):
                found.cut((member, [found.record("fund.allocated", {"amount": 1})]))
        return found

    def anchor(self) -> dict[str, Any]:
        """Return an anchor of some member's own chain, linked or not, at one of its heights."""
        other = self.other(self.draws.choice(NAMES))
        height = self.draws.choice((1, 2))
        pub: dict[str, Any] = {"chain": other.chain, "note": other.note(height)}
        if height > 1 and self.draws.random() < 0.5:
            pub["path"] = other.paths(1, height)[0]
        return pub

    def vote(self) -> dict[str, Any]:
        """Return a vote, mostly on a change that waits for some."""
        held = sorted(key for key in self.floor.state if key.startswith(b"change/"))
        waiting = [key.removeprefix(b"change/") for key in held]
        change = self.draws.choice([*waiting, self.known("change.proposed")])
        return {"change": change, "vote": self.draws.choice((0, 1, 1, 1))}

    def report(self, member: str) -> dict[str, Any]:
        """Return a month of a lender's book: mostly the next one, sums mostly where they belong."""
        draws, held = self.draws, find_book(self.floor.state.get, member)
        book = held or HeldBook(2020 * 12, 0, 1, 0, 0)
        counts = {name: draws.choice((0, 0, 1, 5)) for name in ("granted", "repayments")}
        pub: dict[str, Any] = {
            "month": book.month + draws.choice((0, 1, 1, 2)),
            "part": draws.choice((1, 1, book.part + 1)),
            "first": book.following + draws.choice((0, 0, 0, 1)),
            "overdues": draws.choice((0, 0, 5)),
            **counts,
        }
        for total, count in (("lent", "granted"), ("arrears", "overdues")):
            if (pub[count] >= SUMMED_LEAST) != (draws.random() < 0.05):
                pub[total] = self.amount()
        if draws.random() < 0.3:
            pub["readers"] = draws.choice(
                (["finance"], [member], ["nobody"], ["finance", "agriculture"])
            )
        return pub

    def dues(self, member: str) -> dict[str, Any]:
        """Return a period of a payee's book: mostly the next one, now and then too many payers."""
        draws, kind = self.draws, self.draws.choice(KINDS[:2])
        held = find_dues(self.floor.state.get, member, kind) or HeldDues(2020 * 12, 0, 0, 1)
        is_further = draws.random() < 0.2
        counts = {"opened": draws.choice((0, 2, 9)), "payers": draws.choice((0, 1, 5))}
        pub: dict[str, Any] = {
            "kind": kind,
            "begin": held.begin if is_further else held.begin + held.months,
            "months": held.months if is_further and held.months else draws.choice((1, 3, 12)),
            "part": held.part + 1 if is_further else draws.choice((1, 1, 1, 2)),
            "first": held.following + draws.choice((0, 0, 0, 1)),
            "dues": draws.choice((5, 60, 0)),
            "cleared": draws.choice((0, 7)),
            **counts,
        }
        if draws.random() < 0.3:
            pub["owed"] = self.amount()
        if draws.random() < 0.3:
            pub["readers"] = draws.choice((["finance"], [member], ["finance", "agriculture"]))
        return pub

    def measurement(self) -> dict[str, Any]:
        """Return a cycle of a programme's reach; now and then a part could point at somebody."""
        missed = self.draws.choice((5, 5, 5, 1))
        counts = {"households": 20, "poor": 5 + missed, "held": 10, "missed": missed, "wrong": 5}
        village = {"code": "v01", "zh": "\u77f3\u6865\u6751", "en": "Shiqiao", "lon": 0, "lat": 0}
        return {
            "programme": self.draws.choice(PROGRAMMES),
            "cycle": self.draws.choice((202_501, 202_502, 202_513)),
            "day": 20_000,
            "villages": [village],
            "areas": [{"villages": ["v01"], **counts}],
            "groups": [],
        }

    def provider(self) -> dict[str, Any]:
        stated = self.draws.choice(("union", "shop"))
        entry = {"provider": self.draws.choice(("union", stated)), "services": ["lend"]}
        return {"provider": stated, "services": ["lend"], "expertise": [], "entry": entry}

    def case_of(self, t: str, pub: dict[str, Any], case: bytes) -> bytes | None:
        """Return the case to name: mostly that of what the record is about."""
        if t.partition(".")[0] not in CASED or t == "case.applied":
            return case if self.draws.random() < 0.05 else None
        if self.draws.random() < 0.05:
            return self.draws.choice((None, case))
        loan = find_loan(self.floor.state.get, pub["loan"]) if "loan" in pub else None
        appeal = find_appeal(self.floor.state.get, pub["appeal"]) if "appeal" in pub else None
        about = loan or appeal
        return about.case if about else case

    def draw(self) -> tuple[str, str, bytes]:
        """Return a type, a member and the bytes of a record that it might write."""
        draws = self.draws
        identifier = self.floor.new_id() if draws.random() < 0.98 else self.known(*self.ids)
        case = self.known("case.applied")
        self.held = find_case(self.floor.state.get, case)
        moved = self.held is not None and draws.random() < 0.5
        t = draws.choice(NEXT[self.held.stage] if self.held and moved else TYPES)
        roles = STATEMENTS[t].roles or set(MEMBERS.values())
        able = [member for member in NAMES if MEMBERS[member] in roles]
        member = draws.choice(NAMES) if draws.random() < 0.03 else draws.choice(able)
        if self.held and draws.random() < 0.8 and t not in ("feedback.given", "appeal.settled"):
            member = self.held.owner
        elif t == "case.applied" and draws.random() < 0.8:
            member = draws.choice(("bank-a", "bank-b"))
        pub = self.public(t, member, identifier)
        record = self.floor.record(
            t,
            pub,
            id=identifier,
            case=self.case_of(t, pub, case),
            officer=b"f" * 16 if draws.random() < 0.9 else None,
            refs=[self.known(*self.ids)] if draws.random() < 0.05 else None,
            amends=self.known(t) if draws.random() < 0.05 else None,
        )
        return t, member, record

    # ---- one record, and what must hold then

    def step(self) -> None:
        t, member, data = self.draw()
        floor, before = self.floor, dict(self.floor.state)
        first = floor.offer(member, data, keep=False)
        written = floor.written
        floor.state = dict(reversed(list(before.items())))
        code = floor.offer(member, data)
        assert (code, floor.written) == (first, written), "the same state and record differ"
        assert code in KNOWN[t], f"{t} ended with {code}, which docs/records.md does not say"
        if code:
            # A list that is begun and not ended falls with its bundle.
            assert not written or t == "chain.listed", f"{t} was refused with {code} and wrote"
            self.refused[code] += 1
        else:
            spaces = {key.partition(b"/")[0].decode() for key in written}
            assert spaces <= ANYWHERE | STATEMENTS[t].spaces, f"{t} wrote {spaces}"
            self.admitted[t] += 1
            record = read_admitted(data)
            place = len(self.log)
            self.log.append(Admitted(record, member, floor.height, 0, place, floor.time, b"t" * 32))
            self.book(t, member, record, before)
            self.check_cases(t, before)
        if self.draws.random() < 0.1:
            floor.next_height(days=self.draws.choice((0, 0, 0, 1, 1, 30)))

    def book(self, t: str, member: str, record: dict[str, Any], before: dict[bytes, bytes]) -> None:
        """Keep the books from admitted records alone, as a bystander could."""
        pub = record["pub"]
        self.ids.setdefault(t, []).append(record["id"])
        if t == "case.applied":
            self.owners[record["id"]] = member
        if t == "case.handed_over":
            self.owners[record["case"]] = pub["to"]
        if t == "fund.allocated":
            self.allocated[pub["programme"], pub["to"]] += pub["amount"]
        if t in ("loan.granted", "loan.repaid") and "programme" in pub:
            back = t == "loan.repaid"
            amount = pub.get("amount", 0)
            self.out[pub["programme"], member] += -amount if back else amount
        if t == "case.closed":
            held = HeldCase._make(read_admitted(before[b"case/" + record["case"]]))
            if held.loan:
                loan = HeldLoan._make(read_admitted(before[b"loan/" + held.loan]))
                self.out[loan.programme, loan.lender] -= loan.granted - loan.disbursed

    def check_cases(self, t: str, before: dict[bytes, bytes]) -> None:
        for case, owner in self.owners.items():
            held = HeldCase._make(read_admitted(self.floor.state[b"case/" + case]))
            assert held.owner == owner
            old = before.get(b"case/" + case)
            if old is not None and self.floor.state[b"case/" + case] != old:
                stage = HeldCase._make(read_admitted(old)).stage
                assert held.stage >= stage or t == "case.closed"
            if held.loan:
                loan = HeldLoan._make(read_admitted(self.floor.state[b"loan/" + held.loan]))
                assert (loan.case, loan.programme) == (case, held.programme)
                assert loan.granted <= held.approved

    def check_money(self) -> None:
        lent: Counter[tuple[str, str]] = Counter()
        cases: Counter[bytes] = Counter()
        for key, value in self.floor.state.items():
            if key.startswith(b"loan/"):
                loan = HeldLoan._make(read_admitted(value))
                assert 0 <= loan.repaid <= loan.disbursed <= loan.granted
                lent[loan.programme, loan.lender] += loan.granted - loan.repaid
                cases[loan.case] += bool(loan.programme)
        assert max(cases.values(), default=0) <= 1
        for programme in PROGRAMMES:
            for member in NAMES:
                held = self.floor.state.get(f"fund/{programme}/{member}".encode())
                fund = HeldFund() if held is None else HeldFund._make(read_admitted(held))
                assert 0 <= fund.left <= fund.allocated <= INTEGER_MAX
                assert fund.allocated == self.allocated[programme, member]
                assert fund.allocated - fund.left == lent[programme, member]
                assert lent[programme, member] == self.out[programme, member]


def open_town(draws: random.Random) -> Town:
    town = Town(Floor(), draws)
    for member in ("bank-a", "bank-b"):
        assert town.floor.allocate(500, to=member) == 0
        town.allocated["relief", member] += 500
    return town

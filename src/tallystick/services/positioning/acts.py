"""What officers and households do with a decided case: hand over, refuse, override, appeal, tell.

Feedback is due by itself: a predicate over the views and the clock, never a record. It is asked by
a member other than the one rated.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Conflict, NotFound
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.views.base import Views
from tallystick.records.base import Statement
from tallystick.records.case import (
    AppealOpened,
    AppealSettled,
    CaseClosed,
    CaseHandedOver,
    CaseRefused,
    DecisionOverridden,
    FeedbackGiven,
)
from tallystick.records.party import MandateGiven
from tallystick.services.positioning.service import Positions

__all__ = ["ASKING_ROLES", "FEEDBACK_DAYS", "Acts", "next_visit"]

ASKING_ROLES: Final = ("village", "department", "cooperative", "media", "regulator")
# Days after the decision, refused ones too: understood?, a year on; and after money was received.
FEEDBACK_DAYS: Final = {"decided_at": (3, 365), "refused_at": (3,), "money_at": (30,)}
VISIT_DAYS: Final = 1


class Acts:
    """Acts on cases at one member."""

    def __init__(self, desk: Desk, positions: Positions, members: Mapping[str, str]) -> None:
        """Take the desk, the positioning service and all members' roles by name."""
        self._desk = desk
        self._positions = positions
        self._members = members
        self._visits = _Visits(desk, self.asker_of)

    def _record(self, statement: Statement, case: bytes, **more: Any) -> bytes:  # noqa: ANN401 - a draft's fields
        desk = self._desk
        identifier = desk.new_id()
        party = more.pop("party", None) or case
        draft = Draft(identifier=identifier, statement=statement, case=case, party=party, **more)
        desk.record([draft])
        return identifier

    def _own(self, case: bytes) -> bytes:
        """Return under whom this member seals what it does with a case it owns.

        That is the party at its custodian; an owner that does not know the party seals under the
        case's id, by which the custodian has it forgotten.
        """
        self._positions.need_owner(case)
        return self._desk.party_of(case)

    def hand_over(self, case: bytes, *, to: str, days: int, notes: str) -> bytes:
        """Give the case to another member; from the next block on it is the owner.

        It is lent what is sealed to the case's members, and granted of the party's own what it
        needs to go on: profile, figures, reasons (`access.granting`).
        """
        self._positions.need_owner(case)
        if to not in self._members:
            raise NotFound("member.unknown", f"{to} is no member", cure="See tally county.")
        due = self._desk.now_ms() + days * DAY_MS
        statement = CaseHandedOver(
            from_member=self._desk.member, to=to, due=due, notes=notes or None
        )
        record = self._record(statement, case)
        others = self._desk.reach.others
        if others is not None:
            others.pass_case(case)
        return record

    def refuse(self, case: bytes, *, code: str, words: str) -> bytes:
        """Refuse in person: an officer signs, by a coded reason and words to the household."""
        party = self._own(case)
        statement = CaseRefused(code=code, words=words)
        return self._record(statement, case, party=party, officer=self._desk.officer())

    def close(self, case: bytes, *, code: str, words: str = "") -> bytes:
        """Close the case: an officer's act."""
        party = self._own(case)
        statement = CaseClosed(code=code, words=words or None)
        return self._record(statement, case, party=party, officer=self._desk.officer())

    def override(self, case: bytes, *, code: str, outcome: str, file: str) -> bytes:
        """Decide otherwise than the decision, by a coded reason and a due-diligence file."""
        party = self._own(case)
        decision = self._positions.find_case(case)["decision"]
        if decision is None:
            raise Conflict("case.undecided", "there is no decision to override yet")
        statement = DecisionOverridden(decision=decision, code=code, outcome=outcome, file=file)
        return self._record(statement, case, party=party, officer=self._desk.officer())

    def open_appeal(
        self, case: bytes, *, code: str, words: str, assent: Mapping[str, Any]
    ) -> bytes:
        """Take in an appeal against the case's latest decision or refusal."""
        row = self._positions.find_case(case)
        against = self._latest(case, ("case.refused", "case.matched", "case.reported"))
        if against is None:
            raise Conflict("case.undecided", f"the case stands at {row['stage']}")
        statement = AppealOpened(against=against, code=code, words=words, assent=dict(assent))
        return self._record(statement, case)

    def _latest(self, case: bytes, types: Sequence[str]) -> bytes | None:
        rows = self._desk.views.rows("record", {"case": case}, order="-height")
        return next((row["id"] for row in rows if row["t"] in types), None)

    def settle_appeal(self, appeal: bytes, *, outcome: str, words: str) -> bytes:
        """Answer an appeal: an officer's act."""
        rows = self._desk.views.rows("appeal", {"appeal": appeal})
        if not rows:
            raise NotFound(
                "appeal.unknown", "the chain holds no such appeal", cure="tally appeal list."
            )
        statement = AppealSettled(appeal=appeal, outcome=outcome, words=words)
        return self._record(statement, rows[0]["case"], officer=self._desk.officer())

    def asker_of(self, case: bytes, owner: str) -> str:
        """Return the one member that asks about a case: drawn by its id, never its owner."""
        askers = sorted(
            name for name, role in self._members.items() if role in ASKING_ROLES and name != owner
        )
        digest = hashlib.sha256(case).digest()
        return askers[int.from_bytes(digest[:8], "big") % len(askers)]

    def due_feedback(self) -> list[dict[str, Any]]:
        """Return the cases whose feedback is due now and this member is the one to ask."""
        return self._visits.due(self._desk.now_ms())

    def give_feedback(
        self, case: bytes, *, felt: int, income_minor: int | None, words: str
    ) -> bytes:
        """Record what the household says, under a mandate for this visit."""
        desk = self._desk
        row = self._positions.find_case(case)
        mandate = desk.new_id()
        witness = next(
            name for name in sorted(self._members) if name not in {desk.member, row["owner"]}
        )
        visit = MandateGiven(
            mandate=mandate,
            officer=desk.officer(),
            witness=witness,
            from_time=desk.now_ms(),
            until=desk.now_ms() + VISIT_DAYS * DAY_MS,
            party=case,
            text="feedback visit",
        )
        told = FeedbackGiven(
            felt=felt,
            income=income_minor,
            words=words or None,
            assent={"mandate": mandate, "witness": witness},
        )
        identifier = desk.new_id()
        desk.record(
            [
                Draft(identifier=mandate, statement=visit, party=case),
                Draft(identifier=identifier, statement=told, case=case, party=case),
            ]
        )
        return identifier


class _Visits:
    """When this member is to ask about which case, kept up with the chain.

    All cases are read once; then only those of which records came, so that a member with many
    years of cases learns what is due as fast as one with few.
    """

    def __init__(self, desk: Desk, asker_of: Callable[[bytes, str], str]) -> None:
        self._desk = desk
        self._asker_of = asker_of
        self._next: dict[bytes, tuple[int, str]] = {}
        self._height = 0
        self._lock = threading.Lock()

    def due(self, now_ms: int) -> list[dict[str, Any]]:
        """Return the cases due now, by id."""
        with self._lock:
            self._follow()
            found = [(*key, case) for case, key in self._next.items() if key[0] <= now_ms]
            return [
                {"case": case, "owner": owner, "since": since}
                for since, owner, case in sorted(found, key=lambda each: each[2])
            ]

    def _follow(self) -> None:
        """Take in what came since the last look; all of it where the views were made anew."""
        views = self._desk.views
        height = views.height()
        if not 0 < self._height <= height:
            self._next.clear()
            for row in _all_rows(views, "case", ""):
                self._take(row)
        elif height > self._height:
            after = {"height": self._height, "id": b"\xff" * 16}
            touched = {row["case"] for row in _all_rows(views, "record", "height", after)}
            for case in touched - {None}:
                for row in views.rows("case", {"case": case}):
                    self._take(row)
        self._height = height

    def _take(self, row: Mapping[str, Any]) -> None:
        case, since = row["case"], next_visit(row)
        if since and self._asker_of(case, row["owner"]) == self._desk.member:
            self._next[case] = (since, row["owner"])
        else:
            self._next.pop(case, None)


def _all_rows(
    views: Views, table: str, order: str, after: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every row of a table after one, a page at a time."""
    while rows := views.rows(table, order=order, after=after):
        yield from rows
        after = rows[-1]


def next_visit(row: Mapping[str, Any]) -> int:
    """Return from when on feedback on a case is due, in the past or to come; 0 for never.

    Due at each of `FEEDBACK_DAYS` after its event, until feedback later than that time is recorded.
    """
    asked = row["feedback_at"] or 0
    due = [
        row[event] + days * DAY_MS
        for event, spans in FEEDBACK_DAYS.items()
        if row[event] is not None
        for days in spans
    ]
    return min((at for at in due if asked < at), default=0)

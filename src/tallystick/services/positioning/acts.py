"""What officers and households do with a decided case: hand over, refuse, override, appeal, tell.

Feedback is due by itself: a predicate over the views and the clock, never a record. It is asked by
a member other than the one rated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Conflict, NotFound
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
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

__all__ = ["ASKING_ROLES", "FEEDBACK_DAYS", "Acts", "due_since"]

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
        return self._record(statement, case, party=party, officer=self._desk.new_id())

    def close(self, case: bytes, *, code: str, words: str = "") -> bytes:
        """Close the case: an officer's act."""
        party = self._own(case)
        statement = CaseClosed(code=code, words=words or None)
        return self._record(statement, case, party=party, officer=self._desk.new_id())

    def override(self, case: bytes, *, code: str, outcome: str, file: str) -> bytes:
        """Decide otherwise than the decision, by a coded reason and a due-diligence file."""
        party = self._own(case)
        decision = self._positions.find_case(case)["decision"]
        if decision is None:
            raise Conflict("case.undecided", "there is no decision to override yet")
        statement = DecisionOverridden(decision=decision, code=code, outcome=outcome, file=file)
        return self._record(statement, case, party=party, officer=self._desk.new_id())

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
        return self._record(statement, rows[0]["case"], officer=self._desk.new_id())

    def asker_of(self, case: bytes, owner: str) -> str:
        """Return the one member that asks about a case: drawn by its id, never its owner."""
        askers = sorted(
            name for name, role in self._members.items() if role in ASKING_ROLES and name != owner
        )
        digest = hashlib.sha256(case).digest()
        return askers[int.from_bytes(digest[:8], "big") % len(askers)]

    def due_feedback(self) -> list[dict[str, Any]]:
        """Return the cases whose feedback is due now and this member is the one to ask."""
        now, due, offset = self._desk.now_ms(), [], 0
        while rows := self._desk.views.rows("case", offset=offset):
            offset += len(rows)
            for row in rows:
                since = due_since(row, now)
                if since and self.asker_of(row["case"], row["owner"]) == self._desk.member:
                    due.append({"case": row["case"], "owner": row["owner"], "since": since})
        return due

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
            officer=desk.new_id(),
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


def due_since(row: Mapping[str, Any], now_ms: int) -> int:
    """Return since when feedback on a case is due, 0 if it is not.

    Due at each of `FEEDBACK_DAYS` after its event, until feedback later than that time is recorded.
    """
    asked = row["feedback_at"] or 0
    due = [
        row[event] + days * DAY_MS
        for event, spans in FEEDBACK_DAYS.items()
        if row[event] is not None
        for days in spans
    ]
    return min((at for at in due if asked < at <= now_ms), default=0)

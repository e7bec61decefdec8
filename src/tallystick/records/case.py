"""A case: one request from intake to report, hand-over, refusal or close.

Scheme, judgement and report or match are Decisions: their public part names service, version, model
and a commitment to the inputs; outcome and ranking are sealed to the case, reasons and figures to
the party. The id of `case.applied` is the case's id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.records.base import (
    CID,
    DECISION_CASE,
    ID,
    MONEY,
    NAME,
    TEXT,
    TIME,
    Statement,
    assent,
    case_sealed,
    party_sealed,
    public,
)

__all__ = [
    "AppealOpened",
    "AppealSettled",
    "CaseApplied",
    "CaseClosed",
    "CaseHandedOver",
    "CaseJudged",
    "CaseMatched",
    "CaseRefused",
    "CaseReported",
    "CaseSchemed",
    "Decision",
    "DecisionOverridden",
    "Endorsed",
    "FeedbackGiven",
]

_KIND = codec.choice("borrow", "save", "invest", "insure", "lease")
_IDENT = codec.ident(40)
_MAPS = codec.list_of(DECISION_CASE, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseApplied(Statement):
    """Intake: basic information and demand; the case's first block node."""

    t = "case.applied"
    kind: str = public(_KIND)
    programme: str | None = public(_IDENT, optional=True)
    amount: int | None = case_sealed(MONEY)
    cycle_months: int | None = case_sealed(codec.integer(0, 1_200))
    purpose: str | None = case_sealed(_IDENT)
    party: bytes = party_sealed(ID, optional=False)
    profile: dict[str, Any] = party_sealed(codec.value, optional=False)
    expected_income: int | None = party_sealed(codec.integer(-codec.INTEGER_MAX))
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Statement):
    """What every decision record carries; the record types below add only their name."""

    service: str = public(NAME)
    version: int = public(codec.integer(1, 2**16 - 1))
    question: str = public(NAME)
    model: Cid | None = public(CID, optional=True)
    catalogue: Cid = public(CID)
    rules: int = public(codec.integer(1, 2**16 - 1))
    inputs_com: bytes = public(codec.exact_bytes(32))
    not_after: int = public(TIME)
    outcome: str = case_sealed(_IDENT, optional=False)
    ranked: list[dict[str, Any]] | None = case_sealed(_MAPS)
    conditions: list[dict[str, Any]] | None = case_sealed(_MAPS)
    figures: dict[str, Any] = party_sealed(codec.value, optional=False)
    reasons: list[dict[str, Any]] = party_sealed(_MAPS, optional=False)
    inputs: Cid = party_sealed(CID, optional=False)
    grants: list[bytes] | None = party_sealed(codec.list_of(ID, 64))
    subject: bytes = party_sealed(ID, optional=False)


class CaseSchemed(Decision):
    """The scheme that the model proposes; the case's second block node."""

    __slots__ = ()
    t = "case.schemed"


class CaseJudged(Decision):
    """The scheme judged against cycle, income and affordability."""

    __slots__ = ()
    t = "case.judged"


class CaseReported(Decision):
    """The scheme fits: the household's report."""

    __slots__ = ()
    t = "case.reported"


class CaseMatched(Decision):
    """The scheme does not fit: unmet demands, preferred and alternative service subjects."""

    __slots__ = ()
    t = "case.matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRefused(Statement):
    """A person refuses; no machine does."""

    t = "case.refused"
    code: str = case_sealed(_IDENT, optional=False)
    outcome: str | None = case_sealed(_IDENT)
    words: str = party_sealed(TEXT, optional=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Statement):
    """The case has come to its end."""

    t = "case.closed"
    code: str = case_sealed(_IDENT, optional=False)
    outcome: str | None = case_sealed(_IDENT)
    words: str | None = party_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandedOver(Statement):
    """The owner of the case changes; there is one at any time."""

    t = "case.handed_over"
    from_member: str = public(NAME)
    to: str = public(NAME)
    due: int = public(TIME)
    notes: str | None = case_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed(Statement):
    """A member bound by a sealed record has opened and checked it."""

    t = "endorsed"
    endorses: bytes = public(ID)
    notes: str | None = case_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOverridden(Statement):
    """An officer decides otherwise, by a coded reason and a due-diligence file."""

    t = "decision.overridden"
    decision: bytes = public(ID)
    code: str = public(_IDENT)
    outcome: str = case_sealed(_IDENT, optional=False)
    file: str = party_sealed(TEXT, optional=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven(Statement):
    """What became of it, asked by a member other than the one rated."""

    t = "feedback.given"
    felt: int = case_sealed(codec.integer(1, 5), optional=False)
    income: int | None = party_sealed(codec.integer(-codec.INTEGER_MAX))
    words: str | None = party_sealed(TEXT)
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealOpened(Statement):
    """The household disagrees with a record of its case."""

    t = "appeal.opened"
    against: bytes = public(ID)
    code: str = case_sealed(_IDENT, optional=False)
    words: str | None = party_sealed(TEXT)
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealSettled(Statement):
    """A person answers an appeal."""

    t = "appeal.settled"
    appeal: bytes = public(ID)
    outcome: str = case_sealed(_IDENT, optional=False)
    words: str | None = party_sealed(TEXT)

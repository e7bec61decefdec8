"""Cases as screens ask for them: stage, owner, times, feedback and appeals; public parts only.

A case's `waits` says what its owner, or the household, is to do next, as far as one record tells:
it finds the few open cases among many; `due.find_case_due` tells what is due from the whole row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from tallystick.base.codec import encode
from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES", "month_of"]

_CASE: Final = Table(
    "case",
    {
        "case": "blob",
        "kind": "text",
        "programme": "text",
        "opener": "text",
        "owner": "text",
        "stage": "text",
        "opened_at": "integer",
        "opened_height": "integer",
        "decided_at": "integer",
        "decision": "blob",
        "refused_at": "integer",
        "closed_at": "integer",
        "handed_over_due": "integer",
        "feedback_at": "integer",
        "money_at": "integer",
        "opened_month": "integer",
        "approved_at": "integer",
        "answered_at": "integer",
        "accepted": "integer",
        "overridden_at": "integer",
        "waits": "text",
    },
    ("case",),
    ("owner", "stage", "kind", "opened_height", "opened_month", "waits"),
)
_APPEAL: Final = Table(
    "appeal",
    {
        "appeal": "blob",
        "case": "blob",
        "against": "blob",
        "taken_by": "text",
        "opened_at": "integer",
        "settled_at": "integer",
        "settled_by": "text",
    },
    ("appeal",),
    ("case", "settled_at"),
)
_FEEDBACK: Final = Table(
    "feedback",
    {"feedback": "blob", "case": "blob", "asked_by": "text", "at": "integer"},
    ("feedback",),
    ("case",),
)
_PROVIDER: Final = Table(
    "provider",
    {"provider": "text", "entry": "blob", "record": "blob", "height": "integer"},
    ("provider",),
)
_PRODUCT: Final = Table(
    "product",
    {"product": "text", "entry": "blob", "record": "blob", "height": "integer"},
    ("product",),
)
_MODEL: Final = Table(
    "model",
    {
        "service": "text",
        "model": "blob",
        "name": "text",
        "kind": "text",
        "state": "text",
        "metrics": "blob",
        "data": "blob",
        "program": "text",
        "curves": "blob",
        "forced": "text",
        "record": "blob",
        "member": "text",
        "height": "integer",
        "approved_at": "integer",
        "retired_at": "integer",
        "retired_by": "text",
        "reason": "text",
    },
    ("service", "model"),
)
_RULES: Final = Table(
    "rules",
    {"name": "text", "version": "integer", "from_height": "integer", "figures": "blob"},
    ("name", "version"),
)

TABLES: Final = (_CASE, _APPEAL, _FEEDBACK, _PROVIDER, _PRODUCT, _MODEL, _RULES)


def _put(table: str, **row: Any) -> list[Put]:  # noqa: ANN401 - values of any column
    return [Put(table, row)]


def _applied(admitted: Admitted) -> list[Put]:
    record, pub = admitted.record, admitted.record["pub"]
    return _put(
        "case",
        case=record["id"],
        kind=pub["kind"],
        programme=pub.get("programme"),
        opener=admitted.member,
        owner=admitted.member,
        stage="applied",
        opened_at=admitted.time,
        opened_height=admitted.height,
        opened_month=month_of(admitted.time),
        waits="decision",
    )


def month_of(time_ms: int) -> int:
    """Return the month of a time in ms since 1970 UTC, as months since year 0."""
    day = date(1970, 1, 1) + timedelta(milliseconds=time_ms)
    return day.year * 12 + day.month - 1


# What a refusal, a closing, a hand-over and an override make void (`records.held`).
_VOID: Final[Mapping[str, None]] = {"approved_at": None, "answered_at": None, "accepted": None}


def _stage(stage: str, *, at: str = "", waits: str | None = "decision") -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        record = admitted.record
        row: dict[str, Any] = {"case": record["case"], "stage": stage, "waits": waits}
        if at:
            row[at] = admitted.time
        if at == "decided_at":
            row["decision"] = record["id"]
        elif at:
            row |= _VOID
        return [Put("case", row)]

    return fold


def _handed_over(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    case = admitted.record["case"]
    return _put(
        "case", case=case, owner=pub["to"], handed_over_due=pub["due"], waits="new_owner", **_VOID
    )


def _overridden(admitted: Admitted) -> list[Put]:
    case = admitted.record["case"]
    return _put("case", case=case, overridden_at=admitted.time, waits="owner", **_VOID)


def _approved(admitted: Admitted) -> list[Put]:
    # The household is asked anew, whatever it said before.
    row = {**_VOID, "approved_at": admitted.time}
    return _put("case", case=admitted.record["case"], waits="answer", **row)


def _answered(accepted: int) -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        row: dict[str, Any] = {"answered_at": admitted.time, "accepted": accepted}
        if not accepted:
            row["approved_at"] = None
        waits = "payout" if accepted else "owner"
        return _put("case", case=admitted.record["case"], waits=waits, **row)

    return fold


def _paid_out(admitted: Admitted) -> list[Put]:
    return _put("case", case=admitted.record["case"], waits=None)


def _feedback(admitted: Admitted) -> list[Put]:
    record = admitted.record
    row = _put(
        "feedback",
        feedback=record["id"],
        case=record["case"],
        asked_by=admitted.member,
        at=admitted.time,
    )
    return [*row, *_put("case", case=record["case"], feedback_at=admitted.time)]


def _appeal_opened(admitted: Admitted) -> list[Put]:
    record = admitted.record
    return _put(
        "appeal",
        appeal=record["id"],
        case=record["case"],
        against=record["pub"]["against"],
        taken_by=admitted.member,
        opened_at=admitted.time,
    )


def _appeal_settled(admitted: Admitted) -> list[Put]:
    appeal = admitted.record["pub"]["appeal"]
    return _put("appeal", appeal=appeal, settled_at=admitted.time, settled_by=admitted.member)


def _entry(kind: str) -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        pub = admitted.record["pub"]
        return _put(
            kind,
            **{kind: pub[kind]},
            entry=encode(pub["entry"]),
            record=admitted.record["id"],
            height=admitted.height,
        )

    return fold


def _model(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    return _put(
        "model",
        service=pub["service"],
        model=pub["model"].raw,
        name=pub["name"],
        kind=pub.get("kind"),
        state="approved",
        metrics=encode(pub["metrics"]),
        data=pub["data"].raw if "data" in pub else None,
        program=pub.get("program"),
        curves=pub["curves"].raw if "curves" in pub else None,
        forced=pub.get("forced"),
        record=admitted.record["id"],
        member=admitted.member,
        height=admitted.height,
        approved_at=admitted.time,
    )


def _model_retired(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    return _put(
        "model",
        service=pub["service"],
        model=pub["model"].raw,
        state="retired",
        retired_at=admitted.time,
        retired_by=admitted.member,
        reason=pub.get("reason"),
    )


def _rules(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    return _put(
        "rules",
        name=pub["name"],
        version=pub["version"],
        from_height=pub["from_height"],
        figures=pub["figures"].raw,
    )


FOLDS: Final[Mapping[str, Fold]] = {
    "case.applied": _applied,
    "case.schemed": _stage("schemed"),
    "case.judged": _stage("judged"),
    "case.reported": _stage("reported", at="decided_at", waits="owner"),
    "case.matched": _stage("matched", at="decided_at", waits="owner"),
    "case.refused": _stage("refused", at="refused_at", waits=None),
    "case.closed": _stage("closed", at="closed_at", waits=None),
    "case.handed_over": _handed_over,
    "decision.overridden": _overridden,
    "approval.given": _approved,
    "offer.accepted": _answered(1),
    "offer.declined": _answered(0),
    "loan.disbursed": _paid_out,
    "feedback.given": _feedback,
    "appeal.opened": _appeal_opened,
    "appeal.settled": _appeal_settled,
    "provider.registered": _entry("provider"),
    "product.published": _entry("product"),
    "model.approved": _model,
    "model.retired": _model_retired,
    "rules.activated": _rules,
}

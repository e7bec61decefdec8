"""Cases as screens ask for them: stage, owner, times, feedback and appeals; public parts only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.codec import encode
from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

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
    },
    ("case",),
    ("owner", "stage", "opened_height"),
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
    ("case",),
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
    )


def _stage(stage: str, *, at: str = "") -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        record = admitted.record
        row: dict[str, Any] = {"case": record["case"], "stage": stage}
        if at:
            row[at] = admitted.time
        if at == "decided_at":
            row["decision"] = record["id"]
        return [Put("case", row)]

    return fold


def _handed_over(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    case = admitted.record["case"]
    return _put("case", case=case, owner=pub["to"], handed_over_due=pub["due"])


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
    "case.reported": _stage("reported", at="decided_at"),
    "case.matched": _stage("matched", at="decided_at"),
    "case.refused": _stage("refused", at="refused_at"),
    "case.closed": _stage("closed", at="closed_at"),
    "case.handed_over": _handed_over,
    "feedback.given": _feedback,
    "appeal.opened": _appeal_opened,
    "appeal.settled": _appeal_settled,
    "provider.registered": _entry("provider"),
    "product.published": _entry("product"),
    "model.approved": _model,
    "model.retired": _model_retired,
    "rules.activated": _rules,
}

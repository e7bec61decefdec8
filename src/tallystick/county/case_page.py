"""A case as an officer reads it: decision first, then who could help, then what happened.

Laws: it is what `Positions.read_case` opens, each part under a permit and with a receipt; what
stands beside it is from the public views. Every figure stands beside what it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.codec import cid_of
from tallystick.county.crossing_told import tell_across
from tallystick.node import Node
from tallystick.services.positioning.acts import next_visit
from tallystick.services.positioning.due import find_case_due

__all__ = ["show_case_page"]

_STEPS: Final = ("case.applied", "case.schemed", "case.judged", "case.reported", "case.matched")


def show_case_page(node: Node, case: bytes) -> dict[str, Any]:
    """Return a case with what this member may open, and what stands around it.

    Besides what `Positions.read_case` answers: `seen` (how many records it has), `steps`, `result`
    (figures, reasons, changes, options, providers), `hand_overs`, `loans`, `appeals`, `feedback`,
    `due` where its owner is to do something, and `across` where another chain is to approve its
    public money.

    Raises:
        NotFound: `case.unknown`.
        Denied: this member may not open it.
    """
    opened = node.positions.read_case(case)
    views, records = node.views, opened["records"]
    loans = views.rows("loan", {"case": case}, order="-granted_at")
    due = find_case_due(opened["row"], loans[0] if loans else None, node.desk.now_ms())
    visit = next_visit(opened["row"])
    across = tell_across(node, opened["row"], records)
    return {
        **opened,
        "seen": len(records),
        "steps": [_show_step(node, row) for row in records if row["t"] in _STEPS],
        "result": _show_result(opened["decisions"]),
        "hand_overs": [
            _show_hand_over(node, row) for row in records if row["t"] == "case.handed_over"
        ],
        "loans": [_present(row) for row in loans],
        "appeals": [
            _present(row) for row in views.rows("appeal", {"case": case}, order="opened_at")
        ],
        "feedback": {
            "given": [_present(row) for row in views.rows("feedback", {"case": case}, order="at")],
            **({"due_ms": visit} if visit else {}),
        },
        **({"due": due.tree()} if due is not None else {}),
        **({"across": across} if across else {}),
    }


def _show_step(node: Node, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a step stands: its record's type, height, time and CID."""
    data = node.transaction(row["height"], row["index"]).records[row["place"]]
    names = ("t", "id", "height", "time", "member")
    return {**{name: row[name] for name in names}, "cid": cid_of(data)}


def _show_hand_over(node: Node, row: Mapping[str, Any]) -> dict[str, Any]:
    pub = node.find(row["id"]).record["pub"]
    return {"from": pub["from_member"], "to": pub["to"], "due_ms": pub["due"], "time": row["time"]}


def _show_result(decisions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the decisions came to; parts that this member may not open are absent."""
    scheme, judgement = decisions.get("scheme", {}), decisions.get("judgement", {})
    last = decisions.get("report") or decisions.get("match") or {}
    if not last:
        return {}
    ranked: Sequence[Mapping[str, Any]] = last.get("ranked", ())
    figures = judgement.get("figures", {})
    return {
        "outcome": last["outcome"],
        "fits": int("report" in decisions),
        "figures": [_weigh(row) for row in figures.get("thresholds", ())],
        "gaps": list(judgement.get("ranked", ())),
        "reasons": list(last.get("reasons", ())),
        "changes": [*(last.get("conditions") or judgement.get("conditions", ()))],
        "options": list(scheme.get("ranked", ())),
        "preferred": [row for row in ranked if row["role"] == "preferred"],
        "alternatives": [row for row in ranked if row["role"] != "preferred"],
    }


def _weigh(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure beside its threshold, and whether it holds."""
    is_least = row["side"] == "least"
    holds = row["have"] >= row["need"] if is_least else row["have"] <= row["need"]
    return {**row, "holds": int(holds)}


def _present(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in row.items() if each is not None}

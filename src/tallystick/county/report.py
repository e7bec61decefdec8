"""A decided case as the household's page: what stands on the chain, opened by its custodian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.base.codec import decode, value
from tallystick.county.founding import read_county
from tallystick.county.local import read_id, told
from tallystick.node import Node
from tallystick.services.positioning.page import render_report

__all__ = ["write_report"]


def write_report(node: Node, case: str, language: str) -> str:
    """Return the report of a case as one HTML document; leaves receipts.

    Args:
        node: of a member that may open the case.
        case: its id in hex.
        language: `zh` or `en`.

    Raises:
        Denied: this member holds no key of the case.
        NotFound: the chain holds no such case.
        Conflict: `case.undecided`, there is nothing to report yet.
    """
    opened = node.positions.read_case(read_id(case))
    decisions = {name: _shown(each) for name, each in opened["decisions"].items()}
    last = decisions.get("report") or decisions.get("match")
    page = {
        "case": case,
        "chain": node.replica.genesis.chain.hex(),
        "height": opened["row"]["opened_height"],
        "time": opened["row"]["decided_at"] or opened["row"]["opened_at"],
        "member": _names(node),
        "application": told(opened["application"]["application"]),
        "defaults": list(opened["application"]["defaults"]),
        "decisions": decisions,
        "providers": _providers(node),
    }
    if last is not None:
        record = node.find(bytes.fromhex(last["record"]))
        page["height"] = record.height
        page["not_after"] = record.record["pub"]["not_after"]
    refusal = _refusal(node, opened)
    return render_report({**page, "refusal": refusal} if refusal else page, language)


def _shown(decision: Mapping[str, Any]) -> dict[str, Any]:
    names = ("outcome", "ranked", "conditions", "figures", "reasons", "record")
    absent: dict[str, Any] = {"ranked": [], "conditions": []}
    return {name: told(decision.get(name, absent.get(name))) for name in names}


def _names(node: Node) -> dict[str, str]:
    """Return the member's names as the county's file has them."""
    members = read_county(node.folder.parent).members
    found = next(each for each in members if each.name == node.member)
    return {"zh": found.zh, "en": found.en}


def _providers(node: Node) -> dict[str, dict[str, str]]:
    rows = [decode(row["entry"], value) for row in node.views.rows("provider")]
    return {row["provider"]: {"zh": row["name_zh"], "en": row["name_en"]} for row in rows}


def _refusal(node: Node, opened: Mapping[str, Any]) -> dict[str, str] | None:
    """Return code and words of the person who refused, None where nobody has."""
    for record in opened["records"]:
        if record["t"] == "case.refused":
            permit = node.desk.permit("report", opened["row"]["case"])
            code = node.desk.open(permit, record["id"], "case").values["code"]
            words = node.desk.open(permit, record["id"], "party").values["words"]
            return {"code": code, "words": words}
    return None

"""What a party told before, offered for its next application, each part with its date.

Laws: read by permit and receipt from cases this member may open, the newest first; a part comes
from the newest case in which somebody stated it, never from one where it was assumed. Lists (crops,
debts) come whole, for half of one and half of another would be nobody's.
Limits: at most `CASES_MAX` cases are opened. The demand is asked anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied, NotFound, Unavailable
from tallystick.kernel.access.desk import Desk

__all__ = ["find_prefill"]

PURPOSE: Final = "positioning"
CASES_MAX: Final = 4
_SEALED: Final = frozenset({"case", "party"})


def find_prefill(desk: Desk, party: bytes) -> dict[str, Any]:
    """Return `{party, leaves}`: each part of the profile with the case and day it is of.

    A leaf: `{path, value, case, at, days, month?}`; `month` is when its source last saw to it,
    where that is known.

    Raises:
        NotFound: `party.unknown`, nothing of such a party is kept here.
    """
    keys = desk.keys.of_party(party)
    if not keys:
        raise NotFound(
            "party.unknown",
            "no such party is registered here",
            cure="Register it: tally party add.",
        )
    cases = {key.case for key in keys if key.case and key.sealed in _SEALED}
    rows = [row for case in cases for row in desk.views.rows("case", {"case": case})]
    rows.sort(key=lambda row: (-row["opened_at"], row["case"]))
    leaves: dict[str, dict[str, Any]] = {}
    for row in rows[:CASES_MAX]:
        for leaf in _list_leaves(desk, row):
            leaves.setdefault(leaf["path"], leaf)
    return {"party": party, "leaves": [leaves[path] for path in sorted(leaves)]}


def _list_leaves(desk: Desk, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the stated parts of a case's profile; none where it can not be opened now."""
    case = row["case"]
    try:
        sealed = desk.open(desk.permit(PURPOSE, case), case, "party").values
    except (Denied, NotFound, Unavailable):
        return
    inputs = sealed["profile"]
    assumed, dates = set(inputs.get("defaults", ())), inputs.get("dates", {})
    days = (desk.now_ms() - row["opened_at"]) // DAY_MS
    for name, found in inputs["application"].get("profile", {}).items():
        path = f"profile.{name}"
        if path not in assumed:
            told = {"path": path, "value": found, "case": case, "at": row["opened_at"]}
            month = {"month": dates[path]} if path in dates else {}
            yield {**told, "days": days, **month}

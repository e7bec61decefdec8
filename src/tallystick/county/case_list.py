"""Finding cases among many: by how their id begins, page by page, and counts by stage.

Laws: no page is made by passing over rows; a block that comes between two pages neither repeats nor
hides a case. Only ids are searched: no member can look for a name among others' cases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.errors import Invalid
from tallystick.kernel.views.base import PAGE_MAX, Row, Views

__all__ = ["STAGES", "case_cursor", "count_cases", "find_cases", "read_cursor"]

STAGES: Final = ("applied", "schemed", "judged", "reported", "matched", "refused", "closed")
ID_DIGITS: Final = 32
_CURSOR: Final = re.compile(r"([1-9][0-9]{0,14})\.([0-9a-f]{32})")


def find_cases(views: Views, begins: str, where: Mapping[str, Any]) -> list[Row]:
    """Return the cases whose id begins so, newest first, at most `PAGE_MAX`.

    Args:
        views: the member's.
        begins: 1 to 32 lower-case hex digits.
        where: columns and the values they must have.
    """
    first = int(begins.ljust(ID_DIGITS, "0"), 16)
    last = bytes.fromhex(begins.ljust(ID_DIGITS, "f"))
    # What comes after the id just before the first one; before zero there is none.
    after = {"case": (first - 1).to_bytes(16, "big")} if first else None
    rows = views.rows("case", where, after=after, limit=PAGE_MAX)
    found = [row for row in rows if row["case"] <= last]
    return sorted(found, key=lambda row: (-row["opened_height"], row["case"]))


def case_cursor(row: Mapping[str, Any]) -> str:
    """Return after which row the next page begins; the row's id in bytes or hex."""
    case = row["case"]
    return f"{row['opened_height']}.{case if isinstance(case, str) else case.hex()}"


def read_cursor(text: str) -> dict[str, Any] | None:
    """Return the row of a cursor, as far as the order needs it; None for an empty one.

    Raises:
        Invalid: `case.cursor`.
    """
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Invalid(
            "case.cursor", "that is no cursor of a list of cases", cure="Begin at the first page."
        )
    return {"opened_height": int(found[1]), "case": bytes.fromhex(found[2])}


def count_cases(views: Views, owner: str = "", kind: str = "") -> dict[str, int]:
    """Return how many cases stand at each stage, by its name, and `all`."""
    where = {name: each for name, each in (("owner", owner), ("kind", kind)) if each}
    found = {stage: views.count("case", {**where, "stage": stage}) for stage in STAGES}
    return {**found, "all": sum(found.values())}

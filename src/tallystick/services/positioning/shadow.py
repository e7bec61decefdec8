"""What a model that does not decide would have decided of a member's own cases.

Each case is opened by a permit and leaves a receipt, as any other reading; nothing is recorded and
no case is changed. A case is decided anew by the catalogue of its decision, so that what differs is
the model's doing alone; its probability by the model that decided follows from that model's object.
Limits: one page at a time, so that no answer takes long. A case whose inputs this member cannot
open is counted and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Denied, Invalid, NotFound, Unavailable
from tallystick.exact.model import Model, check_model, score_model
from tallystick.kernel.access.desk import Desk
from tallystick.services.positioning.service import Positions

__all__ = ["Compared", "Page", "compare_cases"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One case by the model that decided it and by the other.

    Attributes:
        decided_ppm: probability of a bad end by which it was decided; None without a model.
        shadow_ppm: that of the other model.
        fits: 1 if it was found to fit.
        would_fit: 1 if it would have been.
    """

    case: bytes
    decided_ppm: int | None
    shadow_ppm: int
    fits: int
    would_fit: int

    def tree(self) -> dict[str, Any]:
        """Return it as a tree, without what is absent."""
        told = {} if self.decided_ppm is None else {"decided_ppm": self.decided_ppm}
        shadow = {"shadow_ppm": self.shadow_ppm, "fits": self.fits, "would_fit": self.would_fit}
        return {"case": self.case, **told, **shadow}


@dataclass(slots=True)
class Page:
    """What came of some cases.

    Attributes:
        rows: of the cases compared, in the order in which they were taken in.
        unread: cases whose inputs this member could not open.
        seen: rows of cases passed over, compared or not.
    """

    rows: list[Compared] = field(default_factory=list)
    unread: int = 0
    seen: int = 0


def compare_cases(
    desk: Desk, positions: Positions, model: Cid, *, since_ms: int, limit: int, offset: int
) -> Page:
    """Return what a model would have decided of this member's own decided cases.

    Args:
        desk: the member's.
        positions: its positioning service.
        model: any published model.
        since_ms: cases decided before are left out.
        limit: most rows of cases to look at.
        offset: rows to pass over.

    Raises:
        NotFound: `store.nowhere`, nobody holds the model.
        Invalid: `model.malformed`.
    """
    check_model(decode(desk.get_object(model), value))
    where = {"owner": desk.member}
    rows = desk.views.rows("case", where, order="opened_height", limit=limit, offset=offset)
    found, decided_by = Page(seen=len(rows)), _Scores(desk)
    for row in rows:
        if row["decision"] is None or row["decided_at"] < since_ms:
            continue
        try:
            found.rows.append(_compare(desk, positions, decided_by, model, row))
        except (Denied, Invalid, NotFound, Unavailable):
            found.unread += 1
    return found


class _Scores:
    """Models that decided, each read once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._models: dict[Cid, Model] = {}

    def of(self, model: Cid, features: Mapping[str, int]) -> int:
        """Return a model's probability of a bad end, in ppm."""
        found = self._models.get(model)
        if found is None:
            tree = decode(self._desk.get_object(model), value)
            found = self._models[model] = check_model(tree)
        return score_model(found, features).default_ppm


def _compare(
    desk: Desk, positions: Positions, decided_by: _Scores, model: Cid, row: Mapping[str, Any]
) -> Compared:
    case: bytes = row["case"]
    decision = desk.records.find(row["decision"]).record
    inputs = desk.open(desk.permit("positioning", case), case, "party").values["profile"]
    features = inputs["application"].get("features", {})
    found = positions.decider(model, decision["pub"]["catalogue"]).decide(inputs)
    named = decision["pub"].get("model")
    return Compared(
        case=case,
        decided_ppm=None if named is None else decided_by.of(named, features),
        shadow_ppm=found.scheme.figures["default_ppm"],
        fits=int(decision["t"] == "case.reported"),
        would_fit=int(found.result.question == "report"),
    )

"""How a public programme's list and the survey's truth differ in one cycle: counts, never a person.

Laws: a cycle's figures are frozen; each count that could point at a household is none or at least
`LEAST`, so villages stand together in areas and groups as one where they would be too small; areas
and groups are counted apart, never crossed, and each makes up the whole, so that nothing follows
from a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.records.base import DAY, Statement, public

__all__ = ["COUNTS", "LEAST", "VILLAGES_MAX", "ProgrammeMeasured"]

LEAST: Final = 5
"""The least count but none of households that is told: fewer could be pointed at."""
VILLAGES_MAX: Final = 64
"""Most villages of one record, which holds 8 KiB; a larger county measures by township."""
COUNTS: Final = ("households", "poor", "held", "missed", "wrong")
"""Of a part: households surveyed; those truly poor; those the list holds; poor and not held; held
and not poor."""

_IDENT: Final = codec.ident(40)
_CODE: Final = codec.ident(16)
_COUNTS: Final = {name: codec.integer() for name in COUNTS}
_VILLAGE: Final = codec.shape(
    {
        "code": _CODE,
        "zh": codec.text(40),
        "en": codec.text(40),
        "lon": codec.integer(-180_000_000, 180_000_000),
        "lat": codec.integer(-90_000_000, 90_000_000),
    }
)
_AREA: Final = codec.shape({"villages": codec.list_of(_CODE, VILLAGES_MAX, 1), **_COUNTS})
_GROUP: Final = codec.shape({"group": _IDENT, **_COUNTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeMeasured(Statement):
    """One cycle of a programme's reach, by area and by group of households.

    Attributes:
        programme: its code, as funds and loans name it.
        cycle: year and month, yyyymm.
        day: of the survey, in days since 1970.
        villages: by code: names, and where each lies in millionths of a degree.
        areas: villages counted together, each village in one; `COUNTS` of each.
        groups: by code, `COUNTS` of each; none where they would be too small.
    """

    t = "programme.measured"
    programme: str = public(_IDENT)
    cycle: int = public(codec.integer(190_001, 999_912))
    day: int = public(DAY)
    villages: list[dict[str, Any]] = public(codec.list_of(_VILLAGE, VILLAGES_MAX, 1))
    areas: list[dict[str, Any]] = public(codec.list_of(_AREA, VILLAGES_MAX, 1))
    groups: list[dict[str, Any]] = public(codec.list_of(_GROUP, 32))

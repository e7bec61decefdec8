"""What stands on the public chain, for everybody: bulletins, and figures of the county's chains.

Laws: nothing is sealed and nobody is named by a field; each figure that could point at a household
is none or at least `LEAST`, also what is left of a whole when its part is taken away. How far the
other chains have come stands there as on any chain (`records.chains.ChainAnchored`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.records.base import DAY, ID, Statement, public

__all__ = ["DIGITS_MAX", "FIGURES_MAX", "BulletinPublished", "BulletinWithdrawn", "TallyPublished"]

DIGITS_MAX: Final = 10
"""Most digits in a row of a bulletin: mobile, identity and card numbers have more."""
FIGURES_MAX: Final = 32
_TITLE: Final = codec.text(150)
_TEXT: Final = codec.text(2_400)
_FIGURE: Final = codec.shape(
    {"figure": codec.ident(40), "count": codec.integer(), "cases": codec.integer()},
    {"funded": codec.integer(), "sum": codec.integer()},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinPublished(Statement):
    """A member tells everybody something, in both languages; an amendment takes its place."""

    t = "bulletin.published"
    title_zh: str = public(_TITLE)
    title_en: str = public(_TITLE)
    text_zh: str = public(_TEXT)
    text_en: str = public(_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinWithdrawn(Statement):
    """A bulletin no longer holds; its text stays readable, as all that was ever said."""

    t = "bulletin.withdrawn"
    bulletin: bytes = public(ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyPublished(Statement):
    """What a chain of the county recorded in a period, counted over all its cases.

    Attributes:
        chain: the digest of the chain's genesis; it is linked here.
        height: how far that chain was read; anchored here.
        from_day: first day of the period, in days since 1970 UTC.
        to_day: its last; it is over, and no other tally of that chain covers a day of it.
        figures: by name of a record type: `count` of records, of how many different `cases`; where
            public money stands in them, `funded` cases and their `sum` in fen.
    """

    t = "tally.published"
    chain: bytes = public(codec.exact_bytes(32))
    height: int = public(codec.integer(1))
    from_day: int = public(DAY)
    to_day: int = public(DAY)
    figures: list[dict[str, Any]] = public(codec.list_of(_FIGURE, FIGURES_MAX, 1))

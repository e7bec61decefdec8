"""Where each party is known: at the lender it will ask, else at any desk that takes requests in.

Laws: who borrows or leases is in the custody of a lender, so that whoever approves may open the
file: custody is chosen by the first loan asked for. Limits: a loan is never approved by another
member than the custodian, because a hand-over passes a case on, not its party's data.
Source: the county's practice (providers and what they serve).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tallystick.county.demand import Request
from tallystick.county.party import Party

__all__ = ["settle_custody"]

_LENT: Final = ("borrow", "lease")
_LENDER_OF: Final = {
    "poverty_microcredit": "agricultural-bank",
    "farm_guarantee": "agricultural-bank",
    "equipment_lease": "agricultural-bank",
    "student": "postal-bank",
    "startup_guarantee": "postal-bank",
}
_USUAL_LENDER: Final = "credit-union"


def settle_custody(parties: Sequence[Party], requests: Sequence[Request]) -> tuple[Party, ...]:
    """Return the parties, each that will borrow or lease in the custody of its first lender.

    Args:
        parties: all parties in their places.
        requests: by date; each names its party by place.
    """
    settled = list(parties)
    moved: set[int] = set()
    for request in requests:
        place = request.party
        if place not in moved and request.demand["kind"] in _LENT:
            lender = _LENDER_OF.get(request.demand["scheme_asked"], _USUAL_LENDER)
            settled[place] = replace(settled[place], custodian=lender)
            moved.add(place)
    return tuple(settled)

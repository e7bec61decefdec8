"""The poverty register as it is kept: by stated income, with noise and with favour.

Laws: the poorest 15 % by the register's own score are entered; because income is misjudged and
officials' kin slip in, a part of the truly poor is left out and about as many others are in.
Source: the county's practice (register noise; exclusion about .40, inclusion about .40).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tallystick.county.draws import PPM
from tallystick.county.party import Party

__all__ = ["POOR_PPM", "enter_register", "find_poor"]

POOR_PPM: Final = 150_000
"""Part of households that the register holds."""
_SCORE_SPREAD_PPM: Final = 400_000
_KIN_PPM: Final = 740_818  # e to the -.30: officials' kin look poorer than they are
_DIBAO_PPM: Final = 30_000
_MONITORED_PPM: Final = 30_000
_MONITORED: Final = ("monitored_relapse", "monitored_marginal", "monitored_sudden")


def enter_register(households: Sequence[Party]) -> tuple[Party, ...]:
    """Return the households with their category entered."""
    order = sorted(range(len(households)), key=lambda at: (_score(households[at]), at))
    entered = list(households)
    for rank, at in enumerate(order):
        party = households[at]
        category = _category(party, rank * PPM // len(order))
        entered[at] = replace(party, profile={**party.profile, "category": category})
    return tuple(entered)


def find_poor(households: Sequence[Party]) -> frozenset[str]:
    """Return the idents of the truly poorest 15 %."""
    order = sorted(households, key=lambda party: (party.truth.poverty_minor, party.ident))
    return frozenset(party.ident for party in order[: len(order) * POOR_PPM // PPM])


def _score(party: Party) -> int:
    """Stated income per person as the register's keepers saw it."""
    seen = party.draws.lognormal("register", party.truth.poverty_minor, _SCORE_SPREAD_PPM)
    return seen * _KIN_PPM // PPM if party.truth.cadre_kin else seen


def _category(party: Party, place_ppm: int) -> str:
    if party.livelihood == "family_farm":
        return "farm_entity"
    if place_ppm >= POOR_PPM:
        return "ordinary"
    if place_ppm < _DIBAO_PPM or not party.profile["workers"]:
        return "dibao"
    if place_ppm < _DIBAO_PPM + _MONITORED_PPM:
        return party.draws.pick("monitored", _MONITORED)
    return "out_of_poverty"

"""A party of the county: what is true of it, and what its file states.

Laws: `truth` never leaves the county; what members see is `identity`, `contacts` (both sealed)
and `profile` (records.applicant), which states income with error and debts with gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tallystick.county.draws import Draws

__all__ = ["Party", "PartyKind", "Truth"]

PartyKind = Literal["household", "firm", "project"]


@dataclass(frozen=True, slots=True)
class Truth:
    """What only the county knows.

    Attributes:
        income_minor: net income of a usual year, fen.
        poverty_minor: the same per person.
        discipline_ppm: will to repay, standard normal in ppm.
        kin_ppm: help of relatives in need, standard normal in ppm.
        skill_ppm: skill at the trade, standard normal in ppm.
        debts_minor: all debts, stated or not.
        hides_debt: whether the file leaves debts out.
        insured: whether weather losses are insured.
        cadre_kin: whether related to an official.
    """

    income_minor: int
    poverty_minor: int
    discipline_ppm: int
    kin_ppm: int
    skill_ppm: int
    debts_minor: int
    hides_debt: bool
    insured: bool
    cadre_kin: bool


@dataclass(frozen=True, slots=True)
class Party:
    """A household, firm or project.

    Attributes:
        ident: the county's own name of it, such as h0001; on no chain.
        kind: the kind that it is registered as.
        livelihood: what it lives on.
        village: number of the village, 0..29.
        language: zh, zh_dialect or ii.
        identity: name and number of papers; sealed.
        contacts: phone and address; sealed.
        custodian: the member that knows it and takes its requests.
        own_key: whether it signs by its own key; else by mandate to an officer.
        profile: its file, as records.applicant.
        truth: what only the county knows.
        draws: its draws, for what it will ask.
    """

    ident: str
    kind: PartyKind
    livelihood: str
    village: int
    language: str
    identity: Mapping[str, str]
    contacts: Mapping[str, str]
    custodian: str
    own_key: bool
    profile: Mapping[str, Any]
    truth: Truth
    draws: Draws

"""Service subjects matched to unmet demands by service and field of expertise (step 4, S0).

What is missing names the expertise needed; every provider is scored for it. Laws: a score is the
sum of named parts, at most 1,000 points; the preferred subject is the best of those with the
expertise needed first, the alternatives the best of the others that serve the case at all.
The feel of few answers is drawn towards the middle: (sum + 10 x 3.5) / (n + 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import AID, Provider
from tallystick.services.positioning.scheme import Choice, find_expertise

__all__ = ["REVIEW", "find_needs", "match_providers"]

REVIEW = "review"
_SERVICE, _FIRST, _NEXT = 250, 300, 150
_TICKET, _CAPACITY, _PLACE, _CROP, _SPEED, _FEEL = 100, 50, 50, 50, 100, 100
_PARTS = ("service", "expertise", "ticket", "capacity", "village", "crop", "speed", "feel")
_FEEL_PRIOR, _FEEL_MIDDLE, _FEEL_TOP = 10, 3_500, 5_000
_SLOW_DAYS = 30
_ALTERNATIVES_MAX = 3


@dataclass(frozen=True, slots=True)
class _Need:
    """What a match is for: schemes that would serve, expertise first and next, and for what."""

    schemes: frozenset[str]
    first: str
    following: tuple[str, ...]
    amount_minor: int
    villages: list[str]
    crops: list[str]


def find_needs(case: Case, choice: Choice) -> tuple[str, ...]:
    """Return the fields of expertise that the case needs, the preferred one first."""
    names = {gap.gap for gap in choice.asked.gaps}
    chosen = choice.chosen
    product = chosen.product if chosen is not None else choice.asked.product
    own = AID if choice.scheme == AID else find_expertise(case, product)
    first = _find_special(case, names) or own
    others = [find_expertise(case, o.verdict.product) for o in choice.options if o.verdict.fits]
    others.append(product.expertise)
    if choice.scheme == AID:
        others.append(choice.asked.product.expertise)
    return tuple(dict.fromkeys((first, own, *others)))


def _find_special(case: Case, names: set[str]) -> str:
    """Expertise that a gap calls for before any scheme's own; empty where none does."""
    if names & {"firm_in_household_name"}:
        return "entity_guarantee"
    if names & {"borrowed_name"}:
        return REVIEW
    if names & {"aid_first", "window_missed", "not_viable_after_shock"}:
        return AID
    if "insure_first" in names:
        animals = case.ask.purpose == "livestock_buy"
        return "livestock_insurance" if animals else "crop_insurance"
    if "already_extended" in names or (case.ask.purpose == "house" and names):
        return "medium_term"
    owing = sum(debt.balance_minor for debt in case.household.debts)
    owing += case.household.guarantees_minor // 2
    if "debt_ratio" in names and owing > case.ask.amount_minor:
        return "medium_term"
    return ""


def match_providers(case: Case, choice: Choice) -> list[dict[str, Any]]:
    """Return the preferred subject and up to three alternatives, with the parts of each score."""
    needs = find_needs(case, choice)
    schemes = {choice.scheme, *(o.verdict.product.scheme for o in choice.options)}
    # Insurance is a service beside any loan; its provider is called by the gap, not by a scheme.
    schemes |= {name for name in needs if name.endswith("_insurance")}
    need = _Need(
        frozenset(schemes), needs[0], needs[1:], case.ask.amount_minor, _village(case), _crops(case)
    )
    scored = [_score(provider, need) for provider in case.catalogue.providers]
    served = [each for each in scored if each is not None]
    served.sort(key=lambda each: (each.expertise != need.first, -each.score, each.provider))
    found: list[dict[str, Any]] = []
    if needs[0] == REVIEW:
        found.append({"role": "preferred", "parts": [], "score": 0, "expertise": REVIEW})
    for each in served[: _ALTERNATIVES_MAX + 1 - len(found)]:
        preferred = not found and each.expertise == need.first
        found.append(each.tree("preferred" if preferred else "alternative"))
    return found


class _Offer(NamedTuple):
    """What a provider would serve with, its score and the points it is the sum of."""

    provider: str
    expertise: str
    service: str
    days_to_yes: int
    score: int
    points: tuple[int, ...]

    def tree(self, role: str) -> dict[str, Any]:
        """Return it as a value tree."""
        parts = zip(_PARTS, self.points, strict=True)
        return {
            "role": role,
            "parts": [{"part": name, "points": points} for name, points in parts if points],
            "score": self.score,
            "service": self.service,
            "provider": self.provider,
            "expertise": self.expertise,
            "days_to_yes": self.days_to_yes,
        }


def _score(provider: Provider, need: _Need) -> _Offer | None:
    """Return what a provider would serve with; None for a stranger."""
    service = next((name for name in provider.services if name in need.schemes), "")
    expertise = _find_field(provider, need)
    fit = _score_expertise(expertise, need)
    if not service and not fit:
        return None
    points = (
        _SERVICE if service else 0,
        fit,
        _TICKET * _within(need.amount_minor, provider),
        _CAPACITY * (provider.capacity_minor >= need.amount_minor),
        _PLACE * _covers(provider.villages, need.villages),
        _CROP * _covers(provider.crops, need.crops),
        max(0, _SPEED - provider.days_to_yes * _SPEED // _SLOW_DAYS),
        _score_feel(provider),
    )
    days = provider.days_to_yes
    return _Offer(provider.provider, expertise, service, days, sum(points), points)


def _find_field(provider: Provider, need: _Need) -> str:
    """The provider's field that is needed most, else its first."""
    for name in (need.first, *need.following):
        if name in provider.expertise:
            return name
    return provider.expertise[0] if provider.expertise else ""


def _score_expertise(expertise: str, need: _Need) -> int:
    if expertise == need.first:
        return _FIRST
    return _NEXT if expertise in need.following else 0


def _within(amount: int, provider: Provider) -> bool:
    return provider.ticket_min_minor <= amount <= provider.ticket_max_minor


def _covers(offered: Sequence[str], asked: Sequence[str]) -> bool:
    return not offered or not asked or bool(set(offered) & set(asked))


def _village(case: Case) -> list[str]:
    village = case.household.profile.get("village", "")
    return [village] if village else []


def _crops(case: Case) -> list[str]:
    profile = case.household.profile
    rows = [*profile.get("crops", ()), *profile.get("livestock", ())]
    return [row.get("crop") or row.get("kind", "") for row in rows]


def _score_feel(provider: Provider) -> int:
    told = provider.feel_milli * provider.feel_count + _FEEL_MIDDLE * _FEEL_PRIOR
    return told * _FEEL // (provider.feel_count + _FEEL_PRIOR) // _FEEL_TOP


assert (
    _SERVICE + _FIRST + _TICKET + _CAPACITY + _PLACE + _CROP + _SPEED + _FEEL == 1_000  # noqa: PLR2004
), "scores are of 1,000"

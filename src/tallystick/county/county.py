"""A synthetic county with planted truth: villages, weather, prices, parties and their requests.

Laws: one entropy gives one county, act for act; a larger county of the same entropy begins with
the smaller one's households, but for the poverty register, which ranks all of them; no person,
phone or number in it exists. Limits: the first form; loans' later life, diversion and rings are
not yet planted. Source: the county's practice (planted truth).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.errors import Invalid
from tallystick.county.crop import BRANCHES
from tallystick.county.custody import settle_custody
from tallystick.county.demand import Request, draw_requests
from tallystick.county.draws import Draws
from tallystick.county.entity import draw_entity
from tallystick.county.household import draw_household
from tallystick.county.party import Party, PartyKind
from tallystick.county.register import enter_register
from tallystick.county.village import (
    VILLAGES_COUNT,
    Village,
    Weather,
    draw_price_ppm,
    draw_village,
    draw_weather,
)

__all__ = [
    "HOUSEHOLDS_MAX",
    "MONTHS_MAX",
    "START_MONTH",
    "County",
    "draw_county",
    "planted_secrets",
]

START_MONTH: Final = 2026 * 12
"""January 2026, the first month where none is named."""
HOUSEHOLDS_MAX: Final = 100_000
"""Most households: names are different up to here."""
MONTHS_MAX: Final = 60
"""Most months that a county is drawn for."""
_SEED_BYTES: Final = 32
_OFFSET_MAX: Final = 10**15
_FIRMS_PER: Final = 75
_PROJECTS_PER: Final = 100
_YEARS_AFTER: Final = 2


@dataclass(frozen=True, slots=True)
class County:
    """All that is true of a county and all that will be asked in it.

    Attributes:
        start_month: first month number.
        months: number of months.
        villages: thirty villages.
        weather: losses by (village, calendar year).
        prices: price by (branch, calendar year), ppm of the usual one.
        parties: households, then firms, then projects.
        requests: by date.
    """

    start_month: int
    months: int
    villages: tuple[Village, ...]
    weather: Mapping[tuple[int, int], Weather]
    prices: Mapping[tuple[str, int], int]
    parties: tuple[Party, ...]
    requests: tuple[Request, ...]


def draw_county(
    entropy: Entropy, *, households: int = 600, months: int = 12, start_month: int = START_MONTH
) -> County:
    """Return the county of an entropy (labels `county.*`).

    Args:
        entropy: seeded for a county that can be drawn again.
        households: 1..100,000; about one firm in 75 and one project in 100 come with them.
        months: 1..60.
        start_month: first month number.

    Raises:
        Invalid: `county.size` outside these ranges.
    """
    if not (1 <= households <= HOUSEHOLDS_MAX and 1 <= months <= MONTHS_MAX):
        raise Invalid(
            "county.size",
            f"{households} households x {months} months; most is {HOUSEHOLDS_MAX} x {MONTHS_MAX}",
            cure="Ask for a smaller county.",
        )
    offset = int.from_bytes(entropy.draw("county.offset", 16), "big") % _OFFSET_MAX
    village_draws = [_part(entropy, "county.village") for _ in range(VILLAGES_COUNT)]
    market = _part(entropy, "county.market")
    villages = tuple(draw_village(at, draws) for at, draws in enumerate(village_draws))
    years = range(start_month // 12, (start_month + months) // 12 + _YEARS_AFTER)
    weather = {
        (at, year): hit
        for at, draws in enumerate(village_draws)
        for year in years
        if (hit := draw_weather(draws, year)) is not None
    }
    homes = enter_register(
        [
            draw_household(at, _part(entropy, "county.household"), villages, start_month, offset)
            for at in range(households)
        ]
    )
    parties = (*homes, *_draw_entities(entropy, villages, households, offset))
    requests = draw_requests(parties, weather, start_month=start_month, months=months)
    return County(
        start_month=start_month,
        months=months,
        villages=villages,
        weather=weather,
        prices={
            (name, year): draw_price_ppm(market, name, year)
            for name, _ in BRANCHES
            for year in years
        },
        parties=settle_custody(parties, requests),
        requests=requests,
    )


def planted_secrets(county: County) -> tuple[str, ...]:
    """Return every string that must be found in no file in clear: names, numbers, addresses."""
    return tuple(
        value
        for party in county.parties
        for value in (*party.identity.values(), *party.contacts.values())
    )


def _part(entropy: Entropy, label: str) -> Draws:
    return Draws(entropy.draw(label, _SEED_BYTES))


def _draw_entities(
    entropy: Entropy, villages: tuple[Village, ...], households: int, offset: int
) -> Iterator[Party]:
    kinds: tuple[tuple[PartyKind, int], ...] = (("firm", _FIRMS_PER), ("project", _PROJECTS_PER))
    number = households
    for kind, each in kinds:
        for _ in range(max(1, households // each)):
            yield draw_entity(number, kind, _part(entropy, f"county.{kind}"), villages, offset)
            number += 1

"""A county's fast history: loans of four years as lenders saw them, and the truth behind them.

Laws: one entropy and one set of arguments give one history, loan for loan; what is observed
(`loans`, `news`, `projects`, the records of `months`) holds nothing of `truth`, which is for the
county's own reports and for judging detectors. Every candidate has a life, granted or not: the
truth knows what would have become of a refused one; records tell of granted ones alone. Limits:
one loan a household; a life may go on after the last month, and no record tells of it then.
Source: the county's practice (planted truth).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.errors import Invalid
from tallystick.county.draws import Draws
from tallystick.county.history.dial import DIAL_USUAL, Dials
from tallystick.county.history.grant import asks, is_granted
from tallystick.county.history.household import Household, draw_household
from tallystick.county.history.life import AFTER_MONTHS, Life, Loaned, live_loan
from tallystick.county.history.loan import Loan
from tallystick.county.history.media import Event, Item, draw_news
from tallystick.county.history.officer import LENDERS, OFFICERS_COUNT, Officers, draw_officers
from tallystick.county.history.parameter import Parameters, draw_parameters
from tallystick.county.history.project import Fault, Project, draw_projects
from tallystick.county.history.register import POOR_PPM, find_poorest, judge_poverty
from tallystick.county.history.ring import Mule, Ring, Straw, draw_mules, draw_rings
from tallystick.county.history.stage import Stage, draw_stage
from tallystick.county.history.statement import Statement, draw_statement
from tallystick.county.history.thin import Bundle, bundle_months
from tallystick.county.history.use import Use, draw_use
from tallystick.county.history.wish import TERM_MOST_MONTHS, draw_wish

__all__ = ["LOANS_MOST", "MONTHS_MOST", "History", "Truth", "draw_history"]

LOANS_MOST: Final = 300_000
"""Most loans of a history."""
MONTHS_MOST: Final = 120
"""Most months of a history."""
_SEED_BYTES: Final = 32
_TOLD_EACH: Final = 256


@dataclass(frozen=True, slots=True)
class Truth:
    """What nobody but the county knows; tuples are by number of the loan unless said.

    Attributes:
        parameters: the rates that it was drawn with.
        stage: weather and prices.
        households: as they are.
        uses: where the money went.
        hides_debt: whose file leaves debts out.
        asked: who asked at all.
        rings: borrowed names.
        mules: accounts of other people's money.
        officers: who copies plans.
        events: what stood behind each item of the news.
        faults: what is wrong with each project.
        lives: what becomes of each loan to its end, granted or not.
    """

    parameters: Parameters
    stage: Stage
    households: tuple[Household, ...]
    uses: tuple[Use, ...]
    hides_debt: tuple[bool, ...]
    asked: tuple[bool, ...]
    rings: tuple[Ring, ...]
    mules: tuple[Mule, ...]
    officers: Officers
    events: tuple[Event, ...]
    faults: tuple[Fault, ...]
    lives: tuple[Life, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What was observed, and the truth beside it.

    Attributes:
        length_months: months of the history; the last is `length_months` - 1.
        loans: requests as lenders saw them, by number.
        news: items by day.
        projects: public projects as they are on paper.
        truth: what nobody but the county knows.
    """

    length_months: int
    loans: tuple[Loan, ...]
    news: tuple[Item, ...]
    projects: tuple[Project, ...]
    truth: Truth

    def months(self, *, unscreened: bool = False) -> Iterator[tuple[int, tuple[Bundle, ...]]]:
        """Yield each month with the bundles that lenders would put on a chain in it.

        Args:
            unscreened: as if every candidate had been granted, which the truth alone can tell.
        """
        loans = [loan for loan in self.loans if unscreened or loan.granted]
        return bundle_months(loans, self.truth.lives, self.length_months)


def draw_history(
    entropy: Entropy,
    *,
    loans: int,
    months: int = 48,
    difficulty: int = DIAL_USUAL,
    capture: int = DIAL_USUAL,
    told: Callable[[int, int], None] | None = None,
) -> History:
    """Return the history of an entropy (label `county.history`).

    Args:
        entropy: seeded for a history that can be drawn again.
        loans: candidates, 1..300,000; about a third of them are granted.
        months: 1..120.
        difficulty: noise of what is observed, 0..100; 50 is the county as measured.
        capture: favour that officials' kin enjoy, 0..100.
        told: hears now and then how many loans of how many are drawn.

    Raises:
        Invalid: `history.size` or `history.dial` outside these ranges.
    """
    if not (1 <= loans <= LOANS_MOST and 1 <= months <= MONTHS_MOST):
        raise Invalid(
            "history.size",
            f"{loans} loans x {months} months; most is {LOANS_MOST} x {MONTHS_MOST}",
            cure="Ask for a shorter history or fewer loans.",
        )
    dials = Dials(difficulty, capture)
    draws = Draws(entropy.draw("county.history", _SEED_BYTES))
    parameters = draw_parameters(draws.under("parameters"))
    span = months + TERM_MOST_MONTHS + AFTER_MONTHS + 1
    stage = draw_stage(draws.under("stage"), months=span, weather_ppm=parameters.weather_ppm)
    rings = draw_rings(draws.under("rings"), parameters, loans=loans, months=months)
    drawing = _Drawing(draws, dials, parameters, stage, months)
    place = {straw.loan: (ring, straw) for ring in rings for straw in ring.straws}
    cases: list[_Case] = []
    for number in range(loans):
        cases.append(drawing.draw_case(number, place.get(number)))
        if told is not None and number % _TOLD_EACH == 0:
            told(number, loans)
    return _gather(drawing, tuple(cases), rings)


@dataclass(frozen=True, slots=True)
class _Case:
    """One candidate: the loan with its household, what its file states, and its end."""

    loaned: Loaned
    stated: Statement
    seen_minor: int
    asked: bool
    granted: bool
    life: Life


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What every candidate of a history shares."""

    draws: Draws
    dials: Dials
    parameters: Parameters
    stage: Stage
    months: int

    def draw_case(self, number: int, place: tuple[Ring, Straw] | None) -> _Case:
        """Return one candidate; a ring settles village and month of its names."""
        own = self.draws.under(f"loan {number}")
        ring, straw = place or (None, None)
        home = draw_household(own.under("home"), self.stage, ring.village if ring else None)
        month = ring.month if ring else own.below("month", self.months)
        wish = draw_wish(own.under("wish"), home, month)
        use = draw_use(own.under("use"), home, self.parameters)
        remote = self.stage.remote_ppm[home.village]
        stated = draw_statement(own.under("stated"), home, remote, self.dials)
        asked = asks(own, home, remote, self.dials)
        loaned = Loaned(home, wish, use, straw)
        return _Case(
            loaned=loaned,
            stated=stated,
            seen_minor=judge_poverty(own, home, stated.income_minor, self.dials),
            asked=asked,
            granted=asked and is_granted(own, stated, wish),
            life=live_loan(loaned, self.stage, self.parameters, own),
        )


def _gather(drawing: _Drawing, cases: tuple[_Case, ...], rings: tuple[Ring, ...]) -> History:
    """Return the history of all candidates; the register ranks them against one another."""
    draws, parameters = drawing.draws, drawing.parameters
    officers = draw_officers(draws.under("officers"), parameters.copying_ppm)
    registered = find_poorest([case.seen_minor for case in cases], POOR_PPM)
    homes = tuple(case.loaned.household for case in cases)
    news = draw_news(draws.under("news"), drawing.stage, months=drawing.months)
    projects, faults = draw_projects(draws.under("projects"), months=drawing.months)
    return History(
        length_months=drawing.months,
        loans=tuple(
            _observe(drawing, officers, number, case, registered=registered[number])
            for number, case in enumerate(cases)
        ),
        news=news.items,
        projects=projects,
        truth=Truth(
            parameters=parameters,
            stage=drawing.stage,
            households=homes,
            uses=tuple(case.loaned.use for case in cases),
            hides_debt=tuple(case.stated.hides_debt for case in cases),
            asked=tuple(case.asked for case in cases),
            rings=rings,
            mules=draw_mules(draws.under("mules"), parameters, homes, drawing.months),
            officers=officers,
            events=news.events,
            faults=faults,
            lives=tuple(case.life for case in cases),
        ),
    )


def _observe(
    drawing: _Drawing, officers: Officers, number: int, case: _Case, *, registered: bool
) -> Loan:
    """Return a candidate as the lender saw it."""
    home, wish, stated = case.loaned.household, case.loaned.wish, case.stated
    officer = home.village % OFFICERS_COUNT
    plan = officers.state_return(officer, home.kind, drawing.draws.under(f"plan {number}"))
    return Loan(
        number=number,
        month=wish.month,
        lender=officer % len(LENDERS),
        officer=officer,
        village=home.village,
        remote_ppm=drawing.stage.remote_ppm[home.village],
        livelihood=home.kind,
        age_years=home.age_years,
        schooling_years=home.schooling_years,
        persons=home.persons,
        workers=home.workers,
        woman=int(home.is_woman),
        income_minor=stated.income_minor,
        debt_minor=stated.debt_minor,
        savings_minor=stated.savings_minor,
        prior_tenths=stated.prior_tenths,
        rating_tenths=stated.rating_tenths,
        internal_rating=stated.internal_rating,
        insured=int(home.is_insured),
        registered=int(registered),
        subsidised=int(wish.is_subsidised),
        amount_minor=wish.amount_minor,
        term_months=wish.term_months,
        bullet=int(wish.is_bullet),
        fits_harvest=int(wish.fits_harvest),
        plan_return_ppm=plan,
        granted=int(case.granted),
    )

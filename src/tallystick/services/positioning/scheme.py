"""The best product of the catalogue for an application, or aid instead (step 3).

What was asked is judged on the terms asked; every other product in force on terms proposed for
it. The household ends with what it asked for where that fits or another amount, term or repayment
would make it fit; with the best other product that fits where the asked one is not for it; with
aid where debt is the wrong help. Laws: scores are sums of named parts, at most 1,000 points;
equal scores go by the catalogue's order.
"""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.finance import PPM, part_ppm
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import AID, Product
from tallystick.services.positioning.change import find_scale
from tallystick.services.positioning.gaps import CATEGORICAL, MOVABLE, Gap
from tallystick.services.positioning.loan import (
    Verdict,
    find_standing_gaps,
    judge_better,
    judge_loan,
)
from tallystick.services.positioning.plain import judge_insurance, judge_saving
from tallystick.services.positioning.proposal import propose_terms

__all__ = ["Choice", "Option", "choose_scheme", "find_expertise", "judge_asked"]

_FIT, _ASKED, _SPECIAL, _COST, _SUM = 500, 150, 150, 100, 100
_LENT = ("borrow", "lease")
_PUT_BY = ("save", "invest")


@dataclass(frozen=True, slots=True)
class Option:
    """A product judged and scored; `parts` are (name, points)."""

    verdict: Verdict
    score: int
    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome of step 3: where it ends, what was judged as asked, all options by rank."""

    scheme: str
    asked: Verdict
    options: tuple[Option, ...]

    @property
    def chosen(self) -> Verdict | None:
        """The verdict on the scheme where the household ends; None for aid."""
        if self.asked.product.scheme == self.scheme:
            return self.asked
        found = (o.verdict for o in self.options if o.verdict.product.scheme == self.scheme)
        return next(found, None)


def choose_scheme(case: Case, products: tuple[Product, ...]) -> Choice:
    """Return the best scheme for a case among the products in force."""
    wanted = next((p for p in products if p.scheme == case.ask.scheme), None)
    asked = judge_asked(case, wanted) if wanted else None
    closed = asked is None or any(gap.gap in CATEGORICAL for gap in asked.gaps)
    options = []
    for product in products:
        if asked is not None and product is wanted:
            options.append(_score(case, asked))
        elif _suits(case, product):
            verdict = _judge_best(case, product)
            if verdict is not None and not verdict.fits and closed:
                verdict = _offer_less(case, verdict)
            if verdict is not None:
                options.append(_score(case, verdict))
    options.sort(key=lambda option: -option.score)
    if asked is None:
        asked = options[0].verdict if options else _judge_nothing(case, products)
    return Choice(_end(asked, options), asked, tuple(options))


def judge_asked(case: Case, product: Product) -> Verdict:
    """Return the verdict on the asked product, on the terms asked where there are any."""
    if product.kind in _PUT_BY:
        return judge_saving(case, product)
    if product.kind == "insure":
        return judge_insurance(case, product)
    terms = case.ask.terms
    if terms is None or terms.amount_minor < 1:
        found = _judge_best(case, product)
        return found if found is not None else _only_standing(case, product)
    stated = case.ask.demand["terms_asked"]
    if "rate_ppm" not in stated:
        terms = terms._replace(rate_ppm=product.rate_ppm, fee_ppm=product.fee_ppm)
    return judge_loan(case, product, terms)


def _judge_nothing(case: Case, products: tuple[Product, ...]) -> Verdict:
    """Where no product suits at all, the refusal of the nearest says why."""
    ask = case.ask
    near = [p for p in products if ask.purpose in p.purposes] or [
        p for p in products if p.kind == ask.kind
    ]
    product = (near or list(products))[0]
    found = _judge_best(case, product)
    return found if found is not None else _only_standing(case, product)


def _only_standing(case: Case, product: Product) -> Verdict:
    """A verdict without terms: no sum was asked for."""
    gaps = find_standing_gaps(case, product)
    nothing = Gap("amount_below_min", max(1, product.amount_min_minor), 0, product.amount_min_minor)
    return Verdict(product, None, (), (*gaps, nothing), None, 0, 0)


def _suits(case: Case, product: Product) -> bool:
    """Whether a product that was not asked for is worth judging."""
    ask = case.ask
    kinds = _LENT if ask.kind in _LENT else _PUT_BY if ask.kind in _PUT_BY else (ask.kind,)
    if product.kind not in kinds or ask.purpose not in product.purposes:
        return False
    return all(need in ask.demand for need in product.needs)


def _judge_best(case: Case, product: Product) -> Verdict | None:
    """Return the first proposal that fits, else the one with the fewest gaps."""
    if product.kind in _PUT_BY:
        return judge_saving(case, product)
    if product.kind == "insure":
        return judge_insurance(case, product)
    standing = find_standing_gaps(case, product)
    if standing:
        return Verdict(product, None, (), standing, None, 0, 0)
    best: Verdict | None = None
    for terms in propose_terms(case, product):
        if terms.amount_minor < 1:
            continue
        if best is None:
            best = judge_loan(case, product, terms, standing)
        else:
            best = judge_better(case, product, terms, standing, len(best.gaps)) or best
        if best.fits:
            return best
    return best


def _offer_less(case: Case, verdict: Verdict) -> Verdict:
    """Return the largest smaller sum that fits, at least half of what was asked."""
    if verdict.terms is None or any(gap.gap not in MOVABLE for gap in verdict.gaps):
        return verdict
    found = find_scale(case, verdict.product, verdict.terms)
    if found is None or found.terms is None or not found.fits:
        return verdict
    return found if 2 * found.terms.amount_minor >= case.ask.amount_minor else verdict


def _score(case: Case, verdict: Verdict) -> Option:
    """Score a verdict: does it fit, was it asked, is it made for this, how dear, how much."""
    product, ask = verdict.product, case.ask
    parts = [("fit", _FIT if verdict.fits else 0)]
    parts.append(("asked", _ASKED if product.scheme == ask.scheme else 0))
    parts.append(("special", _SPECIAL if ask.purpose in product.made_for else 0))
    rate = product.rate_ppm + product.fee_ppm
    amount = ask.amount_minor
    if verdict.terms is not None:
        rate = verdict.terms.rate_ppm + verdict.terms.fee_ppm
        amount = verdict.terms.amount_minor
    rate -= part_ppm(rate, product.subsidy_ppm)
    dear = case.catalogue.reference.lpr_1y_ppm * case.rules["rate_over_lpr"]
    parts.append(("cost", max(0, _COST - rate * _COST // max(1, dear))))
    parts.append(("sum", min(_SUM, amount * _SUM // max(1, ask.amount_minor))))
    return Option(verdict, sum(points for _, points in parts), tuple(parts))


def _end(asked: Verdict, options: list[Option]) -> str:
    """Where the household should end."""
    if asked.fits:
        return asked.product.scheme
    names = {gap.gap for gap in asked.gaps}
    if names & {"aid_first", "window_missed", "not_viable_after_shock"}:
        return AID
    if names & CATEGORICAL:
        for option in options:
            if option.verdict.fits:
                return option.verdict.product.scheme
    return asked.product.scheme


def find_expertise(case: Case, product: Product) -> str:
    """Return the field of expertise that serves a product, for this household's record."""
    if product.expertise_no_record and case.household.profile.get("credit_record") == "none":
        return product.expertise_no_record
    return product.expertise


assert _FIT + _ASKED + _SPECIAL + _COST + _SUM == PPM // 1000, "scores are of 1,000"

"""Terms that a product could be given on, in the order an officer would try them.

Working capital is proposed as one payment in a payable month after the last sale; everything
else in instalments whose due months the household named. Source: the county's practice.
"""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.finance import PERIOD_MONTHS, LoanTerms
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.gates import find_cap

__all__ = ["align_bullet", "align_instalments", "propose_terms"]

_YEAR = 12
_TERMS = (12, 24, 36, 60)
_SPREAD_FORMS = ("annual", "semiannual", "quarterly")
_EVEN_FORMS = ("monthly", "level")


def propose_terms(case: Case, product: Product) -> Iterator[LoanTerms]:
    """Yield terms of the product for this demand, most natural first, at most six."""
    ask = case.ask
    cap = find_cap(case, product)
    amount = min(ask.amount_minor, cap) if cap else ask.amount_minor
    base = LoanTerms(amount, product.rate_ppm, 1, "bullet", 0, product.subsidy_ppm, product.fee_ppm)
    if "int_after_study" in product.repayments:
        yield from _propose_study(case, product, base)
        return
    aligned = list(_propose_aligned(case, product, base))
    yield from aligned
    if not aligned:
        # No due date suits every month named; the nearest terms show what is missing.
        form = next(iter(_forms(case, product)), "bullet")
        yield base._replace(repayment=form, term_months=_lengths(case, product)[0])


def _propose_aligned(case: Case, product: Product, base: LoanTerms) -> Iterator[LoanTerms]:
    """Yield terms whose due dates are after the sale and in months that can be paid."""
    if case.ask.project.working_capital or product.repayments == ("bullet",):
        bullet = align_bullet(case, product, base)
        if bullet is not None:
            yield bullet
    for form in _forms(case, product)[:2]:
        for months in _lengths(case, product):
            terms = align_instalments(case, product, base, form, months)
            if terms is not None:
                yield terms


def _propose_study(case: Case, product: Product, base: LoanTerms) -> Iterator[LoanTerms]:
    """After study: the asked terms, else the longest."""
    asked = case.ask.terms
    study = case.ask.demand.get("study", {}).get("years_left", 0) * _YEAR
    term = asked.term_months if asked else product.term_max_months
    grace = min(study + 60, term - 1)
    yield base._replace(
        repayment="int_after_study",
        term_months=term,
        grace_months=grace,
        study_months=study,
    )


def _forms(case: Case, product: Product) -> list[str]:
    """Instalment forms of the product: the asked one, then those that suit the months."""
    asked = case.ask.terms.repayment if case.ask.terms else ""
    every = len(case.ask.payable) == _YEAR
    suited = (*_EVEN_FORMS, *_SPREAD_FORMS) if every else _SPREAD_FORMS
    forms = dict.fromkeys((asked, *suited))
    return [form for form in forms if form in product.repayments and form in PERIOD_MONTHS]


def _lengths(case: Case, product: Product) -> list[int]:
    """The asked term within the product's, then its longest."""
    most = product.term_max_months
    asked = case.ask.terms.term_months if case.ask.terms else _YEAR
    return list(dict.fromkeys((max(product.term_min_months, min(asked, most)), most)))


def align_bullet(case: Case, product: Product, base: LoanTerms) -> LoanTerms | None:
    """Return one payment in the first payable month after the last sale, None where none is."""
    ask = case.ask
    after = max(ask.project.last_sale, ask.start) + 1
    cycle = ask.project.last_sale - (ask.project.first_outlay or ask.start) + 1
    for due in range(after, after + (product.due_within_months or 3)):
        term = due - ask.start
        long_enough = term >= max(product.term_min_months, cycle)
        if due % _YEAR + 1 in ask.payable and long_enough and term <= product.term_max_months:
            return base._replace(repayment="bullet", term_months=term, grace_months=0)
    return None


def align_instalments(
    case: Case, product: Product, base: LoanTerms, form: str, months: int
) -> LoanTerms | None:
    """Return instalments within `months` whose due months are all payable, None where none are.

    The first due date is the latest payable one within a full period, after the first sale.
    """
    ask, period = case.ask, PERIOD_MONTHS[form]
    for first in range(period, 0, -1):
        term = first + (months - first) // period * period
        dues = {(ask.start + first + step * period) % _YEAR + 1 for step in range(_YEAR // period)}
        if term >= product.term_min_months and term >= first and dues <= set(ask.payable):
            return base._replace(
                repayment=form,
                term_months=term,
                first_due_months=first if first != period else 0,
            )
    return None

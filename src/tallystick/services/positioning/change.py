"""What single change would make a demand fit, each found by judging it again.

Laws: a change is told only if the demand with it, and nothing else changed, has no gap left but
a stated income above the county's, which every new judgement replaces by the county's figures.
The amount is the largest in round steps that bisection finds; covers may not be monotone, so the
amount found is always judged itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.finance import PERIOD_MONTHS, LoanTerms
from tallystick.services.positioning.case import Case, scale_case
from tallystick.services.positioning.catalogue import Product
from tallystick.services.positioning.gaps import MOVABLE
from tallystick.services.positioning.gates import find_cap, find_least, find_needed_share
from tallystick.services.positioning.loan import (
    Verdict,
    find_standing_gaps,
    has_only,
    judge_loan,
)
from tallystick.services.positioning.proposal import align_bullet, align_instalments

__all__ = ["find_amount", "find_changes", "find_scale", "passes"]

_LONGER = (12, 24, 36, 48, 60)
_REPLACED = frozenset({"income_implausible"})
_OF_SAVINGS = _REPLACED | {"floor_month", "price_drop_30"}
_ACTS = {
    "duplicate_application": "withdraw_other",
    "land_lease_short": "extend_land_lease",
    "buyer_unproven": "buyer_deposit",
    "old_loan_open": "settle_old_loan",
    "insure_first": "insure",
    "shock_not_shown": "show_shock",
    "area_mismatch": "insure_own_area",
}
"""Acts of the household or others that close a gap standing alone; there is nothing to redo."""


def passes(verdict: Verdict) -> bool:
    """Whether nothing but a disbelieved income, already replaced, stands against it."""
    return all(gap.gap in _REPLACED for gap in verdict.gaps)


def find_changes(case: Case, asked: Verdict) -> list[dict[str, Any]]:
    """Return the single changes that make what was asked fit, as value trees."""
    if asked.fits:
        return []
    if asked.terms is None:
        return list(_change_plain(case, asked))
    if len(asked.gaps) == 1 and asked.gaps[0].gap in _ACTS:
        gap = asked.gaps[0]
        return [{"change": _ACTS[gap.gap], "gap": gap.gap, "size": gap.size}]
    if any(gap.gap not in MOVABLE for gap in asked.gaps):
        return []
    standing = find_standing_gaps(case, asked.product)
    if any(gap.gap not in _REPLACED for gap in standing):
        return []
    return [
        *_change_amount(case, asked),
        *_change_term(case, asked),
        *_change_repayment(case, asked),
    ]


def find_amount(case: Case, product: Product, terms: LoanTerms) -> Verdict | None:
    """Return the verdict of the largest smaller round amount that fits, None where none does.

    The project keeps its cost, so that what is not borrowed is paid from savings.
    """
    return _find_largest(case, product, terms, scaled=False)


def find_scale(case: Case, product: Product, terms: LoanTerms) -> Verdict | None:
    """The same for a smaller project: cost, own share and income shrink with the amount."""
    return _find_largest(case, product, terms, scaled=True)


def _find_largest(
    case: Case, product: Product, terms: LoanTerms, *, scaled: bool
) -> Verdict | None:
    """Bisect over what only a smaller sum can close, then judge the sum found in full.

    A smaller sum for the same cost takes more from savings, so that cash is no monotone test.
    """
    step = case.rules["round_minor"]
    if step < 1 or not case.ask.amount_minor:
        return None
    least = max(step, find_least(case, product))
    cap = find_cap(case, product) or terms.amount_minor
    low, high = -(-least // step), min(cap, terms.amount_minor - 1) // step
    standing = find_standing_gaps(case, product)
    beside = _REPLACED if scaled else _OF_SAVINGS
    if low > high or any(gap.gap not in beside for gap in standing):
        return None
    share = find_needed_share(case, product, terms.amount_minor) if scaled else 0
    found: tuple[Case, LoanTerms] | None = None
    while low <= high:
        middle = (low + high + 1) // 2
        amount = middle * step
        tried = scale_case(case, amount, share) if scaled else case
        smaller = terms._replace(amount_minor=amount)
        if has_only(tried, product, smaller, beside):
            found, low = (tried, smaller), middle + 1
        else:
            high = middle - 1
    if found is None:
        return None
    verdict = judge_loan(found[0], product, found[1], standing)
    return verdict if passes(verdict) else None


def _stated_terms(case: Case, asked: Verdict) -> LoanTerms:
    """The terms judged, with the subsidy as stated: a smaller sum may be subsidised whole."""
    assert asked.terms is not None, "a loan has terms"
    if case.ask.terms is None:
        return asked.terms
    return asked.terms._replace(subsidy_ppm=case.ask.terms.subsidy_ppm)


def _change_amount(case: Case, asked: Verdict) -> Iterator[dict[str, Any]]:
    """Yield a smaller sum for the same project, or else a smaller project."""
    terms = _stated_terms(case, asked)
    change, found = "amount", find_amount(case, asked.product, terms)
    if found is None:
        found = find_scale(case, asked.product, terms)
        # A machine sold and leased back builds nothing that could be smaller: only the sum is.
        change = "amount" if case.ask.demand.get("asset", {}).get("leaseback") else "scale"
    if found is None or found.terms is None:
        return
    amount = found.terms.amount_minor
    less = terms.amount_minor - amount
    told = {"change": change, "amount_minor": amount, "less_minor": less}
    if change == "scale":
        share = find_needed_share(case, asked.product, terms.amount_minor)
        told["cost_minor"] = scale_case(case, amount, share).ask.cost_minor
    yield told


def _change_term(case: Case, asked: Verdict) -> Iterator[dict[str, Any]]:
    """Yield the first other term that fits: within the scheme's, the nearest first."""
    terms, most = _stated_terms(case, asked), asked.product.term_max_months
    if terms.repayment == "bullet":
        moved = align_bullet(case, asked.product, terms)
        candidates = [moved] if moved else []
    elif terms.repayment in PERIOD_MONTHS and most:
        longer = [n for n in (*_LONGER, most) if terms.term_months < n <= most]
        shorter = [most] if terms.term_months > most else []
        candidates = [terms._replace(term_months=n) for n in dict.fromkeys(longer + shorter)]
    else:
        candidates = []
    for candidate in candidates:
        # What was agreed on price stays; only the dates move.
        tried = terms._replace(term_months=candidate.term_months)
        if tried != terms and passes(judge_loan(case, asked.product, tried)):
            due = case.ask.start + tried.term_months
            yield {"change": "term", "term_months": tried.term_months, "due_month": due}
            return


def _change_repayment(case: Case, asked: Verdict) -> Iterator[dict[str, Any]]:
    """Yield the other forms of repayment of the scheme that fit within the same term."""
    terms = _stated_terms(case, asked)
    for form in asked.product.repayments:
        if form == terms.repayment or form not in PERIOD_MONTHS or form == "int_after_study":
            continue
        tried = align_instalments(case, asked.product, terms, form, terms.term_months)
        if tried is not None and passes(judge_loan(case, asked.product, tried)):
            first = tried.first_due_months or PERIOD_MONTHS[form]
            yield {
                "change": "repayment",
                "repayment": form,
                "due_month": case.ask.start + first,
                "term_months": tried.term_months,
            }
            return


def _change_plain(case: Case, asked: Verdict) -> Iterator[dict[str, Any]]:
    """Yield the one change that saving or insurance needs, where a single gap stands."""
    if len(asked.gaps) != 1:
        return
    gap = asked.gaps[0]
    if gap.gap == "sum_out_of_range":
        yield {"change": "sum", "sum_minor_per_unit": gap.need}
    elif gap.gap == "lockup" and gap.need >= case.ask.start:
        yield {"change": "lockup", "lockup_months": gap.need - case.ask.start}
    elif gap.gap == "risk_tolerance":
        yield {"change": "risk", "worst_loss_ppm": gap.need}
    elif gap.gap == "debt_first":
        yield {"change": "repay_debt", "amount_minor": gap.size}
    elif gap.gap in _ACTS:
        yield {"change": _ACTS[gap.gap], "gap": gap.gap, "size": gap.size}

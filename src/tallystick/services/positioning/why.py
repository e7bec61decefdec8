"""Reasons in codes: what a household is told of a verdict, from its gaps and figures.

Source: the county's practice (20 reasons); a gap without a reason of its own is told as itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tallystick.services.positioning.answers import Reason
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.gaps import GAP_UNITS, Gap
from tallystick.services.positioning.loan import Verdict

__all__ = ["explain_fit", "explain_gaps", "explain_model"]

_YEAR = 12
_SOLID_PPM = 1_250_000

_OF_GAP: Mapping[str, Callable[[Gap], Reason]] = {
    "due_before_harvest": lambda g: Reason("due_before_harvest", {"n": g.size}),
    "floor_month": lambda g: Reason("bad_year_short", {"month": g.month, "x": g.size}),
    "instalment_share": lambda g: Reason("share_of_income", {"p": g.have}),
    "debt_ratio": lambda _: Reason("debts_too_heavy"),
    "income_implausible": lambda _: Reason("yield_above_p80"),
    "price_drop_30": lambda _: Reason("price_drop_fails"),
    "borrowed_name": lambda _: Reason("own_use_only"),
    "firm_in_household_name": lambda _: Reason("own_use_only"),
    "old_loan_open": lambda _: Reason("old_loan_open"),
    "insure_first": lambda _: Reason("insure_first"),
    "aid_first": lambda _: Reason("aid_suits"),
}


def explain_gaps(
    case: Case, gaps: Sequence[Gap], changes: Sequence[Mapping[str, Any]]
) -> tuple[Reason, ...]:
    """Return the reasons of a refusal, each once, with what less would pass and the appeal."""
    reasons: dict[str, Reason] = {}
    for gap in gaps:
        reason = _explain_gap(case, gap)
        reasons.setdefault(reason.code, reason)
    for change in changes:
        if change["change"] == "amount":
            reasons["less_would_pass"] = Reason("less_would_pass", {"x": change["less_minor"]})
    reasons["person_reviewed"] = Reason("person_reviewed")
    return tuple(reasons.values())


def _explain_gap(case: Case, gap: Gap) -> Reason:
    if gap.gap == "purpose_not_allowed" and case.ask.purpose in ("house", "wedding"):
        return Reason("purpose_refused")
    if gap.gap in _OF_GAP:
        return _OF_GAP[gap.gap](gap)
    values: dict[str, int | str] = {"size": gap.size, "have": gap.have, "need": gap.need}
    if gap.month:
        values["month"] = gap.month
    assert gap.gap in GAP_UNITS, "a gap is of the vocabulary"
    return Reason(f"gap.{gap.gap}", values)


def explain_fit(case: Case, verdict: Verdict) -> tuple[Reason, ...]:
    """Return why it fits, most telling first."""
    reasons = []
    if case.household.profile.get("credit_record") == "none" and verdict.terms is not None:
        reasons.append(Reason("no_record"))
    terms, burden = verdict.terms, verdict.burden
    if terms is None:
        return (*reasons, Reason(f"fits.{verdict.product.kind}"))
    if terms.repayment == "int_after_study":
        return (*reasons, Reason("fits.study"))
    project = case.ask.project
    if terms.repayment == "bullet" and 0 < project.last_sale < case.ask.start + terms.term_months:
        reasons.append(Reason("due_after_harvest"))
    first_paid = next((row.month for row in verdict.schedule if row.principal), 0)
    if project.first_sale - case.ask.start > _YEAR and first_paid > _YEAR:
        reasons.append(Reason("orchard_grace"))
    if verdict.low_cash >= 0:
        reasons.append(Reason("bad_year_lives"))
    if burden is not None:
        if burden.cover_middle >= _SOLID_PPM:
            reasons.append(Reason("middle_price_pays"))
        reasons.append(Reason("share_of_income", {"p": burden.share}))
    paid = sum(row.subsidy for row in verdict.schedule)
    if paid:
        own = sum(row.interest - row.subsidy for row in verdict.schedule)
        reasons.append(Reason("subsidy_split", {"x": paid, "y": own}))
    return tuple(reasons)


def explain_model(default_ppm: int, worst: Sequence[str]) -> tuple[Reason, ...]:
    """Return what the model says, -1 where there is none, and which facts weigh most."""
    if default_ppm < 0:
        return (Reason("no_model"),)
    told = Reason("model_says", {"p": 1_000_000 - default_ppm})
    return (told, *(Reason("model_weighs", {"field": name}) for name in worst))

"""The report of a demand that fits: schedule, cash calendar, thresholds, feedback (step 4, 5).

Sums in minor units, ratios in ppm, months as month numbers. Feedback is due at preset times
after the decision, the money, the sale and the last payment (the county's practice).
"""

from __future__ import annotations

from typing import Any

from tallystick.finance import find_yearly_cost
from tallystick.services.positioning.calendar import list_cash
from tallystick.services.positioning.case import Case
from tallystick.services.positioning.loan import Burden, Verdict

__all__ = ["list_feedback", "list_thresholds", "report_figures", "terms_tree"]

_YEAR = 12


def terms_tree(verdict: Verdict) -> dict[str, Any]:
    """Return the terms judged as a value tree; empty where the product has none."""
    terms = verdict.terms
    if terms is None:
        return {}
    found: dict[str, Any] = {
        "amount_minor": terms.amount_minor,
        "rate_ppm": terms.rate_ppm,
        "term_months": terms.term_months,
        "repayment": terms.repayment,
    }
    for name in ("grace_months", "subsidy_ppm", "fee_ppm", "first_due_months"):
        if value := getattr(terms, name):
            found[name] = value
    return found


def list_thresholds(case: Case, burden: Burden | None) -> list[dict[str, Any]]:
    """Return each figure beside what it is compared with."""
    if burden is None:
        return []
    rules = case.rules
    share = "instalment_monitored_ppm" if case.household.monitored else "instalment_ppm"
    rows = [
        ("dscr_p50", burden.cover_middle, rules["dscr_middle_ppm"], "least"),
        ("dscr_p20", burden.cover_bad, rules["dscr_bad_ppm"], "least"),
        ("instalment_share", burden.share, rules[share], "most"),
        ("debt_ratio", burden.debt, rules["debt_ratio_ppm"], "most"),
    ]
    if case.ask.bearable_minor:
        rows.append(("bearable_instalment", burden.payment, case.ask.bearable_minor, "most"))
    return [{"have": have, "need": need, "side": side, "figure": n} for n, have, need, side in rows]


def report_figures(case: Case, verdict: Verdict) -> dict[str, Any]:
    """Return what the report shows of a verdict that fits."""
    found: dict[str, Any] = {"scheme": verdict.product.scheme, **terms_tree(verdict)}
    if verdict.terms is None:
        return {**found, "feedback": list_feedback(case, verdict)}
    start = case.ask.start
    found["schedule"] = [
        {
            "month": start + row.month,
            "fee_minor": row.fee,
            "payment_minor": row.payment,
            "subsidy_minor": row.subsidy,
            "interest_minor": row.interest,
            "principal_minor": row.principal,
        }
        for row in verdict.schedule
    ]
    payments = [(row.month, row.payment) for row in verdict.schedule]
    if verdict.terms.amount_minor > 0:
        found["yearly_cost_ppm"] = find_yearly_cost(verdict.terms.amount_minor, payments)
    found["cost_minor"] = sum(paid for _, paid in payments) - verdict.terms.amount_minor
    if verdict.burden is not None:
        found["thresholds"] = list_thresholds(case, verdict.burden)
        middle, bad = list_cash(case, verdict.terms, verdict.schedule)
        found["calendar"] = {"bad_minor": bad, "from_month": start, "middle_minor": middle}
        found["lowest_minor"] = verdict.low_cash
        found["lowest_month"] = verdict.low_month
    found["feedback"] = list_feedback(case, verdict)
    return found


def list_feedback(case: Case, verdict: Verdict) -> list[dict[str, Any]]:
    """Return when the household is asked what happened: days after an event, month if known."""
    ask, terms = case.ask, verdict.terms
    rows: list[tuple[str, str, int, int]] = [("understood", "decision", 3, ask.as_of)]
    if terms is not None:
        sale, end = ask.project.last_sale, ask.start + terms.term_months
        middle = ask.start + terms.term_months // 2
        rows.append(("money_used", "money", 30, ask.start + 1))
        rows.append(("shock", "middle", 0, middle))
        if sale:
            rows.append(("harvest", "sale", 15, sale))
        rows.append(("repaid", "maturity", 7, end))
    rows.append(("what_happened", "decision", 365, ask.as_of + _YEAR))
    return [{"ask": a, "days": days, "after": b, "month": month} for a, b, days, month in rows]

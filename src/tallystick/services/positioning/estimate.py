"""What an application would come to while it is still being typed: the decision, nothing recorded.

It is the decision itself (`decide`) on what is there, so that what is shown while typing is what
will be decided when it is sent; what it had to assume stands in `assumed`, what nobody has said yet
and the decision needs in `missing`. Beside it stands the household's cash by month, whether the
demand fits or not.

Laws: pure; equal inputs give equal trees; an application of any completeness gets an answer, with
the code in `undecided` where the decision refuses it.
Limits: nobody's records are read, so this is no more than what the household says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.errors import Invalid
from tallystick.services.positioning.answers import Positioning
from tallystick.services.positioning.calendar import list_cash, list_own_cash
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.report import terms_tree

__all__ = ["NEEDED", "estimate", "find_missing"]

_ALWAYS: Final = ("profile.persons", "profile.savings_minor", "demand.kind", "demand.as_of_month")
_OF_LOANS: Final = (
    *("demand.purpose", "demand.amount_minor", "demand.cost_minor"),
    "demand.terms_asked.term_months",
)
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "borrow": (*_ALWAYS, *_OF_LOANS),
    "lease": (*_ALWAYS, *_OF_LOANS),
    "save": (*_ALWAYS, "demand.amount_minor", "demand.date_needed_month"),
    "invest": (
        *(*_ALWAYS, "demand.amount_minor", "demand.date_needed_month"),
        "demand.bearable_loss_ppm",
    ),
    "insure": (
        *(*_ALWAYS, "demand.insure.object", "demand.insure.units_centi"),
        "demand.insure.sum_minor_per_unit",
    ),
}
"""Leaves that a demand of each kind is judged by; others have an honest reading when absent."""
_INCOMES: Final = (
    *("wage_minor_month", "crops", "livestock", "business_minor_year", "transfers_minor_year"),
)
INCOME: Final = "profile.income"
"""Stands for any one source of income: none is told."""


def find_missing(application: Mapping[str, Any]) -> list[str]:
    """Return the paths of leaves the decision needs and nobody has told, in the form's order."""
    demand, profile = application.get("demand", {}), application.get("profile", {})
    needed = NEEDED.get(demand.get("kind", "borrow"), _ALWAYS)
    missing = [path for path in needed if not _has(application, path)]
    if demand.get("income_likely_minor") is None and not any(map(profile.get, _INCOMES)):
        missing.append(INCOME)
    return missing


def _has(tree: object, path: str) -> bool:
    for step in path.split("."):
        if not isinstance(tree, Mapping) or step not in tree:
            return False
        tree = tree[step]
    return True


def estimate(decider: Decider, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would be decided now.

    Args:
        decider: of the catalogue, rules and model in force.
        inputs: as of `decide_v1`; the application in any state.

    Returns:
        `{missing, assumed, calendar, scheme, outcome, fits, terms, thresholds, gaps, changes,
        reasons, ranked, ...}`, or `{missing, undecided}` where no decision can be made.
    """
    missing = find_missing(inputs["application"])
    try:
        found = decider.decide(inputs)
    except Invalid as error:
        return {"missing": missing, "undecided": error.code}
    scheme, judgement, result = found.scheme, found.judgement, found.result
    figures = judgement.figures
    tree: dict[str, Any] = {
        "missing": missing,
        "assumed": list(scheme.figures["assumed"]),
        "fits": int(found.fits),
        "scheme": str(figures["scheme"]),
        "outcome": result.outcome,
        "cycle": scheme.figures["cycle"],
        "thresholds": list(figures.get("thresholds", ())),
        "gaps": [dict(row) for row in judgement.ranked],
        "changes": [dict(row) for row in (*judgement.conditions, *_other_scheme(found))],
        "reasons": [reason.tree() for reason in result.reasons],
        "options": [dict(row) for row in scheme.ranked],
        "providers": [dict(row) for row in result.ranked],
        **_calendar(decider, inputs),
    }
    for name in ("repay_ppm", "income_interval", "need_interval"):
        if name in scheme.figures:
            tree[name] = scheme.figures[name]
    return tree


def _other_scheme(found: Positioning) -> list[dict[str, Any]]:
    """Return the match's change to another scheme, which the judgement does not know."""
    return [row for row in found.result.conditions if row.get("change") == "scheme"]


def _calendar(decider: Decider, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cash of each month in a middle and a bad year, with the loan that is asked."""
    case, choice = decider.read(inputs)
    asked = choice.asked
    if asked.terms is not None and asked.schedule:
        middle, bad = list_cash(case, asked.terms, asked.schedule)
        terms = {"terms": terms_tree(asked)}
    else:
        middle, bad = list_own_cash(case)
        terms = {}
    lowest = min(bad)
    calendar = {"from_month": case.ask.start, "middle_minor": middle, "bad_minor": bad}
    low = {"lowest_minor": lowest, "lowest_month": case.ask.start + bad.index(lowest)}
    return {"calendar": calendar, **low, **terms}

"""What was typed as an application, and what a party told before as answers.

Laws: pure; what is empty or can not be read is left out, never assumed; what follows from another
answer is derived here and nowhere else. The application keeps to the table in records.applicant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tallystick.console.pages.new_case_check import read_answer
from tallystick.console.pages.new_case_home import LISTS
from tallystick.console.pages.new_case_question import Answers, Question
from tallystick.console.pages.new_case_questions import QUESTIONS, list_asked
from tallystick.console.pages.new_case_use import WORKING, list_purposes
from tallystick.console.pages.new_case_value import Wrong, read_identity, read_value

__all__ = ["fill_known", "make_application", "write_value"]

_YEAR: Final = 12
_PLANS: Final[Mapping[str, Mapping[str, str]]] = {
    "crops": {"crop": "crop", "area": "area_centimu"},
    "livestock": {
        "animal": "kind",
        "heads": "heads",
        "sales": "sales_minor_year",
        "costs": "cost_minor_year",
        "sale_months": "sale_months",
    },
    "debts": {
        "lender": "lender",
        "balance": "balance_minor",
        "monthly": "monthly_minor",
        "due": "due_month",
        "rate": "rate_ppm",
    },
}
_HUNDREDTHS: Final = {"money": 100, "signed": 100, "area": 100, "percent": 10_000}


def make_application(answers: Answers, as_of: int, language: str) -> dict[str, Any]:
    """Return `{profile, demand, features}` of what was typed so far.

    Args:
        answers: what was typed.
        as_of: month in which it is asked, counted from year 0.
        language: the household's, `zh` or `en`.
    """
    tree: dict[str, Any] = {"profile": {}, "demand": {}, "features": {}}
    for question in list_asked(answers):
        if question.path:
            value = read_answer(answers, question.name)
            if value is not None:
                _put(tree, question.path, value)
    for group in LISTS:
        rows = [_read_row(group, row) for row in answers.get(group, ())]
        # Who was asked and has none is not the same as who was not asked.
        if rows or f"no_{group}" in answers.get("none", ()):
            tree["profile"][group] = rows
    _derive_profile(tree["profile"], answers, as_of)
    _derive_demand(tree, answers, as_of)
    tree["demand"] |= {"as_of_month": as_of, "language": language}
    return tree


def _put(tree: dict[str, Any], path: str, value: object) -> None:
    *above, last = path.split(".")
    for step in above:
        tree = tree.setdefault(step, {})
    tree[last] = value


def _read_row(group: str, cells: Answers) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in LISTS[group]:
        try:
            value = read_value(column, cells.get(column.name))
        except Wrong:
            continue
        if value is not None:
            found[_PLANS[group][column.name]] = value
    return found


def _derive_profile(profile: dict[str, Any], answers: Answers, as_of: int) -> None:
    living, persons = read_answer(answers, "living"), read_answer(answers, "persons")
    if living is not None and persons:
        profile["living_minor_person_year"] = living // persons
    identity = read_answer(answers, "id_number")
    if identity:
        born, sex = read_identity(identity)
        months = as_of - (born.year * _YEAR + born.month - 1)
        profile |= {"age_years": max(0, months // _YEAR), "sex": sex}
    chosen = set(read_answer(answers, "project_crops") or ())
    for place, row in enumerate(profile.get("crops", ())):
        row["in_project"] = int(place in chosen)


def _derive_demand(tree: dict[str, Any], answers: Answers, as_of: int) -> None:
    demand = tree["demand"]
    kind = demand.get("kind", "")
    if kind in {"borrow", "lease"}:
        _derive_terms(demand, answers)
    elif kind:
        demand["purpose"] = next(iter(list_purposes(kind)))
    if kind in {"save", "invest"}:
        demand["needed_by_month"] = as_of
    if kind == "insure":
        _derive_insurance(tree)


def _derive_terms(demand: dict[str, Any], answers: Answers) -> None:
    purpose, needed = demand.get("purpose", ""), demand.get("needed_by_month")
    if purpose:
        demand["working_capital"] = int(purpose in WORKING)
    terms = demand.setdefault("terms_asked", {})
    if needed is not None:
        demand["first_outlay_month"] = needed
        terms["start_month"] = needed
    if purpose == "tuition":
        terms["repayment"] = "int_after_study"
    elif "repayment" not in terms and purpose in WORKING - {"shop_stock"}:
        terms["repayment"] = "bullet"
    if purpose == "machine_leaseback":
        demand.setdefault("asset", {})["leaseback"] = 1
    if purpose == "renew_after_shock":
        demand.setdefault("old_loan", {}).setdefault("use_of_money", "as_agreed")
    if elsewhere := read_answer(answers, "elsewhere_amount"):
        other = {"lender": "other", "amount_minor": elsewhere}
        demand["applied_elsewhere"] = [{**other, "same_purpose": 1, "status": "pending"}]
    elif read_answer(answers, "elsewhere") == 0:
        demand["applied_elsewhere"] = []


def _derive_insurance(tree: dict[str, Any]) -> None:
    insure = tree["demand"].setdefault("insure", {})
    insure["unit"] = "mu"
    units, each = insure.get("units_centi"), insure.get("sum_minor_per_unit")
    if units and each:
        insure["sum_insured_minor"] = units * each // 100
    grown = [
        row.get("area_centimu", 0)
        for row in tree["profile"].get("crops", ())
        if row.get("crop") == insure.get("object")
    ]
    if grown:
        insure["units_own_grown_centi"] = sum(grown)
    for end in ("from", "to"):
        if f"exposure_{end}_month" in insure:
            insure[f"cover_{end}_month"] = insure[f"exposure_{end}_month"]


# ---- what was told before


def write_value(question: Question, value: Any) -> Any:  # noqa: ANN401 - as its kind
    """Return a leaf's value as somebody would have typed it."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if question.kind in {"yes", "tick"}:
        return "yes" if value else "no"
    one = _HUNDREDTHS.get(question.kind, 1)
    if isinstance(value, str) or question.kind in {"choice", "month"}:
        return str(value)
    sign, size = "-" if value < 0 else "", abs(value)
    whole, part = divmod(size, one)
    places = len(str(one)) - 1
    rest = f"{part:0{places}d}".rstrip("0") if part else ""
    return f"{sign}{whole:,}.{rest}" if rest else f"{sign}{whole:,}"


def fill_known(leaves: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return answers from what a party told before (`/parties/{party}/prefill`)."""
    told = {leaf["path"]: leaf["value"] for leaf in leaves}
    found: dict[str, Any] = {
        question.name: write_value(question, told[question.path])
        for question in QUESTIONS
        if question.path in told and question.path.startswith("profile.")
    }
    for group, plan in _PLANS.items():
        rows = told.get(f"profile.{group}")
        if rows is not None:
            found[group] = [_write_row(group, plan, row) for row in rows]
            if not rows:
                found.setdefault("none", []).append(f"no_{group}")
    each, persons = told.get("profile.living_minor_person_year"), told.get("profile.persons")
    if each is not None and persons:
        found["living"] = f"{each * persons // 100:,}"
    return found


def _write_row(group: str, plan: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        column.name: write_value(column, row[plan[column.name]])
        for column in LISTS[group]
        if plan[column.name] in row
    }

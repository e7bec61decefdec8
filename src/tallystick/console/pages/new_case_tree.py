"""What was typed as an application, and what a party told before as answers.

Laws: pure; what is empty or can not be read is left out, never assumed; what follows from another
answer is derived here and nowhere else. The application keeps to the table in records.applicant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tallystick.console.pages.new_case_check import read_answer
from tallystick.console.pages.new_case_home import LISTS
from tallystick.console.pages.new_case_question import Answers, Given, Question
from tallystick.console.pages.new_case_questions import QUESTIONS, find_question, list_asked
from tallystick.console.pages.new_case_use import WORKING, list_purposes
from tallystick.console.pages.new_case_value import Wrong, read_identity, read_value

__all__ = ["clean_answers", "fill_known", "make_application", "write_value"]

_YEAR: Final = 12
_AGE_MAX: Final = 120
_SUM_MAX: Final = 10**12
_AREA_MAX: Final = 10**9
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
_MANY: Final = frozenset({"months", "crops", "members"})
_HUNDREDTHS: Final = {"money": 100, "signed": 100, "area": 100, "percent": 10_000}


def make_application(answers: Answers, as_of: int, language: str) -> dict[str, Any]:
    """Return `{profile, demand, features}` of what was typed so far.

    Args:
        answers: what was typed.
        as_of: month in which it is asked, counted from year 0.
        language: the household's, `zh` or `en`.
    """
    told = answers.get("told", {}) if answers.get("party_known") == "yes" else {}
    tree: dict[str, Any] = {"profile": dict(told), "demand": {}, "features": {}}
    for question in list_asked(answers):
        if question.path:
            value = read_answer(answers, question.name)
            if value is not None:
                _put(tree, question.path, value)
    for group in LISTS:
        rows = _read_rows(group, answers)
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


def _read_rows(group: str, answers: Answers) -> list[dict[str, Any]]:
    """Return the rows of a list that say anything."""
    chosen = set(read_answer(answers, "project_crops") or ())
    found = []
    for place, cells in enumerate(answers.get(group, ())):
        row = _read_row(group, cells)
        if row and group == "crops":
            row["in_project"] = int(place in chosen)
        if row:
            found.append(row)
    return found


def _read_row(group: str, cells: Answers) -> dict[str, Any]:
    plan, told = _PLANS[group], cells.get("told", {})
    typed: dict[str, Any] = {}
    for column in LISTS[group]:
        try:
            value = read_value(column, cells.get(column.name))
        except Wrong:
            continue
        if value is not None:
            typed[plan[column.name]] = value
    first = plan[LISTS[group][0].name]
    # What was told of another crop, animal or lender is not true of this one.
    kept = told if told.get(first) == typed.get(first) else {}
    rest = {name: value for name, value in kept.items() if name not in plan.values()}
    return {**rest, **typed} if typed else {}


def _derive_profile(profile: dict[str, Any], answers: Answers, as_of: int) -> None:
    living, persons = read_answer(answers, "living"), read_answer(answers, "persons")
    if living is not None and persons:
        profile["living_minor_person_year"] = living // persons
    identity = read_answer(answers, "id_number")
    if identity:
        born, sex = read_identity(identity)
        years = (as_of - (born.year * _YEAR + born.month - 1)) // _YEAR
        profile["sex"] = sex
        if 0 <= years <= _AGE_MAX:
            profile["age_years"] = years


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
    if units and each and units * each // 100 <= _SUM_MAX:
        insure["sum_insured_minor"] = units * each // 100
    grown = [
        row.get("area_centimu", 0)
        for row in tree["profile"].get("crops", ())
        if row.get("crop") == insure.get("object")
    ]
    if grown and sum(grown) <= _AREA_MAX:
        insure["units_own_grown_centi"] = sum(grown)
    for end in ("from", "to"):
        if f"exposure_{end}_month" in insure:
            insure[f"cover_{end}_month"] = insure[f"exposure_{end}_month"]


# ---- what was told before


def write_value(question: Question, value: Given) -> Given:
    """Return a leaf's value as somebody would have typed it."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if question.kind in {"yes", "tick"}:
        return "yes" if value else "no"
    if question.choices and value not in question.choices:
        return "other" if "other" in question.choices else ""
    if isinstance(value, str) or question.kind == "month":
        return str(value)
    one = _HUNDREDTHS.get(question.kind, 1)
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
        found["living"] = write_value(find_question("living"), each * persons)
    asked = {question.path for question in QUESTIONS} | {f"profile.{group}" for group in _PLANS}
    found["told"] = {
        path.removeprefix("profile."): value for path, value in told.items() if path not in asked
    }
    return found


def _write_row(group: str, plan: Mapping[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {
        column.name: write_value(column, row[plan[column.name]])
        for column in LISTS[group]
        if plan[column.name] in row
    }
    return {**cells, "told": dict(row)}


def clean_answers(given: Given) -> dict[str, Any]:
    """Return what a draft holds as answers, without what is none: another program may have kept it.

    Args:
        given: what stands at `answers` in a draft's tree.
    """
    tree = given if isinstance(given, Mapping) else {}
    found: dict[str, Any] = {
        question.name: tree[question.name]
        for question in QUESTIONS
        if isinstance(tree.get(question.name), list if question.kind in _MANY else str)
    }
    for group in LISTS:
        rows = tree.get(group)
        if isinstance(rows, list):
            found[group] = [_clean_row(group, row) for row in rows if isinstance(row, Mapping)]
    for name in ("none", "sure"):
        if isinstance(tree.get(name), list):
            found[name] = [each for each in tree[name] if isinstance(each, str)]
    if isinstance(tree.get("told"), Mapping):
        found["told"] = dict(tree["told"])
    return found


def _clean_row(group: str, row: Mapping[str, Any]) -> dict[str, Any]:
    cells = {
        column.name: row[column.name]
        for column in LISTS[group]
        if isinstance(row.get(column.name), list if column.kind in _MANY else str)
    }
    told = row.get("told")
    return {**cells, "told": dict(told)} if isinstance(told, Mapping) else cells

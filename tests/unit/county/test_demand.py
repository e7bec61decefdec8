"""Requests: trees that an intake form could hold, seasons that make sense, faults as planted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tallystick.county.asking import MICROCREDIT_CATEGORIES, next_month
from tallystick.county.county import County
from tallystick.county.crop import CROPS
from tallystick.county.demand import PROGRAMMES, Request
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row

_IDENT = re.compile(r"[A-Za-z0-9._-]{1,40}")


def _faults(table: Mapping[str, Field | Row], tree: object, place: str) -> Iterator[str]:
    """Yield what the tables of `records.applicant` do not allow."""
    if not isinstance(tree, dict):
        yield f"{place} is no map"
        return
    for name, value in tree.items():
        found = table.get(name)
        if found is None:
            yield f"{place}.{name} is unknown"
        elif isinstance(found, Field):
            if not _allows(found, value):
                yield f"{place}.{name} = {value!r}"
        elif found.most:
            if not isinstance(value, list) or len(value) > found.most:
                yield f"{place}.{name} is no list of at most {found.most}"
            else:
                for row in value:
                    yield from _faults(dict(found.fields), row, f"{place}.{name}")
        else:
            yield from _faults(dict(found.fields), value, f"{place}.{name}")


def _allows(field: Field, value: object) -> bool:
    match field.kind:
        case "text":
            return isinstance(value, str) and len(value.encode()) <= field.high
        case "ident":
            return isinstance(value, str) and bool(_IDENT.fullmatch(value))
        case "idents":
            return isinstance(value, list) and all(_IDENT.fullmatch(item) for item in value)
        case "months":
            return isinstance(value, list) and bool(value) and all(v in range(1, 13) for v in value)
        case _:
            return type(value) is int and field.low <= value <= field.high


def _crop_loans(county: County) -> list[tuple[Request, str]]:
    found = []
    for request in county.requests:
        rows = request.application["profile"]["crops"]
        named = [row["crop"] for row in rows if row["in_project"]]
        if named and request.demand["kind"] == "borrow":
            found.append((request, named[0]))
    return found


def _due(demand: Mapping[str, Any]) -> int:
    terms = demand["terms_asked"]
    return int(terms["start_month"] + terms["term_months"])


def test_the_checker_of_trees_sees_a_fault() -> None:
    assert list(_faults(PROFILE, {"age_years": 121}, "profile"))
    assert list(_faults(PROFILE, {"debts": [{"lender": "a b"}]}, "profile"))
    assert list(_faults(DEMAND, {"nothing": 1}, "demand"))
    assert list(_faults(DEMAND, {"payable_months": [0]}, "demand"))
    assert not list(_faults(DEMAND, {"payable_months": [12], "kind": "save"}, "demand"))


def test_every_application_is_one_that_a_form_could_hold(large_county: County) -> None:
    for request in large_county.requests:
        application = request.application
        assert set(application) == {"profile", "demand", "features"}
        assert not list(_faults(PROFILE, application["profile"], "profile"))
        assert not list(_faults(DEMAND, application["demand"], "demand"))


def test_every_profile_is_one_that_a_form_could_hold(large_county: County) -> None:
    for party in large_county.parties:
        assert not list(_faults(PROFILE, party.profile, "profile"))


def test_requests_come_by_date_within_the_months(county: County) -> None:
    dates = [(request.month, request.day) for request in county.requests]
    assert dates == sorted(dates)
    first, end = county.start_month, county.start_month + county.months
    assert all(first <= month < end and 1 <= day <= 28 for month, day in dates)
    assert len({month for month, _ in dates}) == 12


def test_crop_money_is_asked_before_the_outlay_and_due_after_the_last_sale(
    large_county: County,
) -> None:
    loans = [(r, crop) for r, crop in _crop_loans(large_county) if not r.planted.ill_timed]
    assert len(loans) > 50
    for request, crop in loans:
        demand, known = request.demand, CROPS[crop]
        assert request.month <= demand["first_outlay_month"] <= request.month + 1
        assert demand["first_outlay_month"] % 12 + 1 == known.outlay_months[0]
        assert demand["first_sale_month"] % 12 + 1 == known.sale_months[0]
        assert demand["last_sale_month"] % 12 + 1 == known.sale_months[-1]
        assert demand["first_outlay_month"] < demand["first_sale_month"]
        assert demand["first_sale_month"] <= demand["last_sale_month"] < _due(demand)


def test_ill_timed_money_is_due_before_the_first_sale(large_county: County) -> None:
    late = [request for request in large_county.requests if request.planted.ill_timed]
    assert len(late) >= 10
    for request in late:
        assert request.demand["terms_asked"]["repayment"] == "bullet"
        assert _due(request.demand) < request.demand["first_sale_month"]
        assert request.demand["terms_asked"]["term_months"] >= 1


def test_what_is_planted_is_in_the_tree_and_nowhere_else(large_county: County) -> None:
    for request in large_county.requests:
        demand = request.demand
        assert request.planted.borrowed_name == (demand["user_of_money"] != "self")
        assert request.planted.asked_twice == bool(demand.get("applied_elsewhere"))
        if request.planted.aid_suits:
            assert not request.application["profile"]["able_to_work"]


def test_each_planted_fault_is_there_and_rare(large_county: County) -> None:
    count = len(large_county.requests)
    for name, most in (
        ("ill_timed", 0.08),
        ("too_large", 0.12),
        ("aid_suits", 0.12),
        ("borrowed_name", 0.04),
        ("asked_twice", 0.05),
    ):
        share = sum(getattr(r.planted, name) for r in large_county.requests) / count
        assert 0 < share < most, name


def test_all_five_kinds_are_asked_for(large_county: County) -> None:
    kinds = Counter(request.demand["kind"] for request in large_county.requests)
    assert set(kinds) == {"borrow", "save", "invest", "insure", "lease"}
    assert kinds["borrow"] > sum(kinds.values()) // 2


def test_public_money_is_asked_for_by_those_it_is_for(large_county: County) -> None:
    for request in large_county.requests:
        scheme, profile = request.demand["scheme_asked"], request.application["profile"]
        assert (request.programme == scheme) == (scheme in PROGRAMMES)
        if scheme == "poverty_microcredit":
            assert profile["category"] in MICROCREDIT_CATEGORIES
            assert profile["age_years"] <= 65


def test_amounts_heap_at_the_subsidised_line(large_county: County) -> None:
    near = [
        request.demand["amount_minor"]
        for request in large_county.requests
        if request.demand["kind"] == "borrow" and not request.planted.too_large
    ]
    heaped = sum(amount == 5_000_000 for amount in near)
    beside = sum(amount in (4_500_000, 5_500_000) for amount in near)
    assert heaped > 2 * beside


def test_shocks_are_told_only_where_weather_struck(large_county: County) -> None:
    shocks = [r for r in large_county.requests if "shock" in r.demand]
    assert shocks
    for request in shocks:
        village = large_county.parties[request.party].village
        hit = large_county.weather[village, request.month // 12]
        assert request.demand["shock"]["loss_ppm"] == hit.loss_ppm
        assert request.month == hit.month + 1


@pytest.mark.parametrize(("month", "calendar", "found"), [(24, 1, 24), (24, 12, 35), (35, 1, 36)])
def test_the_next_month_of_a_name_is_this_one_or_a_later(
    month: int, calendar: int, found: int
) -> None:
    assert next_month(month, calendar) == found

"""What payees tell of a county's own households: their bills, by numbers, and nothing of truth."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.charter import STATEMENTS
from tallystick.county.agenda import day_of
from tallystick.county.county import START_MONTH, County, draw_county
from tallystick.county.dues_book import KEPT_BY, DuesBooks, plan_periods
from tallystick.county.history.bill import BILLS
from tallystick.county.member import MEMBERS
from tallystick.county.party_dues import keep_books, name_accounts
from tallystick.records.dues import KINDS
from tallystick.services.credit.payee import DueRow, Period, PeriodRows

MONTHS = 7


@pytest.fixture(scope="module")
def county() -> County:
    return draw_county(SeededEntropy("bills of a county"), households=90, months=MONTHS)


def test_every_kind_of_bill_has_a_payee_that_may_write_it() -> None:
    assert set(KINDS) == set(BILLS) == set(KEPT_BY)
    roles = {member.name: member.role for member in MEMBERS}
    assert {roles[payee] for payee in KEPT_BY.values()} <= STATEMENTS["dues.reported"].roles


def test_years_of_before_are_told_whole_and_the_countys_own_by_the_quarter() -> None:
    assert plan_periods(10, 34, 41) == [
        *(Period(10, 12), Period(22, 12)),
        *(Period(34, 3), Period(37, 3), Period(40, 1)),
    ]


def test_a_due_is_told_open_and_once_more_when_it_came() -> None:
    periods = [Period(START_MONTH + at, 1) for at in range(3)]
    days = [period.days.start for period in periods]
    ledgers = [
        {"water": [(days[0], days[2])], "power": [(days[1], 0)]},
        {"power": [(days[0] - 1, days[0]), (days[0], days[0] + 1), (days[1], days[2] + 400)]},
    ]
    books = DuesBooks(ledgers, periods)
    assert books.name_accounts(0) == {"power": 2, "water": 1}
    assert books.name_accounts(1) == {"power": 1}
    told = [rows for _, rows in books.tell_until(START_MONTH + 2)]
    assert [period for period, _ in books.tell_until(START_MONTH + 2)] == []
    told += [rows for _, rows in books.tell_until(START_MONTH + 9)]
    assert [each["water"] for each in told] == [
        PeriodRows(1, (DueRow(1, days[0]),)),
        PeriodRows(),
        PeriodRows(0, (DueRow(1, days[0], days[2]),)),
    ]
    assert [each["power"] for each in told] == [
        PeriodRows(1, (DueRow(1, days[0], days[0] + 1),)),
        PeriodRows(1, (DueRow(2, days[1]), DueRow(1, days[1]))),
        PeriodRows(),
    ]


def test_numbers_of_two_kinds_do_not_tell_that_one_household_has_them(county: County) -> None:
    books = keep_books(county, MONTHS)
    named = [books.name_accounts(place) for place in range(90)]
    assert sorted(found["power"] for found in named) == list(range(1, 91))
    _, opened = next(books.tell_until(10**5))
    both = [
        (found["power"], found["phone"])
        for found in named
        if "phone" in found
        and found["power"] <= opened["power"].opened
        and found["phone"] <= opened["phone"].opened
    ]
    # As many pairs in the same order as against it, but for chance.
    same = sum((a[0] < b[0]) == (a[1] < b[1]) for a, b in combinations(both, 2))
    assert len(both) > 25
    assert 0.25 < same / (len(both) * (len(both) - 1) / 2) < 0.75


def test_households_owe_before_and_in_the_countys_months_and_firms_do_not(county: County) -> None:
    books = keep_books(county, MONTHS)
    for place, party in enumerate(county.parties):
        numbers = books.name_accounts(place)
        assert ("power" in numbers) == (party.kind == "household")
    end = START_MONTH + MONTHS
    days = []
    for period, rows in books.tell_until(end):
        for row in rows["power"].rows:
            assert period.days.start <= row.due or row.paid
            days.append(row.due)
    assert day_of(START_MONTH - 60, 1) <= min(days)
    assert day_of(end - 1, 1) < max(days) < day_of(end, 1)


def test_what_is_told_does_not_depend_on_what_is_asked(county: County) -> None:
    told = [*keep_books(county, MONTHS).tell_until(10**5)]
    assert told == [*keep_books(replace(county, requests=()), MONTHS).tell_until(10**5)]


def test_households_name_most_of_their_own_accounts_and_nothing_else_changes(
    county: County,
) -> None:
    books = keep_books(county, MONTHS)
    named = name_accounts(county, books)
    stated = owned = 0
    for before, after in zip(county.requests, named.requests, strict=True):
        profile = dict(after.application["profile"])
        accounts = profile.pop("accounts", [])
        assert profile == before.application["profile"]
        assert after.application["demand"] == before.application["demand"]
        own = books.name_accounts(before.party)
        for each in accounts:
            assert each["account"] == own[each["kind"]]
            assert each["payee"] == KEPT_BY[each["kind"]]
        stated += len(accounts)
        owned += len(own)
    assert 0.75 * owned < stated < 0.95 * owned

"""Small dues on a real chain: payees' books, the accounts a household names, and its standing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Final

import pytest

from service.conftest import CATALOGUE
from service.test_standing import DEMAND, PROFILE
from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.base.errors import Denied, Invalid
from tallystick.county.acted import publish_catalogue
from tallystick.county.dues_book import KEPT_BY, PAYEES, DuesBooks, Ledger
from tallystick.county.founding import found_county
from tallystick.county.history import draw_history
from tallystick.county.history.recorded import (
    find_shift,
    keep_ledger,
    periods_of,
    weigh_recorded,
)
from tallystick.county.history.trace import Trace, draw_traces, weigh_trace
from tallystick.county.house import House, open_house
from tallystick.county.past_course import report_dues
from tallystick.kernel.access.sealing import Draft
from tallystick.records.dues import DuesReported
from tallystick.services.credit.acts import Standing, find_standing
from tallystick.services.credit.collecting import PayeeBooks
from tallystick.services.credit.integrity import START, Due, weigh_integrity
from tallystick.services.credit.payee import Account, Period, PeriodRows

SEED: Final = "small dues on a chain"
START_MONTH: Final = 2026 * 12 + 8
NOW_MS: Final = 1_790_000_000_000  # 21 September 2026
TODAY: Final = NOW_MS // DAY_MS
LENDER: Final = "credit-union"
PERIOD_END: Final = Period(START_MONTH - 1, 1).days.stop - 1


@dataclass
class Told:
    """A county whose payees told of a history's thin-file candidates.

    Attributes:
        ledgers: what each of them owed.
        books: told of by payees, with the numbers of accounts.
    """

    house: House
    clock: ManualClock
    traces: tuple[Trace, ...]
    shift: int
    ledgers: list[Ledger]
    books: DuesBooks
    used: set[int] = field(default_factory=set)

    def accounts_of(self, holder: int) -> list[Account]:
        named = self.books.name_accounts(holder)
        return [Account(KEPT_BY[kind], kind, number) for kind, number in named.items()]

    def fresh(self, least: int = 5) -> int:
        """Return a holder that no test has named yet, with some accounts."""
        place = next(
            at
            for at, ledger in enumerate(self.ledgers)
            if at not in self.used and len(ledger) >= least
        )
        self.used.add(place)
        return place

    def apply(self, accounts: list[Account], member: str = LENDER) -> tuple[bytes, str]:
        """Register a household at a member and take its request in; return party and case."""
        office = self.house.office(member)
        party = office.add_party("household", {"name": "吴"})
        mandate = office.add_mandate(party, witness="regulator", days=700, text="代办")
        stated = [
            {"payee": each.payee, "kind": each.kind, "account": each.number} for each in accounts
        ]
        application = {"profile": {**PROFILE, "accounts": stated}, "demand": DEMAND}
        (answer,) = office.open_cases(
            [
                {
                    "application": {**application, "features": {}},
                    "defaults": [],
                    "party": party,
                    "mandate": mandate,
                }
            ]
        )
        return bytes.fromhex(party), answer["case"]

    def standing(self, party: bytes, member: str = LENDER) -> Standing:
        node = self.house.node(member)
        node.catch_up()
        return find_standing(node.desk, party)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder, clock = tmp_path_factory.mktemp("dues") / "county", ManualClock(NOW_MS)
    history = draw_history(SeededEntropy(SEED), loans=220, months=24)
    thin = [loan.prior_tenths is None for loan in history.loans]
    history = replace(history, loans=tuple(compress(history.loans, thin)))
    traces = tuple(draw_traces(history))
    shift = find_shift(history, START_MONTH)
    ledgers = [keep_ledger(trace, shift) for trace in traces]
    books = DuesBooks(ledgers, periods_of(history, START_MONTH))
    found_county(folder, seed=SEED, clock=clock)
    with open_house(folder, clock) as house:
        publish_catalogue(house, CATALOGUE.read_text(encoding="utf-8"))
        report_dues(house, books, START_MONTH)
        house.spread()
        for node in house.nodes():
            node.fold()
        yield Told(house, clock, traces, shift, ledgers, books)


@pytest.mark.long
def test_records_alone_give_every_candidate_the_points_of_its_planted_trace(told: Told) -> None:
    holders = {
        account.owed_on: holder
        for holder in range(len(told.traces))
        for account in told.accounts_of(holder)
    }
    accounts = [each for at in range(len(told.traces)) for each in told.accounts_of(at)]
    read = PayeeBooks(told.house.node(LENDER).desk).read_dues(accounts)
    assert not read.unread
    dues: defaultdict[int, list[Due]] = defaultdict(list)
    for due in read.dues:
        dues[holders[due.loan]].append(due)
    points = [weigh_trace(trace) for trace in told.traces]
    assert [
        weigh_recorded(dues[at], trace, told.shift) for at, trace in enumerate(told.traces)
    ] == points
    assert len(points) > 100
    assert len(set(points)) > 40


def test_a_household_that_names_its_accounts_is_known_by_them(told: Told) -> None:
    holder = told.fresh()
    accounts = told.accounts_of(holder)
    party, _ = told.apply(accounts)
    found = told.standing(party)
    owed = [
        Due(b"", account.owed_on, due, paid, is_small=1)
        for account in accounts
        for due, paid in told.ledgers[holder][account.kind]
    ]
    known = [replace(due, seen=PERIOD_END) for due in owed]
    assert found.integrity.points == weigh_integrity(known, [], TODAY).points != START
    assert (found.loans, found.closed, found.unread) == (0, 0, 0)
    assert set(found.accounts.values()) == set(accounts)


def test_each_item_names_the_record_that_shows_it_and_each_reading_leaves_a_receipt(
    told: Told,
) -> None:
    holder = told.fresh()
    accounts = told.accounts_of(holder)
    party, case = told.apply(accounts)
    found = told.standing(party)
    desk = told.house.node(LENDER).desk
    assert len(found.integrity.items) > 30
    for item in found.integrity.items:
        account = found.accounts[item.loan]
        shown = desk.records.find(item.record)
        assert (shown.record["t"], shown.member) == ("dues.reported", account.payee)
        assert shown.record["pub"]["kind"] == account.kind
        rows = desk.open(desk.permit("credit", item.record), item.record, "case").values
        places = [
            at
            for at, number in enumerate(rows["accounts"])
            if (number, rows["due_days"][at]) == (account.number, item.day)
        ]
        assert len(places) == 1
        assert desk.receipts.of(item.record)
        lent = told.house.node(account.payee).desk.receipts.of(item.record)
        assert {each["officer"] for each in lent} >= {LENDER}
    assert desk.receipts.of(bytes.fromhex(case))


def test_an_account_that_two_parties_claim_counts_for_neither_until_one_is_gone(
    told: Told,
) -> None:
    first, second = told.fresh(), told.fresh()
    shared, *own = told.accounts_of(first)
    one, _ = told.apply([shared, *own])
    before = told.standing(one)
    other, _ = told.apply([*told.accounts_of(second), shared])
    for party in (one, other):
        found = told.standing(party)
        on_it = [item for item in found.integrity.items if item.loan == shared.owed_on]
        assert {(item.reason, item.points) for item in on_it} == {("claimed_twice", 0)}
        rest = [item for item in found.integrity.items if item.loan != shared.owed_on]
        assert "claimed_twice" not in {item.reason for item in rest}
    told.house.node(LENDER).consent.erase(other)
    assert told.standing(one) == before


def test_what_another_custodians_party_names_is_not_known(told: Told) -> None:
    """The limit that the program states: custodians do not tell one another who named what."""
    holder = told.fresh()
    accounts = told.accounts_of(holder)
    one, _ = told.apply(accounts)
    other, _ = told.apply(accounts, "agricultural-bank")
    for party, member in ((one, LENDER), (other, "agricultural-bank")):
        reasons = {item.reason for item in told.standing(party, member).integrity.items}
        assert "claimed_twice" not in reasons


def test_an_open_appeal_disputes_the_accounts_that_its_case_names(told: Told) -> None:
    party, case = told.apply(told.accounts_of(told.fresh()))
    before = told.standing(party)
    office = told.house.office(LENDER)
    appeal = office.open_appeal(case, code="not_my_account", words="不是我家的户号")["appeal"]
    disputed = told.standing(party).integrity
    assert {item.reason for item in disputed.items} == {"disputed"}
    assert disputed.points == START
    told.house.office("regulator").settle_appeal(appeal, outcome="confirmed", words="查实")
    assert told.standing(party) == before


def test_a_member_that_payees_do_not_name_reads_only_its_own_book(told: Told) -> None:
    holder = next(
        at
        for at, ledger in enumerate(told.ledgers)
        if at not in told.used and {"power", "water"} <= ledger.keys()
    )
    told.used.add(holder)
    accounts = told.accounts_of(holder)
    party, _ = told.apply(accounts, "village")
    found = told.standing(party, "village")
    kept = {each for each in accounts if each.payee == "village"}
    assert set(found.accounts.values()) == kept
    assert found.unread == len(accounts) - len(kept) > 0
    desk = told.house.node("newspaper").desk
    row = desk.views.rows("dues", {"kind": "power"}, limit=1)[0]
    with pytest.raises(Denied) as caught:
        desk.open(desk.permit("credit", row["record"]), row["record"], "case")
    assert caught.value.code == "access.no_key"


def test_an_account_that_no_book_has_is_told_as_unread(told: Told) -> None:
    strange = [
        Account("postal-bank", "power", 10**9),
        Account("postal-bank", "share", 1),
        Account("nobody", "power", 1),
    ]
    party, _ = told.apply(strange)
    found = told.standing(party)
    assert (found.integrity.points, found.integrity.items) == (START, ())
    assert (found.accounts, found.unread) == ({}, 3)


def test_a_household_without_accounts_stands_where_it_stood(told: Told) -> None:
    party, _ = told.apply([])
    assert told.standing(party).integrity.points == START


def test_an_officer_is_told_of_which_account_each_due_is(told: Told) -> None:
    party, _ = told.apply(told.accounts_of(told.fresh()))
    tree = told.house.office(LENDER).show_standing(party.hex())
    standing = told.standing(party)
    assert tree["points"] == standing.integrity.points
    assert (tree["accounts"], tree["unread"]) == (len(standing.accounts), 0)
    shown = {Account(each["payee"], each["kind"], each["account"]) for each in tree["items"]}
    assert shown == set(standing.accounts.values())


def test_nothing_public_of_a_report_names_anybody(told: Told) -> None:
    node = told.house.node("newspaper")
    rows = node.views.rows("dues")
    assert {row["payee"] for row in rows} == set(PAYEES)
    for row in rows:
        record = node.find(row["record"]).record
        assert not {"case", "refs", "officer"} & record.keys()
        assert record["pub"].keys() <= {
            *("kind", "begin", "months", "part", "first", "opened"),
            *("payers", "dues", "cleared", "readers"),
        }


def test_a_period_is_told_once_and_in_order(told: Told) -> None:
    books = PayeeBooks(told.house.node("insurer").desk)
    for month in (START_MONTH - 1, START_MONTH + 1):
        with pytest.raises(Invalid) as caught:
            books.report_period(Period(month, 1), {"premium": PeriodRows()})
        assert caught.value.code == "record.refused"


def test_a_book_that_contradicts_itself_is_left_out_and_the_others_count(told: Told) -> None:
    desk = told.house.node("guarantor").desk
    day = Period(START_MONTH - 1, 1).days.start
    identifier = desk.new_id()
    statement = DuesReported(
        kind="rent",
        begin=START_MONTH - 1,
        months=1,
        part=1,
        first=1,
        opened=1,
        payers=0,
        dues=0,
        cleared=0,
        readers=[LENDER],
        accounts=[1],
        due_days=[day],
        paid_days=[0],
    )
    desk.record([Draft(identifier=identifier, statement=statement, party=identifier)])
    told.house.spread()
    accounts = told.accounts_of(told.fresh())
    alone, _ = told.apply(accounts)
    both, _ = told.apply([Account("guarantor", "rent", 1)])
    assert (told.standing(both).unread, told.standing(both).accounts) == (1, {})
    assert told.standing(alone).unread == 0
    assert told.standing(alone).integrity.items

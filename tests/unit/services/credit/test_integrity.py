"""The integrity record: from records alone, each point explained, disasters never counted."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.services.credit.integrity import (
    ADVERSE_DAYS,
    DEFAULT_DAYS,
    MOST,
    SMALL_MONTH_MOST,
    START,
    Disaster,
    Due,
    weigh_integrity,
)

TODAY = 22_000
YEAR = 365


def due(number: int, day: int, late: int | None = 0, **more: int) -> Due:
    """Return a payment that came `late` days late, or has not come."""
    paid = 0 if late is None else day + late
    return Due(number.to_bytes(16, "big"), b"L" * 16, day, paid, **more)


def test_no_record_is_not_a_bad_record() -> None:
    found = weigh_integrity([], [], TODAY)
    assert (found.points, found.items) == (START, ())


@pytest.mark.parametrize(
    ("late", "reason", "points"),
    [
        (0, "on_time", 8),
        (7, "on_time", 8),
        (8, "slightly_late", -10),
        (30, "slightly_late", -10),
        (31, "late", -40),
        (DEFAULT_DAYS - 1, "late", -40),
        (DEFAULT_DAYS, "default", -200),
        (400, "default", -200),
    ],
)
def test_a_payment_counts_by_how_late_it_came(late: int, reason: str, points: int) -> None:
    found = weigh_integrity([due(1, TODAY - 500, late)], [], TODAY)
    assert [(item.reason, item.points) for item in found.items] == [(reason, points)]
    assert found.points == START + points


def test_what_is_not_due_or_hardly_late_counts_nothing_yet() -> None:
    dues = [due(1, TODAY + 1, None), due(2, TODAY, None), due(3, TODAY - 7, None)]
    assert weigh_integrity(dues, [], TODAY).items == ()
    assert weigh_integrity([due(4, TODAY - 8, None)], [], TODAY).points < START


def test_a_loan_repaid_whole_on_time_counts_more() -> None:
    found = weigh_integrity([due(1, TODAY - 9, is_last=1)], [], TODAY)
    assert [(item.reason, item.points) for item in found.items] == [("on_time", 8), ("settled", 30)]


def test_a_fault_leaves_five_years_after_it_ended_and_a_debt_still_open_stays() -> None:
    paid = due(1, TODAY - 200 - ADVERSE_DAYS, 200)
    ended = paid.paid + ADVERSE_DAYS
    assert weigh_integrity([paid], [], ended - 1).points == START - 200
    found = weigh_integrity([paid], [], ended)
    assert (found.points, found.items[0].reason, found.items[0].leaves) == (START, "left", ended)
    still = weigh_integrity([due(2, TODAY - 3 * ADVERSE_DAYS, None)], [], TODAY)
    assert (still.points, still.items[0].leaves) == (START - 200, 0)


def test_a_disaster_explains_what_fell_due_in_its_time_and_was_paid_within_a_year_after() -> None:
    hail = Disaster(b"D" * 16, TODAY - 900, TODAY - 870)
    during, after = due(1, hail.begin + 5, 200), due(2, hail.end + YEAR, 0)
    assert weigh_integrity([during], [hail], TODAY).points == START
    assert weigh_integrity([replace(after, paid=after.due)], [hail], TODAY).points == START + 8
    before, long = due(3, hail.begin - 1, 200), due(4, hail.begin + 5, 30 + YEAR)
    assert weigh_integrity([before], [hail], TODAY).points == START - 200
    assert weigh_integrity([long], [hail], TODAY).points == START - 200
    assert weigh_integrity([], [hail], TODAY).items == ()


def test_what_an_appeal_disputes_counts_nothing_until_it_is_settled() -> None:
    late = due(1, TODAY - 100, 95)
    assert weigh_integrity([late], [], TODAY).points == START - 200
    found = weigh_integrity([replace(late, is_disputed=1)], [], TODAY)
    assert (found.points, found.items[0].reason) == (START, "disputed")


def test_an_account_that_two_parties_claim_counts_for_neither() -> None:
    for late in (due(1, TODAY - 300, 60, is_small=1), due(1, TODAY - 300, is_small=1)):
        assert weigh_integrity([late], [], TODAY).points != START
        found = weigh_integrity([replace(late, is_claimed_twice=1)], [], TODAY)
        assert (found.points, found.items[0].reason) == (START, "claimed_twice")
        assert found.items[0].loan == late.loan


def test_an_open_due_is_as_late_as_the_last_report_shows() -> None:
    owed = due(1, TODAY - 120, None, is_small=1)
    assert reason_of(owed) == ("default", 120)
    assert reason_of(replace(owed, seen=TODAY + 9)) == ("default", 120)
    assert reason_of(replace(owed, seen=TODAY - 80)) == ("late", 40)
    # Nothing is known against it yet, and nothing for it.
    assert weigh_integrity([replace(owed, seen=TODAY - 115)], [], TODAY).items == ()
    # What came is known whenever it was told.
    assert reason_of(replace(owed, paid=TODAY - 100, seen=TODAY - 100)) == ("slightly_late", 20)
    excused = weigh_integrity(
        [replace(owed, due=TODAY - 500, seen=TODAY - 300)],
        [Disaster(b"D" * 16, TODAY - 501, TODAY - 499)],
        TODAY,
    )
    assert excused.items[0].reason == "disaster"


def reason_of(owed: Due) -> tuple[str, int]:
    (item,) = weigh_integrity([owed], [], TODAY).items
    return item.reason, item.late_days


def test_many_small_loans_reach_no_more_than_the_room_there_is() -> None:
    good = [due(n, TODAY - 2_000 + n, is_last=1) for n in range(200)]
    found = weigh_integrity(good, [], TODAY)
    assert found.points == START + 240 + 150
    assert found.items[-1].reason == "full"
    bad = [due(n, TODAY - 2_000 + n, None) for n in range(9)]
    assert weigh_integrity(bad, [], TODAY).points == 0


@pytest.mark.parametrize(
    ("late", "reason", "points"),
    [
        (0, "on_time", 1),
        (7, "on_time", 1),
        (8, "slightly_late", -8),
        (30, "slightly_late", -8),
        (31, "late", -20),
        (DEFAULT_DAYS, "default", -50),
    ],
)
def test_a_small_due_counts_less_than_an_instalment(late: int, reason: str, points: int) -> None:
    one = due(1, TODAY - 500, late, is_small=1, is_last=1)
    found = weigh_integrity([one], [], TODAY)
    assert [(item.reason, item.points) for item in found.items] == [(reason, points)]
    assert abs(points) < abs(weigh_integrity([replace(one, is_small=0)], [], TODAY).points - START)


@pytest.mark.parametrize("parts", [4, 5, 30])
def test_a_bill_split_into_many_raises_nobody_and_sinks_nobody(parts: int) -> None:
    month = range(TODAY - TODAY % 30 - 300, TODAY - TODAY % 30 - 270)
    paid = [due(n, month[n % 30], is_small=1) for n in range(parts)]
    assert weigh_integrity(paid, [], TODAY).points == START + SMALL_MONTH_MOST
    owed = [replace(each, paid=0) for each in paid]
    found = weigh_integrity(owed, [], TODAY)
    assert found.points == START - 50 * SMALL_MONTH_MOST
    reasons = [item.reason for item in found.items]
    assert reasons == ["default"] * SMALL_MONTH_MOST + ["full"] * (parts - SMALL_MONTH_MOST)


def test_years_of_small_dues_and_loans_together_reach_the_most_and_no_more() -> None:
    small = [due(n, TODAY - 4_000 + 30 * n, is_small=1) for n in range(111)]
    found = weigh_integrity(small, [], TODAY)
    assert (found.points, found.items[-1].reason) == (START + 110, "full")
    loans = [due(1_000 + n, TODAY - 4_000 + n, is_last=1) for n in range(200)]
    assert weigh_integrity([*small, *loans], [], TODAY).points == MOST


# Days of one month are frequent, so that its room fills.
DAYS = st.integers(TODAY - 4_000, TODAY) | st.integers(TODAY - 300, TODAY - 290)
DUES = st.lists(
    st.builds(
        due,
        st.integers(1, 10**6),
        DAYS | st.integers(TODAY, TODAY + 100),
        st.none() | st.integers(0, 800),
        is_last=st.integers(0, 1),
        is_small=st.integers(0, 1),
        is_disputed=st.sampled_from([0, 0, 0, 1]),
        is_claimed_twice=st.sampled_from([0, 0, 0, 1]),
        seen=st.sampled_from([0, 0, TODAY - 200, TODAY - 20, TODAY + 20]),
    ),
    max_size=40,
    unique_by=lambda each: each.record,
)
DISASTERS = st.lists(
    st.builds(
        lambda begin, days: Disaster(b"D" * 16, begin, begin + days),
        st.integers(TODAY - 4_000, TODAY),
        st.integers(0, 400),
    ),
    max_size=3,
)


@given(DUES, DISASTERS, st.randoms(use_true_random=False))
def test_the_points_are_those_of_the_items_in_any_order(
    dues: list[Due], disasters: list[Disaster], draws: random.Random
) -> None:
    found = weigh_integrity(dues, disasters, TODAY)
    assert 0 <= found.points <= MOST
    assert found.points == START + sum(item.points for item in found.items)
    draws.shuffle(dues)
    draws.shuffle(disasters)
    assert weigh_integrity(dues, disasters, TODAY) == found


@given(DUES, DISASTERS, DISASTERS)
def test_a_disaster_never_lowers(
    dues: list[Due], disasters: list[Disaster], more: list[Disaster]
) -> None:
    less = weigh_integrity(dues, disasters, TODAY).points
    assert weigh_integrity(dues, [*disasters, *more], TODAY).points >= less


@given(
    DUES,
    DISASTERS,
    DAYS,
    st.integers(0, 800),
    st.integers(0, 1),
    st.sampled_from([b"\x00" * 16, b"\xff" * 16]),
)
def test_a_payment_on_time_never_lowers_and_a_fault_never_raises(
    dues: list[Due], disasters: list[Disaster], day: int, late: int, small: int, record: bytes
) -> None:
    before = weigh_integrity(dues, disasters, TODAY).points
    added = Due(record, b"M" * 16, day, day + late, is_small=small)
    after = weigh_integrity([*dues, added], disasters, TODAY).points
    assert after >= before if late <= 7 else after <= before

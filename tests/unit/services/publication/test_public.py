"""What stands on a public chain, and what does not: shapes, rules, and figures of too few."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulings import DAY_MS, Floor
from tallystick.base.codec import RAW, cid_of, encode
from tallystick.chain.crossing import HeldChain, chain_key
from tallystick.chain.record import Admission
from tallystick.chain.state import Overlay
from tallystick.charter import CHARTER
from tallystick.records.bulletin import DIGITS_MAX
from tallystick.records.programme import LEAST
from tallystick.records.refusal import Refusal
from tallystick.services.publication.rules import is_few
from tallystick.services.publication.tally import COUNTED, Counted, count_figures

OTHER: Final = b"o" * 32
CARRIED: Final = {
    *("member.joined", "change.proposed", "change.voted", "chain.anchored", "chain.listed"),
    *("bulletin.published", "bulletin.withdrawn", "tally.published"),
}
TEXTS: Final = dict.fromkeys(("title_zh", "title_en", "text_zh", "text_en"), "rain")


@pytest.fixture
def floor() -> Floor:
    """A public chain where another is anchored up to height 9."""
    found = Floor(kind="public")
    held = HeldChain("county", "county", b"list", [[9, 20, b"r" * 32]])
    found.state[chain_key(OTHER)] = encode(list(held))
    return found


def _offered(kind: str) -> Admission:
    return Admission({}, "finance", "department", OTHER, 1, 1, None, Overlay({}.get), kind)  # type: ignore[arg-type]


def test_nothing_that_a_public_chain_carries_can_be_sealed_or_be_of_a_case() -> None:
    for t in CARRIED:
        found = CHARTER[t, 1]
        assert not found.classes()
    for t, version in CHARTER:
        if t not in CARRIED:
            assert CHARTER[t, version].admit(_offered("public")) == Refusal.WRONG_CHAIN, t


@pytest.mark.parametrize("kind", ["county", "administrative", "financial", "private"])
def test_what_is_for_everybody_stands_on_no_other_chain(kind: str) -> None:
    for t in ("bulletin.published", "bulletin.withdrawn", "tally.published"):
        assert CHARTER[t, 1].admit(_offered(kind)) == Refusal.WRONG_CHAIN


def test_a_record_of_a_case_or_with_seals_has_no_form_here(floor: Floor) -> None:
    assert floor.say("newspaper", "bulletin.published", TEXTS) == 0
    first = floor.last
    assert floor.say("newspaper", "bulletin.published", TEXTS, case=first) == Refusal.NAMES_A_CASE
    seals = {"case": {"com": bytes(32), "obj": cid_of(b"o", RAW), "size": 2048}}
    assert floor.say("newspaper", "bulletin.published", TEXTS, seals=seals) == Refusal.FORM
    assert floor.say("bank-a", "bulletin.published", TEXTS) == Refusal.ROLE


@pytest.mark.parametrize("digits", ["1234567890", "0871-63612345", "\uff11\uff12\uff13"])
def test_a_number_that_an_office_gives_may_stand(floor: Floor, digits: str) -> None:
    assert floor.say("village", "bulletin.published", {**TEXTS, "text_zh": f"a{digits}b"}) == 0


@pytest.mark.parametrize("field", sorted(TEXTS))
@pytest.mark.parametrize("digits", ["13812345678", "53010219800101123X", "\uff11" * 11, "1" * 19])
def test_a_number_that_a_person_has_may_not(floor: Floor, field: str, digits: str) -> None:
    pub = {**TEXTS, field: f"call {digits}."}
    assert floor.say("village", "bulletin.published", pub) == Refusal.POINTS_AT_ONE


@given(st.lists(st.sampled_from("0123456789\uff10\uff19 a\u4e00-"), max_size=30))
def test_the_longest_row_of_digits_decides(signs: list[str]) -> None:
    text = "".join(signs)
    rows = "".join(each if each in "0123456789\uff10\uff19" else " " for each in text).split()
    longest = max(map(len, rows), default=0)
    code = Floor(kind="public").say(
        "village", "bulletin.published", {**TEXTS, "text_en": f"x{text}x"}
    )
    assert code == (Refusal.POINTS_AT_ONE if longest > DIGITS_MAX else 0)


def test_a_bulletin_gives_way_to_its_writers_next_and_is_withdrawn_once(floor: Floor) -> None:
    floor.say("newspaper", "bulletin.published", TEXTS)
    first = floor.last
    assert floor.say("village", "bulletin.published", TEXTS, amends=first) == Refusal.NOT_TO_AMEND
    assert floor.say("newspaper", "bulletin.published", TEXTS, amends=first) == 0
    second = floor.last
    gone = {"bulletin": second}
    assert floor.say("village", "bulletin.withdrawn", gone) == Refusal.NOT_OWN
    assert floor.say("newspaper", "bulletin.withdrawn", gone) == 0
    assert floor.say("newspaper", "bulletin.withdrawn", gone) == Refusal.ALREADY_WITHDRAWN
    again = floor.say("newspaper", "bulletin.published", TEXTS, amends=second)
    assert again == Refusal.NOT_TO_AMEND


# ---- tallies


def _tally(floor: Floor, **changes: Any) -> dict[str, Any]:
    today = floor.time // DAY_MS
    figures = [{"figure": "case.applied", "count": 7, "cases": 5}]
    days = {"from_day": today - 3, "to_day": today - 1}
    return {"chain": OTHER, "height": 9, **days, "figures": figures, **changes}


def test_a_period_is_tallied_once_and_the_next_begins_after_it(floor: Floor) -> None:
    today = floor.time // DAY_MS
    assert floor.say("finance", "tally.published", _tally(floor)) == 0
    for first in (today - 3, today - 1, today - 30):
        pub = _tally(floor, from_day=first, to_day=today - 1)
        assert floor.say("regulator", "tally.published", pub) == Refusal.ALREADY_STATED
    floor.next_height(days=2)
    pub = _tally(floor, from_day=today, to_day=today)
    assert floor.say("regulator", "tally.published", pub) == 0
    assert floor.say("newspaper", "tally.published", pub) == Refusal.ROLE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chain": b"x" * 32}, Refusal.NO_CHAIN),
        ({"height": 10}, Refusal.NOT_ANCHORED),
        ({"from_day": 20_000, "to_day": 19_999}, Refusal.TIME_OUT_OF_RANGE),
        ({"to_day": 99_999}, Refusal.TIME_OUT_OF_RANGE),
    ],
)
def test_a_tally_is_of_an_anchored_chain_and_of_days_that_are_past(
    floor: Floor, changes: dict[str, Any], code: Refusal
) -> None:
    assert floor.say("finance", "tally.published", _tally(floor, **changes)) == code


def test_today_is_not_past(floor: Floor) -> None:
    today = floor.time // DAY_MS
    pub = _tally(floor, to_day=today)
    assert floor.say("finance", "tally.published", pub) == Refusal.TIME_OUT_OF_RANGE


@pytest.mark.parametrize(
    "figure",
    [
        {"count": 4, "cases": 4},
        {"count": 9, "cases": 4},
        {"count": 4, "cases": 5},
        {"count": 3, "cases": 0},
        {"count": 9, "cases": 9, "funded": 4, "sum": 1},
        {"count": 9, "cases": 9, "funded": 5, "sum": 1},
        {"count": 9, "cases": 9, "funded": 9},
        {"count": 9, "cases": 9, "sum": 9},
        {"count": 9, "cases": 9, "funded": 0, "sum": 9},
        {"count": 19, "cases": 9, "funded": 19, "sum": 9},
    ],
)
def test_a_figure_of_few_or_that_leaves_few_or_contradicts_itself_is_refused(
    floor: Floor, figure: dict[str, int]
) -> None:
    pub = _tally(floor, figures=[{"figure": "loan.granted", **figure}])
    assert floor.say("finance", "tally.published", pub) == Refusal.COUNT_OF_FEW


def test_figures_ascend(floor: Floor) -> None:
    one = {"count": 5, "cases": 5}
    for names in (("b", "a"), ("a", "a")):
        pub = _tally(floor, figures=[{"figure": each, **one} for each in names])
        assert floor.say("finance", "tally.published", pub) == Refusal.NOT_ASCENDING


_RECORDS = st.lists(
    st.builds(
        Counted,
        st.sampled_from(COUNTED[:4]),
        st.integers(0, 12).map(lambda number: number.to_bytes(16, "big")),
        st.none() | st.integers(1, 100),
    ),
    max_size=60,
)


@given(_RECORDS, st.randoms())
def test_what_is_counted_is_admitted_whatever_was_recorded_and_in_any_order(
    records: list[Counted], random: Any
) -> None:
    figures = count_figures(records)
    mixed = list(records)
    random.shuffle(mixed)
    assert count_figures(mixed) == figures
    for each in figures:
        own = [one for one in records if one.t == each["figure"]]
        paid = {one.case for one in own if one.amount_minor is not None}
        assert each["count"] == len(own)
        assert each["cases"] == len({one.case for one in own}) >= LEAST
        assert not is_few(each)
        if "sum" in each:
            assert each["funded"] == len(paid) >= LEAST
            assert each["sum"] == sum(one.amount_minor or 0 for one in own)
    if figures:
        floor = Floor(kind="public")
        held = HeldChain("county", "county", b"list", [[9, 20, b"r" * 32]])
        floor.state[chain_key(OTHER)] = encode(list(held))
        assert floor.say("finance", "tally.published", _tally(floor, figures=figures)) == 0

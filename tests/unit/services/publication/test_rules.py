"""What is said in public is corrected and withdrawn by who said it."""

from __future__ import annotations

from typing import Final

import pytest

from rulings import CATALOGUE, Floor, name
from tallystick.records.refusal import Refusal

NEWS: Final = {"object": CATALOGUE, "language": "zh"}
NOTICE: Final = {
    "scope": "village",
    "from_day": 20_000,
    "days": 10,
    "whitelist": ["name"],
    "object": CATALOGUE,
}


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_a_notice_is_withdrawn_by_who_posted_it_once(floor: Floor) -> None:
    assert floor.say("village", "notice.posted", NOTICE) == 0
    notice = floor.last
    pub = {"notice": notice}
    assert floor.say("finance", "notice.withdrawn", pub) == Refusal.NOT_OWN
    # Nobody keeps a notice up by referring to it.
    assert floor.say("bank-a", "case.applied", {"kind": "save"}, refs=[notice]) == 0
    assert floor.say("village", "notice.withdrawn", pub) == 0
    assert floor.say("village", "notice.withdrawn", pub) == Refusal.ALREADY_WITHDRAWN


def test_what_was_withdrawn_or_corrected_is_not_amended(floor: Floor) -> None:
    assert floor.say("village", "notice.posted", NOTICE) == 0
    notice = floor.last
    assert floor.say("village", "notice.withdrawn", {"notice": notice}) == 0
    assert floor.say("village", "notice.posted", NOTICE, amends=notice) == Refusal.NOT_TO_AMEND
    assert floor.say("newspaper", "news.published", NEWS) == 0
    news = floor.last
    assert floor.say("newspaper", "news.corrected", {"news": news, **NEWS}) == 0
    assert floor.say("newspaper", "news.corrected", {"news": news, **NEWS}) == 0
    assert floor.say("newspaper", "news.published", NEWS, amends=news) == Refusal.NOT_TO_AMEND


def test_news_is_the_medias_and_a_correction_is_of_news(floor: Floor) -> None:
    assert floor.say("village", "news.published", NEWS) == Refusal.ROLE
    assert floor.say("village", "notice.posted", NOTICE) == 0
    pub = {"news": floor.last, **NEWS}
    assert floor.say("newspaper", "news.corrected", pub) == Refusal.NOT_OWN
    assert floor.say("newspaper", "news.corrected", {**pub, "news": name(9_999)}) == Refusal.NOT_OWN


@pytest.mark.parametrize(
    ("member", "t", "pub"),
    [
        ("newspaper", "news.published", NEWS),
        ("village", "notice.posted", NOTICE),
    ],
)
def test_what_all_may_read_is_tied_to_no_case(
    floor: Floor, member: str, t: str, pub: dict[str, object]
) -> None:
    case = floor.apply()
    assert floor.say(member, t, pub, case=case) == Refusal.NAMES_A_CASE


def test_advice_is_to_all_or_on_a_case_that_stands(floor: Floor) -> None:
    case = floor.apply()
    assert floor.say("village", "guidance.given", {"topic": "aid"}) == 0
    stray = floor.last
    assert floor.say("village", "guidance.given", {"topic": "aid"}, case=stray) == Refusal.NO_CASE
    assert floor.say("village", "guidance.given", {"topic": "aid"}, case=case) == 0
    advice = floor.last
    moved = floor.say("village", "guidance.given", {"topic": "aid"}, amends=advice)
    assert moved == Refusal.NOT_TO_AMEND
    pub = {"topic": "aid"}
    assert floor.say("village", "guidance.given", pub, amends=advice, case=case) == 0
    assert floor.say("bank-a", "appeal.opened", {"against": advice}, case=case) == 0


def test_a_project_is_on_the_chain_and_not_scored_by_who_owns_its_case(floor: Floor) -> None:
    case = floor.apply("agriculture")
    pub = {"project": name(9_999), "score": 100}
    assert floor.say("agriculture", "project.evaluated", pub) == Refusal.NO_CASE
    pub["project"] = case
    assert floor.say("agriculture", "project.evaluated", pub) == Refusal.RATED_MEMBER_ASKS
    assert floor.say("regulator", "project.evaluated", pub) == 0

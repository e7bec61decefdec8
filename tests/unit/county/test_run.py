"""The parts of a run that need no desk: order of days, telling, outcomes, refusals to start."""

from __future__ import annotations

import datetime
import statistics

import pytest

from tallystick.base.errors import Invalid
from tallystick.county.agenda import Agenda, Phase, day_of
from tallystick.county.county import County
from tallystick.county.member import MEMBERS
from tallystick.county.outcome import Course, find_season, weigh_feeling
from tallystick.county.run import run_county
from tallystick.county.story import Recorder
from tallystick.county.words import FELT, GUIDANCE, NEWS, REFUSALS, SENTENCES, WEATHER, both, say


def _later(agenda: Agenda, done: list[str]) -> None:
    done.append("first")
    agenda.plan(agenda.day, Phase.PUBLISH, lambda: done.append("same day, later phase"))
    agenda.plan(agenda.day, Phase.INTAKE, lambda: done.append("same day, same phase"))
    agenda.plan(agenda.day + 3, Phase.FUND, lambda: done.append("after the end"))


def test_acts_go_by_day_then_phase_then_plan_and_each_day_is_told_once() -> None:
    agenda, done, days = Agenda(), list[str](), list[int]()
    agenda.plan(12, Phase.FUND, lambda: done.append("last"))
    agenda.plan(10, Phase.FOLLOW, lambda: done.append("third"))
    agenda.plan(10, Phase.INTAKE, lambda: _later(agenda, done))
    agenda.run(13, days.append)
    expected = ["first", "same day, same phase", "third", "same day, later phase", "last"]
    assert done == expected
    assert days == [10, 12]


def test_nothing_is_planned_for_a_day_gone_by() -> None:
    agenda = Agenda()
    agenda.plan(5, Phase.FUND, lambda: agenda.plan(4, Phase.FUND, lambda: None))
    with pytest.raises(AssertionError):
        agenda.run(9, lambda _: None)


def test_days_count_from_1970() -> None:
    expected = (datetime.date(2026, 3, 1) - datetime.date(1970, 1, 1)).days
    assert day_of(2026 * 12 + 2, 1) == expected


def test_a_run_without_every_desk_does_not_begin(county: County) -> None:
    with pytest.raises(Invalid) as caught:
        run_county({}, county, advance=lambda _: None, told=lambda _: None)
    assert caught.value.code == "county.offices"
    assert all(member.name in caught.value.message for member in MEMBERS)


@pytest.mark.parametrize("months", [0, 13])
def test_a_run_longer_than_its_county_does_not_begin(county: County, months: int) -> None:
    with pytest.raises(Invalid) as caught:
        run_county({}, county, months=months, advance=lambda _: None, told=lambda _: None)
    assert caught.value.code == "county.months"


def test_the_best_marked_case_is_told_and_the_earliest_among_equals() -> None:
    recorder = Recorder()
    for case in ("aa", "bb", "cc"):
        recorder.tell(case, 1, "village", ("一", "one"))
        recorder.marks[case] += 3 if case == "aa" else 4
    story = recorder.finish(30)
    assert story.case == "bb"
    assert [step.en for step in story.told] == ["one"]
    assert (story.cases, story.offers, story.matches, story.refusals) == (0, 0, 0, 0)


def test_a_story_without_cases_tells_none() -> None:
    assert Recorder().finish(1).told == ()


def test_every_sentence_is_spoken_in_chinese_and_in_english() -> None:
    spoken = [
        *SENTENCES.values(),
        *REFUSALS.values(),
        *FELT.values(),
        *NEWS,
        *WEATHER.values(),
        *(sentence for _, sentence in GUIDANCE),
    ]
    for zh, en in spoken:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en
        assert en.isascii()
        assert len(both((zh, en)).encode()) <= 2_000
    assert len(NEWS) == len(GUIDANCE) == 12
    assert say(("一", "one"), "en") == "one"
    assert [say(("一", "one"), language) for language in ("zh", "zh_dialect", "ii")] == ["一"] * 3


def test_feelings_follow_how_the_case_went(county: County) -> None:
    def mean(course: Course) -> float:
        return statistics.mean(
            weigh_feeling(course, find_season(county, request), request)
            for request in county.requests
        )

    assert mean("carried") > mean("led") > mean("waiting") > mean("refused") > mean("short")
    assert mean("short") >= 1
    assert mean("carried") <= 5


def test_weather_hurts_the_uninsured_more_than_the_insured(large_county: County) -> None:
    kept: dict[bool, list[float]] = {True: [], False: []}
    for request in large_county.requests:
        season = find_season(large_county, request)
        if season.kept_ppm < 1_000_000:
            party = large_county.parties[request.party]
            end = request.demand.get("last_sale_month", request.month + 11)
            loss = large_county.weather[party.village, end // 12].loss_ppm
            kept[party.truth.insured].append((1_000_000 - season.kept_ppm) / loss)
    assert kept[True]
    assert max(kept[True]) <= 0.46
    assert min(kept[False], default=1.0) > 0.99


def test_incomes_of_seasons_scatter_around_what_was_hoped(large_county: County) -> None:
    ratios = [
        income / request.demand["income_likely_minor"]
        for request in large_county.requests
        if (income := find_season(large_county, request).income_minor) is not None
    ]
    assert len(ratios) > 100
    assert 0.6 < statistics.median(ratios) < 1.4
    assert min(ratios) < 0.8
    assert max(ratios) > 1.2

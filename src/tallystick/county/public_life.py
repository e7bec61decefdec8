"""What the county does in public every month: funds, news, advice, evaluations, and feedback asked.

Laws: public money is allocated before the first subsidised request of its quarter; news and advice
name nobody; feedback is asked by members other than the one rated. Source: the county's practice.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from tallystick.county.agenda import Phase, day_of
from tallystick.county.demand import PROGRAMMES
from tallystick.county.draws import PPM
from tallystick.county.member import ASKERS
from tallystick.county.outcome import find_season, weigh_feeling
from tallystick.county.scene import CaseFile, Scene
from tallystick.county.words import FELT, GUIDANCE, NEWS, WEATHER, both, say

__all__ = ["plan_public_life"]

_FUND: Final = "poverty_relief_fund"
_FUND_SHARES: Final = (("agricultural-bank", 60), ("credit-union", 25), ("postal-bank", 15))
_FUND_STEP: Final = 10_000_000
_QUARTER: Final = 3
_NEWS_DAYS: Final = (5, 19)
_GUIDANCE_DAY: Final = 8
_EVALUATION_DAY: Final = 26
_ASK_DAYS: Final = (4, 11, 18, 25)
_SCORE_MAX: Final = 100


def plan_public_life(scene: Scene) -> None:
    """Plan every month's public acts."""
    county, plan = scene.county, scene.agenda.plan
    for month in range(county.start_month, county.start_month + county.months):
        if (month - county.start_month) % _QUARTER == 0:
            plan(day_of(month, 1), Phase.FUND, partial(_allocate, scene, month))
        for at, day in enumerate(_NEWS_DAYS):
            plan(day_of(month, day), Phase.PUBLISH, partial(_publish, scene, month, at))
        plan(day_of(month, _GUIDANCE_DAY), Phase.PUBLISH, partial(_advise, scene, month))
        plan(day_of(month, _EVALUATION_DAY), Phase.PUBLISH, partial(_evaluate, scene))
        for day in _ASK_DAYS:
            plan(day_of(month, day), Phase.ASK, partial(_ask_feedback, scene, month))


def _allocate(scene: Scene, month: int) -> None:
    """Give each lender its share of what the quarter's subsidised requests need, rounded up."""
    for programme in sorted(PROGRAMMES):
        need = sum(
            request.demand["amount_minor"]
            for request in scene.county.requests
            if request.programme == programme and month <= request.month < month + _QUARTER
        )
        for lender, share in _FUND_SHARES:
            amount = (need * share // 100 // _FUND_STEP + 1) * _FUND_STEP
            scene.offices["finance"].allocate_fund(
                fund=_FUND, to=lender, programme=programme, amount_minor=amount
            )
            scene.happen("finance", "fund.allocated", detail=programme)


def _publish(scene: Scene, month: int, at: int) -> None:
    """The month's item; later in the month the weather's, where some village was hit."""
    item = NEWS[month % 12]
    kinds = sorted({hit.kind for hit in scene.county.weather.values() if hit.month == month})
    if at and not kinds:
        return
    for zh_or_en, language in enumerate(("zh", "en")):
        text = (WEATHER[kinds[0]] if at else item)[zh_or_en]
        scene.offices["newspaper"].publish_news(text, language=language)
        scene.happen("newspaper", "news.published", detail=language)


def _advise(scene: Scene, month: int) -> None:
    topic, sentence = GUIDANCE[month % 12]
    scene.offices["agriculture"].give_guidance(topic=topic, text=both(sentence))
    scene.happen("agriculture", "guidance.given", detail=topic)


def _evaluate(scene: Scene) -> None:
    """Score the projects that have a case: by their season and what they were lent."""
    for file in scene.cases.values():
        if scene.county.parties[file.request.party].kind != "project":
            continue
        season = find_season(scene.county, file.request)
        worth = season.kept_ppm * season.price_ppm // PPM
        lent = 60 if file.course == "carried" else 40
        score = min(_SCORE_MAX, lent + 25 * worth // PPM)
        text = f"进度与收益评估：{score}分\nProgress and yield: {score} of 100"
        scene.offices["agriculture"].evaluate_project(file.case, score=score, text=text)
        scene.happen("agriculture", "project.evaluated", file.case)


def _ask_feedback(scene: Scene, month: int) -> None:
    """Ask what is due, each case by one member a day."""
    asked: set[str] = set()
    for member in ASKERS:
        for row in scene.offices[member].due_feedback():
            file = scene.cases.get(str(row["case"]))
            if file is not None and file.case not in asked and file.holder != member:
                asked.add(file.case)
                _give(scene, member, file, month)


def _give(scene: Scene, member: str, file: CaseFile, month: int) -> None:
    season = find_season(scene.county, file.request)
    felt = weigh_feeling(file.course, season, file.request)
    over = file.request.demand.get("last_sale_month", month) < month
    language = scene.county.parties[file.request.party].language
    income = season.income_minor if over and file.course == "carried" else None
    scene.offices[member].give_feedback(
        file.case, felt=felt, income_minor=income, words=say(FELT[felt], language)
    )
    scene.happen(member, "feedback.given", file.case, str(felt))
    scene.recorder.feelings[felt] += 1
    zh, en = FELT[felt]
    scene.tell(file, member, f"回访：{zh}({felt}/5)", f"Feedback: {en.lower()} ({felt} of 5)")
    scene.mark(file, 1)

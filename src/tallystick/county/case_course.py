"""One case after its decision: officers approve, refuse, override or hand over; households answer.

Laws: no refusal without a person; a case has one holder, and only the holder's officer acts on
it; what the household does is recorded by its custodian. Shares of each course are planted.
Source: the county's practice (records and writers, judgement, feedback).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tallystick.county.agenda import Phase
from tallystick.county.loan_course import lend
from tallystick.county.member import APPROVERS, SERVED_BY
from tallystick.county.scene import CaseFile, Scene
from tallystick.county.words import REFUSALS, SENTENCES, say
from tallystick.text import PHRASES
from tallystick.text import say as say_word
from tallystick.text.wording import format_money

__all__ = ["follow_case"]

_LENT: Final = ("borrow", "lease")
_REFUSES_PPM: Final = 70_000
_DECLINES_PPM: Final = 70_000
_SHORT_PPM: Final = 35_000
_OVERRIDES_PPM: Final = 250_000
_LOOKS_CLOSER_PPM: Final = 150_000
_APPEALS_PPM: Final = 220_000
_CHANGED_PPM: Final = 200_000
_TERM_DAYS: Final = 10
_AID: Final = "civil-affairs"
_FEN: Final = 100
_TELLING: Final = 200_000


def follow_case(scene: Scene, file: CaseFile, answer: Mapping[str, Any]) -> None:
    """Plan what follows a decision.

    Args:
        scene: the run.
        file: the case.
        answer: what the desk returned for it (`Office.open_cases`).
    """
    _tell_opening(scene, file, answer)
    if answer["stage"] == "reported":
        scene.happen(file.holder, "case.reported", file.case, str(answer["outcome"]))
        # Of two cases that went equally well the larger one tells more.
        scene.mark(file, 2 + min(5, file.request.demand["amount_minor"] // _TELLING))
        _follow_report(scene, file, answer)
    else:
        scene.happen(file.holder, "case.matched", file.case, str(answer.get("preferred") or ""))
        _follow_match(scene, file, answer)


def _tell_opening(scene: Scene, file: CaseFile, answer: Mapping[str, Any]) -> None:
    demand = file.request.demand
    amount, purpose = demand["amount_minor"], demand["purpose"]
    scene.tell(
        file,
        file.holder,
        f"家庭申请：{demand['purpose_text']},{format_money(amount, 'zh')}",
        f"A household asks for {format_money(amount, 'en')}: {_name('purpose', purpose, 'en')}",
    )
    if answer["stage"] == "reported":
        zh, en = "方案与周期、收入相符，出具报告", "The scheme fits cycle and income: a report"
    else:
        zh, en = "方案不符，已匹配服务主体", "The scheme does not fit: service subjects are matched"
    table = "scheme" if answer["stage"] == "reported" else "outcome"
    names = [_name(table, str(answer["outcome"]), language) for language in ("zh", "en")]
    scene.tell(file, file.holder, f"{zh}({names[0]})", f"{en} ({names[1]})")


def _name(table: str, code: str, language: str) -> str:
    """Return what people call a code of a table of the texts; the code itself if none do."""
    known = f"{table}.{code}"
    return say_word(known, {}, language) if known in PHRASES else code


def _later(scene: Scene, file: CaseFile, label: str, days: tuple[int, int]) -> int:
    return scene.agenda.day + file.request.draws.between(f"days {label}", *days)


def _plan(scene: Scene, day: int, act: Callable[[Scene, CaseFile], None], file: CaseFile) -> None:
    scene.agenda.plan(day, Phase.FOLLOW, lambda: act(scene, file))


def _follow_report(scene: Scene, file: CaseFile, answer: Mapping[str, Any]) -> None:
    """Money lent is approved by a lender's officer; cover and savings the household just takes."""
    if answer["kind"] not in _LENT:
        _plan(scene, _later(scene, file, "answer", (1, 4)), _answer, file)
        return
    act = _refuse_papers if _draws(file, "refuses", _REFUSES_PPM) else _approve
    _plan(scene, _later(scene, file, "decide", (2, 8)), act, file)


def _follow_match(scene: Scene, file: CaseFile, answer: Mapping[str, Any]) -> None:
    """Lead to aid or to a member with the field; where none has it, a person refuses or decides."""
    preferred = str(answer.get("preferred") or "")
    if "aid" in (answer["outcome"], preferred):
        _plan_hand_over(scene, file, _AID)
        return
    if file.request.planted.borrowed_name or file.request.demand["purpose"] == "house":
        _plan(scene, _later(scene, file, "decide", (2, 8)), _refuse_purpose, file)
        return
    if preferred == "review" or (
        file.holder in APPROVERS and _draws(file, "looks closer", _LOOKS_CLOSER_PPM)
    ):
        _decide_in_person(scene, file)
        return
    fields = (preferred, *answer.get("alternatives", ()))
    members = [SERVED_BY[name] for name in fields if name in SERVED_BY]
    if not members:
        _plan(scene, _later(scene, file, "decide", (2, 8)), _refuse_unserved, file)
    elif members[0] == file.holder:
        _decide_in_person(scene, file)
    else:
        _plan_hand_over(scene, file, members[0])


def _decide_in_person(scene: Scene, file: CaseFile) -> None:
    act = _override if _draws(file, "overrides", _OVERRIDES_PPM) else _refuse_misfit
    _plan(scene, _later(scene, file, "decide", (2, 8)), act, file)


def _draws(file: CaseFile, label: str, chance_ppm: int) -> bool:
    return file.request.draws.happens(label, chance_ppm)


def _plan_hand_over(scene: Scene, file: CaseFile, to: str) -> None:
    """Hand over tomorrow what did not fit; where to aid, advice follows."""

    def act() -> None:
        scene.offices[file.holder].hand_over(
            file.case, to=to, days=_TERM_DAYS, notes=_say(scene, file, "hand_over")
        )
        scene.happen(file.holder, "case.handed_over", file.case, to)
        scene.tell(file, file.holder, f"移交给{to}", f"Handed over to {to}")
        file.holder = to
        file.course = "led"
        scene.recorder.led_to[to] += 1
        if to == _AID:
            scene.happen(to, "case.led_to_aid", file.case)
            _plan(scene, _later(scene, file, "aid", (1, 5)), _advise_aid, file)

    scene.agenda.plan(scene.agenda.day + 1, Phase.FOLLOW, act)


def _say(scene: Scene, file: CaseFile, name: str) -> str:
    return say(SENTENCES[name], scene.county.parties[file.request.party].language)


def _advise_aid(scene: Scene, file: CaseFile) -> None:
    text = "救助比借债适合您：临时救助和医疗救助可一并申请。"
    scene.offices[file.holder].give_guidance(topic="aid", text=text, case=file.case)
    scene.happen(file.holder, "guidance.given", file.case, "aid")
    scene.tell(file, file.holder, text, "Aid suits you better than debt: apply for both kinds.")


def _approve(scene: Scene, file: CaseFile) -> None:
    scene.offices[file.holder].approve(file.case, notes=_say(scene, file, "approve"))
    scene.happen(file.holder, "offer.approved", file.case)
    scene.tell(file, file.holder, *SENTENCES["approve"])
    _plan(scene, _later(scene, file, "answer", (1, 4)), _answer, file)


def _answer(scene: Scene, file: CaseFile) -> None:
    accepted = not _draws(file, "declines", _DECLINES_PPM)
    name = "accept" if accepted else "decline"
    office = scene.offices[file.custodian]
    office.answer_offer(file.case, accepted=accepted, words=_say(scene, file, name))
    act = "offer.accepted" if accepted else "offer.declined"
    scene.happen(file.custodian, act, file.case)
    scene.tell(file, file.custodian, *SENTENCES[name])
    file.course = "declined"
    if accepted:
        file.course = "carried"
        scene.mark(file, 1)
    if accepted and file.request.demand["kind"] in _LENT:
        _plan(scene, _later(scene, file, "money", (2, 9)), _receive, file)


def _receive(scene: Scene, file: CaseFile) -> None:
    amount = lend(scene, file)
    short = _draws(file, "short", _SHORT_PPM)
    if short:
        amount -= amount * file.request.draws.between("fee", 10, 50) // 1_000
        file.course = "short"
    name = "received_short" if short else "received"
    office = scene.offices[file.custodian]
    office.receive_money(file.case, amount_minor=amount, words=_say(scene, file, name))
    scene.happen(file.custodian, "money.received", file.case, "short" if short else "full")
    scene.tell(file, file.custodian, *SENTENCES[name])
    scene.mark(file, 0 if short else 2)


def _override(scene: Scene, file: CaseFile) -> None:
    words = _say(scene, file, "override")
    scene.offices[file.holder].override(
        file.case, code="household_visit", outcome="offer", file=words
    )
    scene.happen(file.holder, "decision.overridden", file.case, "household_visit")
    scene.tell(file, file.holder, *SENTENCES["override"])


def _refuse_papers(scene: Scene, file: CaseFile) -> None:
    _refuse(scene, file, "papers")


def _refuse_purpose(scene: Scene, file: CaseFile) -> None:
    scene.recorder.led_to["refused"] += 1
    _refuse(scene, file, "purpose")


def _refuse_unserved(scene: Scene, file: CaseFile) -> None:
    scene.recorder.led_to["refused"] += 1
    _refuse(scene, file, "no_member_serves")


def _refuse_misfit(scene: Scene, file: CaseFile) -> None:
    scene.recorder.led_to["refused"] += 1
    _refuse(scene, file, "not_fitting")


def _refuse(scene: Scene, file: CaseFile, code: str) -> None:
    language = scene.county.parties[file.request.party].language
    scene.offices[file.holder].refuse(file.case, code=code, words=say(REFUSALS[code], language))
    scene.happen(file.holder, "case.refused", file.case, code)
    scene.recorder.refused_for[code] += 1
    scene.tell(file, file.holder, *REFUSALS[code])
    file.course = "refused"
    if _draws(file, "appeals", _APPEALS_PPM):
        _plan(scene, _later(scene, file, "appeal", (2, 10)), _appeal, file)


def _appeal(scene: Scene, file: CaseFile) -> None:
    office = scene.offices[file.custodian]
    words = _say(scene, file, "appeal")
    opened = office.open_appeal(file.case, code="income_too_low", words=words)
    scene.happen(file.custodian, "appeal.opened", file.case, "income_too_low")
    scene.tell(file, file.custodian, *SENTENCES["appeal"])
    appeal = str(opened["appeal"])
    scene.agenda.plan(
        _later(scene, file, "settle", (4, 12)),
        Phase.FOLLOW,
        lambda: _settle(scene, file, appeal),
    )


def _settle(scene: Scene, file: CaseFile, appeal: str) -> None:
    """The regulator answers: never the member that took the appeal in."""
    outcome = "changed" if _draws(file, "changed", _CHANGED_PPM) else "confirmed"
    name = f"appeal_{outcome}"
    scene.offices["regulator"].settle_appeal(appeal, outcome=outcome, words=_say(scene, file, name))
    scene.happen("regulator", "appeal.settled", file.case, outcome)
    scene.tell(file, "regulator", *SENTENCES[name])

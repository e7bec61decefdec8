"""`tally demo`: a whole county in one command, then one flipped byte found, named and repaired.

The county is synthetic and seeded: whoever knows the seed knows its keys, so it is served on the
loopback only.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Conflict, Invalid
from tallystick.cli.examples import find_example
from tallystick.cli.showing import progress
from tallystick.cli.spoken import Verb, Words, find_language, lang_option, option

if TYPE_CHECKING:
    from tallystick.base.clock import ManualClock
    from tallystick.county.county import County
    from tallystick.county.history import History
    from tallystick.county.house import House
    from tallystick.county.story import Event, Story
    from tallystick.county.tamper import Tampering

__all__ = ["demo"]

_TAMPERED: Final = "village"
_WITNESS: Final = "regulator"
_PAST_MONTHS: Final = 48


@click.command(
    "demo",
    cls=Verb,
    words=Words(
        "演示：建一个模拟的县，走完全年，改动账本一个字节，看它被发现、指明并修复",
        "A synthetic county run to its end; then one byte flipped, found, named and repaired.",
    ),
)
@option("--seed", default="tallystick", show_default=True, zh="种子", en="The seed.")
@option("--households", default=600, show_default=True, zh="户数", en="How many households.")
@option("--months", default=12, show_default=True, zh="月数", en="How many months.")
@option(
    "--past",
    type=click.IntRange(0, 300_000),
    default=30_000,
    show_default=True,
    zh="此前四年的贷款申请数；0 为没有过去",
    en="How many applications in the four years before; 0 for no past.",
)
@option("--dir", "folder", default="", metavar="DIR", zh="县文件夹", en="The county's folder.")
@option("--once", is_flag=True, zh="演示完即退出", en="Exit at the end; serve nothing.")
@option("--json", "is_json", is_flag=True, zh="最后一行为 JSON", en="The last line is JSON.")
@lang_option
def demo(
    *,
    seed: str,
    households: int,
    months: int,
    past: int,
    folder: str,
    once: bool,
    is_json: bool,
) -> None:
    """Run the demonstration."""
    with _folder(folder) as home:
        _run(home, seed, Size(households, months, past), is_json=is_json)
        if not once:
            _serve(home)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Give the folder named, or one that is gone at the end."""
    if name:
        home = Path(name)
        if home.exists() and any(home.iterdir()):
            raise Conflict(
                "county.exists", f"{home.name} is not empty", cure="Name another by --dir."
            )
        yield home
        return
    home = Path(tempfile.mkdtemp(prefix="tally-demo-"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a demonstration is: households, months acted out, applications of the past."""

    households: int
    months: int
    past: int


def _run(home: Path, seed: str, size: Size, *, is_json: bool) -> None:
    import time

    from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
    from tallystick.county.agenda import day_of
    from tallystick.county.chains import found_chains
    from tallystick.county.county import draw_county
    from tallystick.county.tamper import show_tampering

    began = time.process_time()
    county = draw_county(SeededEntropy(seed), households=size.households, months=size.months)
    past = _draw_past(seed, size.past) if size.past else None
    begin_month = county.start_month - (_PAST_MONTHS if past else 0)
    clock = ManualClock((day_of(begin_month, 1) - 1) * DAY_MS)
    found_chains(home, seed=seed, clock=clock)
    story, facts = _act(home, clock, county, past, size.months)
    tampering = show_tampering(home, clock, member=_TAMPERED, witness=_WITNESS)
    facts["members_verified"] = tampering.sound
    facts["targeting"] = _measure_reach(county)
    seconds = round(time.process_time() - began, 1)
    _tell(story, facts, tampering, seconds)
    if is_json:
        _tell_json(story, facts, tampering, seconds)


def _draw_past(seed: str, loans: int) -> History:
    from tallystick.base.clock import SeededEntropy
    from tallystick.county.history import draw_history

    with progress("past") as tell:
        return draw_history(SeededEntropy(seed), loans=loans, months=_PAST_MONTHS, told=tell)


def _act(
    home: Path, clock: ManualClock, county: County, past: History | None, months: int
) -> tuple[Story, dict[str, Any]]:
    """Act the county out; return its story, where the chain stands, and the model's worth."""
    from tallystick.county.acted import act_county, act_past, publish_catalogue
    from tallystick.county.chains import COUNTY, open_chains
    from tallystick.county.public_months import tell_months

    with open_chains(home, clock) as chains:
        house = chains.houses[COUNTY]
        publish_catalogue(house, find_example("products.toml").read_text(encoding="utf-8"))
        with progress("county") as tell:
            books = None
            if past is not None:
                books = act_past(house, clock, county, past, months=months, told=tell)
            telling = _by_day(county, months, tell)
            story = act_county(house, clock, county, months=months, told=telling, books=books)
        _publish_reach(house, county)
        judged = _judge(house, county.start_month + months)
        tell_months(chains, county.start_month, months)
        tip = house.node(house.county.orderer).replica.tip
        return story, {"height": tip.height, "head": str(tip.cid), "calibration": judged}


def _publish_reach(house: House, county: County) -> None:
    """Let civil affairs publish whom the register reaches, unless it could point at somebody."""
    from tallystick.county.targeting import publish_reach

    try:
        publish_reach(house, county)
    except Invalid as error:
        if error.code != "programme.too_few":
            raise


def _by_day(
    county: County, months: int, tell: Callable[[int, int], None]
) -> Callable[[Event], None]:
    from tallystick.county.agenda import day_of

    begin = day_of(county.start_month, 1)
    days = day_of(county.start_month + months, 1) - begin
    return lambda event: tell(min(event.day - begin + 1, days), days)


_TITLES: Final[Mapping[str, Words]] = {
    "run": Words(
        "{cases} 案：{offers} 份报告，{matches} 案不合适并另行匹配；"
        "回访 {feedback} 次，申诉 {appeals} 件",
        "{cases} cases: {offers} offers, {matches} that did not fit and were matched;"
        " {feedback} feedback, {appeals} appeals",
    ),
    "refused": Words(
        "{refusals} 次拒绝，每次由人签字：{why}",
        "{refusals} refusals, each signed by a person: {why}",
    ),
    "lent": Words(
        "放款 {loans} 笔，收回 {paid} 次还款", "{loans} loans paid out; {paid} payments came back"
    ),
    "targeting": Words(
        "贫困登记：真正贫困而未登记 {exclusion}（{missed} 户），登记了而并不贫困 {inclusion}",
        "Poverty register: {exclusion} of the truly poor are left out ({missed} households);"
        " {inclusion} of those held are not poor",
    ),
    "past": Words(
        "在用的评分卡学自链上的放款月报；批准以后到期的 {loans} 笔贷款上平均差 {ece}"
        "（概率全对也会差到 {null95}），AUC {auc}",
        "The card in force was learnt from lenders' reports on the chain; on {loans} loans that"
        " ended after it was approved it is off by {ece} on average"
        " (true probabilities would be off by up to {null95}); AUC {auc}",
    ),
    "no_model": Words(
        "没有模型参与决定：到期的贷款太少，或概率不可信",
        "No model decides: too few loans have ended, or its probabilities do not hold",
    ),
    "led": Words("不合适的去了哪里：{where}", "Where those that did not fit were led: {where}"),
    "chain": Words(
        "账本高 {height}，链头 {head}；{members} 个成员自己验过每一块",
        "Ledger height {height}, head {head}; {members} members verified every block themselves",
    ),
    "case": Words("一案始末（{case}）:", "One case, step by step ({case}):"),
    "tamper": Words(
        "在 {member} 的账本文件里改动一个字节：第 {height} 块的 {field}",
        "One byte flipped in {member}'s ledger file: field {field} of block {height}",
    ),
    "values": Words("  应为 {expected}\n  实为 {got}", "  expected {expected}\n  got      {got}"),
    "found": Words("  发现者：{found_by}", "  found by: {found_by}"),
    "repaired": Words(
        "  已修复，{sound} 个成员的文件再次验证无误",
        "  repaired; the files of {sound} members verify again",
    ),
    "serve": Words(
        "现在开放控制台和接口；打开 console 一行的链接（只能用一次），Ctrl-C 结束：",
        "Serving the console and the API; open the link in the line `console` (it opens once);"
        " Ctrl-C ends:",
    ),
    "seconds": Words("用时 {seconds} 秒处理器时间", "{seconds} seconds of processor time"),
}


_ENDS: Final = {
    "refused": Words("当面拒绝", "refused in person"),
    "review": Words("专人复核", "a person's review"),
    "not_fitting": Words("方案不合适", "does not fit"),
    "papers": Words("材料不符", "papers do not agree"),
    "purpose": Words("用途不合规定", "purpose not allowed"),
}


def _say(name: str, **values: object) -> None:
    print(_TITLES[name].in_(find_language()).format(**values))


def _percent(share: float | None, interval: Sequence[float]) -> str:
    """Write a share with its 95 % interval."""
    low, high = interval
    return "-" if share is None else f"{share:.0%} ({low:.0%} - {high:.0%})"


def _measure_reach(county: County) -> dict[str, Any]:
    """Return the register's errors as the last line tells them: shares, intervals, how many."""
    from tallystick.county.targeting import measure_targeting

    found = measure_targeting(county)
    told: dict[str, Any] = {"missed": len(found.missed)}
    for name in ("exclusion", "inclusion"):
        share = getattr(found.whole, name)
        told[name] = None if share.ppm is None else share.ppm / 1_000_000
        told[f"{name}95"] = [end / 1_000_000 for end in share.interval_ppm]
    return told


def _judge(house: House, month: int) -> dict[str, Any] | None:
    """Return how true the model in force was on loans that ended after it was approved."""
    from tallystick.county.modelling import MODELLER, judge_since

    found = judge_since(house.node(MODELLER), month)
    if found is None:
        return None
    held = found.held
    return {
        "loans": held.rows,
        "ece": round(held.ece, 6),
        "null95": round(held.null95, 6),
        "auc": None if held.auc is None else round(held.auc, 4),
        "auc95": None if found.auc95 is None else [round(end, 4) for end in found.auc95],
    }


def _listed(counts: Mapping[Any, int]) -> str:
    mark = "，" if find_language() == "zh" else ", "
    return mark.join(f"{_named(str(name))} {count}" for name, count in counts.items()) or "-"


def _named(code: str) -> str:
    """Return what people call a member, or a way a case ended; the code itself if none do."""
    from tallystick.county.member import MEMBERS

    language = find_language()
    names = {member.name: Words(member.zh, member.en) for member in MEMBERS}
    found = {**names, **_ENDS}.get(code)
    return found.in_(language) if found else code


def _tell(story: Story, facts: Mapping[str, Any], found: Tampering, seconds: float) -> None:
    """Tell a person what happened."""
    from tallystick.text.wording import format_day_plain

    acts = story.acts
    _say(
        "run",
        cases=story.cases,
        offers=story.offers,
        matches=story.matches,
        feedback=acts.get("feedback.given", 0),
        appeals=acts.get("appeal.opened", 0),
    )
    _say("led", where=_listed(story.led_to))
    _say("refused", refusals=story.refusals, why=_listed(story.refused_for))
    _say("lent", loans=acts.get("loan.granted", 0), paid=acts.get("loan.repaid", 0))
    reach = facts["targeting"]
    _say(
        "targeting",
        missed=reach["missed"],
        exclusion=_percent(reach["exclusion"], reach["exclusion95"]),
        inclusion=_percent(reach["inclusion"], reach["inclusion95"]),
    )
    if judged := facts["calibration"]:
        _say(
            "past",
            loans=judged["loans"],
            ece=f"{judged['ece']:.2%}",
            null95=f"{judged['null95']:.2%}",
            auc=judged["auc"],
        )
    else:
        _say("no_model")
    _say(
        "chain",
        height=facts["height"],
        head=facts["head"][-12:],
        members=facts["members_verified"],
    )
    _say("case", case=story.case[:8])
    for step in story.told:
        words = step.zh if find_language() == "zh" else step.en
        print(f"  {format_day_plain(step.day)}  {_named(step.member)}  {words}")
    _say("tamper", member=_named(found.member), height=found.height, field=found.field)
    _say("values", expected=found.expected, got=found.got)
    _say("found", found_by=", ".join(map(_named, found.found_by)))
    _say("repaired", sound=found.sound)
    _say("seconds", seconds=seconds)


def _tell_json(story: Story, facts: Mapping[str, Any], found: Tampering, seconds: float) -> None:
    """Tell a program, in the last line."""
    import json

    tamper = asdict(found)
    told = {
        "cases": story.cases,
        "offers": story.offers,
        "refusals": story.refusals,
        "matches": story.matches,
        "feedback": story.acts.get("feedback.given", 0),
        **facts,
        "tamper": {name: tamper[name] for name in ("member", "height", "field", "found_by")},
        "seconds": seconds,
    }
    print(json.dumps(told, sort_keys=True))


def _serve(home: Path) -> None:
    from tallystick.cli.place import Place
    from tallystick.cli.serve import serve_folder

    _say("serve")
    serve_folder(Place(county=home))

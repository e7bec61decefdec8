"""How files are looked after: what was checked and made anew last, who gave wrong bytes, and now.

Law: what is done by hand goes on stretch by stretch while its page is open, and ends with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui.elements.html import Html

from tallystick.base.errors import Error
from tallystick.client.carrying import read_options
from tallystick.client.problem import by_code
from tallystick.console.icons import icon
from tallystick.console.kit import card, fill, item, join, pairs, show
from tallystick.console.pages.chains_words import say_ago
from tallystick.console.pages.store_words import say_parts
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes, tell_clock
from tallystick.text.problem import say_problem
from tallystick.text.wording import format_count

__all__ = ["CareBox", "draw_liars", "draw_report"]

Tree = Mapping[str, Any]
LIARS_SHOWN: Final = 5
COUNTED: Final = ("repaired", "pieces_mended", "read_bytes", "lacking")


class CareBox:
    """The part of the page that checks and repairs now.

    Args:
        v: the visit.
    """

    def __init__(self, v: Visit) -> None:
        self._v = v
        self._place: Html = show(fill(""), "k-quiet")
        self._place.props["role"] = "status"

    async def run(self) -> None:
        """Read the own parts again, then make anew what lacks, of all files."""
        v = self._v
        try:
            rotten = await self._scrub()
            total = await self._repair()
        except Error as error:
            self._put(fill('<div class="card padded">{}</div>', draw_problem(v, error)))
            return
        self._put(_draw_done(v, rotten, total))

    async def _scrub(self) -> int:
        v, rotten, done = self._v, 0, 0
        title = v.t(
            "第 1 步：重读本单位保管的部分", "Step 1 of 2: reading the parts kept here again"
        )
        self._put(_draw_running(title, 0, 1, ""))
        async for found in self._stretches("scrub"):
            done, rotten = done + found["bytes"], rotten + len(found["rotten"])
            most = max(found["used"], done)
            said = f"{say_bytes(done)} / {say_bytes(most)}"
            self._put(_draw_running(title, done, most, said))
        return rotten

    async def _repair(self) -> Counter[str]:
        v = self._v
        title = v.t("第 2 步：补做缺的部分", "Step 2 of 2: making missing parts anew")
        total: Counter[str] = Counter()
        self._put(_draw_running(title, 0, 1, ""))
        async for found in self._stretches("repair"):
            total.update({name: found[name] for name in COUNTED})
            total.update({f"failed {code}": times for code, times in found["failed"].items()})
            said = v.t(
                f"{found['done']} / {found['objects']} 份文件",
                f"{found['done']} of {found['objects']} files",
            )
            self._put(_draw_running(title, found["done"], found["objects"], said))
        return total

    async def _stretches(self, what: str) -> AsyncIterator[Tree]:
        after = ""
        while not self._place.is_deleted:
            asked = read_options({"after": after})
            answer = await self._v.client.request("POST", f"/store/{what}", **asked)
            found = answer.json()
            yield found
            after = found.get("next", "")
            if not after:
                return

    def _put(self, markup: Markup) -> None:
        if not self._place.is_deleted:
            self._place.set_content(markup)


def _draw_running(title: str, done: int, most: int, said: str) -> Markup:
    share = min(100, 100 * done // most) if most else 100
    bar = fill(
        '<div class="progress" role="progressbar" aria-label="{}" aria-valuenow="{}"'
        ' aria-valuemin="0" aria-valuemax="100"><i style="width:{}%"></i></div>',
        title,
        share,
        share,
    )
    return card(title, bar, right=said)


def _draw_done(v: Visit, rotten: int, total: Counter[str]) -> Markup:
    """Return what came of it."""
    lines = [_say_rotten(v, rotten), _say_repaired(v, total)]
    if total["lacking"]:
        lines.append(item("clock", _say_lacking(v, total["lacking"]), "warn"))
    failed = {
        name.removeprefix("failed "): times
        for name, times in total.items()
        if name.startswith("failed ")
    }
    return card(v.t("核对和修复做完了", "Checked and repaired"), join(lines) + _failed(v, failed))


def _say_rotten(v: Visit, rotten: int) -> Markup:
    if not rotten:
        said = v.t("本单位保管的部分都完好。", "All parts kept here are sound.")
        return item("circle-check", said, "ok")
    said = v.t(
        f"本单位有 {rotten} 份里有坏的地方，能修的已经就地修好。查一查这里的磁盘。",
        f"{_count(rotten, 'part')} kept here had gone bad in places; what could be was mended"
        " there. Have the disk here looked at.",
    )
    return item("octagon-alert", said, "alarm")


def _say_repaired(v: Visit, total: Counter[str]) -> Markup:
    made, read = total["repaired"], say_bytes(total["read_bytes"])
    if mended := total["pieces_mended"]:
        said = v.t(
            f"就地修好 {mended} 处，补做 {made} 份，为此读了 {read}。",
            f"{_count(mended, 'piece')} mended in place and {_count(made, 'part')} made anew;"
            f" {read} were read for it.",
        )
        return item("circle-check", said, "ok")
    if not made:
        return item("circle-check", v.t("没有要补做的。", "Nothing had to be made anew."), "ok")
    said = v.t(
        f"补做了 {made} 份，为此读了 {read}。",
        f"{_count(made, 'part')} made anew; {read} were read for it.",
    )
    return item("circle-check", said, "ok")


def _say_lacking(v: Visit, lacking: int) -> str:
    return v.t(
        f"还有 {lacking} 份没有成员可放：等没有答复的成员回来，会自动补上。",
        f"{_count(lacking, 'part')} found no member to go to: once those who are away are back, it"
        " happens by itself.",
    )


def _failed(v: Visit, failed: Mapping[str, int]) -> Markup:
    """Return what could not be done, in the words of its errors."""
    lines = []
    for code, times in failed.items():
        said = say_problem(by_code(code), v.language)
        often = v.t(f"{times} 次", "once" if times == 1 else f"{times} times")
        lines.append(
            item("clock", v.t(f"{said.title}（{often}）", f"{said.title} ({often})"), "warn")
        )
    return join(lines)


def _count(count: int, word: str) -> str:
    return f"{format_count(count)} {word}{'' if count == 1 else 's'}"


# ---- what was done by itself


def draw_report(v: Visit, health: Tree) -> Markup:
    """Return what this member last did for all files by itself."""
    title = v.t("自动照看", "Looked after by itself")
    report = health.get("report")
    if report is None:
        said = v.t("启动以后还没有轮到。", "Not yet since the start.")
        return card(title, fill('<p class="soft">{}</p>', said))
    now_ms = v.office.now_ms()
    when = fill(
        '<span title="{}">{}</span>', tell_clock(report["at"]), say_ago(v, report["at"], now_ms)
    )
    rows: list[tuple[str, str | Markup]] = [
        (v.t("上一轮", "Last round"), when),
        (v.t("重读核对", "Read again"), say_bytes(report["scrubbed_bytes"])),
        *_tell_done(v, report),
    ]
    body = fill("{}", pairs(rows))
    if not any(
        report[name] for name in ("rotten", "pieces_mended", "repaired", "lacking", "failed")
    ):
        said = v.t("没有坏的，也没有要补做的。", "Nothing was bad, nothing had to be made anew.")
        body += item("circle-check", said, "ok")
    if report["lacking"]:
        body += item("clock", _say_lacking(v, report["lacking"]), "warn")
    note = v.t(
        "每个成员各自照看：重读自己保管的，补做缺的。能再丢的文件先等十分钟，看成员回不回来。",
        "Each member does this by itself. A file that can lose more waits ten minutes first: a"
        " member that is away may come back.",
    )
    return card(title, body + _failed(v, report["failed"]), note=note)


def _tell_done(v: Visit, report: Tree) -> Iterator[tuple[str, str]]:
    """Yield what was done in a round, as far as anything was."""
    named = (
        ("rotten", v.t("有坏处的", "Found bad in places"), "part"),
        ("pieces_mended", v.t("就地修好的", "Mended in place"), "piece"),
        ("repaired", v.t("补做的", "Made anew"), "part"),
        ("moved", v.t("移交别的成员的", "Handed over"), "part"),
        ("dropped", v.t("删去的", "Dropped"), "file"),
    )
    for name, said, word in named:
        if count := report[name]:
            yield said, v.t(f"{count} 份", _count(count, word))
    if report["read_bytes"]:
        yield v.t("为补做读了", "Read for that"), say_bytes(report["read_bytes"])


# ---- who gave wrong bytes


def draw_liars(v: Visit, liars: Sequence[Tree]) -> Markup:
    """Return who gave bytes that were not what was put; nothing where nobody did."""
    if not liars:
        return fill("")
    often = Counter(each["member"] for each in liars)
    lines = join(
        fill("<p>{}</p>", _say_liar(v, member, [e for e in liars if e["member"] == member]))
        for member, _ in often.most_common(LIARS_SHOWN)
    )
    return fill(
        '<div class="problem" role="alert"><h2 class="b li t-alarm">{}<span>{}</span></h2>{}<p>{}'
        '</p><p class="li">{}<span><b>{}</b>{}</span></p></div>',
        icon("octagon-alert"),
        v.t("有成员交出了错的内容", "A member gave out wrong bytes"),
        lines,
        v.t(
            "错的都认出来了，没有用；改从别的成员读。",
            "All of them were found out and not used; others were read instead.",
        ),
        icon("wrench"),
        v.t("怎么办：", "What to do: "),
        v.t(
            "请那个成员检查磁盘，然后在那里核对并修复。",
            "Ask that member to look at its disk, and to check and repair there.",
        ),
    )


def _say_liar(v: Visit, member: str, liars: Sequence[Tree]) -> str:
    shards = sorted({each["shard"] for each in liars})
    times, name = len(liars), v.name_of(member)
    return v.t(
        f"{name}：{times} 次（{say_parts(v, shards)}）。",
        f"{name}: {'once' if times == 1 else f'{times} times'} ({say_parts(v, shards)}).",
    )

"""The ledger: do all copies agree, and if not: whose, where, which field, who saw it.

Laws: what a figure says is this member's own observation; whose copy was not looked at yet stands
as that and never as agreeing. Nobody is named: only types, members, cases and times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.html import Html

from tallystick.console.kit import (
    boxed,
    button,
    card,
    fill,
    grid,
    join,
    scrolled,
    show,
    stack,
    stats,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.ledger_alarm import can_repair, draw_settled, show_alarm
from tallystick.console.pages.ledger_check import CheckBox
from tallystick.console.pages.ledger_fault import draw_fault
from tallystick.console.pages.ledger_strip import draw_blocks, draw_records, draw_strip
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.record import name_role
from tallystick.text.wording import format_count

__all__ = ["show_page"]

STRIP_BLOCKS: Final = 7
PAGE_BLOCKS: Final = 20
RECORDS_SHOWN: Final = 12
ALARMS_SHOWN: Final = 5
LOOK_S: Final = 5.0
"""How often the page asks who has checked whom: that changes between blocks."""
State = Mapping[str, Any]
Block = Mapping[str, Any]


async def show_page(v: Visit, live: Live, before: str = "") -> None:
    """Show the chain, its copies, and a page of blocks.

    Args:
        v: the visit.
        live: tells what changed.
        before: the blocks below this height; "" for the newest.
    """
    page = _Page(v, int(before) if before.isascii() and before.isdigit() else 0)
    await page.draw()
    live.watch(ui.context.client, "page", page.draw)
    ui.timer(LOOK_S, page.draw_state, immediate=False)
    ui.timer(0, page.check.resume, once=True)


class _Page:
    """The page's parts, each redrawn when what it shows has changed."""

    def __init__(self, v: Visit, before: int) -> None:
        self._v = v
        self._before = before
        self._shown_alarms: object = None
        self._show_head()
        self._faults = show(fill(""))
        self._alarms = stack()
        self.check = CheckBox(v)
        self._figures = show(fill(""))
        self._strip = show(fill(""))
        with grid("g-two ledger-two"):
            self._members = show(fill(""))
            self._records = show(fill(""))
        with boxed(v.t("全部区块", "All blocks")):
            self._blocks = show(fill(""))
        self._settled = show(fill(""), "k-quiet")

    def _show_head(self) -> None:
        v = self._v
        with ui.element("div").classes("k-head"):
            show(
                fill(
                    '<h1 tabindex="-1">{}</h1><p class="soft">{}</p>',
                    v.t("账本", "Ledger"),
                    v.t(
                        f"每家成员各持一份完整账本，互相核对。这里看的是{v.name_of(v.member)}这一份。",
                        "Each member keeps a whole copy and checks the others. This is the view of"
                        f" {v.name_of(v.member)}.",
                    ),
                )
            )
            with ui.element("div").classes("act"):
                self._verify = button(
                    v.t("立即核对", "Verify now"), self._verify_now, "refresh-cw", "first"
                )

    async def _verify_now(self) -> None:
        self._verify.disable()
        try:
            await self.check.verify()
            await self.draw()
        finally:
            self._verify.enable()

    async def _follow_repair(self, found: Mapping[str, Any]) -> None:
        await self.check.follow(found)
        await self.draw()

    async def draw(self, _: Health | None = None) -> None:
        """Ask for everything and show it."""
        client = self._v.client
        state, page, _ = await asyncio.gather(
            client.get("/state"),
            client.get("/blocks", before=self._before, limit=PAGE_BLOCKS),
            self._draw_faults(),
        )
        await self._draw_chain(state, page["items"])
        wrong = [each["height"] for each in state["alarms"]]
        _put(self._blocks, self._draw_page(page, state["copies"], wrong))
        self._draw_state(state)

    async def draw_state(self) -> None:
        """Ask who has checked whom, and show that."""
        if not self.check.is_busy:
            await self._draw_faults()
            self._draw_state(await self._v.client.get("/state"))

    async def _draw_faults(self) -> None:
        """Show the members that are proven to have signed twice."""
        found = (await self._v.client.get("/ledger/equivocations"))["items"]
        _put(self._faults, join(draw_fault(self._v, each) for each in found[:ALARMS_SHOWN]))

    def _draw_state(self, state: State) -> None:
        v = self._v
        _put(self._figures, stats(_tell_figures(v, state)))
        _put(self._members, _draw_members(v, state))
        settled = state["settled"]
        _put(self._settled, draw_settled(v, settled) if settled else fill(""))
        self._draw_alarms(state)

    def _draw_alarms(self, state: State) -> None:
        alarms = state["alarms"]
        if alarms == self._shown_alarms:
            return
        self._shown_alarms = alarms
        self._alarms.set_visibility(bool(alarms))
        self._alarms.clear()
        with self._alarms:
            for each in alarms[:ALARMS_SHOWN]:
                show_alarm(self._v, each, state["copies"], self._follow_repair)
            if len(alarms) > ALARMS_SHOWN:
                more = format_count(len(alarms) - ALARMS_SHOWN)
                said = self._v.t(f"另有 {more} 处不一致。", f"{more} more places differ.")
                show(fill('<p class="soft">{}</p>', said))
        # One thing is first: the repair, where there is one to do.
        is_first = not any(can_repair(self._v, each) for each in alarms)
        self._verify.classes(add="first" if is_first else "", remove="" if is_first else "first")

    async def _draw_chain(self, state: State, page: Sequence[Block]) -> None:
        """Show the strip and the records of its last block: about the alarm, if there is one."""
        v = self._v
        wrong = [each["height"] for each in state["alarms"]]
        blocks = page[:STRIP_BLOCKS]
        if wrong or self._before:
            top = min(state["height"], (max(wrong) + STRIP_BLOCKS // 2) if wrong else 0)
            before = top + 1 if top else 0
            found = await v.client.get("/blocks", before=before, limit=STRIP_BLOCKS)
            blocks = found["items"]
        title = (
            v.t("出问题的地方", "Where it differs") if wrong else v.t("最新的区块", "Newest blocks")
        )
        right = v.t("高度、时间、记录数", "Height, time, records")
        strip = draw_strip(v, blocks, state["height"], wrong)
        _put(self._strip, card(title, strip, right=right))
        await self._draw_records(blocks, wrong)

    async def _draw_records(self, blocks: Sequence[Block], wrong: Sequence[int]) -> None:
        """Show what the newest blocks hold, or the block that one copy holds otherwise."""
        v = self._v
        readable = [each["height"] for each in blocks if "fault" not in each]
        heights = [each for each in readable if each in wrong] or readable
        found: list[Mapping[str, Any]] = []
        for height in heights:
            told = (await v.client.get(f"/blocks/{height}/records"))["items"]
            found += [{**each, "height": height} for each in told]
            if len(found) >= RECORDS_SHOWN:
                break
        if not found:
            _put(self._records, fill(""))
            return
        title = v.t("最新的记录", "Newest records")
        if wrong:
            title = v.t("前后的记录", "Records around it")
        if heights[0] in wrong:
            figure = format_count(heights[0])
            title = v.t(f"区块 {figure} 应有的记录", f"What block {figure} holds elsewhere")
        note = v.t(
            "账本上没有姓名；内容是加密的，只有授权的人能开。",
            "No names on the ledger; what records say is sealed, and opens by consent alone.",
        )
        body = draw_records(v, found[:RECORDS_SHOWN], title)
        _put(self._records, card(title, body, note=note, pad=False))

    def _draw_page(self, page: Mapping[str, Any], copies: int, wrong: Sequence[int]) -> Markup:
        v = self._v
        links = []
        if self._before:
            links.append((v.link("/ledger"), v.t("回到最新", "Back to the newest")))
        if "next" in page:
            links.append((v.link(f"/ledger?before={page['next']}"), v.t("更早的", "Earlier ones")))
        more = fill(" ").join(fill('<a class="link" href="{}">{}</a>', *each) for each in links)
        return fill(
            '<div class="scroll">{}</div><div class="note ledger-more">{}</div>',
            draw_blocks(v, page["items"], copies, wrong),
            more,
        )


def _put(place: Html, markup: Markup) -> None:
    """Show a part anew where it has changed: what is read keeps its scroll."""
    if place.content != markup:
        place.set_content(markup)


def _tell_figures(v: Visit, state: State) -> Iterable[tuple[str, str, str, str]]:
    copies, sound = state["copies"], state["agreeing"]
    looked = [each for each in state["members"] if "checked_ms" in each]
    wrong = len({each["member"] for each in state["alarms"]})
    yield (
        v.t("一致的账本", "Copies that agree"),
        f"{sound} / {copies}",
        "",
        v.t(f"{wrong} 份不一致", f"{wrong} {'differs' if wrong == 1 else 'differ'}")
        if wrong
        else v.t(
            f"{copies - sound} 份等着核对" if sound < copies else "没有不一致的",
            f"{copies - sound} yet to be checked" if sound < copies else "none differs",
        ),
    )
    yield (
        v.t("账本高度", "Height"),
        format_count(state["height"]),
        v.t("块", "blocks"),
        _say_alarms(v, len(state["alarms"])),
    )
    behind = state["height"] - state["witnessed"]
    yield (
        v.t("已由三分之二以上成员联署", "Cosigned by over two thirds"),
        format_count(state["witnessed"]),
        "",
        v.t("到最新一块", "up to the newest")
        if not behind
        else v.t(f"差 {behind} 块", f"{behind} behind"),
    )
    last = max(looked, key=lambda each: each["checked_ms"], default=None)
    yield (
        v.t("最近一次核对", "Last check"),
        tell_clock(last["checked_ms"])[6:] if last else "\u2013",
        "",
        v.t(f"抽查 {last['checked_blocks']} 块", f"{last['checked_blocks']} blocks of each copy")
        if last
        else v.t("启动以后还没有", "none since the start"),
    )


def _say_alarms(v: Visit, count: int) -> str:
    return v.t(f"{count} 处警报", f"{count} {'alarm' if count == 1 else 'alarms'}")


def _draw_members(v: Visit, state: State) -> Markup:
    heads = [
        v.t("成员", "Member"),
        v.t("角色", "Role"),
        ">" + v.t("高度", "Height"),
        v.t("核对于", "Checked at"),
        v.t("状态", "Status"),
    ]
    members = state["members"]
    rows = [_member_row(v, each) for each in members]
    hot = next((at for at, each in enumerate(members) if each.get("agrees") == 0), -1)
    title = v.t("成员与核对", "Members and checks")
    right = v.t(
        f"{state['copies']} 份中 {state['agreeing']} 份一致",
        f"{state['agreeing']} of {state['copies']} copies agree",
    )
    body = scrolled(table(heads, rows, title, classes="tight", hot=hot), title)
    return card(title, body, right=right, pad=False)


def _member_row(v: Visit, row: Mapping[str, Any]) -> Sequence[str | Markup]:
    name = fill("{}", row["zh"] if v.language == "zh" else row["en"])
    if row["own"]:
        name = fill('{} <span class="tag">{}</span>', name, v.t("本单位", "ours"))
    at = tell_clock(row["checked_ms"])[6:] if "checked_ms" in row else "\u2013"
    return (
        name,
        name_role(row["role"], v.language),
        format_count(row["height"]) if "height" in row else "\u2013",
        fill('<span class="nowrap">{}</span>', at),
        _member_state(v, row),
    )


def _member_state(v: Visit, row: Mapping[str, Any]) -> Markup:
    if "checked_ms" not in row:
        return tag(v.t("等着核对", "Not checked yet"))
    if "agrees" not in row:
        return tag(v.t("没有答复", "No answer"), "warn")
    if row["agrees"]:
        return tag(v.t("一致", "Agrees"), "ok")
    return tag(v.t("不一致", "Differs"), "alarm")

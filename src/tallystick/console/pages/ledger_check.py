"""Checking one's own copy now: how far it is, and what came of it.

Law: a check that runs is followed, never doubled: whoever opens the page meanwhile sees the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui.elements.html import Html

from tallystick.base.errors import Error, NotFound
from tallystick.console.icons import icon
from tallystick.console.kit import card, fill, show, table, tag
from tallystick.console.pages.ledger_alarm import say_field
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.wording import format_count

__all__ = ["COMPARED_MOST", "CheckBox", "draw_check"]

COMPARED_MOST: Final = 1_024
"""Blocks that are compared with the other members' at a time: what the API takes."""
LOOK_S: Final = 0.3
Check = Mapping[str, Any]


class CheckBox:
    """The part of the page that follows a check or a repair.

    Args:
        v: the visit.
    """

    def __init__(self, v: Visit) -> None:
        self._v = v
        self._place: Html = show(fill(""), "k-quiet")
        self._place.props["role"] = "status"
        self.is_busy = False

    async def resume(self) -> None:
        """Show the check that runs, or nothing where none does; follow it."""
        try:
            found = await self._v.client.get("/verify")
        except NotFound:
            return
        if found["state"] == "running":
            await self.follow(found)

    async def verify(self) -> None:
        """Read the own copy whole, then compare blocks with all other members."""
        if self.is_busy:
            return
        self.is_busy = True
        try:
            own = await self._run(0, 1)
            if own["sound"]:
                await self._run(COMPARED_MOST, 2)
        except Error as error:
            self._place.set_content(
                fill(
                    '<div class="card" style="padding:18px">{}</div>', draw_problem(self._v, error)
                )
            )
        finally:
            self.is_busy = False

    async def _run(self, blocks: int, step: int) -> Check:
        self._place.set_content(_draw_begun(self._v, step))
        asked = asyncio.ensure_future(self._v.client.send("/verify", {"blocks": blocks}))
        while not asked.done():
            await asyncio.wait([asked], timeout=LOOK_S)
            if not asked.done():
                await self._look(step)
        return await self.follow(asked.result(), step)

    async def _look(self, step: int) -> None:
        try:
            found = await self._v.client.get("/verify")
        except NotFound:
            return
        if found["state"] == "running":
            self._draw(found, step)

    async def follow(self, found: Check, step: int = 0) -> Check:
        """Show how far a check is until it has ended; return how it ended."""
        while found["state"] == "running" and not self._place.is_deleted:
            self._draw(found, step)
            await asyncio.sleep(LOOK_S)
            found = await self._v.client.get("/verify")
        self._draw(found, step)
        return found

    def _draw(self, found: Check, step: int) -> None:
        if not self._place.is_deleted:
            self._place.set_content(draw_check(self._v, found, step))


def _draw_begun(v: Visit, step: int) -> Markup:
    return draw_check(v, {"kind": "verify", "state": "running", "blocks": 0, "target": 0}, step)


def draw_check(v: Visit, found: Check, step: int = 0) -> Markup:
    """Return how far a check or a repair is, or what came of it.

    Args:
        v: the visit.
        found: as `GET /verify` tells it.
        step: 1 while the own copy is read, 2 while it is compared; 0 for a check alone.
    """
    if found["state"] == "running":
        return _draw_running(v, found, step)
    if found["state"] == "failed":
        said = v.t(
            f"没有做完（{found['code']}）。账本没有改动，请稍后再试。",
            f"It did not end ({found['code']}). Nothing was changed; try again later.",
        )
        return card(_title(v, found), fill("{} {}", tag(v.t("中断", "Cut off"), "alarm"), said))
    if found["findings"]:
        return _draw_findings(v, found)
    return card(
        _title(v, found),
        fill(
            '<div class="li t-ok">{}<b>{}</b></div><p class="soft">{}</p>',
            icon("circle-check"),
            _say_sound(v, found, step),
            _say_took(v, found),
        ),
    )


def _title(v: Visit, found: Check) -> str:
    if found["kind"] == "repair":
        return v.t("修复", "Repair")
    return v.t("核对结果", "What the check found")


def _draw_running(v: Visit, found: Check, step: int) -> Markup:
    done, target = found["blocks"], found["target"]
    if found["kind"] == "repair":
        said = v.t("正在修复：取回并逐块验证", "Repairing: fetching blocks and checking each")
    elif step == 2:  # noqa: PLR2004 - the second of two
        said = v.t("第 2 步：与其他成员逐块比对", "Step 2 of 2: comparing blocks with all others")
    else:
        said = v.t(
            "第 1 步：从第一个区块起重新算一遍本单位的账本",
            "Step 1 of 2: running our own copy again from the first block",
        )
    share = 100 * done // target if target else 0
    figure = f"{format_count(done)} / {format_count(target)}" if target else ""
    bar = fill(
        '<div class="progress" role="progressbar" aria-label="{}" aria-valuenow="{}"'
        ' aria-valuemin="0" aria-valuemax="100"><i style="width:{}%"></i></div>',
        said,
        share,
        share,
    )
    note = v.t("一般几秒；可以离开这一页。", "A few seconds as a rule; you may leave this page.")
    return card(said, fill('{}<p class="soft small">{}</p>', bar, note), right=figure)


def _say_sound(v: Visit, found: Check, step: int) -> str:
    figure = format_count(found["blocks"])
    if found["kind"] == "repair":
        fetched = format_count(found["fetched"])
        return v.t(
            f"已修复：{fetched} 个区块取自其他成员，全部 {figure} 个已验证。",
            f"Repaired; fetched from other members: {fetched}; verified: all {figure} blocks.",
        )
    if step == 2:  # noqa: PLR2004 - the second of two
        return v.t(
            f"本单位的账本从头到尾无误；又与其他成员比对了 {figure} 个区块。",
            f"Our own copy holds from end to end; {figure} blocks were compared with all others.",
        )
    return v.t(
        f"本单位的账本无误：{figure} 个区块已核对。",
        f"Our own copy holds: {figure} blocks checked.",
    )


def _say_took(v: Visit, found: Check) -> str:
    seconds = f"{found['ms'] / 1_000:.1f}"
    at = tell_clock(found.get("ended_ms", found["started_ms"]))
    return v.t(f"{at}，用时 {seconds} 秒", f"{at}, took {seconds} s")


def _draw_findings(v: Visit, found: Check) -> Markup:
    heads = [
        ">" + v.t("区块", "Block"),
        v.t("字段", "Field"),
        v.t("应为", "Expected"),
        v.t("实为", "Found"),
    ]
    rows = [
        (
            format_count(each["height"]),
            say_field(v, each["field"]),
            fill('<span class="mono">{}</span>', _cut(each["expected"])),
            fill('<span class="mono">{}</span>', _cut(each["got"])),
        )
        for each in found["findings"]
    ]
    right = tag(v.t("本单位的账本有误", "Our own copy is wrong"), "alarm")
    return card(
        _title(v, found),
        table(heads, rows, _title(v, found), classes="tight"),
        right=right,
        note=_say_took(v, found),
        pad=False,
    )


def _cut(value: str, most: int = 24) -> str:
    return value if len(value) <= most else f"{value[: most // 2]}\u2026{value[-most // 2 :]}"

"""The store: is every file safe, who holds what, what is missing, and what is done about it.

Laws: what members hold is what they say they hold, asked anew each time; who gives no answer is
told as away and never as holding nothing; files stand with the least safe first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.html import Html

from tallystick.console.kit import button, fill, show, stats
from tallystick.console.live import Health, Live
from tallystick.console.pages.head import put_head
from tallystick.console.pages.store_care import CareBox, draw_liars, draw_report
from tallystick.console.pages.store_list import draw_holders, draw_objects
from tallystick.console.pages.store_members import draw_members
from tallystick.console.pages.store_put import open_put
from tallystick.console.pages.store_ways import show_ways
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes
from tallystick.text.wording import format_count

__all__ = ["show_page"]

PAGE_OBJECTS: Final = 20
LOOK_S: Final = 5.0
"""How often the page asks again: disks are lost and mended without a block."""
Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live, after: str = "") -> None:
    """Show how files stand, and a page of them.

    Args:
        v: the visit.
        live: tells what changed.
        after: how many files are passed over; "" for none.
    """
    page = _Page(v, int(after) if after.isascii() and after.isdigit() else 0)
    await page.draw()
    live.watch(ui.context.client, "page", page.draw)
    ui.timer(LOOK_S, page.draw, immediate=False)


class _Page:
    """The page's parts, each drawn anew where what it shows has changed."""

    def __init__(self, v: Visit, after: int) -> None:
        self._v = v
        self._after = after
        self._peers: Sequence[Tree] = ()
        self._show_head()
        self._liars = show(fill(""))
        self._care = CareBox(v)
        self._figures = show(fill(""))
        self._objects = show(fill(""))
        self._holders = show(fill(""))
        self._members = show(fill(""))
        self._report = show(fill(""))
        self._ways = ui.element("div")
        self._many = 0

    def _show_head(self) -> None:
        v = self._v
        sentence = v.t(
            "每份文件切成几份，分给不同的成员保管；丢了几份也能取回，保管的人读不懂。",
            "Each file is cut into parts that different members keep. Some may be lost and it still"
            " comes back; whoever keeps a sealed part cannot read it.",
        )
        with put_head(v.t("分存文件", "Stored files"), sentence):
            if v.may("repair_store"):
                words = v.t("核对并修复", "Check and repair")
                self._mend = button(words, self._run_care, "wrench")
            if v.may("put_object"):
                words = v.t("存一份文件", "Store a file")
                button(words, self._open_put, "upload", "first")

    def _open_put(self) -> None:
        answering = sum(each["answers"] for each in self._peers)
        open_put(self._v, answering)

    async def _run_care(self) -> None:
        self._mend.disable()
        try:
            await self._care.run()
            await self.draw()
        finally:
            self._mend.enable()

    async def draw(self, _: Health | None = None) -> None:
        """Ask how files stand and show what changed."""
        v = self._v
        health, peers, page = await asyncio.gather(
            v.client.get("/store/health"),
            v.client.get("/store/peers"),
            v.client.get("/store/objects", weakest=1, limit=PAGE_OBJECTS, offset=self._after),
        )
        self._peers = peers["items"]
        rows = page["items"]
        _put(self._liars, draw_liars(v, health["liars"]))
        _put(self._figures, stats(_tell_figures(v, health)))
        _put(self._objects, draw_objects(v, rows, self._link_pages(page)))
        _put(self._holders, draw_holders(v, rows, self._peers) if rows else fill(""))
        _put(self._members, draw_members(v, self._peers))
        _put(self._report, draw_report(v, health))
        self._draw_ways(health["members"])

    def _draw_ways(self, members: int) -> None:
        """Draw how much may be lost, anew where members came or left."""
        if members == self._many:
            return
        self._many = members
        self._ways.clear()
        with self._ways:
            show_ways(self._v, members)

    def _link_pages(self, page: Tree) -> Markup:
        v = self._v
        links = []
        if self._after:
            links.append((v.link("/store"), v.t("回到最不保险的", "Back to the least safe")))
        if "next" in page:
            place = v.link(f"/store?after={page['next']}")
            links.append((place, v.t("后面的", "The next ones")))
        return fill(" ").join(fill('<a class="link" href="{}">{}</a>', *each) for each in links)


def _put(place: Html, markup: Markup) -> None:
    """Show a part anew where it has changed: what is read keeps its scroll."""
    if place.content != markup:
        place.set_content(markup)


def _tell_figures(v: Visit, health: Tree) -> Iterator[tuple[str, str | Markup, str, str | Markup]]:
    many, away = health["objects"], health["members"] - health["answering"]
    yield (
        v.t("存着的文件", "Files kept"),
        format_count(many),
        "",
        v.t(f"{health['whole']} 份齐全", f"{health['whole']} whole"),
    )
    yield (
        v.t("缺份的", "With parts missing"),
        _alarming(health["short"] + health["bare"], health["bare"]),
        "",
        _say_bare(v, health),
    )
    yield (
        v.t("现在读不出的", "Not readable now"),
        _alarming(health["lost"], health["lost"]),
        "",
        _say_lost(v, health, away),
    )
    yield (
        v.t("有答复的成员", "Members that answer"),
        f"{health['answering']} / {health['members']}",
        "",
        v.t(f"{away} 家没有答复", f"{away} without an answer")
        if away
        else v.t("都在", "all are up"),
    )
    most = v.t(f"最多 {say_bytes(health['quota'])}", f"of at most {say_bytes(health['quota'])}")
    yield v.t("本单位保管", "Kept here"), say_bytes(health["used"]), "", most


def _say_lost(v: Visit, health: Tree, away: int) -> str:
    if not health["lost"]:
        return v.t("都读得出", "all can be read")
    if away:
        return v.t("等没有答复的成员回来", "until those who are away are back")
    return v.t("剩下的份数不够", "too few parts are left")


def _say_bare(v: Visit, health: Tree) -> str:
    bare = health["bare"]
    if bare:
        return v.t(f"其中 {bare} 份一份也不能再丢", f"{bare} of them can lose no more")
    if health["short"]:
        return v.t("都还能再丢", "all can lose more")
    return v.t("一份不缺", "none is missing")


def _alarming(count: int, grave: int) -> Markup:
    return fill('<span class="{}">{}</span>', "t-alarm" if grave else "", format_count(count))

"""One file: who keeps which part of it, who may read it, and what its owner can do.

Laws: a name is known to its owner alone; readers are shown to the owner; an erasure is told as far
as members have signed that they hold nothing any more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import events, ui
from nicegui.elements.html import Html

from tallystick.client.problem import by_code
from tallystick.console.icons import icon
from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    grid,
    item,
    join,
    link_button,
    pairs,
    scrolled,
    show,
    stack,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.members_list import COPY
from tallystick.console.pages.store_acts import open_end, open_erase, open_grant
from tallystick.console.pages.store_ring import Place, draw_ring
from tallystick.console.pages.store_words import (
    draw_margin,
    draw_state,
    list_lacking,
    name_object,
    say_code,
    say_parts,
)
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes, tell_clock, tell_day

__all__ = ["say_lacking", "show_page"]

LOOK_S: Final = 5.0
WHOLE: Final = 1_000_000
NUMBER_SIGNS: Final = 12
_CODE: Final = re.compile(r"[a-z]+\.[a-z_]+")
Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live, cid: str, refused: str = "") -> None:
    """Show a file.

    Args:
        v: the visit.
        live: tells what changed.
        cid: its name.
        refused: the code that a download was refused with; "" for none.
    """
    found, peers = await _ask(v, cid)
    page = _Page(v, found, refused if _CODE.fullmatch(refused) else "")
    page.show(found, peers)
    live.watch(ui.context.client, "page", page.draw)
    ui.timer(LOOK_S, page.draw, immediate=False)


class _Page:
    """The page's parts, each drawn anew where what it shows has changed."""

    def __init__(self, v: Visit, found: Tree, refused: str) -> None:
        self._v = v
        self._cid = found["cid"]
        self._acted: object = None
        self._read: object = None
        with ui.element("div").classes("k-head"):
            self._title = show(fill(""))
            self._acts = ui.element("div").classes("act")
        if refused:
            drawn = draw_problem(v, by_code(refused))
            show(fill('<div class="card padded">{}</div>', drawn))
        with grid("g-side"):
            with stack():
                self._parts = show(fill(""))
            with stack():
                self._facts = show(fill(""))
                self._readers = ui.element("div")
                self._erased = show(fill(""))
        self._facts.on("click", self._copy, js_handler=COPY)

    def _copy(self, event: events.GenericEventArguments) -> None:
        ui.clipboard.write(str(event.args))
        ui.notify(self._v.t("编号已复制", "Number copied"), color=None, classes="told")

    async def draw(self, _: Health | None = None) -> None:
        """Ask how the file stands and show what changed."""
        found, peers = await _ask(self._v, self._cid)
        self.show(found, peers)

    def show(self, found: Tree, peers: Sequence[Tree]) -> None:
        """Show how the file stands."""
        v = self._v
        _put(self._title, _draw_title(v, found))
        _put(self._parts, _draw_parts(v, found, peers))
        _put(self._facts, _draw_facts(v, found))
        _put(self._erased, _draw_receipts(v, found, peers) if found["is_erased"] else fill(""))
        acted = (found["is_erased"], found["left"] < 0)
        if acted != self._acted:
            self._acted = acted
            self._acts.clear()
            with self._acts:
                self._show_acts(found)
        readers = (found["is_erased"], found.get("readers"))
        if readers != self._read:
            self._read = readers
            self._readers.clear()
            with self._readers:
                self._show_readers(found, peers)

    def _show_acts(self, found: Tree) -> None:
        v = self._v
        if found["is_erased"]:
            return
        if found["is_own"] and v.may("erase_object"):
            words = v.t("销毁", "Erase")
            button(words, lambda: open_erase(v, found, self.draw), "trash-2")
        if v.may("read_object") and found["left"] >= 0:
            place = f"{v.file(f'/object/{self._cid}')}?language={v.language}"
            show(link_button(v.t("取回", "Read it"), place, "download", "first", leave=True))

    def _show_readers(self, found: Tree, peers: Sequence[Tree]) -> None:
        """Show who may read the file, and to its owner the means to change that."""
        v = self._v
        title = v.t("谁能读", "Who may read it")
        if found["is_erased"]:
            return
        if not found["is_sealed"]:
            said = v.t("没有加密：所有成员都能读。", "It is not sealed: every member can read it.")
            show(card(title, fill('<p class="soft">{}</p>', said)))
            return
        if "readers" not in found:
            said = v.t(
                f"加密了。谁能读，由{v.name_of(found['member'])}决定；要读就请它准许。",
                f"It is sealed. {v.name_of(found['member'])} decides who reads it: ask there.",
            )
            show(card(title, fill('<p class="soft">{}</p>', said)))
            return
        with boxed(title):
            self._show_own_readers(found["readers"])
            if v.may("grant_object"):
                with ui.element("div").classes("foot-acts"):
                    words = v.t("准许一个成员", "Let a member read")
                    button(
                        words, lambda: open_grant(v, found, peers, self.draw), "user-plus", "short"
                    )

    def _show_own_readers(self, readers: Sequence[Tree]) -> None:
        v, now_ms = self._v, self._v.office.now_ms()
        us = v.t("本单位，一直能读", "We ourselves, always")
        show(fill('<div class="body">{}</div>', item("user-check", us, "ok")))
        for each in readers:
            if each["until_at"] <= now_ms:
                continue
            name, day = v.name_of(each["member"]), tell_day(v, each["until_at"])
            with ui.element("div").classes("ask-line"):
                until = v.t(f"到 {day} 为止", f"until {day}")
                show(fill('<b>{}</b> <span class="dim small">{}</span>', name, until))
                if v.may("grant_object"):
                    words = v.t("收回", "End it")
                    found = button(
                        words,
                        lambda each=each: open_end(v, self._cid, each, self.draw),
                        kind="short",
                    )
                    found.props["aria-label"] = v.t(f"{words}：{name}", f"{words}: {name}")


async def _ask(v: Visit, cid: str) -> tuple[Tree, Sequence[Tree]]:
    found, peers = await asyncio.gather(
        v.client.get(f"/store/objects/{cid}"), v.client.get("/store/peers")
    )
    return found, peers["items"]


def _put(place: Html, markup: Markup) -> None:
    """Show a part anew where it has changed: what is read keeps its scroll."""
    if place.content != markup:
        place.set_content(markup)


# ---- what is shown


def _draw_title(v: Visit, found: Tree) -> Markup:
    crumb = fill(
        '<a class="link" href="{}">{}</a>', v.link("/store"), v.t("分存文件", "Stored files")
    )
    owner = v.name_of(found["member"])
    size = say_bytes(found.get("bytes", found["stored"]))
    day = tell_day(v, found["at"], sentence=True)
    return fill(
        '<nav class="crumb" aria-label="/">{}</nav><h1 tabindex="-1">{} {}</h1>'
        '<p class="soft">{}</p>',
        crumb,
        name_object(v, found),
        draw_state(v, found),
        v.t(f"{owner}在{day}存的，{size}", f"Stored by {owner} on {day}, {size}"),
    )


def _draw_parts(v: Visit, found: Tree, peers: Sequence[Tree]) -> Markup:
    """Return who keeps which part, as a ring and as a table."""
    title = v.t("谁拿着哪一份", "Who holds which part")
    if found["is_erased"]:
        said = v.t("各成员都不再保管它。", "No member keeps it any more.")
        if found["is_sealed"]:
            said = v.t("钥匙已经毁掉，谁也读不出它。", "Its key is destroyed: nobody can read it.")
        return card(title, empty("trash-2", v.t("已销毁", "Erased"), said), pad=False)
    if "shards" not in found:
        said = v.t(
            "没有答复的成员回来以后再看。", "Look again when members that are away are back."
        )
        return card(
            title, empty("clock", v.t("没有人拿着它的清单", "Nobody has its list"), said), pad=False
        )
    many = found["shards"]
    middle = (
        f"{found['present']} / {many}",
        v.t("份在", "parts are there"),
    )
    ring = draw_ring(_places(v, found, peers), middle, title)
    heads = [
        v.t("第几份", "Part"),
        v.t("是什么", "What it is"),
        v.t("谁拿着", "Held by"),
        v.t("状态", "State"),
    ]
    lacking = list_lacking(found)
    held = {each["shard"]: each["members"] for each in found["holders"]}
    rows = [_part_row(v, found, shard, held.get(shard, ())) for shard in range(many)]
    parts = scrolled(table(heads, rows, title, classes="tight"), title)
    lost = fill("")
    if lacking:
        said = say_lacking(v, found, lacking, peers)
        lost = fill('<div class="body">{}</div>', item("octagon-alert", said, "alarm"))
    return card(title, fill("{}{}{}", lost, ring, parts), right=draw_margin(v, found), pad=False)


def say_lacking(v: Visit, found: Tree, lacking: Sequence[int], peers: Sequence[Tree]) -> str:
    """Return what was not found, where it may be, and what becomes of it."""
    parts = say_parts(v, lacking)
    said = v.t(f"没有找到{parts}。", f"Not found: {parts}. ")
    if not all(each["answers"] for each in peers):
        said += v.t(
            "可能在没有答复的成员那里，等它们回来再看。",
            "They may be with members that give no answer: look again when those are back. ",
        )
    elif found["left"] < 0:
        return said + v.t(
            "剩下的不够取回它了。丢了份的成员若还有旧磁盘，请接回去。",
            "Too few are left to give it back. Members that lost one should bring back the old"
            " disk, if there is one.",
        )
    if found["left"] < 0:
        return said.strip()
    return said + v.t(
        "成员会自动补做；也可以在“分存文件”里马上修复。",
        "Members make missing parts anew by themselves; Check and repair, on the page Stored files,"
        " does it at once.",
    )


def _places(v: Visit, found: Tree, peers: Sequence[Tree]) -> list[Place]:
    held: dict[str, list[int]] = {}
    for each in found["holders"]:
        for member in each["members"]:
            held.setdefault(member, []).append(each["shard"])
    places = []
    for peer in peers:
        member, name = peer["member"], v.name_of(peer["member"])
        shards = held.get(member, ())
        if not peer["answers"]:
            places.append(Place(name, v.t("没有答复", "no answer"), 0, kind="away"))
        elif not shards:
            places.append(Place(name, v.t("没有", "none"), 0, kind="idle"))
        else:
            inside = ",".join(str(shard + 1) for shard in shards)
            places.append(Place(name, say_parts(v, shards), WHOLE // 3, inside))
    return places


def _part_row(v: Visit, found: Tree, shard: int, holders: Sequence[str]) -> Sequence[str | Markup]:
    is_spare = shard >= found["needed"]
    kind = v.t("备用", "Spare") if is_spare else v.t("文件本身", "The file itself")
    look = "gone" if not holders else ("spare" if is_spare else "")
    number = fill('<span class="shard {}">{}</span>', look, shard + 1)
    if not holders:
        return number, kind, "\u2013", tag(v.t("缺", "Missing"), "alarm")
    names = v.t("、", ", ").join(v.name_of(each) for each in holders)
    return number, kind, names, tag(v.t("在", "There"), "ok")


def _draw_facts(v: Visit, found: Tree) -> Markup:
    cid = found["cid"]
    rows: list[tuple[str, str | Markup]] = [
        (v.t("加密", "Sealed"), v.t("是", "Yes") if found["is_sealed"] else v.t("否", "No")),
        (v.t("大小", "Size"), say_bytes(found.get("bytes", found["stored"]))),
    ]
    if "code" in found:
        rows.append((v.t("怎么存", "How it is kept"), say_code(v, found["code"])))
    rows += [
        (v.t("存于", "Stored at"), fill('<span class="nowrap">{}</span>', tell_clock(found["at"]))),
        (
            v.t("编号", "Number"),
            fill(
                '<span class="nowrap"><span class="mono" title="{}">{}\u2026{}</span>'
                ' <button type="button" class="btn short" data-copy="{}" aria-label="{}">{}'
                "</button></span>",
                cid,
                cid[:NUMBER_SIGNS],
                cid[-NUMBER_SIGNS:],
                cid,
                v.t("复制编号", "Copy the number"),
                icon("copy"),
            ),
        ),
    ]
    return card(v.t("这份文件", "This file"), pairs(rows))


def _draw_receipts(v: Visit, found: Tree, peers: Sequence[Tree]) -> Markup:
    """Return who has signed that it holds nothing of an erased file, and who is still to."""
    title = v.t("谁已删去", "Who has dropped it")
    if "receipts" not in found:
        said = v.t("回执在存它的成员那里。", "The receipts are with the member that stored it.")
        return card(title, fill('<p class="soft">{}</p>', said))
    signed = found["receipts"]
    waiting = [each["member"] for each in peers if each["member"] not in signed]
    lines = [item("circle-check", v.name_of(each), "ok") for each in signed]
    said = v.t(
        "还没有回执，回来以后会自动问它", "no receipt yet; it is asked again when it is back"
    )
    lines += [item("clock", f"{v.name_of(each)}: {said}", "warn") for each in waiting]
    gone = v.t("已退出，不再等它的回执", "left the county; its receipt is not waited for")
    departed = [each for each in found.get("departed", ()) if each not in waiting]
    lines += [item("clock", f"{v.name_of(each)}: {gone}", "warn") for each in departed]
    right = v.t(
        f"{len(signed)} / {len(signed) + len(waiting)} 家签了回执",
        f"{len(signed)} of {len(signed) + len(waiting)} have signed",
    )
    return card(title, join(lines), right=right)

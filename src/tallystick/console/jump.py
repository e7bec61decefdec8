"""Ctrl+K: type a page's name, the beginning of a case or a height; Enter goes to the first hit."""

from __future__ import annotations

import re
from typing import Final

from nicegui import ui
from nicegui.events import KeyEventArguments

from tallystick.base.errors import Error
from tallystick.console.icons import icon
from tallystick.console.kit import fill, join, show
from tallystick.console.places import PLACES
from tallystick.console.visit import Visit

__all__ = ["make_jump"]

HITS_MAX: Final = 8
_CASE: Final = re.compile(r"[0-9a-f]{4,32}")
_HEIGHT: Final = re.compile(r"[1-9][0-9]{0,8}")


def make_jump(v: Visit) -> ui.dialog:
    """Return the dialog, and open it at Ctrl+K."""
    with ui.dialog().props("position=top") as dialog, ui.element("div").classes("card dialog"):
        name = v.t("跳到", "Jump to")
        box = ui.input(placeholder=v.t("页面、案件编号、区块高度", "A page, a case, a block"))
        box.props("outlined dense autofocus").style("padding:12px")
        box.props["aria-label"] = name
        hits = show(fill(""))
    found: list[tuple[str, str, str]] = []

    async def look() -> None:
        found[:] = await _find(v, (box.value or "").strip().lower())
        hits.set_content(
            join(
                fill('<a class="hit" href="{}">{}{}</a>', href, icon(glyph, "dim"), text)
                for glyph, text, href in found
            )
            or fill('<p class="hit dim">{}</p>', v.t("没有找到", "Nothing found"))
        )

    def go() -> None:
        if found:
            dialog.close()
            ui.navigate.to(found[0][2])

    async def open_empty() -> None:
        box.value = ""
        await look()

    def pressed(event: KeyEventArguments) -> None:
        chosen = event.modifiers.ctrl or event.modifiers.meta
        if event.action.keydown and event.key == "k" and chosen:
            dialog.open()

    box.on_value_change(look)
    box.on("keydown.enter", go)
    dialog.on("before-show", open_empty)
    ui.keyboard(on_key=pressed, ignore=[])
    ui.add_head_html(
        "<script>addEventListener('keydown', e => { if (e.key === 'k' && (e.ctrlKey || e.metaKey))"
        " e.preventDefault() })</script>"
    )
    return dialog


async def _find(v: Visit, typed: str) -> list[tuple[str, str, str]]:
    """Return what a few letters may mean: icon, words, address."""
    found = [
        (each.glyph, v.say(each.name), v.link(each.path))
        for each in PLACES
        if each.group and each.may(v) and typed in f"{each.name.zh} {each.name.en}".lower()
    ]
    if _HEIGHT.fullmatch(typed):
        words = v.t(f"区块 {typed}", f"Block {typed}")
        found.append(("layers", words, v.link(f"/ledger/{typed}")))
    if _CASE.fullmatch(typed):
        found += await _find_cases(v, typed)
    return found[:HITS_MAX]


async def _find_cases(v: Visit, typed: str) -> list[tuple[str, str, str]]:
    try:
        rows = (await v.client.get("/cases", q=typed, limit=HITS_MAX))["items"]
    except Error:
        # A search that the API refuses finds nothing; the page itself will say why.
        return []
    return [
        ("folder-open", v.t("案件", "Case ") + row["case"][:8], v.link(f"/cases/{row['case']}"))
        for row in rows
    ]

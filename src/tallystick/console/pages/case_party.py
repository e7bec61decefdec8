"""Whose case it is: name and record of paying, each opened by a click that leaves a receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.kit import boxed, button, fill, item, join, pairs, show
from tallystick.console.problem import notify_problem
from tallystick.console.visit import Visit
from tallystick.text import say
from tallystick.text.wording import format_count

__all__ = ["draw_standing", "show_party"]

Tree = Mapping[str, Any]
_FIELDS: Final = (
    ("name", "姓名", "Name"),
    ("phone", "电话", "Phone"),
    ("address", "住址", "Address"),
)
ITEMS_MOST: Final = 8


def show_party(v: Visit, party: str) -> None:
    """Show a card whose contents come when they are asked for."""
    note = v.t(
        "每看一次，家庭都能在“谁看过”里看到。", "The household can see every look in its receipts."
    )
    with boxed(v.t("谁的案件", "Whose case"), note=note):
        place = show(fill(""), "body")

        async def name() -> None:
            found = await _ask(v, f"/parties/{party}")
            if found is not None:
                place.set_content(_identity(v, found))

        async def standing() -> None:
            found = await _ask(v, f"/parties/{party}/standing")
            if found is not None:
                place.set_content(draw_standing(v, found))

        with ui.element("div").classes("body filters"):
            button(v.t("看姓名", "Show the name"), name, "eye", "short")
            button(v.t("看守信记录", "Record of paying"), standing, "scale", "short")


async def _ask(v: Visit, path: str) -> Tree | None:
    try:
        found: Tree = await v.client.get(path)
    except Error as error:
        notify_problem(v, error)
        return None
    return found


def _identity(v: Visit, found: Tree) -> Markup:
    held = found["identity"]
    told = {**held.get("identity", {}), **(held.get("contacts") or {})}
    rows = [
        (v.t(zh, en), fill('<span lang="zh">{}</span>', told[key]))
        for key, zh, en in _FIELDS
        if key in told
    ]
    return pairs(rows) if rows else item("info", v.t("没有登记姓名", "No name is registered"))


def draw_standing(v: Visit, found: Tree) -> Markup:
    """Return a party's record of paying: points, and lines that count alike together."""
    loans, accounts = found["loans"], found["accounts"]
    points = fill(
        '<p><b>{}</b> <span class="soft">{}</span></p>',
        v.t(f"{format_count(found['points'])} 分", f"{format_count(found['points'])} points"),
        v.t(f"{loans} 笔贷款，{accounts} 个户号", f"{loans} loans, {accounts} accounts"),
    )
    rows = [_standing_item(v, alike) for alike in _group(found["items"])[:ITEMS_MOST]]
    if found["unread"]:
        unread = found["unread"]
        words = v.t(
            f"读不到账本的户号：{unread} 个", f"Accounts whose book cannot be read here: {unread}"
        )
        rows.append(item("info", words))
    return points + join(rows)


def _group(items: Sequence[Tree]) -> list[list[Tree]]:
    """Return items of one loan or kind of dues that count alike together, what counts most first.

    A loan's faults stand alone.
    """
    found: defaultdict[tuple[Any, ...], list[Tree]] = defaultdict(list)
    for at, each in enumerate(items):
        is_alone = "kind" not in each and each["points"] < 0
        key = (each.get("kind"), each.get("loan"), each["reason"], at if is_alone else -1)
        found[key].append(each)
    return sorted(found.values(), key=lambda alike: -abs(sum(each["points"] for each in alike)))


def _standing_item(v: Visit, alike: Sequence[Tree]) -> Markup:
    """Return one line for items that count alike: what for, why, how often, and their points."""
    each, points = alike[0], sum(each["points"] for each in alike)
    words = say(f"standing.{each['reason']}", {"n": _latest(alike)}, v.language)
    if "kind" in each:
        kind = say(f"standing.of_{each['kind']}", {}, v.language)
        words = v.t(f"{kind}：{words}", f"{kind}: {words}")
    if len(alike) > 1:
        more = len(alike) - 1
        words = v.t(f"{words}，另有 {more} 次", f"{words}, and {more} more")
    figure = f"+{points}" if points > 0 else f"\u2212{-points}" if points else "0"
    tone = "ok" if points >= 0 else "warn"
    glyph = "circle-check" if points >= 0 else "clock"
    return item(glyph, fill("{} <b>{}</b>", words, figure), tone)


def _latest(alike: Sequence[Tree]) -> int:
    return max(int(each["late_days"]) for each in alike)

"""The frame that stays while pages change: navigation, search, who I am, is the ledger sound.

Every page is a place in one table (`places.py`); the frame shows those that the visitor's role may
open, and refuses the others by address too. What the API refuses ends as a problem on the page.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.html import Html

from tallystick.base.errors import Error
from tallystick.console.icons import icon
from tallystick.console.jump import make_jump
from tallystick.console.kit import empty, fill, heard, join, link_button, person, show, show_head
from tallystick.console.live import Health, Live
from tallystick.console.places import GROUPS, PLACES, Place
from tallystick.console.problem import draw_problem
from tallystick.console.visit import SESSION_OVER, Visit
from tallystick.text.problem import say_problem
from tallystick.text.roles import name_role
from tallystick.text.wording import format_count

__all__ = ["show_frame"]

_FOCUS: Final = (
    "setTimeout(() => { scrollTo(0, 0);"
    " document.querySelector('main h1')?.focus({preventScroll: true}) }, 60)"
)
_THEME: Final = "document.cookie = 'theme={}; path=/; max-age=31536000; samesite=strict'"


def show_frame(v: Visit, live: Live, *, dark: bool | None) -> None:
    """Build the frame once, and let pages change inside it.

    Args:
        v: the visit.
        live: tells what changed.
        dark: the theme the visitor chose; None follows the machine's.
    """
    client = ui.context.client
    live.enter(v.member, client)
    theme = ui.dark_mode(dark)
    path = client.sub_pages_router.current_path
    with ui.header(bordered=False, elevated=False, wrap=False).classes("k-header"):
        menu = _icon_button("menu", v.t("导航", "Navigation"), "k-menu")
        palette = make_jump(v)
        _show_search(v, palette)
        ui.space()
        pill = show(fill(""), "").props("role=status")
        _show_who(v)
        seg = show(_languages(v, path))
        _icon_button("moon", v.t("深色或浅色", "Dark or light"), "").on_click(
            lambda: _turn_theme(theme)
        )
    with ui.left_drawer(value=False, bordered=False, top_corner=True, bottom_corner=True).props(
        "width=224 breakpoint=1024 show-if-above"
    ) as drawer:
        nav = show(_nav(v, path, {}), "k-nav")
        nav.props["role"] = "navigation"
        nav.props["aria-label"] = v.t("主导航", "Main")
    menu.on_click(drawer.toggle)
    main = ui.element("div").style("width:100%")
    ui.skip_link(v.t("跳到正文", "Skip to main content"), target=main)
    counts: dict[str, int] = {}

    async def refresh(_: Health | None = None) -> None:
        await _refresh(v, pill, counts)
        nav.set_content(_nav(v, client.sub_pages_router.current_path, counts))

    def moved(to: str) -> None:
        live.look_away(client.id)
        live.unwatch(client, "page")
        palette.close()
        nav.set_content(_nav(v, to, counts))
        seg.set_content(_languages(v, to))
        ui.run_javascript(_FOCUS)

    client.sub_pages_router.on_path_changed(moved)
    live.watch(client, "frame", refresh)
    ui.timer(0, refresh, once=True)
    with main:
        routes = {place.path or "/": _guarded(v, live, place) for place in PLACES}
        ui.sub_pages(routes, root_path=v.link(), show_404=False).classes("k-page")


# ---- header


def _icon_button(glyph: str, name: str, kind: str) -> ui.button:
    found = ui.button(color=None, icon=f"svguse:/look/icons.svg#{glyph}").props("flat dense")
    found.props["aria-label"] = name
    return found.classes(f"btn short {kind}")


def _show_search(v: Visit, palette: ui.dialog) -> None:
    words = v.t("搜索案件、区块、页面", "Search cases, blocks, pages")
    box = show(fill("{}{}<kbd>Ctrl K</kbd>", icon("search"), words), "k-search")
    box.props("role=button tabindex=0 aria-haspopup=dialog")
    box.on("click", palette.open)
    box.on("keydown.enter", palette.open)


def _show_who(v: Visit) -> None:
    who = fill(
        '<div class="b">{}</div><a class="note12 dim" href="{}">{} · {}</a>',
        v.name_of(v.member),
        v.link("/settings"),
        person(v.me["shown"], v.language),
        v.say(name_role(v.me["role"])),
    )
    show(who, "k-who")


def _languages(v: Visit, path: str) -> Markup:
    rest = path.removeprefix(v.link())
    return fill(
        '<div class="k-seg">{}</div>',
        join(
            # The frame would catch the click, change the address and keep the old language.
            fill(
                '<a href="{}" lang="{}" onclick="event.stopPropagation()"{}>{}</a>',
                f"/{v.member}/{code}{rest}",
                code,
                Markup(' aria-current="true"') if code == v.language else "",
                name,
            )
            for code, name in (("zh", "中文"), ("en", "EN"))
        ),
    )


def _turn_theme(theme: ui.dark_mode) -> None:
    theme.value = not theme.value
    ui.run_javascript(_THEME.format("dark" if theme.value else "light"))


async def _refresh(v: Visit, pill: Html, counts: dict[str, int]) -> None:
    """Ask how the ledger is and what waits, and show it."""
    try:
        pill.set_content(_state_pill(v, await v.client.get("/state")))
        found = await v.client.get("/today", role=v.me["role"], limit=1)
        counts.update(found["counts"])
    except Error as error:
        if error.code in SESSION_OVER:
            leave(v)
        elif error.code.startswith("ledger."):
            # The pill tells of the copy already; what waits cannot be told from it.
            counts.clear()
        else:
            pill.set_content(_pill(v, "bad", say_problem(error, v.language).title, ""))


def _state_pill(v: Visit, state: Mapping[str, Any]) -> Markup:
    copies, sound = state["copies"], state["agreeing"]
    figure = format_count(state["height"])
    height = v.t(f"高度 {figure}", f"height {figure}")
    few = f"{sound}/{copies}"
    if state["alarms"]:
        wrong = len({each["member"] for each in state["alarms"]})
        said = v.t(
            f"{wrong} 份账本不一致", f"{wrong} {'copy differs' if wrong == 1 else 'copies differ'}"
        )
        return _pill(v, "bad", said, v.t(f"{sound} 份一致", f"{sound} agree"), few)
    if sound < copies:
        said = v.t(f"正在核对：{sound} / {copies} 份", f"Checking: {sound} of {copies} copies")
        return _pill(v, "warn", said, height, few)
    return _pill(
        v, "", v.t(f"{sound} 份账本一致", f"{sound} of {copies} copies agree"), height, few
    )


def _pill(v: Visit, kind: str, said: str, rest: str, few: str = "!") -> Markup:
    glyph = {"": "shield-check", "warn": "clock"}.get(kind, "shield-alert")
    return fill(
        # A phone has no room for the sentence; a screen reader hears it all the same.
        '<a class="k-verify {}" href="{}">{}{}<span aria-hidden="true"><span class="full">{}</span>'
        '<span class="few">{}</span> <span class="rest">{}</span></span></a>',
        kind,
        v.link("/ledger"),
        icon(glyph),
        heard(f"{said} {rest}"),
        said,
        few,
        f"\u00b7 {rest}" if rest else "",
    )


# ---- drawer


def _nav(v: Visit, path: str, counts: Mapping[str, int]) -> Markup:
    here = _find_place(v, path)
    brand = fill(
        '<div class="k-brand">{}<div>{}<span class="note12">{}</span></div></div>',
        icon("layers", "big t-brand"),
        v.say(v.office.county),
        v.t("Tallystick 控制台", "Tallystick console"),
    )
    new = (
        link_button(v.t("新建案件", "New case"), v.link("/new"), "plus")
        if v.may("open_case")
        else fill("")
    )
    groups = join(_group(v, key, here, counts) for key in GROUPS)
    foot = fill(
        '<div class="foot note12"><a class="link" href="{}">{}</a></div>',
        v.link("/settings"),
        v.t("设置与退出", "Settings and log-out"),
    )
    return fill("{}{}{}{}", brand, new, groups, foot)


def _group(v: Visit, key: str, here: Place | None, counts: Mapping[str, int]) -> Markup:
    found = [each for each in PLACES if each.group == key and each.may(v)]
    if not found:
        return fill("")
    name = v.say(GROUPS[key]) if GROUPS[key].zh.strip("-") else ""
    head = fill("<h2>{}</h2>", name) if name else fill("")
    return head + join(
        fill(
            '<a class="item" href="{}"{}>{}{}<span class="count">{}</span></a>',
            v.link(each.path),
            Markup(' aria-current="page"') if here is not None and here.nav == each.nav else "",
            icon(each.glyph),
            v.say(each.name),
            counts.get(each.count) or "" if each.count else "",
        )
        for each in found
    )


def _find_place(v: Visit, path: str) -> Place | None:
    rest = path.split("?", 1)[0].removeprefix(v.link()).rstrip("/")
    found = [each for each in PLACES if each.matches(rest)]
    return found[0] if found else None


# ---- pages


def leave(v: Visit) -> None:
    """Go to the log-in: the session is over."""
    ui.run_javascript(f"location.href = {json.dumps(v.link('/enter'))}")


Page = Callable[..., Awaitable[None]]


def _guarded(v: Visit, live: Live, place: Place) -> Page:
    """Return the page as `ui.sub_pages` builds it: its role checked, its errors told."""

    async def build(**named: str) -> None:
        if not place.may(v):
            _show_not_yours(v)
            return
        slot = ui.element("div").classes("stack")
        with slot:
            await _build(v, live, place, named)

    return place.with_signature(build)


async def _build(v: Visit, live: Live, place: Place, named: Mapping[str, str]) -> None:
    """Build a page where we are; what fails is told there."""
    here = ui.context.slot.parent
    try:
        await place.build(v, **({"live": live} if place.is_live else {}), **named)
    except Error as error:
        if error.code in SESSION_OVER:
            leave(v)
            return
        here.clear()
        with here:
            _show_problem(v, error)


def _show_not_yours(v: Visit) -> None:
    show_head(v.t("这一页不归您的岗位", "This page is not for your role"))
    act = link_button(v.t("回到今天", "Back to Today"), v.link(), "arrow-left")
    role = v.say(name_role(v.me["role"]))
    why = v.t(
        f"{role}不能打开它。需要时请找有此岗位的同事。",
        f"A {role.lower()} cannot open it. Ask a colleague of the right role.",
    )
    show(empty("lock", v.t("没有打开", "Not opened"), why, act), "card")


def _show_problem(v: Visit, error: Error) -> None:
    """Show what the API refused as a whole page."""
    is_missing = error.http_status == 404  # noqa: PLR2004 - RFC 9110
    show_head(v.t("找不到", "Not found") if is_missing else v.t("出错了", "Something went wrong"))
    show(fill('<div style="padding:18px">{}</div>', draw_problem(v, error)), "card")

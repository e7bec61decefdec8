"""Settings: who I am, what my role may do, theme and language, log-out."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from tallystick.console.kit import (
    card,
    fill,
    grid,
    join,
    link_button,
    pairs,
    person,
    show,
    show_head,
    stack,
    tag,
)
from tallystick.console.visit import Visit
from tallystick.text.roles import name_act, name_role

__all__ = ["show_page"]

_LEAVE: Final = '<form method="post" action="{}"><button class="btn">{}</button></form>'


async def show_page(v: Visit) -> None:
    """Show the officer's own page."""
    show_head(
        v.t("设置", "Settings"),
        v.t(
            "您是谁，岗位能做什么，怎样退出。",
            "Who you are, what your role may do, how to log out.",
        ),
    )
    with grid("g-side"):
        with stack():
            show(card(v.t("我", "Me"), _draw_me(v)))
            show(card(v.t("我的岗位能做的事", "What my role may do"), _draw_acts(v)))
        with stack():
            show(card(v.t("密码", "Password"), _draw_password(v)))
            leave = fill(_LEAVE, v.link("/leave"), v.t("退出登录", "Log out"))
            note = v.t(
                "30 分钟不用会自动退出。", "After 30 minutes without use you are logged out."
            )
            show(card(v.t("退出", "Log-out"), leave, note=note))


def _draw_me(v: Visit) -> Markup:
    rows = [
        (v.t("姓名", "Name"), person(v.me["shown"], v.language)),
        (v.t("用户名", "Log-in name"), fill('<span class="mono">{}</span>', v.me["name"])),
        (v.t("岗位", "Role"), v.say(name_role(v.me["role"]))),
        (v.t("单位", "Institution"), v.name_of(v.member)),
        (
            v.t("记录里的编号", "Number in records"),
            fill('<span class="mono">{}</span>', v.me["officer"]),
        ),
    ]
    return pairs(rows)


def _draw_acts(v: Visit) -> Markup:
    return join((tag(v.say(name_act(act)), "", "check") for act in sorted(v.me["acts"])), " ")


def _draw_password(v: Visit) -> Markup:
    return link_button(
        v.t("换密码", "Change password"), v.link("/password"), "key-round", leave=True
    )

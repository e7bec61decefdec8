"""Accounts of the member's officers: who may log in, and as what.

Laws: a one-time password is shown once, to whoever asked for it, and stands in no address, log or
notice; what an act ends at once (sessions) is said before it is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup
from nicegui import ui

from tallystick.console.acts import Blank, open_act
from tallystick.console.icons import icon
from tallystick.console.kit import boxed, button, fill, person, show, tag
from tallystick.console.visit import Visit
from tallystick.console.words import tell_day
from tallystick.text.roles import ROLE_NAMES, name_role
from tallystick.text.wording import format_count

__all__ = ["show_page"]

User = Mapping[str, Any]
Redraw = Callable[[], Awaitable[None]]
ACTS: Final = frozenset({"disable_user", "enable_user", "reset_user", "change_role"})
"""What may be done with an account that exists."""


async def show_page(v: Visit) -> None:
    """Show the accounts."""
    with ui.element("div").classes("k-head"):
        show(
            fill(
                '<h1 tabindex="-1">{}</h1><p class="soft">{}</p>',
                v.t("账号", "Accounts"),
                v.t(
                    f"{v.name_of(v.member)}的同事：谁能登录，是什么岗位。",
                    f"Colleagues at {v.name_of(v.member)}: who may log in, and as what.",
                ),
            )
        )
        head = ui.element("div").classes("act")
    with boxed(v.t("全部账号", "All accounts"), note=_note(v)):
        place = ui.element("div").classes("scroll")

    async def draw() -> None:
        found = (await v.client.get("/users"))["items"]
        place.clear()
        with place:
            _show_users(v, found, draw)

    if v.may("add_user"):
        with head:
            button(v.t("添账号", "Add an account"), lambda: _add(v, draw), "user-plus", "first")
    await draw()


def _note(v: Visit) -> str:
    return v.t(
        "账号不能删除，只能停用：记录里的经办人要一直对得上人。谁都不能一人办完一件事："
        "管账号的人不判案件。",
        "An account is closed, never deleted: records name officers for good. Nobody does all of a"
        " case alone.",
    )


def _show_users(v: Visit, users: Sequence[User], draw: Redraw) -> None:
    """Put the table on the page; its buttons are elements, so it is built row by row."""
    may_act = any(v.may(each) for each in ACTS)
    with ui.element("table").classes("tbl tight"):
        caption = v.t(f"{len(users)} 个账号", f"{format_count(len(users))} accounts")
        show_as("caption", fill("{}", caption), "heard")
        with ui.element("thead"), ui.element("tr"):
            for name in _heads(v, may_act=may_act):
                show_as("th", fill("{}", name)).props("scope=col")
        with ui.element("tbody"):
            for user in users:
                with ui.element("tr"):
                    for cell in _cells(v, user):
                        show_as("td", cell)
                    if may_act:
                        with ui.element("td"), ui.element("div").classes("user-acts"):
                            _show_acts(v, user, draw)


def show_as(name: str, markup: Markup, classes: str = "") -> ui.html:
    """Put a still part on the page as an element of a name."""
    return ui.html(markup, sanitize=False, tag=name).classes(classes)


def _heads(v: Visit, *, may_act: bool) -> Sequence[str]:
    heads = [
        v.t("姓名", "Name"),
        v.t("用户名", "Log-in name"),
        v.t("岗位", "Role"),
        v.t("状态", "State"),
        v.t("设立", "Made"),
        v.t("密码设于", "Password set"),
    ]
    return [*heads, v.t("操作", "Acts")] if may_act else heads


def _cells(v: Visit, user: User) -> Sequence[Markup]:
    name = person(user["shown"], v.language)
    if user["name"] == v.me["name"]:
        name = fill('{} <span class="tag">{}</span>', name, v.t("您", "you"))
    day = '<span class="nowrap">{}</span>'
    return (
        name,
        fill('<span class="mono">{}</span>', user["name"]),
        fill("{}", v.say(name_role(user["role"]))),
        _state(v, user),
        fill(day, tell_day(v, user["made_at"])),
        fill(day, tell_day(v, user["password_at"])),
    )


def _state(v: Visit, user: User) -> Markup:
    if not user["enabled"]:
        return tag(v.t("已停用", "Closed"), "", "lock")
    if user["must_change"]:
        return tag(v.t("等改密码", "Must set a password"), "warn")
    return tag(v.t("可登录", "May log in"), "ok")


def _show_acts(v: Visit, user: User, draw: Redraw) -> None:
    """Put the buttons of one account on the page: what it is called stands in each one's name."""
    is_me = user["name"] == v.me["name"]
    if v.may("change_role") and not is_me:
        _small(v, user, v.t("换岗位", "Role"), lambda: _change_role(v, user, draw))
    if v.may("reset_user") and not is_me:
        _small(v, user, v.t("重置密码", "Reset"), lambda: _reset(v, user, draw))
    if user["enabled"] and v.may("disable_user") and not is_me:
        _small(v, user, v.t("停用", "Close"), lambda: _disable(v, user, draw))
    if not user["enabled"] and v.may("enable_user"):
        _small(v, user, v.t("启用", "Open again"), lambda: _enable(v, user, draw))


def _small(v: Visit, user: User, words: str, act: Callable[[], None]) -> None:
    found = button(words, act, kind="short")
    who = person(user["shown"], v.language).striptags()
    found.props["aria-label"] = v.t(f"{words}：{who}", f"{words}: {who}")


# ---- acts


def _roles(v: Visit) -> dict[str, str]:
    return {role: v.say(name) for role, name in ROLE_NAMES.items()}


def _address(user: User, act: str) -> str:
    return f"/users/{quote(str(user['name']), safe='')}/{act}"


def _add(v: Visit, draw: Redraw) -> None:
    async def send(typed: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send("/users", dict(typed), key=key)

    open_act(
        v,
        title=v.t("添账号", "Add an account"),
        says=v.t(
            "设好以后给出一次性密码，只显示一次；本人第一次登录就要换掉。账本上不记姓名。",
            "A one-time password is then shown, once; its owner replaces it at the first log-in. No"
            " name goes onto the ledger.",
        ),
        send=send,
        then=lambda answer: _show_once(v, answer, draw),
        blanks=[
            Blank(
                "name",
                v.t("用户名", "Log-in name"),
                hint=v.t("小写字母、数字、点、横线", "Small letters, digits, dots, dashes"),
            ),
            Blank(
                "shown",
                v.t("姓名", "Name"),
                hint=v.t(
                    "同事看到的名字，至多 40 个字符", "What colleagues read; at most 40 signs"
                ),
            ),
            Blank("role", v.t("岗位", "Role"), kind="choice", choices=_roles(v)),
        ],
        confirm=v.t("添加", "Add"),
    )


def _reset(v: Visit, user: User, draw: Redraw) -> None:
    name = user["name"]

    async def send(_: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send(_address(user, "reset"), key=key)

    open_act(
        v,
        title=v.t("重置密码", "Reset the password"),
        says=v.t(
            f"{name} 的登录立刻结束，旧密码作废；给出一次性密码，只显示一次。",
            f"{name} is logged out at once and the old password is void; a one-time password is"
            " shown, once.",
        ),
        send=send,
        then=lambda answer: _show_once(v, answer, draw),
        confirm=v.t("重置", "Reset"),
    )


def _disable(v: Visit, user: User, draw: Redraw) -> None:
    name = user["name"]

    async def send(_: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send(_address(user, "disable"), key=key)

    open_act(
        v,
        title=v.t("停用账号", "Close the account"),
        says=v.t(
            f"{name} 的登录立刻结束，以后不能登录，直到重新启用。手上的案件留在单位。",
            f"{name} is logged out at once and cannot log in until opened again. Cases stay with"
            " the institution.",
        ),
        send=send,
        then=lambda _: draw(),
        confirm=v.t("停用", "Close"),
        is_grave=True,
    )


def _enable(v: Visit, user: User, draw: Redraw) -> None:
    name = user["name"]

    async def send(_: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send(_address(user, "enable"), key=key)

    open_act(
        v,
        title=v.t("启用账号", "Open the account again"),
        says=v.t(
            f"{name} 又能用原来的密码登录；输错次数也清零。",
            f"{name} may log in with the password as before; wrong tries are forgotten.",
        ),
        send=send,
        then=lambda _: draw(),
        confirm=v.t("启用", "Open again"),
    )


def _change_role(v: Visit, user: User, draw: Redraw) -> None:
    name = user["name"]

    async def send(typed: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send(_address(user, "role"), dict(typed), key=key)

    open_act(
        v,
        title=v.t("换岗位", "Change the role"),
        says=v.t(
            f"{name} 的登录立刻结束；下次登录起按新岗位办事。",
            f"{name} is logged out at once, and acts in the new role from the next log-in.",
        ),
        send=send,
        then=lambda _: draw(),
        blanks=[
            Blank(
                "role",
                v.t("新岗位", "New role"),
                kind="choice",
                choices=_roles(v),
                value=user["role"],
            )
        ],
        confirm=v.t("更换", "Change"),
    )


async def _show_once(v: Visit, answer: Mapping[str, Any], draw: Redraw) -> None:
    """Show a one-time password, big, until it is put away."""
    password = str(answer["password"])
    title = v.t("一次性密码", "One-time password")
    # Outside the dialog that led here: it goes, and would take along what was opened from it.
    with ui.context.client.content:
        dialog = ui.dialog().props("persistent")
    with dialog, ui.element("div").classes("dialog"):
        section = ui.element("section").classes("card")
        section.props["role"] = "dialog"
        section.props["aria-label"] = title
    with section:
        show(fill("<h2>{}</h2>", title), "h")
        show(
            fill(
                '<p>{}</p><div class="once"><div class="note12 dim">{}</div><code>{}</code></div>'
                '<p class="li">{}<span>{}</span></p>',
                v.t(
                    f"当面交给 {answer['name']}；第一次登录就要换掉。",
                    f"Hand it to {answer['name']} in person; it is replaced at the first log-in.",
                ),
                v.t("密码", "Password"),
                password,
                icon("info", "t-warn"),
                v.t(
                    "只显示这一次。关掉以后谁也看不到，只能再重置。",
                    "Shown this once. After closing nobody can see it; it can only be reset.",
                ),
            ),
            "body",
        )
        with ui.element("div").classes("form-foot"):
            button(v.t("复制", "Copy"), lambda: ui.clipboard.write(password), "copy")
            ui.space()
            button(v.t("已经交给本人", "Handed over"), dialog.close, kind="first")
    dialog.on("hide", dialog.delete)
    dialog.open()
    await draw()

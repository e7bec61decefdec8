"""A plain page, outside the frame: the doors, the public board, and what is lost or has failed.

Law: it needs no session, no socket and nothing of the county but what it is called.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tallystick.console.icons import icon
from tallystick.console.kit import fill
from tallystick.console.look import head_html
from tallystick.console.visit import Office
from tallystick.text.wording import Language

__all__ = [
    "draw_plain",
    "in_card",
    "other_of",
    "pick",
    "preferred",
    "redirect",
    "show_failed",
    "show_lost",
]


def show_lost(office: Office, request: Request) -> Response:
    """Answer for an address at which nothing is: a member's is led on, else it is said so."""
    language = preferred(request)
    first, _, rest = request.url.path.strip("/").partition("/")
    if first in office.members and rest.partition("/")[0] not in {"zh", "en"}:
        return redirect(f"/{first}/{language}" + (f"/{quote(rest)}" if rest else ""))
    title = pick(language, "没有这一页", "There is no such page")
    words = pick(
        language,
        "地址可能打错了，或者这一页已经不在了。账本里的任何东西都没有丢。",
        "It may be misspelt, or the page is gone. Nothing in the ledger is lost by that.",
    )
    return _draw_end(office, language, title, words, 404)


def show_failed(office: Office, request: Request) -> Response:
    """Answer for a page that could not be drawn; why stands in the log, and is told to nobody."""
    spoken = request.url.path.split("/")[2:3]
    language: Language = (
        "en" if spoken == ["en"] else "zh" if spoken == ["zh"] else preferred(request)
    )
    title = pick(language, "这一页出错了", "This page failed")
    words = pick(
        language,
        "原因记在服务器的日志里。请重试；若再次出错，请告诉管理员现在的时间。",
        "The server's log says why. Try again; if it fails again, tell the operator the time.",
    )
    return _draw_end(office, language, title, words, 500)


def _draw_end(office: Office, language: Language, title: str, words: str, status: int) -> Response:
    home = pick(language, "回到首页", "Go to the first page")
    body = fill('<p>{}</p><p><a class="link" href="/">{}</a></p>', words, home)
    county = pick(language, office.county.zh, office.county.en)
    return HTMLResponse(draw_plain(language, county, title, in_card(body), ""), status)


def draw_plain(
    language: Language,
    county: str,
    title: str,
    body: Markup,
    note: str,
    *,
    is_wide: bool = False,
    other: str = "",
) -> str:
    """Return a plain page, outside the frame.

    Args:
        language: what it speaks.
        county: what the county is called.
        title: the page's.
        body: what stands below the title.
        note: what stands below that.
        is_wide: whether it takes more than a form's width.
        other: where it stands in the other language; "" for nowhere.
    """
    switch = (
        fill(
            '<a class="link" lang="{}" href="{}">{}</a>',
            other_of(language),
            other,
            "English" if language == "zh" else "中文",
        )
        if other
        else fill("")
    )
    return _PAGE.format(
        lang="zh-CN" if language == "zh" else "en",
        head=Markup(head_html()),  # noqa: S704 - our own link
        county=county,
        wide="wide" if is_wide else "",
        icon=icon("layers", "big t-brand"),
        title=title,
        body=body,
        note=note,
        switch=switch,
    )


_PAGE: Final = Markup(
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{county}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">{head}'
    "<script>document.addEventListener('DOMContentLoaded', () => {{ const dark ="
    " document.cookie.includes('theme=dark') || (!document.cookie.includes('theme=')"
    " && matchMedia('(prefers-color-scheme: dark)').matches);"
    " document.body.className = dark ? 'body--dark' : 'body--light' }})</script></head>"
    '<body class="body--light"><main class="k-door {wide}"><div>'
    '<div class="k-brand">{icon}<div>{county}<span class="note12">Tallystick</span></div></div>'
    '<div class="k-head"><h1 tabindex="-1">{title}</h1></div>{body}'
    '<p class="soft small">{note}</p><p>{switch}</p></div></main></body></html>'
)


def in_card(body: Markup) -> Markup:
    """Return a body in a card."""
    return fill(
        '<section class="card"><div class="body" style="padding-top:18px">{}</div></section>', body
    )


def pick(language: str, zh: str, en: str) -> str:
    """Return the words of one language."""
    return zh if language == "zh" else en


def other_of(language: str) -> str:
    """Return the other language."""
    return "en" if language == "zh" else "zh"


def preferred(request: Request) -> Language:
    """Return the language the browser asks for; Chinese unless it asks for English first."""
    wanted = request.headers.get("accept-language", "").lower()
    return "en" if wanted.startswith("en") else "zh"


def redirect(to: str) -> RedirectResponse:
    """Answer a form, or an address, with another to be read."""
    return RedirectResponse(to, 303)

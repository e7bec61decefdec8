"""The console as one application: doors, pages, files and, behind the same address, the API.

Law: the console reaches members through the API only, in this process, with the visitor's token; it
is given the API's application by whoever composes both.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from fastapi import FastAPI, Request
from nicegui import app as pages_app
from nicegui import core, ui
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tallystick.base.errors import Error
from tallystick.client import AsyncClient
from tallystick.console.board import make_board
from tallystick.console.door import Demonstration, make_doors
from tallystick.console.files import make_files
from tallystick.console.frame import show_frame
from tallystick.console.guard import Guard
from tallystick.console.live import Live
from tallystick.console.look import FAVICON, head_html, read_sprite, read_style, style_address
from tallystick.console.passage import Passage
from tallystick.console.plain import show_failed, show_lost
from tallystick.console.visit import Office, Visit
from tallystick.records.chains import PUBLIC_KIND
from tallystick.text.wording import Language

__all__ = ["create_console"]

_API: Final = re.compile(r"/healthz|/[a-z0-9._-]{1,24}/(v1/.*|healthz|log/.*)|(?s:/ip[fn]s(/.*)?)")
_HERE: Final = "tallystick.console"
"""Where a request's scope names the console it is for."""
_FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
_DAY: Final = {"cache-control": "public, max-age=86400"}
READY_S: Final = 30
"""How long a page may take to be ready: a machine that is busy answers late, not that it failed."""
RECONNECT_S: Final = 30
OWN: Final = ("127.0.0.1", 0)
"""Where a request comes from that no browser sent."""
_LOCALES: Final[tuple[tuple[Language, Literal["zh-CN", "en-US"]], ...]] = (
    ("zh", "zh-CN"),
    ("en", "en-US"),
)


def create_console(
    api: ASGIApp,
    office: Office,
    *,
    hosts: frozenset[str],
    demonstration: Demonstration | None = None,
) -> ASGIApp:
    """Return the application that serves the console and the API at one address.

    NiceGUI keeps one set of pages in a process: each request tells whose console it is for.

    Args:
        api: the API's application.
        office: the county as it is to be shown.
        hosts: names a request may be sent to, without ports.
        demonstration: the demonstration's own door; None for a real county.
    """

    def ask(member: str, token: str, address: tuple[str, int] = OWN) -> AsyncClient:
        # No session's token has other letters, and no header can bear them.
        return AsyncClient(api, token if token.isascii() else "", member, address=address)

    async def look(member: str) -> dict[str, Any]:
        found: dict[str, Any] = await ask(member, "").show_health()
        return found

    live = Live(look)
    pages_app.on_startup(live.run)
    shell = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    shell.add_exception_handler(Exception, _show_failed)
    if office.chain == PUBLIC_KIND:
        # Before the doors: whoever comes here first is no officer.
        shell.include_router(make_board(office, ask))
    shell.include_router(make_doors(office, ask, demonstration))
    shell.include_router(make_files(office, ask))
    _serve_look(shell)
    if core.app.config.has_run_config:
        shell.mount("/", core.app)
    else:
        _run_pages(shell)
    guarded = Guard(Passage(shell, api, office, ask), hosts)

    async def console(scope: Scope, receive: Receive, send: Send) -> None:
        behind = scope["type"] == "http" and _API.fullmatch(scope["path"])
        await (api if behind else guarded)({**scope, _HERE: (office, ask, live)}, receive, send)

    return console


def _run_pages(shell: FastAPI) -> None:
    """Register the pages of this process, once."""
    _make_pages()
    ui.run_with(
        shell,
        title="Tallystick",
        favicon=FAVICON,
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        show_welcome_message=False,
    )
    # Its own pages for these speak English alone, and tell a visitor what was raised.
    core.app.add_exception_handler(404, _show_lost)
    core.app.add_exception_handler(Exception, _show_failed)
    # Else its polling would tell any page's script that it may read the answer.
    core.sio.eio.cors_allowed_origins = []


def _show_lost(request: Request, _: Exception) -> Response:
    return show_lost(request.scope[_HERE][0], request)


def _show_failed(request: Request, _: Exception) -> Response:
    return show_failed(request.scope[_HERE][0], request)


def _serve_look(shell: FastAPI) -> None:
    @shell.get("/look/icons.svg")
    def show_icons() -> Response:
        return Response(read_sprite(), media_type="image/svg+xml", headers=_DAY)

    @shell.get(style_address())
    def show_style() -> Response:
        return Response(read_style(), media_type="text/css", headers=_FOREVER)

    @shell.get("/robots.txt")
    def show_robots() -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _make_pages() -> None:
    """Register the one page of each language, inside which all others change."""
    pages_app.config.quasar_config["animations"] = []
    for language, locale in _LOCALES:

        async def root(request: Request, member: str, language: Language = language) -> Any:  # noqa: ANN401
            office, ask, live = request.scope[_HERE]
            found = await _open_visit(office, ask, request, member, language)
            if isinstance(found, Response):
                return found
            ui.add_head_html(head_html())
            ui.page_title(f"{found.say(office.county)} · Tallystick")
            await live.begin(found.member)
            show_frame(found, live, dark=_dark(request))
            return None

        for path in (f"/{{member}}/{language}", f"/{{member}}/{language}/{{_:path}}"):
            ui.page(path, language=locale, dark=None, response_timeout=READY_S)(_named(root))


def _named(root: Any) -> Any:  # noqa: ANN401 - NiceGUI's page
    """Return the page without the parameter that only this file gives."""
    language = root.__defaults__[-1]

    async def page(request: Request, member: str) -> Any:  # noqa: ANN401 - nothing, or a response
        return await root(request, member, language)

    return page


async def _open_visit(
    office: Office,
    ask: Any,  # noqa: ANN401 - as in `create_console`
    request: Request,
    member: str,
    language: Language,
) -> Visit | Response:
    """Return the visit that a session's cookie opens, or where to go instead."""
    if member not in office.members:
        return RedirectResponse("/", 303)
    client = ask(member, request.cookies.get(office.cookie(member), ""))
    try:
        me = await client.get("/me")
    except Error:
        return RedirectResponse(f"/{member}/{language}/enter", 303)
    if me["must_change"]:
        return RedirectResponse(f"/{member}/{language}/password", 303)
    return Visit(office, member, language, client, me)


def _dark(request: Request) -> bool | None:
    return {"dark": True, "light": False}.get(request.cookies.get("theme", ""))

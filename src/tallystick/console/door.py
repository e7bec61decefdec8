"""The doors: log-in, log-out, a new password, and the demonstration's choice of an officer.

Plain pages and forms, served before anything of the frame is loaded. Laws: a form is taken from
this console's own pages (`guard.py` checks `Origin` of what is no GET); a
session's token is drawn at log-in and stands in a cookie that no script reads, no other site sends,
and only addresses of its member get; the demonstration's link opens once.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Path, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Denied, Error
from tallystick.client import AsyncClient
from tallystick.console.icons import icon
from tallystick.console.kit import fill, join, person
from tallystick.console.plain import draw_plain, in_card, other_of, pick, preferred, redirect
from tallystick.console.visit import SESSION_OVER, Office
from tallystick.text.problem import say_problem
from tallystick.text.roles import name_role
from tallystick.text.wording import Language

__all__ = [
    "Demonstration",
    "Shown",
    "make_doors",
]

DEMO_COOKIE: Final = "tally-demonstration"
Lang = Literal["zh", "en"]
MemberPath = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,24}$")]
Ask = Callable[..., AsyncClient]
"""(member, token, address) -> a client of the API."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An officer of the demonstration: log-in name, shown name, role."""

    name: str
    shown: str
    role: str


def _draw() -> str:
    return SystemEntropy().draw("link", 24).hex()


@dataclass(slots=True)
class Demonstration:
    """The demonstration's own door: made-up officers, any of whom may be chosen.

    Attributes:
        officers: those of each member.
        begin: opens a session of (member, log-in name) and returns its token.
    """

    officers: Mapping[str, Sequence[Shown]]
    begin: Callable[[str, str], str] = field(repr=False)
    _link: str = field(default_factory=_draw, repr=False)
    _chosen: str = field(default_factory=_draw, repr=False)

    @property
    def link(self) -> str:
        """Return the path that opens the choice once."""
        return f"/open/{self._link}"

    def open(self, given: str) -> str | None:
        """Return what the cookie of the choice holds, once; None for any other link."""
        if not self._link or not hmac.compare_digest(self._link, given):
            return None
        self._link = ""
        return self._chosen

    def is_chosen(self, cookie: str) -> bool:
        """Tell whether a browser came by the link."""
        return hmac.compare_digest(self._chosen, cookie)


def make_doors(office: Office, ask: Ask, demonstration: Demonstration | None) -> APIRouter:
    """Return the routes of log-in and log-out, and of the demonstration's choice."""
    doors = _Doors(office, ask, demonstration)
    router = APIRouter(include_in_schema=False)
    router.get("/")(doors.show_first)
    router.get("/open/{link}")(doors.open)
    router.get("/choose/{language}")(doors.choose)
    router.post("/choose/{language}")(doors.chosen)
    router.get("/{member}/{language}/enter")(doors.show_enter)
    router.post("/{member}/{language}/enter")(doors.enter)
    router.post("/{member}/{language}/leave")(doors.leave)
    router.get("/{member}/{language}/password")(doors.show_password)
    router.post("/{member}/{language}/password")(doors.change_password)
    return router


class _Doors:
    def __init__(self, office: Office, ask: Ask, demonstration: Demonstration | None) -> None:
        self._office = office
        self._ask = ask
        self._demonstration = demonstration

    # ---- the first page

    def show_first(self, request: Request) -> Response:
        """Lead on: to the one member's log-in, or to the members' list."""
        language = preferred(request)
        if self._demonstration is not None and self._is_chosen(request):
            return redirect(f"/choose/{language}")
        if len(self._office.members) == 1:
            return redirect(f"/{self._office.members[0]}/{language}/enter")
        return self._list_members(language)

    def _list_members(self, language: Language) -> Response:
        rows = join(
            fill(
                '<a class="hit" href="/{}/{}/enter">{}{}</a>',
                name,
                language,
                icon("landmark", "dim"),
                pick(language, self._office.names[name].zh, self._office.names[name].en),
            )
            for name in self._office.members
        )
        title = pick(language, "选择您的单位", "Choose your institution")
        return self._page(language, title, fill('<section class="card">{}</section>', rows), "")

    # ---- the demonstration

    def open(self, request: Request, link: str) -> Response:
        """Take the one-time link."""
        language = preferred(request)
        chosen = self._demonstration.open(link) if self._demonstration is not None else None
        if chosen is None:
            if self._demonstration is not None and self._is_chosen(request):
                return redirect(f"/choose/{language}")
            return self._say(
                language,
                pick(language, "链接已用过", "This link has been used"),
                pick(
                    language,
                    "演示链接只能打开一次。请重新运行 tally demo。",
                    "The demonstration's link opens once. Run tally demo again for another.",
                ),
                status=410,
            )
        found = redirect(f"/choose/{language}")
        found.set_cookie(
            DEMO_COOKIE, chosen, httponly=True, samesite="strict", secure=_is_secure(request)
        )
        return found

    def _is_chosen(self, request: Request) -> bool:
        demonstration = self._demonstration
        cookie = request.cookies.get(DEMO_COOKIE, "")
        return demonstration is not None and demonstration.is_chosen(cookie)

    def choose(self, request: Request, language: Lang) -> Response:
        """Show every member with its officers."""
        if self._demonstration is None or not self._is_chosen(request):
            return redirect("/")
        return self._choice(language)

    def _choice(
        self, language: Language, problem: Markup | None = None, status: int = 200
    ) -> Response:
        cards = join(self._member_card(language, name) for name in self._office.members)
        title = pick(language, "选择成员和岗位", "Choose a member and an officer")
        note = pick(
            language,
            "演示里的人和事都是编出来的。每个人只看到自己岗位能看的。",
            "Everybody here is made up. Each officer sees what the role may see, and no more.",
        )
        body = fill('{}<div class="g g-two">{}</div>', problem or "", cards)
        other = f"/choose/{other_of(language)}"
        return self._page(language, title, body, note, is_wide=True, other=other, status=status)

    def _member_card(self, language: Language, member: str) -> Markup:
        assert self._demonstration is not None
        name = self._office.names[member]
        buttons = join(
            fill(
                '<button class="hit whole" name="who" value="{}/{}">{}<span>{}</span>'
                '<span class="dim">{}</span></button>',
                member,
                each.name,
                icon("user", "dim"),
                person(each.shown, language),
                pick(language, name_role(each.role).zh, name_role(each.role).en),
            )
            for each in self._demonstration.officers[member]
        )
        return fill(
            '<section class="card" aria-label="{0}"><div class="h"><h2>{0}</h2></div>'
            '<form method="post">{1}</form></section>',
            pick(language, name.zh, name.en),
            buttons,
        )

    def chosen(self, request: Request, language: Lang, who: Annotated[str, Form()]) -> Response:
        """Open a session of the officer chosen."""
        if self._demonstration is None or not self._is_chosen(request):
            return redirect("/")
        member, _, name = who.partition("/")
        known = {each.name for each in self._demonstration.officers.get(member, ())}
        if name not in known:
            return redirect(f"/choose/{language}")
        try:
            token = self._demonstration.begin(member, name)
        except Denied as error:
            closed = pick(
                language,
                "这个账号已经停用，请选另一个人。",
                "This account is closed. Choose another.",
            )
            told = fill('<div class="problem" role="alert"><p>{}</p></div>', closed)
            return self._choice(language, told, error.http_status)
        return self._let_in(request, member, language, token)

    # ---- log-in

    def show_enter(self, member: MemberPath, language: Lang) -> Response:
        """Show the log-in."""
        return self._enter_page(member, language)

    def _enter_page(
        self, member: str, language: Language, problem: Markup | None = None, status: int = 200
    ) -> Response:
        if member not in self._office.members:
            return redirect("/")
        name = self._office.names[member]
        form = fill(
            '<form method="post">{}{}{}<button class="btn first">{}</button></form>',
            problem or "",
            _field("name", pick(language, "用户名", "Log-in name"), "username"),
            _field("password", pick(language, "密码", "Password"), "current-password"),
            pick(language, "登录", "Log in"),
        )
        note = pick(
            language,
            "没有账号？请本单位的负责人用 tally user add 开一个。",
            "No account? Your manager makes one: tally user add.",
        )
        title = pick(language, name.zh, name.en)
        other = f"/{member}/{other_of(language)}/enter"
        return self._page(language, title, in_card(form), note, other=other, status=status)

    async def enter(
        self,
        request: Request,
        member: MemberPath,
        language: Lang,
        name: Annotated[str, Form(max_length=200)] = "",
        password: Annotated[str, Form(max_length=1_000)] = "",
    ) -> Response:
        """Log in."""
        try:
            found = await self._ask(member, "", _address(request)).send(
                "/sessions", {"name": name.strip(), "password": password}
            )
        except Error as error:
            return self._enter_page(member, language, _problem(error, language), error.http_status)
        to = "/password" if found["must_change"] else ""
        return self._let_in(request, member, language, found["token"], to)

    def _let_in(
        self, request: Request, member: str, language: str, token: str, to: str = ""
    ) -> Response:
        found = redirect(f"/{member}/{language}{to}")
        found.set_cookie(
            self._office.cookie(member),
            token,
            path=f"/{member}",
            httponly=True,
            samesite="strict",
            secure=_is_secure(request),
        )
        return found

    async def leave(self, request: Request, member: MemberPath, language: Lang) -> Response:
        """Log out: the session ends, wherever its token may be."""
        token = request.cookies.get(self._office.cookie(member), "")
        if token:
            try:
                await self._ask(member, token).send("/sessions", method="DELETE")
            except Error:
                # It was over already.
                token = ""
        home = "/" if self._demonstration is not None else f"/{member}/{language}/enter"
        found = redirect(home)
        found.delete_cookie(self._office.cookie(member), path=f"/{member}")
        return found

    # ---- passwords

    def show_password(self, member: MemberPath, language: Lang) -> Response:
        """Show the form of a new password."""
        return self._password_page(member, language)

    def _password_page(
        self, member: str, language: Language, problem: Markup | None = None, status: int = 200
    ) -> Response:
        form = fill(
            '<form method="post">{}{}{}<p class="note12 dim">{}</p>'
            '<button class="btn first">{}</button></form>',
            problem or "",
            _field("old", pick(language, "现在的密码", "Password now"), "current-password"),
            _field("new", pick(language, "新密码", "New password"), "new-password"),
            pick(
                language,
                "至少 12 个字符；一句好记的话就很好。",
                "At least 12 characters; a sentence you remember is best.",
            ),
            pick(language, "换密码", "Change password"),
        )
        title = pick(language, "换一个新密码", "Choose a new password")
        other = f"/{member}/{other_of(language)}/password"
        return self._page(language, title, in_card(form), "", other=other, status=status)

    async def change_password(
        self,
        request: Request,
        member: MemberPath,
        language: Lang,
        old: Annotated[str, Form(max_length=1_000)] = "",
        new: Annotated[str, Form(max_length=1_000)] = "",
    ) -> Response:
        """Change the password; the session goes on under another token."""
        token = request.cookies.get(self._office.cookie(member), "")
        try:
            found = await self._ask(member, token).send("/password", {"old": old, "new": new})
        except Error as error:
            if error.code in SESSION_OVER:
                return redirect(f"/{member}/{language}/enter")
            problem = _problem(error, language)
            return self._password_page(member, language, problem, error.http_status)
        return self._let_in(request, member, language, found["token"])

    # ---- pages

    def _say(self, language: Language, title: str, words: str, *, status: int) -> Response:
        body = in_card(fill("<p>{}</p>", words))
        return self._page(language, title, body, "", status=status)

    def _page(
        self,
        language: Language,
        title: str,
        body: Markup,
        note: str,
        *,
        is_wide: bool = False,
        other: str = "",
        status: int = 200,
    ) -> Response:
        county = pick(language, self._office.county.zh, self._office.county.en)
        page = draw_plain(language, county, title, body, note, is_wide=is_wide, other=other)
        return HTMLResponse(page, status)


def _field(name: str, label: str, kind: str) -> Markup:
    return fill(
        '<div class="field"><label for="{0}">{1}</label><input id="{0}" name="{0}" type="{2}"'
        ' autocomplete="{3}" required></div>',
        name,
        label,
        "text" if name == "name" else "password",
        kind,
    )


def _problem(error: Error, language: Language) -> Markup:
    said = say_problem(error, language)
    return fill('<div class="problem" role="alert"><b>{}</b><p>{}</p></div>', said.title, said.cure)


def _address(request: Request) -> tuple[str, int]:
    """Return where the browser sits: log-ins are counted by it."""
    return (request.client.host, request.client.port) if request.client else ("unknown", 0)


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"

"""Log-in, one's own account, and the accounts of a member's officers.

Laws: a token is told once, to who logged in; the API takes it in `Authorization` alone and reads no
cookie, so no page of another place can ask in an officer's name and no route needs a CSRF secret:
`csrf` is for whoever keeps the token in a cookie. Nothing told here is kept for a repetition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Depends, Path, Request
from starlette.responses import Response

from tallystick.api.act import OWN, act
from tallystick.api.guest import read_token
from tallystick.api.served import Settings
from tallystick.api.shape import STRICT, Code
from tallystick.api.turn import Member, Turn, ViewDep, answer_json
from tallystick.base.errors import Denied
from tallystick.kernel.access.accounts import Account, Accounts, Issued
from tallystick.kernel.access.roles import MATRIX, acts_of
from tallystick.kernel.access.sessions import Opened

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["officers"])
_NO_STORE: Final = {"Cache-Control": "no-store"}
_OWNER: Final = "owner"
"""Role told of whoever holds the county folder's token."""
Typed = Annotated[str, Body(max_length=400, description="As typed; never told again.")]
UserName = Annotated[str, Path(max_length=32, description="A log-in name.")]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LogIn:
    """A name and a password, as typed."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Typed
    password: Typed


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewPassword:
    """The password now, and the one from now on."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    old: Typed
    new: Typed


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewUser:
    """An account to be made."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Annotated[str, Body(max_length=32, description="For log-in.")]
    shown: Annotated[str, Body(max_length=40, description="The name that colleagues read.")]
    role: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """The role an account is given."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    role: Code


def _accounts_at(request: Request, member: Member) -> Accounts:
    settings: Settings = request.app.state.settings
    return settings.seat(member).node.accounts


@router.post("/sessions", status_code=201, summary="Log in")
def log_in(
    request: Request, accounts: Annotated[Accounts, Depends(_accounts_at)], body: LogIn
) -> Response:
    """Asks for no token. Answers `{token, csrf, officer, name, shown, role, must_change, acts}`.

    Every failure is one answer, `access.login`, after the same work; a session whose token comes
    in `Authorization` is ended.
    """
    _, _, before = request.headers.get("authorization", "").partition(" ")
    opened = accounts.log_in(body.name, body.password, read_token(before.strip()))
    return _answer_opened(accounts, opened)


def _answer_opened(accounts: Accounts, opened: Opened) -> Response:
    account = accounts.read_session(opened.token)
    tokens = {"token": opened.token.hex(), "csrf": opened.csrf.hex()}
    return answer_json({**tokens, **_tell_me(account)}, 201, _NO_STORE)


def _tell_me(account: Account) -> dict[str, Any]:
    return {
        "officer": account.officer.hex(),
        "name": account.name,
        "shown": account.shown,
        "role": account.role,
        "must_change": int(account.must_change),
        "acts": acts_of(account.role),
    }


@router.get("/me", summary="Who asks", dependencies=[act(OWN)])
def show_me(turn: ViewDep) -> Response:
    """Answers `{officer, name, shown, role, must_change, acts}`; the owner's are all."""
    if turn.guest is not None:
        return answer_json(_tell_me(turn.guest.account))
    owner = {"officer": turn.officer, "name": "", "shown": "", "role": _OWNER}
    return answer_json({**owner, "must_change": 0, "acts": sorted(MATRIX)})


@router.delete("/sessions", summary="Log out", dependencies=[act(OWN)])
def log_out(turn: ViewDep) -> Response:
    """Ends this session; answers `{ended}`, 0 for the folder's owner, who has none."""
    guest = turn.guest
    accounts = turn.seat.node.accounts
    return answer_json({"ended": int(guest is not None and accounts.sessions.end(guest.session))})


@router.post("/password", status_code=201, summary="Change the password", dependencies=[act(OWN)])
def change_password(turn: ViewDep, body: NewPassword) -> Response:
    """Answers as log-in does: the session goes on under another token, all others end."""
    if turn.guest is None:
        raise Denied(
            "access.no_password",
            "the folder's owner asks by the county's token and has no password",
            cure="Log in as an officer.",
        )
    accounts = turn.seat.node.accounts
    opened = accounts.change_password(turn.guest.token, body.old, body.new)
    return _answer_opened(accounts, opened)


# ---- the accounts


@router.get("/users", summary="List accounts", dependencies=[act("list_users")])
def list_users(turn: ViewDep) -> Response:
    """Answers `{items}` by log-in name."""
    return answer_json({"items": [_tell(each) for each in _accounts(turn).list_all()]})


@router.post("/users", status_code=201, summary="Make an account", dependencies=[act("add_user")])
def add_user(turn: ViewDep, body: NewUser) -> Response:
    """Answers the account with its one-time `password`, told this once."""
    return _answer_issued(_accounts(turn).add(body.name, body.shown, body.role))


@router.post(
    "/users/{name}/disable",
    status_code=201,
    summary="Close an account",
    dependencies=[act("disable_user")],
)
def disable_user(turn: ViewDep, name: UserName) -> Response:
    """Ends its sessions at once; answers the account."""
    return answer_json(_tell(_accounts(turn).disable(name)), 201)


@router.post(
    "/users/{name}/enable",
    status_code=201,
    summary="Open an account again",
    dependencies=[act("enable_user")],
)
def enable_user(turn: ViewDep, name: UserName) -> Response:
    """Lifts its lock as well; answers the account."""
    return answer_json(_tell(_accounts(turn).enable(name)), 201)


@router.post(
    "/users/{name}/reset",
    status_code=201,
    summary="Give a one-time password",
    dependencies=[act("reset_user")],
)
def reset_user(turn: ViewDep, name: UserName) -> Response:
    """Ends its sessions; answers the account with its one-time `password`, told this once."""
    return _answer_issued(_accounts(turn).reset(name))


@router.post(
    "/users/{name}/role",
    status_code=201,
    summary="Change a role",
    dependencies=[act("change_role")],
)
def change_role(turn: ViewDep, name: UserName, body: NewRole) -> Response:
    """Ends its sessions; answers the account."""
    return answer_json(_tell(_accounts(turn).change_role(name, body.role)), 201)


def _accounts(turn: Turn) -> Accounts:
    return turn.seat.node.accounts


def _tell(account: Account) -> dict[str, Any]:
    return {
        "officer": account.officer.hex(),
        "name": account.name,
        "shown": account.shown,
        "role": account.role,
        "enabled": int(account.is_enabled),
        "must_change": int(account.must_change),
        "made_at": account.made_ms,
        "password_at": account.password_ms,
    }


def _answer_issued(issued: Issued) -> Response:
    return answer_json({**_tell(issued.account), "password": issued.password}, 201, _NO_STORE)

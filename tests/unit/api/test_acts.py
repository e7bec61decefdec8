"""Every route is an act of the table of roles, and every role passes those of its acts alone."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from counties import Town
from tallystick.api import routes
from tallystick.api.act import OWN, Act
from tallystick.base.errors import Denied
from tallystick.client.carrying import HOME, AppTransport
from tallystick.kernel.access.roles import MATRIX, ROLES
from tallystick.text.roles import OFFICE_ACTS, ROLE_NAMES

MEMBER = "credit-union"
GATEWAY = ("/ipfs/{cid}", "/ipfs/{cid}/{path:path}", "/ipns/{name}", "/ipns/{name}/{path:path}")
PUBLIC = (
    *("records", "records/{record}", "records/{record}/proof"),
    *("blocks/{height}", "chains", "members.json"),
)


def walk() -> Iterator[tuple[str, str, list[str]]]:
    for module in pkgutil.iter_modules(routes.__path__):
        router = importlib.import_module(f"{routes.__name__}.{module.name}").router
        for route in router.routes:
            assert isinstance(route, APIRoute)
            asked = [each.dependency for each in route.dependencies]
            acts = [each.name for each in asked if isinstance(each, Act)]
            for method in route.methods or ():
                yield method, route.path, acts


ROUTES = list(walk())
GUARDED = [(method, path, acts[0]) for method, path, acts in ROUTES if acts]


def fill(path: str, member: str = MEMBER) -> str:
    path = path.replace("{member}", member).replace("{height}", "1").replace("{tid}", "0" * 64)
    path = path.replace("{digest}", "0" * 64)
    path = path.replace("{model}", "b" + "a" * 58)
    return (
        re.sub(r"\{(provider|product|programme|name)\}", "nobody", path)
        .replace("{", "")
        .replace("}", "")
    )


class Sessions:
    """An officer of each role at one member, with an open session."""

    def __init__(self, town: Town) -> None:
        self.accounts = town.house.node(MEMBER).accounts
        self.tokens = {
            role: self.accounts.begin(self.accounts.add_closed(role, role, role).officer).token
            for role in ROLES
        }
        self._http = httpx.Client(base_url=HOME, transport=AppTransport(town.app))

    def ask(self, token: bytes, method: str, path: str) -> httpx.Response:
        body: dict[str, str] | None = {} if method in {"POST", "PUT"} else None
        bearer = {"Authorization": f"Bearer {token.hex()}"}
        return self._http.request(method, path, headers=bearer, json=body)


@pytest.fixture(scope="module")
def sessions(town: Town) -> Sessions:
    return Sessions(town)


def test_every_route_names_one_act_beside_its_path_but_those_that_are_open() -> None:
    assert all(len(acts) <= 1 for _, _, acts in ROUTES)
    without = {(method, path) for method, path, acts in ROUTES if not acts}
    assert without == {
        ("GET", "/healthz"),
        *((method, path) for method in ("GET", "HEAD") for path in GATEWAY),
        ("GET", "/{member}/healthz"),
        ("GET", "/{member}/log/checkpoint"),
        ("GET", "/{member}/log/tile/{path:path}"),
        *(("GET", f"/{{member}}/log/{path}") for path in PUBLIC),
        ("POST", "/{member}/v1/sessions"),
    }
    assert {act for _, _, act in GUARDED} <= {OWN, *MATRIX}


def test_a_route_passes_the_roles_of_its_act_and_no_other(sessions: Sessions) -> None:
    for method, path, act in GUARDED:
        if act == OWN:
            continue
        for role, token in sessions.tokens.items():
            response = sessions.ask(token, method, fill(path))
            code = response.json().get("code", "") if response.is_error else ""
            at = f"{method} {path} as {role}: {response.status_code} {code}"
            assert (code == "access.role") == (role not in MATRIX[act]), at
            assert code not in {"api.token", "api.failure", "api.no_route", "access.member"}, at


def test_a_one_time_password_passes_to_the_own_account_alone(sessions: Sessions) -> None:
    officer = sessions.accounts.add("newcomer", "newcomer", "manager").account.officer
    token = sessions.accounts.begin(officer).token
    for method, path, act in GUARDED:
        if act != OWN:
            response = sessions.ask(token, method, fill(path))
            assert response.json()["code"] == "access.must_change", f"{method} {path}"
    me = sessions.ask(token, "GET", f"/{MEMBER}/v1/me").json()
    assert (me["name"], me["must_change"]) == ("newcomer", 1)
    assert sessions.ask(token, "DELETE", f"/{MEMBER}/v1/sessions").json() == {"ended": 1}
    assert sessions.ask(token, "GET", f"/{MEMBER}/v1/me").status_code == 401


def test_a_session_opens_no_path_of_another_member(sessions: Sessions) -> None:
    token = sessions.tokens["manager"]
    for method, path, _ in GUARDED:
        response = sessions.ask(token, method, fill(path, "village"))
        assert (response.status_code, response.json()["code"]) == (403, "access.member"), path
    assert sessions.ask(token, "GET", "/openapi.json").json()["code"] == "access.member"


def test_every_act_and_role_is_called_something_in_both_languages() -> None:
    assert set(OFFICE_ACTS) == set(MATRIX)
    assert set(ROLE_NAMES) == set(ROLES)


def test_an_account_that_no_password_opens_is_not_opened_by_its_stored_word(
    sessions: Sessions,
) -> None:
    for typed in ("none", "", "clerk"):
        with pytest.raises(Denied) as caught:
            sessions.accounts.log_in("clerk", typed)
        assert caught.value.code == "access.login"


def test_no_route_opens_a_session_without_a_password() -> None:
    for module in pkgutil.iter_modules(routes.__path__):
        source = importlib.import_module(f"{routes.__name__}.{module.name}").__file__
        assert source is not None
        assert ".begin(" not in Path(source).read_text(encoding="utf-8"), source

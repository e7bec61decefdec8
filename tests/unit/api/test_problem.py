"""Every refusal is a problem of one shape, on every route, and repeats nothing it was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import pytest

from counties import FITTING, START_MS, found, open_town
from rows import at_row
from tallystick.api.app import describe_api
from tallystick.api.gate import BODY_BYTES_MAX
from tallystick.api.problem import PROBLEM, problem_tree
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Conflict, Denied, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.ledger.base import late

Ask = Callable[..., httpx.Response]
ROUTES = [
    (method.upper(), path)
    for path, methods in describe_api()["paths"].items()
    for method in methods
]
OPEN = [(method, path) for method, path in ROUTES if path.endswith("healthz")]
LOG = [each for each in ROUTES if each[1].startswith("/{member}/log/")]
IPFS = [each for each in ROUTES if each[1].startswith(("/ipfs/", "/ipns/"))]
LOG_IN = ("POST", "/{member}/v1/sessions")
CLOSED = [each for each in ROUTES if each not in {*OPEN, *LOG, *IPFS, LOG_IN}]
JSON = {"Content-Type": "application/json"}
SECRET = "\u738b\u79c0\u82f1-13800000000"
_SHAPE = PROBLEM["content"]["application/problem+json"]["schema"]


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json"
    tree: dict[str, object] = response.json()
    assert (response.status_code, tree["status"], tree["code"]) == (status, status, code)
    assert set(_SHAPE["required"]) <= tree.keys() <= set(_SHAPE["properties"])
    assert tree["type"] == "about:blank"
    assert tree["title"] == HTTPStatus(status).phrase
    assert tree["family"] in _SHAPE["properties"]["family"]["enum"]
    return tree


def fill(path: str, member: str = "village") -> str:
    named = {"case": "0" * 32, "tid": "0" * 64, "height": "1", "digest": "0" * 64}
    names = ("case", "party", "mandate", "grant", "appeal", "record", "tid", "height", "digest")
    for name in names:
        path = path.replace(f"{{{name}}}", named.get(name, "0" * 32))
    return path.replace("{member}", member)


def test_a_route_without_the_token_is_refused(ask: Ask) -> None:
    for method, path in CLOSED:
        with at_row(method, path):
            for given in ("", "Bearer ", "Bearer wrong", f"Basic {'0' * 64}", "Bearer \u00e9"):
                response = ask(method, fill(path), headers={"Authorization": given.encode("utf-8")})
                check_problem(response, 401, "api.token")
                assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_health_needs_no_token_and_tells_nobody(ask: Ask, method: str, path: str) -> None:
    response = ask(method, fill(path), headers={"Authorization": ""})
    assert response.status_code == 200
    rows = response.json().get("members", [response.json()])
    fields = {"member", "height", "head", "witnessed", "folded", "alarm", "copies", "agreeing"}
    assert all(set(row) == fields for row in rows)


def test_a_member_that_is_none_is_not_found(ask: Ask) -> None:
    members = [each for each in ROUTES if "{member}" in each[1]]
    for method, path in members:
        with at_row(method, path):
            body: dict[str, object] | None = {} if method == "POST" else None
            response = ask(method, fill(path, "nobody"), json=body)
            check_problem(response, 404, "member.unknown")


def test_a_hostile_path_or_body_is_refused_and_not_repeated(ask: Ask) -> None:
    for method, path in CLOSED:
        with at_row(method, path):
            check_hostile(ask, method, path)


def check_hostile(ask: Ask, method: str, path: str) -> None:
    hostile = ("..%2f..%2fkeys.db", "%00", "' OR 1=1 --", "A" * 32, "0" * 31, SECRET, "\U0001f4a3")
    for bad in hostile:
        filled = fill(path).replace("0" * 64, bad).replace("0" * 32, bad)
        if filled == fill(path) or "{" in filled:
            continue
        response = ask(method, filled)
        assert response.status_code in {404, 422}
        assert SECRET not in response.text
        check_problem(response, response.status_code, response.json()["code"])
    if method == "POST":
        for content in (b"", b"{", b"[]", b"null", b'{"x": NaN}', b"[" * 100_000, b"\xff\xfe"):
            response = ask(method, fill(path), content=content, headers=JSON)
            if response.status_code in {200, 201, 202}:
                # Routes without a body read none; a check needs none.
                # A file that is put among the members may hold any bytes.
                bodyless = (
                    *("/end", "/registrations", "/rebuild", "/repair", "/scrub"),
                    "/store/objects",
                )
                is_check = path.endswith("/verify") and content in {b"", b"null"}
                assert path.endswith(bodyless) or is_check
                continue
            check_problem(response, response.status_code, response.json()["code"])
            assert response.status_code in {403, 404, 409, 422}


BODIES: Final[tuple[tuple[str, object], ...]] = (
    ("/parties", {"kind": "household", "identity": {"name": SECRET}, SECRET: SECRET}),
    ("/parties", {"kind": SECRET, "identity": {}}),
    ("/parties", {"kind": "person", "identity": {"name": SECRET, "height": 1.72}}),
    ("/parties", {"kind": "person", "identity": {"name": [SECRET, None]}}),
    ("/mandates", {"party": SECRET, "witness": "village", "days": 1, "text": ""}),
    ("/mandates", {"party": "0" * 32, "witness": "village", "days": "1", "text": SECRET}),
    ("/mandates", {"party": "0" * 32, "witness": "village", "days": 1.0, "text": SECRET}),
    ("/mandates", {"party": "0" * 32, "witness": "village", "days": True, "text": SECRET}),
    (f"/cases/{'0' * 32}/feedback", {"felt": 6, "words": SECRET}),
    (f"/cases/{'0' * 32}/money", {"amount_minor": 2**53, "words": SECRET}),
    (f"/cases/{'0' * 32}/refuse", {"code": SECRET, "words": SECRET * 200}),
    ("/cases", {"requests": []}),
    ("/cases", {"requests": [{"application": {SECRET: 1}, "party": "0" * 32}]}),
    (
        "/cases",
        {"requests": [{"application": {**FITTING, "features": {SECRET: 1}}, "party": "0" * 32}]},
    ),
    ("/products", {"scheme": SECRET}),
)


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_body_that_breaks_its_shape_is_refused_without_its_values(
    ask: Ask, path: str, body: object
) -> None:
    response = ask("POST", f"/village/v1{path}", json=body)
    assert response.status_code in {404, 422}
    check_problem(response, response.status_code, response.json()["code"])
    assert SECRET not in response.text
    assert "13800000000" not in response.text


def test_half_a_character_is_refused(ask: Ask) -> None:
    body = b'{"kind": "person", "identity": {"name": "\\ud800"}}'
    response = ask("POST", "/village/v1/parties", content=body, headers=JSON)
    check_problem(response, 422, "api.tree")
    body = b'{"party": "' + b"0" * 32 + b'", "witness": "finance", "days": 1, "text": "\\ud800"}'
    response = ask("POST", "/village/v1/mandates", content=body, headers=JSON)
    check_problem(response, 422, "api.body")


def test_a_route_or_method_that_is_none_is_refused(ask: Ask) -> None:
    for path in ("/", "/docs", "/village", "/village/v2/cases", "/village/v1/casesx"):
        check_problem(ask("GET", path), 404, "api.no_route")
    check_problem(ask("PATCH", "/village/v1/cases"), 405, "api.method")


def test_another_host_is_refused_before_anything_else(ask: Ask) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example"):
        response = ask("GET", "/healthz", headers={"Host": host})
        check_problem(response, 421, "api.host")
    for host in ("localhost", "127.0.0.1:8420", "[::1]:8420", "LOCALHOST"):
        assert ask("GET", "/healthz", headers={"Host": host}).status_code == 200


def test_a_body_too_large_is_refused_by_its_length_or_by_what_comes(ask: Ask) -> None:
    large = b"x" * (BODY_BYTES_MAX + 1)
    check_problem(ask("POST", "/village/v1/parties", content=large), 413, "api.body_size")
    for declared in (str(10**30), "-1", "many"):
        response = ask("POST", "/village/v1/parties", headers={"Content-Length": declared})
        check_problem(response, 413, "api.body_size")
    response = ask("POST", "/village/v1/parties", content=large, headers={"Content-Length": "10"})
    check_problem(response, 413, "api.body_size")


@pytest.mark.parametrize("key", ["x" * 201, "with blank", "\u00e9"])
def test_an_idempotency_key_of_another_form_is_refused(ask: Ask, key: str) -> None:
    response = ask(
        "POST", "/village/v1/registrations", headers={"Idempotency-Key": key.encode("utf-8")}
    )
    check_problem(response, 422, "api.body")


def test_limits_beyond_a_thousand_are_refused(ask: Ask) -> None:
    for query in ("limit=1001", "limit=0", "limit=x", "offset=-1", f"offset={10**20}"):
        check_problem(ask("GET", f"/village/v1/cases?{query}"), 422, "api.body")


@pytest.mark.parametrize(
    "error",
    [
        Denied("a.b", "m"),
        NotFound("a.b", "m", cure="c"),
        Conflict("a.b", "m", height=3),
        Invalid("a.b", "m", faults=[{"at": "x"}]),
        Unavailable("a.b", "m", data=b"\x01"),
        Error("a.b", "m"),
        late(b"\x01" * 32, 5),
    ],
)
def test_an_error_of_any_family_keeps_family_code_and_status(error: Error) -> None:
    tree = problem_tree(error)
    assert tree["status"] == error.http_status
    assert tree["code"] == error.code
    assert tree["family"] == type(error).__name__
    assert json.loads(json.dumps(tree)) == tree
    assert tree.get("values", {}).keys() == error.values.keys()


def test_a_fault_of_our_own_tells_nothing_of_itself(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    county = found(tmp_path, clock, catalogue=False)
    with open_town(county, clock) as town:
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(town.house.node("village"), "views", None)
            response = town["village"]._http.request("GET", "/village/v1/cases")
        check_problem(response, 500, "api.failure")
        assert "sqlite" not in response.text.lower()
        assert "closed" not in response.text.lower()

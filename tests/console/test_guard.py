"""What the console refuses before anything of it runs: foreign hosts, origins, sizes, redirects."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from console.served import Served

OVER: Final = 1_048_577
FOREIGN: Final = ("http://evil.example", "null", "", "https://127.0.0.1", "http://127.0.0.1:1")
SOCKET: Final = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
PAGES: Final = (
    "/",
    "/village/en/enter",
    "/village/en",
    "/choose/en",
    "/look/icons.svg",
    "/robots.txt",
)
FORMS: Final = ("/village/en/enter", "/village/en/leave", "/village/en/password", "/choose/en")


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/village/v1/cases", SOCKET])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:80@evil"]
)
def test_a_request_for_another_host_is_misdirected(path: str, host: str, county: Served) -> None:
    with county.ask(host=host) as client:
        assert client.get(path).status_code == httpx.codes.MISDIRECTED_REQUEST


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_that_another_page_sent_is_refused_and_changes_nothing(
    path: str, origin: str, county: Served
) -> None:
    token = county.choose("village", "manager")
    cookie = f"tally_village={token}; tally-demonstration={county.open_link()}"
    headers = {"cookie": cookie} | ({"origin": origin} if origin else {})
    with county.ask(**headers) as client:
        answer = client.post(path, data={"who": "village/manager", "name": "a", "password": "b"})
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "set-cookie" not in answer.headers
    with county.api("village", token) as client:
        assert client.get("me").status_code == httpx.codes.OK


def test_a_form_of_our_own_page_is_taken(county: Served) -> None:
    token = county.choose("village", "manager")
    with county.ask(origin=county.address, cookie=f"tally_village={token}") as client:
        assert client.post("/village/en/leave").status_code == httpx.codes.SEE_OTHER
    with county.api("village", token) as client:
        assert client.get("me").status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_websocket_that_another_page_opens_is_refused(origin: str, county: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{county.host}{SOCKET}", origin=Origin(origin) if origin else None).close()
    assert refused.value.response.status_code == httpx.codes.FORBIDDEN


def test_a_websocket_of_our_own_page_is_opened(county: Served) -> None:
    with connect(f"ws://{county.host}{SOCKET}", origin=Origin(county.address)) as opened:
        assert str(opened.recv(timeout=10)).startswith("0{")


def test_no_answer_lets_another_page_read_it(county: Served) -> None:
    polling = SOCKET.replace("websocket", "polling")
    with county.ask(origin="http://evil.example") as client:
        for path in (*PAGES, polling, "/healthz"):
            told = {name.lower() for name in client.get(path).headers}
            assert not {name for name in told if name.startswith("access-control-")}, path


def _escapes() -> Iterator[tuple[str, str]]:
    for path in (
        "//evil.example",
        "//evil.example/zh/enter",
        "//evil.example/en",
        "/\\evil.example/en",
        "/%2f%2fevil.example/en",
        "/%5cevil.example/en",
        "/village/en/enter?next=//evil.example",
        "/choose/en?next=https://evil.example",
        "/village/en//evil.example",
        "/open//evil.example",
        "/nobody/en/enter",
        "/nobody/file/proof/1",
    ):
        yield "GET", path
        if not path.startswith(("//", "/\\")):
            yield "POST", path


@pytest.mark.parametrize(("method", "path"), list(_escapes()))
def test_no_address_leads_a_browser_to_another_host(method: str, path: str, county: Served) -> None:
    sent = {"next": "//evil.example", "who": "//evil.example/x", "name": "a", "password": "b"}
    headers = {
        "origin": county.address,
        "cookie": f"tally-demonstration={county.open_link()}",
        "content-type": "application/x-www-form-urlencoded",
    }
    # The bytes go out as they stand: a client would tidy the path.
    body = "&".join(f"{name}={value}" for name, value in sent.items()) if method == "POST" else ""
    lines = [f"{method} {path} HTTP/1.1", f"host: {county.host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "", body]
    status, told = _speak(county, "\r\n".join(lines).encode())
    assert status < httpx.codes.INTERNAL_SERVER_ERROR
    to = told.get("location", "/")
    assert to.startswith("/"), to
    assert not to.startswith(("//", "/\\")), to


def test_a_body_of_more_than_a_mebibyte_is_refused_before_it_is_sent(county: Served) -> None:
    head = (
        f"POST /village/en/enter HTTP/1.1\r\nhost: {county.host}\r\norigin: {county.address}\r\n"
        f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {OVER}\r\n\r\n"
    )
    status, _ = _speak(county, head.encode())
    assert status == httpx.codes.REQUEST_ENTITY_TOO_LARGE


def test_a_body_that_does_not_say_its_size_ends_at_a_mebibyte(county: Served) -> None:
    def parts() -> Iterator[bytes]:
        yield b"name=a&password="
        for _ in range(64):
            yield b"x" * 65_536

    kind = "application/x-www-form-urlencoded"
    with county.ask(origin=county.address, **{"content-type": kind}) as client:
        try:
            answer = client.post("/village/en/enter", content=parts())
        except httpx.TransportError:
            return
    assert answer.status_code >= httpx.codes.BAD_REQUEST


@pytest.mark.parametrize("path", [*PAGES, "/no/such/page"])
def test_every_answer_tells_a_browser_what_it_may_not_do(path: str, county: Served) -> None:
    with county.ask() as client:
        told = client.get(path).headers
    policy: dict[str, str] = {}
    for part in told["content-security-policy"].split(";"):
        name, _, allowed = part.strip().partition(" ")
        policy[name] = allowed
    assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert not [each for each in " ".join(policy.values()).split() if "." in each or "//" in each]
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert told["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in told


def _speak(served: Served, sent: bytes) -> tuple[int, dict[str, str]]:
    """Send bytes; return status and headers of what comes back."""
    host, _, port = served.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(sent)
        got = b""
        while b"\r\n\r\n" not in got and (part := line.recv(65_536)):
            got += part
    head = got.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    told = dict(each.split(": ", 1) for each in head[1:])
    return int(head[0].split()[1]), {name.lower(): value for name, value in told.items()}

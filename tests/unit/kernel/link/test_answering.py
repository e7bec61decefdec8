"""A member's HTTP server under garbage, strangers, liars and crowds: an error each, and no harm."""

from __future__ import annotations

import json
import logging
import random
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from links import NOW_MS, End, open_pair
from machines import await_until
from tallystick.base.clock import ManualClock, SystemClock, SystemEntropy
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.certificate import ensure_certificate
from tallystick.kernel.link.engines import http_answering
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.engines.http_answering import Answering
from tallystick.kernel.link.engines.http_asking import Asking

PATH = "/link/v1/echo"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[End, End]]:
    with open_pair(tmp_path) as found:
        for end in found:
            end.link.serve({"echo": lambda _, payload: payload})
        yield found


def app_of(end: End) -> Answering:
    server = end.link._server
    assert server is not None
    return server._app


def send_raw(end: End, data: bytes) -> bytes:
    """Send bytes as they are, and return what comes back until the other closes or is silent."""
    with socket.create_connection((end.place.host, end.place.port), timeout=5) as found:
        found.sendall(data)
        found.shutdown(socket.SHUT_WR)
        answer = b""
        while part := found.recv(65_536):
            answer += part
        return answer


def post(end: End, fields: Mapping[str, str], body: bytes = b"", path: str = PATH) -> Any:
    """Send a request and return the status and the problem that answers it."""
    found = httpx.post(
        f"{end.place.address}{path}", content=body, headers=dict(fields), trust_env=False
    )
    return found.status_code, found.json()["code"], "signature" in found.headers


def is_well(pair: tuple[End, End]) -> bool:
    """Tell whether the second still answers the first, and holds nothing of what came before."""
    app = app_of(pair[1])
    return pair[0].link.call("coop", "echo", b"x") == b"x" and not app._bytes and not +app._calls


# ---- what was heard


def test_what_was_heard_is_not_heard_again_when_its_body_outlasts_it(tmp_path: Path) -> None:
    clock, body = ManualClock(NOW_MS), b"pay 100 yuan"
    seen: list[str] = []

    def echo(who: str, payload: bytes) -> bytes:
        seen.append(who)
        return payload

    with open_pair(tmp_path, clock=clock) as (asking, asked):
        asked.link.serve({"echo": echo})
        place = (asked.place.host, asked.place.port)
        fields = asking.trust.sign_request("coop", f"{asked.place.address}{PATH}", body)
        stated = {"host": "{}:{}".format(*place), "content-length": f"{len(body)}", **fields}
        lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {each}" for name, each in stated.items())]
        head = "\r\n".join([*lines, "", ""]).encode()

        def send(late_ms: int) -> bytes:
            with socket.create_connection(place, timeout=5) as found:
                found.sendall(head)
                # The head is believed once room for its body is kept.
                await_until(lambda: bool(+app_of(asked)._calls))
                clock.advance(late_ms)
                found.sendall(body)
                return found.recv(65_536)

        assert send(0).startswith(b"HTTP/1.1 200 ")
        clock.advance(50_500)
        assert b"link.replayed" in send(0)
        assert b"link.expired" in send(7_000)
        assert seen == ["bank"]


# ---- strangers


def test_garbage_is_answered_or_cut_off_and_changes_nothing(pair: tuple[End, End]) -> None:
    draw = random.Random(7)
    heads = [
        b"",
        b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\n",
        b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nSignature: ",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff",
    ]
    for number in range(60):
        found = send_raw(pair[1], heads[number % len(heads)] + draw.randbytes(draw.randrange(400)))
        assert not found or found.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), found[:80]
    assert is_well(pair)


def send_head_without_end(end: End, begun: bytes, part: bytes) -> None:
    with socket.create_connection((end.place.host, end.place.port), timeout=5) as found:
        found.sendall(begun)
        ends_s = time.monotonic() + 20
        while time.monotonic() < ends_s:
            found.sendall(part)


@pytest.mark.parametrize(
    ("begun", "part"),
    [
        (b"POST /link/v1/echo HTTP/1.1\r\n", b"X-Y: " + b"z" * 1_000 + b"\r\n"),
        (b"POST /link/v1/echo HTTP/1.1\r\nX-Y: ", b"z" * 1_000),
        (b"POST /link/v1/echo HTTP/1.1\r\n", b"z" * 1_000),
        (b"POST /link/v1/", b"z" * 1_000),
        (b"", b"\r\n" * 500),
    ],
    ids=["fields", "one value", "one name", "target", "empty lines"],
)
def test_a_head_without_end_is_cut_off(
    pair: tuple[End, End], monkeypatch: pytest.MonkeyPatch, begun: bytes, part: bytes
) -> None:
    # What holds nothing here is cut off by the clock.
    monkeypatch.setattr(http_answering, "HEAD_S", 0.2 if not begun else 60)
    with pytest.raises(ConnectionError):
        send_head_without_end(pair[1], begun, part)
    assert is_well(pair)


def test_a_head_of_as_much_as_it_may_is_read_and_of_more_is_refused(pair: tuple[End, End]) -> None:
    begun = b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    counted = sum(map(len, (b"/link/v1/echo", b"Host", b"x", b"Content-Length", b"0", b"X")))
    room = http_answering.HEAD_BYTES_MAX - counted
    assert b"link.unsigned" in send_raw(pair[1], begun + b"X: " + b"z" * room + b"\r\n\r\n")
    found = send_raw(pair[1], begun + b"X: " + b"z" * (room + 1) + b"\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 400 ")
    assert is_well(pair)


@pytest.mark.parametrize("field", [b"Upgrade: websocket", b"Upgrade: h2c", b"Expect: 100-continue"])
def test_whoever_asks_for_another_protocol_is_answered_in_this_one(
    pair: tuple[End, End], field: bytes
) -> None:
    head = b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nContent-Length: 0\r\n"
    assert b"link.unsigned" in send_raw(pair[1], head + field + b"\r\n\r\n")
    assert is_well(pair)


def test_two_lengths_or_a_length_and_chunks_are_refused(pair: tuple[End, End]) -> None:
    head = b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    for other in (b"Content-Length: 6", b"Transfer-Encoding: chunked"):
        found = send_raw(pair[1], head + other + b"\r\n\r\n0\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 400 "), found[:200]
    assert is_well(pair)


def test_a_caller_that_never_ends_its_head_is_cut_off(
    pair: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answering, "HEAD_S", 0.05)
    for begun in (b"", b"POST /link/v1/echo HTTP/1.1\r\nHo"):
        with socket.create_connection((pair[1].place.host, pair[1].place.port), timeout=10) as one:
            one.sendall(begun)
            try:
                assert one.recv(1) == b""
            except ConnectionResetError:
                continue
    assert is_well(pair)


def test_a_stranger_is_refused_before_its_body_is_read(pair: tuple[End, End]) -> None:
    stated = b"POST /link/v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 15000000\r\n\r\n"
    found = send_raw(pair[1], stated)
    assert b"link.unsigned" in found
    assert post(pair[1], {}, b"x") == (403, "link.unsigned", False)
    assert is_well(pair)


@pytest.mark.parametrize(
    "path", ["/", "/link/v1/", "/link/v2/echo", "/link/v1/echo?x=1", "/link/v1/a%2Fb", "/healthz"]
)
def test_there_is_nothing_beside_the_link(pair: tuple[End, End], path: str) -> None:
    assert post(pair[1], {}, b"", path) == (404, "link.route", False)
    assert httpx.get(f"{pair[1].place.address}{path}", trust_env=False).status_code == 404


def test_a_refusal_of_a_signed_request_is_signed_for_it(pair: tuple[End, End]) -> None:
    bank, coop = pair
    fields = bank.trust.sign_request("coop", f"{coop.place.address}{PATH}", b"one")
    assert post(coop, fields, b"two") == (403, "link.digest", True)
    assert post(coop, fields, b"one", "/link/v1/other") == (403, "link.signature", True)
    assert post(coop, {**fields, "host": "elsewhere:1"}, b"one") == (403, "link.signature", True)
    assert is_well(pair)


def test_a_message_that_is_too_long_or_tells_no_length_is_not_read(pair: tuple[End, End]) -> None:
    bank, coop = pair
    signed = bank.trust.sign_request("coop", f"{coop.place.address}{PATH}", b"")
    host = f"{coop.place.host}:{coop.place.port}"
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in signed.items())]
    for length in (f"Content-Length: {PAYLOAD_BYTES_MAX + 1}", "Transfer-Encoding: chunked"):
        found = send_raw(coop, "\r\n".join([*lines, length, "", ""]).encode())
        assert b"link.size" in found
        assert b"signature-input" in found
    assert is_well(pair)


# ---- callers


def test_a_body_that_is_cut_off_ends_with_an_error(pair: tuple[End, End]) -> None:
    bank, coop = pair
    signed = bank.trust.sign_request("coop", f"{coop.place.address}{PATH}", b"x" * 100)
    host = f"{coop.place.host}:{coop.place.port}"
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in signed.items())]
    send_raw(coop, "\r\n".join([*lines, "Content-Length: 100", "", "xxx"]).encode())
    assert is_well(pair)


def test_a_body_that_takes_too_long_ends_with_an_error(
    pair: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answering, "BODY_S", 0.05)
    bank, coop = pair
    signed = bank.trust.sign_request("coop", f"{coop.place.address}{PATH}", b"x" * 100)
    host = f"{coop.place.host}:{coop.place.port}"
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in signed.items())]
    with socket.create_connection((coop.place.host, coop.place.port), timeout=10) as found:
        found.sendall("\r\n".join([*lines, "Content-Length: 100", "", "xxx"]).encode())
        assert b"503" in found.recv(65_536)
    assert is_well(pair)


def test_a_fault_of_ours_ends_one_call_and_tells_nothing(
    pair: tuple[End, End], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: str, payload: bytes) -> bytes:
        raise KeyError(payload)

    pair[1].link.serve({"fail": fail})
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(Unavailable, match=r"^link\.failed: ") as error,
    ):
        pair[0].link.call("coop", "fail", b"secret name")
    assert "secret" not in str(error.value) + caplog.text
    assert "KeyError" in caplog.text
    assert is_well(pair)


def test_one_member_does_not_take_all_places(
    pair: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answering, "CALLER_CALLS_MAX", 2)
    bank, coop = pair
    go, come = threading.Event(), threading.Semaphore(0)

    def wait(_: str, payload: bytes) -> bytes:
        come.release()
        assert go.wait(20)
        return payload

    coop.link.serve({"wait": wait})
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(bank.link.call, "coop", "wait", b"x") for _ in range(2)]
        assert all(come.acquire(timeout=20) for _ in calls)
        with pytest.raises(Unavailable, match=r"^link\.busy: "):
            bank.link.call("coop", "echo", b"x")
        go.set()
        assert [each.result() for each in calls] == [b"x", b"x"]
    assert is_well(pair)


def test_bodies_being_answered_have_a_bound_together(
    pair: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answering, "BODIES_BYTES_MAX", 10)
    assert pair[0].link.call("coop", "echo", b"x" * 10) == b"x" * 10
    with pytest.raises(Unavailable, match=r"^link\.busy: "):
        pair[0].link.call("coop", "echo", b"x" * 11)
    assert is_well(pair)


def test_what_an_error_tells_programs_crosses_the_link(pair: tuple[End, End]) -> None:
    def refuse(_: str, __: bytes) -> bytes:
        raise Unavailable("ledger.late", "not yet", cure="Wait.", tid="ab", height=7)

    pair[1].link.serve({"refuse": refuse})
    with pytest.raises(Unavailable) as error:
        pair[0].link.call("coop", "refuse", b"")
    assert error.value.values == {"tid": "ab", "height": 7}
    assert (error.value.code, error.value.cure) == ("ledger.late", "Wait.")


# ---- whoever asks


def test_a_member_at_anothers_address_is_not_believed(pair: tuple[End, End]) -> None:
    bank, coop = pair
    asking = Asking(bank.trust, {"coop": bank.place})
    with pytest.raises(Unavailable, match=r"^link\.answer: "):
        asking.call("coop", "echo", b"x")
    asking.close()
    assert coop.link.call("bank", "echo", b"y") == b"y"


def test_a_server_that_is_no_member_is_not_believed(pair: tuple[End, End]) -> None:
    bank, _ = pair

    def answer(listener: socket.socket) -> None:
        found, _ = listener.accept()
        with found:
            found.recv(65_536)
            found.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlies")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        asking = Asking(bank.trust, {"coop": Place("http", "127.0.0.1", listener.getsockname()[1])})
        with pytest.raises(Unavailable, match=r"^link\.answer: "):
            asking.call("coop", "echo", b"x")
        thread.join()
        asking.close()


def test_a_member_that_is_away_is_not_tried_again_at_once_and_then_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.kernel.link.engines.http_asking.PAUSE_MIN_S", 1_000.0)
    monkeypatch.setattr("tallystick.kernel.link.engines.http_asking.PAUSE_MAX_S", 1_000.0)
    with open_pair(tmp_path) as (bank, coop):
        bank.link.serve({"echo": lambda _, payload: payload})
        coop.link.close()
        for reason in ("ConnectionRefusedError", "a moment ago"):
            with pytest.raises(Unavailable, match=rf"^link\.lost: .*{reason}"):
                bank.link.call("coop", "echo", b"x")
            assert bank.link.is_away("coop")
        bank.link._asking._lines["coop"]._again_s = 0.0
        with pytest.raises(Unavailable, match=r"^link\.lost: .*ConnectionRefusedError"):
            bank.link.call("coop", "echo", b"x")


def test_another_certificate_is_not_spoken_to(tmp_path: Path) -> None:
    with open_pair(tmp_path, tls=True) as (bank, coop):
        coop.link.serve({"echo": lambda _, payload: payload})
        assert bank.link.call("coop", "echo", b"x") == b"x"
        (tmp_path / "false").mkdir()
        false = ensure_certificate(
            tmp_path / "false", "coop", clock=SystemClock(), entropy=SystemEntropy()
        )
        place = Place("https", coop.place.host, coop.place.port, false)
        asking = Asking(bank.trust, {"coop": place})
        with pytest.raises(Unavailable, match=r"^link\.lost: "):
            asking.call("coop", "echo", b"x")
        asking.close()
        plain = Asking(bank.trust, {"coop": Place("http", coop.place.host, coop.place.port)})
        with pytest.raises(Unavailable, match=r"^link\.lost: "):
            plain.call("coop", "echo", b"x")
        plain.close()


def test_a_captured_request_is_refused_over_the_wire(pair: tuple[End, End]) -> None:
    bank, coop = pair
    target = f"{coop.place.address}{PATH}"
    fields = bank.trust.sign_request("coop", target, b"x")
    first = httpx.post(target, content=b"x", headers=fields, trust_env=False)
    assert (first.status_code, first.content) == (200, b"x")
    assert post(coop, fields, b"x") == (403, "link.replayed", True)


def test_refusals_are_raised_again_as_their_family(pair: tuple[End, End]) -> None:
    bank, coop = pair
    asking = Asking(bank.trust, {"bank": coop.place, "coop": coop.place})
    with pytest.raises(Error) as error:
        asking.call("coop", "nothing", b"")
    assert json.dumps(error.value.code) == '"link.method"'
    bank.trust._clock = type("Late", (), {"now_ms": lambda _: SystemClock().now_ms() - 120_000})()
    with pytest.raises(Denied, match=r"^link\.expired: "):
        asking.call("coop", "echo", b"")
    asking.close()


def test_connections_are_kept_and_one_that_the_other_end_closed_is_not_asked_on(
    pair: tuple[End, End],
) -> None:
    bank, coop = pair
    line = bank.link._asking._line("coop")
    ports = set()
    for _ in range(3):
        assert bank.link.call("coop", "echo", b"x") == b"x"
        ((_, kept),) = line._kept
        ports.add(kept.getsockname())
    assert len(ports) == 1
    coop.link.close()
    again = HttpLink(coop.trust, coop.book, Listening(coop.place, Path()))
    again.serve({"echo": lambda _, payload: payload})
    again.start()
    assert bank.link.call("coop", "echo", b"y") == b"y"
    assert line._kept[0][1].getsockname() not in ports
    again.close()


def test_many_at_once_have_connections_of_their_own_and_few_are_kept(
    pair: tuple[End, End],
) -> None:
    bank, _ = pair
    together = threading.Barrier(12)

    def ask(number: int) -> bytes:
        together.wait()
        return bank.link.call("coop", "echo", b"%d" % number * 9_999)

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask, range(12))) == [b"%d" % number * 9_999 for number in range(12)]
    line = bank.link._asking._line("coop")
    assert 1 <= len(line._kept) == len(line._open) <= 8
    bank.link.close()
    assert not line._kept
    assert not line._open


def test_who_waits_for_an_answer_as_the_link_closes_waits_no_more(pair: tuple[End, End]) -> None:
    bank, coop = pair
    asked, ended = threading.Event(), threading.Event()

    def wait(_: str, __: bytes) -> bytes:
        asked.set()
        ended.wait(20)
        return b""

    coop.link.serve({"wait": wait})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bank.link.call, "coop", "wait", b"")
        assert asked.wait(20)
        bank.link._asking.close()
        with pytest.raises(Unavailable, match=r"^link\.lost: "):
            waiting.result(5)
        ended.set()

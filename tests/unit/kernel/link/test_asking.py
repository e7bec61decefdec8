"""A member that asks is not held up by one that answers by the byte, or without end."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.engines import http_asking
from tallystick.kernel.link.engines.http_asking import _Line

DRIPS = 400
PAUSE_S = 0.02
HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"


@contextmanager
def answering(parts: Iterable[bytes]) -> Iterator[_Line]:
    """Give a line to somebody who answers any request by these parts, a pause between them."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                found, _ = server.accept()
                with found:
                    found.recv(65_536)
                    for part in parts:
                        found.sendall(part)
                        if ended.wait(PAUSE_S):
                            break

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        line = _Line("bank", Place("http", "127.0.0.1", server.getsockname()[1]))
        try:
            yield line
        finally:
            ended.set()
            line.close()
            thread.join()


@pytest.mark.parametrize(
    "parts",
    [
        (HEAD[at : at + 1] for at in itertools.cycle(range(8))),
        itertools.chain([HEAD[:-2]], (b"x: y\r\n" for _ in range(DRIPS))),
        itertools.chain([HEAD], (b"x" for _ in range(DRIPS))),
    ],
    ids=["a status line by the byte", "fields for ever", "a body by the byte"],
)
def test_an_answer_that_takes_too_long_is_given_up(
    parts: Iterable[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_asking, "ANSWER_S", 0.2)
    with answering(itertools.islice(parts, DRIPS)) as line:
        with pytest.raises(Unavailable, match="TimeoutError"):
            line.send("/link/v1/echo", {}, b"")
        assert line.is_away


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 2\r\nContent-Length: 2",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Content-Length: -2",
        b"Content-Length: 2x",
        b"Content-Length : 2",
        b"Content-Length: 3",
    ],
)
def test_an_answer_whose_length_is_in_doubt_is_none(fields: bytes) -> None:
    with answering([b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\nab"]) as line:
        with pytest.raises(Unavailable, match=r"link\.lost"):
            line.send("/link/v1/echo", {}, b"")
        assert not line._kept


def test_an_answer_without_end_is_cut_off() -> None:
    for head in (
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Y: ",
        b"HTTP/1.1 200 ",
        b"",
    ):
        endless = itertools.chain([head], itertools.repeat(b"z" * 4_000_000))
        with answering(endless) as line, pytest.raises(Unavailable, match=r"link\.lost"):
            line.send("/link/v1/echo", {}, b"")
    stated = HEAD.replace(b"100000", str(PAYLOAD_BYTES_MAX + 1).encode())
    with answering([stated]) as line, pytest.raises(Invalid, match=r"link\.size"):
        line.send("/link/v1/echo", {}, b"")

"""What a message between machines costs.

Both ends run in this process over real sockets of this machine, so they share its interpreter: a
peer on a machine of its own takes that half away. A plain POST by httpx to the same kind
of server is its measure.
"""

from __future__ import annotations

import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn

from tallystick.base import codec
from tallystick.base.clock import SeededEntropy, SystemClock, SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Genesis
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.trust import Roll, Trust

__all__ = ["NAMES", "START_MS", "County", "compare", "found_county", "linked", "run"]

START_MS: Final = 1_790_000_000_000
CALLS: Final = 300
WARM: Final = 20
ROUNDS: Final = 5
NAMES: Final = ("bank", "coop")


@dataclass(frozen=True, slots=True)
class County:
    """Two members and their keys."""

    genesis: Genesis
    keys: dict[str, SigningKey]


def found_county() -> County:
    """Return two members of a chain, and their keys."""
    entropy = SeededEntropy("bench")
    keys = {name: SigningKey.from_seed(entropy.draw("key", 32)) for name in NAMES}
    links = {name: SigningKey.from_seed(entropy.draw("link", 32)) for name in NAMES}
    notes = {name: SigningKey.from_seed(entropy.draw("note", 32)) for name in NAMES}
    members = Members.of(
        [
            Member(
                name,
                "bank",
                (
                    Key(1, "tx", 1, keys[name].public, 0),
                    Key(2, "link", 1, links[name].public, 0),
                    Key(3, "note", 1, notes[name].public, 0),
                ),
            )
            for name in NAMES
        ]
    )
    fields: dict[str, codec.Value] = {
        "v": 1,
        "suite": 1,
        "kind": "bench",
        "name": "bench",
        "time": START_MS - 1,
        "salt": bytes(32),
        "target": b"\xff" * 32,
        "limits": {},
        "rules": {},
        "seeded": 1,
        "members": members.cid,
    }
    tx = {f"tx {name}": key for name, key in keys.items()}
    note = {f"note {name}": key for name, key in notes.items()}
    return County(Genesis.read(encode(fields), members.data), {**tx, **links, **note})


def _listener() -> socket.socket:
    found = socket.create_server(("127.0.0.1", 0), backlog=64)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


@contextmanager
def linked(county: County, folder: Path) -> Iterator[dict[str, HttpLink]]:
    """Give both ends of a link over this machine, by name."""
    book, links, heard = {}, {}, []
    for name in NAMES:
        with _listener() as found:
            book[name] = Place("http", "127.0.0.1", found.getsockname()[1])
    members = county.genesis.members
    for name in NAMES:
        nonces = HeardRequests(folder / f"{name}.db", SystemClock())
        trust = Trust(
            name,
            lambda name=name: county.keys[name],  # type: ignore[misc]
            Roll(county.genesis.chain, lambda: (members, 1)),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            nonces=nonces,
        )
        links[name] = HttpLink(trust, book, Listening(book[name], folder))
        links[name].start()
        heard.append(nonces)
    try:
        yield links
    finally:
        for name in NAMES:
            links[name].close()
        for each in heard:
            each.close()


# ---- one call


async def _echo(
    scope: MutableMapping[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]
) -> None:
    del scope
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _plain() -> Iterator[Callable[[bytes], bytes]]:
    listener = _listener()
    server = uvicorn.Server(
        uvicorn.Config(
            _echo, http="h11", ws="none", lifespan="off", log_level="error", access_log=False
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/echo"
    with httpx.Client(trust_env=False) as client:
        yield lambda payload: client.post(url, content=payload).content
    server.should_exit = True
    thread.join()
    listener.close()


def _time_calls(call: Callable[[bytes], bytes]) -> float:
    """Return the median seconds of a call of 100 bytes."""
    payload, taken = bytes(100), []
    for number in range(WARM + CALLS):
        started = time.perf_counter()
        assert call(payload) == payload
        if number >= WARM:
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _calls(county: County) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, linked(county, Path(folder)) as links:
        links["coop"].serve({"echo": lambda _, payload: payload})
        with _plain() as post:
            pairs = [
                (_time_calls(partial(links["bank"].call, "coop", "echo")), _time_calls(post))
                for _ in range(ROUNDS)
            ]
    return compare("link.call", "a plain POST by httpx", 1, pairs)


def compare(
    name: str, baseline: str, units: int, pairs: list[tuple[float, float]]
) -> dict[str, Any]:
    """Return a row: rates of ours and of the baseline, and the median of the rounds' ratios."""
    ratios = sorted(bare / ours for ours, bare in pairs)
    return {
        "name": name,
        "unit": "1/s",
        "value": round(units / statistics.median(ours for ours, _ in pairs)),
        "against": baseline,
        "against_value": round(units / statistics.median(bare for _, bare in pairs)),
        "ratio": round(statistics.median(ratios), 2),
        "spread": round(ratios[-1] - ratios[0], 2),
    }


def run() -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    return [_calls(found_county())]


if __name__ == "__main__":
    for row in run():
        print(row)

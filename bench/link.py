"""What a message between machines costs, and how fast a member that was away catches up by them.

Both ends run in this process over real sockets of this machine, so they share its interpreter: a
peer on a machine of its own takes that half away. A plain POST by the same client to the same kind
of server is what no signed call can beat; signatures alone are what no catching up can.
"""

from __future__ import annotations

import hashlib
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
from nacl import bindings
from one_type import CHARTER

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy, SystemClock, SystemEntropy
from tallystick.base.codec import encode
from tallystick.base.keys import SigningKey
from tallystick.chain.block import Genesis
from tallystick.chain.checkpoint import cosign
from tallystick.chain.digest import domain
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.transaction import Transaction, sign_transaction
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.offer import serve_snapshots
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.book import Place
from tallystick.kernel.link.engines.http import HttpLink, Listening
from tallystick.kernel.link.trust import Roll, Trust

__all__ = ["run"]

START_MS: Final = 1_790_000_000_000
RECORDS: Final = 20_000
CALLS: Final = 300
WARM: Final = 20
ROUNDS: Final = 5
CATCH_UPS: Final = 3
NAMES: Final = ("bank", "coop")


@dataclass(frozen=True, slots=True)
class County:
    """Two members and their keys."""

    genesis: Genesis
    keys: dict[str, SigningKey]


def _found() -> County:
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
def _linked(county: County, folder: Path) -> Iterator[dict[str, HttpLink]]:
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
    with tempfile.TemporaryDirectory() as folder, _linked(county, Path(folder)) as links:
        links["coop"].serve({"echo": lambda _, payload: payload})
        with _plain() as post:
            pairs = [
                (_time_calls(partial(links["bank"].call, "coop", "echo")), _time_calls(post))
                for _ in range(ROUNDS)
            ]
    return _row("link.call", "a plain POST by the same client", 1, pairs)


# ---- catching up


def _signed(county: County) -> list[bytes]:
    return [
        sign_transaction(
            county.keys["tx bank"],
            [_record(number)],
            chain=county.genesis.chain,
            member="bank",
            number=1,
            seq=number + 1,
            not_after=START_MS + 3_600_000,
        )
        for number in range(RECORDS)
    ]


def _record(number: int) -> bytes:
    return encode(
        {
            "t": "note.made",
            "rv": 1,
            "id": hashlib.sha256(number.to_bytes(8, "big")).digest()[:16],
            "pub": {"kind": "bench", "object": codec.cid_of(number.to_bytes(8, "big"), codec.RAW)},
        }
    )


def _order(county: County, folder: Path, signed: list[bytes]) -> Replica:
    found = Replica.create(
        folder / "bank.ledger", county.genesis.data, county.genesis.members.data, CHARTER
    )
    orderer = Orderer(found, "bank", ManualClock(START_MS), SeededEntropy("nonce"))
    for at in range(0, len(signed), 1_000):
        for data in signed[at : at + 1_000]:
            orderer.submit(data)
        while orderer.waiting():
            orderer.cut()
    orderer.close()
    return found


def _verify_only(signed: list[bytes], public: bytes) -> float:
    """Check every signature by the same library, and nothing else; return the seconds."""
    found = [Transaction.read(data) for data in signed]
    signatures = [each.signature + domain("tx", each.tid) for each in found]
    started = time.perf_counter()
    for each in signatures:
        bindings.crypto_sign_open(each, public)
    return time.perf_counter() - started


def _catch_up(county: County, folder: Path, links: dict[str, HttpLink], number: int) -> float:
    replica = Replica.create(
        folder / f"coop-{number}.ledger",
        county.genesis.data,
        county.genesis.members.data,
        CHARTER,
    )
    follower = Follower(replica, Witnesses(replica), links["coop"], "bank")
    started = time.perf_counter()
    follower.pull()
    seconds = time.perf_counter() - started
    assert replica.tip.peaks.size == RECORDS
    replica.close()
    return seconds


def _leap(county: County, folder: Path, links: dict[str, HttpLink], number: int) -> float:
    """Take the state over instead; the log, all results and all headers come with it."""
    path = folder / f"coop-leap-{number}" / "ledger.db"
    path.parent.mkdir()
    genesis = county.genesis
    replica = Replica.create(path, genesis.data, genesis.members.data, CHARTER)
    started = time.perf_counter()
    leap(replica, links["coop"], "bank")
    seconds = time.perf_counter() - started
    assert replica.tip.peaks.size == RECORDS
    replica.close()
    return seconds


def _witnessed(county: County, ordered: Replica) -> Witnesses:
    """Return the names of both members under the newest block."""
    witnesses, height = Witnesses(ordered), ordered.tip.height
    body = ordered.body(height)
    for name in NAMES:
        key = county.keys[f"note {name}"]
        witnesses.add(name, height, cosign(body, key, member=name, time_s=START_MS // 1_000))
    return witnesses


def _catch_ups(county: County) -> list[dict[str, Any]]:
    signed = _signed(county)
    with tempfile.TemporaryDirectory() as name, _linked(county, folder := Path(name)) as links:
        ordered = _order(county, folder, signed)
        serve_chain(links["bank"], Peer(ordered, _witnessed(county, ordered)))
        serve_snapshots(links["bank"], ordered)
        rounds = [
            (
                _catch_up(county, folder, links, number),
                _verify_only(signed, county.keys["tx bank"].public),
                _leap(county, folder, links, number),
            )
            for number in range(CATCH_UPS)
        ]
        ordered.close()
    run = [(caught_up, bare) for caught_up, bare, _ in rounds]
    # The first leap waits until the other member has written its state.
    leapt = [(leap_s, caught_up) for caught_up, _, leap_s in rounds[1:]]
    return [
        _row("link.catch_up", "signatures alone", RECORDS, run),
        _row("link.leap", "every block run", RECORDS, leapt),
    ]


def _row(name: str, baseline: str, units: int, pairs: list[tuple[float, float]]) -> dict[str, Any]:
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
    county = _found()
    return [_calls(county), *_catch_ups(county)]


if __name__ == "__main__":
    for row in run():
        print(row)

"""What the works of keeping cost on this machine: processor seconds a byte and a call, and bytes.

Each is the product's own part, called as a member calls it, in one thread; time is that thread's on
the processor, first quartile of rounds, each after an untimed call. What a signed request costs is
told for both ends, which run here in one process: the asking thread's, and all the rest. Two sizes
tell what a call costs and what a byte does. Waiting for the disk is not counted.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bizi_members import (
    BLOCK,
    BUNDLE,
    CLIENT,
    PART_BYTES,
    Client,
    Keeper,
    Outside,
    Peers,
    make_archive,
    make_note,
    split_records,
)
from bizi_processes import open_link
from spread import Relay

from tallystick.base import codec
from tallystick.kernel.link.base import Handler, Handlers
from tallystick.kernel.link.engines.http import HttpLink
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.link.ports import find_free_ports
from tallystick.kernel.store.keeping import Note, import_archive
from tallystick.kernel.store.spread.manifest import hash_pieces
from tallystick.kernel.store.spread.placement import order_members
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.unixfs.car import open_archive
from tallystick.kernel.store.zigzag.coder import encode
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = ["Costs", "measure_costs"]

OBJECT_BYTES: Final = 2**20
ROUNDS: Final = 9
CALLS: Final = 40
NOTES: Final = 64
"""Records of objects that a transaction carries, where many are put."""
_MEMBER: Final = "m00"
_SMALL: Final = 8 * 1024
_BLOCKS: Final = 4


@dataclass(frozen=True, slots=True)
class Costs:
    """What a piece of work costs: seconds of processor, a byte or a call; bytes, where it says so.

    Attributes:
        import_byte: a file's byte named as IPFS does and put into an archive.
        encode_byte: a byte of data encoded.
        hash_byte: a byte of a shard hashed for the manifest.
        ask_call, ask_byte: a signed request made, and its answer believed.
        answer_call, answer_byte: a request believed, and answered.
        head_bytes: of a request and its answer on the line, beside what they carry.
        keep_call, keep_byte: a shard written, read again, verified and kept.
        pin_byte: a byte of an archive verified and its blocks kept; `pin_kept`: of the file.
        sign_byte, order_byte, accept_byte: a byte in records of the chain: signed; run, by who
            orders; run, by each other member.
        chain_share: bytes of blocks for a byte in records; `chain_kept`: of the file.
        sign_note, order_note, accept_note: the same for a record that names an object.
        note_bytes: such a record's bytes in a block; `note_kept`: in the file.
    """

    import_byte: float
    encode_byte: float
    hash_byte: float
    ask_call: float
    ask_byte: float
    answer_call: float
    answer_byte: float
    head_bytes: float
    keep_call: float
    keep_byte: float
    pin_byte: float
    pin_kept: float
    sign_byte: float
    order_byte: float
    accept_byte: float
    chain_share: float
    chain_kept: float
    sign_note: float
    order_note: float
    accept_note: float
    note_bytes: float
    note_kept: float


def _spend(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the first quartile of a work's processor seconds, each after an untimed call."""
    taken = []
    for _ in range(rounds):
        work()
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return sorted(taken)[len(taken) // 4]


def _line_through(small: tuple[int, float], large: tuple[int, float]) -> tuple[float, float]:
    """Return what a call costs beside its bytes, and what a byte does."""
    byte = max(0.0, (large[1] - small[1]) / (large[0] - small[0]))
    return max(0.0, small[1] - byte * small[0]), byte


def measure_costs(code: str) -> Costs:
    """Measure all costs with this code's shards, on this machine."""
    data = random.Random(1).randbytes(OBJECT_BYTES)  # noqa: S311 - content
    profile = find_profile(code)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pieces = encode(data, profile)
        segment = Layout(profile, len(data)).segment(0)
        held = sum(map(len, pieces))
        keep = _measure_keeping(folder, code, data)
        return Costs(
            import_byte=_spend(lambda: make_archive(data)) / len(data),
            encode_byte=_spend(lambda: encode(data, profile)) / len(data),
            hash_byte=_spend(lambda: hash_pieces(segment, pieces)) / held,
            **_measure_calls(folder),
            keep_call=keep[0],
            keep_byte=keep[1],
            **_measure_pinning(folder),
            **_measure_chain(folder),
        )


def _measure_keeping(folder: Path, code: str, data: bytes) -> tuple[float, float]:
    keeper = Keeper(folder / "keeper")
    network = Network()
    keeper.serve(network.join(_MEMBER))
    link = network.join(CLIENT)
    points = []
    for size in (_SMALL, len(data)):
        count = range(2 * ROUNDS)
        sent = [_send_first(folder / "none", code, data[:size], number) for number in count]
        length = len(sent[0][0][1])

        def work(sent: list[list[tuple[str, bytes]]] = sent) -> None:
            for method, payload in sent.pop():
                link.call(_MEMBER, method, payload)

        points.append((length, _spend(work)))
    keeper.close()
    return _line_through(points[0], points[1])


def _send_first(folder: Path, code: str, data: bytes, number: int) -> list[tuple[str, bytes]]:
    """Return what the member that is to hold a first data shard is asked, in a put."""
    network, names = Network(), [f"m{place:02}" for place in range(find_profile(code).n)]
    link = Peers(network.join(CLIENT), names)
    identifier = hashlib.sha256(f"{len(data)} {number}".encode()).digest()[:16]
    sent: dict[str, list[tuple[str, bytes]]] = {name: [] for name in names}
    for name in names:
        network.join(name).serve(_recorder(sent[name]))
    put_object(Outside(link, folder), io.BytesIO(data), identifier, find_profile(code))
    return sent[order_members(identifier, names)[0]]


def _recorder(into: list[tuple[str, bytes]]) -> Handlers:
    def handler(method: str) -> Handler:
        def keep(_: str, payload: bytes) -> bytes:
            into.append((method, payload))
            return b""

        return keep

    return {method: handler(method) for method in ("spread.piece", "spread.finish")}


def _measure_pinning(folder: Path) -> dict[str, float]:
    keeper = Keeper(folder / "pinner")
    archives = [
        make_archive(random.Random(seed).randbytes(OBJECT_BYTES))[1]  # noqa: S311 - content
        for seed in range(2 * ROUNDS)
    ]

    def work() -> None:
        data = archives.pop()
        archive = open_archive(lambda at, size: data[at : at + size], len(data))
        import_archive(keeper.blocks, archive, Note())

    count, bare = len(archives), _file_size(keeper.blocks.database.path)
    spent = _spend(work)
    kept = _file_size(keeper.blocks.database.path) - bare
    keeper.close()
    return {"pin_byte": spent / OBJECT_BYTES, "pin_kept": kept / count / OBJECT_BYTES}


@contextmanager
def _pair(folder: Path) -> Iterator[tuple[HttpLink, HttpLink, Relay]]:
    """Open two members' HTTP links; the second pair of what is asked goes through a relay."""
    ports = find_free_ports(4)
    relay = Relay(ports[2], ports[1])
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(relay.serve(), loop).result()
    with ExitStack() as opened:
        opened.callback(lambda: loop.call_soon_threadsafe(loop.stop))
        straight = {CLIENT: ports[0], _MEMBER: ports[1]}
        relayed = {CLIENT: ports[3], _MEMBER: ports[2]}
        links = []
        for name, book in ((CLIENT, straight), (CLIENT, relayed), (_MEMBER, straight)):
            home = folder / f"link{len(links)}"
            home.mkdir()
            links.append(open_link(name, book, home, opened))
        links[2].serve({"bizi.sink": lambda _, __: b""})
        links[2].start()
        yield links[0], links[1], relay


def _measure_calls(folder: Path) -> dict[str, float]:
    sides: list[tuple[tuple[int, float], tuple[int, float]]] = []
    with _pair(folder) as (straight, relayed, relay):
        for size in (100, OBJECT_BYTES):
            payload = bytes(size)
            straight.call(_MEMBER, "bizi.sink", payload)
            ours, all_of_it = time.thread_time(), time.process_time()
            for _ in range(CALLS):
                straight.call(_MEMBER, "bizi.sink", payload)
            ours, all_of_it = time.thread_time() - ours, time.process_time() - all_of_it
            sides.append(((size, ours / CALLS), (size, (all_of_it - ours) / CALLS)))
        relayed.call(_MEMBER, "bizi.sink", b"")
        before = relay.count
        for _ in range(CALLS):
            relayed.call(_MEMBER, "bizi.sink", b"")
        heads = (relay.count - before) / CALLS
    ask = _line_through(sides[0][0], sides[1][0])
    answer = _line_through(sides[0][1], sides[1][1])
    return {
        "ask_call": ask[0],
        "ask_byte": ask[1],
        "answer_call": answer[0],
        "answer_byte": answer[1],
        "head_bytes": heads,
    }


@dataclass(frozen=True, slots=True)
class _Chained:
    """What blocks of records cost, each block: signed, ordered, accepted; sent, and kept."""

    sign: float
    order: float
    accept: float
    sent: float
    kept: float

    def share(self, what: str, count: int) -> dict[str, float]:
        """Return the costs of one of so many equal things that a block holds, by name."""
        return {
            f"{each}_{what}": getattr(self, each) / count for each in ("sign", "order", "accept")
        }


def _measure_chain(folder: Path) -> dict[str, float]:
    data = random.Random(2).randbytes(PART_BYTES * BUNDLE * BLOCK)  # noqa: S311 - content
    contents = [split_records(bytes([place]) * 16, data) for place in range(_BLOCKS)]
    whole = _chain(folder / "contents", contents, BUNDLE)
    count = NOTES * BLOCK
    names = [
        hashlib.sha256(bytes([each % 256, each // 256])).digest() for each in range(_BLOCKS * count)
    ]
    notes = [make_note(name[:16], codec.cid_of(name)) for name in names]
    small = _chain(folder / "notes", [notes[at::_BLOCKS] for at in range(_BLOCKS)], NOTES)
    return {
        **whole.share("byte", len(data)),
        "chain_share": whole.sent / len(data),
        "chain_kept": whole.kept / len(data),
        **small.share("note", count),
        "note_bytes": small.sent / count,
        "note_kept": small.kept / count,
    }


def _chain(folder: Path, blocks: Sequence[Sequence[bytes]], bundle: int) -> _Chained:
    """Have blocks of records ordered by one member and accepted by another."""
    keeper = Keeper(folder / "member")
    client = Client(Peers(Network().join(CLIENT), []), folder / "client", "zz-4+2")
    bare = _file_size(keeper.replica.path)
    rows = []
    for records in blocks:
        began = time.thread_time()
        signed = [client.sign(records[at : at + bundle]) for at in range(0, len(records), bundle)]
        made = time.thread_time()
        block = client.seal(signed)
        ordered = time.thread_time()
        keeper.replica.accept(block)
        rows.append((made - began, ordered - made, time.thread_time() - ordered, len(block)))
    kept = (_file_size(keeper.replica.path) - bare) / len(blocks)
    keeper.close()
    client.close()
    return _Chained(*(statistics.median(column) for column in zip(*rows, strict=True)), kept)


def _file_size(path: Path) -> int:
    with sqlite3.connect(path) as file:
        pages, size = (
            file.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "page_size")
        )
    file.close()
    return int(pages * size)

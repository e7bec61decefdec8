"""ABCI: our table against the engine's own text, frames, and a socket that garbage cannot harm."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.chain import CHARTER, Chain
from simulation.comet import find_comet
from simulation.validators import validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import sha256
from tallystick.base.errors import Invalid, Unavailable
from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_server import TURN, AbciServer
from tallystick.kernel.ledger.engines.abci_table import (
    KINDS,
    OPAQUE,
    TABLE,
    Request,
    Response,
    message_class,
)
from tallystick.kernel.ledger.engines.abci_wire import Frames, frame_of, read_check_tx
from tallystick.kernel.ledger.engines.application import (
    Application,
    genesis_time_ms,
    network_name,
)
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.install import ENGINES
from tallystick.kernel.ledger.replica import Replica

# ---- the table


def _read_proto(text: str) -> dict[str, dict[str, tuple[int, str]]]:
    """Return number and type of each field by message, as our table writes them."""
    text = re.sub(r"//[^\n]*|\[[^\]]*\]", "", text)
    enums = set(re.findall(r"\benum (\w+)", text))
    found: dict[str, dict[str, tuple[int, str]]] = {}
    for name, body in re.findall(
        r"^message (\w+) \{(?:\}|(.*?)^\})", text, re.DOTALL | re.MULTILINE
    ):
        plain = re.sub(r"\benum \w+ \{[^}]*\}", "", body)
        rows = re.findall(r"(repeated )?\b([\w.]+)\s+(\w+)\s*=\s*(\d+)\s*;", plain)
        found[name] = {
            field: (int(number), ("*" if many else "") + _plain_type(kind, enums))
            for many, kind, field, number in rows
            if kind != "reserved"
        }
    return found


def _plain_type(kind: str, enums: set[str]) -> str:
    short = kind.rsplit(".", 1)[-1]
    if short in enums or short == "BlockIDFlag":
        return "enum"
    return "bytes" if short in OPAQUE else short


@pytest.fixture(scope="module")
def proto() -> dict[str, dict[str, tuple[int, str]]]:
    """The engine's own text, from the module that it was built from."""
    find_comet()
    engine = ENGINES["cometbft"]
    told = subprocess.run(
        ["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True, timeout=60
    )
    module = engine.package.removesuffix("/cmd/cometbft")
    path = Path(told.stdout.strip()) / f"{module}@v{engine.version}" / "proto" / "tendermint"
    found = _read_proto((path / "abci" / "types.proto").read_text(encoding="utf-8"))
    keys = (path / "crypto" / "keys.proto").read_text(encoding="utf-8")
    return found | {"PublicKey": _read_proto(keys)["PublicKey"]}


def test_every_field_is_the_engines_own(proto: dict[str, dict[str, tuple[int, str]]]) -> None:
    for name, fields in TABLE.items():
        if name == "Timestamp":
            continue
        wanted = proto[name]
        for field, row in fields.items():
            assert wanted[field] == row, f"{name}.{field}"
        # Of a response, a field that is not written need not be known; a request is known whole,
        # but for kinds of keys that no member of a chain may have.
        if name.startswith("Request"):
            assert set(fields) == set(wanted), name


def test_every_kind_has_the_engines_number(proto: dict[str, dict[str, tuple[int, str]]]) -> None:
    assert {name: number for name, (number, _) in proto["Request"].items()} == dict(KINDS)
    told = {name: number for name, (number, _) in proto["Response"].items()}
    assert told == {"exception": 1, **{name: number + 1 for name, number in KINDS.items()}}


def test_a_message_keeps_what_it_does_not_know() -> None:
    later = message_class("RequestEcho").FromString(b"\x0a\x02hi\x7a\x01x")
    assert later.message == "hi"
    assert later.SerializeToString() == b"\x0a\x02hi\x7a\x01x"


# ---- frames


LENGTHS = (0, 1, 119, 120, 121, 127, 128, 129, 200, 255, 256, 16_370, 16_376, 16_377, 16_384)


@given(st.sampled_from(LENGTHS), st.sampled_from([0, 1, 2]), st.data())
def test_a_check_is_read_as_the_table_reads_it_or_left_to_it(
    size: int, again: int, data: st.DataObject
) -> None:
    tx = data.draw(st.binary(min_size=8, max_size=8))[: size and 8].ljust(size, b"x")[:size]
    asked = {"tx": tx, "type": again}
    message = Request(check_tx=asked).SerializeToString()
    found = read_check_tx(message)
    is_usual = 128 <= size <= 16_377 and again < 2
    assert (found is not None) == is_usual
    if found is not None:
        assert found._asdict() == asked
    # Any other bytes: the table's reading, or none.
    at = data.draw(st.integers(0, min(12, len(message)) - 1) | st.just(len(message) - 1))
    changed = bytearray(message)
    changed[at] = data.draw(st.integers(0, 255))
    more = bytes(changed) + data.draw(st.sampled_from([b"", b"\x10\x01", b"\x0a\x00", b"\x42\x00"]))
    found = read_check_tx(more)
    if found is not None:
        plain = Request.FromString(more)
        assert plain.WhichOneof("value") == "check_tx"
        assert (plain.check_tx.tx, plain.check_tx.type) == found
        assert plain.SerializeToString() == more


@given(st.lists(st.binary(max_size=400), max_size=8), st.data())
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    messages: list[bytes], data: Any
) -> None:
    stream = b"".join(map(frame_of, messages))
    frames, found, place = Frames(), [], 0
    while place < len(stream):
        size = data.draw(st.integers(1, len(stream) - place))
        found += list(frames.feed(stream[place : place + size]))
        place += size
    assert found == messages


@given(st.integers(0, 2**21))
def test_a_length_has_one_form(size: int) -> None:
    head = frame_of(bytes(size))[: -size or None]
    assert head == frame_of(bytes(size))[: len(head)]
    with pytest.raises(Invalid, match=r"abci\.frame"):
        list(Frames().feed(head[:-1] + bytes((head[-1] | 0x80, 0))))


@pytest.mark.parametrize(
    "head", [b"\xff\xff\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x80\x80\x01"]
)
def test_a_frame_beyond_the_bound_is_refused_before_it_comes(head: bytes) -> None:
    with pytest.raises(Invalid, match=r"abci\.frame"):
        list(Frames(10_000).feed(head))


def test_a_frame_in_many_pieces_is_held_once() -> None:
    frames = Frames()
    stream = frame_of(b"x" * 1_000_000)
    found = [
        message
        for at in range(0, len(stream), 1_000)
        for message in frames.feed(stream[at : at + 1_000])
    ]
    assert found == [b"x" * 1_000_000]


# ---- the socket


@pytest.fixture
def chain() -> Chain:
    return validated("abci")


@pytest.fixture
def server(chain: Chain, tmp_path: Path) -> Iterator[AbciServer]:
    replica = Replica.create(tmp_path / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    application = Application(replica, Gate(replica, chain.clock), SeededEntropy("abci"))
    found = AbciServer(answer_for(application), frame_bytes_max=100_000)
    found.start()
    yield found
    found.close()
    replica.close()


class Client:
    """What an engine does on one connection."""

    def __init__(self, server: AbciServer) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.frames = Frames()
        self.answers: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, **request: Any) -> Any:
        self.send(frame_of(Request(**request).SerializeToString()))
        return self.hear()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self) -> Any:
        """Return the next answer, None if the connection has ended."""
        while not self.answers:
            data = self.socket.recv(65_536)
            if not data:
                return None
            self.answers += map(Response.FromString, self.frames.feed(data))
        return self.answers.pop(0)


Connect = Callable[[], Client]


@pytest.fixture
def connect(server: AbciServer) -> Iterator[Connect]:
    """What connects; every connection is closed with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Client(server))


def test_every_kind_of_request_is_answered_by_its_own_kind(connect: Connect, chain: Chain) -> None:
    tip = chain.genesis
    client = connect()
    for kind in KINDS:
        if kind in {
            "init_chain",
            "commit",
            "prepare_proposal",
            "process_proposal",
            "finalize_block",
        }:
            continue
        assert client.ask(**{kind: {}}).WhichOneof("value") == kind
    info = client.ask(info={}).info
    assert (info.last_block_height, info.last_block_app_hash) == (0, tip.cid.digest)


def test_a_block_is_begun_proposed_judged_finalized_and_committed(
    connect: Connect, chain: Chain, tmp_path: Path
) -> None:
    replica = Replica.open(tmp_path / "ledger.db", CHARTER)
    tip = replica.tip
    replica.close()
    client, start = connect(), genesis_time_ms(tip)
    time = {"seconds": start // 1_000, "nanos": start % 1_000 * 1_000_000 + 999_999}
    begun = client.ask(init_chain={"chain_id": network_name(tip), "time": time}).init_chain
    assert len(begun.validators) == 4
    address = sha256(begun.validators[0].pub_key.ed25519)[:20]
    data = chain.sign(1, [chain.news(1)])
    assert client.ask(check_tx={"tx": data}).check_tx.code == 0
    asked = {"height": 1, "time": time, "proposer_address": address}
    offered = client.ask(
        prepare_proposal={"txs": [data], "max_tx_bytes": 10_000, **asked}
    ).prepare_proposal.txs
    assert [len(offered[0]), *offered[1:]] == [16, data]
    judged = client.ask(process_proposal={"txs": offered, **asked}).process_proposal
    assert judged.status == 1
    refused = client.ask(process_proposal={"txs": offered[1:], **asked}).process_proposal
    assert refused.status == 2
    found = client.ask(finalize_block={"txs": offered, **asked}).finalize_block
    assert [each.code for each in found.tx_results] == [0, 0]
    assert client.ask(info={}).info.last_block_height == 0
    client.ask(commit={})
    info = client.ask(info={}).info
    assert (info.last_block_height, info.last_block_app_hash) == (1, found.app_hash)
    assert client.ask(check_tx={"tx": data, "type": 1}).check_tx.codespace == "ledger.refused"
    # An empty block changes the height alone.
    later = {**asked, "height": 2, "time": {"seconds": time["seconds"] + 1}}
    empty = client.ask(finalize_block={"txs": [bytes(16)], **later}).finalize_block
    assert empty.app_hash == found.app_hash


def test_an_engine_of_another_chain_is_told_so_and_cut_off(
    server: AbciServer, connect: Connect
) -> None:
    client = connect()
    told = client.ask(init_chain={"chain_id": "another", "time": {"seconds": 1}})
    assert "abci.genesis" in told.exception.error
    assert client.hear() is None
    assert server.trouble is not None
    assert server.trouble.code == "abci.genesis"


@pytest.mark.parametrize(
    "garbage",
    [
        frame_of(b"\xff\xff\xff"),
        frame_of(b""),
        frame_of(b"\x22\x00"),
        b"\xff" * 9,
        frame_of(Request(finalize_block={"height": -1}).SerializeToString()),
        frame_of(Request(process_proposal={"time": {"seconds": -5}}).SerializeToString()),
        frame_of(Request(commit={}).SerializeToString()),
    ],
    ids=["no message", "empty", "retired kind", "no length", "height", "time", "commit"],
)
def test_garbage_is_answered_by_an_exception_and_ends_its_connection_alone(
    connect: Connect, garbage: bytes
) -> None:
    honest, other = connect(), connect()
    other.send(frame_of(Request(echo={"message": "a"}).SerializeToString()) + garbage)
    assert other.hear().echo.message == "a"
    assert other.hear().exception.error
    assert other.hear() is None
    assert honest.ask(echo={"message": "b"}).echo.message == "b"


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=6), st.randoms())
def test_no_bytes_crash_the_socket_or_make_it_hold_them(parts: list[bytes], dice: Any) -> None:
    told: list[bytes] = []

    def answer(kind: str, _: Any) -> bytes:
        told.append(kind.encode())
        return frame_of(Response(flush={}).SerializeToString())

    server = AbciServer(answer, frame_bytes_max=1_000)
    server.start()
    try:
        for part in parts:
            # Hypothesis may end an example wherever it draws: `with` closes the socket then too.
            with Client(server) as client, contextlib.suppress(OSError):
                client.send(frame_of(part) if dice.random() < 0.5 else part)
                client.socket.shutdown(socket.SHUT_WR)
                while client.hear() is not None:
                    pass
        with Client(server) as last:
            assert last.ask(echo={}).WhichOneof("value") == "flush"
    finally:
        server.close()
    assert not server.connections


def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    many = frame_of(Response(echo={"message": "x" * 10_000}).SerializeToString())
    asked = 0

    def answer(_: str, __: Any) -> bytes:
        nonlocal asked
        asked += 1
        return many

    server = AbciServer(answer)
    server.start()
    request = frame_of(Request(echo={}).SerializeToString()) * 1_000
    sent = 0
    with Client(server) as client, contextlib.suppress(TimeoutError):
        client.socket.settimeout(1)
        for _ in range(3_000):
            client.send(request)
            sent += 1_000
    assert sent < 3_000_000, "everything was read"
    # What was answered beyond what the sockets hold is bounded by one piece of the stream.
    assert asked < 40_000
    server.close()


def test_a_fault_of_our_own_is_told_to_the_engine_and_kept(
    server: AbciServer, connect: Connect
) -> None:
    def answer(_: str, __: Any) -> bytes:
        message = "a bug"
        raise RuntimeError(message)

    server.answer = answer
    client = connect()
    assert "abci.failed" in client.ask(echo={}).exception.error
    assert isinstance(server.trouble, Unavailable)


def test_a_port_that_is_taken_is_named(server: AbciServer) -> None:
    with pytest.raises(Unavailable, match=r"abci\.port.*is not free"):
        AbciServer(lambda *_: b"", server.port)


def test_more_connections_than_an_engine_has_are_refused(connect: Connect) -> None:
    held = [connect() for _ in range(8)]
    for each in held:
        assert each.ask(echo={"message": "x"}).echo.message == "x"
    ninth = connect()
    with contextlib.suppress(OSError):
        assert ninth.ask(echo={}) is None


def test_closing_ends_the_thread_and_every_connection(server: AbciServer, connect: Connect) -> None:
    client = connect()
    client.ask(echo={})
    server.close()
    assert client.hear() is None
    assert not [each for each in threading.enumerate() if each.name == "abci"]
    server.close()


def test_requests_of_one_write_are_answered_in_order(connect: Connect) -> None:
    client = connect()
    first = [frame_of(Request(**{kind: {}}).SerializeToString()) for kind in ("echo", "flush")]
    client.send(b"".join(first * 50))
    kinds = [client.hear().WhichOneof("value") for _ in range(100)]
    assert kinds == ["echo", "flush"] * 50


def test_one_connection_does_not_wait_for_all_that_another_asks() -> None:
    begun, go_on, told = threading.Event(), threading.Event(), list[str]()

    def answer(kind: str, _: Any) -> bytes:
        begun.set()
        assert go_on.wait(10)
        told.append(kind)
        return frame_of(Response(flush={}).SerializeToString())

    server = AbciServer(answer)
    server.start()
    many = frame_of(Request(check_tx={}).SerializeToString()) * 500
    with contextlib.closing(server), Client(server) as pool, Client(server) as consensus:
        go_on.set()
        for each in (pool, consensus):
            each.ask(echo={})
        go_on.clear()
        begun.clear()
        pool.send(many)
        assert begun.wait(10)
        consensus.send(frame_of(Request(commit={}).SerializeToString()))
        go_on.set()
        assert consensus.hear().WhichOneof("value") == "flush"
        for _ in range(500):
            assert pool.hear().WhichOneof("value") == "flush"
    assert told.index("commit") <= 3 * TURN
    assert told.count("check_tx") == 500


def test_who_connects_while_the_server_closes_is_ended_and_no_socket_is_left_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    busy, free = threading.Event(), threading.Event()

    def answer(_: str, __: Any) -> bytes:
        busy.set()
        free.wait(10)
        return frame_of(Response(flush={}).SerializeToString())

    server = AbciServer(answer)
    server.start()
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(Client(server))
        first.send(frame_of(Request(echo={}).SerializeToString()))
        assert busy.wait(10)
        # They wait for a loop that is busy, and `close` waits beside them.
        late = [stack.enter_context(Client(server)) for _ in range(4)]
        closing = threading.Thread(target=server.close)
        closing.start()
        free.set()
        closing.join(10)
        assert not closing.is_alive()
        for each in late:
            with contextlib.suppress(ConnectionResetError):
                assert each.hear() is None
    assert not server.opened
    assert not [record for record in caplog.records if record.name == "asyncio"]

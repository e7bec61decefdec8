"""A node that lies, hangs, hides an error in a 200 or streams for ever: bounded, and told."""

from __future__ import annotations

import io
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nodes import open_files_at
from tallystick.base.codec import RAW, cid_of
from tallystick.base.errors import Corrupt, Denied, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store.blocks import Blocks
from tallystick.kernel.store.engines import kubo
from tallystick.kernel.store.engines.dags import pull_root, push_root
from tallystick.kernel.store.engines.ipfs import IpfsStore
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.engines.peers import start_peer
from tallystick.kernel.store.keeping import Note, add_blocks, set_quota
from tallystick.kernel.store.unixfs.car import write_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid, name_block
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import collect, import_file
from tallystick.kernel.store.unixfs.profile import Profile

WAIT_S = 0.15
SMALL = Profile("small", 1, 256, 4, raw_leaves=True)
BLOCK = b"a block"
NAME = name_block(BLOCK, RAW)
Say = Callable[["Scripted"], None]
FULL = Path("/dev/full")
"""A place that takes nothing, told at the first byte or as late as a buffer lets it."""


class Scripted(BaseHTTPRequestHandler):
    """Answers each call as the test says."""

    protocol_version = "HTTP/1.1"
    script: dict[str, Say]
    asked: list[str]
    ended: threading.Event

    def do_POST(self) -> None:
        self.asked.append(self.path)
        size = self.headers.get("Content-Length")
        if size is None and self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                self.rfile.read(length + 2)
            self.rfile.readline()
        self.rfile.read(int(size or 0))
        path = self.path.removeprefix("/api/v0/").partition("?")[0]
        self.script[path](self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def tell(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pour(self, piece: bytes, pause_s: float = 0.0) -> None:
        """Send for ever, until whoever asked has gone."""
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        try:
            while not self.ended.wait(pause_s):
                self.wfile.write(piece)
        except OSError:
            return


def rows(*found: object) -> Say:
    body = b"".join(json.dumps(each).encode() + b"\n" for each in found)
    return lambda handler: handler.tell(body)


class Node(Kubo):
    """A node whose answers a test writes down."""

    def __init__(self) -> None:
        fields = {"script": {}, "asked": [], "ended": threading.Event()}
        self.handler: Any = type("Handler", (Scripted,), fields)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        super().__init__(f"http://127.0.0.1:{self.server.server_port}")

    def says(self, **script: Say) -> Node:
        """Set the answers: `pin_add` for `pin/add`."""
        self.handler.script.update({name.replace("_", "/", 1): say for name, say in script.items()})
        return self

    def close(self) -> None:
        super().close()
        self.handler.ended.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setattr(kubo, "_GRACE_S", 0.05)
    with closing(Node()) as found:
        yield found


def calls(node: Kubo) -> dict[str, Callable[[], object]]:
    """Return every call that changes or reads something."""
    return {
        "id": node.addresses,
        "block_put": lambda: node.put_blocks([BLOCK], [NAME]),
        "block_get": lambda: node.get_block(NAME),
        "block_rm": lambda: node.remove_blocks([NAME]),
        "dag_import": lambda: node.import_archive([b"x"]),
        "dag_export": lambda: read_whole(node),
        "pin_add": lambda: node.pin([NAME], is_deep=True),
        "pin_rm": lambda: node.unpin([NAME]),
        "pin_ls": lambda: list(node.pins()),
        "repo_gc": node.collect_garbage,
        "swarm_connect": lambda: node.connect("/ip4/127.0.0.1/tcp/1/p2p/x"),
    }


CALLS = sorted(set(calls(Kubo("http://127.0.0.1:1"))))


def read_whole(node: Kubo) -> bytes:
    with node.export_archive(NAME, most=1_000) as pieces:
        return b"".join(pieces)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Error) as error:
        call()
    assert error.value.cure
    return error.value.code


@pytest.mark.parametrize("name", CALLS)
def test_a_node_that_hangs_is_left_after_the_time_that_was_set(node: Node, name: str) -> None:
    node.wait_s = WAIT_S
    node.says(**{name: lambda handler: handler.ended.wait(10)})
    assert refused(calls(node)[name]) == "ipfs.slow"
    assert f"timeout={int(WAIT_S * 1_000)}ms" in node.handler.asked[0]


@pytest.mark.parametrize("name", ["block_get", "dag_export", "pin_ls"])
def test_a_node_that_trickles_for_ever_is_left_too(node: Node, name: str) -> None:
    node.wait_s = WAIT_S
    node.says(**{name: lambda handler: handler.pour(b"\n", 0.02)})
    assert refused(calls(node)[name]) == "ipfs.slow"


@pytest.mark.parametrize("name", ["block_get", "dag_export", "id", "pin_ls"])
def test_a_node_that_streams_for_ever_is_left_by_size(
    node: Node, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for most in ("ANSWER_BYTES_MAX", "BLOCK_BYTES_MAX", "LIST_BYTES_MAX"):
        monkeypatch.setattr(kubo, most, 200_000)
    node.says(**{name: lambda handler: handler.pour(b'{"a": 1}\n' * 5_000)})
    assert refused(calls(node)[name]) == "ipfs.answer"


def test_headers_that_never_end_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubo, "_GRACE_S", 0.05)
    ended = threading.Event()

    def trickle(server: socket.socket) -> None:
        taken, _ = server.accept()
        with taken:
            taken.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.02):
                try:
                    taken.sendall(b"X: y\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=trickle, args=(server,), daemon=True)
        thread.start()
        slow = Kubo(f"http://127.0.0.1:{server.getsockname()[1]}", wait_s=WAIT_S)
        assert refused(slow.version) == "ipfs.slow"
        ended.set()
        thread.join()


@pytest.mark.parametrize("name", CALLS)
def test_an_error_is_told_by_the_nodes_own_words(node: Node, name: str) -> None:
    body = json.dumps({"Message": "the disk is full", "Code": 0, "Type": "error"}).encode()
    node.says(**{name: lambda handler: handler.tell(body, 500)})
    with pytest.raises(Unavailable, match=r"ipfs\.refused.*the disk is full"):
        calls(node)[name]()
    # The same, in the middle of an answer that began well.
    if name not in {"block_get", "dag_export"}:
        node.says(**{name: lambda handler: handler.tell(body)})
        with pytest.raises(Unavailable, match=r"ipfs\.refused.*the disk is full"):
            calls(node)[name]()


WRONG: list[tuple[str, tuple[object, ...], str]] = [
    ("block_put", ({"Key": str(name_block(b"other", RAW))},), "ipfs.answer"),
    ("block_put", (), "ipfs.answer"),
    ("block_put", ({"Key": 7},), "ipfs.answer"),
    ("block_rm", ({"Hash": str(NAME), "Error": "no space"},), "ipfs.refused"),
    ("dag_import", ({"Root": {"PinErrorMsg": "context deadline exceeded"}},), "ipfs.slow"),
    ("dag_import", (), "ipfs.answer"),
    ("dag_import", ({"Stats": {"BlockCount": "1"}},), "ipfs.answer"),
    ("pin_add", ({"Pins": []},), "ipfs.answer"),
    ("pin_add", ({"Progress": 3},), "ipfs.answer"),
    ("pin_add", ({"Pins": [str(NAME)]}, {"Pins": [str(NAME)]}), "ipfs.answer"),
    ("pin_rm", ({"Pins": [str(name_block(b"other", RAW))]},), "ipfs.answer"),
    ("pin_ls", ({"Type": "direct"},), "ipfs.answer"),
    ("pin_ls", ([],), "ipfs.answer"),
    ("repo_gc", ({"Key": {"/": "x"}}, {"Error": "cannot read"}), "ipfs.refused"),
    ("swarm_connect", ({"Strings": ["connect x failure: no route"]},), "ipfs.refused"),
    ("id", ({"ID": "x"},), "ipfs.answer"),
]


@pytest.mark.parametrize(("name", "told", "code"), WRONG)
def test_what_is_wrong_inside_a_200_is_found(
    node: Node, name: str, told: tuple[object, ...], code: str
) -> None:
    node.says(**{name: rows(*told)})
    assert refused(calls(node)[name]) == code


def test_bytes_that_are_not_the_block_are_never_given(node: Node) -> None:
    node.says(block_get=lambda handler: handler.tell(b"another block"))
    with pytest.raises(Corrupt, match=r"unixfs\.block"):
        node.get_block(NAME)
    with pytest.raises(Corrupt, match=r"store\.corrupt"):
        IpfsStore(node).get(cid_of(BLOCK, RAW))
    node.says(pin_ls=rows({"Cid": str(NAME), "Type": "direct"}))
    assert IpfsStore(node).audit() == [cid_of(BLOCK, RAW)]


def test_an_answer_that_is_cut_is_told(node: Node) -> None:
    def cut(handler: Scripted) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    node.says(block_get=cut)
    assert refused(lambda: node.get_block(NAME)) == "ipfs.away"
    node.close()
    assert refused(lambda: Kubo(node.address).version()) == "ipfs.away"


def test_a_batch_that_is_not_pinned_whole_is_unpinned(node: Node) -> None:
    body = json.dumps({"Message": "no space", "Type": "error"}).encode()
    node.says(
        block_put=rows({"Key": str(NAME)}),
        pin_ls=lambda handler: handler.tell(b'{"Message": "x is not pinned"}', 500),
        pin_add=lambda handler: handler.tell(body, 500),
        pin_rm=rows({"Pins": [str(NAME)]}),
    )
    assert refused(lambda: IpfsStore(node).put_many([BLOCK])) == "ipfs.refused"
    assert node.handler.asked[-1].startswith(f"/api/v0/pin/rm?arg={NAME}&")


@pytest.mark.parametrize(
    "address",
    [
        "http://240.0.0.1:5001",
        "http://example.org:5001",
        "https://127.0.0.1:5001",
        "http://127.0.0.1:5001/other",
        "http://user:word@127.0.0.1:5001",
        "127.0.0.1:5001",
        "",
    ],
)
def test_only_a_loopback_address_is_asked(address: str) -> None:
    with pytest.raises(Invalid, match=r"ipfs\.address"):
        Kubo(address)


# ---- whole DAGs


@pytest.fixture
def blocks(tmp_path: Path) -> Iterator[Blocks]:
    with open_files_at(tmp_path / "files") as found:
        yield found


def add(blocks: Blocks, content: bytes, *, public: bool) -> IpfsCid:
    return add_blocks(blocks, import_file(io.BytesIO(content), SMALL), Note(public=public)).cid


def test_what_is_private_never_leaves(node: Node, blocks: Blocks) -> None:
    cid = add(blocks, bytes(900), public=False)
    with pytest.raises(Denied, match=r"ipfs\.private"):
        push_root(blocks, node, cid)
    with pytest.raises(NotFound, match=r"store\.no_root"):
        push_root(blocks, node, NAME)
    assert node.handler.asked == []


def test_a_node_that_counts_other_blocks_has_not_got_it(node: Node, blocks: Blocks) -> None:
    cid = add(blocks, bytes(range(256)) * 4, public=True)
    node.says(dag_import=rows({"Stats": {"BlockCount": 1}}))
    with pytest.raises(Corrupt, match=r"ipfs\.answer.*took 1 blocks of 2"):
        push_root(blocks, node, cid)


def archive_of(content: bytes) -> tuple[IpfsCid, bytes]:
    made, found = collect(import_file(io.BytesIO(content), SMALL))
    return made.cid, b"".join(write_archive(Dag(found.__getitem__), [made.cid]))


def node_of(node: Node, cid: IpfsCid, export: Say) -> Node:
    pins = rows({"Pins": [str(cid)]})
    return node.says(
        block_put=rows({"Key": str(name_block(b"", RAW))}),
        pin_ls=lambda handler: handler.tell(b'{"Message": "x is not pinned"}', 500),
        pin_add=pins,
        pin_rm=pins,
        dag_export=export,
    )


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda car: car[:-1], "car.cut"),
        (lambda car: car[:-260], "car.cut"),
        (lambda car: car[:-5] + b"xxxxx", "car.hash"),
        (lambda _: archive_of(b"another file")[1], "ipfs.answer"),
        (lambda car: car + car[-138:], "car.extra"),
        (lambda _: b"\x01<html>", "car.form"),
        (lambda _: b"", "car.form"),
    ],
)
def test_of_an_archive_that_is_wrong_nothing_is_kept(
    node: Node, blocks: Blocks, spoil: Callable[[bytes], bytes], code: str
) -> None:
    cid, car = archive_of(bytes(range(256)) + bytes(100))
    node_of(node, cid, lambda handler: handler.tell(spoil(car)))
    assert refused(lambda: pull_root(blocks, node, cid, Note())) == code
    assert (blocks.roots(), blocks.usage().used) == ([], 0)
    assert "pin/rm" in node.handler.asked[-1]
    node.says(dag_export=lambda handler: handler.tell(car))
    assert pull_root(blocks, node, cid, Note()).size == 356


def test_what_passes_the_quota_is_left_before_it_is_whole(node: Node, blocks: Blocks) -> None:
    set_quota(blocks, 1_000)
    node_of(node, NAME, lambda handler: handler.pour(bytes(100_000)))
    assert refused(lambda: pull_root(blocks, node, NAME, Note())) == "store.quota"


def test_a_full_disk_here_is_not_called_the_nodes_fault(node: Node, blocks: Blocks) -> None:
    if not FULL.exists():
        pytest.skip("no /dev/full on this system")
    cid, car = archive_of(b"x")
    node_of(node, cid, lambda handler: handler.tell(car))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", lambda **how: FULL.open("w+b", **how))
        assert refused(lambda: pull_root(blocks, node, cid, Note())) == "ipfs.room"
    assert blocks.roots() == []


def test_a_peer_that_does_not_start_is_told(tmp_path: Path) -> None:
    silent = tmp_path / "peer"
    silent.write_text("#!/bin/sh\necho nothing of use\n")
    silent.chmod(0o755)
    with pytest.raises(Unavailable, match=r"ipfs\.peer"), start_peer(silent):
        pass
    with pytest.raises(Unavailable, match=r"ipfs\.peer"), start_peer(tmp_path / "none"):
        pass

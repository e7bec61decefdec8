"""Between real peers: what goes in at one is read at another by bitswap, under the same CID."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from nodes import find_peer, open_files_at
from tallystick.base.codec import RAW
from tallystick.base.errors import Error, NotFound, Unavailable
from tallystick.kernel.store.blocks import Blocks
from tallystick.kernel.store.engines.dags import pull_root, push_root
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.engines.peers import Peer, run_peers, start_peer
from tallystick.kernel.store.keeping import Note, add_blocks
from tallystick.kernel.store.unixfs.car import open_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid, name_block
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import collect, import_directory, import_file
from tallystick.kernel.store.unixfs.profile import PROFILES, V0_2015, V1_2025, Profile
from tallystick.kernel.store.unixfs.reader import read_file, resolve_path

LARGE_BYTES = 5_000_000
STRANGER = "12D3KooWAd5y7sFpgGj6kFopadQmC1cBY4c1oQ5ADxYQvGLmhnXi"
NEVER = name_block(b"what nobody has", RAW)


@pytest.fixture(scope="module")
def peers() -> Iterator[list[Peer]]:
    with run_peers(find_peer(), 2) as found:
        yield found


@pytest.fixture
def large(request: pytest.FixtureRequest) -> bytes:
    """A file that no other test has."""
    return random.Random(request.node.nodeid).randbytes(LARGE_BYTES)


@pytest.fixture
def blocks(tmp_path: Path) -> Iterator[Blocks]:
    with open_files_at(tmp_path / "files") as found:
        yield found


@pytest.fixture
def nodes(peers: list[Peer]) -> Iterator[list[Kubo]]:
    found = [Kubo(peer.rpc) for peer in peers]
    yield found
    for node in found:
        node.close()


def look(peer: Peer, path: str) -> bytes:
    """Read at a peer's gateway."""
    found = httpx.get(f"{peer.gateway}{path}", trust_env=False, timeout=60)
    assert found.status_code == 200, found.text
    return found.content


def call(peer: Peer, path: str, params: dict[str, str], files: Any = None) -> httpx.Response:
    address = f"{peer.rpc}/api/v0/{path}"
    found = httpx.post(address, params=params, files=files, trust_env=False, timeout=60)
    assert found.status_code == 200, found.text
    return found


def cat(peer: Peer, cid: object) -> bytes:
    """Read a file by boxo's own reader."""
    return call(peer, "cat", {"arg": str(cid)}).content


def boxo_add(peer: Peer, files: dict[str, bytes], profile: Profile, **more: str) -> IpfsCid:
    """Import by boxo's own importer."""
    options = {
        "cid-version": str(profile.cid_version),
        "raw-leaves": str(profile.raw_leaves).lower(),
        "chunker": f"size-{profile.chunk_bytes}",
        "max-file-links": str(profile.width),
        **more,
    }
    parts = [("file", (name, content)) for name, content in files.items()]
    found = call(peer, "add", options, parts)
    return IpfsCid.parse(found.json()["Hash"])


def read(blocks: Blocks, cid: IpfsCid) -> bytes:
    return b"".join(read_file(blocks.dag, cid))


def folder(at: Path, large: bytes) -> Path:
    (at / "deep").mkdir(parents=True)
    (at / "deep" / "large").write_bytes(large)
    (at / "hello").write_bytes(b"hello world")
    return at


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_file_put_at_one_peer_is_read_at_the_other_by_its_cid(
    peers: list[Peer], nodes: list[Kubo], blocks: Blocks, large: bytes, profile: Profile
) -> None:
    root = add_blocks(blocks, import_file(io.BytesIO(large), profile), Note(public=True))
    assert push_root(blocks, nodes[0], root.cid) == root.blocks
    assert cat(peers[1], root.cid) == large
    for leaf in (root.cid, name_block(large[: profile.chunk_bytes], RAW)):
        if profile.raw_leaves or leaf == root.cid:
            assert look(peers[1], f"/ipfs/{leaf}?format=raw") == nodes[0].get_block(leaf)


def test_a_folder_put_at_one_peer_is_read_whole_by_the_gateway_of_the_other(
    peers: list[Peer], nodes: list[Kubo], blocks: Blocks, large: bytes, tmp_path: Path
) -> None:
    source = folder(tmp_path / "songs", large)
    root = add_blocks(blocks, import_path(source, V1_2025), Note(public=True))
    push_root(blocks, nodes[0], root.cid)
    car = look(peers[1], f"/ipfs/{root.cid}?format=car")
    found = open_archive(lambda at, size: car[at : at + size], len(car))
    assert found.roots == (root.cid,)
    at = resolve_path(Dag(found.get), root.cid, "deep/large")
    assert b"".join(read_file(Dag(found.get), at)) == large


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_what_boxo_imports_is_read_here_and_has_the_name_we_give_it(
    peers: list[Peer], nodes: list[Kubo], blocks: Blocks, large: bytes, profile: Profile
) -> None:
    for size in (0, 1, profile.chunk_bytes, profile.chunk_bytes + 1, len(large)):
        content = large[len(large) - size :]
        cid = boxo_add(peers[0], {"a": content}, profile)
        made, _ = collect(import_file(io.BytesIO(content), profile))
        assert made.cid == cid, size
        # By way of the other peer, which has nothing of it yet. A leaf of no bytes is among them,
        # which boxo's bitswap never passes on.
        root = pull_root(blocks, nodes[1], cid, Note())
        assert (root.pinned, root.public, read(blocks, cid)) == (True, False, content)
        assert not nodes[1].is_pinned(cid)


@pytest.mark.parametrize("profile", [V1_2025, V0_2015], ids=["v1", "v0"])
@pytest.mark.parametrize("count", [3, 2_000], ids=["plain", "sharded"])
def test_a_directory_that_boxo_makes_is_the_one_we_make(
    peers: list[Peer], nodes: list[Kubo], blocks: Blocks, profile: Profile, count: int
) -> None:
    files = {f"{number:0120}": b"x" for number in range(count)}
    cid = boxo_add(peers[0], files, profile, **{"wrap-with-directory": "true"})
    leaf, _ = collect(import_file(io.BytesIO(b"x"), profile))
    made, _ = collect(import_directory([leaf.entry(name) for name in files], profile))
    assert made.cid == cid
    pull_root(blocks, nodes[1], cid, Note())
    assert resolve_path(blocks.dag, cid, f"{count - 1:0120}") == leaf.cid


def test_what_no_peer_has_is_given_up(nodes: list[Kubo], blocks: Blocks) -> None:
    with closing(Kubo(nodes[0].address, wait_s=0.3)) as hasty:
        with pytest.raises(Unavailable, match=r"ipfs\.slow"):
            pull_root(blocks, hasty, NEVER, Note())
        with pytest.raises(NotFound, match=r"ipfs\.absent"):
            hasty.get_block(NEVER)
    assert blocks.roots() == []


def test_an_archive_that_lacks_a_block_is_not_pinned_and_nothing_hangs(
    nodes: list[Kubo], large: bytes
) -> None:
    made, found = collect(import_file(io.BytesIO(large), V1_2025))
    parts = [found[made.cid], *list(found.values())[:2]]
    cids = [made.cid, *list(found)[:2]]
    # What another test left at these nodes is not this one's.
    nodes[0].collect_garbage()
    nodes[0].put_blocks(parts[1:], cids[1:])
    with closing(Kubo(nodes[0].address, wait_s=0.3)) as hasty:
        with pytest.raises(Unavailable, match=r"ipfs\.slow"):
            hasty.pin([made.cid], is_deep=True)
        assert not hasty.is_pinned(made.cid)
        assert hasty.collect_garbage() == 2


def test_a_store_that_is_full_says_so_and_keeps_what_it_had() -> None:
    with start_peer(find_peer(), ["-bytes", "1000"]) as peer, closing(Kubo(peer.rpc)) as node:
        kept = name_block(bytes(600), RAW)
        node.put_blocks([bytes(600)], [kept])
        node.pin([kept], is_deep=False)
        with pytest.raises(Unavailable, match=r"ipfs\.refused.*full"):
            node.put_blocks([b"x" * 600], [name_block(b"x" * 600, RAW)])
        assert node.get_block(kept) == bytes(600)


def test_a_peer_takes_no_call_from_a_page_and_connects_to_no_other_machine(
    peers: list[Peer],
) -> None:
    with httpx.Client(base_url=peers[0].rpc, trust_env=False) as http:
        assert http.get("/api/v0/id").status_code == 405
        assert http.post("/api/v0/id", headers={"Origin": "http://a.example"}).status_code == 403
        assert http.post("/api/v0/shutdown").status_code == 404
    with closing(Kubo(peers[0].rpc, wait_s=2.0)) as node:
        assert all(each.startswith("/ip4/127.0.0.1/tcp/") for each in node.addresses())
        with pytest.raises(Error, match=r"ipfs\.refused.*gater disallows"):
            node.connect(f"/ip4/240.0.0.1/tcp/4001/p2p/{STRANGER}")


STARTER = """
import sys, time
from pathlib import Path
from tallystick.kernel.store.engines.peers import run_peers
with run_peers(Path(sys.argv[1]), 2) as peers:
    print(*(peer.pid for peer in peers), flush=True)
    time.sleep(60)
"""


def test_no_peer_outlives_whoever_started_it() -> None:
    words = [sys.executable, "-c", STARTER, str(find_peer())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pids = [int(each) for each in starter.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_alive(pid) for pid in pids)
        starter.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until, "a peer was left over"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return "ipfs-peer" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False

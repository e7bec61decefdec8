"""Members of one server answer together: each for the blocks that it has public, and no others."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from counties import found, open_town
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.client.carrying import HOME, AppTransport
from tallystick.county.files import open_files
from tallystick.county.member import MEMBERS
from tallystick.kernel.store.blocks import raw_cid
from tallystick.kernel.store.keeping import Note, add_blocks, import_archive
from tallystick.kernel.store.unixfs.car import Archive, open_archive
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_inline
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import decode_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import import_directory, import_file
from tallystick.kernel.store.unixfs.profile import V0_2015
from tallystick.kernel.store.unixfs.reader import read_file, resolve_path
from tallystick.kernel.store.unixfs.wire import write_varint

TALLY = [sys.executable, "-m", "tallystick.cli"]
NEVER = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
NAME = "k51qzi5uqu5dhm43djlnunqhbxpt9zdxcoithje9o7dw4w76azeiwv9opx2iqg"
"""Of a key that signed nothing that anybody keeps."""
FIRST, SECOND, THIRD = (each.name for each in MEMBERS[:3])
LAST = MEMBERS[-1].name
LARGE = os.urandom(600_000)
RAW_BLOCK = "application/vnd.ipld.raw"
Get = Callable[..., httpx.Response]


class Kept:
    """A closed county whose members keep parts and copies of one another's folders."""

    def __init__(self, folder: Path) -> None:
        self.county = found(folder, SystemClock(), catalogue=False)
        # In parts with those who are asked before and after the one who has it whole.
        self.shown = self.add(SECOND, self._make(folder / "shown"), public=True)
        with open_files(self.county / SECOND, SystemClock()) as blocks:
            root = blocks.get(self.shown)
            self.file = resolve_path(blocks.dag, self.shown, "deep/large")
            leaf = decode_node(blocks.get(self.file)).links[1].cid
        self.publish_root(FIRST, self.shown, root)
        for member in (FIRST, LAST):
            with open_files(self.county / member, SystemClock()) as blocks:
                add_blocks(blocks, import_file(io.BytesIO(root), V0_2015), Note(public=True))
        (folder / "apart").write_bytes(b"apart")
        self.apart = self.add(LAST, folder / "apart", public=True)
        # The first one's copy of another is damaged.
        for member in (FIRST, THIRD):
            self.add(member, folder / "shown" / "deep", public=True)
        self._damage(FIRST, leaf)
        # Of the last, one published the root, and another keeps it whole, for itself.
        self.hidden = self.add(SECOND, self._make(folder / "hidden"))
        with open_files(self.county / SECOND, SystemClock()) as blocks:
            root = blocks.get(self.hidden)
            self.below = resolve_path(blocks.dag, self.hidden, "hello")
        self.publish_root(THIRD, self.hidden, root)
        self.kept_back = self.add(SECOND, self._make(folder / "kept back"))
        self.leading, self.lost = (
            self._publish_above(SECOND, each) for each in (self.kept_back, IpfsCid.parse(NEVER))
        )

    def _make(self, source: Path) -> Path:
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "large").write_bytes(LARGE)
        (source / "hello").write_bytes(source.name.encode() * 9)
        return source

    def add(self, member: str, source: Path, *, public: bool = False) -> IpfsCid:
        """Keep a folder with a member."""
        with open_files(self.county / member, SystemClock()) as blocks:
            return add_blocks(blocks, import_path(source, V0_2015), Note(public=public)).cid

    def publish_root(self, member: str, cid: IpfsCid, block: bytes) -> None:
        """Publish a root with a member, as an archive of its one block."""
        head = b"\xa2eroots\x81\xd8\x2aX" + bytes((len(cid.raw) + 1, 0)) + cid.raw + b"gversion\x01"
        data = write_varint(len(head)) + head
        data += write_varint(len(cid.raw) + len(block)) + cid.raw + block
        with open_files(self.county / member, SystemClock()) as blocks:
            import_archive(blocks, _read(data, is_part=True), Note(public=True))

    def _publish_above(self, member: str, cid: IpfsCid) -> IpfsCid:
        """Publish a folder with a member, without the one entry `a` of it."""
        ((root, block),) = import_directory([Entry("a", cid, 1)])
        self.publish_root(member, root, block)
        return root

    def _damage(self, member: str, cid: IpfsCid) -> None:
        with contextlib.closing(sqlite3.connect(self.county / member / "store.db")) as database:
            changed = database.execute(
                "UPDATE object SET data = ? || substr(data, 2) WHERE cid = ?",
                (b"\x00", raw_cid(cid.digest).raw),
            )
            assert changed.rowcount == 1
            database.commit()


def _read(data: bytes, *, is_part: bool = False) -> Archive:
    return open_archive(lambda at, size: data[at : at + size], len(data), is_part=is_part)


def _content(response: httpx.Response, root: IpfsCid, path: str = "") -> bytes:
    assert response.status_code == 200, response.content
    dag = Dag(_read(response.content).get)
    return b"".join(read_file(dag, resolve_path(dag, root, path) if path else root))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("members"))


@pytest.fixture
def get(kept: Kept) -> Iterator[Get]:
    """Ask the application of that county as a stranger, with any number of lines of a header."""
    clock = ManualClock(SystemClock().now_ms())
    with (
        open_town(kept.county, clock) as town,
        httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http,
    ):

        def ask(path: str, *lines: tuple[str, str]) -> httpx.Response:
            # The client's own would be a line before them.
            request = httpx.Request("GET", f"{HOME}{path}", headers=lines)
            return http.send(request)

        yield ask


def test_a_part_that_one_member_has_hides_no_folder_that_another_has_whole(
    kept: Kept, get: Get
) -> None:
    whole = get(f"/ipfs/{kept.shown}?format=car")
    assert _content(whole, kept.shown, "deep/large") == LARGE
    assert _content(whole, kept.shown, "hello") == b"shown" * 9
    assert get(f"/ipfs/{kept.shown}/hello?format=car").status_code == 200


def test_a_damaged_copy_of_one_member_hides_no_sound_one(kept: Kept, get: Get) -> None:
    assert _content(get(f"/ipfs/{kept.file}?format=car"), kept.file) == LARGE


def test_a_root_in_its_own_cid_leads_to_what_two_members_have(kept: Kept, get: Get) -> None:
    apart, shown, hidden = (
        Entry(*named, 1) for named in (("a", kept.apart), ("b", kept.shown), ("c", kept.hidden))
    )
    ((_, block),) = import_directory([apart, shown])
    both = name_inline(block, DAG_PB)
    whole = get(f"/ipfs/{both}?format=car")
    assert _content(whole, both, "a") == b"apart"
    assert _content(whole, both, "b/deep/large") == LARGE
    ((_, block),) = import_directory([apart, hidden])
    below = get(f"/ipfs/{name_inline(block, DAG_PB)}/c/hello?format=car")
    assert (below.status_code, below.json()["code"]) == (404, "gateway.absent")


def test_a_published_root_opens_nothing_with_a_member_that_has_it_private(
    kept: Kept, get: Get
) -> None:
    assert get(f"/ipfs/{kept.hidden}?format=raw").status_code == 200
    for path in (f"{kept.hidden}/hello?format=car", f"{kept.below}?format=raw"):
        answered = get(f"/ipfs/{path}")
        assert (answered.status_code, answered.json()["code"]) == (404, "gateway.absent")


def test_what_is_private_under_a_public_root_answers_as_what_nobody_has(
    kept: Kept, get: Get
) -> None:
    # Two roots with a member: what the one leads to is kept privately, of the other by nobody.
    cached = (("Cache-Control", "only-if-cached"),)
    for path in ("/a", "/a/hello", "/a/none"):
        for lines, status in (((), 404), (cached, 412)):
            private, never = (
                get(f"/ipfs/{root}{path}?format=car", *lines) for root in (kept.leading, kept.lost)
            )
            assert private.status_code == never.status_code == status
            assert (private.content, private.headers) == (never.content, never.headers)
    for root in (kept.leading, kept.lost):
        answered = get(f"/ipfs/{root}/b?format=car", *cached)
        assert (answered.status_code, answered.json()["code"]) == (404, "unixfs.no_entry")
    assert get(f"/ipfs/{kept.leading}?format=raw", *cached).status_code == 200


def test_lines_of_one_header_are_read_as_one_list(kept: Kept, get: Get) -> None:
    path = f"/ipfs/{kept.shown}"
    accept = (("Accept", "text/html"), ("Accept", RAW_BLOCK))
    whole = get(path, *accept)
    assert whole.status_code == 200
    known = (("If-None-Match", '"another"'), ("If-None-Match", whole.headers["etag"]))
    assert get(path, *accept, *known).status_code == 304
    cached = (("Cache-Control", "no-transform"), ("Cache-Control", "only-if-cached"))
    assert get(f"/ipfs/{NEVER}?format=raw", *cached).status_code == 412
    worker = (("Service-Worker", "script"), ("Service-Worker", "script"))
    assert get(f"{path}?format=raw", *worker).status_code == 400
    record = (accept[0], ("Accept", "application/vnd.ipfs.ipns-record"))
    assert get(f"/ipns/{NAME}", *record).status_code == 404
    assert get(f"/ipns/{NAME}", *record, *cached).status_code == 412


def test_an_archive_that_breaks_off_never_looks_whole_and_is_logged_in_one_line(
    kept: Kept,
) -> None:
    words = [*TALLY, "serve", str(kept.county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
            with http.stream("GET", f"/ipfs/{kept.hidden}?format=car") as response:
                assert response.status_code == 200
                with pytest.raises(httpx.RemoteProtocolError):
                    response.read()
            assert http.get(f"/ipfs/{kept.shown}?format=car").status_code == 200
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    assert "Traceback" not in errors
    lines = [line for line in errors.splitlines() if "respon" in line or "broken off" in line]
    assert len(lines) == 1, errors
    assert f"/ipfs/{kept.hidden} broken off: store.no_block: no block " in lines[0]

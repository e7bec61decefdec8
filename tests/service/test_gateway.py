"""Anybody reads public files with plain HTTP and checks them; of private ones nothing is told."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest

from counties import START_MS, Town, found, open_town
from tallystick.api.app import describe_api
from tallystick.api.gate import GATEWAY_BURST, GATEWAY_PER_MINUTE, LOG_BURST
from tallystick.api.token import ensure_token
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.codec import sha256
from tallystick.client.carrying import HOME, AppTransport
from tallystick.county.files import open_files
from tallystick.kernel.store.blocks import raw_cid
from tallystick.kernel.store.keeping import Note, add_blocks, unpin_root
from tallystick.kernel.store.unixfs.car import Archive, open_archive
from tallystick.kernel.store.unixfs.cid import DAG_CBOR, DAG_PB, RAW, IpfsCid, name_inline
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import decode_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import import_directory, import_file
from tallystick.kernel.store.unixfs.profile import V0_2015, V1_2025, Profile
from tallystick.kernel.store.unixfs.reader import read_file, resolve_path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "gateway.md"
TALLY = [sys.executable, "-m", "tallystick.cli"]
NEVER = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
LARGE = os.urandom(3_000_000)
CODECS = (RAW, DAG_PB, DAG_CBOR)
PRIVATE = b"what nobody published " * 20_000
Get = Callable[..., httpx.Response]


class Kept:
    """A closed county in which `village` published a folder, and keeps a private file."""

    def __init__(self, county: Path, source: Path) -> None:
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "large").write_bytes(LARGE)
        (source / "hello").write_bytes(b"hello world")
        self.county = county
        clock = SystemClock()
        with open_files(county / "village", clock) as blocks:
            shown = import_path(source, V0_2015)
            self.shown = str(add_blocks(blocks, shown, Note(name="songs", public=True)).cid)
            hidden = import_file(io.BytesIO(PRIVATE), V0_2015)
            self.hidden = add_blocks(blocks, hidden, Note(name="a name of nobody's")).cid
            self.hidden_blocks = _links(blocks.get(self.hidden))
            self.large = resolve_path(blocks.dag, IpfsCid.parse(self.shown), "deep/large")
        with open_files(county / "insurer", clock) as blocks:
            made = import_file(io.BytesIO(b"by another member"), V1_2025)
            self.other = str(add_blocks(blocks, made, Note(public=True)).cid)


def _links(block: bytes) -> list[IpfsCid]:
    return [link.cid for link in decode_node(block).links]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("gateway")
    return Kept(found(folder, SystemClock(), catalogue=False), folder / "songs")


@pytest.fixture(scope="module")
def address(kept: Kept) -> Iterator[str]:
    """The address of a real server of that county."""
    words = [*TALLY, "serve", str(kept.county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["address"]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


@pytest.fixture(scope="module")
def get(address: str) -> Iterator[Get]:
    """Ask as a stranger does, with a plain client."""
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:

        def ask(path: str, method: str = "GET", **headers: str) -> httpx.Response:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return http.request(method, path, headers=sent)

        yield ask


def archive(response: httpx.Response, *, is_part: bool = False) -> Archive:
    data = response.content
    return open_archive(lambda at, size: data[at : at + size], len(data), is_part=is_part)


def test_a_stranger_reads_a_whole_folder_and_checks_every_byte(kept: Kept, get: Get) -> None:
    response = get(f"/ipfs/{kept.shown}?format=car")
    assert response.status_code == 200
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers["content-type"] == (
        "application/vnd.ipld.car; version=1; order=dfs; dups=n"
    )
    whole = archive(response)
    assert str(whole.roots[0]) == kept.shown
    large = resolve_path(Dag(whole.get), whole.roots[0], "deep/large")
    assert b"".join(read_file(Dag(whole.get), large)) == LARGE


def test_a_stranger_reads_block_by_block(kept: Kept, get: Get) -> None:
    def fetch(cid: IpfsCid) -> bytes:
        response = get(f"/ipfs/{cid}", accept="application/vnd.ipld.raw")
        assert response.status_code == 200
        assert int(response.headers["content-length"]) == len(response.content)
        assert sha256(response.content) == cid.digest
        return response.content

    found = resolve_path(Dag(fetch), IpfsCid.parse(kept.shown), "deep/large")
    assert b"".join(read_file(Dag(fetch), found)) == LARGE


def test_a_range_of_a_file_at_a_path_is_a_small_archive(kept: Kept, get: Get) -> None:
    path = f"/ipfs/{kept.shown}/deep/large?format=car&entity-bytes=-5:*"
    part = archive(get(path), is_part=True)
    root = IpfsCid.parse(kept.shown)
    large = resolve_path(Dag(part.get), root, "deep/large")
    read = read_file(Dag(part.get), large, len(LARGE) - 5)
    assert b"".join(read) == LARGE[-5:]
    assert len(part) == 4
    assert get(f"{path[:-4]}-9999999:*").status_code == 200
    outside = get(f"/ipfs/{kept.large}?format=car&entity-bytes=9999999:*")
    assert (outside.status_code, outside.json()["code"]) == (400, "gateway.request")


@pytest.mark.parametrize("form", ["raw", "car"])
def test_head_tells_what_get_would(kept: Kept, get: Get, form: str) -> None:
    path = f"/ipfs/{kept.shown}?format={form}"
    head, whole = get(path, "HEAD"), get(path)
    assert (head.status_code, head.content) == (200, b"")
    passing = {"date", "transfer-encoding"}
    told = {name: value for name, value in whole.headers.items() if name not in passing}
    assert {name: value for name, value in head.headers.items() if name not in passing} == told
    unchanged = get(path, if_none_match=whole.headers["etag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert get(path, "HEAD", if_none_match="*").status_code == 304


def test_a_request_is_answered_by_the_status_that_the_specification_names(
    kept: Kept, get: Get
) -> None:
    shown = f"/ipfs/{kept.shown}"
    for path, headers, status in (
        (shown, {}, 400),
        (shown, {"accept": "*/*"}, 400),
        (shown, {"accept": "text/html"}, 406),
        (f"{shown}?format=tar", {}, 406),
        (f"{shown}?format=car&car-version=2", {}, 406),
        (f"{shown}/hello?format=raw", {}, 400),
        (f"{shown}?format=car&dag-scope=x", {}, 400),
        (f"{shown}?format=car&entity-bytes=x", {}, 400),
        (f"{shown[:-1]}?format=raw", {}, 400),
        (f"{shown}/none?format=car", {}, 404),
        (f"{shown}/hello/x?format=car", {}, 404),
        (f"/ipfs/{NEVER}?format=raw", {}, 404),
        (f"/ipfs/{NEVER}?format=raw", {"cache-control": "only-if-cached"}, 412),
        (f"{shown}?format=raw", {"cache-control": "only-if-cached"}, 200),
        (f"{shown}/none?format=car", {"cache-control": "only-if-cached"}, 404),
        (f"{shown}?format=raw", {"accept": "text/html, *; q=.2, */*; q=.2"}, 200),
        (f"{shown}?format=car", {"accept": "text/html;q=zzz"}, 200),
        (shown, {"accept": "application/vnd.ipld.raw;q=.5"}, 200),
        (shown, {"accept": "text/html;q=zzz"}, 406),
        ("/ipfs/bafkqaaa?format=raw", {}, 200),
        ("/ipfs/bafkqaaa?format=car", {}, 200),
        (f"/ipfs/{kept.other}?format=raw", {}, 200),
    ):
        for method in ("GET", "HEAD"):
            response = get(path, method, **{"accept": "", **headers})
            assert response.status_code == status, (method, path, response.content)
            assert response.headers["access-control-allow-origin"] == "*"
            assert response.headers["x-content-type-options"] == "nosniff"
            if status >= 400:
                assert response.headers["cache-control"] == "no-cache"


QUERIES = ("?format=raw", "?format=car", "?format=car&dag-scope=block", "", "/x?format=car")


def test_a_private_root_answers_as_what_never_was(tmp_path: Path) -> None:
    own = Kept(found(tmp_path, SystemClock(), catalogue=False), tmp_path / "songs")
    asking: tuple[dict[str, str], ...] = (
        {},
        {"If-None-Match": "*"},
        {"Cache-Control": "only-if-cached"},
        {"Authorization": f"Bearer {ensure_token(own.county)}"},
    )
    clock = ManualClock(SystemClock().now_ms())
    with (
        open_town(own.county, clock) as town,
        httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http,
    ):
        for named in _named(own.hidden, own.hidden_blocks[0]):
            for query, headers, method in product(QUERIES, asking, ("GET", "HEAD")):
                clock.advance(1_000)
                ours, never = (
                    http.request(method, f"/ipfs/{each}{query}", headers=headers)
                    for each in (named, NEVER)
                )
                assert ours.status_code == never.status_code
                assert ours.status_code in {400, 404, 412}
                assert (ours.content, ours.headers) == (never.content, never.headers)


def _named(*cids: IpfsCid) -> Iterator[str]:
    """Yield each CID that names the same bytes."""
    for cid in cids:
        yield str(cid)
        yield from (str(IpfsCid(bytes((1, codec, 0x12, 32)) + cid.digest)) for codec in CODECS)


def test_sealed_objects_and_other_rooms_objects_are_no_blocks(kept: Kept, get: Get) -> None:
    with sqlite3.connect(kept.county / "village" / "store.db") as database:
        rows = database.execute(
            "SELECT cid FROM object WHERE substr(cid, 5) NOT IN (SELECT digest FROM file_block)"
        ).fetchall()
    database.close()
    for (raw,) in rows:
        assert get(f"/ipfs/{IpfsCid(raw)}?format=raw").status_code == 404


SHARED = {
    "access-control-allow-methods": {"GET", "HEAD", "OPTIONS"},
    "access-control-allow-headers": {"Content-Type", "Range", "User-Agent", "X-Requested-With"},
    "access-control-expose-headers": {
        *("Content-Range", "Content-Length", "X-Ipfs-Roots", "X-Chunked-Output"),
        *("X-Stream-Output", "Ipfs-Uri"),
    },
}


def told(response: httpx.Response, name: str) -> set[str]:
    """Return the lines of a header, each one value."""
    return {value for each, value in response.headers.multi_items() if each == name}


def test_a_page_s_script_learns_that_it_may_read_whatever_is_answered(kept: Kept, get: Get) -> None:
    for path, method, status in (
        (f"/ipfs/{kept.shown}?format=raw", "OPTIONS", 200),
        (f"/ipfs/{kept.hidden}", "OPTIONS", 200),
        ("/ipfs", "OPTIONS", 200),
        ("/ipns/example", "OPTIONS", 200),
        (f"/ipfs/{kept.shown}?format=car", "GET", 200),
        ("/ipfs/bafkqabtimvwgy3yk/", "GET", 400),
        (f"/ipfs/{NEVER}?format=car", "GET", 404),
        (f"/ipfs/{kept.shown}", "POST", 405),
    ):
        answered = get(path, method, accept="", origin="https://a.example")
        assert answered.status_code == status, path
        assert answered.headers["access-control-allow-origin"] == "*"
        for name, values in SHARED.items():
            assert values <= told(answered, name), (path, name)
        if method in {"OPTIONS", "POST"}:
            assert answered.headers["allow"] == "GET, HEAD, OPTIONS"


def test_what_writes_is_refused_alike_for_what_is_public_and_what_never_was(
    kept: Kept, get: Get
) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        shown, hidden, never = (
            get(f"/ipfs/{each}?format=raw", method) for each in (kept.shown, kept.hidden, NEVER)
        )
        assert shown.status_code == (200 if method == "OPTIONS" else 405), method
        assert shown.content == hidden.content == never.content
        # The server's date may pass a second between two answers.
        lines = [
            {*each.headers.items()} - {("date", each.headers["date"])}
            for each in (shown, hidden, never)
        ]
        assert lines[0] == lines[1] == lines[2]


def test_an_address_without_content_is_refused(town: Town) -> None:
    long = "b" * 5_000
    with httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http:
        for path in (
            "",
            "/",
            "/foo",
            "/foo/bar",
            "//x",
            "/v1/cases",
            "/log/0",
            "/healthz",
            f"/{long}",
        ):
            for method in ("GET", "HEAD"):
                answered = http.request(method, f"/ipfs{path}?format=raw")
                assert answered.status_code == 400, path
            assert http.get(f"/ipfs{path}?format=raw").json()["code"] == "gateway.request"
        for path in ("", "/", "/k51qzi5uqu5d", "/v1/cases", "/healthz", f"/{NEVER}", f"/{long}"):
            answered = http.get(f"/ipns{path}?format=ipns-record")
            assert (answered.status_code, answered.json()["code"]) == (400, "gateway.request"), path
        line = f"/ipfs/{NEVER}/a%0Ab?format=car"
        assert http.get(line).json()["code"] == "gateway.absent"


def test_no_member_s_route_is_reached_below_the_gateway(town: Town, clock: ManualClock) -> None:
    # Without a token one is the folder's owner there, were it not for the order of the routes.
    routes = describe_api()["paths"]
    assert len(routes) > 50
    with httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http:
        for path, methods in routes.items():
            if not path.startswith("/{member}"):
                continue
            for filled in ("x", "a%0Ab"):
                asked = re.sub(r"{\w+(:path)?}", filled, path.replace("{member}", "ipfs", 1))
                for method in methods:
                    clock.advance(1_000)
                    answered = http.request(method.upper(), asked)
                    assert answered.json()["code"] in {"gateway.request", "api.method"}, asked


def test_a_root_in_its_own_cid_leads_to_what_is_public_and_to_nothing_else(
    kept: Kept, get: Get
) -> None:
    for cid, status, count in ((kept.shown, 200, 1), (str(kept.hidden), 404, 0)):
        ((_, block),) = import_directory([Entry("a", IpfsCid.parse(cid), 1)])
        folder = name_inline(block, DAG_PB)
        answered = get(f"/ipfs/{folder}/a?format=car&dag-scope=block")
        assert answered.status_code == status
        assert not count or len(archive(answered, is_part=True)) == count
        assert get(f"/ipfs/{folder}?format=raw").content == block
    # That one link is public opens no other.
    entries = [
        Entry(each, cid, 1) for each, cid in (("a", IpfsCid.parse(kept.shown)), ("b", kept.hidden))
    ]
    ((_, block),) = import_directory(entries)
    both = name_inline(block, DAG_PB)
    assert get(f"/ipfs/{both}/a?format=car&dag-scope=block").status_code == 200
    assert get(f"/ipfs/{both}/b?format=car&dag-scope=block").status_code == 404
    bad = name_inline(b"\xff", DAG_PB)
    assert get(f"/ipfs/{bad}?format=raw").content == b"\xff"
    assert get(f"/ipfs/{bad}?format=car&dag-scope=block").status_code == 200
    assert get(f"/ipfs/{bad}/a?format=car").status_code == 404


def test_only_the_gateway_s_own_addresses_are_open(town: Town) -> None:
    with httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http:
        for path in (f"/village/ipfs/{NEVER}", f"//ipfs/{NEVER}", "/ipfsx", "/ipf/x", "/IPFS/x"):
            assert http.get(path).status_code == 401, path


def test_a_part_of_a_block_is_read_by_a_range(kept: Kept, get: Get) -> None:
    path = f"/ipfs/{kept.large}"
    whole = get(path, accept="application/vnd.ipld.raw").content
    for wanted in ("bytes=6-16", "bytes=6-16,0-4"):
        part = get(path, accept="application/vnd.ipld.raw", range=wanted)
        assert (part.status_code, part.content) == (206, whole[6:17])
        assert part.headers["content-range"] == f"bytes 6-16/{len(whole)}"
        assert part.headers["content-length"] == "11"
    outside = get(f"{path}?format=raw", range=f"bytes={len(whole)}-")
    assert (outside.status_code, outside.json()["code"]) == (416, "gateway.range")
    assert outside.headers["content-range"] == f"bytes */{len(whole)}"
    assert get(f"{path}?format=raw", "HEAD", range="bytes=6-16").status_code == 200


def drain(response: httpx.Response, into: bytearray) -> None:
    for piece in response.iter_raw():
        into.extend(piece)


@pytest.mark.long
def test_a_flipped_bit_in_the_file_is_told_and_never_served(tmp_path: Path) -> None:
    own = Kept(found(tmp_path, SystemClock(), catalogue=False), tmp_path / "songs")
    with open_files(own.county / "village", SystemClock()) as blocks:
        leaf = _links(blocks.get(own.large))[7]
    with sqlite3.connect(own.county / "village" / "store.db") as database:
        raw = raw_cid(leaf.digest).raw
        (data,) = database.execute("SELECT data FROM object WHERE cid = ?", (raw,)).fetchone()
        bad = bytearray(data)
        bad[1_000] ^= 1
        database.execute("UPDATE object SET data = ? WHERE cid = ?", (bytes(bad), raw))
    database.close()
    words = [*TALLY, "serve", str(own.county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        address = json.loads(server.stdout.readline())["address"]
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
            told = http.get(f"/ipfs/{leaf}?format=raw")
            assert (told.status_code, told.json()["code"]) == (500, "store.corrupt")
            sent = bytearray()
            with http.stream("GET", f"/ipfs/{own.large}?format=car") as response:
                assert response.status_code == 200
                with pytest.raises(httpx.RemoteProtocolError):
                    drain(response, sent)
            assert bytes(bad) not in sent
            assert bad[:2_000] not in sent
            # What lies before and after it is given all the same.
            path = f"/ipfs/{own.large}?format=car&entity-bytes=0:99"
            assert archive(http.get(path), is_part=True)
            assert http.get("/healthz").status_code == 200
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def test_what_is_unpinned_is_not_given_any_more(tmp_path: Path) -> None:
    own = Kept(found(tmp_path, SystemClock(), catalogue=False), tmp_path / "songs")
    with open_files(own.county / "village", SystemClock()) as blocks:
        unpin_root(blocks, IpfsCid.parse(own.shown))
    with open_town(own.county, SystemClock()) as town:
        assert _ask(town, f"/ipfs/{own.shown}?format=raw").status_code == 404


def _ask(town: Town, path: str) -> httpx.Response:
    with httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http:
        return http.get(path)


@pytest.mark.long
def test_one_address_reads_a_large_file_block_by_block_at_once(tmp_path: Path) -> None:
    # As many blocks as 64 MiB have, of which each is asked for in the same moment.
    clock = ManualClock(START_MS)
    county = found(tmp_path, clock, catalogue=False)
    content = os.urandom(256 * 256)
    small = Profile("small", 1, 256, 174, raw_leaves=True)
    with open_files(county / "village", clock) as blocks:
        made = import_file(io.BytesIO(content), small)
        root = add_blocks(blocks, made, Note(public=True)).cid
    asked = 0
    with (
        open_town(county, clock) as town,
        httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http,
    ):

        def take(cid: IpfsCid) -> bytes:
            nonlocal asked
            asked += 1
            answered = http.get(f"/ipfs/{cid}?format=raw")
            assert answered.status_code == 200, (asked, answered.content)
            return answered.content

        assert b"".join(read_file(Dag(take), root)) == content
        assert asked > max(256, LOG_BURST)
        # Who reads files takes nothing of what the same address has for the log.
        log = [http.get("/village/log/checkpoint").status_code for _ in range(LOG_BURST + 1)]
        assert 429 not in log[:-1]
        assert log[-1] == 429
        assert http.get("/ipfs/bafkqaaa?format=raw").status_code == 200


@pytest.mark.long
def test_one_address_asks_the_gateway_as_often_as_its_page_says(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    words = PAGE.read_text("utf-8")
    assert f"more than {GATEWAY_BURST:,} requests at once, or {GATEWAY_PER_MINUTE:,} a" in words
    with open_town(found(tmp_path, clock, catalogue=False), clock) as town:
        probe = "/ipfs/bafkqaaa?format=raw"
        with httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http:
            asked = [http.get(probe).status_code for _ in range(GATEWAY_BURST)]
            assert set(asked) == {200}
            refused = http.head(probe)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
            assert refused.headers["access-control-allow-origin"] == "*"
            # A name is the gateway's too, and a log-in is not.
            assert http.get("/ipns/k51?format=raw").status_code == 429
            tried = http.post("/village/v1/sessions", json={"name": "x", "password": "x" * 12})
            assert tried.json()["code"] == "access.login"
            clock.advance(1_000)
            more = [http.get(probe).status_code for _ in range(GATEWAY_PER_MINUTE // 60 + 1)]
            assert more == [200] * (GATEWAY_PER_MINUTE // 60) + [429]

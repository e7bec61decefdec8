"""One set of public content behind two gateways: ours, and boxo's, which fetches nothing.

The same records of names are given to both.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import dag_cbor
import httpx
import multiformats

from counties import found, open_town
from nodes import find_peer
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.codec import DAG_CBOR, RAW, encode
from tallystick.base.keys import SigningKey
from tallystick.client.carrying import HOME, AppTransport
from tallystick.county.files import open_files
from tallystick.kernel.store.engines.kubo import Kubo
from tallystick.kernel.store.engines.peers import start_peer
from tallystick.kernel.store.ipns.moment import MOMENT_MAX
from tallystick.kernel.store.ipns.names import Names, open_names
from tallystick.kernel.store.ipns.record import Pointer, Record, sign_record
from tallystick.kernel.store.keeping import Note, import_archive
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import (
    Blocks,
    Made,
    collect,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.profile import V0_2015, Profile
from unit.kernel.store.answered import with_links

__all__ = ["NEVER", "Content", "Request", "Two", "make_content", "open_two", "requests"]

SMALL: Final = Profile("small", 1, 1_000, 3, raw_leaves=True)
SHARDED: Final = Profile("sharded", 1, 1_000, 3, raw_leaves=True, shard_bytes=100)
NEVER: Final = name_block(b"what nobody has", RAW)
PAUSE_MS: Final = 1_000


@dataclass
class Content:
    """A folder with something of each kind in it, and the blocks of all of it."""

    root: IpfsCid
    blocks: dict[IpfsCid, bytes]
    names: dict[str, IpfsCid]

    @property
    def records(self) -> dict[str, Record]:
        """What names point to, by what each is called here."""
        made = {"folder": point(1, f"/ipfs/{self.root}")}
        values = {
            "large": f"/ipfs/{self.names['large']}",
            "deep": f"/ipfs/{self.root}/deep",
            "alias": f"/ipns/{made['folder'].name}/deep/",
            "gone": f"/ipfs/{NEVER}",
            "lost": f"/ipfs/{self.root}/none",
            "loop": "/ipns/" + str(point(8, "").name),
            "dns": "/ipns/example.com",
        }
        return made | {name: point(each, values[name]) for each, name in enumerate(values, 2)}


def point(number: int, value: str) -> Record:
    key = SigningKey.from_seed(number.to_bytes(32, "big"))
    said = Pointer(value=value.encode(), sequence=1, ends_ns=MOMENT_MAX, ttl_ns=123 * 10**9)
    return sign_record(key, said)


def make_content() -> Content:
    blocks: dict[IpfsCid, bytes] = {}

    def keep(made: Blocks) -> Made:
        found, some = collect(made)
        blocks.update(some)
        return found

    def file(content: bytes, profile: Profile = SMALL) -> Made:
        return keep(import_file(io.BytesIO(content), profile))

    def document(value: object) -> Made:
        block = dag_cbor.encode(with_links(value))
        cid = name_block(block, DAG_CBOR)
        blocks[cid] = block
        return Made(cid, len(block), len(block))

    counted = b"".join(number.to_bytes(4, "big") for number in range(3_000))
    files = {
        "hello": file(b"hello world"),
        "empty": file(b""),
        "large": file(counted),
        "same": file(bytes(5_000)),
        "old": file(counted[:9_999], V0_2015),
        "link": keep(import_symlink(b"hello")),
        "inline": Made(name_inline(b"in the name", RAW), 11, 11),
        "名 %?#": file(b"a name to be quoted"),
    }
    files["document"] = document(
        {
            "files": {"large": files["large"].cid, "hello": files["hello"].cid},
            "inner": document({"hello": files["hello"].cid, "word": "no link"}).cid,
            "list": [1, [files["old"].cid]],
            "plain": {"none": None, "float": 1.5},
            "again": files["hello"].cid,
            "inline": name_inline(b"in the name", RAW),
        }
    )
    files["deep"] = keep(import_directory([files["large"].entry("large")], SMALL))
    many = [file(f"{number}".encode()).entry(f"file {number}") for number in range(40)]
    files["sharded"] = keep(import_directory(many, SHARDED))
    made = keep(import_directory([each.entry(name) for name, each in files.items()], SMALL))
    return Content(made.cid, blocks, {name: each.cid for name, each in files.items()})


@dataclass(frozen=True)
class Request:
    """One request, as it is sent to both."""

    path: str
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    method: str = "GET"

    def __str__(self) -> str:
        told = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.method} {self.path} {told}".strip()


class Two:
    """Both gateways."""

    def __init__(self, ours: httpx.Client, boxo: httpx.Client, clock: ManualClock) -> None:
        self._ours = ours
        self._boxo = boxo
        self._clock = clock

    def ask(self, request: Request) -> tuple[httpx.Response, httpx.Response]:
        """Return our answer, and boxo's."""
        # Ours counts how often an address asks.
        self._clock.advance(PAUSE_MS)
        given = {"accept": "", **request.headers}
        ours, boxo = (
            http.request(request.method, request.path, headers=given)
            for http in (self._ours, self._boxo)
        )
        return ours, boxo


@contextmanager
def open_two(folder: Path, content: Content) -> Iterator[Two]:
    county = found(folder, SystemClock(), catalogue=False)
    car = b"".join(write_archive(Dag(content.blocks.__getitem__), [content.root]))
    archive = open_archive(lambda at, size: car[at : at + size], len(car))
    with open_files(county / "village", SystemClock()) as blocks:
        import_archive(blocks, archive, Note(public=True))
    with closing(open_names(county / "village" / "store.db").database) as database:
        for record in content.records.values():
            Names(database).keep(record)
    with ExitStack() as opened:
        peer = opened.enter_context(start_peer(find_peer(), ["-nofetch"]))
        with closing(Kubo(peer.rpc)) as node:
            assert node.import_archive([car]) == len(archive)
        _give(peer.rpc, content.records)
        clock = ManualClock(SystemClock().now_ms())
        town = opened.enter_context(open_town(county, clock))
        ours = httpx.Client(base_url=HOME, transport=AppTransport(town.app))
        boxo = httpx.Client(base_url=peer.gateway, trust_env=False, timeout=30)
        yield Two(opened.enter_context(ours), opened.enter_context(boxo), clock)


def _give(rpc: str, records: Mapping[str, Record]) -> None:
    with httpx.Client(base_url=rpc, trust_env=False, timeout=30) as http:
        for record in records.values():
            told = http.post(
                "/api/v0/routing/put",
                params={"arg": f"/ipns/{record.name}"},
                files={"value": ("value", record.raw)},
            )
            assert told.status_code == 200, told.text


RAW_TYPE: Final = "application/vnd.ipld.raw"
CAR_TYPE: Final = "application/vnd.ipld.car"
SPANS: Final = (
    *("0:*", "0:0", "1:1", "0:999", "999:1000", "1000:*", "-5:*", "-5:-2", "5:-5", "11999:*"),
    *("0:99999999", "-99999:*", "4:2", "12000:*", "99999:*", "-5:99999", "0:-99999", "*:5"),
    *("x:y", "5", "", "0:", "1:2:3", "+1:2", "1.5:2", "99999999999999999999:*"),
)
ACCEPTS: Final = (
    *("", "*/*", RAW_TYPE, CAR_TYPE, "text/html", "application/json", "image/*"),
    *(f"{CAR_TYPE}; version=1", f"{CAR_TYPE};version=2", f"{CAR_TYPE};order=dfs;dups=y"),
    *(f"{CAR_TYPE};order=unk", f"{CAR_TYPE};order=bfs", f"{CAR_TYPE};dups=x"),
    *(f"text/html, {RAW_TYPE}", f"{CAR_TYPE};q=0.5, {RAW_TYPE}", f"{RAW_TYPE}, {CAR_TYPE}"),
    *(f"{RAW_TYPE};q=0.5, {CAR_TYPE};q=0.9", f"{CAR_TYPE};q=0.9;dups=y, */*;q=0.1"),
    # As Java sends it of itself, and qualities that are none.
    *("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", f"{RAW_TYPE};q=.5"),
    *("text/html;q=zzz", f"text/html;q=zzz, {RAW_TYPE}", f"{CAR_TYPE};q=zzz, {RAW_TYPE};q=.5"),
)
PLAIN: Final = (
    *(f"format={form}" for form in ("raw", "car")),
    *(f"format=car&dag-scope={scope}" for scope in ("block", "entity", "all")),
    *("format=car&car-dups=y", "format=car&dag-scope=entity&car-dups=y"),
)
ODD: Final = (
    *(f"format={form}" for form in ("tar", "json", "dag-json", "cbor", "ipns-record", "x", "")),
    *(f"format=car&car-version={version}" for version in "12"),
    *(f"format=car&car-order={order}" for order in ("dfs", "unk", "x")),
    *(
        "format=car&car-dups=n",
        "format=car&car-dups=x",
        "format=car&x=y",
        "download=true&format=raw",
    ),
    *("format=car&filename=a.car", "format=car&filename=%E5%90%8D.car"),
    "format=raw&filename=a%22%0D%0Ab/c.txt",
)


def requests(content: Content) -> Iterator[Request]:
    """Yield what is asked of both."""
    root = f"/ipfs/{content.root}"
    named = {name: f"/ipfs/{cid}" for name, cid in content.names.items()}
    yield from _whole((root, *named.values(), f"/ipfs/{NEVER}", "/ipfs/bafkqaaa"))
    yield from _paths(root)
    yield from _ranges(root, named)
    yield from _negotiated((root, f"/ipfs/{NEVER}"))
    yield from (Request(f"{root}?{query}") for query in ODD)
    yield from _conditional((root, f"/ipfs/{NEVER}", "/ipfs/bafkqaaa"))
    yield from _cached(root)
    yield from _documents(root, named["document"])
    yield from _parts(named)
    yield from _bases(content.names["hello"], content.names["deep"])
    for path in ("", "foo", "foo/bar", "0", f"{content.root}x", "b", "Qm"):
        yield from (Request(f"/ipfs/{path}?format=car", method=each) for each in ("GET", "HEAD"))
    yield from _names(content.records)
    yield Request(f"{named['hello']}?format=raw", {"service-worker": "script"})
    yield Request(f"{named['hello']}?format=raw", {"origin": "http://a.example"})
    absent = name_block(encode({"a": 1}), DAG_CBOR)
    for cid in ("x", "bafy", str(content.root)[:-1], str(content.root).upper(), str(absent)):
        yield from (Request(f"/ipfs/{cid}?format={form}") for form in ("raw", "car"))
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        yield Request(f"{named['hello']}?format=raw", method=method)


def _whole(paths: Iterable[str]) -> Iterator[Request]:
    for path in paths:
        for query in PLAIN:
            yield Request(f"{path}?{query}")
        yield from (Request(f"{path}?format={form}", method="HEAD") for form in ("raw", "car"))


def _paths(root: str) -> Iterator[Request]:
    for name in ("hello", "large", "deep/large", "deep", "link", "inline", "sharded"):
        for scope in ("block", "entity", "all"):
            yield Request(f"{root}/{name}?format=car&dag-scope={scope}")
    for name in ("%E5%90%8D%20%25%3F%23", "sharded/file%207", "deep/", "/deep"):
        yield Request(f"{root}/{name}?format=car")
    for name in ("none", "hello/x", "deep/none", "deep/large/x", "link/x", "sharded/none", "Hello"):
        yield Request(f"{root}/{name}?format=car")
    yield Request(f"{root}/?format=car")
    for name in ("hello", "deep", "deep/", "none"):
        yield Request(f"{root}/{name}?format=raw")


def _ranges(root: str, named: dict[str, str]) -> Iterator[Request]:
    for span in SPANS:
        for name in ("large", "old", "same"):
            yield Request(f"{named[name]}?format=car&dag-scope=entity&entity-bytes={span}")
    for name in ("empty", "hello", "inline", "deep", "link"):
        for span in ("0:*", "3:4", "-2:*", "100:*"):
            yield Request(f"{named[name]}?format=car&entity-bytes={span}")
    yield Request(f"{root}/deep/large?format=car&entity-bytes=0:9")
    for query in ("format=car&dag-scope=all", "format=raw&dag-scope=all"):
        yield Request(f"{named['large']}?{query}&entity-bytes=0:9")
    for scope in ("none", ""):
        yield Request(f"{named['large']}?format=car&dag-scope={scope}")


DOCUMENT: Final = (
    *("files/large", "files/hello", "inner", "inner/hello", "list/1/0", "again", "inline"),
    *("files", "inner/word", "plain", "plain/none", "list", "list/0", "list/1"),
    *("none", "files/none", "files/hello/x", "list/9", "plain/none/x", "inner/hello/x"),
)


def _documents(root: str, document: str) -> Iterator[Request]:
    for name in DOCUMENT:
        for query in ("dag-scope=block", "dag-scope=entity", "dag-scope=all", "car-dups=y"):
            yield Request(f"{document}/{name}?format=car&{query}")
    for name in ("document", "document/files/large", "document/inner/hello"):
        yield Request(f"{root}/{name}?format=car&dag-scope=entity")
    yield Request(f"{document}/files/large?format=car&entity-bytes=1000:1999")


def _parts(named: dict[str, str]) -> Iterator[Request]:
    for wanted in (
        *("0-3", "3-", "-4", "0-0", "10-10", "6-99", "-99", "6-8,0-4", "0-4,6-8"),
        *("11-", "99-100", "x", "3-1", "-"),
    ):
        yield Request(f"{named['hello']}?format=raw", {"range": f"bytes={wanted}"})
    yield Request(f"{named['hello']}?format=raw", {"range": "lines=0-3"})
    yield Request(f"{named['hello']}?format=raw", {"range": "bytes=0-3"}, "HEAD")
    yield Request(f"{named['empty']}?format=raw", {"range": "bytes=0-3"})
    yield Request(f"{named['large']}?format=car", {"range": "bytes=0-3"})


def _bases(*cids: IpfsCid) -> Iterator[Request]:
    for cid in cids:
        other = multiformats.CID.decode(str(cid))
        for base in ("base16", "base16upper", "base32upper", "base36", "base58btc", "base64url"):
            for form in ("raw", "car"):
                yield Request(f"/ipfs/{other.encode(base)}?format={form}")
    yield Request(
        f"/ipfs/{multiformats.CID.decode(str(cids[1])).encode('base36')}/large?format=car"
    )


def _negotiated(paths: Iterable[str]) -> Iterator[Request]:
    for path in paths:
        for accept in ACCEPTS:
            for query in ("", "?format=raw", "?format=car"):
                yield Request(f"{path}{query}", {"accept": accept})


def _conditional(paths: Iterable[str]) -> Iterator[Request]:
    for path in paths:
        for form in ("raw", "car"):
            for method in ("GET", "HEAD"):
                told = {"cache-control": "only-if-cached"}
                yield Request(f"{path}?format={form}", told, method)
        tag = f'"{path.removeprefix("/ipfs/")}.raw"'
        for known in ("*", '"x"', 'W/"x"', tag, f'W/{tag}, "y"'):
            yield Request(f"{path}?format=raw", {"if-none-match": known})


def _cached(root: str) -> Iterator[Request]:
    # Of a folder that stands in its own CID, what it leads to is not here.
    ((_, folder),) = import_directory([Entry("a", NEVER, 1)])
    lacking = f"/ipfs/{name_inline(folder, DAG_PB)}"
    for path in (
        *(f"{root}/hello", f"{root}/none", f"{root}/hello/x"),
        *(f"{lacking}/a", f"{lacking}/a/x", f"{lacking}/b"),
    ):
        yield Request(f"{path}?format=car", {"cache-control": "only-if-cached"})


RECORD_TYPE: Final = "application/vnd.ipfs.ipns-record"
ABSENT: Final = "k51qzi5uqu5dh71qgwangrt6r0nd4094i88nsady6qgd1dhjcyfsaqmpp143ab"
NO_NAMES: Final = (
    *("example.com", "foo", "k51qzi5uqu5d", "bafkqaaa", str(NEVER)),
    "QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2",
)


def _names(records: Mapping[str, Record]) -> Iterator[Request]:
    named = {called: f"/ipns/{record.name}" for called, record in records.items()}
    paths = [*named.values(), f"/ipns/{ABSENT}", *(f"/ipns/{each}" for each in NO_NAMES)]
    for path in paths:
        for method in ("GET", "HEAD"):
            yield Request(f"{path}?format=ipns-record", method=method)
        yield Request(path, {"accept": RECORD_TYPE})
    yield from _led(f"/ipns/{ABSENT}", named)
    yield from _asked(named["folder"], records["folder"])


def _led(absent: str, named: Mapping[str, str]) -> Iterator[Request]:
    for called in ("folder", "alias"):
        yield from (Request(f"{named[called]}?{query}") for query in PLAIN)
    for path in (absent, *named.values()):
        yield from (Request(f"{path}?format={form}") for form in ("raw", "car"))
        yield Request(f"{path}/deep/large?format=car&dag-scope=entity")
        only = {"cache-control": "only-if-cached"}
        yield from (Request(f"{path}?format={form}", only) for form in ("raw", "ipns-record"))


def _asked(folder: str, record: Record) -> Iterator[Request]:
    for query in ("/?format=ipns-record", "/hello?format=ipns-record", "/?format=car"):
        yield Request(folder + query)
    yield Request(folder, {"accept": ""})
    yield from (Request(f"{folder}/{name}?format=raw") for name in ("hello", "none"))
    yield Request(f"{folder}/none?format=car")
    for name in ("a.x", "test%D1%82.ipns-record"):
        yield Request(f"{folder}?format=ipns-record&filename={name}")
    for accept in (f"{RECORD_TYPE}, {CAR_TYPE}", f"{CAR_TYPE};q=0.5, {RECORD_TYPE}", "*/*"):
        yield Request(folder, {"accept": accept})
    yield Request(f"{folder}?format=ipns-record", {"accept": CAR_TYPE})
    yield Request(f"{folder}?format=car", {"accept": RECORD_TYPE})
    for known in ("*", '"x"', f'"{record.name}.raw"'):
        yield Request(f"{folder}?format=ipns-record", {"if-none-match": known})
        yield Request(f"{folder}?format=raw", {"if-none-match": known})
    raw = bytes.fromhex("0172002408011220") + record.name.public
    bases = [multiformats.multibase.encode(raw, base) for base in ("base32", "base58btc")]
    for name in (*bases, multiformats.multibase.encode(raw[2:], "base58btc")[1:]):
        for form in ("ipns-record", "raw", "car"):
            yield Request(f"/ipns/{name}?format={form}")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        yield Request(f"{folder}?format=ipns-record", method=method)

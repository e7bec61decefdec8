"""Names over HTTP: whoever asks checks the record himself, and a name opens nothing by itself."""

from __future__ import annotations

import contextlib
import io
import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from threading import Event

import dag_cbor
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from counties import Town, found, open_town
from tallystick.base.clock import ManualClock, SystemClock, SystemEntropy
from tallystick.base.keys import SigningKey
from tallystick.client.carrying import HOME, AppTransport
from tallystick.county.files import open_files
from tallystick.county.inventory import check_files, kind_of
from tallystick.county.serving import serve_house
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.names import Names, open_names
from tallystick.kernel.store.ipns.publishing import (
    LIFETIME_MS,
    Publishing,
    publish_name,
    value_of,
)
from tallystick.kernel.store.ipns.record import Pointer, Record, sign_record
from tallystick.kernel.store.keeping import Note, add_blocks, pin_root
from tallystick.kernel.store.unixfs.car import open_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import import_file
from tallystick.kernel.store.unixfs.profile import V1_2025

NEVER = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
KEY = SigningKey.from_seed(b"somebody's own key, of 32 bytes.")
PATIENCE_S = 60.0


class Shown:
    """A closed county in which `village` named a public folder; it keeps a private file too."""

    def __init__(self, folder: Path) -> None:
        self.county = found(folder, SystemClock(), catalogue=False)
        self.now_ms = SystemClock().now_ms()
        source = folder / "songs"
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "hello").write_bytes(b"hello world")
        with open_files(self.home("village"), SystemClock()) as blocks:
            made = import_path(source, V1_2025)
            self.root = add_blocks(blocks, made, Note(public=True)).cid
            hidden = import_file(io.BytesIO(b"own " * 999), V1_2025)
            self.hidden = add_blocks(blocks, hidden, Note()).cid
            value = value_of(blocks, str(self.root))
        self.record = self.publish(value)

    def home(self, member: str) -> Path:
        return self.county / member

    def publish(self, value: bytes) -> Record:
        home = self.home("village")
        with contextlib.closing(open_names(home / "store.db").database) as database:
            names, how = Names(database), Publishing(now_ms=self.now_ms)
            made = publish_name(home, names, value, how, label="songs", entropy=SystemEntropy())
        return made.record

    def keep(self, member: str, record: Record) -> None:
        path = self.home(member) / "store.db"
        with contextlib.closing(open_names(path).database) as database:
            Names(database).keep(record)


def point(value: str, sequence: int = 1, key: SigningKey = KEY, ttl_s: int = 60) -> Record:
    said = Pointer(
        value=value.encode(), sequence=sequence, ends_ns=4 * 10**18, ttl_ns=ttl_s * 10**9
    )
    return sign_record(key, said)


class Asking:
    """A stranger before the application of a county, whose clock is moved by each question."""

    def __init__(self, http: httpx.Client, clock: ManualClock) -> None:
        self._http = http
        self.clock = clock

    def __call__(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        self.clock.advance(1)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.request(method, path, headers={"accept": "", **sent})


@contextlib.contextmanager
def asking(shown: Shown) -> Iterator[tuple[Asking, Town]]:
    clock = ManualClock(shown.now_ms)
    with (
        open_town(shown.county, clock) as town,
        httpx.Client(base_url=HOME, transport=AppTransport(town.app)) as http,
    ):
        yield Asking(http, clock), town


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path)


def test_a_stranger_checks_the_record_by_the_name_alone_and_follows_it(shown: Shown) -> None:
    name = str(shown.record.name)
    with asking(shown) as (get, _):
        told = get(f"/ipns/{name}", accept="application/vnd.ipfs.ipns-record")
        assert told.status_code == 200
        assert told.headers["content-type"] == "application/vnd.ipfs.ipns-record"
        assert told.headers["cache-control"] == "public, max-age=300"
        value = _verify(shown.record.name.public, told.content)
        assert value == f"/ipfs/{shown.root}"
        by_cid, by_name = (get(f"{each}/deep?format=car") for each in (value, f"/ipns/{name}"))
        assert by_name.content == by_cid.content
        assert by_name.headers["x-ipfs-path"] == f"/ipns/{name}/deep"
        assert by_name.headers["etag"] == by_cid.headers["etag"]
        assert by_cid.headers["cache-control"].endswith("immutable")
        assert by_name.headers["cache-control"] == "public, max-age=300"
        data = by_name.content
        assert (
            len(open_archive(lambda at, size: data[at : at + size], len(data), is_part=True)) == 3
        )
        block = get(f"/ipns/{name}?format=raw")
        assert block.content == get(f"{value}?format=raw").content


def _verify(public: bytes, raw: bytes) -> str:
    """Check a record by other means than ours: two fields at its end, and another library."""
    at = raw.index(b"\x42\x40")
    signature, rest = raw[at + 2 : at + 66], raw[at + 66 :]
    document = rest[3:] if rest[1] > 127 else rest[2:]
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"ipns-signature:" + document)
    value = dag_cbor.decode(document)
    assert isinstance(value, dict)
    assert isinstance(value["Value"], bytes)
    return value["Value"].decode()


def test_a_name_is_answered_by_the_status_that_the_specification_names(shown: Shown) -> None:
    name = f"/ipns/{shown.record.name}"
    absent = f"/ipns/{IpnsName(KEY.public)}"
    only = {"cache_control": "only-if-cached"}
    with asking(shown) as (get, _):
        for path, headers, status in (
            (f"{name}?format=ipns-record", {}, 200),
            (f"{name}/?format=ipns-record", {}, 200),
            (f"{name}?format=ipns-record", only, 200),
            (f"{name}?format=ipns-record", {"if_none_match": "*"}, 304),
            (f"{name}/deep?format=ipns-record", {}, 400),
            (f"{name}/deep?format=raw", {}, 400),
            (f"{name}/none?format=car", {}, 404),
            (f"{name}/a%0Ab?format=car", {}, 404),
            (f"{name}/deep?format=car", {"if_none_match": "*"}, 304),
            (name, {}, 400),
            (name, {"accept": "*/*"}, 400),
            (name, {"accept": "text/html"}, 406),
            (f"{name}?format=tar", {}, 406),
            (f"{absent}?format=ipns-record", {}, 404),
            (f"{absent}?format=car", {}, 404),
            (f"{absent}?format=ipns-record", only, 412),
            (f"{absent}/x?format=car", only, 412),
            ("/ipns/example.com?format=ipns-record", {}, 400),
            ("/ipns/example.com/x?format=car", {}, 400),
            ("/ipns/QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2?format=car", {}, 404),
            ("/ipns/a%0Ab?format=car", {}, 400),
        ):
            for method in ("GET", "HEAD"):
                answered = get(path, method, **headers)
                assert answered.status_code == status, (method, path, answered.content)
                assert answered.headers["access-control-allow-origin"] == "*"
                assert answered.headers["x-content-type-options"] == "nosniff"
                assert "immutable" not in answered.headers.get("cache-control", "")
                if status >= 400:
                    assert answered.headers["cache-control"] == "no-cache"
        head, whole = (get(f"{name}?format=ipns-record", each) for each in ("HEAD", "GET"))
        assert (head.content, head.headers) == (b"", whole.headers)
        assert get(name, "POST").status_code == 405
        assert get("/ipns/example.com?format=raw").json()["code"] == "gateway.dnslink"


def test_a_name_gives_nothing_that_its_cid_would_not(shown: Shown) -> None:
    # Whoever signs a record can guess what somebody keeps; the gateway does not tell him.
    never, hidden = (SigningKey.from_seed(each * 32) for each in (b"n", b"h"))
    shown.keep("insurer", point(f"/ipfs/{NEVER}", key=never))
    shown.keep("insurer", point(f"/ipfs/{shown.hidden}", key=hidden))
    queries = ("?format=raw", "?format=car", "?format=car&dag-scope=block", "", "/x?format=car")
    with asking(shown) as (get, town):
        for query, headers, method in product(
            queries,
            ({}, {"cache_control": "only-if-cached"}, {"authorization": f"Bearer {town.token}"}),
            ("GET", "HEAD"),
        ):
            ours, other = (
                get(f"/ipns/{IpnsName(key.public)}{query}", method, **headers)
                for key in (hidden, never)
            )
            assert ours.status_code in {400, 404, 412}
            assert (ours.status_code, ours.content) == (other.status_code, other.content)
            assert ours.headers == other.headers


def test_what_is_taken_back_is_given_under_no_name(shown: Shown) -> None:
    name = f"/ipns/{shown.record.name}"
    with open_files(shown.home("village"), SystemClock()) as blocks:
        pin_root(blocks, shown.root, Note(), private=True)
    with asking(shown) as (get, _):
        assert get(f"{name}?format=car").status_code == 404
        assert get(f"{name}?format=ipns-record").status_code == 200


def test_of_all_members_records_the_newest_counts_until_it_ends(shown: Shown) -> None:
    name = f"/ipns/{IpnsName(KEY.public)}"
    for member, sequence in (("village", 3), ("insurer", 9), ("finance", 6)):
        shown.keep(member, point(f"/ipfs/{shown.root}", sequence, ttl_s=sequence))
    with asking(shown) as (get, _):
        assert get(f"{name}?format=ipns-record").headers["cache-control"] == "public, max-age=9"
        assert get(f"{name}?format=raw").status_code == 200
        get.clock.advance(4 * 10**12 - get.clock.now_ms() - 5_000)
        assert get(f"{name}?format=car").headers["cache-control"] == "public, max-age=4"
        get.clock.advance(10_000)
        assert get(f"{name}?format=ipns-record").status_code == 404
        assert get(f"{name}?format=raw").status_code == 404


def test_a_name_that_was_withdrawn_is_as_what_never_was(shown: Shown) -> None:
    name = shown.record.name
    path = shown.home("village") / "store.db"
    with contextlib.closing(open_names(path).database) as database:
        Names(database).withdraw(name)
    with asking(shown) as (get, _):
        assert get(f"/ipns/{name}?format=ipns-record").status_code == 404
        assert get(f"/ipns/{name}?format=car").status_code == 404


def test_a_flipped_bit_in_a_record_is_told_and_never_given(shown: Shown) -> None:
    home = shown.home("village")
    bad = shown.record.raw[:-1] + b"\1"
    with contextlib.closing(sqlite3.connect(home / "store.db")) as database, database:
        database.execute("UPDATE ipns_name SET record = ?", (bad,))
    with asking(shown) as (get, _):
        for form in ("ipns-record", "raw", "car"):
            told = get(f"/ipns/{shown.record.name}?format={form}")
            assert (told.status_code, told.json()["code"]) == (500, "ipns.damaged")
        assert get(f"/ipfs/{shown.root}?format=raw").status_code == 200
    assert any(str(shown.record.name) in each.detail for each in check_files(home))


def test_a_key_is_of_a_kind_that_a_backup_keeps(shown: Shown) -> None:
    home = shown.home("village")
    assert check_files(home) == []
    (key,) = home.glob("name-*")
    kind = kind_of(key.name)
    assert kind is not None
    assert kind.mend == "backup"
    key.write_bytes(b"x")
    (told,) = check_files(home)
    assert told.field == key.name
    assert "only a backup" in told.detail


def test_a_server_renews_a_name_before_its_record_ends(shown: Shown) -> None:
    path = f"/ipns/{shown.record.name}?format=ipns-record"
    with asking(shown) as (get, town), serve_house(town.house, tend_s=0.02):
        assert get(path).content == shown.record.raw
        get.clock.advance(LIFETIME_MS // 2)
        waiting = Event()
        for _ in range(int(PATIENCE_S / 0.05)):
            if get(path).content != shown.record.raw:
                break
            get.clock.advance(1_000)
            waiting.wait(0.05)
        renewed = get(path)
        assert renewed.content != shown.record.raw
        assert _verify(shown.record.name.public, renewed.content) == f"/ipfs/{shown.root}"
        get.clock.advance(LIFETIME_MS // 2 + 60_000)
        assert get(path).status_code == 200


def test_a_name_is_followed_to_content_of_another_member(shown: Shown) -> None:
    with open_files(shown.home("insurer"), SystemClock()) as blocks:
        made = import_file(io.BytesIO(b"by another member"), V1_2025)
        other = add_blocks(blocks, made, Note(public=True)).cid
    shown.keep("finance", point(f"/ipfs/{other}"))
    alias = SigningKey.from_seed(b"a" * 32)
    shown.keep("village", point(f"/ipns/{IpnsName(KEY.public)}", key=alias, ttl_s=7))
    with asking(shown) as (get, _):
        told = get(f"/ipns/{IpnsName(alias.public)}?format=raw")
        assert told.content == b"by another member"
        assert IpfsCid.parse(told.headers["x-ipfs-roots"]) == other
        assert told.headers["cache-control"] == "public, max-age=7"

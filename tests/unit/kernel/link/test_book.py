"""The address book and the problem documents: read strictly, every fault named."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)
from tallystick.kernel.link.book import (
    Place,
    is_loopback,
    read_book,
    read_entries,
    write_book,
    write_entry,
)
from tallystick.kernel.link.certificate import (
    answering_context,
    asking_context,
    ensure_certificate,
    is_certificate,
    is_same_certificate,
    read_certificate,
)
from tallystick.kernel.link.problem import read_problem, write_problem


@pytest.fixture
def pem(tmp_path: Path) -> str:
    return ensure_certificate(tmp_path, "bank", clock=SystemClock(), entropy=SystemEntropy())


def test_a_book_is_read_as_it_was_written(tmp_path: Path, pem: str) -> None:
    book = {
        "bank": Place("https", "bank.example", 8421, pem),
        "coop": Place("https", "[2001:db8::1]", 443, pem),
        "village": Place("http", "127.0.0.1", 8422),
    }
    write_book(tmp_path / "peers.json", book)
    assert read_book(tmp_path / "peers.json") == book


def test_a_certificate_is_made_once_and_its_key_is_its_owners_alone(
    tmp_path: Path, pem: str
) -> None:
    again = ensure_certificate(tmp_path, "bank", clock=SystemClock(), entropy=SystemEntropy())
    assert again == pem
    assert is_certificate(pem)
    assert (tmp_path / "link.key").stat().st_mode & 0o777 == 0o600
    for other in ("", pem * 2, pem[:-40], "-----BEGIN CERTIFICATE-----"):
        assert not is_certificate(other)


@pytest.mark.parametrize("name", ["link.key", "link.pem"])
@pytest.mark.parametrize("data", [None, b"", b"none", bytes(range(256))])
def test_a_pair_that_does_not_load_is_named_and_made_anew(
    tmp_path: Path, pem: str, name: str, data: bytes | None
) -> None:
    (tmp_path / name).unlink() if data is None else (tmp_path / name).write_bytes(data)
    for load in (read_certificate, answering_context):
        with pytest.raises(Corrupt, match=r"^link\.certificate: ") as error:
            load(tmp_path)
        assert "Remove link.pem and link.key, then tally member address" in error.value.cure
    anew = ensure_certificate(tmp_path, "bank", clock=SystemClock(), entropy=SystemEntropy())
    assert not is_same_certificate(anew, pem)
    assert read_certificate(tmp_path) == anew
    answering_context(tmp_path)


def test_two_halves_of_different_pairs_are_none(tmp_path: Path, pem: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    ensure_certificate(other, "coop", clock=SystemClock(), entropy=SystemEntropy())
    (other / "link.key").replace(tmp_path / "link.key")
    with pytest.raises(Corrupt, match="are no pair"):
        answering_context(tmp_path)
    assert is_same_certificate(pem, pem.replace("\n", "\r\n"))
    assert not is_same_certificate(pem, "none")


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_no_certificate_that_has_a_reading_is_refused_by_tls(pem: str) -> None:
    data, read = ssl.PEM_cert_to_DER_cert(pem), 0
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        text = ssl.DER_cert_to_PEM_cert(changed)
        if is_certificate(text):
            asking_context(text)
            read += 1
    assert 0 < read < len(data)


HERE = {"address": "http://127.0.0.1:1"}


def test_one_entry_is_mended_though_another_has_no_reading(tmp_path: Path, pem: str) -> None:
    path, place = tmp_path / "peers.json", Place("https", "coop", 1, pem)
    broken = {"bank": {"address": "https://bank:1"}, "coop": 7}
    path.write_text(json.dumps({**broken, "village": HERE}))
    book, wrong = read_entries(path)
    assert book == {"village": Place("http", "127.0.0.1", 1)}
    assert {name: each.code for name, each in wrong.items()} == {
        "bank": "peers.certificate",
        "coop": "peers.malformed",
    }
    write_entry(path, "coop", place)
    assert json.loads(path.read_text())["bank"] == broken["bank"]
    assert read_entries(path)[0]["coop"] == place
    write_entry(tmp_path / "new.json", "coop", place)
    assert read_book(tmp_path / "new.json") == {"coop": place}


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ([], "peers.malformed"),
        ({"Bank": HERE}, "peers.malformed"),
        ({"bank": "http://127.0.0.1:1"}, "peers.malformed"),
        ({"bank": {}}, "peers.malformed"),
        ({"bank": {**HERE, "port": 1}}, "peers.malformed"),
        ({"bank": {**HERE, "certificate": "x"}}, "peers.malformed"),
        ({"bank": {"address": 7}}, "peers.address"),
        ({"bank": {"address": "http://127.0.0.1"}}, "peers.address"),
        ({"bank": {"address": "http://127.0.0.1:0"}}, "peers.address"),
        ({"bank": {"address": "http://127.0.0.1:65536"}}, "peers.address"),
        ({"bank": {"address": "http://127.0.0.1:1/"}}, "peers.address"),
        ({"bank": {"address": "http://u:p@127.0.0.1:1"}}, "peers.address"),
        ({"bank": {"address": "HTTPS://bank:1"}}, "peers.address"),
        ({"bank": {"address": "ftp://bank:1"}}, "peers.address"),
        ({"bank": {"address": "http://10.0.0.2:1"}}, "peers.plain"),
        ({"bank": {"address": "http://127.0.0.1.evil:1"}}, "peers.plain"),
        ({"bank": {"address": "https://bank:1"}}, "peers.certificate"),
        ({"bank": {"address": "https://bank:1", "certificate": "x"}}, "peers.certificate"),
        ({"bank": {"address": "https://bank:1", "certificate": 7}}, "peers.certificate"),
    ],
)
def test_each_fault_of_a_book_has_its_name(tmp_path: Path, tree: Any, code: str) -> None:
    path = tmp_path / "peers.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(Invalid) as error:
        read_book(path)
    assert error.value.code == code
    assert error.value.cure


def test_a_book_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "peers.json"
    with pytest.raises(NotFound, match=r"^peers\.missing: "):
        read_book(path)
    twice = f'{{"bank": {json.dumps(HERE)}, "bank": {json.dumps(HERE)}}}'
    for text in ("", "{", "\xff", twice, "[" * 100_000):
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(Invalid, match=r"^peers\.malformed: "):
            read_book(path)


def test_this_machines_own_addresses_are_known() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "localhost", "[::1]")))
    assert not any(map(is_loopback, ("10.0.0.1", "localhost.evil", "[::2]", "0.0.0.0", "")))


@pytest.mark.parametrize(
    "family", [Conflict, Corrupt, Denied, Error, Invalid, NotFound, Unavailable]
)
def test_an_error_crosses_as_its_family(family: type[Error]) -> None:
    class Leaf(family):  # type: ignore[misc, valid-type]
        """One below, as rooms have them."""

    sent = Leaf("a.b", "two sides", cure="Do.", height=7, tid="x", left=[1], seen=object())
    status, body = write_problem(sent)
    found = read_problem("coop", status, body)
    assert type(found) is family
    assert (found.code, found.message, found.cure) == ("a.b", "two sides", "Do.")
    assert found.values == {"height": 7, "tid": "x"}


BASE = {"code": "a.b", "detail": "x", "cure": "", "family": "Denied", "values": {}}


@pytest.mark.parametrize(
    "tree",
    [
        *([], 7, None, {}, "x"),
        {**BASE, "family": "SystemExit"},
        {**BASE, "code": "no dot"},
        {**BASE, "code": "a.b\nc"},
        {**BASE, "detail": 7},
        {**BASE, "detail": "x" * 5_000},
        {**BASE, "values": {"code": 1}},
        {**BASE, "values": [1]},
    ],
)
def test_a_problem_that_is_none_is_told_as_torn(tree: Any) -> None:
    found = read_problem("coop", 500, json.dumps(tree).encode())
    assert (type(found), found.code) == (Unavailable, "link.torn")


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange_for_a_problem(data: bytes) -> None:
    assert isinstance(read_problem("coop", 500, data), Error)

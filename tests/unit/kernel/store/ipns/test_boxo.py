"""Our records and boxo's, in both directions: the same bytes, and the same ones refused."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Final

import dag_cbor
import httpx
import pytest

from nodes import find_peer
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.engines.peers import start_peer
from tallystick.kernel.store.ipns.moment import MOMENT_MAX, write_moment
from tallystick.kernel.store.ipns.name import IpnsName, write_key, write_public
from tallystick.kernel.store.ipns.record import (
    NUMBER_MAX,
    RECORD_BYTES_MAX,
    Pointer,
    check_current,
    read_record,
    sign_record,
)
from tallystick.kernel.store.unixfs.wire import write_number, write_octets

CID: Final = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
HOUR_NS: Final = 3_600 * 10**9
OTHER: Final = SigningKey.from_seed(b"o" * 32)


class Boxo:
    """The calls of the peer that are about names."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def take_key(self, label: str, key: SigningKey) -> str:
        told = self._post("key/import", label, write_key(key))
        told.raise_for_status()
        return str(told.json()["Id"])

    def publish(self, label: str, value: str, **options: str) -> str:
        found = {"key": label, **{name.replace("_", "-"): each for name, each in options.items()}}
        told = self._http.post("/api/v0/name/publish", params={"arg": value, **found})
        told.raise_for_status()
        return str(told.json()["Name"])

    def get(self, name: str) -> bytes:
        told = self._http.post("/api/v0/routing/get", params={"arg": f"/ipns/{name}"})
        told.raise_for_status()
        return base64.b64decode(told.json()["Extra"])

    def takes(self, name: str, raw: bytes) -> bool:
        """Tell whether boxo keeps a record, and gives it back as it was."""
        told = self._post("routing/put", f"/ipns/{name}", raw)
        assert told.status_code in {200, 500}
        if told.status_code == 200:
            assert self.get(name) == raw
        return told.status_code == 200

    def _post(self, path: str, argument: str, data: bytes) -> httpx.Response:
        parts = {"value": ("value", data)}
        return self._http.post(f"/api/v0/{path}", params={"arg": argument}, files=parts)


@pytest.fixture(scope="module")
def boxo() -> Iterator[Boxo]:
    with (
        start_peer(find_peer(), ["-nofetch"]) as peer,
        httpx.Client(base_url=peer.rpc, trust_env=False, timeout=30) as http,
    ):
        yield Boxo(http)


def key_of(number: int) -> SigningKey:
    return SigningKey.from_seed(number.to_bytes(32, "big"))


@pytest.mark.parametrize("number", range(1, 9))
def test_what_boxo_publishes_we_read_and_would_have_written_byte_for_byte(
    boxo: Boxo, number: int
) -> None:
    key = key_of(number)
    label, value = f"key-{number}", f"/ipfs/{CID}" + "/a/名" * (number % 3)
    assert boxo.take_key(label, key) == str(IpnsName(key.public))
    is_old = bool(number % 2)
    ttl_s = 10**number // 10
    name = boxo.publish(
        label, value, lifetime=f"{number}h", ttl=f"{ttl_s}s", v1compat=str(is_old).lower()
    )
    raw = boxo.get(name)
    found = read_record(IpnsName.parse(name), raw)
    assert found.said.value == value.encode()
    assert found.said.sequence == 0
    assert found.said.ttl_ns == ttl_s * 10**9
    left_ns = found.said.ends_ns - time.time_ns()
    assert 0 < number * HOUR_NS - left_ns < HOUR_NS
    check_current(found, time.time_ns() // 10**6)
    # The signatures of Ed25519 are of one form, so all of the record is.
    assert sign_record(key, found.said, is_old=is_old) == found


def test_boxo_counts_on_and_ours_sees_which_is_newer(boxo: Boxo) -> None:
    key = key_of(20)
    name = boxo.take_key("counting", key)
    raws = [boxo.get(boxo.publish("counting", f"/ipfs/{each}")) for each in (CID, "bafkqaaa", CID)]
    records = [read_record(IpnsName.parse(name), raw) for raw in raws]
    assert [each.said.sequence for each in records] == [0, 1, 2]
    assert records[2].is_newer(records[1])
    assert not records[1].is_newer(records[2])
    # An older one is not taken back there either.
    assert not boxo.takes(name, raws[1])


@pytest.mark.parametrize("is_old", [True, False])
@pytest.mark.parametrize(
    ("value", "sequence", "ttl_ns", "ends_ns"),
    [
        (b"/ipfs/" + CID.encode(), 0, 0, MOMENT_MAX),
        (b"/ipfs/bafkqaaa/x/y", 1, 300 * 10**9, 4_000_000_000_000_000_000),
        (b"/ipns/k51qzi5uqu5d", 1_800_000_000, NUMBER_MAX, 4_000_000_000_100_000_000),
        (b"/ipfs/" + b"x" * 4_000, NUMBER_MAX, 1, 4_000_000_000_123_456_789),
    ],
)
def test_what_we_sign_boxo_takes_and_gives_back(
    boxo: Boxo, is_old: bool, value: bytes, sequence: int, ttl_ns: int, ends_ns: int
) -> None:
    key = SigningKey.from_seed(bytes((is_old,)) + value[:27].ljust(27, b"-") + b"ours")
    said = Pointer(value=value, sequence=sequence, ends_ns=ends_ns, ttl_ns=ttl_ns)
    record = sign_record(key, said, is_old=is_old)
    assert boxo.takes(str(record.name), record.raw)


def _broken() -> Iterator[tuple[str, bytes, bool]]:
    """Yield what is wrong, a record, and whether boxo takes it all the same."""
    said = Pointer(
        value=b"/ipfs/" + CID.encode(), sequence=1, ends_ns=time.time_ns() + HOUR_NS, ttl_ns=1
    )
    key = key_of(30)
    whole, bare = sign_record(key, said).raw, sign_record(key, said, is_old=False).raw
    document = dag_cbor.encode(
        {
            "Value": said.value,
            "TTL": said.ttl_ns,
            "Sequence": said.sequence,
            "Validity": write_moment(said.ends_ns),
            "ValidityType": 0,
            "_more": {"a": 1},
        }
    )
    signed = write_octets(8, key.sign(b"ipns-signature:" + document)) + write_octets(9, document)
    yield "another signer's", sign_record(OTHER, said).raw, False
    other = said.value[:-1] + b"f"
    yield "a value beside that is another", whole.replace(said.value, other, 1), False
    flipped = bare.replace(said.value, other)
    yield "a flipped bit in what is signed", flipped, False
    yield "no second signature", whole[: whole.index(b"\x42\x40")], False
    past = Pointer(value=said.value, sequence=1, ends_ns=time.time_ns() - HOUR_NS, ttl_ns=1)
    yield "past its end", sign_record(key, past).raw, False
    yield "too large", bare + write_octets(10, b"x" * RECORD_BYTES_MAX), False
    yield "cut", bare[:-1], False
    yield "nothing", b"", False
    foreign = write_octets(7, write_public(IpnsName(OTHER.public)))
    yield "another key beside it", foreign + bare, False
    yield "another way to end", _of_type(key, 1, said), False
    # What boxo takes and we do not: a field that stands twice says two things.
    yield "a field twice", write_octets(9, document) + signed, True


def _of_type(key: SigningKey, kind: int, said: Pointer) -> bytes:
    document = dag_cbor.encode(
        {
            "Value": said.value,
            "TTL": said.ttl_ns,
            "Sequence": said.sequence,
            "Validity": write_moment(said.ends_ns),
            "ValidityType": kind,
        }
    )
    signature = key.sign(b"ipns-signature:" + document)
    return write_octets(8, signature) + write_octets(9, document)


def test_what_is_broken_both_refuse_and_ours_is_the_stricter_one(boxo: Boxo) -> None:
    name = IpnsName(key_of(30).public)
    now_ms = time.time_ns() // 10**6
    for what, raw, is_taken in _broken():
        with pytest.raises(Error) as caught:
            check_current(read_record(name, raw), now_ms)
        assert caught.value.code in {"ipns.record", "ipns.signature", "ipns.ended"}, what
        assert boxo.takes(str(name), raw) == is_taken, what


def test_what_is_more_than_needed_both_take(boxo: Boxo) -> None:
    said = Pointer(value=b"/ipfs/bafkqaaa", sequence=1, ends_ns=MOMENT_MAX, ttl_ns=1)
    for number in range(31, 35):
        key = key_of(number)
        name = IpnsName(key.public)
        bare = sign_record(key, said, is_old=False).raw
        own = write_octets(7, write_public(name))
        raw = [bare, own + bare, bare + write_number(99, 1), write_number(5, 9) + bare][number - 31]
        assert read_record(name, raw).said == said
        assert boxo.takes(str(name), raw)

"""Names as IPFS tools write them: the ones of RFC 8032's first key, and those that are refused."""

from __future__ import annotations

import multiformats
import pytest

from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.ipns.name import IpnsName, read_key, write_key, write_public

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
KEY = SigningKey.from_seed(SEED)
NAME = IpnsName(KEY.public)
RAW = bytes.fromhex("0172002408011220") + KEY.public
BASES = ("base16", "base16upper", "base32", "base32upper", "base36", "base58btc", "base64url")


def code(text: str) -> str:
    with pytest.raises(Error) as caught:
        IpnsName.parse(text)
    return caught.value.code


def test_a_name_is_printed_as_another_library_writes_its_cid() -> None:
    assert str(NAME) == multiformats.multibase.encode(RAW, "base36")
    assert str(NAME).startswith("k51qzi5uqu5d")


@pytest.mark.parametrize("base", BASES)
def test_a_name_is_read_in_every_base(base: str) -> None:
    assert IpnsName.parse(multiformats.multibase.encode(RAW, base)) == NAME


def test_a_name_is_read_as_libp2p_writes_a_peer() -> None:
    peer = multiformats.multibase.encode(RAW[2:], "base58btc").removeprefix("z")
    assert peer.startswith("12D3KooW")
    assert IpnsName.parse(peer) == NAME
    assert write_public(NAME) == RAW[4:]


@pytest.mark.parametrize(
    "text",
    [
        *("", "k", "k51qzi5uqu5d", "12D3KooW", "12D3KooW0", "example.com", "foo", "k2" * 200),
        "bafkqaaa",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        multiformats.multibase.encode(RAW + b"x", "base36").replace("k", "y", 1),
        multiformats.multibase.encode(bytes((1, 0x72, 0x12, 4)) + b"hash", "base36"),
        multiformats.multibase.encode(bytes((1, 0x72, 0x00, 0)), "base36"),
        multiformats.multibase.encode(bytes((1, 0x72)), "base36"),
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    assert code(text) == "ipns.name"


@pytest.mark.parametrize(
    "raw",
    [
        bytes((1, 0x72, 0x12, 32)) + bytes(32),
        bytes.fromhex("0172002508021221") + b"\x02" + KEY.public,
    ],
)
def test_a_name_of_another_kind_of_key_is_named_so(raw: bytes) -> None:
    assert code(multiformats.multibase.encode(raw, "base36")) == "ipns.key_type"


def test_an_old_name_of_an_rsa_key_is_named_so() -> None:
    assert code("QmcJM7PRfkSbcM5cf1QugM5R37TLRKyJGgBEhXjLTB8uA2") == "ipns.key_type"


def test_a_private_key_is_read_whole_and_only_with_its_own_public_half() -> None:
    data = write_key(KEY)
    assert data.hex().startswith("08011240")
    assert read_key(data) == KEY
    for bad in (data[:-1], data + b"x", data[:-1] + b"x", b"", b"x" * len(data)):
        assert read_key(bad) is None

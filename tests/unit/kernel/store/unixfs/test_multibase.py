"""CIDs in the bases of other tools, against another library's spelling of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID

from tallystick.base.errors import Error
from tallystick.kernel.store.unixfs.cid import (
    DAG_CBOR,
    DAG_PB,
    RAW,
    IpfsCid,
    name_block,
    name_inline,
)
from tallystick.kernel.store.unixfs.multibase import parse_any

BASES = ("base16", "base32", "base36", "base58btc", "base64url", "base16upper", "base32upper")
CIDS = st.binary(max_size=80).flatmap(
    lambda data: st.sampled_from(
        [*(name_block(data, codec) for codec in (RAW, DAG_PB, DAG_CBOR)), name_inline(data, RAW)]
    )
)


@given(CIDS, st.sampled_from(BASES))
def test_a_cid_is_read_from_any_base_another_library_writes(cid: IpfsCid, base: str) -> None:
    other = CID.decode(str(cid)).encode(base)
    assert parse_any(other) == cid
    assert parse_any(str(cid)) == cid


def test_the_first_version_is_read_in_its_own_spelling_alone() -> None:
    old = name_block(b"x", DAG_PB, version=0)
    assert parse_any(str(old)) == old
    for text in ("z" + str(old), "f" + old.raw.hex()):
        refused(text)


def test_no_text_names_what_another_text_of_its_base_does() -> None:
    text = str(name_block(b"x", RAW))
    other = CID.decode(text)
    refused(text + "a")
    refused(other.encode("base16") + "0")
    refused(other.encode("base64url") + "A")
    for base, zero in (("base36", "0"), ("base58btc", "1")):
        found = other.encode(base)
        assert parse_any(found).raw == bytes(other)
        refused(found[0] + zero + found[1:])


def refused(text: str) -> None:
    with pytest.raises(Error) as caught:
        parse_any(text)
    assert caught.value.code == "unixfs.cid"


@pytest.mark.parametrize(
    "text",
    [
        *("", "b", "f", "foo", "f0", "x01", "9123", "k", "z0", "z", "u=", "v05ah", "mAVUA"),
        *("bafkqaaa=", "bafkqaab", "bafkqaa", "bafkqaaaa", "Zb2rh", "UAVUAAA", "f0155000", "é"),
        *("k0", "z1", "f" + "0" * 300, "Qm", "Qm" + "0" * 44, "bafkq aaa", "bafkqaaa\n"),
    ],
)
def test_what_is_no_text_of_a_cid_is_refused(text: str) -> None:
    refused(text)

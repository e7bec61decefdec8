"""CIDs: one text each, what others read, and what is refused by name."""

from __future__ import annotations

import pytest
from multiformats import CID

from tallystick.base.errors import Corrupt, Error, Invalid
from tallystick.kernel.store.unixfs.cid import (
    DAG_CBOR,
    DAG_PB,
    IDENTITY_BYTES_MAX,
    RAW,
    IpfsCid,
    check_block,
    name_block,
    name_inline,
    read_leading,
)

EMPTY_V0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"
EMPTY_V1 = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


def refused(code: str, raw: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        IpfsCid(raw)
    assert caught.value.code == code
    assert caught.value.cure


@pytest.mark.parametrize("codec", [RAW, DAG_PB, DAG_CBOR])
def test_a_cid_of_version_1_is_read_by_another_library(codec: int) -> None:
    cid = name_block(b"some bytes", codec)
    theirs = CID.decode(str(cid))
    assert (theirs.version, theirs.codec.code, bytes(theirs)) == (1, codec, cid.raw)
    assert theirs.raw_digest == cid.digest
    assert IpfsCid.parse(str(cid)) == cid
    assert (cid.version, cid.codec, cid.inline) == (1, codec, None)


def test_a_cid_of_version_0_is_read_by_another_library() -> None:
    cid = name_block(b"some bytes", DAG_PB, 0)
    theirs = CID.decode(str(cid))
    assert (theirs.version, theirs.codec.code, bytes(theirs)) == (0, DAG_PB, cid.raw)
    assert IpfsCid.parse(str(cid)) == cid
    assert (cid.version, cid.codec) == (0, DAG_PB)
    assert cid.digest == name_block(b"some bytes", DAG_PB).digest


def test_a_small_content_may_stand_in_its_own_cid() -> None:
    assert str(name_inline(b"\x0a\x02\x08\x01", DAG_PB)) == "bafyaabakaieac"
    cid = IpfsCid.parse("bafyaabakaieac")
    assert (cid.inline, cid.digest, cid.codec) == (b"\x0a\x02\x08\x01",) * 2 + (DAG_PB,)
    largest = name_inline(bytes(IDENTITY_BYTES_MAX), RAW)
    assert IpfsCid.parse(str(largest)).inline == bytes(IDENTITY_BYTES_MAX)
    refused("unixfs.hash_function", bytes((1, RAW, 0, 0x81, 1)) + bytes(129))


@pytest.mark.parametrize(
    ("codec", "function"),
    [(0x72, 0x12), (0x0129, 0x12), (0x78, 0x12), (RAW, 0x13), (RAW, 0x16), (DAG_PB, 0xB220)],
)
def test_other_codecs_and_hash_functions_are_refused_by_name(codec: int, function: int) -> None:
    names = {0x72: "libp2p-key", 0x0129: "dag-json", 0x78: "git-raw"}
    functions = {0x13: "sha2-512", 0x16: "sha3-256", 0xB220: "blake2b-256"}
    name = {RAW: "raw", DAG_PB: "dag-pb", **names}[codec]
    size = {0x13: 64}.get(function, 32)
    theirs = CID("base32", 1, name, (functions.get(function, "sha2-256"), bytes(size)))
    wrong = "unixfs.codec" if codec in names else "unixfs.hash_function"
    refused(wrong, bytes(theirs))
    with pytest.raises(Invalid, match=f"0x{codec if codec in names else function:x}"):
        IpfsCid.parse(str(theirs))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01",
        b"\x00\x55\x12\x20" + bytes(32),
        b"\x02\x55\x12\x20" + bytes(32),
        b"\x01\x55\x12\x20" + bytes(31),
        b"\x01\x55\x12\x20" + bytes(33),
        b"\x01\x55\x12\x1f" + bytes(31),
        b"\x01\x55\x12\xa0\x00" + bytes(32),
        b"\x81\x00\x55\x12\x20" + bytes(32),
        b"\x12\x20" + bytes(31),
        b"\x12\x20" + bytes(33),
        b"\x01\x55\x00\x05abc",
        b"\xff" * 20,
    ],
)
def test_bytes_that_are_no_whole_cid_are_refused(raw: bytes) -> None:
    refused("unixfs.cid", raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "hello",
        EMPTY_V1.upper(),
        EMPTY_V1 + "a",
        EMPTY_V1[:-1],
        EMPTY_V1[:-1] + "5",
        EMPTY_V1 + "=",
        EMPTY_V0[:-1],
        EMPTY_V0 + "n",
        EMPTY_V0[:-1] + "0",
        "Qm" + "z" * 44,
        "z" + EMPTY_V1[1:],
        "b" * 300,
        "bä" + EMPTY_V1,
        "b" + EMPTY_V0,
    ],
)
def test_a_text_that_is_not_a_cids_one_spelling_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        IpfsCid.parse(text)
    assert caught.value.code in {"unixfs.cid", "unixfs.codec"}


def test_a_cid_that_begins_a_run_of_bytes_is_found_in_it() -> None:
    for cid in (IpfsCid.parse(EMPTY_V0), IpfsCid.parse(EMPTY_V1), name_inline(b"abc", RAW)):
        assert read_leading(b"??" + cid.raw + b"rest", 2) == 2 + len(cid.raw)


@pytest.mark.parametrize("cid", [EMPTY_V0, EMPTY_V1, "bafyaabakaieac"])
def test_a_block_is_what_its_cid_names_or_is_refused(cid: str) -> None:
    block = b"\x0a\x02\x08\x01"
    assert check_block(IpfsCid.parse(cid), block) == block
    for at in range(len(block) * 8):
        wrong = (int.from_bytes(block, "big") ^ 1 << at).to_bytes(len(block), "big")
        with pytest.raises(Corrupt) as caught:
            check_block(IpfsCid.parse(cid), wrong)
        error: Error = caught.value
        assert (error.code, error.values["cid"]) == ("unixfs.block", cid)

"""Where a form ends, the single file of docs/spec ends too: links, tags, depth and length."""

from __future__ import annotations

from typing import Final

import pytest

from chains import CHARTER
from decisions import Case, make_case
from docs.test_single_file import load
from tallystick.base import codec
from tallystick.base.codec import cid_of
from tallystick.base.errors import Invalid
from tallystick.chain.car import CAR_BYTES_MAX, read_car, write_car
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.evidence_file import admitted
from tallystick.chain.pin import Pin

SINGLE: Final = load()


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case()


def refuses(data: bytes) -> bool:
    try:
        SINGLE.decode(data, lambda _: True)
    except ValueError:
        return True
    return False


def say(data: bytes, pin: Pin) -> str:
    try:
        found = SINGLE.verify(data, pin.write())
    except ValueError:
        return "refused"
    (status,) = {status for _, status, _ in found}
    return str(status)


def say_product(data: bytes, pin: Pin) -> str:
    try:
        return str(verify_evidence(data, pin, CHARTER).status)
    except Invalid:
        return "refused"


def test_a_link_cut_off_at_the_end_is_refused_at_every_length() -> None:
    link = codec.encode(cid_of(b"x"))
    for data in (link, codec.encode([1, cid_of(b"x")]), codec.encode({"a": cid_of(b"x")})):
        assert not refuses(data)
        for gone in range(1, len(link) + 1):
            assert refuses(data[:-gone]), gone
    # A byte string of another length under the tag, each in its own right whole.
    for size in (0, 5, 36, 38):
        content = (b"\0" + cid_of(b"x").raw + b"\0")[:size]
        assert refuses(b"\xd8\x2a" + codec.encode(content)), size


def test_a_tag_stands_over_bytes_alone_and_depth_ends_for_every_kind(case: Case) -> None:
    link, deep = codec.encode(cid_of(b"x")), b"\x81" * 16
    assert not refuses(deep + link)
    assert refuses(deep + b"\x80")
    tags = b"\xd8\x2a" * 3_000
    for data in (b"\xd8\x2a" + link, b"\xd8\x2a\x01", b"\xd8\x2a\x80", b"\xf6", tags, tags + link):
        assert refuses(data), data[:8].hex()
        with pytest.raises(Invalid, match=r"codec\.form"):
            codec.decode(data, codec.value)
    section = bytes([len(tags) & 127 | 128, len(tags) >> 7]) + tags
    for data in (section, b"\xa4" + b"\xd8\x2a" * 1_500):
        assert say(data, case.pin()) == say_product(data, case.pin()) == "refused"


def test_evidence_longer_than_any_that_is_written_is_refused(case: Case) -> None:
    """The bound is the product's own; a file of that size, and one a byte longer."""
    car = read_car(case.file("record", claims=[admitted(0)]))
    fields = codec.decode(car.blocks[car.root], codec.value)
    kept = [(cid, block) for cid, block in car.blocks.items() if cid != car.root]
    others = [block for cid, block in kept if cid.codec == codec.DAG_CBOR]
    raws = [block for cid, block in kept if cid.codec == codec.RAW]

    def padded(size: int) -> bytes:
        filling = bytes(size)
        root = codec.encode({**fields, "objects": [*fields["objects"], cid_of(filling, codec.RAW)]})
        return write_car(cid_of(root), [root, *others], [*raws, filling])

    spare = CAR_BYTES_MAX - len(padded(CAR_BYTES_MAX // 2)) + CAR_BYTES_MAX // 2
    for size, expected in ((spare, "proven"), (spare + 1, "refused")):
        data = padded(size)
        assert len(data) == CAR_BYTES_MAX + size - spare
        assert say(data, case.pin()) == say_product(data, case.pin()) == expected

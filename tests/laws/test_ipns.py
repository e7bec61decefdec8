"""Laws of names and their records: what is signed comes back, and nothing else is ever read."""

from __future__ import annotations

from typing import Final

import multiformats
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.kernel.store.ipns.moment import MOMENT_MAX, read_moment, write_moment
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import (
    NUMBER_MAX,
    Pointer,
    Record,
    read_record,
    sign_record,
)
from tallystick.kernel.store.ipns.resolving import follow_name

KEYS: Final = [SigningKey.from_seed(bytes((number,)) * 32) for number in range(6)]
NAMES: Final = [IpnsName(key.public) for key in KEYS]
CID: Final = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
NUMBER: Final = st.integers(0, NUMBER_MAX)
SAID: Final = st.builds(
    lambda value, sequence, ends_ns, ttl_ns: Pointer(
        value=value, sequence=sequence, ends_ns=ends_ns, ttl_ns=ttl_ns
    ),
    st.binary(max_size=200),
    NUMBER,
    st.integers(0, MOMENT_MAX),
    NUMBER,
)
BASE: Final = st.sampled_from(["base16", "base32", "base36", "base58btc", "base64url"])


@given(st.sampled_from(KEYS), SAID, st.booleans())
def test_what_is_signed_comes_back(key: SigningKey, said: Pointer, is_old: bool) -> None:
    made = sign_record(key, said, is_old=is_old)
    assert read_record(IpnsName(key.public), made.raw) == made
    assert made.said == said


@given(SAID, st.data())
def test_a_flipped_bit_is_refused(said: Pointer, data: st.DataObject) -> None:
    raw = bytearray(sign_record(KEYS[0], said, is_old=False).raw)
    # Half of them in what is signed, at the record's end.
    back = data.draw(st.integers(1, len(raw) * 8) | st.integers(1, len(raw) * 4))
    bit = len(raw) * 8 - back
    raw[bit // 8] ^= 1 << bit % 8
    assert reading(bytes(raw)) in {"ipns.record", "ipns.signature"}


@given(SAID, st.data())
def test_beside_the_old_fields_only_what_nobody_believes_may_change(
    said: Pointer, data: st.DataObject
) -> None:
    raw = bytearray(sign_record(KEYS[0], said).raw)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert reading(bytes(raw)) in {"ipns.record", "ipns.signature", said}


def reading(raw: bytes) -> str | Pointer:
    """Return what a record of the first name says, or by which code it is refused."""
    try:
        return read_record(NAMES[0], raw).said
    except Invalid as error:
        return error.code


@given(st.binary(max_size=400), st.integers(0, 200), st.sampled_from(NAMES))
@example(b"", 200, NAMES[1])
def test_no_bytes_are_a_record_that_was_not_signed(data: bytes, kept: int, name: IpnsName) -> None:
    said = Pointer(value=b"x", sequence=1, ends_ns=1, ttl_ns=1)
    whole = sign_record(KEYS[0], said, is_old=False).raw
    raw = whole[:kept] + data
    if raw == whole and name == NAMES[0]:
        return
    with pytest.raises(Invalid) as caught:
        read_record(name, raw)
    assert caught.value.code in {"ipns.record", "ipns.signature"}


@given(st.binary(min_size=32, max_size=32), BASE)
def test_a_name_is_the_same_in_every_base(public: bytes, base: str) -> None:
    name = IpnsName(public)
    raw = bytes.fromhex("0172002408011220") + public
    assert IpnsName.parse(multiformats.multibase.encode(raw, base)) == name
    assert IpnsName.parse(str(name)) == name


@given(st.text(max_size=80) | st.from_regex(r"\A(k51|12D3Koo|Qm|k2|b|z)[0-9A-Za-z]{0,70}\Z"))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    found = parsed(text)
    if isinstance(found, IpnsName):
        assert parsed(str(found)) == found
    else:
        assert found in {"ipns.name", "ipns.key_type"}


def parsed(text: str) -> IpnsName | str:
    """Return the name of a text, or by which code it is refused."""
    try:
        return IpnsName.parse(text)
    except Error as error:
        return error.code


@given(st.integers(0, MOMENT_MAX))
@example(MOMENT_MAX)
def test_a_moment_comes_back_and_later_ones_are_greater(moment_ns: int) -> None:
    assert read_moment(write_moment(moment_ns)) == moment_ns


STEP: Final = st.tuples(
    st.sampled_from(
        [
            *(f"/ipns/{name}" for name in NAMES),
            *(f"/ipns/{name}/deep" for name in NAMES[:2]),
            *(f"/ipfs/{CID}", f"/ipfs/{CID}/a", "/ipfs/none", "/ipns/example.com", "", "x"),
        ]
    ).map(str.encode)
    | st.binary(max_size=8),
    st.integers(0, 10**12),
    st.integers(1, 10**12),
)


@given(st.lists(st.none() | STEP, min_size=6, max_size=6))
def test_a_name_leads_somewhere_for_no_longer_than_each_on_the_way_allows_or_nowhere(
    steps: list[tuple[bytes, int, int] | None],
) -> None:
    kept: dict[IpnsName, Record] = {}
    for key, name, step in zip(KEYS, NAMES, steps, strict=True):
        if step is not None:
            value, ttl_ns, ends_ns = step
            said = Pointer(value=value, sequence=0, ends_ns=ends_ns, ttl_ns=ttl_ns)
            kept[name] = sign_record(key, said)
    asked: list[IpnsName] = []

    def find(name: IpnsName) -> Record | None:
        asked.append(name)
        return kept.get(name)

    found = follow_name(find, NAMES[0], 0)
    assert len(asked) <= 32
    if found is None:
        return
    assert len(set(asked)) == len(asked)
    led = [kept[name].said for name in asked]
    assert found.age_s == min(min(each.ttl_ns, each.ends_ns) for each in led) // 10**9
    assert str(found.cid) == CID
    assert led[-1].value.startswith(f"/ipfs/{CID}".encode())

"""Sealed objects open only where they stand, with their key, to what the record commits to."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tallystick.base import codec
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Corrupt, Error, Invalid
from tallystick.chain.disclosure import Opening, verify_disclosure
from tallystick.chain.seal import Place, Sealed, derive_keys, draw_material, open_sealed, seal
from tallystick.chain.verdict import Contradicted

FIELDS: Final = {
    "party": codec.exact_bytes(16),
    "profile": codec.value,
    "words": codec.text(70_000, 0),
    "assent": codec.value,
}
PLACE: Final = Place(bytes(32), "bank-a", b"i" * 16, "case.applied", 1, "party")
VALUES: Final[dict[str, Any]] = {
    "party": bytes.fromhex("01550003616263") + bytes(9),
    "profile": {"area_m2": 3_300, "crops": [1, 2]},
    "assent": {"pub": bytes(32)},
}
LAST: Final = VALUES["assent"]


def sealed(seed: str = "a", place: Place = PLACE, **values: object) -> tuple[Sealed, bytes]:
    material = draw_material(SeededEntropy(seed), len(FIELDS))
    found = seal({**VALUES, **values}, place=place, fields=FIELDS, material=material)  # type: ignore[dict-item]
    return found, material.data_key


def opened(found: Sealed, data_key: bytes, place: Place = PLACE) -> Opening:
    return open_sealed(
        found.data, place=place, fields=FIELDS, stated=found.tree(), data_key=data_key
    )


def test_what_was_sealed_opens_to_the_same_fields_and_knows_which_are_absent() -> None:
    found, key = sealed()
    opening = opened(found, key)
    assert opening == found.opening
    assert opening.values == VALUES
    assert list(opening.slots) == list(FIELDS)
    assert len(opening.slots["words"]) == 1


def test_an_empty_value_is_not_an_absent_one() -> None:
    absent, filled = sealed()[0], sealed(words="")[0]
    assert absent.com != filled.com
    assert filled.opening.values["words"] == ""


def test_objects_come_in_six_sizes_whatever_they_hold() -> None:
    lengths = [0, 500, 1_700, 1_900, 3_000, 7_000, 15_000, 31_000, 60_000]
    objects = [sealed(words="x" * length)[0] for length in lengths]
    assert {each.size for each in objects} == {2_048, 4_096, 8_192, 16_384, 32_768, 65_536}
    assert all(len(each.data) == each.size + 81 for each in objects)


def test_fields_beyond_64_kib_are_refused() -> None:
    with pytest.raises(Invalid, match=r"seal\.size"):
        sealed(words="x" * 65_500)


@pytest.mark.parametrize(
    "change",
    [
        {"chain": b"\x01" * 32},
        {"member": "bank-b"},
        {"record": b"j" * 16},
        {"kind": "case.closed"},
        {"version": 2},
        {"sealed": "case"},
    ],
)
def test_an_object_opens_at_no_other_place(change: dict[str, Any]) -> None:
    found, key = sealed()
    with pytest.raises(Invalid, match=r"seal\.key"):
        opened(found, key, dataclasses.replace(PLACE, **change))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Invalid, match=r"seal\.key"):
        opened(sealed()[0], bytes(32))


def test_every_altered_byte_of_an_object_is_a_fault() -> None:
    found, key = sealed()
    for at in range(len(found.data)):
        altered = bytearray(found.data)
        altered[at] ^= 1 << at % 8
        forged = dataclasses.replace(found, data=bytes(altered))
        with pytest.raises(Error):
            opened(forged, key)


def test_the_commitment_of_another_record_is_a_fault() -> None:
    found, key = sealed()
    other = dataclasses.replace(found, com=sealed("b")[0].com)
    with pytest.raises(Corrupt, match=r"seal\.com"):
        opened(other, key)


def test_another_object_of_the_same_fields_is_not_the_one_named() -> None:
    found, key = sealed()
    material = draw_material(SeededEntropy("a"), len(FIELDS))
    other = dataclasses.replace(material, nonce=bytes(32))
    twin = seal(VALUES, place=PLACE, fields=FIELDS, material=other)
    assert (twin.com, opened(twin, key)) == (found.com, found.opening)
    with pytest.raises(Corrupt, match=r"seal\.object"):
        open_sealed(twin.data, place=PLACE, fields=FIELDS, stated=found.tree(), data_key=key)


def _encrypted(plain: bytes, key: bytes, com: bytes) -> Sealed:
    """Return an object of any plain text, made by a writer who does not keep the rules."""
    info, nonce = PLACE.info(), bytes(32)
    k, kc = derive_keys(key, nonce, info)
    data = b"\x01" + nonce + kc + AESGCM(k).encrypt(bytes(12), plain, info)
    return Sealed(data, com, len(plain), sealed()[0].opening)


def _plain(body: bytes, size: int = 2_048, fill: bytes = b"\x00") -> bytes:
    return (len(body).to_bytes(4, "big") + body).ljust(size, fill)


def test_a_writer_who_pads_otherwise_or_seals_other_fields_is_found_out() -> None:
    honest, key = sealed()
    body = codec.encode(dict(honest.opening.slots))
    assert opened(_encrypted(_plain(body), key, honest.com), key) == honest.opening
    more = codec.encode({**honest.opening.slots, "extra": [bytes(16), 1]})
    fewer = codec.encode({"party": honest.opening.slots["party"]})
    wrong = codec.encode({**honest.opening.slots, "party": [bytes(16), b"short"]})
    for plain in (
        _plain(body, 4_096),
        _plain(body, fill=b"\x01"),
        (2**32 - 1).to_bytes(4, "big") + bytes(2_044),
        _plain(more),
        _plain(fewer),
        _plain(wrong),
        _plain(b"\xa0"),
        _plain(b""),
    ):
        with pytest.raises(Corrupt):
            opened(_encrypted(plain, key, honest.com), key)


def _gf_mul(x: int, y: int) -> int:
    """Multiply in GHASH's field (bits reflected, NIST SP 800-38D algorithm 1)."""
    z = 0
    for i in range(128):
        if x >> (127 - i) & 1:
            z ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return z


def _gf_inverse(x: int) -> int:
    result, power = 1 << 127, x
    for bit in range(128):
        if (2**128 - 2) >> bit & 1:
            result = _gf_mul(result, power)
        power = _gf_mul(power, power)
    return result


def _ghash(h: int, blocks: list[bytes]) -> int:
    y = 0
    for block in blocks:
        y = _gf_mul(y ^ int.from_bytes(block, "big"), h)
    return y


def _blocks(data: bytes) -> list[bytes]:
    padded = data + bytes(-len(data) % 16)
    return [padded[at : at + 16] for at in range(0, len(padded), 16)]


def test_a_ciphertext_that_gcm_opens_under_two_keys_is_refused_under_the_second() -> None:
    """The classic forgery: solve one block so that both keys give one tag."""
    honest, key = sealed()
    info, nonce, second = PLACE.info(), bytes(32), b"\x07" * 32
    k1, kc = derive_keys(key, nonce, info)
    k2, _ = derive_keys(second, nonce, info)
    body = codec.encode(dict(honest.opening.slots))
    ciphertext = bytearray(AESGCM(k1).encrypt(bytes(12), _plain(body), info)[:-16])
    # The tag of nothing is E(k, J0): what GCM adds to the sum.
    h, mask = [], []
    for k in (k1, k2):
        mask.append(int.from_bytes(AESGCM(k).encrypt(bytes(12), b"", b"")[:16], "big"))
        h.append(_hash_key(k))
    lengths = (len(info) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
    ciphertext[-16:] = bytes(16)
    blocks = [*_blocks(info), *_blocks(bytes(ciphertext)), lengths]
    # The free block is the last of the ciphertext; it enters the sum times h^2.
    difference = _ghash(h[0], blocks) ^ _ghash(h[1], blocks) ^ mask[0] ^ mask[1]
    factor = _gf_mul(h[0], h[0]) ^ _gf_mul(h[1], h[1])
    ciphertext[-16:] = _gf_mul(difference, _gf_inverse(factor)).to_bytes(16, "big")
    blocks = [*_blocks(info), *_blocks(bytes(ciphertext)), lengths]
    tag = (_ghash(h[0], blocks) ^ mask[0]).to_bytes(16, "big")
    both = bytes(ciphertext) + tag
    assert AESGCM(k1).decrypt(bytes(12), both, info) != AESGCM(k2).decrypt(bytes(12), both, info)
    forged = Sealed(b"\x01" + nonce + kc + both, honest.com, 2_048, honest.opening)
    with pytest.raises(Invalid, match=r"seal\.key"):
        opened(forged, second)
    with pytest.raises(Corrupt, match=r"seal\.padding"):
        opened(forged, key)


def _hash_key(k: bytes) -> int:
    """Return H = E(k, 0^128)."""
    encryptor = Cipher(algorithms.AES(k), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(bytes(16)), "big")


def disclosed(row: list[Any], com: bytes, **changes: Any) -> object:
    given = {"record": PLACE.record, "sealed": "party", "fields": FIELDS, "com": com, **changes}
    return verify_disclosure(row, **given)


def test_every_field_can_be_disclosed_alone_absent_ones_as_absent() -> None:
    found = sealed()[0]
    for name in FIELDS:
        row = found.opening.disclose(name)
        shown = verify_disclosure(
            row, record=PLACE.record, sealed="party", fields=FIELDS, com=found.com
        )
        assert (shown.name, shown.filled) == (name, name in VALUES)
        assert shown.value == VALUES.get(name)
        assert shown.leaf == found.opening.leaf_hash(name)


def test_forged_disclosures_fail() -> None:
    opening, com = sealed()[0].opening, sealed()[0].com
    name, salt, value, path = opening.disclose("party")
    for row in (
        [name, salt, b"q" * 16, path],
        [name, bytes(16), value, path],
        [name, salt, path],
        ["assent", salt, value, path],
        ["unknown", salt, value, path],
        [name, salt, value, path[:-1]],
        [name, salt, value, [*path, bytes(32)]],
        [*opening.disclose("words")[:2], "", opening.disclose("words")[2]],
    ):
        with pytest.raises(Contradicted):
            disclosed(row, com)
    changes: list[dict[str, Any]] = [
        {"record": bytes(16)},
        {"sealed": "case"},
        {"com": bytes(32)},
    ]
    for change in changes:
        with pytest.raises(Contradicted):
            disclosed([name, salt, value, path], **{"com": com, **change})


def test_a_disclosure_of_another_form_is_refused() -> None:
    name, salt, value, path = sealed()[0].opening.disclose("party")
    for row in ([name, salt], [name, salt, value, path, 1], [name, b"s", value, path], [1, 2, 3]):
        with pytest.raises(Invalid, match=r"codec\.form"):
            disclosed(row, bytes(32))


def test_what_the_writer_sealed_against_its_type_is_not_shown_as_a_field() -> None:
    loose = dict.fromkeys(FIELDS, codec.value)
    material = draw_material(SeededEntropy("a"), len(FIELDS))
    found = seal({"party": 7}, place=PLACE, fields=loose, material=material)
    row = found.opening.disclose("party")
    with pytest.raises(Contradicted, match=r"disclosure\.value"):
        disclosed(row, found.com)


def test_a_value_its_field_does_not_allow_is_not_sealed() -> None:
    with pytest.raises(Invalid):
        sealed(party=b"short")
    with pytest.raises(Invalid):
        sealed(unknown=1)


def test_nothing_drawn_is_drawn_twice() -> None:
    entropy = SeededEntropy("a")
    first, second = draw_material(entropy, 3), draw_material(entropy, 3)
    drawn = [*first.salts, *second.salts, first.nonce, second.nonce]
    drawn += [first.data_key, second.data_key]
    assert len(set(drawn)) == len(drawn)
    assert first.data_key.hex() not in repr(first)

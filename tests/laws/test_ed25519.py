"""One strict rule of validity: ours accepts only what every library accepts.

Each disagreement is made here from the curve's own arithmetic, so that nothing rests on one
library's word: points of small order, encodings that are not reduced, s >= L, keys of mixed order.
libsodium, OpenSSL (cryptography) and dalek (solders) judge the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from nacl.exceptions import CryptoError

from tallystick import _native
from tallystick.base.keys import SigningKey, is_point, verify, verify_many

solders_signature = pytest.importorskip("solders.signature")
solders_pubkey = pytest.importorskip("solders.pubkey")

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]
ZERO: Point = (0, 1)


# ---- the curve, from RFC 8032 section 5.1


def add(a: Point, b: Point) -> Point:
    k = D * a[0] * b[0] * a[1] * b[1] % P
    # One inversion serves both divisors, 1 + k and 1 - k.
    inverse = pow(1 - k * k, -1, P)
    x = (a[0] * b[1] + b[0] * a[1]) * (1 - k) * inverse
    y = (a[1] * b[1] + a[0] * b[0]) * (1 + k) * inverse
    return x % P, y % P


def times(number: int, point: Point) -> Point:
    found = ZERO
    while number:
        if number & 1:
            found = add(found, point)
        point = add(point, point)
        number >>= 1
    return found


def x_of(y: int, sign: int) -> int | None:
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(squared, (P + 3) // 8, P)
    if x * x % P != squared:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != squared:
        return None
    return P - x if x and x % 2 != sign else x


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


BASE: Point = (x_of(4 * pow(5, -1, P) % P, 0) or 0, 4 * pow(5, -1, P) % P)


def small_points() -> list[Point]:
    """Return the eight points whose order divides 8: multiples of L times any point outside."""
    for y in range(2, 50):
        x = x_of(y, 0)
        found = ZERO if x is None else times(L, (x, y))
        if times(4, found) != ZERO:
            return [times(number, found) for number in range(8)]
    raise AssertionError


SMALL = small_points()


def spellings(point: Point) -> list[bytes]:
    """Return the encodings of a point that some decoder takes: the sign of x = 0, y plus p."""
    x, y = point
    signs = (0, 1) if x == 0 else (x % 2,)
    ys = [y + P] if y + P < 2**255 else []
    return [(each | sign << 255).to_bytes(32, "little") for each in (y, *ys) for sign in signs]


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


# ---- the judges


def libsodium(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        bindings.crypto_sign_open(signature + message, public)
    except (CryptoError, ValueError):
        return False
    return True


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def dalek(public: bytes, message: bytes, signature: bytes) -> bool:
    key = solders_pubkey.Pubkey.from_bytes(public)
    return bool(solders_signature.Signature.from_bytes(signature).verify(key, message))


JUDGES = {"libsodium": libsodium, "openssl": openssl, "dalek": dalek}


@dataclass(frozen=True)
class Case:
    name: str
    public: bytes
    message: bytes
    signature: bytes
    valid: bool

    def judged(self) -> dict[str, bool]:
        given = (self.public, self.message, self.signature)
        return {name: judge(*given) for name, judge in JUDGES.items()}


def of_small_order() -> Iterator[Case]:
    """A of small order: with s = 0 or more and R to fit, the equation holds for any message."""
    for number, point in enumerate(SMALL):
        for spelled, public in enumerate(spellings(point)):
            for at in range(400):
                message = b"small %d" % at
                nonce = 1 + at
                r = encode(times(nonce, BASE))
                k = challenge(r, public, message)
                if times(k, point) == ZERO:
                    signature = r + nonce.to_bytes(32, "little")
                    yield Case(f"small A {number}.{spelled}", public, message, signature, False)
                    break


def with_small_r() -> Iterator[Case]:
    """R of small order under an honest key: s = k a."""
    seed = hashlib.sha512(b"e" * 32).digest()[:32]
    a = int.from_bytes(seed, "little") & ((1 << 254) - 8) | 1 << 254
    public = encode(times(a, BASE))
    for number, point in enumerate(SMALL):
        for spelled, r in enumerate(spellings(point)):
            k = challenge(r, public, b"r")
            signature = r + (k * a % L).to_bytes(32, "little")
            yield Case(f"small R {number}.{spelled}", public, b"r", signature, False)


def of_mixed_order() -> Iterator[Case]:
    """A = aB + T: valid without a cofactor where k T is zero, invalid where it is not."""
    a = 2**200 + 12_345
    for number, point in enumerate(SMALL[1:], start=1):
        public = encode(add(times(a, BASE), point))
        seen: set[bool] = set()
        for at in range(64):
            message = b"mixed %d" % at
            r = encode(times(at + 7, BASE))
            k = challenge(r, public, message)
            valid = times(k, point) == ZERO
            if valid not in seen:
                seen.add(valid)
                signature = r + ((at + 7 + k * a) % L).to_bytes(32, "little")
                yield Case(f"mixed A {number} {valid}", public, message, signature, valid)


def with_other_s() -> Iterator[Case]:
    key = SigningKey.from_seed(b"s" * 32)
    honest = key.sign(b"m")
    s = int.from_bytes(honest[32:], "little")
    yield Case("honest", key.public, b"m", honest, True)
    for name, number in {
        "s + L": s + L,
        "s + 8 L": s + 8 * L,
        "L": L,
        "L - 1": L - 1,
        "2^256 - 1": 2**256 - 1,
        "top bit": s | 1 << 255,
    }.items():
        if number < 2**256:
            signature = honest[:32] + number.to_bytes(32, "little")
            yield Case(name, key.public, b"m", signature, False)


def off_the_curve() -> Iterator[Case]:
    honest = SigningKey.from_seed(b"s" * 32).sign(b"m")
    off = [y.to_bytes(32, "little") for y in range(2, 40) if x_of(y, 0) is None]
    for number, public in enumerate(off[:8]):
        yield Case(f"off the curve {number}", public, b"m", honest, False)


CASES = [
    case
    for made in (of_small_order, with_small_r, of_mixed_order, with_other_s, off_the_curve)
    for case in made()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rule_says_what_it_says(case: Case) -> None:
    assert verify(case.public, case.message, case.signature) is case.valid


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_ours_accepts_every_library_accepts(case: Case) -> None:
    if verify(case.public, case.message, case.signature):
        assert case.judged() == dict.fromkeys(JUDGES, True)


BUILT = pytest.mark.skipif(
    not _native.is_signatures_built(), reason="the loop over signatures was not compiled here"
)


@pytest.mark.parametrize("built", [pytest.param(True, marks=BUILT), False])
def test_many_at_once_are_judged_as_each_alone(
    monkeypatch: pytest.MonkeyPatch, *, built: bool
) -> None:
    monkeypatch.setattr(_native, "is_signatures_built", lambda: built)
    short = Case("short", CASES[0].public[:31], b"m", bytes(63), False)
    cases = [*CASES, short, *reversed(CASES)]
    rows = [(case.public, case.message, case.signature) for case in cases]
    assert verify_many(rows) == [case.valid for case in cases]
    assert verify_many([]) == []


@BUILT
def test_the_loop_refuses_rows_of_another_form_before_any_is_checked() -> None:
    row = (bytes(32), b"", bytes(64))
    short, long, text = (bytes(31), *row[1:]), (*row[:2], bytes(65)), (row[0], "", row[2])
    for wrong in (short, long, text, row[:2], list(row), None):
        with pytest.raises(ValueError, match="a row is"):
            # The address is no function's: were one row opened, this process would end.
            _native.signatures.check_many(0, [row, wrong])  # type: ignore[list-item]


def test_the_libraries_disagree_on_these_bytes_and_ours_refuses_them_all() -> None:
    """If they agreed, these cases would test nothing."""
    split = [case for case in CASES if len(set(case.judged().values())) == 2]
    kinds = {case.name.split()[0] + " " + case.name.split()[1] for case in split}
    assert {"small A", "small R"} <= kinds
    assert not [case.name for case in split if verify(case.public, case.message, case.signature)]
    by_judge = {name: sum(case.judged()[name] for case in CASES) for name in JUDGES}
    ours = sum(verify(case.public, case.message, case.signature) for case in CASES)
    assert ours <= min(by_judge.values())
    assert max(by_judge.values()) > ours


def test_every_small_point_in_every_spelling_is_named() -> None:
    assert len(set(SMALL)) == 8
    all_spellings = {each for point in SMALL for each in spellings(point)}
    assert len(all_spellings) >= 14
    assert not any(is_point(each) for each in all_spellings)


def test_the_golden_cases_are_judged_alike_where_ours_accepts(shared: Path) -> None:
    cases: list[dict[str, Any]] = json.loads((shared / "vectors" / "ed25519.json").read_text())[
        "cases"
    ]
    split = 0
    for each in cases:
        public, message, signature = (
            bytes.fromhex(each[name]) for name in ("pub", "message", "sig")
        )
        case = Case(each["name"], public, message, signature, each["expect"]["valid"])
        assert verify(public, message, signature) is case.valid, case.name
        judged = case.judged()
        split += len(set(judged.values())) == 2
        if case.valid:
            assert all(judged.values()), case.name
    assert split


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.data())
def test_honest_signatures_are_the_same_bytes_and_mutated_ones_fail_everywhere(
    seed: bytes, message: bytes, data: st.DataObject
) -> None:
    key, theirs = SigningKey.from_seed(seed), Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(message)
    assert signature == theirs.sign(message)
    assert key.public == theirs.public_key().public_bytes_raw()
    assert all(judge(key.public, message, signature) for judge in (verify, *JUDGES.values()))
    at, bit = data.draw(st.integers(0, 63)), data.draw(st.integers(0, 7))
    altered = signature[:at] + bytes([signature[at] ^ 1 << bit]) + signature[at + 1 :]
    assert not any(judge(key.public, message, altered) for judge in (verify, *JUDGES.values()))


SMALL_YS = {y % P for _, y in SMALL}
NEAR = sorted({0, P, 2**255 - 1, *SMALL_YS})


@given(
    st.integers(0, 2**255 - 1)
    | st.builds(lambda y, off: (y + off) % 2**255, st.sampled_from(NEAR), st.integers(-20, 20)),
    st.booleans(),
)
def test_a_point_is_a_reduced_y_of_no_small_order(y: int, sign: bool) -> None:
    found = is_point((y | sign << 255).to_bytes(32, "little"))
    assert found == (y < P and y not in SMALL_YS)

"""A file that proves a member's wrong answer: over signed links, and never of an honest one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from links import CHAIN, NAMES, End, List, key_of, open_pair
from tallystick.base.codec import encode
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.chain.equivocation import is_equivocation
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.link.base import Exchange
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.link.signature import content_digest, sign
from tallystick.kernel.link.trust import TAG, answer_values, request_values
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest, hash_pieces
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.spread.wrong_answer import (
    WrongAnswer,
    is_wrong_answer,
    verify_wrong_answer,
    write_wrong_answer,
)
from tallystick.kernel.store.zigzag.coder import encode as code
from tallystick.kernel.store.zigzag.layout import Layout
from tallystick.kernel.store.zigzag.profile import find_profile

SHARD = 1
DATA = random.Random(7).randbytes(5_000)
LISTED = List().members
PATH = "/link/v1/spread.read"


def make_manifest(data: bytes) -> tuple[Manifest, list[bytes]]:
    layout = Layout(find_profile("zz-4+2"), len(data))
    segment = layout.segment(0)
    pieces = [bytes(each) for each in code(data, layout.profile)]
    return Manifest.of(bytes(16), "bank", layout, [hash_pieces(segment, pieces)]), pieces


MANIFEST, PIECES = make_manifest(DATA)


@dataclass
class Two:
    """A member that reads, and one that holds a shard."""

    bank: End
    coop: End
    rings: list[Ring]
    shard: Path

    def rot(self, at: int) -> None:
        data = bytearray(self.shard.read_bytes())
        data[at] ^= 1
        self.shard.write_bytes(data)

    def ask(self, chunks: Sequence[int] = (0, 2)) -> Exchange:
        answer = self.rings[0].ask("coop", MANIFEST.cid, ([0], SHARD), chunks)
        assert answer.exchange is not None
        assert answer.exchange.body == answer.body
        return answer.exchange


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with open_pair(tmp_path) as (bank, coop):
        rings = [Ring(end.link, Holding(tmp_path / f"{end.link.member}-s")) for end in (bank, coop)]
        rings[0].write("coop", (MANIFEST.id, SHARD), 0, PIECES[SHARD])
        rings[0].finish("coop", MANIFEST, SHARD)
        home = rings[1].own.folder / MANIFEST.cid.digest.hex()
        yield Two(bank, coop, rings, home / str(SHARD))


def judge(data: bytes, members: Members = LISTED, chain: bytes = CHAIN) -> WrongAnswer:
    return verify_wrong_answer(data, chain=chain, members=members)


def sign_by(
    asked: bytes,
    body: bytes,
    *,
    path: str = PATH,
    key: SigningKey | None = None,
    address: str = "http://127.0.0.1:1",
) -> Exchange:
    """Return a question of the bank's, whatever it asks, and an answer as the cooperative signs."""
    target = address + path
    stated = {
        "content-digest": content_digest(asked),
        "tally-chain": CHAIN.hex(),
        "tally-to": "coop",
    }
    told = (("created", 7), ("expires", 57), ("nonce", "0" * 32), ("keyid", "bank/3"), ("tag", TAG))
    request = sign(key_of("bank"), request_values("POST", target, stated), told)
    values = answer_values(200, {"content-digest": content_digest(body)}, request["signature"])
    answer = sign(
        key or key_of("coop"), values, (("created", 8), ("keyid", "coop/3"), ("tag", TAG))
    )
    pairs = [(each["signature-input"], each["signature"]) for each in (request, answer)]
    return Exchange(target, asked, pairs[0], pairs[1], body)


def question(
    chunks: Sequence[int] = (0,), *, shard: int = SHARD, places: Sequence[int] = (0,)
) -> bytes:
    return encode([MANIFEST.cid, shard, [*places], [*chunks]])


# ---- what it proves


def test_rotten_bytes_that_a_member_signed_name_it_and_the_place(two: Two) -> None:
    size = MANIFEST.layout.segment(0).sub_chunk_bytes
    two.rot(2 * size)
    data = write_wrong_answer(two.ask(), MANIFEST)
    assert is_wrong_answer(data)
    assert not is_equivocation(data)
    found = judge(data)
    assert (found.member, found.caller, found.cid) == ("coop", "bank", MANIFEST.cid)
    assert (found.shard, found.segment, found.sub_chunk) == (SHARD, 0, 2)
    assert found.answered_s >= found.asked_s > 1_600_000_000
    assert len(data) < len(MANIFEST.data) + 2 * size + 1_500, "nothing that is not needed"


@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"x", lambda _: b""])
def test_an_answer_of_another_length_is_wrong_too(
    two: Two, change: Callable[[bytes], bytes]
) -> None:
    truly = two.rings[1]._handlers["spread.read"]
    two.coop.link.serve({"spread.read": lambda who, asked: change(truly(who, asked))})
    assert judge(write_wrong_answer(two.ask(), MANIFEST)).member == "coop"


def test_every_byte_of_it_counts(two: Two) -> None:
    two.rot(0)
    data = write_wrong_answer(two.ask((0,)), MANIFEST)
    judge(data)
    passed = []
    for at in range(len(data)):
        for bit in (0x01, 0x80):
            changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            try:
                judge(changed)
            except Error:
                continue
            passed.append((at, bit))
    assert passed == []
    for cut in (data[:-1], data + b"\x00", b""):
        with pytest.raises(Error, match="codec"):
            judge(cut)


# ---- what it never proves


def test_an_honest_answer_proves_nothing_whatever_is_asked(two: Two) -> None:
    for chunks in ((0,), (7,), (0, 2, 5), tuple(range(8))):
        with pytest.raises(Contradicted, match=r"wrong_answer\.right"):
            judge(write_wrong_answer(two.ask(chunks), MANIFEST))
    # A member answers these in order and once each, as it stands in its handler.
    for chunks in ((2, 0), (3, 3)):
        with pytest.raises(Contradicted, match=r"wrong_answer\.question"):
            judge(write_wrong_answer(two.ask(chunks), MANIFEST))
    other, _ = make_manifest(DATA[::-1])
    with pytest.raises(Contradicted, match=r"wrong_answer\.question"):
        judge(write_wrong_answer(two.ask(), other))


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (question(), "/link/v1/spread.held"),
        (question(), "/link/v1/spread.held?/link/v1/spread.read"),
        (question(), "/x/link/v1/spread.read"),
        (question(shard=6), PATH),
        (question(places=(1,)), PATH),
        (question((8,)), PATH),
    ],
)
def test_what_is_no_read_of_the_object_proves_nothing(asked: bytes, path: str) -> None:
    data = write_wrong_answer(sign_by(asked, b"no", path=path), MANIFEST)
    with pytest.raises(Contradicted, match=r"wrong_answer\.question"):
        judge(data)


def test_a_host_that_holds_the_method_moves_no_other_methods_answer() -> None:
    found = sign_by(question(), b"no", address="http://h/link/v1/spread.read#")
    with pytest.raises(Contradicted, match=r"wrong_answer\.question"):
        judge(write_wrong_answer(found, MANIFEST))


def test_a_manifest_that_lies_about_no_bytes_accuses_nobody() -> None:
    """An owner that hashes what is not kept otherwise: an honest holder answers nothing for it."""
    short, _ = make_manifest(b"abc")
    digests = bytearray(short.digests[0])
    at = SHARD * short.layout.profile.alpha * 32
    digests[at : at + 32] = bytes(32)
    false = Manifest.of(bytes(16), "bank", short.layout, [bytes(digests)])
    asked = encode([false.cid, SHARD, [0], [0]])
    with pytest.raises(Contradicted, match=r"wrong_answer\.right"):
        judge(write_wrong_answer(sign_by(asked, b""), false))


def test_what_was_changed_on_the_way_proves_nothing(two: Two) -> None:
    honest = two.ask()
    damaged = replace(honest, body=honest.body[:-1] + bytes([honest.body[-1] ^ 1]))
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(write_wrong_answer(damaged, MANIFEST))
    # Nor does the answer to one question stand under another, though both are the bank's.
    other = two.ask((1, 3))
    swapped = replace(other, answer=honest.answer, body=honest.body)
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(write_wrong_answer(swapped, MANIFEST))
    moved = replace(honest, asked=other.asked)
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(write_wrong_answer(moved, MANIFEST))


def test_nobody_is_accused_by_anothers_signature() -> None:
    forged = sign_by(question(), b"no", key=key_of("bank"))
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(write_wrong_answer(forged, MANIFEST))
    data = write_wrong_answer(sign_by(question(), b"no"), MANIFEST)
    assert judge(data).member == "coop"
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(data, chain=bytes(32))
    bank = LISTED.by_name["bank"]
    with pytest.raises(Missing, match=r"exchange\.key"):
        judge(data, Members.of([bank]))
    other = Member("coop", "bank", (Key(3, "link", 1, key_of("other").public, 0, None),))
    with pytest.raises(Contradicted, match=r"exchange\.signature"):
        judge(data, Members.of([bank, other]))


def test_an_answer_to_another_purpose_is_none(two: Two) -> None:
    two.rot(0)
    found = two.ask((0,))

    def retag(pair: tuple[str, str]) -> tuple[str, str]:
        return pair[0].replace(TAG, "tally-news"), pair[1]

    for changed in (
        replace(found, request=retag(found.request)),
        replace(found, answer=retag(found.answer)),
    ):
        with pytest.raises(Contradicted, match=r"exchange\.signature"):
            judge(write_wrong_answer(changed, MANIFEST))


def test_within_one_process_nothing_is_signed(tmp_path: Path) -> None:
    network = Network()
    links = [network.join(name) for name in NAMES]
    rings = [Ring(link, Holding(tmp_path / link.member)) for link in links]
    rings[0].write("coop", (MANIFEST.id, SHARD), 0, PIECES[SHARD])
    rings[0].finish("coop", MANIFEST, SHARD)
    assert rings[0].ask("coop", MANIFEST.cid, ([0], SHARD), [0]).exchange is None
    assert rings[1].ask("coop", MANIFEST.cid, ([0], SHARD), [0]).exchange is None

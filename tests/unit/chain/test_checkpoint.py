"""Checkpoints speak only with a quorum of distinct members, over exactly the bytes they signed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from chains import NAME, SmallChain
from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import (
    Body,
    Checkpoint,
    cosign,
    equivocators,
    read_note,
    verify_checkpoint,
    write_note,
)
from tallystick.chain.member import Key, Member, Members, quorum
from tallystick.chain.verdict import Contradicted, Missing


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    found.cut(("operator", [found.record("fund.allocated", {"amount": 5})]))
    return found


def verified(chain: SmallChain, note: bytes) -> Checkpoint:
    return verify_checkpoint(note, name=NAME, chain=chain.chain, members=chain.lists[0])


def test_a_quorum_gives_authority_and_one_less_does_not(chain: SmallChain) -> None:
    found = verified(chain, chain.note(1, ["bank-a", "bank-b", "operator"]))
    assert found.body == chain.body(1)
    assert list(found.signers) == ["bank-a", "bank-b", "operator"]
    with pytest.raises(Missing, match=r"checkpoint\.quorum"):
        verified(chain, chain.note(1, ["bank-a", "bank-b"]))


@pytest.mark.parametrize(("count", "needed"), [(4, 3), (7, 5), (8, 6), (12, 9)])
def test_a_member_with_many_keys_is_one_voice(count: int, needed: int) -> None:
    keys = {
        (i, j): SigningKey.from_seed(bytes([i, j]) * 16) for i in range(count) for j in range(9)
    }
    rows = []
    for i in range(count):
        several = range(9) if i == 0 else range(1)
        own = tuple(Key(j + 1, "note", 1, keys[i, j].public, 0) for j in several)
        rows.append(Member(f"m{i:02}", "bank", own))
    members = Members.of(rows)
    body = SmallChain().body(0)
    body = Body(body.origin, 1, body.root, 1, body.header)

    def signed(others: int) -> Checkpoint:
        signers = [(0, j) for j in range(9)] + [(i, 0) for i in range(1, others + 1)]
        lines = [cosign(body, keys[i, j], member=f"m{i:02}", time_s=9) for i, j in signers]
        return read_note(
            write_note(body, lines), name=NAME, chain=SmallChain().chain, members=members
        )

    assert quorum(count) == needed
    assert not signed(0).is_authoritative()
    assert not signed(needed - 2).is_authoritative()
    assert signed(needed - 1).is_authoritative()
    assert signed(needed - 1).voices == count


def test_every_altered_byte_of_a_note_costs_it_its_authority_or_changes_nothing(
    chain: SmallChain,
) -> None:
    note = chain.note(1, ["bank-a", "bank-b", "operator"])
    for at in range(len(note)):
        for bit in range(8):
            altered = bytearray(note)
            altered[at] ^= 1 << bit
            with pytest.raises(Error):
                verified(chain, bytes(altered))


def test_other_text_around_the_five_lines_is_refused(chain: SmallChain) -> None:
    body, _, lines = chain.note(1).decode().partition("\n\n")
    five = body.split("\n")
    for text in (
        "\n".join(five[:4]),
        "\n".join([*five, "more"]),
        body.replace("\n", "\r\n"),
        body.replace("height 1", "height 01"),
        body.replace("height 1", "height +1"),
        body.replace("\n1\n", "\n0\n"),
        body.replace("\n1\n", f"\n{2**53}\n"),
        body.replace("header b", "header z"),
        body.replace("=\nheight", "\nheight"),
    ):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(chain, f"{text}\n\n{lines}".encode())
    for text in (f"{body}\n\n", f"{body}\n", f"{body}\n\n{lines}\n", f"{body}\n\n{lines}x"):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(chain, text.encode())


def test_one_root_has_one_base64_text(chain: SmallChain) -> None:
    note = chain.note(1).decode()
    root = note.split("\n")[2]
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = root[:-2] + digits[digits.index(root[-2]) + 1] + "="
    assert base64.b64decode(other) == base64.b64decode(root)
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, note.replace(root, other).encode())


def test_lines_of_unknown_keys_are_ignored_and_bad_ones_of_known_keys_refuse(
    chain: SmallChain,
) -> None:
    stranger = SigningKey.from_seed(b"s" * 32)
    note, body = chain.note(1), chain.body(1)
    foreign = cosign(body, stranger, member="elsewhere", time_s=1)
    same_name = cosign(body, stranger, member="bank-a", time_s=1)
    extended = verified(chain, note + (foreign + same_name).encode())
    assert extended == verified(chain, note)
    line = cosign(body, chain.keys["bank-a", "note"], member="bank-a", time_s=5)
    name, _, blob = line.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(blob))
    raw[-1] ^= 1
    bad = f"{name} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(Contradicted, match=r"checkpoint\.cosignature"):
        verified(chain, note + bad.encode())
    short = f"{name} {base64.b64encode(raw[:-1]).decode()}\n"
    with pytest.raises(Contradicted, match=r"checkpoint\.cosignature"):
        verified(chain, note + short.encode())


def test_only_note_keys_sign_checkpoints(chain: SmallChain) -> None:
    body = chain.body(1)
    lines = [
        cosign(body, chain.keys[name, "tx"], member=name, time_s=1)
        for name in chain.lists[0].by_name
    ]
    with pytest.raises(Missing, match=r"checkpoint\.quorum"):
        verified(chain, write_note(body, lines))


def test_a_note_holds_at_most_64_signatures(chain: SmallChain) -> None:
    line = cosign(chain.body(1), SigningKey.from_seed(b"s" * 32), member="x", time_s=1)
    note = chain.note(1, ["bank-a", "bank-b", "operator"])
    assert verified(chain, note + (line * 61).encode()) == verified(chain, note)
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(chain, note + (line * 62).encode())


def test_another_chain_or_name_is_not_spoken_for(chain: SmallChain) -> None:
    for change in ({"name": "other"}, {"chain": bytes(32)}):
        given: dict[str, Any] = {"name": NAME, "chain": chain.chain, **change}
        with pytest.raises(Contradicted, match=r"checkpoint\.origin"):
            verify_checkpoint(chain.note(1), members=chain.lists[0], **given)


def test_two_bodies_of_one_size_or_height_by_one_member_are_equivocation(
    chain: SmallChain,
) -> None:
    body = chain.body(1)
    key = chain.keys["bank-a", "note"]

    def note(**changes: Any) -> Checkpoint:
        fields = {name: getattr(body, name) for name in Body.__dataclass_fields__}
        other = Body(**{**fields, **changes})
        lines = [cosign(other, key, member="bank-a", time_s=len(changes))]
        return read_note(
            write_note(other, lines), name=NAME, chain=chain.chain, members=chain.lists[0]
        )

    first = note()
    assert equivocators(first, note(root=bytes(32))) == ["bank-a"]
    assert equivocators(first, note(height=2)) == ["bank-a"]
    assert equivocators(first, note(size=2)) == ["bank-a"]
    assert equivocators(first, note(size=2, height=2)) == []
    assert equivocators(first, first) == []
    later = verified(chain, chain.note(1, ["bank-b", "bureau", "operator"]))
    assert equivocators(later, note(root=bytes(32))) == []

"""Two things one member signed that exclude each other, as one file that anybody checks.

`m({v, kind, member, notes: [note, note]})`: two checkpoints of one chain with different bodies of
one size or one height, each with one signature line, that member's; the note whose bytes come first
stands first, so that two bodies and two lines make one file. Times do not matter: a body signed
twice is one body.
What it proves: keys of that member, in force at those heights, signed both. A stolen key can do so
too: who answers for a key answers for what it signs while it is in force.
Limits: a file is at most 4 KiB; that a longer log does not extend a shorter one needs the log and
is no matter of this file.
Source: C2SP tlog-cosignature and tlog-witness.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import encode, refuse
from tallystick.base.errors import Invalid
from tallystick.chain import schema
from tallystick.chain.checkpoint import (
    COSIGNATURES_MAX,
    NOTE_BYTES_MAX,
    Body,
    Checkpoint,
    origin_of,
    read_body,
    read_note,
    write_note,
)
from tallystick.chain.member import Members
from tallystick.chain.verdict import Contradicted, Missing

__all__ = [
    "EQUIVOCATION_BYTES_MAX",
    "Equivocation",
    "ListAt",
    "find_equivocations",
    "is_equivocation",
    "read_lines",
    "verify_equivocation",
    "write_equivocation",
]

EQUIVOCATION_BYTES_MAX: Final = 4 * 1024
_NOTE: Final = codec.octets(EQUIVOCATION_BYTES_MAX, 1)
_FILE: Final = codec.shape(
    {
        "v": schema.version,
        "kind": codec.choice("equivocation"),
        "member": schema.NAME,
        "notes": codec.tuple_of(_NOTE, _NOTE),
    }
)
_MAP_OF_FOUR: Final = b"\xa4"

ListAt = Callable[[int], Members]
"""Returns the members list in force at a height, as far as whoever verifies knows it."""


@dataclass(frozen=True, slots=True)
class Equivocation:
    """A proven fault.

    Attributes:
        data: the file that proves it.
        member: who signed both.
        first: one body.
        second: the other.
        first_s: when the first was signed, by its signer's clock, in s since 1970 UTC.
        second_s: the same of the second.
    """

    data: bytes
    member: str
    first: Body
    second: Body
    first_s: int
    second_s: int


def is_equivocation(data: bytes) -> bool:
    """Tell whether a file looks like one of this kind, and not like an archive."""
    return data.startswith(_MAP_OF_FOUR)


def read_lines(note: bytes) -> Iterator[tuple[Body, str]]:
    """Yield a note's body with each of its signature lines, unverified.

    Raises:
        Invalid: `codec.form`, it has no such body.
    """
    text, _, tail = note.decode(errors="replace").partition("\n\n")
    body = read_body(f"{text}\n")
    yield from ((body, f"{line}\n") for line in tail.split("\n") if line)


def write_equivocation(member: str, one: tuple[Body, str], other: tuple[Body, str]) -> bytes:
    """Return the file of two bodies, each with the line by which the member signed it."""
    notes = sorted(write_note(body, [line]) for body, line in (one, other))
    return encode({"v": 1, "kind": "equivocation", "member": member, "notes": notes})


def find_equivocations(
    one: bytes, other: bytes, *, name: str, chain: bytes, members: ListAt
) -> list[Equivocation]:
    """Return what two notes prove, by member: each that signed both, with a file of its own.

    Lines by keys that the lists do not tell, and lines that do not hold, prove nothing of anybody.

    Args:
        one: a note, as anybody was shown it.
        other: another.
        name: the chain's name, from genesis.
        chain: its digest, 32 bytes.
        members: the list in force at a height.

    Raises:
        Invalid: `codec.form`, one is no note.
        Contradicted: `equivocation.agree`, both can be true; `checkpoint.origin`.
        Missing: `equivocation.key`, no member's known keys signed both.
    """
    bodies, lines = [], []
    for note in (one, other):
        if len(note) > NOTE_BYTES_MAX:
            raise refuse("note size")
        body, found = _read_signers(note, name, chain, members)
        bodies.append(body)
        lines.append(found)
    if not _excludes(*bodies):
        raise _agree(*bodies)
    both = sorted(lines[0].keys() & lines[1].keys())
    if not both:
        raise Missing(
            "equivocation.key",
            f"no member whose keys are known for heights {bodies[0].height} and"
            f" {bodies[1].height} signed both",
            cure="Verify with the members list in force at that height.",
        )
    files = [
        write_equivocation(each, (bodies[0], lines[0][each]), (bodies[1], lines[1][each]))
        for each in both
    ]
    return [verify_equivocation(each, name=name, chain=chain, members=members) for each in files]


def _read_signers(
    note: bytes, name: str, chain: bytes, members: ListAt
) -> tuple[Body, dict[str, str]]:
    """Return a note's body, and one good line of each member that signed it."""
    rows = list(read_lines(note))
    if not rows:
        raise refuse("note lines")
    body, found = rows[0][0], dict[str, str]()
    if body.origin != origin_of(name, chain):
        raise Contradicted("checkpoint.origin", "origin", cure="Ask for this chain's checkpoint.")
    for _, line in rows[:COSIGNATURES_MAX]:
        with contextlib.suppress(Invalid, Contradicted):
            alone = write_note(body, [line])
            listed = members(body.height)
            for member in read_note(alone, name=name, chain=chain, members=listed).signers:
                found.setdefault(member, line)
    return body, found


def verify_equivocation(data: bytes, *, name: str, chain: bytes, members: ListAt) -> Equivocation:
    """Return what a file proves.

    Args:
        data: the file's bytes.
        name: the chain's name, from genesis.
        chain: its digest, 32 bytes.
        members: the list in force at a height.

    Raises:
        Invalid: `codec.form`, the file has not the form of one.
        Contradicted: `equivocation.agree`, the bodies do not exclude each other;
            `equivocation.member`, another member signed; `checkpoint.origin`, they are of another
            chain; `checkpoint.cosignature`, a signature is bad.
        Missing: `equivocation.key`, no key of that member in the list known for the height, and in
            force at it, is the one that signed.
    """
    if len(data) > EQUIVOCATION_BYTES_MAX:
        raise refuse("equivocation size")
    tree: dict[str, Any] = codec.decode(data, _FILE)
    one, other = tree["notes"]
    if one >= other:
        raise refuse("note order")
    bodies = [_read_one(note) for note in (one, other)]
    if not _excludes(*bodies):
        raise _agree(*bodies)
    found = [
        read_note(note, name=name, chain=chain, members=members(body.height))
        for note, body in zip((one, other), bodies, strict=True)
    ]
    times = [_time_of(each, tree["member"]) for each in found]
    return Equivocation(data, tree["member"], bodies[0], bodies[1], times[0], times[1])


def _read_one(note: bytes) -> Body:
    """Return the body of a note that has exactly one line; `read_note` checks all else."""
    lines = list(read_lines(note))
    if len(lines) != 1:
        raise refuse("note lines")
    return lines[0][0]


def _excludes(one: Body, other: Body) -> bool:
    same_place = one.size == other.size or one.height == other.height
    return one != other and one.origin == other.origin and same_place


def _agree(one: Body, other: Body) -> Contradicted:
    return Contradicted(
        "equivocation.agree",
        f"the two bodies, of sizes {one.size} and {other.size}, can both be true",
        cure="Ask for two checkpoints of one size or height.",
    )


def _time_of(note: Checkpoint, member: str) -> int:
    times = note.signers.get(member)
    if times is None and note.signers:
        raise Contradicted(
            "equivocation.member",
            f"{', '.join(note.signers)} signed this, not {member}",
            cure="Ask for the two checkpoints that this member signed.",
        )
    if times is None:
        raise Missing(
            "equivocation.key",
            f"no known key of {member} in force at height {note.body.height} signed this",
            cure="Verify with the members list in force at that height.",
        )
    return times[0]

"""Checkpoints: what members say a chain is, as C2SP signed notes that any witness tool reads.

The body has exactly five lines: origin `NAME/<chain, base32>`, log size, log root in base64,
`height N`, `header <CID>`. It is signed only as timestamped cosignature/v1, by note keys, the
orderer's too; a key's name is NAME/member. Unknown lines are ignored, a bad signature under a known
key refuses the note. Authority in every engine: floor(2n/3) + 1 distinct members of the n with a
note key in the list in force at that height. Two bodies of one size or height under one member's
keys, whatever the timestamps, are equivocation, and the two notes its proof.
Source: C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tallystick.base.codec import INTEGER_MAX, Cid, cid_of, refuse, sha256
from tallystick.base.keys import SigningKey, verify
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.member import Key, Members, quorum
from tallystick.chain.verdict import Contradicted, Missing

__all__ = [
    "COSIGNATURES_MAX",
    "NOTE_BYTES_MAX",
    "Body",
    "Checkpoint",
    "check_form",
    "cosign",
    "cosigned_message",
    "equivocators",
    "key_id",
    "largest_note",
    "origin_of",
    "read_body",
    "read_note",
    "read_stated",
    "shorten_note",
    "verify_checkpoint",
    "write_note",
]

NOTE_BYTES_MAX: Final = 64 * 1024
COSIGNATURES_MAX: Final = 64
_COSIGNATURE_V1: Final = 0x04
_BLOB_SIZE: Final = 4 + 8 + 64
_NUMBER: Final = r"[1-9][0-9]{0,15}"
_BODY: Final = re.compile(
    rf"(?P<origin>[a-z0-9._-]{{1,24}}/[a-z2-7]{{52}})\n(?P<size>{_NUMBER})\n"
    rf"(?P<root>[A-Za-z0-9+/]{{43}}=)\nheight (?P<height>{_NUMBER})\nheader (?P<header>[a-z2-7]+)\n"
)
_LINE: Final = re.compile(r"\u2014 (?P<name>[^ \n+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Body:
    """What a checkpoint states.

    Attributes:
        origin: `NAME/<chain, base32>`.
        size: leaves in the log.
        root: the log's root, 32 bytes.
        height: of the block that made it so.
        header: the CID of that block's header.
    """

    origin: str
    size: int
    root: bytes
    height: int
    header: Cid

    def text(self) -> str:
        """Return the five lines that are signed."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nheight {self.height}\nheader {self.header}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A note whose known signatures are all good.

    Attributes:
        body: what it states.
        signers: the times of each member's signatures by member, seconds since 1970 UTC.
        voices: n, how many members could have signed.
    """

    body: Body
    signers: Mapping[str, tuple[int, ...]]
    voices: int

    def is_authoritative(self) -> bool:
        """Tell whether a quorum of distinct members signed."""
        return len(self.signers) >= quorum(self.voices)


@lru_cache(maxsize=8)
def origin_of(name: str, chain: bytes) -> str:
    """Return the first line of a chain's checkpoints; `name` is its genesis's."""
    return f"{name}/{base64.b32encode(chain).decode().lower().rstrip('=')}"


def key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes that hint at a key of the name `NAME/member`."""
    return sha256(name.encode() + b"\n" + bytes([_COSIGNATURE_V1]) + public)[:4]


def cosigned_message(text: str, time_s: int) -> bytes:
    """Return the bytes that cosignature/v1 signs: a header, the time in seconds, the body."""
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def cosign(body: Body, key: SigningKey, *, member: str, time_s: int) -> str:
    """Return the line by which a member's note key signs `body` at `time_s` seconds since 1970."""
    name = _key_name(body.origin, member)
    signature = key.sign(cosigned_message(body.text(), time_s))
    blob = key_id(name, key.public) + time_s.to_bytes(8, "big") + signature
    return f"\u2014 {name} {base64.b64encode(blob).decode()}\n"


def write_note(body: Body, lines: Sequence[str]) -> bytes:
    """Return the bytes of a note: the body, an empty line, 1 to 64 signature lines."""
    assert 1 <= len(lines) <= COSIGNATURES_MAX
    return f"{body.text()}\n{''.join(lines)}".encode()


def shorten_note(note: bytes, most: int) -> bytes:
    """Return a note with as many of its lines as `most` bytes hold, one at least, the short ones.

    An anchor brings one in a record, and a quorum's lines are all it needs.
    """
    if len(note) <= most:
        return note
    body, gap, tail = note.partition(b"\n\n")
    lines = tail.splitlines(keepends=True)
    ends = itertools.accumulate(map(len, sorted(lines, key=len)), initial=len(body + gap))
    count = max(1, sum(end <= most for end in ends) - 1)
    kept = sorted(sorted(range(len(lines)), key=lambda at: len(lines[at]))[:count])
    return body + gap + b"".join(lines[at] for at in kept)


def largest_note(name: str, members: Members) -> int:
    """Return how many bytes a note takes at most under a quorum's lines.

    Args:
        name: the chain's.
        members: the list in force.
    """
    body = Body(origin_of(name, bytes(32)), INTEGER_MAX, bytes(32), INTEGER_MAX, cid_of(b""))
    blob = base64.b64encode(bytes(_BLOB_SIZE)).decode()
    names = {member for member, _ in members.note_keys()}
    lines = sorted(len(f"\u2014 {name}/{member} {blob}\n".encode()) for member in names)
    return len(body.text()) + 1 + sum(lines[-quorum(len(names)) :])


@lru_cache(maxsize=256)
def read_body(text: str) -> Body:
    """Return the body of the five lines; Invalid `codec.form` if they are not exactly that."""
    found = _BODY.fullmatch(text)
    if found is None:
        raise refuse("body lines")
    size, height = int(found["size"]), int(found["height"])
    if max(size, height) > INTEGER_MAX:
        raise refuse("int")
    root = base64.b64decode(found["root"])
    body = Body(found["origin"], size, root, height, Cid.parse(found["header"]))
    # Base64 has spare bits in its last digit; one body has one text.
    if len(root) != DIGEST_SIZE or body.text() != text:
        raise refuse("body lines")
    return body


def read_stated(data: bytes) -> Body:
    """Return what a note states, its lines unread; Invalid if it does not begin with a body."""
    try:
        body, gap, _ = data.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise refuse("note") from error
    if not gap:
        raise refuse("note")
    return read_body(body + "\n")


def check_form(data: bytes) -> None:
    """Refuse bytes that are no note, whoever signed it: Invalid `codec.form`."""
    text, _ = _split(data)
    read_body(text)


def read_note(data: bytes, *, name: str, chain: bytes, members: Members) -> Checkpoint:
    """Return a note's body and who signed it, whether or not they are a quorum.

    Args:
        data: the note's bytes.
        name: the chain's name, from genesis.
        chain: its digest, 32 bytes.
        members: the list in force at the note's height.

    Raises:
        Invalid: `codec.form`, it is not a note of this form.
        Contradicted: it speaks of another chain, or a known key's signature is bad.
    """
    text, lines = _split(data)
    body = read_body(text)
    if body.origin != origin_of(name, chain):
        raise Contradicted("checkpoint.origin", "origin", cure="Ask for this chain's checkpoint.")
    known = _note_keys(name, members.data)
    signers: dict[str, list[int]] = {}
    for key_name, blob in lines:
        named = known.get((key_name, blob[:4]), ())
        keys = [each for each in named if each[1].is_valid(body.height)]
        for member in _signer(text, keys, blob):
            signers.setdefault(member, []).append(int.from_bytes(blob[4:12], "big"))
    times = {member: tuple(signers[member]) for member in sorted(signers)}
    return Checkpoint(body, times, members.voices(body.height))


def verify_checkpoint(data: bytes, *, name: str, chain: bytes, members: Members) -> Checkpoint:
    """Return a checkpoint that has authority; arguments and errors as of `read_note`.

    Raises:
        Missing: the signatures of a quorum are not there.
    """
    found = read_note(data, name=name, chain=chain, members=members)
    if not found.is_authoritative():
        raise Missing("checkpoint.quorum", "quorum", cure="Ask members for more cosignatures.")
    return found


def equivocators(first: Checkpoint, second: Checkpoint) -> list[str]:
    """Return the members who signed both of two bodies that exclude each other, by name.

    Both notes are of one chain, each read under the list in force at its height.
    """
    a, b = first.body, second.body
    same_place = a.size == b.size or a.height == b.height
    if a == b or a.origin != b.origin or not same_place:
        return []
    return sorted(first.signers.keys() & second.signers.keys())


def _key_name(origin: str, member: str) -> str:
    return f"{origin.partition('/')[0]}/{member}"


def _split(data: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Return body and signature lines (key name, blob) of a note."""
    if len(data) > NOTE_BYTES_MAX:
        raise refuse("note size")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise refuse("utf-8") from error
    body, gap, tail = text.partition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= COSIGNATURES_MAX:
        raise refuse("note lines")
    return body + "\n", [_read_line(line) for line in lines]


def _read_line(line: str) -> tuple[str, bytes]:
    found = _LINE.fullmatch(line)
    try:
        blob = base64.b64decode(found["blob"], validate=True) if found else b""
    except ValueError as error:
        raise refuse("note line") from error
    if found is None or base64.b64encode(blob).decode() != found["blob"]:
        raise refuse("note line")
    return found["name"], blob


@lru_cache(maxsize=8)
def _note_keys(name: str, listed: bytes) -> dict[tuple[str, bytes], list[tuple[str, Key]]]:
    """Return the note keys of a list, of any height, by key name and id; ids may collide.

    Every cosignature asks for those of one of the same few lists; nobody changes what is returned.
    """
    found: dict[tuple[str, bytes], list[tuple[str, Key]]] = {}
    for member, key in Members.read(listed).note_keys():
        key_name = f"{name}/{member}"
        found.setdefault((key_name, key_id(key_name, key.pub)), []).append((member, key))
    return found


def _signer(text: str, keys: Sequence[tuple[str, Key]], blob: bytes) -> Iterator[str]:
    """Yield the member whose key made the signature; nobody if no key of that id is known."""
    if not keys:
        return
    time_s = int.from_bytes(blob[4:12], "big")
    if len(blob) == _BLOB_SIZE and time_s <= INTEGER_MAX:
        message = cosigned_message(text, time_s)
        for member, key in keys:
            if verify(key.pub, message, blob[12:]):
                yield member
                return
    raise Contradicted(
        "checkpoint.cosignature", "cosignature", cure="Ask the member to cosign again."
    )

"""What members have signed twice over: found where notes are read, kept, and told to all others.

A note that shows another body than this member's copy has, of one height or size, is held against
the lines kept for the own body; whoever signed both is proven at fault by one file. A table in
`local.db`; each file is verified before it is kept, when it is loaded, and by whoever is told.
Laws: nobody's word is kept, only proofs; they are never taken back. Limits: at most 4 files of a
member, for one is enough; two strange bodies are not held against each other here, but by the
members that hold them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base import codec
from tallystick.base.clock import Clock
from tallystick.base.codec import decode, encode, sha256
from tallystick.base.errors import Error, Invalid, NotFound, Unavailable
from tallystick.chain import schema
from tallystick.chain.checkpoint import Body, read_note, write_note
from tallystick.chain.equivocation import (
    EQUIVOCATION_BYTES_MAX,
    Equivocation,
    find_equivocations,
    read_lines,
    verify_equivocation,
    write_equivocation,
)
from tallystick.chain.member import Members
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database

__all__ = ["Equivocations", "Kept", "exchange_equivocations", "serve_equivocations"]

OF_A_MEMBER_MAX: Final = 4
TOLD_MAX: Final = 16
VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE equivocation (
    member TEXT NOT NULL, bodies BLOB NOT NULL, data BLOB NOT NULL, first_ms INTEGER NOT NULL,
    PRIMARY KEY (member, bodies)) WITHOUT ROWID
"""
_TOLD: Final = codec.list_of(codec.octets(EQUIVOCATION_BYTES_MAX, 1), TOLD_MAX)


@dataclass(frozen=True, slots=True)
class Kept:
    """A proven fault, and when this member knew.

    Attributes:
        proof: what is proven.
        first_ms: when the file was kept, in ms since 1970 UTC.
    """

    proof: Equivocation
    first_ms: int

    @property
    def digest(self) -> bytes:
        """Names the file: its SHA-256, 32 bytes."""
        return sha256(self.proof.data)


class Equivocations:
    """One member's list.

    Args:
        path: its `local.db`.
        clock: tells when.
        replica: its copy of the chain.
    """

    def __init__(self, path: Path, clock: Clock, replica: Replica) -> None:
        self._database = Database.write(path, "equivocation", _SCHEMA, VERSION)
        self._clock = clock
        self._replica = replica
        self._keeping = threading.Lock()
        self._kept = list(self._load())

    def _load(self) -> Iterator[Kept]:
        """Yield what the file holds and still proves: no flipped bit accuses anybody."""
        rows = self._database.rows("SELECT data, first_ms FROM equivocation ORDER BY first_ms")
        for data, first_ms in rows:
            try:
                yield Kept(self._verify(data), first_ms)
            except (Error, TypeError):
                continue

    def known(self) -> list[Kept]:
        """Return all that is proven, the first known first."""
        return list(self._kept)

    def read(self, digest: bytes) -> Kept:
        """Return the file of a digest; NotFound `ledger.no_equivocation` if it is not kept here."""
        for each in self._kept:
            if each.digest == digest:
                return each
        raise NotFound(
            "ledger.no_equivocation",
            f"no file {digest.hex()[:16]} of a member that signed twice is kept here",
            cure="GET /ledger/equivocations lists them.",
        )

    def keep(self, data: bytes) -> Kept | None:
        """Verify a file and keep it; None if the fault is known already.

        Raises:
            Invalid, Contradicted, Missing: it proves nothing.
        """
        proof = self._verify(data)
        bodies = _name_bodies(proof)
        with self._keeping:
            same = [each for each in self._kept if each.proof.member == proof.member]
            if len(same) >= OF_A_MEMBER_MAX:
                return None
            if any(_name_bodies(each.proof) == bodies for each in same):
                return None
            kept = Kept(proof, self._clock.now_ms())
            with self._database.transaction():
                self._database.run(
                    "INSERT OR IGNORE INTO equivocation VALUES (?, ?, ?, ?)",
                    (proof.member, bodies, data, kept.first_ms),
                )
            self._kept = [*self._kept, kept]
            return kept

    def convict(self, one: bytes, other: bytes) -> list[Kept]:
        """Keep what two notes prove, as anybody was shown them; return it, known before or not.

        Keys are those in force at the notes' heights, by this member's copy.

        Raises:
            Invalid, Contradicted, Missing: they prove nothing.
        """
        genesis = self._replica.genesis
        proofs = find_equivocations(
            one, other, name=genesis.fields["name"], chain=genesis.chain, members=self._members
        )
        return [self.keep(each.data) or self._known_as(each) for each in proofs]

    def _known_as(self, proof: Equivocation) -> Kept:
        """Return the file of a fault that is known already; where a member has many, its first."""
        same = [each for each in self._kept if each.proof.member == proof.member]
        bodies = _name_bodies(proof)
        return next((each for each in same if _name_bodies(each.proof) == bodies), same[0])

    def look(self, *notes: bytes) -> list[Kept]:
        """Hold notes against this member's copy, line by line; return what is newly proven.

        A line under an own body that is not known yet is kept, since it may convict: those come
        first, in whatever order members were asked. What has no reading, or is not signed as it
        says, is passed over; so is a height at which the own file is damaged, which has an alarm
        of its own.
        """
        found: list[Kept] = []
        for body, line in sorted(_read_all(notes), key=lambda each: self._is_strange(each[0])):
            if self._is_kept(body, line):
                continue
            for member in self._signers(body, line):
                with contextlib.suppress(Error):
                    found += [kept for kept in self._judge(member, body, line) if kept is not None]
        return found

    def _is_strange(self, body: Body) -> bool:
        try:
            return self._replica.body(body.height) != body
        except Error:
            # Beyond the tip, or not to be read here.
            return True

    def _is_kept(self, body: Body, line: str) -> bool:
        """Tell whether the line stands under the own body already: found valid once, it is."""
        replica = self._replica
        try:
            return (
                body.height <= replica.tip.height
                and line in replica.cosignatures(body.height).values()
                and replica.body(body.height) == body
            )
        except Error:
            return False

    def _signers(self, body: Body, line: str) -> Sequence[str]:
        genesis = self._replica.genesis
        try:
            return list(
                read_note(
                    write_note(body, [line]),
                    name=genesis.fields["name"],
                    chain=genesis.chain,
                    members=self._members(body.height),
                ).signers
            )
        except Error:
            return []

    def _judge(self, member: str, body: Body, line: str) -> Iterator[Kept | None]:
        """Yield what a member's line proves beside the lines it gave for the own copy's bodies."""
        for height in self._heights(body):
            ours, known = self._replica.body(height), self._replica.cosignatures(height)
            if ours == body:
                if member not in known:
                    self._replica.keep_cosignature(height, member, line)
            elif member in known:
                yield self.keep(write_equivocation(member, (ours, known[member]), (body, line)))

    def _heights(self, body: Body) -> set[int]:
        """Return the own heights that a body speaks of: its height, and where its size is ours."""
        tip = self._replica.tip
        found = {body.height} if body.height <= tip.height else set()
        if body.size <= tip.peaks.size:
            height: int = decode(self._replica.leaf(body.size - 1), schema.LEAF)[0]
            if self._replica.body(height).size == body.size:
                found.add(height)
        return found

    def _verify(self, data: bytes) -> Equivocation:
        genesis = self._replica.genesis
        return verify_equivocation(
            data, name=genesis.fields["name"], chain=genesis.chain, members=self._members
        )

    def _members(self, height: int) -> Members:
        """Return the list in force; beyond the tip the newest known."""
        return self._replica.members(min(height, self._replica.tip.height + 1))

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._database.close()


def _read_all(notes: Sequence[bytes]) -> Iterator[tuple[Body, str]]:
    for note in notes:
        with contextlib.suppress(Invalid):
            yield from read_lines(note)


def _name_bodies(proof: Equivocation) -> bytes:
    """Return what two files of one fault have in common, whenever its lines were signed."""
    return sha256(f"{proof.first.text()}\n{proof.second.text()}".encode())


def serve_equivocations(link: Link, equivocations: Equivocations) -> None:
    """Take in other members' files, each verified, and answer with this member's."""

    def told(_: str, payload: bytes) -> bytes:
        _take(equivocations, codec.decode(payload, _TOLD))
        return _write_told(equivocations)

    link.serve({"ledger.equivocation": told})


def exchange_equivocations(link: Link, to: str, equivocations: Equivocations) -> list[Kept]:
    """Give another member what is proven here, and return what it proves that was not known.

    Raises:
        Unavailable: no answer, or none that can be read.
    """
    try:
        answer = link.call(to, "ledger.equivocation", _write_told(equivocations))
        return _take(equivocations, codec.decode(answer, _TOLD))
    except Invalid as error:
        raise Unavailable(
            "link.torn", f"{to}: the message or its answer has no reading", cure="Try again."
        ) from error


def _write_told(equivocations: Equivocations) -> bytes:
    return encode([each.proof.data for each in equivocations.known()[:TOLD_MAX]])


def _take(equivocations: Equivocations, files: Sequence[bytes]) -> list[Kept]:
    """Keep those of some files that prove something; return what was not known."""
    found = []
    for data in files:
        try:
            kept = equivocations.keep(data)
        except Error:
            # Nobody's word: what proves nothing here is not kept.
            continue
        found += [] if kept is None else [kept]
    return found

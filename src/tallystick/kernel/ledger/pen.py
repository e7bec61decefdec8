"""A member's note key, and what it has signed: one body per size, each extending the last.

Laws: a height is signed by the key that is in force at it, so that a rotation leaves no gap; only
the body of a block that this member verified and made durable is signed, so a size has one body;
header times at most 10 s ahead of the own clock are signed; what was signed last stands in a file
of its own beside the chain, so that a chain that lost its end (a flipped bit in a journal drops
committed rows silently) is known to be behind its own signature, and signs and orders nothing until
it has caught up. Where members went on from an earlier height under another leader, nothing of the
heights and sizes signed beyond it is signed anew.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base import codec
from tallystick.base.clock import Clock
from tallystick.base.codec import Cid, cid_of, encode, sha256
from tallystick.base.errors import Conflict, Corrupt, Invalid, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import cosign
from tallystick.kernel.ledger.replica import Replica

__all__ = ["CLOCK_AHEAD_MAX_MS", "Pen", "RestingPen", "Signed", "read_signed"]

CLOCK_AHEAD_MAX_MS: Final = 10_000
_SIGNED: Final = codec.tuple_of(codec.integer(1), codec.cid)
_YIELDED: Final = codec.tuple_of(codec.integer(), codec.cid, codec.integer(1), codec.integer(1))
_CHECK_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class Signed:
    """What a member has signed, as its file tells it.

    Attributes:
        height: the last one signed.
        header: of the block there.
        floor: height and size up to which nothing more is signed; zeros where nothing was let go.
    """

    height: int
    header: Cid
    floor: tuple[int, int] = (0, 0)


def read_signed(path: Path) -> Signed | None:
    """Return what `signed.bin` says; None where nothing was signed, or there is no file.

    Raises:
        Corrupt: `ledger.pen_corrupt`.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if not data:
        return None
    body = data[_CHECK_SIZE:]
    for shape in (_SIGNED, _YIELDED):
        try:
            height, header, *floor = codec.decode(body, shape)
        except Invalid:
            continue
        if sha256(body)[:_CHECK_SIZE] == data[:_CHECK_SIZE]:
            return Signed(height, header, (floor[0], floor[1]) if floor else (0, 0))
    raise Corrupt(
        "ledger.pen_corrupt",
        f"{path.name} does not say what was signed last",
        cure="tally repair; if it then names nothing but signed.bin, remove that file.",
    )


def _encode(height: int, header: Cid, floor: tuple[int, int]) -> bytes:
    body = encode([height, header, *(floor if floor[0] else ())])
    return sha256(body)[:_CHECK_SIZE] + body


def _raise_floor(floor: tuple[int, int], height: int, size: int) -> tuple[int, int]:
    return max(height, floor[0]), max(size, floor[1], 1)


class RestingPen:
    """What a member at rest has signed: it can be let go of, and nothing can be signed by it.

    Args:
        path: the file that holds what was signed last.

    Raises:
        Corrupt: `ledger.pen_corrupt`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signed = read_signed(path)

    @property
    def height(self) -> int:
        """The last height signed, 0 if none was."""
        return self._signed.height if self._signed is not None else 0

    @property
    def header(self) -> Cid | None:
        """The header signed at that height, None if none was."""
        return self._signed.header if self._signed is not None else None

    def yield_to(self, height: int, header: Cid, size: int) -> None:
        """Let go of what was signed beyond a height, durably, as `Pen.yield_to` does."""
        held = self._signed
        if held is None or held.height <= height:
            return
        floor = _raise_floor(held.floor, held.height, size)
        data = _encode(height, header, floor)
        with self._path.open("r+b", buffering=0) as file:
            # Written at once, as by a pen: a power cut leaves the old bytes or these.
            os.pwrite(file.fileno(), data, 0)
            os.ftruncate(file.fileno(), len(data))
            os.fsync(file.fileno())
        self._signed = Signed(height, header, floor)


class Pen:
    """Signs checkpoints of one member's chain.

    Args:
        path: the file that holds what was signed last.
        replica: the member's chain.
        member: its name.
        key: its note key; another joins it by `take_key` when the member rotates.
        clock: gives the signatures' times.
    """

    def __init__(
        self, path: Path, replica: Replica, member: str, key: SigningKey, clock: Clock
    ) -> None:
        self.member = member
        self._path = path
        self._replica = replica
        self._keys = {key.public: key}
        self._clock = clock
        self._lock = threading.Lock()
        self._floor = (0, 0)
        self._last = self._load()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def _load(self) -> tuple[int, Cid] | None:
        found = read_signed(self._path)
        if found is None:
            return None
        self._floor = found.floor
        return found.height, found.header

    @property
    def height(self) -> int:
        """The last height signed, 0 if none was."""
        return self._last[0] if self._last is not None else 0

    @property
    def header(self) -> Cid | None:
        """The header signed at that height, None if none was."""
        return self._last[1] if self._last is not None else None

    def check(self) -> None:
        """Raise unless the chain holds all that this pen has signed.

        Raises:
            Unavailable: `ledger.behind`, the chain ends before the last signed height.
            Conflict: `ledger.forked`, another block stands at the last signed height.
        """
        if self._last is None:
            return
        height, header = self._last
        tip = self._replica.tip
        if tip.height < height:
            raise Unavailable(
                "ledger.behind",
                f"{self.member} signed height {height}, its chain ends at {tip.height}",
                cure="Let it catch up from other members first.",
                height=height,
            )
        held = tip.cid if tip.height == height else cid_of(self._replica.header(height))
        if held != header:
            raise Conflict(
                "ledger.forked",
                f"{self.member} signed {header} at height {height}, its chain holds {held}",
                cure="tally verify: one of the two is damaged or forged.",
                height=height,
            )

    def sign(self, height: int) -> str:
        """Return a cosignature line for the chain at `height`, kept with the chain's.

        A height signed before gives the kept line; one below the last signed is not signed anew.

        Raises:
            Unavailable: `ledger.behind`, or `ledger.clock_ahead`, the block is of the future.
            Conflict: `ledger.forked`; `ledger.signed_beyond`, it is too late for this height;
                `ledger.not_run`, this member did not run it.
        """
        with self._lock:
            kept = self._replica.cosignatures(height).get(self.member)
            if kept is not None:
                return kept
            self.check()
            if height <= self._replica.leapt:
                raise Conflict(
                    "ledger.not_run",
                    f"height {height} was taken over from others, with all up to"
                    f" {self._replica.leapt}",
                    cure="Let those who ran it witness it.",
                )
            now = self._clock.now_ms()
            body = self._replica.body(height)
            key = self._key_at(height)
            if height == self._replica.tip.height:
                self._check_time(self._replica.tip.time, now)
            signed = max(self.height, self._floor[0])
            if height < self.height or height <= self._floor[0] or body.size <= self._floor[1]:
                raise Conflict(
                    "ledger.signed_beyond",
                    f"height {height} asked, {signed} is signed already",
                    cure="Ask for a later one.",
                )
            self._remember(height, body.header)
            line = cosign(body, key, member=self.member, time_s=now // 1_000)
            self._replica.keep_cosignature(height, self.member, line)
            return line

    def yield_to(self, height: int, header: Cid, size: int) -> None:
        """Let go of what was signed beyond a height that the members went on from.

        Whoever holds those signatures must never find others of their heights or sizes: nothing
        is signed until the chain is past both.

        Args:
            height: of the base, whose block stands on this chain or will.
            header: of the base.
            size: of the log, at most, at the last height signed.
        """
        with self._lock:
            if self.height > height:
                self._floor = _raise_floor(self._floor, self.height, size)
                self._remember(height, header)

    def take_key(self, key: SigningKey) -> None:
        """Sign by this key too, at the heights at which it is in force."""
        with self._lock:
            self._keys[key.public] = key

    def _key_at(self, height: int) -> SigningKey:
        listed = self._replica.members(height).keys(self.member, "note", height)
        for key in listed:
            if key.pub in self._keys:
                return self._keys[key.pub]
        raise Unavailable(
            "ledger.no_note_key",
            f"{self.member} holds no note key that is in force at height {height}",
            cure="tally change members. If its keys were renewed, start it with the new ones; if"
            " its key was revoked: tally change renew, and the members' votes. If it is the one"
            " that orders, another can: tally county lead OTHER.",
            height=height,
        )

    def _check_time(self, time: int, now: int) -> None:
        if time > now + CLOCK_AHEAD_MAX_MS:
            raise Unavailable(
                "ledger.clock_ahead",
                f"the block's time is {time}, the own clock says {now}",
                cure="Set the clocks.",
            )

    def _remember(self, height: int, header: Cid) -> None:
        """Write what is about to be signed; the block itself is durable already."""
        data = _encode(height, header, self._floor)
        try:
            os.pwrite(self._file, data, 0)
            os.ftruncate(self._file, len(data))
        except OSError as error:
            raise Unavailable(
                "ledger.pen", f"{self._path.name}: {error.strerror}", cure="Check the disk."
            ) from error
        self._last = (height, header)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

"""Remembers signatures that were found valid, so that each is checked once and counted often.

A transaction is met when it is submitted, when the engine takes it in, when it is proposed, judged
and decided. Validity is a pure function of (public key, message, signature), so a memory of those
three changes no answer; what is invalid is not remembered and stays as dear as it was.
Two generations, as in the state's cache: what was asked for lately stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Final

from tallystick.base.keys import PUBLIC_SIZE, SIGNATURE_SIZE, Signed, verify

__all__ = ["VERIFIED_MAX", "Verified"]

VERIFIED_MAX: Final = 50_000
"""Signatures of one generation, some 300 bytes each: what a digest of them would save in room, it
costs in time, since each is asked for three times."""


class Verified:
    """A memory of `verify`'s yes; safe to share between threads.

    Args:
        count_max: of one generation; there are two.
    """

    __slots__ = ("_count_max", "_old", "_young", "asked", "checked")

    def __init__(self, count_max: int = VERIFIED_MAX) -> None:
        self._count_max = count_max
        self._young: set[Signed] = set()
        self._old: set[Signed] = set()
        self.asked = 0
        """How often it was asked."""
        self.checked = 0
        """How often the curve had to be asked."""

    def knows(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature was found valid lately."""
        name = (public, message, signature)
        return name in self._young or name in self._old

    def check(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` (64 bytes) over `message` is valid under `public` (32 bytes)."""
        self.asked += 1
        if len(public) != PUBLIC_SIZE or len(signature) != SIGNATURE_SIZE:
            return False
        name = (public, message, signature)
        if name in self._young:
            return True
        if name not in self._old:
            self.checked += 1
            if not verify(public, message, signature):
                return False
        self._keep(name)
        return True

    def take(self, rows: Sequence[Signed], answers: Sequence[bool]) -> None:
        """Remember the yes among answers that were found elsewhere."""
        self.asked += len(rows)
        self.checked += len(rows)
        for name in compress(rows, answers):
            self._keep(name)

    def _keep(self, name: Signed) -> None:
        if len(self._young) >= self._count_max:
            self._old, self._young = self._young, set()
        self._young.add(name)

"""Which members' answers show that this machine's clock is ahead of theirs.

Laws: an answer was made after its question, however slow either was, so one of an earlier time
shows by how much this clock is ahead at least; and as it covers its question's signature, none that
was recorded shows anything later. What was heard counts for a minute of this clock: where it was
set, everything is heard anew.
"""

from __future__ import annotations

from typing import Final

__all__ = ["AHEAD_MAX_S", "Clocks"]

AHEAD_MAX_S: Final = 10
"""By how much two members' clocks may differ."""
_HEARD_S: Final = 60


class Clocks:
    """What one member has heard of the others' clocks; times are in seconds since 1970 UTC."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[int, bool]] = {}

    def hear(self, member: str, made_s: int, asked_s: int, now_s: int) -> None:
        """Take in when a member answered, by its clock, to a question of `asked_s`."""
        self._heard[member] = now_s, asked_s - made_s > AHEAD_MAX_S

    def list_behind(self, now_s: int) -> list[str]:
        """Return the members whose clocks this one is more than `AHEAD_MAX_S` ahead of."""
        heard = sorted(self._heard.items())
        return [
            name for name, (at_s, is_behind) in heard if is_behind and 0 <= now_s - at_s <= _HEARD_S
        ]

"""Which members' messages show that this machine's clock is ahead of theirs.

Laws: an answer was made after its question, so one of an earlier time shows by how much this clock
is ahead at least. A request may have been slow: one that has ended shows it, one made a moment ago
shows the contrary, any other nothing; and one heard again shows nothing, whoever sends it.
What was heard counts for a minute of this clock: where it was set, everything is heard anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["AHEAD_MAX_S", "Clocks"]

AHEAD_MAX_S: Final = 10
"""By how much two members' clocks may differ."""
_HEARD_S: Final = 60


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a member's message showed: when it was made by its clock, heard by this one."""

    made_s: int
    at_s: int
    is_behind: bool


class Clocks:
    """What one member has heard of the others' clocks; times are in seconds since 1970 UTC."""

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def hear_answer(self, member: str, made_s: int, asked_s: int, now_s: int) -> None:
        """Take in when a member answered, to a question of `asked_s`."""
        self._heard[member] = _Heard(made_s, now_s, asked_s - made_s > AHEAD_MAX_S)

    def hear_request(self, member: str, made_s: int, end_s: int, now_s: int) -> None:
        """Take in when a member asked, and when that was to end."""
        before = self._heard.get(member)
        if before is not None and before.made_s >= made_s:
            return
        if abs(now_s - made_s) <= AHEAD_MAX_S or end_s < now_s:
            self._heard[member] = _Heard(made_s, now_s, now_s - made_s > AHEAD_MAX_S)

    def list_behind(self, now_s: int) -> list[str]:
        """Return the members whose clocks this one is more than `AHEAD_MAX_S` ahead of."""
        heard = sorted(self._heard.items())
        return [
            member
            for member, each in heard
            if each.is_behind and 0 <= now_s - each.at_s <= _HEARD_S
        ]

"""What a county run tells: events as they happen, and the story in numbers at the end.

Laws: nothing here names a party; ids are those of the chain, words are about the case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Event", "Recorder", "Step", "Story"]


@dataclass(frozen=True, slots=True)
class Event:
    """One act of an officer or a household.

    Attributes:
        day: days since 1970-01-01.
        member: whose desk it was done at.
        act: what was done, such as `case.opened`, `offer.approved`, `appeal.settled`.
        case: the case's id, or empty.
        detail: an ident that says more: outcome, reason, recipient, topic.
    """

    day: int
    member: str
    act: str
    case: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the case told, in both languages."""

    day: int
    member: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Story:
    """A run in numbers.

    Attributes:
        days: days that passed.
        acts: number of events by act.
        led_to: where demands that did not fit were led: a member's name, `refused` or `review`.
        refused_for: refusals in person by code.
        feelings: feedback by feeling 1..5.
        case: the id of the case told, or empty.
        told: its steps.
    """

    days: int
    acts: Mapping[str, int]
    led_to: Mapping[str, int]
    refused_for: Mapping[str, int]
    feelings: Mapping[int, int]
    case: str
    told: tuple[Step, ...]

    @property
    def cases(self) -> int:
        """Cases opened."""
        return self.acts.get("case.opened", 0)

    @property
    def offers(self) -> int:
        """Demands that fitted: reports."""
        return self.acts.get("case.reported", 0)

    @property
    def matches(self) -> int:
        """Demands that did not fit and were matched."""
        return self.acts.get("case.matched", 0)

    @property
    def refusals(self) -> int:
        """Refusals, each signed by a person."""
        return self.acts.get("case.refused", 0)


@dataclass(slots=True)
class Recorder:
    """Counts what happens while it happens, and keeps each case's steps."""

    acts: Counter[str] = field(default_factory=Counter)
    led_to: Counter[str] = field(default_factory=Counter)
    refused_for: Counter[str] = field(default_factory=Counter)
    feelings: Counter[int] = field(default_factory=Counter)
    steps: dict[str, list[Step]] = field(default_factory=dict)
    marks: Counter[str] = field(default_factory=Counter)

    def tell(self, case: str, day: int, member: str, sentence: tuple[str, str]) -> None:
        """Add a step (zh, en) to a case's telling."""
        self.steps.setdefault(case, []).append(Step(day, member, *sentence))

    def finish(self, days: int) -> Story:
        """Return the story; told is the best-marked case, the earliest among equals."""
        best = max(self.marks, key=lambda case: self.marks[case], default="")
        return Story(
            days=days,
            acts=dict(sorted(self.acts.items())),
            led_to=dict(sorted(self.led_to.items())),
            refused_for=dict(sorted(self.refused_for.items())),
            feelings=dict(sorted(self.feelings.items())),
            case=best,
            told=tuple(self.steps.get(best, ())),
        )

"""The form of a positioning: three answers, every part a canonical value tree.

Laws: trees hold text keys [a-z0-9._-], integers below 2^53 in size, text, lists and maps; nothing
is null, float or empty-keyed; what is signed and replayed is exactly `Positioning.tree()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tallystick.base.codec import arrange

__all__ = ["Answer", "Positioning", "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason by code; `say(code, values, language)` of the text room words it."""

    code: str
    values: Mapping[str, int | str] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """Return it as a value tree."""
        return {"code": self.code, "values": arrange(self.values)}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question answered.

    Attributes:
        question: `scheme`, `judgement`, `report` or `match`.
        outcome: the answer in one ident.
        ranked: what was weighed, best or heaviest first.
        conditions: what must be shown, or would change the answer.
        figures: numbers beside what they are compared with.
        reasons: why, most important first.
    """

    question: str
    outcome: str
    ranked: tuple[dict[str, Any], ...]
    conditions: tuple[dict[str, Any], ...]
    figures: Mapping[str, Any]
    reasons: tuple[Reason, ...]

    def sealed(self) -> dict[str, Any]:
        """Return the fields that a decision record seals; empty lists are left out.

        Maps are in canonical key order, here and where they are made: sealing is then cheapest.
        """
        fields: dict[str, Any] = {
            "outcome": self.outcome,
            "figures": arrange(self.figures),
            "reasons": [reason.tree() for reason in self.reasons],
        }
        if self.ranked:
            fields["ranked"] = [arrange(row) for row in self.ranked]
        if self.conditions:
            fields["conditions"] = [arrange(row) for row in self.conditions]
        return fields

    def tree(self) -> dict[str, Any]:
        """Return it as a value tree."""
        return {
            "question": self.question,
            "outcome": self.outcome,
            "ranked": [dict(row) for row in self.ranked],
            "conditions": [dict(row) for row in self.conditions],
            "figures": dict(self.figures),
            "reasons": [reason.tree() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Positioning:
    """The decision: initial scheme, judgement, and the report or the match that follows."""

    scheme: Answer
    judgement: Answer
    result: Answer

    @property
    def fits(self) -> bool:
        """Whether what was judged fits."""
        return self.judgement.outcome == "fits"

    def tree(self) -> dict[str, Any]:
        """Return it as a value tree."""
        return {
            "v": 1,
            "scheme": self.scheme.tree(),
            "judgement": self.judgement.tree(),
            "result": self.result.tree(),
        }

"""What households told about those who served them and the schemes they were positioned for.

A member counts its own cases' feedback: of cases it owns, took in or was sent to ask about. It
opens what it may, each opening under a permit and with a receipt, and no more than the question
needs. Two figures, each the share of *cases*, the latest answer of a case alone::

    praise    cases that felt 4 or 5 of 5
    accuracy  cases whose told income is within 20 % of what the decision expected

Rated is the member that holds the case, for feedback is never asked by it; where a case was handed
over, whoever holds it now. The scheme is the one that the decision led to. What was expected is the
middle income of the decision's own cycle: the county's middle where what was stated is implausible.

Laws: refused households count, apart from the others; a cell of fewer than 5 cases is not told, nor
is any total from which it would follow; names and cases are never told, only counts.
Limits: the income that a household tells stays with the member that asked, never the one rated, so
accuracy is of cases that this member asked about itself and whose decision it may open too (it took
them in, or a grant of `figures` for feedback is in force); refused openings are counted as unread.
Cases of one household count one by one: who asks does not learn whose they are. The tolerance
awaits an officer's word.
Source: the county's practice (feedback); S0, accuracy and praise rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tallystick.base.errors import Denied, NotFound, Unavailable
from tallystick.chain.record import SealClass
from tallystick.finance.rounding import PPM
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.views.base import PAGE_MAX
from tallystick.services.positioning.share import Share

__all__ = ["CASES_LEAST", "PRAISE_LEAST", "TOLERANCE_PPM", "By", "Cell", "Told", "read_told"]

PRAISE_LEAST: Final = 4
"""The least feeling, of 1 to 5, that is praise."""
TOLERANCE_PPM: Final = 200_000
"""How far told income may lie from what was expected, either way, as a part of the latter."""
CASES_LEAST: Final = 5
"""The fewest cases of a cell that is told."""

By = Literal["provider", "scheme"]
"""What cells are by: the member that holds the case, or the scheme of its decision."""
_PURPOSE: Final = "feedback"
_SCHEMED: Final = "case.schemed"


@dataclass(frozen=True, slots=True)
class Cell:
    """What the cases of one provider or scheme came to.

    Attributes:
        name: the provider's member name, or the scheme's code.
        is_refused: whether these are the households that a person refused.
        praise: of cases whose feeling could be opened, `CASES_LEAST` or more.
        accuracy: of cases in which told and expected income could be compared; None where those
            are fewer than `CASES_LEAST`.
    """

    name: str
    is_refused: bool
    praise: Share
    accuracy: Share | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a member's feedback says.

    Attributes:
        cells: those that may be told, by name, refused households last.
        suppressed: how many more there are, each of fewer than `CASES_LEAST` cases.
        unread: how often a part could not be opened, by the error's code.
    """

    cells: tuple[Cell, ...]
    suppressed: int
    unread: Mapping[str, int]


@dataclass(slots=True)
class _Count:
    """Cases of a cell while they are counted."""

    felt: list[bool] = field(default_factory=list)
    matched: list[bool] = field(default_factory=list)

    def close(self, name: str, *, is_refused: bool) -> Cell:
        accuracy = _share(self.matched) if len(self.matched) >= CASES_LEAST else None
        return Cell(name, is_refused, _share(self.felt), accuracy)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A case and the answers of its household, the latest first."""

    case: Mapping[str, Any]
    answers: tuple[Mapping[str, Any], ...]


def read_told(desk: Desk, by: By) -> Told:
    """Return what the feedback this member may open says; every opening leaves a receipt.

    Args:
        desk: the member's, its views up to date.
        by: what to count by.

    Raises:
        Corrupt: a sealed part is not what its record commits to.
    """
    reader = _Reader(desk, by)
    counts: dict[tuple[bool, str], _Count] = {}
    for asked in _list_asked(desk):
        reader.count(asked, counts)
    cells = [
        counts[key].close(key[1], is_refused=key[0])
        for key in sorted(counts)
        if len(counts[key].felt) >= CASES_LEAST
    ]
    return Told(tuple(cells), len(counts) - len(cells), dict(sorted(reader.unread.items())))


def _list_asked(desk: Desk) -> Iterator[_Asked]:
    """Yield the cases with feedback, by id."""
    answers: dict[bytes, list[dict[str, Any]]] = {}
    last: dict[str, Any] | None = None
    while rows := desk.views.rows("feedback", after=last):
        for row in rows:
            answers.setdefault(row["case"], []).append(row)
        last = rows[-1]
        if len(rows) < PAGE_MAX:
            break
    for case in sorted(answers):
        (row,) = desk.views.rows("case", {"case": case})
        told = sorted(answers[case], key=lambda each: (-each["at"], each["feedback"]))
        yield _Asked(row, tuple(told))


class _Reader:
    """Opens what the question needs of one case after another."""

    def __init__(self, desk: Desk, by: By) -> None:
        self._desk = desk
        self._by = by
        self.unread: Counter[str] = Counter()

    def count(self, asked: _Asked, counts: dict[tuple[bool, str], _Count]) -> None:
        """Add a case to its cell; one whose feeling or scheme cannot be opened is unread."""
        # Of a case this member has no part in, no feeling is for it to open, and none is tried.
        felt = self._find_felt(asked)
        name = self._find_name(asked) if felt is not None else None
        if felt is None or name is None:
            return
        key = (asked.case["refused_at"] is not None, name)
        cell = counts.setdefault(key, _Count())
        cell.felt.append(felt >= PRAISE_LEAST)
        if (income := self._find_income(asked)) is None:
            return
        expected = self._find_expected(asked.case["case"])
        if expected:
            cell.matched.append(abs(income - expected) * PPM <= TOLERANCE_PPM * abs(expected))

    def _find_felt(self, asked: _Asked) -> int | None:
        """Return the latest feeling this member may open: its own asking, or lent to it."""
        desk, case = self._desk, asked.case
        is_lent = desk.member in {case["owner"], case["opener"]}
        for answer in asked.answers:
            if is_lent or answer["asked_by"] == desk.member:
                felt: int | None = self._open(asked.case["case"], answer["feedback"], "case").get(
                    "felt"
                )
                return felt
        return None

    def _find_name(self, asked: _Asked) -> str | None:
        if self._by == "provider":
            return str(asked.case["owner"])
        decision = asked.case["decision"]
        figures = (
            self._open(asked.case["case"], decision, "party").get("figures", {}) if decision else {}
        )
        scheme: str | None = figures.get("scheme")
        return scheme

    def _find_income(self, asked: _Asked) -> int | None:
        """Return the income told last to this member; what others were told stays with them."""
        mine = [each for each in asked.answers if each["asked_by"] == self._desk.member]
        for answer in mine:
            income: int | None = self._open(asked.case["case"], answer["feedback"], "party").get(
                "income"
            )
            if income is not None:
                return income
        return None

    def _find_expected(self, case: bytes) -> int | None:
        """Return the income that the decision counted with; None or 0 where there was none."""
        rows = self._desk.views.rows("record", {"case": case, "t": _SCHEMED}, limit=1)
        figures = self._open(case, rows[0]["id"], "party").get("figures", {}) if rows else {}
        expected: int | None = figures.get("cycle", {}).get("income_middle_minor")
        return expected

    def _open(self, case: bytes, record: bytes, sealed: SealClass) -> Mapping[str, Any]:
        """Return a sealed part's fields; none of them where it may or can not be opened now."""
        try:
            return self._desk.open(self._desk.permit(_PURPOSE, case), record, sealed).values
        except (Denied, NotFound, Unavailable) as error:
            self.unread[error.code] += 1
            return {}


def _share(hits: list[bool]) -> Share:
    return Share(sum(hits), len(hits))

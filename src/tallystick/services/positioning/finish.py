"""Cases that stand taken in and not decided, decided as they would have been at intake.

A case is taken in by one transaction and decided by the next. Both are signed and stored together,
so that no kill comes between; yet the second may be refused, where rules changed before it was
ordered, and files of a version that stored them apart may lack it. Such a case stands at `applied`;
its inputs stand sealed in its record, so the same decision follows from them, byte for byte, by the
catalogue, model and rules in force.

Laws: to be run once everything signed before has come to stand, and nothing else takes cases in;
the rules admit one decision a case, so running it again changes nothing; what cannot be decided is
left as it is and named by its error's code, and holds up no other.
Limits: the member that took the case in must own it still, for no other can read its inputs. A card
named for one case, where none is approved, is not on the chain: such a case is decided without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.errors import Error
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.views.base import PAGE_MAX
from tallystick.records.case import CaseApplied
from tallystick.services.positioning.service import CHUNK_CASES, Positions, Request

__all__ = ["Finished", "Unfinished", "find_unfinished", "finish_cases"]

NOT_OPENER: Final = "case.not_opener"
"""Why a case is left that was handed over before it was decided."""
FAILURE: Final = "case.failure"
"""Why a case is left whose decision fails by a fault of the program."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A case that was left as it is, and the code of what is in its way."""

    case: bytes
    code: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of cut-off cases, each in the order in which they were taken in.

    Attributes:
        decided: ids of those that now stand reported or matched.
        left: those that do not.
    """

    decided: tuple[bytes, ...]
    left: tuple[Unfinished, ...]


@dataclass(frozen=True, slots=True)
class _Decided:
    """One case with the drafts of its three decision records."""

    case: bytes
    drafts: list[Draft]


def find_unfinished(desk: Desk) -> list[dict[str, Any]]:
    """Return the rows of this member's own cases that stand undecided, the oldest first."""
    found: list[dict[str, Any]] = []
    where = {"owner": desk.member, "stage": "applied"}
    while rows := desk.views.rows(
        "case", where, order="opened_height", after=found[-1] if found else None
    ):
        found += rows
        if len(rows) < PAGE_MAX:
            break
    return found


def finish_cases(
    desk: Desk, positions: Positions, only: Collection[bytes] | None = None
) -> Finished:
    """Decide this member's own cases that stand undecided, 128 in a transaction.

    Args:
        desk: the member's.
        positions: its positioning service.
        only: ids of the cases to finish; None for all.
    """
    rows = [row for row in find_unfinished(desk) if only is None or row["case"] in only]
    decided: list[bytes] = []
    left: list[Unfinished] = []
    for at in range(0, len(rows), CHUNK_CASES):
        ready = _decide_all(desk, positions, rows[at : at + CHUNK_CASES], left)
        for bundle in _record(desk, ready, left):
            decided += [each.case for each in bundle]
    return Finished(tuple(decided), tuple(left))


def _decide_all(
    desk: Desk, positions: Positions, rows: list[dict[str, Any]], left: list[Unfinished]
) -> list[_Decided]:
    ready = []
    for row in rows:
        if row["opener"] != desk.member:
            left.append(Unfinished(row["case"], NOT_OPENER))
            continue
        try:
            ready.append(_decide(desk, positions, row))
        except Exception as error:  # noqa: BLE001 - one case's fault must not keep a member closed
            code = error.code if isinstance(error, Error) else FAILURE
            left.append(Unfinished(row["case"], code))
    return ready


def _decide(desk: Desk, positions: Positions, row: Mapping[str, Any]) -> _Decided:
    """Decide a case by what was sealed at its intake."""
    case: bytes = row["case"]
    sealed = desk.open(desk.permit("positioning", case), case, "party").values
    request = Request(inputs=sealed["profile"], party=sealed["party"], assent=sealed["assent"])
    intake = CaseApplied(
        kind=row["kind"],
        party=request.party,
        profile=sealed["profile"],
        assent=sealed["assent"],
    )
    draft = Draft(identifier=case, statement=intake, party=request.party)
    model = positions.model_for(request.inputs)
    catalogue = positions.catalogue()
    found = positions.decider(model, catalogue).decide(request.inputs)
    return _Decided(case, positions.steps(request, found, draft, model, catalogue))


def _record(desk: Desk, ready: list[_Decided], left: list[Unfinished]) -> list[list[_Decided]]:
    """Record decisions in one transaction; where a rule refuses it, each in one of its own."""
    if not ready:
        return []
    try:
        desk.record([draft for each in ready for draft in each.drafts])
    except Error as error:
        if len(ready) > 1 and error.code == "record.refused":
            return [bundle for each in ready for bundle in _record(desk, [each], left)]
        left += [Unfinished(each.case, error.code) for each in ready]
        return []
    return [ready]

"""A file of applicants through the five steps: read, cross-fit where no model is approved, decide.

Two passes over the file: the first reads features and outcomes for the cards, the second streams
applications to the chain, so that memory holds one chunk and the features, never the file. Nobody
is scored by a card that saw his outcome, and each case names the card that scored it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import DAG_CBOR, Cid, encode
from tallystick.base.errors import Invalid
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.learning.crossfit import cross_fit
from tallystick.learning.table import table_from_rows
from tallystick.records.party import MandateGiven
from tallystick.services.positioning.service import Case, Positions, Request
from tallystick.sources import Application, Mapping, Reading, Rejected, read_applications

__all__ = ["Cards", "Portfolio", "Row", "fit_cards"]

SEED: Final = 42
CHUNK_ROWS: Final = 512
MANDATE_DAYS: Final = 30
FIT_ROWS_MAX: Final = 200_000
_DIRECTIONS: Final = {"up": 1, "down": -1}

Progress = Callable[[int, int], None]
"""Told (bytes read, bytes in all) of the pass under way."""


@dataclass(frozen=True, slots=True)
class Cards:
    """Cards by row of the file; rows not listed are scored by the last card."""

    cids: tuple[Cid, ...]
    by_row: dict[int, int]

    def of(self, row: int) -> Cid | None:
        """Return the card that scores a row of the file, None where there are no cards."""
        if not self.cids:
            return None
        return self.cids[self.by_row.get(row, len(self.cids) - 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of the file."""

    row: int
    key: str | None
    case: Case
    request: Request


def fit_cards(desk: Desk, path: Path, mapping: Mapping, progress: Progress | None) -> Cards:
    """Return cross-fitted cards of a file, published as public objects.

    A file without target, features or enough outcomes gives none: its cases are then judged by
    the cash calendar alone, and told so.
    """
    names = {each.name for each in mapping.features if not each.protected}
    if mapping.target is None or not names:
        return Cards((), {})
    places, features, targets = _labelled(path, mapping, progress)
    levels = {each.name: each.levels for each in mapping.features if each.kind == "level"}
    monotone = {
        each.name: _DIRECTIONS[each.monotone]
        for each in mapping.features
        if each.monotone in _DIRECTIONS and each.kind == "number" and not each.protected
    }
    try:
        table = table_from_rows(features, targets, sorted(levels))
        fitted = cross_fit(table, "outcome", seed=SEED, monotone=monotone)
    except Invalid as error:
        if error.code in {"learning.few_rows", "learning.one_outcome", "learning.no_signal"}:
            return Cards((), {})
        raise
    cids = desk.store.put_many([encode(card) for card in fitted.cards], DAG_CBOR)
    return Cards(tuple(cids), dict(zip(places, fitted.folds, strict=True)))


def _labelled(
    path: Path, mapping: Mapping, progress: Progress | None
) -> tuple[list[int], list[dict[str, int]], list[int | None]]:
    """Return rows to fit cards on: all of them, or every second, fourth, .. of a large file.

    A row left out is scored by the card of all rows kept, which has not seen it either.
    """
    kept: list[Application] = []
    stride = 1
    for found in read_applications(path, mapping, progress=progress):
        if isinstance(found, Application) and found.row % stride == 0:
            kept.append(replace(found, profile={}, demand={}, defaults=(), expected=None))
        if len(kept) > FIT_ROWS_MAX:
            stride *= 2
            kept = [each for each in kept if each.row % stride == 0]
    return (
        [each.row for each in kept],
        [each.features for each in kept],
        [each.target for each in kept],
    )


class Portfolio:
    """One file on its way through a member's desk."""

    def __init__(self, desk: Desk, positions: Positions, *, witness: str) -> None:
        """Take the desk, its positioning service, and the member that witnesses the mandate."""
        self._desk = desk
        self._positions = positions
        self._witness = witness
        self.rejected: list[Rejected] = []
        self.cards = Cards((), {})

    def run(
        self, path: Path, mapping: Mapping, *, progress: Progress | None = None
    ) -> Iterator[Row]:
        """Yield what became of each row, in order; rejected rows are kept in `rejected`.

        Raises:
            Invalid: the file or the mapping is at fault as a whole (`source.*`, `mapping.*`).
        """
        if self._positions.approved_model() is None:
            self.cards = fit_cards(self._desk, path, mapping, progress)
        assent = self._mandate(mapping)
        reading = read_applications(path, mapping, training=False, progress=progress)
        for chunk in _chunks(reading, self.rejected):
            requests = [self._request(each, assent) for each in chunk]
            cases = self._positions.open_cases(requests)
            for found, case, request in zip(chunk, cases, requests, strict=True):
                yield Row(found.row, found.key, case, request)

    def _mandate(self, mapping: Mapping) -> dict[str, Any]:
        """Record once under what authority the file's applicants are positioned."""
        desk = self._desk
        mandate = desk.new_id()
        statement = MandateGiven(
            mandate=mandate,
            officer=desk.officer(),
            witness=self._witness,
            from_time=desk.now_ms(),
            until=desk.now_ms() + MANDATE_DAYS * DAY_MS,
            party=mandate,
            text=f"portfolio of mapping {mapping.name} {mapping.digest}",
        )
        desk.record([Draft(identifier=mandate, statement=statement, party=mandate)])
        return {"mandate": mandate, "witness": self._witness}

    def _request(self, found: Application, assent: dict[str, Any]) -> Request:
        application = {
            "profile": found.profile,
            "demand": found.demand,
            "features": found.features,
        }
        inputs: dict[str, Any] = {
            "v": 1,
            "dates": dict(found.dates),
            "defaults": list(found.defaults),
            "application": application,
        }
        if not found.dates:
            del inputs["dates"]
        return Request(
            inputs=inputs,
            party=self._desk.new_id(),
            assent=assent,
            model=self.cards.of(found.row),
        )


def _chunks(reading: Reading, rejected: list[Rejected]) -> Iterator[Sequence[Application]]:
    chunk: list[Application] = []
    for found in reading:
        if isinstance(found, Rejected):
            rejected.append(found)
            continue
        chunk.append(found)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

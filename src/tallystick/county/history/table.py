"""Training tables of a history: what could be learnt by its end, and from records alone.

Laws: features are as of the request; the outcome is 90 days overdue within the loan's life; a
loan whose life is not over at `until` is left out whatever is known of it by then, for the loans
that fail do so early and would stand for all of its age. The table of the records is the observed
table, entry for entry. Limits: `whole_table` knows ends that nobody has seen yet, and those of
refused candidates: it is for judging, not for learning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tallystick.base.errors import Invalid
from tallystick.county.history.life import AFTER_MONTHS, DEFAULT_DAYS
from tallystick.county.history.loan import LEVELS, read_features
from tallystick.county.history.past import History
from tallystick.county.history.thin import Bundle, ThinRecord
from tallystick.county.history.trace import draw_traces, weigh_trace
from tallystick.learning.table import Table, table_from_rows

__all__ = [
    "is_over",
    "observed_table",
    "table_from_records",
    "table_with_integrity",
    "table_with_truth",
    "whole_table",
]


def observed_table(history: History, *, unscreened: bool = False) -> Table:
    """Return the loans whose life was over at the history's end, by number.

    Args:
        history: the history.
        unscreened: with refused candidates, as if they had been granted.

    Raises:
        Invalid: `history.unripe` if no life is over.
    """
    rows: dict[int, tuple[Mapping[str, int], int]] = {}
    for loan, life in zip(history.loans, history.truth.lives, strict=True):
        over = is_over(loan.month, loan.term_months, history.length_months)
        if over and (unscreened or loan.granted):
            rows[loan.number] = (read_features(loan), int(life.is_default))
    return _table(rows, history.length_months)


def table_from_records(
    months: Iterable[tuple[int, tuple[Bundle, ...]]], *, until_month: int
) -> Table:
    """Return the table of thin records; months from `until_month` on are not read.

    Args:
        months: as `History.months` yields them.
        until_month: first month that nothing is known of.

    Raises:
        Invalid: `history.order` if a loan is overdue that no record granted; `history.unripe`
            if no life is over.
    """
    granted: dict[int, tuple[int, ThinRecord]] = {}
    failed: set[int] = set()
    for month, bundles in months:
        for record in _records(bundles) if month < until_month else ():
            if record.kind == "granted":
                granted[record.loan] = (month, record)
            elif record.loan not in granted:
                raise Invalid(
                    "history.order",
                    f"a {record.kind} record names loan {record.loan}, granted by no earlier one",
                    cure="Read all months, from the first.",
                )
            elif record.kind == "overdue" and record.public["days"] >= DEFAULT_DAYS:
                failed.add(record.loan)
    rows = {
        loan: (record.sealed, int(loan in failed))
        for loan, (month, record) in sorted(granted.items())
        if is_over(month, record.public["term_months"], until_month)
    }
    return _table(rows, until_month)


def whole_table(history: History, *, granted_only: bool = False) -> Table:
    """Return every candidate, or every granted loan, with its true end.

    Args:
        history: the history.
        granted_only: without refused candidates.
    """
    pairs = zip(history.loans, history.truth.lives, strict=True)
    return _table(
        {
            loan.number: (read_features(loan), int(life.is_default))
            for loan, life in pairs
            if loan.granted or not granted_only
        },
        history.length_months,
    )


def table_with_integrity(history: History) -> Table:
    """Return every candidate as `whole_table` does, with one more column: `integrity_points`.

    They are those of the integrity record on the day of the request, 0..1,000.

    Args:
        history: the history.
    """
    ends = zip(history.loans, history.truth.lives, draw_traces(history), strict=True)
    rows: dict[int, tuple[Mapping[str, int], int]] = {
        loan.number: (
            read_features(loan) | {"integrity_points": weigh_trace(trace)},
            int(life.is_default),
        )
        for loan, life, trace in ends
    }
    return _table(rows, history.length_months)


def table_with_truth(history: History) -> Table:
    """Return every candidate with the latent causes as columns: the best that any model could do.

    Args:
        history: the history.
    """
    truth = history.truth
    straws = {straw.loan for ring in truth.rings for straw in ring.straws}
    rows: dict[int, tuple[Mapping[str, int], int]] = {}
    for loan in history.loans:
        home, use = truth.households[loan.number], truth.uses[loan.number]
        latent = {
            "discipline_ppm": home.discipline_ppm,
            "kin_ppm": home.kin_ppm,
            "skill_ppm": home.skill_ppm,
            "true_income_each_minor": home.each_minor,
            "true_debt_ppm": home.debt_minor * 1_000_000 // home.income_minor,
            "cash_ppm": home.cash_minor * 1_000_000 // home.income_minor,
            "true_burden_ppm": loan.amount_minor * 1_000_000 // home.income_minor,
            "prohibited_ppm": use.prohibited_ppm,
            "fungible_ppm": use.fungible_ppm,
            "straw": int(loan.number in straws),
        }
        end = int(truth.lives[loan.number].is_default)
        rows[loan.number] = (read_features(loan) | latent, end)
    return _table(rows, history.length_months)


def is_over(month: int, term_months: int, until_month: int) -> bool:
    """Return whether a loan granted in `month` has its end behind it at `until_month`."""
    return month + term_months + AFTER_MONTHS < until_month


def _records(bundles: tuple[Bundle, ...]) -> Iterable[ThinRecord]:
    return (record for bundle in bundles for record in bundle.records)


def _table(rows: Mapping[int, tuple[Mapping[str, int], int]], until_month: int) -> Table:
    """Return the table of rows by number, each a group of its own."""
    if not rows:
        raise Invalid(
            "history.unripe",
            f"no loan's life is over at month {until_month}",
            cure="Wait for more months, or draw more loans.",
        )
    found = list(rows.values())
    return table_from_rows(
        [features for features, _ in found], [target for _, target in found], LEVELS
    )

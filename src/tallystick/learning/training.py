"""One kind of model trained: judged on rows it had not seen, then fitted on all of them.

Laws: the same table, name and directions give the same model and figures. What is told of a model
when it is approved is in integers: shares in ppm, counts of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from tallystick.base.errors import Invalid
from tallystick.learning.curves import draw_curves
from tallystick.learning.evaluation import FOLDS, Figures, hold_out, measure
from tallystick.learning.fairness import ColumnAudit, audit_columns
from tallystick.learning.leakage import Leak
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Column, Table

__all__ = ["KINDS", "SEED", "TARGET", "Kind", "Trained", "tell_metrics", "train"]

SEED: Final = 42
"""Seed of the folds and of the draws behind the null quantile."""

TARGET: Final = "bad_end"
"""Name of the outcome in a published model."""

Kind: TypeAlias = Literal["card", "challenger"]
KINDS: Final[tuple[Kind, ...]] = ("card", "challenger")
"""Kinds of models: the scorecard, and boosted trees that challenge it."""

_PPM: Final = 1_000_000
_Fit: TypeAlias = Callable[[Table], tuple[dict[str, Any], Any]]


@dataclass(frozen=True, slots=True)
class Trained:
    """A kind of model, judged on rows it had not seen, and then fitted on all.

    Attributes:
        name: which kind.
        figures: of the held-out rows.
        audits: a row per protected column.
        published: the model of all rows, as `exact.model` takes it.
        report: what its fit found.
        curves: what a person wants to see of it, in integers (`learning.curves`).
    """

    name: str
    figures: Figures
    audits: tuple[ColumnAudit, ...]
    published: dict[str, Any]
    report: Any
    curves: dict[str, Any]


def train(
    name: str,
    table: Table,
    *,
    monotone: Mapping[str, int],
    protected: Sequence[Column] = (),
    leaks: Sequence[Leak] = (),
    forced: Sequence[str] = (),
    levels: Mapping[str, Sequence[str]] | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Trained:
    """Return one kind of model, judged and fitted.

    Args:
        name: one of `KINDS`.
        table: what to learn from; all rows have an outcome.
        monotone: direction by column: 1 or -1.
        protected: columns of the same rows for the audit of fairness.
        leaks: columns that leak, to be told with the curves.
        forced: which of them `table` has all the same.
        levels: texts of level columns by name, in the order of their codes.
        told: hears of fits done, of fits in all.

    Raises:
        Invalid: a code beginning `learning.`; `learning.no_signal` too where it ranks rows that it
            had not seen worse than chance.
    """
    fit = _find_fit(name, dict(monotone))
    tell = told or (lambda _done, _of: None)
    held = hold_out(
        table,
        lambda each: fit(each)[0],
        seed=SEED,
        told=lambda done, of: tell(done, of + 1),
    )
    figures = measure(held, seed=SEED)
    if figures.gini < 0:
        raise Invalid(
            "learning.no_signal",
            f"it ranks rows that it had not seen worse than chance: AUC {figures.auc_mean:.3f}",
            cure="Bring further features, or more rows with an outcome.",
        )
    published, report = fit(table)
    tell(FOLDS + 1, FOLDS + 1)
    audits = audit_columns(held, tuple(protected))
    curves = draw_curves(
        held,
        table,
        published,
        report,
        seed=SEED,
        audits=audits,
        leaks=leaks,
        forced=forced,
        levels=levels,
    )
    return Trained(name, figures, audits, published, report, curves)


def tell_metrics(trained: Trained, *, rows: int, leaks: int = 0) -> dict[str, int]:
    """Return a model's figures as `records.trained.METRICS` names them.

    Args:
        trained: the model.
        rows: it was trained on.
        leaks: leaking columns that were used all the same.
    """
    figures = trained.figures
    shares = {
        "auc_ppm": figures.auc_mean,
        "auc_sd_ppm": figures.auc_sd,
        "brier_ppm": figures.brier,
        "ece_null95_ppm": figures.ece_null95,
        "ece_ppm": figures.ece,
        "gini_ppm": figures.gini,
        "ks_ppm": figures.ks,
    }
    counts = {"bad": trained.report.bad, "leaks": leaks, "rows": rows}
    return {name: round(_PPM * share) for name, share in shares.items()} | counts


def _find_fit(name: str, monotone: dict[str, int]) -> _Fit:
    """Return the fit of a kind of model; scikit-learn loads with the challenger alone."""
    if name == "challenger":
        from tallystick.learning.challenger import fit_challenger  # noqa: PLC0415

        return lambda table: fit_challenger(table, TARGET, seed=SEED, monotone=monotone)
    return lambda table: fit_card(table, TARGET, seed=SEED, monotone=monotone)

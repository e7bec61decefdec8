"""How fast models score and bins are found, against scikit-learn and optbinning in the same run.

The rows are drawn: the columns of examples/mappings/german.toml, an outcome that depends on them.
Batches run on one thread in interleaved rounds, ours from int64 columns to ppm, the baseline from a
matrix of floats that is already built; a ratio is the median of the rounds' ratios, its spread
their range. Every row says whether the loops ran in C or in NumPy. optbinning shares a process with
nothing else: it is measured where this interpreter, or the one that TALLYSTICK_OPTBINNING names,
has it. The peak of the stream is the child's own account, which also holds what this process had
when it started the child: it is never told too small.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from threadpoolctl import threadpool_limits

from tallystick import _native
from tallystick.exact.batch import score_batch
from tallystick.exact.card import check_card, score
from tallystick.exact.trees import check_trees
from tallystick.exact.trees_batch import score_trees_batch
from tallystick.learning.binning import (
    AUTO,
    BinningRule,
    Totals,
    _quantile_cuts,
    bin_column,
    information_value,
)
from tallystick.learning.scorecard import fit_card
from tallystick.learning.table import Column, Table

__all__ = ["run"]

HERE: Final = Path(__file__).resolve().parent
MAPPING: Final = HERE.parent / "examples/mappings/german.toml"
OUTCOME: Final = "default"
SEED: Final = 20_261_121
FIT_ROWS: Final = 20_000
BATCH_ROWS: Final = 200_000
STREAM_ROWS: Final = 1_000_000
SINGLE_ROWS: Final = 2_000
SINGLE_ALLOWED_US: Final = 20
STREAM_ALLOWED_MIB: Final = 1_024
ROUNDS: Final = 5
OPTBINNING: Final = "TALLYSTICK_OPTBINNING"

# By number: its range, and whether small values are more frequent.
NUMBERS: Final = {
    "term_months": (4, 72, True),
    "amount": (250, 18_424, True),
    "instalment_class": (1, 4, False),
    "residence_years": (1, 4, False),
    "age_years": (19, 75, True),
    "credits_here": (1, 4, True),
    "maintained": (1, 2, True),
}

Row = dict[str, Any]


def _features() -> list[dict[str, Any]]:
    """Return the features of the mapping that a card may use, by name."""
    told = tomllib.loads(MAPPING.read_text(encoding="utf-8"))["features"]
    return sorted((each for each in told if not each.get("protected")), key=lambda f: f["name"])


def _draw(count: int, seed: int) -> Table:
    """Return drawn applicants with an outcome; every value is known."""
    random = np.random.Generator(np.random.PCG64(seed))
    columns = []
    risk = random.logistic(size=count) - 1
    for feature in _features():
        if levels := feature.get("levels"):
            values = random.integers(0, len(levels), count)
            risk += (values - len(levels) / 2) / len(levels)
        else:
            low, high, falls = NUMBERS[feature["name"]]
            share = random.random(count) ** (2 if falls else 1)
            values = low + (share * (high - low + 1)).astype(np.int64)
            risk += share - share.mean()
        kind = feature.get("kind", "number")
        columns.append(Column(feature["name"], kind, values, np.ones(count, dtype=np.bool_)))
    outcomes = (risk > 0).astype(np.int64)
    return Table(tuple(columns), outcomes, np.ones(count), np.arange(count, dtype=np.int64))


def _matrix(table: Table) -> Any:  # noqa: ANN401 - floats for another library
    """Return the columns as scikit-learn reads them fastest, row by row."""
    return np.stack([column.values for column in table.columns], axis=1).astype(np.float64)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _against(name: str, baseline: str, pair: tuple[Callable[[], object], ...], rounds: int) -> Row:
    """Return the row of two ways to score `BATCH_ROWS`, ours first."""
    ours, ratios = [], []
    with threadpool_limits(limits=1):
        for _ in range(rounds + 1):
            mine, its = (_seconds(work) for work in pair)
            ours.append(mine)
            ratios.append(its / mine)
    # The first round warms caches up.
    del ours[0], ratios[0]
    where = "in C" if _native.is_built() else "in NumPy"
    return {
        "name": name,
        "value": round(BATCH_ROWS / statistics.median(ours)),
        "unit": f"rows/s on one thread, {where}",
        "against": baseline,
        "ratio": round(statistics.median(ratios), 2),
        "spread": round(max(ratios) - min(ratios), 2),
    }


def _only(table: Table, names: set[str]) -> Table:
    """Return a table without the columns of other names."""
    columns = tuple(column for column in table.columns if column.name in names)
    return replace(table, columns=columns)


def _card_batch(card: dict[str, Any], tables: tuple[Table, Table], rounds: int) -> Row:
    """Measure a card against a pipeline that bins, encodes and regresses the same columns."""
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - the child needs none of it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder  # noqa: PLC0415

    checked = check_card(card)
    sample, batch = (_only(table, {each.name for each in checked.features}) for table in tables)
    numbers = [i for i, column in enumerate(sample.columns) if column.kind == "number"]
    levels = [i for i, column in enumerate(sample.columns) if column.kind == "level"]
    bins = KBinsDiscretizer(8, encode="onehot", quantile_method="averaged_inverted_cdf")
    encoder = OneHotEncoder(handle_unknown="ignore")
    coded = ColumnTransformer([("numbers", bins, numbers), ("levels", encoder, levels)])
    pipeline = make_pipeline(coded, LogisticRegression(max_iter=1_000))
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Few distinct values make fewer bins than were asked for.
        warnings.simplefilter("ignore", UserWarning)
        pipeline.fit(_matrix(sample), sample.outcomes)
    columns, matrix = batch.arrays(), _matrix(batch)
    pair = (lambda: score_batch(checked, columns), lambda: pipeline.predict_proba(matrix))
    told = f"scikit-learn: bins, one-hot, logistic regression of the same {len(columns)} columns"
    return _against("scoring.card_batch", told, pair, rounds)


def _card_single(card: dict[str, Any], batch: Table, rounds: int) -> Row:
    """Measure the exact evaluator on one row after another, each already a map."""
    checked = check_card(card)
    lists = [column.values[:SINGLE_ROWS].tolist() for column in batch.columns]
    names = [column.name for column in batch.columns]
    rows = [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]

    def work() -> None:
        for row in rows:
            score(checked, row)

    times = sorted(_seconds(work) / len(rows) * 1e6 for _ in range(rounds))
    median = statistics.median(times)
    return {
        "name": "scoring.card_single",
        "value": round(median, 2),
        "unit": f"us a row of {len(checked.features)} features, in Python",
        "against": f"{SINGLE_ALLOWED_US} us",
        "ratio": round(SINGLE_ALLOWED_US / median, 2),
        "spread": round(SINGLE_ALLOWED_US / times[0] - SINGLE_ALLOWED_US / times[-1], 2),
    }


def _trees_batch(sample: Table, batch: Table, rounds: int) -> Row:
    """Measure published trees against the very booster that they were published from."""
    from tallystick.learning.challenger import (  # noqa: PLC0415 - it loads scikit-learn
        ChallengerRule,
        fit_model,
        publish,
    )

    rule = ChallengerRule(trees=200, folds=2)
    model, report = fit_model(sample, OUTCOME, seed=SEED, monotone={}, rule=rule)
    trees, columns = check_trees(publish(model)), batch.arrays()
    matrix = np.ascontiguousarray(model.encoding.matrix(batch))
    pair = (
        lambda: score_trees_batch(trees, columns),
        lambda: model.booster.predict_proba(matrix),
    )
    told = f"scikit-learn: the same {report.trees} trees of {rule.leaves} leaves"
    return _against("scoring.trees_batch", told, pair, rounds)


def _interpreter() -> str | None:
    """Return an interpreter that has optbinning, or None."""
    for python in (os.environ.get(OPTBINNING), sys.executable):
        seek = "import importlib.util as u, sys; sys.exit(u.find_spec('optbinning') is None)"
        if python and subprocess.run([python, "-c", seek], check=False).returncode == 0:  # noqa: S603 - named by who runs this
            return python
    return None


@dataclass(frozen=True, slots=True)
class _Bins:
    """Seconds and cuts of every number, as one library found them."""

    seconds: float
    cuts: dict[str, list[float]]


def _our_bins(sample: Table, rule: BinningRule) -> _Bins:
    columns = [column for column in sample.columns if column.kind == "number"]
    began = time.perf_counter()
    found = [bin_column(each, sample.outcomes, sample.weights, rule, AUTO) for each in columns]
    return _Bins(time.perf_counter() - began, {each.name: list(each.edges) for each in found})


def _their_bins(python: str, sample: Table, rule: BinningRule, folder: Path) -> _Bins:
    """Let optbinning bin the same numbers from the same cells under the same limits."""
    columns = [column for column in sample.columns if column.kind == "number"]
    told: dict[str, Any] = {
        "outcomes": sample.outcomes.tolist(),
        "bins": rule.bins,
        "share": rule.share,
        "columns": {each.name: each.values.tolist() for each in columns},
        # Cells end at whole numbers on our side and before the cut on its side.
        "cells": {
            each.name: (_quantile_cuts(each.values, rule.prebins) + 0.5).tolist()
            for each in columns
        },
    }
    path = folder / "numbers.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    command = [python, str(HERE / "scoring_optbinning.py"), str(path)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    found = json.loads(run.stdout.splitlines()[-1])
    return _Bins(found["seconds"], found["cuts"])


def _value(sample: Table, bins: _Bins) -> float:
    """Return the information value of all numbers by these cuts, next to unsmoothed."""
    total = 0.0
    bad = sample.outcomes.sum()
    totals = Totals(float(bad), float(len(sample) - bad))
    for column in sample.columns:
        if column.name in bins.cuts:
            cuts = bins.cuts[column.name]
            place = np.searchsorted(cuts, column.values, side="left")
            found = [
                np.bincount(place[sample.outcomes == side], minlength=len(cuts) + 1).astype(float)
                for side in (1, 0)
            ]
            total += float(information_value(found[0], found[1], totals, 1e-9).sum())
    return total


def _card_fit(sample: Table, folder: Path, rounds: int) -> list[Row]:
    """Measure the search for bins: its time and what the bins found are worth."""
    rule = BinningRule()
    python = _interpreter()
    names = ("scoring.card_fit", "scoring.card_value")
    if python is None:
        told = f"not measured: optbinning is not installed, and {OPTBINNING} names no Python"
        absent = {"value": None, "unit": "", "against": told, "ratio": None, "spread": None}
        return [{"name": name, **absent} for name in names]
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_our_bins(sample, rule))
        theirs.append(_their_bins(python, sample, rule, folder))
    ratios = [its.seconds / mine.seconds for mine, its in zip(ours, theirs, strict=True)]
    value, its_value = _value(sample, ours[0]), _value(sample, theirs[0])
    median = statistics.median(mine.seconds for mine in ours)
    told = f"optbinning on the same {rule.prebins} cells at most"
    return [
        {
            "name": names[0],
            "value": round(median * 1_000, 1),
            "unit": f"ms for {len(ours[0].cuts)} numbers of {len(sample)} rows, in NumPy",
            "against": told,
            "ratio": round(statistics.median(ratios), 2),
            "spread": round(max(ratios) - min(ratios), 2),
        },
        {
            "name": names[1],
            "value": round(value, 4),
            "unit": "information value of all numbers",
            "against": told,
            "ratio": round(value / its_value, 4),
            "spread": 0.0,
        },
    ]


def _write_file(path: Path, count: int) -> None:
    """Write drawn applicants as the mapping reads them, chunk by chunk."""
    told = tomllib.loads(MAPPING.read_text(encoding="utf-8"))["features"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([feature["column"] for feature in told])
        for first in range(0, count, BATCH_ROWS):
            rows = min(BATCH_ROWS, count - first)
            drawn = {column.name: column.values for column in _draw(rows, SEED + first).columns}
            cells = [_cells(feature, drawn.get(feature["name"]), rows) for feature in told]
            writer.writerows(zip(*cells, strict=True))


def _cells(feature: dict[str, Any], values: Any, rows: int) -> list[Any]:  # noqa: ANN401 - int64 or None
    """Return the texts of a column; of one that no card may read, its first level."""
    if values is None:
        return [feature["levels"][0]] * rows
    if levels := feature.get("levels"):
        return [levels[code] for code in values.tolist()]
    found: list[Any] = values.tolist()
    return found


def _stream(card: dict[str, Any], folder: Path, count: int) -> Row:
    """Measure a file on its way to scores in a process of its own."""
    source, model, scores = folder / "rows.csv", folder / "card.json", folder / "scores.csv"
    _write_file(source, count)
    model.write_text(json.dumps(card), encoding="utf-8")
    program = str(HERE / "scoring_stream.py")
    command = [sys.executable, program, *map(str, (source, MAPPING, model, scores))]
    run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    found = json.loads(run.stdout)
    assert found["scored"] == count, f"{count} rows were written, {found['scored']} scored"
    seconds, peak = found["seconds"], found["peak_mib"]
    return {
        "name": "scoring.stream",
        "value": round(count / seconds),
        "unit": f"rows/s of {count} from CSV to CSV in {seconds:.0f} s, {peak:.0f} MiB at most",
        "against": f"{STREAM_ALLOWED_MIB} MiB",
        "ratio": round(STREAM_ALLOWED_MIB / peak, 2),
        "spread": 0.0,
    }


def run(rounds: int = ROUNDS, stream_rows: int = STREAM_ROWS) -> list[Row]:
    """Measure and return the rows of this bench."""
    sample = _draw(FIT_ROWS, SEED)
    card, _ = fit_card(sample, OUTCOME, seed=SEED, monotone={})
    with tempfile.TemporaryDirectory() as name:
        # First, while this process is still small.
        streamed = _stream(card, Path(name), stream_rows)
        fitted = _card_fit(sample, Path(name), rounds)
    batch = _draw(BATCH_ROWS, SEED + 1)
    return [
        _card_batch(card, (sample, batch), rounds),
        _card_single(card, batch, rounds),
        _trees_batch(sample, batch, rounds),
        *fitted,
        streamed,
    ]


if __name__ == "__main__":
    for row in run():
        print(row)

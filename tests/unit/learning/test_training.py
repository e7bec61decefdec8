"""What is trained, and what is not: a model that ranks unseen rows worse than chance."""

from __future__ import annotations

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.learning.table import Column, Table
from tallystick.learning.training import tell_metrics, train

ROWS = 400


def noise(seed: int) -> Table:
    """Return rows whose features know nothing of their outcomes."""
    random = np.random.Generator(np.random.PCG64(seed))
    columns = tuple(
        Column(f"c{each}", "number", random.integers(0, 100, ROWS), np.ones(ROWS, dtype=bool))
        for each in range(3)
    )
    outcomes = (random.random(ROWS) < 0.2).astype(np.int64)
    return Table(columns, outcomes, np.ones(ROWS), np.arange(ROWS))


def test_a_model_worse_than_chance_on_unseen_rows_is_refused_before_anyone_approves_it() -> None:
    with pytest.raises(Invalid, match=r"^learning\.no_signal: .*AUC 0\.4"):
        train("card", noise(6), monotone={})


def test_whatever_is_trained_has_figures_that_its_report_can_hold() -> None:
    metrics = tell_metrics(train("card", noise(1), monotone={}), rows=ROWS)
    assert all(value >= 0 for value in metrics.values())

"""One door to models of every kind."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact import batch, card, trees
from tallystick.exact.model import check_model, score_model, score_model_batch

CARD: dict[str, Any] = {
    "v": 1,
    "kind": "card",
    "target": "default",
    "base": -1_000_000,
    "features": [
        {"kind": "number", "name": "age", "cuts": [40], "points": [9_000, 2_000], "missing": 5_000}
    ],
    "calibration": {"at": [-2_000_000, 1_000_000], "ppm": [50_000, 700_000]},
}
TREES: dict[str, Any] = CARD | {
    "kind": "trees",
    "features": [{"kind": "number", "name": "age"}],
    "trees": [
        {"feature": [0, -1, -1], "cut": [50, 0, 0], "missing": [1, 0, 0], "value": [0, -7_000, 30]}
    ],
}
ROWS: list[dict[str, int]] = [{"age": 40}, {"age": 50}, {"age": 51}, {}]
COLUMNS = {
    "age": (np.array([40, 50, 51, 0]), np.array([True, True, True, False])),
}


def test_each_kind_is_read_and_scored_by_its_own_evaluator() -> None:
    first, second = check_model(CARD), check_model(TREES)
    assert isinstance(first, card.Card)
    assert isinstance(second, trees.Trees)
    assert [score_model(first, row) for row in ROWS] == [card.score(first, row) for row in ROWS]
    assert [score_model(second, row) for row in ROWS] == [trees.score(second, row) for row in ROWS]
    assert [one.logit_micro + 1_000_000 for one in (score_model(first, row) for row in ROWS)] == [
        9_000,
        2_000,
        2_000,
        5_000,
    ]
    assert [one.logit_micro + 1_000_000 for one in (score_model(second, row) for row in ROWS)] == [
        -7_000,
        -7_000,
        30,
        -7_000,
    ]


@pytest.mark.parametrize("value", [CARD, TREES])
def test_a_batch_says_what_single_rows_say(value: dict[str, Any]) -> None:
    model = check_model(value)
    found = score_model_batch(model, COLUMNS)
    single = [score_model(model, row) for row in ROWS]
    assert found.logit_micro.tolist() == [one.logit_micro for one in single]
    assert found.default_ppm.tolist() == [one.default_ppm for one in single]
    assert isinstance(found, batch.BatchScore)


def test_a_model_is_refused_by_its_own_kinds_form() -> None:
    others: list[object] = [None, [], {}, {"kind": "forest"}, {"kind": ["card"]}, {"kind": True}]
    for value in others:
        with pytest.raises(Invalid, match=r"model\.malformed: model: .* kind card or trees"):
            check_model(value)
    with pytest.raises(Invalid, match=r"trees: expected exactly the keys"):
        check_model(CARD | {"kind": "trees"})
    with pytest.raises(Invalid, match=r"card: expected exactly the keys"):
        check_model(TREES | {"kind": "card"})


def test_a_batch_of_either_kind_refuses_the_same_columns() -> None:
    for value in (CARD, TREES):
        with pytest.raises(Invalid, match=r"model\.columns"):
            score_model_batch(check_model(value), {})


def test_a_single_score_of_any_kind_needs_neither_numpy_nor_scikit_learn() -> None:
    code = (
        "import sys\n"
        "from tallystick.exact.model import check_model, score_model\n"
        f"for value in ({CARD!r}, {TREES!r}):\n"
        "    score_model(check_model(value), {'age': 3})\n"
        "sys.exit(bool({'numpy', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_batch_needs_no_scikit_learn() -> None:
    code = (
        "import sys\n"
        "import tallystick.exact.batch, tallystick.exact.trees_batch\n"
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

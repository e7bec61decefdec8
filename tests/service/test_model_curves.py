"""What training drew of a model is kept beside it, and every member sees the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from counties import Town
from tallystick.base.codec import DAG_CBOR, RAW, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.learning.table import Column, Table
from tallystick.learning.training import tell_metrics, train
from tallystick.records.trained import CURVES_BYTES_MAX


def _table(rows: int = 800) -> Table:
    random = np.random.Generator(np.random.PCG64(1))
    debt = random.integers(0, 100, rows)
    outcomes = (random.random(rows) < debt / 200).astype(np.int64)
    known = np.ones(rows, dtype=bool)
    return Table((Column("debt", "number", debt, known),), outcomes, np.ones(rows), np.arange(rows))


def _report(curves: dict[str, Any] | None, metrics: dict[str, int]) -> dict[str, Any]:
    report = {"program": "1", "data": str(cid_of(b"d", RAW)), "mapping": "00", "metrics": metrics}
    return report if curves is None else {**report, "curves": curves}


def test_curves_are_approved_with_the_model_and_read_by_every_member(town: Town) -> None:
    trained = train("card", _table(), monotone={})
    metrics = tell_metrics(trained, rows=800)
    bank = town["agricultural-bank"]
    model = bank.publish_model(trained.published)["model"]
    huge = {"x": "y" * CURVES_BYTES_MAX}
    with pytest.raises(Invalid) as caught:
        bank.approve_model(model, name="a", report=_report(huge, metrics), force="trial")
    assert caught.value.code == "codec.form"
    bank.approve_model(model, name="a", report=_report(trained.curves, metrics), force="trial")
    for member in ("agricultural-bank", "regulator"):
        shown = town[member].show_model(model)
        assert shown["charts"] == trained.curves
        assert shown["curves"] == str(cid_of(encode(trained.curves), DAG_CBOR))
        (row,) = town[member].list_models()
        assert row["curves"] == shown["curves"]
        assert "charts" not in row


def test_a_model_without_curves_is_approved_and_shown_as_before(town: Town) -> None:
    trained = train("card", _table(), monotone={})
    bank = town["agricultural-bank"]
    model = bank.publish_model(trained.published)["model"]
    report = _report(None, tell_metrics(trained, rows=800))
    bank.approve_model(model, name="a", report=report, force="trial")
    shown = bank.show_model(model)
    assert not {"charts", "curves"} & shown.keys()

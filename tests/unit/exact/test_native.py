"""The loops in C: what they refuse, and what no model of the laws reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tallystick import _native
from tallystick.exact.batch import score_batch
from tallystick.exact.card import Card, check_card

needs_loops = [
    pytest.mark.external,
    pytest.mark.skipif(not _native.is_built(), reason="the loops in C were not compiled here"),
]

CARD: dict[str, Any] = {
    "v": 1,
    "kind": "card",
    "target": "default",
    "base": 7,
    "features": [
        {"kind": "number", "name": "a", "cuts": [10, 20], "points": [1, 2, 3], "missing": 4}
    ],
    "calibration": {"at": [0, 20], "ppm": [0, 200]},
}


def card() -> Card:
    return check_card(CARD)


def integers(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


def marks(*values: int) -> Any:
    return np.array(values, dtype=np.bool_)


def feature(**changed: Any) -> tuple[Any, ...]:
    """Return a number of 2 cuts as the loops take it for 3 rows, some of its parts changed."""
    parts: dict[str, Any] = {
        "is_level": False,
        "edges": integers(10, 20),
        "entries": integers(1, 2, 3, 0, 4),
        "values": integers(10, 11, 30),
        "known": marks(1, 1, 0),
    }
    return tuple((parts | changed).values())


def test_without_the_loops_numpy_scores_and_is_built_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_native, "batch", None)
    assert not _native.is_built()
    found = score_batch(card(), {"a": (integers(10, 11, 30), marks(1, 1, 0))})
    assert found.logit_micro.tolist() == [8, 9, 11]
    assert found.default_ppm.tolist() == [80, 90, 110]


class TestLoops:
    pytestmark = needs_loops

    def test_a_batch_is_scored_by_the_loops_where_they_are(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called = []
        loops = _native.batch

        class Heard:
            @staticmethod
            def score_card(*arguments: Any) -> None:
                called.append("card")
                loops.score_card(*arguments)

            @staticmethod
            def calibrate(*arguments: Any) -> None:
                called.append("calibration")
                loops.calibrate(*arguments)

        monkeypatch.setattr(_native, "batch", Heard)
        found = score_batch(card(), {"a": (integers(10, 11, 30), marks(1, 1, 0))})
        assert called == ["card", "calibration"]
        assert found.logit_micro.tolist() == [8, 9, 11]
        assert found.default_ppm.tolist() == [80, 90, 110]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"edges": integers(20, 10)},
            {"edges": integers(10, 10)},
            {"edges": integers(10)},
            {"edges": integers(10, 20).view(np.uint8)[:-1]},
            {"edges": integers(10, 20, 30, 40)[::2]},
            {"edges": [10, 20]},
            {"is_level": True},
            {"entries": integers(1, 2, 3, 4)},
            {"entries": integers(1, 2, 3, 0, 4).view(np.uint8)[:-1]},
            {"values": integers(10, 11)},
            {"values": integers(10, 11, 30, 40)},
            {"values": np.zeros(25, dtype=np.uint8)[1:].view(np.int64)},
            {"known": marks(1, 1)},
            {"known": marks(1, 1, 1, 1)},
            {"known": None},
        ],
    )
    def test_what_would_lead_past_a_buffer_is_refused(self, wrong: dict[str, Any]) -> None:
        logit = integers(5, 5, 5)
        with pytest.raises((ValueError, TypeError, BufferError)):
            _native.batch.score_card(0, (feature(**wrong),), logit)
        assert logit.tolist() == [5, 5, 5]

    def test_a_feature_that_is_no_tuple_and_a_result_that_is_fixed_are_refused(self) -> None:
        loops: Any = _native.batch
        fixed = integers(5, 5, 5)
        fixed.flags.writeable = False
        for features, result in [
            ((feature()[:4],), integers(5, 5, 5)),
            ((list(feature()),), integers(5, 5, 5)),
            ([feature()], integers(5, 5, 5)),
            ((feature(),), fixed),
            ((feature(),), None),
        ]:
            with pytest.raises((ValueError, TypeError, BufferError)):
                loops.score_card(0, features, result)
        with pytest.raises(OverflowError):
            loops.score_card(2**63, (feature(),), integers(5, 5, 5))

    @pytest.mark.parametrize("word", [np.uint8, np.uint16, np.uint32, np.uint64])
    def test_every_bit_of_every_word_leads_to_its_leaf(self, word: Any) -> None:
        bits = np.iinfo(word).bits
        levels = np.arange(bits, dtype=np.int64)
        # Each level leaves its own bit, and in the second tree all above it too.
        lowest = word(1) << levels.astype(word)
        entries = np.zeros((bits + 2, 2), dtype=word)
        entries[:bits, 0] = lowest
        entries[:bits, 1] = ~(lowest - word(1))
        asked = (True, levels, entries, levels, np.ones(bits, dtype=np.bool_))
        value = np.arange(200, dtype=np.int64) ** 2
        logit = np.full(bits, 9, dtype=np.int64)
        _native.batch.add_trees(word().itemsize, (asked,), integers(0, 100), value, logit)
        assert logit.tolist() == [9 + bit**2 + (100 + bit) ** 2 for bit in range(bits)]

    @pytest.mark.parametrize(
        ("word", "start", "value"),
        [
            (3, integers(0), np.zeros(64, dtype=np.int64)),
            (0, integers(0), np.zeros(64, dtype=np.int64)),
            (1, integers(0), np.zeros(63, dtype=np.int64)),
            (1, integers(1), np.zeros(64, dtype=np.int64)),
            (1, integers(-1), np.zeros(80, dtype=np.int64)),
            (1, integers(2**62), np.zeros(80, dtype=np.int64)),
            (1, integers(0, 0), np.zeros(64, dtype=np.int64)),
            (2, integers(0), np.zeros(64, dtype=np.int64)),
            (1, integers(), np.zeros(64, dtype=np.int64)),
        ],
    )
    def test_trees_that_would_lead_past_their_values_are_refused(
        self, word: int, start: Any, value: Any
    ) -> None:
        asked: Any = feature(entries=np.full(5, 255, dtype=np.uint8))
        logit = integers(5, 5, 5)
        with pytest.raises(ValueError, match=r"word|values|entry"):
            _native.batch.add_trees(word, (asked,), start, value, logit)
        assert logit.tolist() == [5, 5, 5]

    @pytest.mark.parametrize(
        ("at", "ppm", "rows"),
        [
            ([0], [0], 2),
            ([], [], 2),
            ([0, 0], [0, 1], 2),
            ([0, 1], [1, 0], 2),
            ([0, 1], [0, 1, 2], 2),
            ([-(10**12) - 1, 0], [0, 1], 2),
            ([0, 10**12 + 1], [0, 1], 2),
            ([0, 1], [-1, 1], 2),
            ([0, 1], [0, 10**6 + 1], 2),
            ([0, 1], [0, 1], 3),
        ],
    )
    def test_a_table_that_could_not_be_divided_by_is_refused(
        self, at: list[int], ppm: list[int], rows: int
    ) -> None:
        found = np.full(rows, 5, dtype=np.int64)
        with pytest.raises(ValueError, match="knots"):
            _native.batch.calibrate(integers(*at), integers(*ppm), integers(0, 1), found)
        assert found.tolist() == [5] * rows

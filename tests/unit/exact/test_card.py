"""The integer card: what it scores, why, and what it refuses."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import dag_cbor
import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.exact.batch import score_batch
from tallystick.exact.calibration import Calibration, check_calibration, probability_ppm
from tallystick.exact.card import Score, check_card, reason_codes, score

Tree = dict[str, Any]

TREE: Tree = {
    "v": 1,
    "kind": "card",
    "target": "default",
    "base": -1_000_000,
    "features": [
        {
            "kind": "number",
            "name": "age_years",
            "cuts": [25, 40],
            "points": [700_000, 100_000, -300_000],
            "missing": 50_000,
        },
        {
            "kind": "level",
            "name": "crop",
            "levels": [2, 5, 9],
            "points": [-200_000, 0, 400_000],
            "other": 10_000,
            "missing": -250_000,
        },
    ],
    "calibration": {"at": [-2_000_000, -1_000_000, 1_000_000], "ppm": [50_000, 200_000, 700_000]},
}


def changed(change: Callable[[Tree], object]) -> Tree:
    tree = copy.deepcopy(TREE)
    change(tree)
    return tree


@pytest.mark.parametrize(
    ("row", "logit"),
    [
        ({"age_years": 25, "crop": 2}, -1_000_000 + 700_000 - 200_000),
        ({"age_years": 26, "crop": 5}, -1_000_000 + 100_000),
        ({"age_years": 40, "crop": 9}, -1_000_000 + 100_000 + 400_000),
        ({"age_years": 41, "crop": 4}, -1_000_000 - 300_000 + 10_000),
        ({"age_years": 2**53 - 1, "crop": 1 - 2**53}, -1_000_000 - 300_000 + 10_000),
        ({"unasked": 7}, -1_000_000 + 50_000 - 250_000),
    ],
)
def test_a_row_scores_base_plus_one_entry_of_each_feature(row: dict[str, int], logit: int) -> None:
    assert score(check_card(TREE), row).logit_micro == logit


def test_the_probability_is_interpolated_with_floor_and_clamped_at_the_ends() -> None:
    table = Calibration((-10, -3, 4), (5, 7, 900_000))
    assert [probability_ppm(table, at) for at in (-11, -10, -7, -6, -3)] == [5, 5, 5, 6, 7]
    assert probability_ppm(table, 3) == 7 + math.floor(6 * 899_993 / 7)
    assert [probability_ppm(table, at) for at in (4, 10**15)] == [900_000, 900_000]


def test_parts_measure_the_distance_from_each_features_best_known_value() -> None:
    found = score(check_card(TREE), {"age_years": 30})
    assert found.parts == (("age_years", 400_000), ("crop", -50_000))
    # -1,150,000 lies .85 of the way from 50,000 to 200,000 ppm.
    assert (found.logit_micro, found.default_ppm) == (-1_150_000, 177_500)


def test_reasons_are_the_worst_features_first_and_ties_go_by_name() -> None:
    found = Score(0, 0, (("b", 5), ("a", 5), ("c", 9), ("d", 0), ("e", -3)))
    assert reason_codes(found, 9) == ("c", "a", "b")
    assert reason_codes(found, 2) == ("c", "a")
    assert reason_codes(found, 0) == ()


def test_a_card_survives_dag_cbor_of_another_library() -> None:
    assert check_card(dag_cbor.decode(dag_cbor.encode(TREE))) == check_card(TREE)


FOREIGN_KEY: Any = 1

REFUSED: dict[str, Callable[[Tree], object]] = {
    "another version": lambda t: t.update(v=2),
    "a bool for a version": lambda t: t.update(v=True),
    "another kind": lambda t: t.update(kind="trees"),
    "a kind that is no text": lambda t: t.update(kind=[]),
    "one key more": lambda t: t.update(note=1),
    "a key that is no text": lambda t: t.update({FOREIGN_KEY: 1}),
    "one key less": lambda t: t.pop("base"),
    "a target with a space": lambda t: t.update(target="a b"),
    "a target with a line end": lambda t: t.update(target="a\n"),
    "a target too long": lambda t: t.update(target="a" * 65),
    "a target that is a feature": lambda t: t.update(target="crop"),
    "no feature": lambda t: t.update(features=[]),
    "features as a tuple": lambda t: t.update(features=tuple(t["features"])),
    "features twice": lambda t: t["features"].append(t["features"][1]),
    "features out of order": lambda t: t["features"].reverse(),
    "too many features": lambda t: t.update(
        features=[{**t["features"][0], "name": f"f{i:04}"} for i in range(513)]
    ),
    "a feature that is no map": lambda t: t.update(features=[1]),
    "a feature of no kind": lambda t: t["features"][0].pop("kind"),
    "a number with levels": lambda t: t["features"][0].update(levels=[1]),
    "a level with cuts": lambda t: t["features"][1].update(cuts=[1]),
    "no level": lambda t: t["features"][1].update(levels=[], points=[]),
    "cuts out of order": lambda t: t["features"][0].update(cuts=[40, 25]),
    "cuts twice": lambda t: t["features"][0].update(cuts=[25, 25]),
    "a cut of 2^53": lambda t: t["features"][0].update(cuts=[25, 2**53]),
    "a cut of a million digits": lambda t: t["features"][0].update(cuts=[25, 1 << 4_000_000]),
    "too few points": lambda t: t["features"][0]["points"].pop(),
    "too many points": lambda t: t["features"][1]["points"].append(0),
    "points beyond 64 logits": lambda t: t["features"][0]["points"].__setitem__(0, 64_000_001),
    "a float for points": lambda t: t["features"][0]["points"].__setitem__(0, 0.5),
    "nothing for missing": lambda t: t["features"][0].update(missing=None),
    "a base beyond 64 logits": lambda t: t.update(base=-64_000_001),
    "one knot": lambda t: t.update(calibration={"at": [1], "ppm": [1]}),
    "more knots than probabilities": lambda t: t["calibration"]["at"].append(2_000_000),
    "knots that stand still": lambda t: t["calibration"].update(at=[0, 0, 1]),
    "a probability that stands still": lambda t: t["calibration"].update(ppm=[1, 1, 2]),
    "a probability above one": lambda t: t["calibration"].update(ppm=[1, 2, 1_000_001]),
    "a probability below nought": lambda t: t["calibration"].update(ppm=[-1, 2, 3]),
    "a knot beyond the limit": lambda t: t["calibration"].update(at=[0, 1, 10**12 + 1]),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_a_card_that_breaks_the_form_is_refused(change: Callable[[Tree], object]) -> None:
    with pytest.raises(Invalid) as caught:
        check_card(changed(change))
    assert caught.value.code == "model.malformed"
    assert caught.value.cure
    assert len(str(caught.value)) < 500


def test_a_message_names_the_path_and_repeats_no_text_of_the_input() -> None:
    with pytest.raises(Invalid) as caught:
        check_card(changed(lambda t: t["features"][1].update(name="Zhang San")))
    assert "features[1].name" in str(caught.value)
    assert "Zhang" not in str(caught.value)


@pytest.mark.parametrize("value", [True, 1.0, "3", 2**53, -(2**53)])
def test_a_value_that_is_no_integer_of_the_house_is_refused(value: object) -> None:
    row: Any = {"crop": value}
    with pytest.raises(Invalid, match=r"model\.row"):
        score(check_card(TREE), row)


def test_a_batch_equals_single_rows_at_every_edge() -> None:
    card = check_card(TREE)
    ages = [24, 25, 26, 39, 40, 41, 0, 2**53 - 1]
    crops = [1, 2, 3, 5, 9, 10, 1 - 2**53, 2]
    known = [True, False, True, True, True, True, False, True]
    rows = [
        {"age_years": age} | ({"crop": crop} if there else {})
        for age, crop, there in zip(ages, crops, known, strict=True)
    ]
    everywhere = np.ones(len(ages), dtype=np.bool_)
    columns = {
        "age_years": (np.array(ages), everywhere),
        "crop": (np.array(crops), np.array(known)),
    }
    found = score_batch(card, columns)
    single = [score(card, row) for row in rows]
    assert found.logit_micro.tolist() == [one.logit_micro for one in single]
    assert found.default_ppm.tolist() == [one.default_ppm for one in single]


def test_the_greatest_card_does_not_overflow_a_batch() -> None:
    limit = 64_000_000
    features: list[Tree] = [
        {"kind": "number", "name": f"f{i:03}", "cuts": [0], "points": [-limit, limit], "missing": 0}
        for i in range(512)
    ]
    table = {"at": [-(10**12), 10**12], "ppm": [0, 1_000_000]}
    card = check_card({**TREE, "features": features, "base": limit, "calibration": table})
    ends = np.array([0, 1])
    found = score_batch(card, {f["name"]: (ends, np.ones(2, dtype=np.bool_)) for f in features})
    single = [score(card, {f["name"]: int(end) for f in features}) for end in ends]
    assert found.logit_micro.tolist() == [-511 * limit, 513 * limit]
    assert found.default_ppm.tolist() == [one.default_ppm for one in single]


def test_a_batch_refuses_columns_it_cannot_score() -> None:
    card = check_card(TREE)
    two, three = np.zeros(2, dtype=np.int64), np.ones(3, dtype=np.bool_)
    for columns in (
        {},
        {"crop": (two, three)},
        {"crop": (two.astype(np.float64), three[:2])},
        {"crop": (two + 2**53, three[:2])},
        {"crop": (two + np.iinfo(np.int64).min, three[:2])},
    ):
        with pytest.raises(Invalid, match=r"model\.columns"):
            score_batch(card, columns)  # type: ignore[arg-type]


def test_a_batch_does_not_read_what_is_not_known() -> None:
    unknown = (np.full(1, np.iinfo(np.int64).min), np.zeros(1, dtype=np.bool_))
    found = score_batch(check_card(TREE), {"crop": unknown})
    assert found.logit_micro.tolist() == [score(check_card(TREE), {}).logit_micro]


def test_a_card_is_replayed_without_numpy() -> None:
    code = "import sys, tallystick.exact.card; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_alone_is_checked_under_its_own_path() -> None:
    with pytest.raises(Invalid, match=r"trees\.steps\.ppm"):
        check_calibration({"at": [1, 2], "ppm": [1, 1]}, "trees.steps")

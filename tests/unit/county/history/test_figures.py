"""The planted truth on fresh seeds: every figure within its band and three standard errors.

The bands are those of runs of 30,000 loans. A history of 6,000 strays from them by chance, so each
band is widened by three standard errors of its own figure at that size: default, for one, by one
point on each side. The slow test holds four seeds of 30,000, pooled, to the bands themselves, with
the standard errors of 120,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt

import numpy as np
import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.county.history import History, draw_history
from tallystick.county.history.findings import (
    BANDS,
    FAVOUR_BAND_PPM,
    Count,
    Favour,
    Figure,
    find_favour,
    find_figures,
    find_reach,
    find_targeting,
)
from tallystick.county.history.judging import (
    AUC_BANDS,
    TARGET,
    Judged,
    auc_error,
    judge,
    ratio_interval,
)
from tallystick.county.history.loan import MONOTONE
from tallystick.county.history.table import table_with_truth, whole_table
from tallystick.learning.challenger import fit_challenger
from tallystick.learning.evaluation import score_published
from tallystick.learning.metrics import auc
from tallystick.learning.table import Table

ERRORS = 3.0
FULL_SEEDS = ("full moon", "full barn", "full cup", "full year")


def strays(count: Count, band: tuple[int, int]) -> bool:
    """Return whether a share lies off its band by more than its sampling error explains."""
    low, high = band[0] / 1e6, band[1] / 1e6
    middle = (low + high) / 2
    error = ERRORS * sqrt(middle * (1 - middle) / count.rows)
    return not low - error <= count.hits / count.rows <= high + error


def pooled(counts: Sequence[Count]) -> Count:
    return Count(sum(each.hits for each in counts), sum(each.rows for each in counts))


@pytest.fixture(scope="module")
def figures(histories: tuple[History, ...]) -> tuple[tuple[Figure, ...], ...]:
    """The figures of each history, counted once."""
    return tuple(find_figures(history) for history in histories)


@pytest.mark.long
@pytest.mark.parametrize("name", BANDS)
def test_a_figure_lies_in_its_band_on_every_fresh_seed(
    figures: tuple[tuple[Figure, ...], ...], name: str
) -> None:
    for found in figures:
        (figure,) = (each for each in found if each.name == name)
        assert figure.count.rows > 30
        assert not strays(figure.count, BANDS[name]), figure


def favour_error(favour: Favour) -> float:
    sides = (favour.kin, favour.others)
    return exp(ERRORS * sqrt(sum(1 / side.hits - 1 / side.rows for side in sides)))


@pytest.mark.long
def test_officials_kin_are_granted_about_twice_as_often_at_the_usual_dial(
    histories: tuple[History, ...],
) -> None:
    found = [find_favour(history) for history in histories]
    favour = Favour(pooled([each.kin for each in found]), pooled([each.others for each in found]))
    low, high = (end / 1e6 for end in FAVOUR_BAND_PPM)
    error = favour_error(favour)
    assert low / error <= favour.ratio_ppm / 1e6 <= high * error
    assert ratio_interval(favour)[0] > 1


@pytest.mark.long
def test_officials_kin_fare_as_all_others_at_dial_nought_and_better_at_the_end_of_it() -> None:
    none, most = (
        find_favour(draw_history(SeededEntropy("a dial"), loans=6_000, capture=dial))
        for dial in (0, 100)
    )
    assert 1 / favour_error(none) <= none.ratio_ppm / 1e6 <= favour_error(none)
    assert most.ratio_ppm > 2 * none.ratio_ppm


def split_auc(table: Table) -> tuple[float, float]:
    """Return the AUC of boosted trees on a fifth that they have not seen, and its error."""
    seen = np.arange(len(table)) % 5 > 0
    fitted, _ = fit_challenger(table.take(seen), TARGET, seed=1, monotone=MONOTONE)
    rest = table.take(~seen)
    found, bad = auc(score_published(fitted, rest), rest.outcomes), int(rest.outcomes.sum())
    return found, ERRORS * auc_error(found, bad, len(rest) - bad)


@pytest.mark.long
def test_the_card_separates_as_it_should_on_every_fresh_seed(
    histories: tuple[History, ...],
) -> None:
    for history in histories:
        found = judge("card", history)
        error = ERRORS * (found.auc_high - found.auc_low) / (2 * 1.96)
        low, high = AUC_BANDS["card"]
        assert low - error <= found.figures.auc_mean <= high + error
        assert found.figures.ece < 2 * found.figures.ece_null95


@pytest.mark.long
def test_boosted_trees_separate_better_and_the_truth_best(history: History) -> None:
    trees, error = split_auc(whole_table(history))
    assert AUC_BANDS["challenger"][0] - error <= trees <= AUC_BANDS["challenger"][1] + error
    truth, error = split_auc(table_with_truth(history))
    assert AUC_BANDS["truth"][0] - error <= truth <= AUC_BANDS["truth"][1] + error
    assert truth > trees + 0.05


@pytest.mark.long
def test_an_easier_county_is_seen_through_better_than_a_hard_one() -> None:
    easy, hard = (
        judge("card", draw_history(SeededEntropy("a dial"), loans=4_000, difficulty=dial))
        for dial in (0, 100)
    )
    assert easy.auc_low > hard.figures.auc_mean


def test_reach_and_targeting_count_every_household_once(
    history: History, figures: tuple[tuple[Figure, ...], ...]
) -> None:
    reach = find_reach(history)
    assert sum(each.rows for each in reach) == len(history.loans)
    assert sum(each.hits for each in reach) == sum(loan.granted for loan in history.loans)
    assert reach[9].share_ppm > 3 * reach[0].share_ppm
    whole = {figure.name: figure.count for figure in figures[0]}
    for codes in ([loan.village for loan in history.loans], [loan.woman for loan in history.loans]):
        groups = find_targeting(history, codes)
        assert pooled([each.missed for each in groups]) == whole["exclusion"]
        assert pooled([each.wrong for each in groups]) == whole["inclusion"]
        assert len(groups) == len(set(codes))


@pytest.mark.slow
def test_four_full_histories_lie_in_all_bands() -> None:
    figures: dict[str, list[Count]] = {name: [] for name in BANDS}
    favours, found = [], dict[Judged, list[float]]()
    names: tuple[Judged, ...] = ("card", "card_granted", "challenger")
    for seed in FULL_SEEDS:
        history = draw_history(SeededEntropy(seed), loans=30_000)
        for figure in find_figures(history):
            figures[figure.name].append(figure.count)
        favours.append(find_favour(history))
        for name in names if seed == FULL_SEEDS[0] else names[:2]:
            found.setdefault(name, []).append(judge(name, history).figures.auc_mean)
        if seed == FULL_SEEDS[0]:
            found["truth"] = [split_auc(table_with_truth(history))[0]]
    off = {
        name: pooled(each) for name, each in figures.items() if strays(pooled(each), BANDS[name])
    }
    assert not off
    favour = Favour(
        pooled([each.kin for each in favours]), pooled([each.others for each in favours])
    )
    assert FAVOUR_BAND_PPM[0] / favour_error(favour) <= favour.ratio_ppm
    assert favour.ratio_ppm <= FAVOUR_BAND_PPM[1] * favour_error(favour)
    # A fold's fit costs some rows, and one seed's weather sways an AUC by about half a point.
    for judged, values in found.items():
        low, high = AUC_BANDS[judged]
        assert low - 0.01 <= sum(values) / len(values) <= high + 0.01, judged

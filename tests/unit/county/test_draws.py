"""The samplers: exact, by label, in their ranges, near the laws they are named for."""

from __future__ import annotations

import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from tallystick.county.draws import PPM, Draws, exponential_ppm

SEED = bytes(range(32))
DRAWS = Draws(SEED)
LABELS = [str(at) for at in range(4_000)]


def test_a_value_depends_on_its_seed_and_label_alone() -> None:
    first = DRAWS.below("age", 1_000_000_007)
    DRAWS.below("something else", 7)
    assert Draws(SEED).below("age", 1_000_000_007) == first
    assert DRAWS.below("age ", 1_000_000_007) != first
    assert DRAWS.under("part").below("age", 1_000_000_007) != first


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6), st.text(max_size=8))
def test_between_stays_between_its_ends(low: int, width: int, label: str) -> None:
    assert low <= DRAWS.between(label, low, low + width) <= low + width


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any), st.text(max_size=8))
def test_an_item_without_a_share_is_never_chosen(shares: list[int], label: str) -> None:
    chosen = DRAWS.choose(label, list(enumerate(shares)))
    assert shares[chosen] > 0


def test_items_are_chosen_by_their_shares() -> None:
    found = [DRAWS.choose(label, (("a", 1), ("b", 3))) for label in LABELS]
    assert 0.72 < found.count("b") / len(found) < 0.78


def test_chances_of_nothing_and_of_certainty_hold_always() -> None:
    assert not any(DRAWS.happens(label, 0) for label in LABELS)
    assert all(DRAWS.happens(label, PPM) for label in LABELS)


def test_normal_values_have_the_moments_of_the_normal() -> None:
    found = [DRAWS.normal_ppm(label) / PPM for label in LABELS]
    assert abs(statistics.mean(found)) < 0.06
    assert 0.96 < statistics.pstdev(found) < 1.04
    assert 0.64 < sum(abs(value) < 1 for value in found) / len(found) < 0.72


def test_lognormal_values_have_their_median_and_spread() -> None:
    found = [DRAWS.lognormal(label, 1_700_000, 450_000) for label in LABELS]
    assert abs(statistics.median(found) / 1_700_000 - 1) < 0.04
    assert abs(statistics.pstdev(math.log(value) for value in found) - 0.45) < 0.02


def test_beta_values_have_the_mean_and_spread_of_beta_two_three() -> None:
    found = [DRAWS.beta_two_three_ppm(label) / PPM for label in LABELS]
    assert abs(statistics.mean(found) - 0.4) < 0.02
    assert abs(statistics.pstdev(found) - 0.2) < 0.01


@given(st.integers(-8_000_000, 8_000_000))
def test_the_exponential_is_that_of_floating_point_to_six_digits(exponent: int) -> None:
    expected = math.exp(exponent / PPM) * PPM
    assert abs(exponential_ppm(exponent) - expected) <= 1 + expected * 1e-6

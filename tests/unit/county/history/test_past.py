"""A history: drawn again the same, its observed part free of truth, its money accounted for."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.county.draws import PPM, Draws, exponential_ppm
from tallystick.county.history import History, draw_history
from tallystick.county.history.exact import beta_two_five_ppm, expand, logistic_ppm, noise_table
from tallystick.county.history.life import AFTER_MONTHS
from tallystick.county.history.loan import FEATURES, LEVELS, MONOTONE, Loan
from tallystick.county.history.officer import OFFICERS_COUNT
from tallystick.county.history.project import (
    PROJECTS_COUNT,
    TENDER_MINOR,
    Fault,
    draw_projects,
)
from tallystick.county.history.table import table_with_truth, whole_table
from tallystick.county.history.wish import HEAP_MINOR, RATE_PPM
from tallystick.exact.batch import Integers
from tallystick.learning.metrics import auc
from tallystick.learning.table import Floats

DIGEST = "b5e85c297842eab825e318d0a21d27e7df192ffd3ce76e1965b3518838f847d5"


def small(seed: str = "a small one", *, difficulty: int = 50, capture: int = 50) -> History:
    entropy = SeededEntropy(seed)
    return draw_history(entropy, loans=400, difficulty=difficulty, capture=capture)


def test_the_same_entropy_gives_the_same_history_and_another_gives_another() -> None:
    assert small() == small()
    assert small().loans != small("another").loans


def test_a_history_is_the_same_to_the_bit_on_every_machine() -> None:
    found = small("to the bit")
    told = repr((found.loans, found.news, found.projects, tuple(found.months()), found.truth))
    assert hashlib.sha256(told.encode()).hexdigest() == DIGEST


def test_a_history_says_how_far_it_is() -> None:
    heard: list[tuple[int, int]] = []
    draw_history(SeededEntropy("x"), loans=300, told=lambda done, of: heard.append((done, of)))
    assert heard == [(0, 300), (256, 300)]


@pytest.mark.parametrize(("loans", "months"), [(0, 48), (300_001, 48), (10, 0), (10, 121)])
def test_a_history_of_no_size_is_refused(loans: int, months: int) -> None:
    with pytest.raises(Invalid, match="most is") as refused:
        draw_history(SeededEntropy("x"), loans=loans, months=months)
    assert refused.value.code == "history.size"


@pytest.mark.parametrize(("difficulty", "capture"), [(-1, 50), (101, 50), (50, -1), (50, 101)])
def test_a_dial_off_its_scale_is_refused(difficulty: int, capture: int) -> None:
    with pytest.raises(Invalid) as refused:
        small(difficulty=difficulty, capture=capture)
    assert refused.value.code == "history.dial"


def test_the_smallest_and_shortest_history_can_be_drawn() -> None:
    found = draw_history(SeededEntropy("one"), loans=1, months=1)
    assert len(found.loans) == 1
    assert not found.truth.rings


def ranks(values: Integers) -> Floats:
    """Return mean ranks, so that equal values agree whatever their order."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def likeness(one: Integers, other: Integers) -> float:
    """Return how far two columns rank loans alike, 0 to 1; a constant is like nothing."""
    if len(np.unique(one)) == 1 or len(np.unique(other)) == 1:
        return 0.0
    return abs(float(np.corrcoef(ranks(one), ranks(other))[0, 1]))


def test_no_observed_column_is_a_latent_one_nor_stands_for_it(history: History) -> None:
    columns = {each.name: each.values for each in table_with_truth(history).columns}
    latent = sorted(columns.keys() - set(FEATURES))
    assert len(latent) == 10
    observed = [name for name in columns if name in FEATURES]
    for hidden in latent:
        values = columns[hidden]
        # Who owes nothing, or diverted nothing, is alike everywhere: the amount is the secret.
        told = values != 0 if len(np.unique(values)) > 2 else np.ones(len(values), np.bool_)
        assert told.sum() > 100
        near = {name: likeness(columns[name][told], values[told]) for name in observed}
        assert max(near.values()) < 0.95, (hidden, max(near, key=lambda name: near[name]))
    assert [each.name for each in whole_table(history).columns] == observed


def test_a_loan_names_nothing_of_the_truth_and_only_integers(history: History) -> None:
    names = {each.name for each in fields(Loan)}
    truth = history.truth
    hidden = {each.name for thing in (truth.households[0], truth.uses[0]) for each in fields(thing)}
    same = {"village", "persons", "workers", "age_years", "schooling_years", "income_minor"}
    assert names & hidden == same | {"debt_minor"}
    for loan in history.loans[:200]:
        values = [getattr(loan, name) for name in names]
        assert all(type(each) is int or each is None for each in values)
    differ = [
        loan.income_minor != truth.households[loan.number].income_minor for loan in history.loans
    ]
    assert sum(differ) > 0.99 * len(differ)
    assert set(FEATURES) >= LEVELS | MONOTONE.keys()


def test_without_difficulty_the_file_states_the_truth() -> None:
    clear = small(difficulty=0)
    for loan, home in zip(clear.loans, clear.truth.households, strict=True):
        assert abs(loan.income_minor - home.income_minor) <= 5_000
        assert abs(loan.debt_minor - home.debt_minor) <= 5_000
        assert loan.prior_tenths == home.discipline_ppm // 100_000
    assert not any(clear.truth.hides_debt)


def test_difficulty_changes_what_is_seen_and_not_what_is() -> None:
    clear, dim = small(difficulty=0), small(difficulty=100)
    assert clear.truth.households == dim.truth.households
    assert clear.truth.lives == dim.truth.lives
    assert [replace(each, granted=0) for each in clear.loans] != [
        replace(each, granted=0) for each in dim.loans
    ]


def test_a_life_ends_paid_or_in_default_and_never_pays_more_than_is_due(
    history: History,
) -> None:
    for loan, life in zip(history.loans, history.truth.lives, strict=True):
        assert len(life.paid_minor) == loan.term_months + AFTER_MONTHS + 1
        interest = loan.amount_minor * RATE_PPM * loan.term_months // (12 * PPM)
        interest = interest if loan.bullet else interest // 2
        assert min(life.paid_minor) >= 0
        assert sum(life.paid_minor) <= loan.amount_minor + interest
        assert life.is_default == (max(life.late_months) >= 3)
        assert life.was_late == (max(life.late_months) >= 1)
        if life.is_default:
            assert life.late_months[life.default_age] == 3
            assert max(life.late_months[: life.default_age]) < 3
        else:
            assert life.late_months[-1] == 0
            assert sum(life.paid_minor) >= (loan.amount_minor + interest) * 97 // 100


def test_a_ring_is_a_few_names_of_one_village_and_month_under_one_hand(
    history: History,
) -> None:
    rings = history.truth.rings
    names = [straw.loan for ring in rings for straw in ring.straws]
    assert len(names) == len(set(names)) > 50
    for ring in rings:
        assert 3 <= len(ring.straws) <= 8
        assert 0 <= ring.meeting_days <= 3
        loans = [history.loans[straw.loan] for straw in ring.straws]
        assert {(loan.village, loan.month) for loan in loans} == {(ring.village, ring.month)}
        for straw in ring.straws:
            life, loan = history.truth.lives[straw.loan], history.loans[straw.loan]
            assert 3 <= straw.paying_months <= 6
            assert not (straw.is_dead and straw.is_knowing)
            assert life.is_default == (straw.fails and loan.term_months > straw.paying_months)
            assert not any(life.late_months[: straw.paying_months + 1])


def test_the_names_of_rings_do_not_stand_in_a_row(history: History) -> None:
    gaps = [
        after.loan - before.loan
        for ring in history.truth.rings
        for before, after in zip(ring.straws, ring.straws[1:], strict=False)
    ]
    assert sum(gap == 1 for gap in gaps) <= 2


def test_prohibited_parts_are_offences_from_three_tenths_on(history: History) -> None:
    for use in history.truth.uses:
        assert use.is_diverted == (use.prohibited_ppm >= 300_000)
        assert (use.payee == "") == (use.prohibited_ppm == 0) == (use.prohibited_day == 0)
        assert 0 <= use.invested_ppm <= PPM
    near = [use for use in history.truth.uses if 0 < use.prohibited_ppm < 300_000]
    assert 0.015 < len(near) / len(history.truth.uses) < 0.045


def test_requests_heap_at_the_limit_and_stay_below_it_but_for_family_farms(
    history: History,
) -> None:
    counted = Counter(loan.amount_minor for loan in history.loans)
    assert counted.most_common(1)[0][0] == HEAP_MINOR
    assert counted[HEAP_MINOR] > 5 * counted[HEAP_MINOR - 100_000]
    assert {loan.livelihood for loan in history.loans if loan.amount_minor > HEAP_MINOR} == {7}
    assert not any(loan.subsidised for loan in history.loans if loan.amount_minor > HEAP_MINOR)


def test_a_tenth_of_the_officers_state_one_return_in_all_their_plans(history: History) -> None:
    stated: dict[int, set[int]] = {}
    for loan in history.loans:
        stated.setdefault(loan.officer, set()).add(loan.plan_return_ppm)
    copying = {officer for officer, found in stated.items() if len(found) == 1}
    truth = history.truth.officers.copied_ppm
    assert copying == {at for at in range(OFFICERS_COUNT) if truth[at] is not None}
    assert len(copying) == 4


def test_the_internal_rating_tells_nothing(histories: tuple[History, ...]) -> None:
    ratings = np.array([loan.internal_rating for each in histories for loan in each.loans])
    ends = np.array([int(life.is_default) for each in histories for life in each.truth.lives])
    assert set(ratings.tolist()) == set(range(1, 10))
    assert abs(auc(ratings, ends) - 0.5) < 0.03


def test_mules_are_few_slept_long_and_are_elders_twice_in_five(
    histories: tuple[History, ...],
) -> None:
    found = [(each, mule) for each in histories for mule in each.truth.mules]
    assert 0.003 < len(found) / sum(len(each.loans) for each in histories) < 0.005
    assert all(mule.dormant_months >= 6 and mule.passing_hours < 24 for _, mule in found)
    elders = sum(each.truth.households[mule.loan].age_years > 60 for each, mule in found)
    assert 0.22 < elders / len(found) < 0.58


def test_news_come_twice_a_week_six_true_a_year_and_ahead_of_the_loss(history: History) -> None:
    items, events = history.news, history.truth.events
    assert len(items) == len(events)
    assert abs(len(items) - 4 * 104) <= 6
    counted = Counter(event.standing for event in events)
    assert 20 <= counted["true"] <= 24
    assert 0.02 < counted["false"] / len(items) < 0.09
    assert [item.day for item in items] == sorted(item.day for item in items)
    losses = history.truth.stage.loss_ppm
    for item, event in zip(items, events, strict=True):
        assert item.alarming == (event.standing != "idle")
        assert 1 <= event.lead_days <= 7 if event.standing == "true" else not event.lead_days
        if item.alarming:
            assert (losses[item.village][item.day // 360] > 0) == (event.standing == "true")


def test_faults_of_projects_come_at_their_rates_and_each_leaves_its_trace(
    history: History,
) -> None:
    assert len(history.projects) == len(history.truth.faults) == PROJECTS_COUNT
    projects, faults = draw_projects(Draws(bytes(32)), months=48, count=6_000)
    counted = Counter(faults)
    expectations: dict[Fault, int] = {"idle": 240, "split": 180, "related": 120, "ghost": 90}
    for fault, expected in expectations.items():
        assert abs(counted[fault] - expected) < 3.5 * expected**0.5
    for project, fault in zip(projects, faults, strict=True):
        assert (project.active_months <= 2) == (fault == "idle")
        assert (10 * project.passed_on >= 2.5 * project.beneficiaries) == (fault == "ghost")
        near = [TENDER_MINOR * 85 // 100 <= each < TENDER_MINOR for each in project.contracts_minor]
        one_hand = len(near) > 1 and all(near) and len(set(project.suppliers)) == 1
        assert one_hand == (fault == "split")
        assert fault != "related" or project.owner == project.signer_kin


def test_prices_come_in_pairs_of_years_and_insurance_bears_over_half(history: History) -> None:
    stage = history.truth.stage
    for months in stage.earning_ppm:
        first, second = sum(months[:12]), sum(months[12:24])
        assert abs(first * second / PPM**2 - 1) < 0.01
    village = next(at for at, years in enumerate(stage.loss_ppm) if any(years))
    bare = stage.kept_ppm(village, 1, insured=False)
    covered = stage.kept_ppm(village, 1, insured=True)
    for low, high in zip(bare, covered, strict=True):
        assert abs((PPM - high) - (PPM - low) * 45 // 100) <= 1
    assert set(stage.kept_ppm(village, 5, insured=False)) == {PPM}


def test_exact_samplers_have_the_moments_of_their_laws() -> None:
    draws = Draws(bytes(range(32)))
    found = [beta_two_five_ppm(draws, str(at)) / PPM for at in range(3_000)]
    assert abs(np.mean(found) - 2 / 7) < 0.01
    assert abs(np.std(found) - 0.1597) < 0.01
    table = np.log(np.array(noise_table(120_000)) / PPM)
    weights = np.ones(1)
    for _ in range(4):
        weights = np.convolve(weights, np.ones(256) / 256)
    assert abs(np.sum(weights * table)) < 1e-3
    assert abs(np.sqrt(np.sum(weights * table**2)) - 0.12) < 1e-3
    assert expand(draws, "a", 40) == expand(draws, "a", 80)[:40] != expand(draws, "b", 40)
    assert logistic_ppm(10**12) == PPM * PPM // (PPM + exponential_ppm(-12 * PPM))
    assert logistic_ppm(700_000) + logistic_ppm(-700_000) in (PPM - 1, PPM)

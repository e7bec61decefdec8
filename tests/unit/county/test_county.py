"""The county as a whole: one entropy one county, planted shares within bounds, secrets apart."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.charter import ROLES
from tallystick.county import words
from tallystick.county.county import County, draw_county, planted_secrets
from tallystick.county.crop import ANIMALS, CROPS
from tallystick.county.draws import Draws
from tallystick.county.livelihood import LIVELIHOODS
from tallystick.county.member import APPROVERS, ASKERS, MEMBERS, ORDERER, SERVED_BY, find_witness
from tallystick.county.party import Party
from tallystick.county.register import find_poor
from tallystick.county.village import draw_village, draw_weather

ROOT = Path(__file__).resolve().parents[3]
_POOR = {"dibao", "out_of_poverty", "monitored_relapse", "monitored_marginal", "monitored_sudden"}
_PRINT = """
import hashlib
from tallystick.base.clock import SeededEntropy
from tallystick.county.county import draw_county
print(hashlib.sha256(repr(draw_county(SeededEntropy("s"), households=80)).encode()).hexdigest())
"""


def _households(county: County) -> list[Party]:
    return [party for party in county.parties if party.kind == "household"]


def _share(flags: list[bool]) -> float:
    return sum(flags) / len(flags)


def test_one_entropy_gives_one_county_and_another_gives_another() -> None:
    first = draw_county(SeededEntropy("one"), households=60)
    assert draw_county(SeededEntropy("one"), households=60) == first
    assert draw_county(SeededEntropy("two"), households=60).parties != first.parties


def test_the_county_does_not_depend_on_the_order_of_sets_in_a_process() -> None:
    digests = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", _PRINT],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_a_larger_county_begins_with_the_households_of_the_smaller() -> None:
    def bare(party: Party) -> Party:
        return replace(party, profile={**party.profile, "category": ""}, custodian="")

    small = _households(draw_county(SeededEntropy("grow"), households=40))
    large = _households(draw_county(SeededEntropy("grow"), households=90))
    assert [bare(party) for party in large[:40]] == [bare(party) for party in small]


def test_more_months_leave_the_requests_of_the_first_as_they_were() -> None:
    year = draw_county(SeededEntropy("months"), households=80, months=12)
    more = draw_county(SeededEntropy("months"), households=80, months=30)
    end = year.start_month + 12
    assert [r for r in more.requests if r.month < end] == list(year.requests)
    assert len(more.requests) > len(year.requests)


@pytest.mark.parametrize(("households", "months"), [(0, 12), (10, 0), (100_001, 1), (10, 61)])
def test_a_county_outside_its_bounds_is_refused(households: int, months: int) -> None:
    with pytest.raises(Invalid) as caught:
        draw_county(SeededEntropy("s"), households=households, months=months)
    assert caught.value.code == "county.size"


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_six_hundred_households_ask_for_about_two_hundred_things_a_year(seed: str) -> None:
    county = draw_county(SeededEntropy(seed), households=600, months=12)
    assert 190 <= len(county.requests) <= 250


def test_livelihoods_come_in_their_planted_shares(large_county: County) -> None:
    found = Counter(party.livelihood for party in _households(large_county))
    for kind in LIVELIHOODS.values():
        assert abs(found[kind.ident] / 3_000 - kind.share / 1_000) < 0.025


def test_incomes_have_their_planted_medians(large_county: County) -> None:
    for kind in LIVELIHOODS.values():
        found = [
            p.truth.poverty_minor for p in _households(large_county) if p.livelihood == kind.ident
        ]
        # Remoteness lowers the median by up to 8 %; a small kind has a wide median.
        near = 0.25 if len(found) < 100 else 0.12
        assert abs(statistics.median(found) / kind.income_minor - 0.97) < near


def test_stated_farms_bring_about_the_income_they_were_drawn_from(large_county: County) -> None:
    ratios = []
    for party in _households(large_county):
        if party.livelihood == "orchard":
            kind = LIVELIHOODS["orchard"]
            part = 1_000_000 - kind.wage_ppm * bool(party.profile["workers"]) - kind.transfer_ppm
            net = sum(
                row["area_centimu"] * CROPS[row["crop"]].net_p50_minor // 100
                for row in party.profile["crops"]
            )
            ratios.append(net / (party.truth.income_minor * part / 1_000_000))
    assert 0.85 < statistics.median(ratios) < 1.05


def test_three_in_five_households_have_a_thin_record_or_none(large_county: County) -> None:
    homes = _households(large_county)
    thin = _share([p.profile["credit_record"] in ("none", "thin") for p in homes])
    assert 0.55 <= thin <= 0.65


def test_a_third_of_indebted_households_hide_their_debts(large_county: County) -> None:
    indebted = [p for p in _households(large_county) if p.truth.debts_minor]
    assert 0.33 < len(indebted) / 3_000 < 0.43
    assert 0.28 < _share([p.truth.hides_debt for p in indebted]) < 0.42
    assert all(not p.profile["debts"] for p in indebted if p.truth.hides_debt)


def test_the_register_leaves_out_and_takes_in_about_four_in_ten(large_county: County) -> None:
    homes = _households(large_county)
    poor = find_poor(homes)
    entered = {p.ident for p in homes if p.profile["category"] in _POOR}
    exclusion = 1 - len(poor & entered) / len(poor)
    inclusion = 1 - len(poor & entered) / len(entered)
    assert 0.34 < exclusion < 0.48
    assert 0.34 < inclusion < 0.48


def test_weather_hits_one_village_year_in_ten() -> None:
    years = [draw_weather(Draws(bytes([at]) * 32), year) for at in range(40) for year in range(50)]
    hits = [hit for hit in years if hit is not None]
    assert 0.08 < len(hits) / len(years) < 0.12
    assert 0.36 < statistics.mean(hit.loss_ppm for hit in hits) / 1_000_000 < 0.44


def test_thirty_villages_have_thirty_names(county: County) -> None:
    assert len({village.ident for village in county.villages}) == 30
    assert len({village.zh for village in county.villages}) == 30
    assert all(2 <= village.km <= 57 for village in county.villages)
    assert draw_village(0, Draws(bytes(32))).ident == "v01"


@pytest.mark.long
def test_every_secret_is_told_once_and_occurs_in_no_public_sentence(large_county: County) -> None:
    secrets = planted_secrets(large_county)
    assert len(secrets) == 4 * len(large_county.parties)
    assert len(set(secrets)) == len(secrets)
    assert min(map(len, secrets)) >= 3
    spoken = repr(vars(words)) + repr([r.application for r in large_county.requests])
    names = (party.identity["name"] for party in large_county.parties)
    assert not [secret for secret in names if secret in spoken]


def test_phones_and_papers_are_none_that_exist(county: County) -> None:
    for party in county.parties:
        phone, paper = party.contacts["phone"], party.identity["id_number"]
        assert len(phone) == 11
        assert phone.startswith("10")
        assert len(paper) == 18
        assert paper.startswith("00")


def test_firms_and_projects_are_parties_that_ask(county: County) -> None:
    kinds = Counter(party.kind for party in county.parties)
    assert kinds["firm"] >= 6
    assert kinds["project"] >= 5
    asking = {county.parties[request.party].kind for request in county.requests}
    assert asking == {"household", "firm", "project"}


def test_about_half_of_the_households_act_through_an_officer(large_county: County) -> None:
    assert 0.46 < _share([p.own_key for p in _households(large_county)]) < 0.54


def test_who_borrows_is_in_the_custody_of_a_lender(county: County) -> None:
    for request in county.requests:
        if request.demand["kind"] in ("borrow", "lease"):
            assert county.parties[request.party].custodian in APPROVERS


def test_twelve_members_have_roles_of_the_charter_and_one_orders() -> None:
    names = [member.name for member in MEMBERS]
    assert len(set(names)) == 12
    assert {member.role for member in MEMBERS} <= set(ROLES)
    assert ORDERER in names
    assert {*SERVED_BY.values(), *APPROVERS, *ASKERS} <= set(names)
    assert all(find_witness(name) not in (name, "") for name in names)


def test_the_county_grows_what_its_catalogue_knows() -> None:
    text = (ROOT / "examples/products.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)["reference"]["crops"]
    for crop in CROPS.values():
        row = known[crop.ident]
        nets = [row[f"net_p{at}_minor"] for at in (20, 50, 80)]
        assert [crop.net_p20_minor, crop.net_p50_minor, crop.net_p80_minor] == nets
        assert [row["sale_months"], row["outlay_months"]] == [
            list(crop.sale_months),
            list(crop.outlay_months),
        ]
        assert row["cost_minor_per_mu"] == crop.cost_minor
    for animal in ANIMALS.values():
        assert known[animal.ident]["net_p50_minor"] == animal.net_p50_minor
        assert abs(animal.sales_minor - animal.cost_minor - animal.net_p50_minor) <= 0

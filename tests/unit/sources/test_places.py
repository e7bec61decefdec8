"""Targets in the application tree, and the units that may be declared for them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tallystick.base.errors import Invalid
from tallystick.records.applicant import DEMAND, PROFILE, Field
from tallystick.sources.places import EACH, MAP, PLAIN, find_place, own_unit, units_of


def test_every_leaf_of_the_tree_is_found_by_its_path() -> None:
    found = 0
    for branch, entries in (("profile", PROFILE), ("demand", DEMAND)):
        for name, entry in entries.items():
            if isinstance(entry, Field):
                place = find_place(f"{branch}.{name}")
                assert (place.index, place.field) == (PLAIN, entry)
                found += 1
                continue
            for leaf, field in entry.fields.items():
                mark = "[]" if entry.most else ""
                place = find_place(f"{branch}.{name}{mark}.{leaf}")
                assert (place.index, place.field) == (EACH if mark else MAP, field)
                if entry.most:
                    assert find_place(f"{branch}.{name}[{entry.most - 1}].{leaf}").index > 0
                found += 1
    assert found > 100


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("profile.age_year", "profile.age_years"),
        ("demand.terms_asked.term", "demand.terms_asked.term_months"),
        ("profile.crops.crop", "profile.crops[].crop"),
        ("profile.crops[16].crop", "profile.crops[].crop"),
        ("demand.shock[0].kind", "demand.shock.kind"),
    ],
)
def test_an_unknown_target_is_refused_with_the_nearest_leaf(path: str, near: str) -> None:
    with pytest.raises(Invalid) as caught:
        find_place(path)
    assert caught.value.code == "mapping.unknown_target"
    assert near in caught.value.cure


@pytest.mark.parametrize(
    ("path", "unit", "factor"),
    [
        ("demand.amount_minor", "yuan", 100),
        ("demand.amount_minor", "thousand_yuan", 100_000),
        ("demand.amount_minor", "ten_thousand_yuan", 1_000_000),
        ("demand.terms_asked.rate_ppm", "percent", 10_000),
        ("demand.terms_asked.rate_ppm", "fraction", 1_000_000),
        ("profile.land_own_centimu", "mu", 100),
        ("profile.land_own_centimu", "hectare", 1_500),
        ("demand.terms_asked.term_months", "years", 12),
        ("demand.scale_centi", "one", 100),
        ("profile.km_to_town", "li", Fraction(1, 2)),
        ("profile.crops[].yield_kg_per_mu", "jin", Fraction(1, 2)),
    ],
)
def test_units_convert_into_the_unit_that_the_leaf_is_named_for(
    path: str, unit: str, factor: Fraction
) -> None:
    assert units_of(find_place(path))[unit] == factor


def test_a_leafs_own_unit_counts_one() -> None:
    for branch, entries in (("profile", PROFILE), ("demand", DEMAND)):
        for name, entry in entries.items():
            if isinstance(entry, Field) and entry.kind in ("money", "rate", "area", "count"):
                place = find_place(f"{branch}.{name}")
                assert units_of(place)[own_unit(place)] == 1

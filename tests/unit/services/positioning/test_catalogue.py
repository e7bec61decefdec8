"""The catalogue: what is shipped is whole, and what is not whole is refused by place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.base import codec
from tallystick.base.errors import Invalid
from tallystick.finance import REPAYMENTS
from tallystick.services.positioning.catalogue import (
    Catalogue,
    catalogue_from_toml,
    compile_catalogue,
)
from tallystick.text import PHRASES

Spoil = Callable[[dict[str, Any]], object]


def test_the_shipped_catalogue_has_twelve_schemes_and_eleven_subjects(
    catalogue: Catalogue,
) -> None:
    assert len({product.scheme for product in catalogue.products}) == 12
    assert len(catalogue.providers) == 11
    assert {row.unit for row in catalogue.reference.crops.values()} >= {"mu", "head", "hive"}


def test_every_scheme_has_a_provider_with_its_expertise(catalogue: Catalogue) -> None:
    for product in catalogue.products:
        serving = [p for p in catalogue.providers if product.scheme in p.services]
        assert serving, product.scheme
        assert any(product.expertise in provider.expertise for provider in serving)


def test_every_code_of_the_shipped_catalogue_has_words(catalogue: Catalogue) -> None:
    codes = {f"scheme.{product.scheme}" for product in catalogue.products}
    codes |= {f"scheme.{name}" for p in catalogue.providers for name in p.services}
    codes |= {f"expertise.{name}" for p in catalogue.providers for name in p.expertise}
    codes |= {f"purpose.{name}" for p in catalogue.products for name in p.purposes}
    codes |= {f"category.{name}" for p in catalogue.products for name in p.categories}
    codes |= {f"crop.{name}" for name in catalogue.reference.crops}
    codes |= {f"repayment.{name}" for name in REPAYMENTS}
    assert not codes - set(PHRASES)


def test_forms_of_repayment_are_those_that_schedules_know(catalogue: Catalogue) -> None:
    for product in catalogue.products:
        assert set(product.repayments) <= set(REPAYMENTS)
        assert set(product.made_for) <= set(product.purposes)


def test_the_tree_survives_canonical_bytes(catalogue_tree: dict[str, Any]) -> None:
    again = codec.decode(codec.encode(catalogue_tree), codec.value)
    assert compile_catalogue(again) == compile_catalogue(catalogue_tree)


def test_the_highest_version_in_force_is_used(catalogue_tree: dict[str, Any]) -> None:
    tree = copy.deepcopy(catalogue_tree)
    later = {**tree["products"][0], "version": 2, "from_month": 2028 * 12, "rate_ppm": 1}
    compiled = compile_catalogue({**tree, "products": [*tree["products"], later]})
    scheme = later["scheme"]
    before = compiled.find_product(scheme, 2027 * 12)
    after = compiled.find_product(scheme, 2028 * 12)
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == (1, 2)
    assert compiled.find_product(scheme, 1900 * 12) is None
    assert compiled.find_product("none_such", 0) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda tree: tree.pop("reference"),
        lambda tree: tree.update(v=2),
        lambda tree: tree["products"][0].update(rate=3),
        lambda tree: tree["products"][0].pop("scheme"),
        lambda tree: tree["products"][0].update(rate_ppm=True),
        lambda tree: tree["products"][0].update(rate_ppm=2**53),
        lambda tree: tree["products"][0].update(purposes="house"),
        lambda tree: tree["products"][0].update(name_en="x" * 201),
        lambda tree: tree["products"].append(dict(tree["products"][0])),
        lambda tree: tree["providers"].append(dict(tree["providers"][0])),
        lambda tree: tree["providers"].clear(),
        lambda tree: tree["reference"]["crops"]["maize"].pop("net_p20_minor"),
        lambda tree: tree["reference"].update(crops={"maize": 3}),
    ],
)
def test_a_catalogue_of_another_form_is_refused(
    catalogue_tree: dict[str, Any], spoil: Spoil
) -> None:
    tree = copy.deepcopy(catalogue_tree)
    spoil(tree)
    with pytest.raises(Invalid, match=r"positioning\.catalogue"):
        compile_catalogue(tree)


@pytest.mark.parametrize("text", ["v = ", "v = 1", 'v = 1\n[reference]\nas_of = "2026-13"'])
def test_toml_that_is_no_catalogue_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"positioning\.catalogue"):
        catalogue_from_toml(text)

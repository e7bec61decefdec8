"""What the tests of positioning share: the shipped catalogue and one ordinary household."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick.services.positioning.case import Case, read_case
from tallystick.services.positioning.catalogue import (
    Catalogue,
    catalogue_from_toml,
    compile_catalogue,
)
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.thresholds import RULES_V1

ROOT = Path(__file__).resolve().parents[4]
MARCH = 2027 * 12 + 2
OCTOBER = 2027 * 12 + 9


@pytest.fixture(scope="session")
def catalogue_tree() -> dict[str, Any]:
    return catalogue_from_toml((ROOT / "examples" / "products.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def catalogue(catalogue_tree: dict[str, Any]) -> Catalogue:
    return compile_catalogue(catalogue_tree)


@pytest.fixture(scope="session")
def decider(catalogue_tree: dict[str, Any]) -> Decider:
    return Decider(None, catalogue_tree, RULES_V1)


@pytest.fixture
def application() -> Callable[..., dict[str, Any]]:
    """Return a maize household that asks 6,000 yuan for seed, with changes by name."""

    def make(
        profile: dict[str, Any] | None = None, demand: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        stated = {**PROFILE, **(profile or {})}
        asked = {**DEMAND, **(demand or {})}
        return {
            "profile": {key: value for key, value in stated.items() if value is not None},
            "demand": {key: value for key, value in asked.items() if value is not None},
            "features": {},
        }

    return make


@pytest.fixture
def read(catalogue: Catalogue, application: Callable[..., dict[str, Any]]) -> Callable[..., Case]:
    """Return a function from changes of the household and demand to its case."""
    return lambda profile=None, demand=None: read_case(
        application(profile, demand), catalogue, RULES_V1
    )


PROFILE: dict[str, Any] = {
    "category": "ordinary",
    "age_years": 44,
    "sex": "m",
    "persons": 3,
    "workers": 2,
    "able_to_work": 1,
    "village": "V19",
    "crops": [
        {
            "crop": "maize",
            "area_centimu": 1_500,
            "yield_kg_per_mu": 550,
            "price_minor_per_kg": 220,
            "cost_minor_per_mu": 49_000,
            "sale_months": [10],
            "outlay_months": [4, 6],
            "in_project": 1,
        }
    ],
    "wage_minor_month": 360_000,
    "wage_months": 8,
    "transfers_minor_year": 420_000,
    "living_minor_person_year": 760_000,
    "medical_school_minor_year": 400_000,
    "savings_minor": 1_400_000,
    "debts": [],
    "credit_record": "good",
}
DEMAND: dict[str, Any] = {
    "kind": "borrow",
    "as_of_month": MARCH - 1,
    "scheme_asked": "seasonal_crop",
    "purpose": "crop_inputs",
    "cost_minor": 740_000,
    "own_share_ppm": 189_189,
    "amount_minor": 600_000,
    "first_outlay_month": MARCH,
    "first_sale_month": OCTOBER,
    "last_sale_month": OCTOBER,
    "scale_centi": 1_500,
    "scale_unit": "mu",
    "income_low_minor": 720_000,
    "income_likely_minor": 1_080_000,
    "revenue_likely_minor": 1_820_000,
    "working_capital": 1,
    "payable_months": [11, 12],
    "bearable_instalment_minor": 650_000,
    "terms_asked": {
        "rate_ppm": 50_000,
        "term_months": 8,
        "repayment": "bullet",
        "start_month": MARCH,
    },
    "user_of_money": "self",
}

"""docs/mapping.md: its example runs, and it names every code and every key."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

from tallystick.sources import (
    Application,
    Rejected,
    loading,
    parse_mapping,
    read_applications,
    recipes,
)
from tallystick.sources.places import find_place, units_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")


def test_the_example_reads_a_gbk_table() -> None:
    block = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    mapping = parse_mapping(block[1].encode())
    table = (
        "编号,出生日期,承包地,月工资,欠款,申请金额,期限,结清\n"
        "甲1,1986-03-05,8.5,4200,0,3,1,是\n"
        "甲2,1990-12-31,0,-9,1.5,5,2,否\n"
        "甲3,1990-12-31,0,三千,1.5,5,2,否\n"
    )
    first, second, third = read_applications(io.BytesIO(table.encode("gbk")), mapping)
    assert isinstance(first, Application)
    assert isinstance(second, Application)
    assert isinstance(third, Rejected)
    assert first.profile == {
        "age_years": 40,
        "land_own_centimu": 850,
        "wage_minor_month": 420_000,
        "debts": [],
        "persons": 3,
    }
    assert (first.target, first.features) == (0, {"debt_to_amount_ppm": 0})
    assert second.profile["debts"] == [{"balance_minor": 1_500_000, "lender": "bank"}]
    assert "wage_minor_month" not in second.profile
    assert second.demand["terms_asked"] == {"term_months": 24}
    assert (second.target, second.features) == (1, {"debt_to_amount_ppm": 300_000})
    assert (third.column, third.code) == ("月工资", "source.not_number")


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "src" / "tallystick" / "sources").glob("*.py"))
    )
    raised = set(re.findall(r'"((?:source|mapping)\.[a-z0-9_]+)"', source))
    told = set(re.findall(r"`((?:source|mapping)\.[a-z0-9_]+)`", PAGE))
    assert raised == told
    assert len(told) > 40


def test_every_key_and_unit_is_documented() -> None:
    keys = {*recipes.CELL_KEYS, *recipes.FIELD_KEYS, *recipes.ORIGIN_KEYS, *loading.FEATURE_KEYS}
    keys |= {key for section in loading.SECTIONS.values() for key in section}
    places = ["demand.amount_minor", "demand.terms_asked.rate_ppm", "profile.land_own_centimu"]
    places += ["profile.age_years", "demand.terms_asked.term_months", "demand.scale_centi"]
    places += ["profile.km_to_town", "profile.crops[].yield_kg_per_mu", "demand.as_of_month"]
    keys |= {unit for path in places for unit in units_of(find_place(path))}
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()


def test_every_shipped_mapping_is_valid_toml_and_loads() -> None:
    shipped = sorted((ROOT / "examples" / "mappings").glob("*.toml"))
    assert len(shipped) >= 3
    for path in shipped:
        assert tomllib.loads(path.read_text(encoding="utf-8"))
        assert loading.load_mapping(path).name == path.stem

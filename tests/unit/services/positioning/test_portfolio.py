"""Which rows of a file its cards are fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.services.positioning import portfolio
from tallystick.sources import Mapping, load_mapping

MAPPING = Path(__file__).resolve().parents[4] / "examples" / "mappings" / "gaston.toml"
HEAD = "Status,Seniority,Home,Time,Age,Marital,Records,Job,Expenses,Income,Assets,Debt,Amount,Price"


@pytest.fixture
def mapping() -> Mapping:
    return load_mapping(MAPPING)


def write_rows(path: Path, count: int) -> Path:
    rows = [f"{1 + n % 2},9,1,60,{20 + n % 40},2,1,3,73,129,0,0,800,846" for n in range(count)]
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_small_file_is_kept_whole(tmp_path: Path, mapping: Mapping) -> None:
    path = write_rows(tmp_path / "small.csv", 50)
    places, features, targets = portfolio._labelled(path, mapping, None)
    assert places == list(range(1, 51))
    assert len(features) == len(targets) == 50
    assert set(targets) == {0, 1}


def test_a_large_file_is_thinned_evenly_and_within_the_limit(
    tmp_path: Path, mapping: Mapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio, "FIT_ROWS_MAX", 20)
    path = write_rows(tmp_path / "large.csv", 90)
    places, _, _ = portfolio._labelled(path, mapping, None)
    assert len(places) <= 20
    assert places == list(range(8, 91, 8))


def test_a_row_left_out_is_scored_by_the_card_of_all_rows_kept() -> None:
    cids = tuple(object() for _ in range(6))
    cards = portfolio.Cards(cids, {8: 2})  # type: ignore[arg-type]
    assert cards.of(8) is cids[2]
    assert cards.of(9) is cids[-1]
    assert portfolio.Cards((), {}).of(8) is None

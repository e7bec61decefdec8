"""Lenders' books on a real chain: what one member learns from them, what the others see of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.conftest import CATALOGUE
from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.base.errors import Denied, Invalid
from tallystick.cli.main import run
from tallystick.county.acted import act_county, act_past, publish_catalogue
from tallystick.county.agenda import day_of
from tallystick.county.county import County, draw_county, planted_secrets
from tallystick.county.founding import found_county
from tallystick.county.history import History, draw_history
from tallystick.county.history.loan import LEVELS
from tallystick.county.history.table import observed_table
from tallystick.county.house import House, open_house
from tallystick.county.modelling import MODELLER, find_due, judge_since, learn, read_loans
from tallystick.county.past_book import BOOKKEEPERS
from tallystick.learning.table import Table
from tallystick.services.credit.book import MonthRows
from tallystick.services.credit.modelling import table_of
from tallystick.services.credit.reporting import Reports

SEED = "what the books tell"
LOANS, PAST, MONTHS = 5_000, 40, 4


@pytest.fixture(scope="module")
def past() -> History:
    return draw_history(SeededEntropy(SEED), loans=LOANS, months=PAST)


@pytest.fixture(scope="module")
def county() -> County:
    return draw_county(SeededEntropy(SEED), households=80, months=MONTHS)


@pytest.fixture(scope="module")
def folders(
    past: History, county: County, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Forty months of books and four of life, acted out by twelve linked members; and a copy."""
    folder = tmp_path_factory.mktemp("books") / "county"
    clock = ManualClock((day_of(county.start_month - PAST, 1) - 1) * DAY_MS)
    found_county(folder, seed=SEED, clock=clock)
    with open_house(folder, clock) as opened:
        publish_catalogue(opened, CATALOGUE.read_text(encoding="utf-8"))
        books = act_past(opened, clock, county, past, months=MONTHS)
        act_county(opened, clock, county, months=MONTHS, told=lambda _event: None, books=books)
    return folder, Path(shutil.copytree(folder, folder.with_name("copy")))


@pytest.fixture(scope="module")
def house(folders: tuple[Path, Path], county: County) -> Iterator[House]:
    clock = ManualClock((day_of(county.start_month + MONTHS, 1) + 1) * DAY_MS)
    with open_house(folders[0], clock) as opened:
        for node in opened.nodes():
            node.fold()
        yield opened


def _rows(table: Table) -> list[tuple[int, ...]]:
    """Return a table's rows in an order of their own: lenders number otherwise than histories."""
    columns = [each for column in table.columns for each in (column.values, column.known)]
    return sorted(zip(*(each.tolist() for each in [*columns, table.outcomes]), strict=True))


@pytest.mark.long
def test_the_table_of_the_chain_is_the_one_of_the_history(
    house: House, past: History, county: County
) -> None:
    loans = read_loans(house.node(MODELLER))
    found = table_of(loans, county.start_month, LEVELS)
    observed = observed_table(past)
    assert [(each.name, each.kind) for each in found.columns] == [
        (each.name, each.kind) for each in observed.columns
    ]
    assert _rows(found) == _rows(observed)
    assert found.outcomes.sum() > 7


@pytest.mark.long
def test_the_table_of_an_earlier_month_holds_nothing_that_was_told_later(
    house: House, county: County
) -> None:
    node = house.node(MODELLER)
    until = county.start_month - 10
    then = read_loans(node)
    before = [loan for loan in then if loan.month < until]
    assert _rows(table_of(then, until, LEVELS)) == _rows(table_of(before, until, LEVELS))
    assert len(table_of(then, until, LEVELS)) < len(table_of(then, until + 10, LEVELS))


def test_only_lenders_and_the_reader_they_name_open_their_rows(house: House) -> None:
    for name in (*BOOKKEEPERS, MODELLER):
        told = Reports(house.node(name).desk).read_books()
        opened = {each.lender for each in told if each.sealed is not None}
        assert opened == (set(BOOKKEEPERS) if name == MODELLER else {name})
    stranger = house.node("agriculture")
    assert all(each.sealed is None for each in Reports(stranger.desk).read_books())
    row = stranger.views.rows("report", limit=1)[0]
    desk = stranger.desk
    with pytest.raises(Denied) as caught:
        desk.open(desk.permit("credit", row["record"]), row["record"], "case")
    assert caught.value.code == "access.no_key"


def test_every_reading_of_a_lenders_rows_leaves_a_receipt_with_both(house: House) -> None:
    node = house.node(MODELLER)
    read_loans(node)
    row = next(each for each in node.views.rows("report") if each["lender"] == "credit-union")
    for name in (MODELLER, "credit-union"):
        assert house.node(name).desk.receipts.of(row["record"])


def test_loans_of_the_chain_are_reported_after_those_of_before(
    house: House, county: County
) -> None:
    granted = house.node("regulator").views.rows("loan")
    assert granted
    loans = read_loans(house.node(MODELLER))
    numbers = {name: [each.number for each in loans if each.lender == name] for name in BOOKKEEPERS}
    start = county.start_month
    for name, found in numbers.items():
        assert found == list(range(1, len(found) + 1))
        paid_out = [row for row in granted if row["lender"] == name and row["disbursed_at"]]
        live = [each for each in loans if each.lender == name and each.month >= start]
        assert len(live) == len(paid_out)
        assert [each.number for each in live] == found[len(found) - len(live) :]
    asked = {request.demand["amount_minor"] for request in county.requests}
    assert {each.features["amount_minor"] for each in loans if each.month >= start} <= asked


def test_cases_are_decided_by_the_model_that_was_learnt(house: House) -> None:
    node = house.node(MODELLER)
    model = node.positions.approved_model()
    assert model is not None
    decided = 0
    for row in house.node("credit-union").views.rows("case", {"opener": "credit-union"}):
        opened = house.node("credit-union").positions.read_case(row["case"])
        stated = node.find(row["decision"]).record["pub"].get("model")
        figures = opened["decisions"]["scheme"]["figures"]
        if opened["application"]["application"]["features"]:
            assert stated == model
            assert figures["default_ppm"] + figures["repay_ppm"] == 1_000_000
            decided += 1
        else:
            # Nobody learnt from a request like this: no chance is told of it.
            assert stated is None
            assert "default_ppm" not in figures
    assert decided


def test_the_model_is_judged_on_loans_that_ended_after_it_was_approved(
    house: House, county: County
) -> None:
    node = house.node(MODELLER)
    judged = judge_since(node, county.start_month + MONTHS)
    assert judged is not None
    loans = read_loans(node)
    end, start = county.start_month + MONTHS, county.start_month
    since = [each for each in loans if each.is_over(end) and not each.is_over(start)]
    assert judged.held.rows == len(since) > 0
    assert judge_since(node, start) is None


def test_whether_training_is_due_is_told_with_its_reasons(house: House) -> None:
    found = find_due(house.node(MODELLER))
    assert found["due"] == bool(found["reasons"])
    assert found["trained"] > found["matured"] > 0
    assert all(each["found"] > each["limit"] > 0 for each in found["reasons"] if each["limit"])
    with pytest.raises(Invalid) as caught:
        learn([], 0)
    assert caught.value.code == "report.unripe"


def test_a_month_is_told_once_and_in_order(house: House) -> None:
    desk = house.node("postal-bank").desk
    last = max(row["month"] for row in desk.views.rows("report", {"lender": "postal-bank"}))
    for month in (last, last + 2):
        with pytest.raises(Invalid) as caught:
            Reports(desk).report_month(month, MonthRows())
        assert caught.value.code == "record.refused"


def test_nobody_is_named_in_what_all_members_hold_of_a_report(house: House, county: County) -> None:
    node = house.node("newspaper")
    secrets = planted_secrets(county)
    for row in node.views.rows("report"):
        found = node.find(row["record"]).record
        assert not {"case", "refs", "officer"} & found.keys()
        values = {str(each) for each in found["pub"].values()}
        assert not values & set(secrets)
        assert found["pub"]["granted"] >= 5 or "lent" not in found["pub"]
    assert np.all([row["lent"] is None or row["granted"] >= 5 for row in node.views.rows("report")])


@pytest.mark.long
def test_a_model_is_trained_on_the_chain_and_approved_from_the_command_line(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    at = ["--county", str(folders[1]), "--member", MODELLER, "--json"]
    out = str(tmp_path / "card.model")

    def tell(*verb: str) -> dict[str, Any]:
        assert run([*verb, *at]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    due = tell("model", "due")
    trained = tell("model", "train", "--chain", "--out", out)
    # The books told of more months since: what is learnt now is what was over then, and more.
    assert trained["rows"] == due["trained"] + due["matured"] > 0
    assert trained["rows"] + trained["unlabelled"] > due["trained"] + due["granted"]
    again = tell("model", "train", "--chain", "--out", out)
    assert again["cid"] == trained["cid"]
    approved = tell("model", "approve", out, "--name", "second")
    assert approved["model"] == trained["cid"]
    shown = tell("model", "show", "second")
    assert shown["state"] == "in_force"
    assert shown["metrics"]["rows"] == trained["rows"]
    assert tell("model", "due")["matured"] == 0
    for language, words in (("en", "granted since"), ("zh", "以后发放")):
        assert run(["model", "due", *at[:-1], "--lang", language]) == 0
        assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", [["--chain", "loans.csv"], ["loans.csv"], ["--mapping", "m.toml"], []]
)
def test_training_takes_a_file_with_its_mapping_or_the_chain(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["model", "train", *given]) == 2
    assert "--chain" in capsys.readouterr().err

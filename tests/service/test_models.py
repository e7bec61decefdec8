"""A model's life: trained, approved in person, deciding, compared with another, and retired."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, START_MS, Town, take_in
from tallystick import __version__
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import Cid, cid_of, decode, encode, value
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.evidence import Verdict, verify_evidence
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER, replay
from tallystick.cli.main import run
from tallystick.cli.model_life import read_file, shadow_report
from tallystick.client import Client
from tallystick.county.evidence import export_case
from tallystick.exact.model import check_model, score_model
from tallystick.records.refusal import Refusal

MAPPING = """
[target]
column = "end"
good = ["g"]
bad = ["b"]
[[features]]
name = "yearly_income"
column = "income"
monotone = "down"
known_at = "application"
[[features]]
name = "job"
column = "job"
kind = "level"
levels = ["farm", "shop", "works"]
known_at = "application"
"""
ROWS = 400
STEPS = 3
DECISIONS = ("case.schemed", "case.judged", "case.reported", "case.matched")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A card and trees as `tally model train --out` writes them, of loans made up here."""
    folder = tmp_path_factory.mktemp("trained")
    draw = random.Random(2)
    lines = ["income,job,end"]
    for _ in range(ROWS):
        income, job = draw.randrange(100), draw.choice(("farm", "shop", "works"))
        risk = 0.7 - income / 160 + (0.15 if job == "shop" else 0)
        lines.append(f"{income},{job},{'b' if draw.random() < risk else 'g'}")
    (folder / "loans.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "m.toml").write_text(MAPPING, encoding="utf-8")
    words = [str(folder / "loans.csv"), "--mapping", str(folder / "m.toml")]
    files = {"card": folder / "card.model", "challenger": folder / "trees.model"}
    for name, file in files.items():
        also = ["--challenger"] * (name == "challenger")
        assert run(["model", "train", *words, *also, "--publish", name, "--out", str(file)]) == 0
    return files


def approve(office: Client, file: Path, name: str, force: str | None = None) -> str:
    """Publish and approve a trained model; return its CID."""
    told = read_file(str(file))
    cid: str = office.publish_model(told["model"])["model"]
    done = office.approve_model(cid, name=name, report=told["report"], force=force)
    assert done["model"] == cid
    return cid


def application(income: int, job: int = 0) -> dict[str, Any]:
    return {**FITTING, "features": {"yearly_income": income, "job": job}}


def model_of(town: Town, case: str) -> set[Cid | None]:
    """Return which models the records of a case's decisions name."""
    node = town.house.node("credit-union")
    node.fold()
    rows = node.views.rows("record", {"case": bytes.fromhex(case)})
    named = [node.find(row["id"]).record["pub"] for row in rows if row["t"] in DECISIONS]
    assert len(named) == STEPS
    return {pub.get("model") for pub in named}


def prove(town: Town, case: str) -> Verdict:
    """Return the verdict of an outsider on a case's evidence, decisions run again."""
    town.house.spread()
    seat = town.house.seat("credit-union")
    data = export_case(seat.node, seat.witnesses, bytes.fromhex(case))
    trust = Pin.read((town.house.folder / "members.json").read_bytes())
    return verify_evidence(data, trust, CHARTER, replay)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["card", "challenger"])
def test_an_approved_model_decides_and_an_outsider_runs_it_again(
    town: Town, trained: dict[str, Path], kind: str
) -> None:
    union = town["credit-union"]
    cid = approve(town["agricultural-bank"], trained[kind], "loans")
    (opened,) = take_in(union, application(80))
    case = opened["case"]
    assert model_of(town, case) == {Cid.parse(cid)}, "a member that did not approve it uses it"

    figures = union.show_case(case)["decisions"]["scheme"]["figures"]
    tree = read_file(str(trained[kind]))["model"]
    expected = score_model(check_model(tree), {"yearly_income": 80, "job": 0})
    assert figures["default_ppm"] == expected.default_ppm

    verdict = prove(town, case)
    assert verdict.status.value == "proven"
    assert [each.claim for each in verdict.findings].count("decided") == STEPS


@pytest.mark.long
def test_retiring_lets_the_one_before_decide_and_then_none(
    town: Town, trained: dict[str, Path], clock: ManualClock
) -> None:
    union, bank = town["credit-union"], town["agricultural-bank"]
    card = approve(bank, trained["card"], "card-a")
    assert [row["state"] for row in union.list_models()] == ["in_force"]
    trees = approve(union, trained["challenger"], "trees-a")
    assert [(row["name"], row["state"], row["kind"]) for row in union.list_models()] == [
        ("trees-a", "in_force", "trees"),
        ("card-a", "approved", "card"),
    ]
    (first,) = take_in(union, application(80))
    assert model_of(town, first["case"]) == {Cid.parse(trees)}

    clock.advance(DAY_MS)
    union.retire_model(trees, code="drift")
    (second,) = take_in(union, application(80))
    assert model_of(town, second["case"]) == {Cid.parse(card)}
    bank.retire_model(card)
    (third,) = take_in(union, application(80))
    assert model_of(town, third["case"]) == {None}
    states = {row["name"]: row for row in bank.list_models()}
    assert {row["state"] for row in states.values()} == {"retired"}
    assert states["trees-a"]["retired_by"] == "credit-union"
    assert states["trees-a"]["reason"] == "drift"
    assert states["trees-a"]["retired_at"] >= START_MS + DAY_MS
    assert prove(town, first["case"]).status.value == "proven", "what it decided stays replayable"


def test_what_may_not_be_approved_or_retired_is_refused_by_its_code(
    town: Town, trained: dict[str, Path]
) -> None:
    bank, media = town["agricultural-bank"], town["newspaper"]
    told = read_file(str(trained["card"]))
    with pytest.raises(Invalid) as malformed:
        bank.publish_model({**told["model"], "base": "0"})
    assert malformed.value.code == "model.malformed"
    absent = str(cid_of(b"nothing"))
    with pytest.raises(NotFound) as nowhere:
        bank.approve_model(absent, name="a", report=told["report"])
    assert nowhere.value.code == "store.nowhere"
    with pytest.raises(NotFound) as unknown:
        bank.retire_model(absent)
    assert unknown.value.code == "model.unknown"
    cid = bank.publish_model(told["model"])["model"]
    with pytest.raises(Invalid) as report:
        bank.approve_model(cid, name="a", report={**told["report"], "metrics": {}})
    assert report.value.code == "codec.form"
    with pytest.raises(Invalid) as role:
        approve(media, trained["card"], "a")
    assert role.value.values["code_number"] == Refusal.ROLE
    assert bank.list_models() == []

    approve(bank, trained["card"], "a")
    with pytest.raises(Invalid) as twice:
        approve(town["credit-union"], trained["card"], "b")
    assert twice.value.values["code_number"] == Refusal.ALREADY_STATED
    bank.retire_model(cid)
    with pytest.raises(Invalid) as again:
        bank.retire_model(cid)
    assert again.value.values["code_number"] == Refusal.MODEL_RETIRED
    with pytest.raises(Invalid) as revived:
        approve(bank, trained["card"], "a")
    assert revived.value.values["code_number"] == Refusal.ALREADY_STATED
    assert town.count("model.approved") == 1


def test_a_case_that_names_a_retired_model_is_not_decided_by_it(
    town: Town, trained: dict[str, Path]
) -> None:
    union = town["credit-union"]
    cid = approve(union, trained["card"], "a")
    union.retire_model(cid)
    party = union.add_party("household", {"name": "one"})
    mandate = union.add_mandate(party, witness="village", days=9, text="to apply")
    request = {"application": application(80), "party": party, "mandate": mandate, "model": cid}
    with pytest.raises(Invalid) as refused:
        union.open_cases([request])
    assert refused.value.values["code_number"] == Refusal.MODEL_RETIRED


def test_a_model_off_by_more_than_chance_is_approved_with_a_public_reason_alone(
    town: Town, trained: dict[str, Path], tmp_path: Path
) -> None:
    tree: dict[str, Any] = decode(trained["card"].read_bytes(), value)
    metrics = tree["report"]["metrics"]
    metrics["ece_ppm"] = metrics["ece_null95_ppm"] + 5_001
    file = tmp_path / "off.model"
    file.write_bytes(encode(tree))
    bank = town["agricultural-bank"]
    with pytest.raises(Invalid) as off:
        approve(bank, file, "off")
    assert off.value.code == "model.not_calibrated"
    assert str(metrics["ece_ppm"]) in str(off.value)
    assert town.count("model.approved") == 0
    cid = approve(bank, file, "off", force="pilot")
    assert town["village"].show_model(cid)["forced"] == "pilot"


def test_a_model_is_shown_with_what_training_found(town: Town, trained: dict[str, Path]) -> None:
    bank = town["agricultural-bank"]
    told = read_file(str(trained["card"]))
    shown = town["village"].show_model(approve(bank, trained["card"], "a"))
    assert shown["metrics"] == told["report"]["metrics"]
    assert (shown["data"], shown["program"]) == (told["report"]["data"], __version__)
    assert shown["metrics"]["rows"] == ROWS
    assert (shown["member"], shown["kind"], shown["state"]) == (
        "agricultural-bank",
        "card",
        "in_force",
    )
    points = {each["name"]: each["points"] for each in told["model"]["features"]}
    assert {each["name"]: each["points"] for each in shown["features"]} == points
    trees = bank.show_model(approve(bank, trained["challenger"], "b"))
    ensemble = read_file(str(trained["challenger"]))["model"]
    assert trees["trees"] == len(ensemble["trees"])
    asked = sum(place >= 0 for tree in ensemble["trees"] for place in tree["feature"])
    assert sum(each["splits"] for each in trees["features"]) == asked > 0


@pytest.mark.long
def test_a_shadow_tells_what_it_would_have_decided_and_records_nothing(
    town: Town, trained: dict[str, Path], clock: ManualClock
) -> None:
    union = town["credit-union"]
    (before,) = take_in(union, application(50))
    card = approve(union, trained["card"], "a")
    incomes = range(0, 100, 2)
    opened = take_in(union, *(application(income, income % 3) for income in incomes))
    told = read_file(str(trained["challenger"]))
    shadow = union.publish_model(told["model"])["model"]
    records = town.house.node("credit-union").views.count("record")

    report = shadow_report(union, shadow, 0)
    assert (report["cases"], report["unread"], report["without_model"]) == (51, 0, 1)
    by_card, by_trees = (check_model(read_file(str(file))["model"]) for file in trained.values())
    gaps = {}
    for income, case in zip(incomes, opened, strict=True):
        row = {"yearly_income": income, "job": income % 3}
        gaps[case["case"]] = abs(
            score_model(by_card, row).default_ppm - score_model(by_trees, row).default_ppm
        )
    largest = sorted(gaps, key=lambda case: (-gaps[case], case))[:10]
    assert [row["case"] for row in report["largest"]] == largest
    assert 0.5 < report["rank_correlation"] < 1
    assert report["psi"] > 0
    same = shadow_report(union, card, 0)
    assert (same["rank_correlation"], same["psi"]) == (1.0, 0.0)
    again = union.shadow_model(card)["items"]
    assert all(row["fits"] == row["would_fit"] for row in again if "decided_ppm" in row)

    assert town.house.node("credit-union").views.count("record") == records
    assert [row["case"] for row in union.list_cases(limit=1_000, stage="closed")] == []
    assert shadow_report(town["agricultural-bank"], shadow, 0)["cases"] == 0, "not its cases"
    clock.advance(3 * DAY_MS)
    assert shadow_report(union, shadow, 2)["cases"] == 0
    assert shadow_report(union, shadow, 4)["cases"] == 51
    receipts = town.house.node("credit-union").desk.receipts.of(bytes.fromhex(before["case"]))
    assert {row["purpose"] for row in receipts} == {"positioning"}
    assert len(receipts) == 4, "one a case that was opened; none outside --since"


def test_what_a_shadow_foretells_is_what_the_model_decides_once_approved(
    town: Town, trained: dict[str, Path]
) -> None:
    union = town["credit-union"]
    asked = [application(income, job) for income in (0, 30, 60, 99) for job in range(3)]
    before = take_in(union, *asked)
    told = read_file(str(trained["card"]))
    cid = union.publish_model(told["model"])["model"]
    foretold = {row["case"]: row for row in union.shadow_model(cid)["items"]}
    assert all("decided_ppm" not in row and row["fits"] for row in foretold.values())
    report = shadow_report(union, cid, 0)
    assert report["without_model"] == len(asked)
    assert "psi" not in report, "there is nothing to compare with"

    approve(union, trained["card"], "a")
    after = [int(each["stage"] == "reported") for each in take_in(union, *asked)]
    assert [foretold[each["case"]]["would_fit"] for each in before] == after
    assert set(after) == {0, 1}
    assert report["differ"] == after.count(0)


def test_the_shadow_comes_in_pages(town: Town, trained: dict[str, Path]) -> None:
    union = town["credit-union"]
    cid = approve(union, trained["card"], "a")
    take_in(union, *(application(income) for income in range(5)))
    first = union.shadow_model(cid, limit=3)
    assert (len(first["items"]), first["next"]) == (3, 3)
    second = union.shadow_model(cid, limit=3, offset=3)
    assert len(second["items"]) == 2
    assert "next" not in second
    cases = [row["case"] for row in (*first["items"], *second["items"])]
    assert len(set(cases)) == 5


# ---- the command line


@pytest.fixture
def tally(county: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs a verb of `tally model` on a county and tells what it said."""

    def call(verb: str, *words: str) -> tuple[int, str, str]:
        status = run(["model", verb, *words, "--county", str(county)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


@pytest.mark.long
def test_the_verbs_lead_a_model_through_its_life(
    trained: dict[str, Path], tally: Callable[..., tuple[int, str, str]]
) -> None:
    member = ("--member", "credit-union")
    status, out, _ = tally("approve", str(trained["card"]), "--name", "loans", *member, "--json")
    assert status == 0
    cid = json.loads(out)["model"]
    status, out, _ = tally("list", "--json")
    assert [json.loads(line)["model"] for line in out.splitlines()] == [cid]
    for language, word in (("en", "in force"), ("zh", "在用")):
        status, out, _ = tally("list", "--lang", language)
        assert (status, word in out) == (0, True)
        status, out, _ = tally("show", "loans", "--lang", language)
        assert (status, "yearly_income" in out) == (0, True)
        assert cid in out
    status, out, _ = tally("shadow", str(trained["challenger"]), *member, "--json")
    assert (status, json.loads(out)["cases"]) == (0, 0)
    assert tally("retire", "loans", "--code", "old", *member)[0] == 0
    status, out, _ = tally("show", cid, "--json")
    assert (json.loads(out)["state"], json.loads(out)["reason"]) == ("retired", "old")


def test_a_file_or_name_that_is_no_model_is_refused(
    trained: dict[str, Path], tally: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    bare = tmp_path / "bare.model"
    bare.write_bytes(encode(decode(trained["card"].read_bytes(), value)["model"]))
    for words, code in (
        (("approve", str(bare), "--name", "a", "--member", "village"), "model.file"),
        (("approve", str(tmp_path / "no"), "--name", "a", "--member", "village"), "cli.file"),
        (("approve", str(trained["card"]), "--name", "a"), "cli.member"),
        (("show", "nobody"), "model.unknown"),
        (("retire", "nobody", "--member", "village"), "model.unknown"),
    ):
        status, out, err = tally(*words)
        assert status != 0
        assert out == ""
        assert err.startswith(f"{code}:"), err

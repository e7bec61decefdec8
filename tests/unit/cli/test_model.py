"""`tally model train` as a person runs it: what it prints, leaves out, refuses and writes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick import __version__
from tallystick.base.codec import RAW, cid_of, decode, encode, sha256, value
from tallystick.cli.main import run
from tallystick.exact.model import check_model
from tallystick.records.trained import read_trained

MAPPINGS = Path(__file__).resolve().parents[3] / "examples" / "mappings"
HEAD = """
[target]
column = "end"
good = ["g"]
bad = ["b"]
unknown = ["?"]
[[features]]
name = "income"
column = "income"
known_at = "application"
[[features]]
name = "job"
column = "job"
kind = "level"
levels = ["farm", "shop", "works"]
known_at = "application"
[[features]]
name = "woman"
column = "woman"
kind = "level"
levels = ["0", "1"]
protected = true
"""


def feature(column: str, more: str = "") -> str:
    return f'[[features]]\nname = "{column}"\ncolumn = "{column}"\n{more}\n'


def loans(
    count: int, *, bad: float = 0.5, more: dict[str, Callable[..., Any]] | None = None
) -> str:
    """Return a file of loans whose risk falls with income, and further columns."""
    draw = random.Random(5)
    lines = [",".join(["income", "job", "woman", "end", *(more or {})])]
    for row in range(count):
        income = draw.randrange(100)
        job = draw.choice(["farm", "shop", "works"])
        end = "b" if draw.random() < bad * (1.5 - income / 100) else "g"
        cells = [income, job, draw.randrange(2), end]
        cells += [make(row, income, end) for make in (more or {}).values()]
        lines.append(",".join(str(cell) for cell in cells))
    return "\n".join(lines) + "\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], tuple[str, str, str]]:
    """Return a function from a file's text and a mapping's to the words that name them."""

    def call(data: str, mapping: str) -> tuple[str, str, str]:
        (tmp_path / "loans.csv").write_text(data, encoding="utf-8")
        (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
        return str(tmp_path / "loans.csv"), "--mapping", str(tmp_path / "m.toml")

    return call


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return a function that trains and returns the one object it told."""

    def call(*words: str) -> Any:
        status = run(["model", "train", *words, "--json"])
        told = capsys.readouterr()
        assert (status, told.err) == (0, "")
        (line,) = told.out.splitlines()
        return json.loads(line)

    return call


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Return a function that trains to its error; it returns exit status and line."""

    def call(*words: str) -> tuple[int, str]:
        status = run(["model", "train", *words])
        told = capsys.readouterr()
        assert told.out == ""
        (line,) = told.err.splitlines()
        return status, line

    return call


def test_the_object_has_the_figures_and_they_repeat(write: Any, tally: Any) -> None:
    words = write(loans(300), HEAD)
    found = tally(*words)
    assert found["rows"] == 300
    (card,) = found["models"]
    assert card["name"] == "card"
    assert card["auc"].keys() == {"mean", "sd"}
    assert 0.6 < card["auc"]["mean"] < 0.9
    assert {"ks", "brier", "ece", "ece_null95", "gini"} < card.keys()
    assert len(card["calibration"]) == 10
    assert found["leakage"] == []
    (woman,) = found["fairness"]
    assert (woman["column"], woman["model"], woman["ordered"]) == ("woman", "card", False)
    assert sum(group["rows"] for group in woman["groups"]) == 300
    assert found["columns"] == ["income", "job"]
    assert tally(*words) == found


def test_the_model_is_written_in_canonical_bytes_under_its_cid(
    write: Any, tally: Any, tmp_path: Path
) -> None:
    out = tmp_path / "card.cbor"
    found = tally(*write(loans(300), HEAD), "--out", str(out))
    data = out.read_bytes()
    assert found["bytes"] == len(data)
    assert encode(decode(data, value)) == data
    told = read_trained(data)
    assert found["cid"] == str(cid_of(encode(told["model"])))
    card = check_model(told["model"])
    assert {each.name for each in card.features} <= {"income", "job"}
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_written_tells_figures_data_mapping_and_program(
    write: Any, tally: Any, tmp_path: Path
) -> None:
    out = tmp_path / "card.model"
    words = write(loans(300), HEAD)
    found = tally(*words, "--out", str(out))
    report = read_trained(out.read_bytes())["report"]
    (card,) = found["models"]
    metrics = report["metrics"]
    for name in ("ks", "brier", "ece", "ece_null95", "gini"):
        assert metrics[f"{name}_ppm"] == round(1_000_000 * card[name])
    assert metrics["auc_ppm"] == round(1_000_000 * card["auc"]["mean"])
    assert metrics["auc_sd_ppm"] == round(1_000_000 * card["auc"]["sd"])
    assert (metrics["rows"], metrics["leaks"]) == (300, 0)
    assert 0 < metrics["bad"] < 300
    assert report["data"] == cid_of(Path(words[0]).read_bytes(), RAW)
    assert report["mapping"] == sha256(Path(words[2]).read_bytes()).hex()
    assert report["program"] == __version__


def test_a_file_that_cannot_be_written_is_refused_and_leaves_nothing(
    write: Any, refusal: Any, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    status, line = refusal(*write(loans(100), HEAD), "--out", str(tmp_path / "taken"))
    assert status == 2
    assert line.startswith("cli.file: taken")
    assert list(tmp_path.glob("*.part")) == []


LEAKY = {
    "late": lambda _row, _income, end: 9 if end == "b" else 0,
    "late_twin": lambda _row, _income, end: 19 if end == "b" else 1,
    "visits": lambda row, _income, _end: row * 7 % 11,
}


def test_a_leak_is_named_left_out_and_forced_by_the_name_of_its_column(
    write: Any, tally: Any
) -> None:
    mapping = HEAD + feature("late").replace('name = "late"', 'name = "arrears"')
    words = write(loans(300, more=LEAKY), mapping + feature("visits") + feature("late_twin"))
    found = tally(*words)
    named = {leak["column"]: leak for leak in found["leakage"]}
    assert {name: leak["why"] for name, leak in named.items()} == {
        "late": "alone",
        "late_twin": "alone",
    }
    assert named["late"]["feature"] == "arrears"
    assert named["late"]["auc"] == 1.0
    assert found["models"][0]["auc"]["mean"] < 0.9
    assert found["columns"] == ["income", "job", "visits"]
    for word in ("late", "arrears"):
        forced = tally(*words, "--force", word)
        assert "arrears" in forced["columns"]
        assert {leak["column"]: leak["forced"] for leak in forced["leakage"]} == {
            "late": True,
            "late_twin": False,
        }


def test_a_declared_late_column_is_named_and_its_declared_twin_doubted(
    write: Any, tally: Any
) -> None:
    mapping = HEAD + feature("late", 'known_at = "after"')
    mapping += feature("late_twin", 'known_at = "application"')
    found = tally(*write(loans(300, more=LEAKY), mapping))
    assert [(leak["column"], leak["why"]) for leak in found["leakage"]] == [("late", "after")]
    (doubt,) = found["doubts"]
    assert (doubt["column"], doubt["of"]) == ("late_twin", "late")


def test_forcing_a_column_that_does_not_leak_is_refused(write: Any, refusal: Any) -> None:
    status, line = refusal(*write(loans(100), HEAD), "--force", "income")
    assert status == 2
    assert line.startswith("cli.train_force: ")


IDLE = {
    "fixed": lambda _row, _income, _end: 4,
    "empty": lambda _row, _income, _end: "",
    "again": lambda _row, income, _end: income,
    "village": lambda row, _income, _end: f"v{row % 150}",
}


def test_idle_columns_are_told_and_do_not_disturb(write: Any, tally: Any) -> None:
    villages = ", ".join(f'"v{number}"' for number in range(200))
    mapping = HEAD + feature("fixed") + feature("empty") + feature("again")
    mapping += feature("village", f'kind = "level"\nlevels = [{villages}]')
    found = tally(*write(loans(300, more=IDLE), mapping))
    told = {idle["column"]: idle["why"] for idle in found["idle"]}
    assert told == {
        "fixed": "constant",
        "empty": "missing",
        # Of equal columns the first by name stays.
        "income": "duplicate",
        "village": "many_levels",
    }
    assert found["columns"] == ["again", "job", "village"]


def test_rows_that_cannot_be_read_and_unknown_ends_are_counted(write: Any, tally: Any) -> None:
    data = loans(300) + "7,mill,0,b\nNaN,shop,1,g\n8,shop,1,?\n9,shop,1,maybe\n1,shop\n"
    found = tally(*write(data, HEAD))
    assert (found["rows"], found["unlabelled"]) == (300, 1)
    assert found["rejected"] == {
        "source.level_unknown": 1,
        "source.not_finite": 1,
        "source.ragged": 1,
        "source.target_unknown": 1,
    }


@pytest.mark.parametrize(
    ("data", "mapping", "code"),
    [
        (loans(30), HEAD, "learning.few_rows"),
        (loans(200, bad=0), HEAD, "learning.one_outcome"),
        (loans(200, bad=9), HEAD, "learning.one_outcome"),
        (loans(200).replace(",g\n", ",?\n").replace(",b\n", ",?\n"), HEAD, "learning.few_rows"),
        ("income,job,woman,end\n", HEAD, "source.empty"),
        ("income,job,woman,end\nx,farm,0,g\n", HEAD, "source.not_number"),
        (loans(200), HEAD + feature("end"), "mapping.leak"),
        (loans(200), HEAD + feature("other"), "source.columns_missing"),
        (loans(200), HEAD.replace('name = "income"', 'name = "Income"'), "cli.train_name"),
        (loans(200), HEAD.replace('name = "income"', 'name = "bad_end"'), "cli.train_name"),
        (loans(200), feature("income"), "cli.train_target"),
        (
            loans(200, more=LEAKY),
            HEAD.partition("[[")[0] + feature("late", 'known_at = "after"'),
            "cli.train_features",
        ),
        (
            loans(200, more={"toss": lambda row, _income, _end: row % 2}),
            HEAD.partition("[[")[0] + feature("toss"),
            "learning.no_signal",
        ),
    ],
)
def test_what_no_honest_model_comes_from_is_refused(
    data: str, mapping: str, code: str, write: Any, refusal: Any
) -> None:
    status, line = refusal(*write(data, mapping))
    assert (status, line.partition(":")[0]) == (2, code)
    assert "Cure: " in line


def test_the_challenger_is_published_only_where_it_is_trained(write: Any, refusal: Any) -> None:
    status, line = refusal(*write(loans(100), HEAD), "--publish", "challenger")
    assert (status, line.partition(":")[0]) == (2, "cli.usage")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Leakage", "left out", "pairs", "probabilities", "protected", "one value only")),
        ("zh", ("泄漏", "不用", "概率", "受保护", "只有一个值")),
    ],
)
def test_a_person_is_told_in_words(
    language: str,
    said: tuple[str, ...],
    write: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mapping = HEAD + feature("late") + feature("fixed")
    words = write(loans(300, more=LEAKY | IDLE), mapping)
    out = tmp_path / "card.cbor"
    assert run(["model", "train", *words, "--lang", language, "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    model = read_trained(out.read_bytes())["model"]
    assert str(cid_of(encode(model))) in told.out, "the model's own name, not its envelope's"
    for word in said:
        assert word in told.out
    # The picture of calibration: a line for each tenth, with the mark of what was expected.
    assert sum("|" in line and "%" in line for line in told.out.splitlines()) == 10


GERMAN = "german_credit/germancredit.csv"
REAL = {
    # data, least AUC of the best, least of the card
    "german": (GERMAN, 0.775, 0.775),
    "gaston": ("gaston_credit/CreditScoring.csv", 0.838, 0.838),
    "sba_case": ("sba_case/SBAcase.11.13.17.csv", 0.86, 0.83),
    "taiwan": ("taiwan_default/UCI_Credit_Card.csv.gz", 0.78, 0.76),
    "bank_marketing": ("bank_marketing/bank-additional.zip", 0.79, 0.78),
    "polish": ("polish_bankruptcy/1year.arff.gz", 0.95, 0.86),
}


def is_honest(model: dict[str, Any]) -> bool:
    return bool(model["ece"] <= model["ece_null95"] + 0.005)


@pytest.mark.parametrize("name", ["german", "gaston"])
def test_the_card_reaches_its_goal_with_honest_probabilities(
    name: str, shared: Path, tally: Any
) -> None:
    file, _, least = REAL[name]
    found = tally(str(shared / "data" / file), "--mapping", str(MAPPINGS / f"{name}.toml"))
    (card,) = found["models"]
    assert card["auc"]["mean"] >= least
    assert is_honest(card)
    assert found["leakage"] == []


def test_german_personal_status_and_sex_is_told_to_be_sorted(shared: Path, tally: Any) -> None:
    found = tally(str(shared / "data" / GERMAN), "--mapping", str(MAPPINGS / "german.toml"))
    ordered = {each["column"]: each["ordered"] for each in found["fairness"]}
    assert ordered == {"foreign_worker": False, "personal_status_and_sex": True}


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_the_better_of_card_and_challenger_reaches_the_goal(
    name: str, shared: Path, tally: Any
) -> None:
    file, best, least = REAL[name]
    data, mapping = str(shared / "data" / file), str(MAPPINGS / f"{name}.toml")
    found = tally(data, "--mapping", mapping, "--challenger")
    card, challenger = found["models"]
    assert card["auc"]["mean"] >= least
    assert max(card["auc"]["mean"], challenger["auc"]["mean"]) >= best
    assert is_honest(card)
    assert is_honest(challenger)
    if name in ("german", "gaston"):
        assert challenger["auc"]["mean"] - card["auc"]["mean"] <= 0.02

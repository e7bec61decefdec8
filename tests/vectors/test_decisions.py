"""What version 1 of the decision has decided, it decides for ever: frozen answers, byte for byte.

The vectors are invented applications of every kind and scheme; make_decisions.py made them, by
hand. Their files are read alone: the shipped catalogue may change, the frozen one may not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.base.codec import Cid, cid_of, encode, sha256
from tallystick.base.errors import Invalid
from tallystick.chain.decided import Asked
from tallystick.charter import replay
from tallystick.services.positioning.decide import RULES_V1, decide_v1
from tallystick.services.positioning.gaps import GAP_UNITS

FOLDER: Final = Path(__file__).resolve().parent / "decisions"
KINDS: Final = ("borrow", "insure", "invest", "lease", "save")
VECTORS_AT_LEAST: Final = 88
SCHEMES: Final = 12

WITHOUT_NUMPY: Final = """
import json, sys
from pathlib import Path
sys.modules["numpy"] = None
from tallystick.base.codec import encode, sha256
from tallystick.services.positioning.decide import RULES_V1, decide_v1
folder = Path(sys.argv[1])
trees = {name: json.loads((folder / f"{name}.json").read_bytes()) for name in sys.argv[2:]}
count = 0
for kind in sys.argv[4:]:
    for vector in trees[kind]:
        model = trees["card"] if "model" in vector else None
        if "answers" in vector:
            found = decide_v1(vector["inputs"], model, trees["catalogue"], RULES_V1)
            answers = (found.scheme, found.judgement, found.result)
            hashes = [sha256(encode(answer.sealed())).hex() for answer in answers]
            assert hashes == [answer["sha256"] for answer in vector["answers"]], vector["name"]
            count += 1
print(count)
"""


def read(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


CARD: Final = encode(read("card"))
CATALOGUE: Final = encode(read("catalogue"))
OBJECTS: Final = {cid_of(CARD): CARD, cid_of(CATALOGUE): CATALOGUE}
VECTORS: Final = [vector for kind in KINDS for vector in read(kind)]
DECIDED: Final = [vector for vector in VECTORS if "answers" in vector]


def ask(vector: dict[str, Any], question: str) -> Any:
    model = Cid.parse(vector["model"]) if "model" in vector else None
    catalogue = Cid.parse(vector["catalogue"])
    asked = Asked("positioning", 1, question, vector["rules"], catalogue, model)
    return replay(asked, encode(vector["inputs"]), OBJECTS)


@pytest.mark.parametrize("vector", DECIDED, ids=lambda vector: vector["name"])
def test_a_replay_seals_the_frozen_bytes(vector: dict[str, Any]) -> None:
    for answer in vector["answers"]:
        found = ask(vector, answer["question"])
        assert found == answer["sealed"]
        assert sha256(encode(found)).hex() == answer["sha256"]


@pytest.mark.parametrize("vector", DECIDED, ids=lambda vector: vector["name"])
def test_the_decision_itself_answers_the_frozen_questions(vector: dict[str, Any]) -> None:
    model = read("card") if "model" in vector else None
    before = json.dumps(vector["inputs"])
    found = decide_v1(vector["inputs"], model, read("catalogue"), RULES_V1)
    answers = (found.scheme, found.judgement, found.result)
    assert [answer.question for answer in answers] == [a["question"] for a in vector["answers"]]
    hashes = [sha256(encode(answer.sealed())).hex() for answer in answers]
    assert hashes == [answer["sha256"] for answer in vector["answers"]]
    assert json.dumps(vector["inputs"]) == before, "a decision changes nothing that it reads"


def test_what_was_refused_is_refused_by_the_same_code() -> None:
    refused = [vector for vector in VECTORS if "refused" in vector]
    assert {vector["refused"] for vector in refused} == {
        "model.row",
        "positioning.inputs",
        "positioning.not_in_force",
    }
    for vector in refused:
        with pytest.raises(Invalid) as caught:
            ask(vector, "scheme")
        assert caught.value.code == vector["refused"]


def test_a_decision_is_replayed_where_numpy_cannot_be_imported() -> None:
    command = [sys.executable, "-c", WITHOUT_NUMPY, str(FOLDER), "card", "catalogue", *KINDS]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(DECIDED)


def test_the_vectors_meet_every_gap_scheme_kind_and_outcome() -> None:
    answers = [answer for vector in DECIDED for answer in vector["answers"]]
    outcomes: dict[str, set[str]] = {}
    for answer in answers:
        outcomes.setdefault(answer["question"], set()).add(answer["sealed"]["outcome"])
    schemes = {product["scheme"] for product in read("catalogue")["products"]}
    gaps = {
        row["gap"]
        for answer in answers
        if answer["question"] == "judgement"
        for row in answer["sealed"].get("ranked", ())
    }
    assert len(VECTORS) >= VECTORS_AT_LEAST
    assert len(schemes) == SCHEMES
    assert gaps == set(GAP_UNITS)
    assert outcomes == {
        "scheme": schemes | {"aid"},
        "judgement": {"fits", "does_not_fit"},
        "report": schemes,
        "match": {"aid", "matched", "review"},
    }
    assert {row["inputs"]["application"].get("demand", {}).get("kind") for row in DECIDED} == {
        *KINDS,
        None,
    }

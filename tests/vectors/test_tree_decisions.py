"""What version 1 decided by trees, it decides for ever: frozen answers, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.base.codec import Cid, cid_of, encode, sha256
from tallystick.base.errors import Invalid
from tallystick.chain.decided import Asked
from tallystick.charter import replay

FOLDER: Final = Path(__file__).resolve().parent / "decisions"
VECTORS: Final = json.loads((FOLDER / "by_trees.json").read_text(encoding="utf-8"))
DECIDED: Final = [vector for vector in VECTORS if "answers" in vector]
OBJECTS: Final = {
    cid_of(data): data
    for data in (
        encode(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))
        for name in ("trees", "catalogue")
    )
}


def ask(vector: dict[str, Any], question: str) -> Any:
    model, catalogue = (Cid.parse(vector[name]) for name in ("model", "catalogue"))
    asked = Asked("positioning", 1, question, vector["rules"], catalogue, model)
    return replay(asked, encode(vector["inputs"]), OBJECTS)


@pytest.mark.parametrize("vector", DECIDED, ids=lambda vector: vector["name"])
def test_a_replay_by_trees_seals_the_frozen_bytes(vector: dict[str, Any]) -> None:
    assert len(vector["answers"]) == 3
    for answer in vector["answers"]:
        found = ask(vector, answer["question"])
        assert found == answer["sealed"]
        assert sha256(encode(found)).hex() == answer["sha256"]


def test_what_trees_cannot_read_is_refused_by_the_same_code() -> None:
    refused = [vector for vector in VECTORS if "refused" in vector]
    assert {vector["refused"] for vector in refused} == {"model.row"}
    for vector in refused:
        with pytest.raises(Invalid) as caught:
            ask(vector, "scheme")
        assert caught.value.code == vector["refused"]


def test_the_vectors_meet_loans_that_trees_let_pass_and_loans_they_doubt() -> None:
    doubted = {
        any(gap["gap"] == "repayment_unlikely" for gap in answer["sealed"].get("ranked", ()))
        for vector in DECIDED
        for answer in vector["answers"]
        if answer["question"] == "judgement"
    }
    assert doubted == {True, False}
    told = {vector["answers"][0]["sealed"]["figures"]["default_ppm"] for vector in DECIDED}
    assert len(told) >= 5, "different households, different probabilities"

"""Add to the frozen decision vectors: `python tests/vectors/make_decisions.py`, by hand alone.

It reads decisions/applications.toml and writes decisions/*.json; no check and no release runs it.
The vectors say what version 1 decided for ever: what is frozen already is compared, never
replaced, and a run that would answer otherwise ends with the names of what it would change.
The catalogue was that of examples/products.toml on the day it was frozen.
History: made anew twice, before the first release: when schemes gained their intervals, and when
the money needed came to allow for what files misstate.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import cid_of, encode, sha256
from tallystick.base.errors import Invalid
from tallystick.services.positioning.answers import Answer
from tallystick.services.positioning.catalogue import catalogue_from_toml
from tallystick.services.positioning.decide import RULES_V1, decide_v1

__all__ = ["FOLDER", "find_changed", "freeze", "inputs_of", "make", "vector_of", "write"]

FOLDER: Final = Path(__file__).resolve().parent / "decisions"
PRODUCTS: Final = Path(__file__).resolve().parents[2] / "examples" / "products.toml"
_OPEN_DEPTH: Final = 6
KINDS: Final = ("borrow", "insure", "invest", "lease", "save")


def make() -> None:
    """Write the catalogue, the card, the rules, and one file of vectors for each kind."""
    table = tomllib.loads((FOLDER / "applications.toml").read_text(encoding="utf-8"))
    catalogue = freeze("catalogue.json", catalogue_from_toml(PRODUCTS.read_text("utf-8")))
    card = freeze("card.json", table["card"])
    made: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for case in table["case"]:
        inputs = inputs_of(table["base"][case["from"]], case)
        kind = inputs["application"].get("demand", {}).get("kind", "borrow")
        made[kind].append(vector_of(case, inputs, catalogue, card))
    if changed := [name for kind in KINDS for name in find_changed(kind, made[kind])]:
        raise SystemExit(f"frozen, and answered otherwise or not at all: {', '.join(changed)}")
    for kind, vectors in made.items():
        write(FOLDER / f"{kind}.json", vectors)


def freeze(name: str, tree: dict[str, Any]) -> dict[str, Any]:
    """Keep a tree beside the vectors; what is kept already is used as it is, never renewed."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(json.dumps(tree, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def find_changed(kind: str, made: list[dict[str, Any]]) -> list[str]:
    """Return the names of frozen vectors that this program answers otherwise or not at all."""
    path = FOLDER / f"{kind}.json"
    frozen = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [vector["name"] for vector in frozen if vector not in made]


def inputs_of(base: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a case: its base with the case's changes."""
    application = copy.deepcopy(base)
    for name in ("profile", "demand", "features"):
        _merge(application, {name: case[name]} if name in case else {})
    for place in case.get("drop", ()):
        *above, last = place.split(".")
        table = application
        for name in above:
            table = table[name]
        del table[last]
    return {
        "v": case.get("v", 1),
        "application": application,
        "defaults": case.get("defaults", []),
    }


def _merge(table: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(table.get(name), dict):
            _merge(table[name], value)
        else:
            table[name] = copy.deepcopy(value)


def vector_of(
    case: dict[str, Any], inputs: dict[str, Any], catalogue: dict[str, Any], card: dict[str, Any]
) -> dict[str, Any]:
    """Return what is decided of a case's inputs, or the code by which they are refused."""
    model = card if case.get("card") else None
    vector: dict[str, Any] = {
        "name": case["name"],
        "inputs": inputs,
        "catalogue": str(cid_of(encode(catalogue))),
        "rules": 1,
    }
    if model is not None:
        vector["model"] = str(cid_of(encode(model)))
    try:
        found = decide_v1(inputs, model, catalogue, RULES_V1)
    except Invalid as error:
        return {**vector, "refused": error.code}
    return {
        **vector,
        "answers": [_freeze_answer(a) for a in (found.scheme, found.judgement, found.result)],
    }


def _freeze_answer(answer: Answer) -> dict[str, Any]:
    sealed = answer.sealed()
    return {
        "question": answer.question,
        "sha256": sha256(encode(sealed)).hex(),
        "sealed": sealed,
    }


def write(path: Path, vectors: list[dict[str, Any]]) -> None:
    """Write vectors as JSON that changes by lines."""
    path.write_text(_lay_out(vectors, _OPEN_DEPTH) + "\n", encoding="utf-8")


def _lay_out(value: object, depth: int) -> str:
    """Return JSON with what lies deeper than `depth` on one line, so that a change is one line."""
    if depth and isinstance(value, list) and value:
        return "[\n" + ",\n".join(_lay_out(item, depth - 1) for item in value) + "\n]"
    if depth and isinstance(value, dict) and value:
        rows = [f"{_lay_out(key, 0)}: {_lay_out(value[key], depth - 1)}" for key in sorted(value)]
        return "{\n" + ",\n".join(rows) + "\n}"
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    make()

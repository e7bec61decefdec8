"""Freeze what trees decide, by hand alone: `python -m vectors.make_tree_decisions`, in tests.

It reads decisions/applications.toml and writes decisions/trees.json, an invented ensemble over the
features of the frozen card, and decisions/by_trees.json: every case that the card scored, and those
whose features a card would not need, decided by the ensemble. What is frozen is compared, never
replaced; the laws of `make_decisions` hold here too.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any, Final

from vectors.make_decisions import FOLDER, find_changed, freeze, inputs_of, vector_of, write

__all__ = ["NAME", "TREES", "make"]

NAME: Final = "by_trees"
TREES: Final[dict[str, Any]] = {
    "v": 1,
    "kind": "trees",
    "target": "unpaid",
    "base": -1_400_000,
    "features": [
        {"kind": "level", "name": "housing", "levels": [1, 2, 4], "sets": [[1], [1, 2]]},
        {"kind": "number", "name": "owed_share_ppm"},
        {"kind": "number", "name": "years_here"},
    ],
    "trees": [
        {
            "feature": [1, 0, 2, -1, -1, -1, -1],
            "cut": [250_000, 0, 1, 0, 0, 0, 0],
            "missing": [1, 0, 1, 0, 0, 0, 0],
            "value": [0, -500_000, 700_000, -900_000, -200_000, 1_300_000, 400_000],
        },
        {
            "feature": [2, -1, 0, -1, -1],
            "cut": [4, 0, 1, 0, 0],
            "missing": [0, 0, 1, 0, 0],
            "value": [0, 450_000, -250_000, -600_000, 350_000],
        },
    ],
    "calibration": {
        "at": [-4_000_000, -2_000_000, -1_000_000, 0, 2_000_000],
        "ppm": [9_000, 70_000, 190_000, 480_000, 930_000],
    },
}


def make() -> None:
    """Write the ensemble and its vectors."""
    table = tomllib.loads((FOLDER / "applications.toml").read_text(encoding="utf-8"))
    catalogue = json.loads((FOLDER / "catalogue.json").read_text(encoding="utf-8"))
    trees = freeze("trees.json", TREES)
    made = [
        vector_of(
            {**case, "card": 1}, inputs_of(table["base"][case["from"]], case), catalogue, trees
        )
        for case in table["case"]
        if case.get("card") or "features" in case
    ]
    for vector in made:
        vector["name"] = f"{vector['name']}, by trees"
    if changed := find_changed(NAME, made):
        raise SystemExit(f"frozen, and answered otherwise or not at all: {', '.join(changed)}")
    write(FOLDER / f"{NAME}.json", made)


if __name__ == "__main__":
    make()

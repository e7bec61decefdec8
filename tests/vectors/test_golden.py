"""Every golden vector of an independent reader comes out exactly.

The vectors lie beside the repository and are never copied in; each case is
`{name, why, op, given, expect}` with bytes in hex. `expect.refused` must be refused, for whatever
reason; anything else must come out as stated.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain.verdict import Contradicted, Missing
from vectors.operations import CHAIN, OPERATIONS, Case

FILES: Final = (
    "block",
    "checkpoint",
    "codec",
    "ed25519",
    "evidence",
    "members",
    "proof",
    "seal",
    "transaction",
)
CASES_AT_LEAST: Final = 172


@pytest.fixture(scope="session")
def vectors(shared: Path) -> dict[str, dict[str, Any]]:
    folder = shared / "vectors"
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_every_case_of_the_file_comes_out_as_stated(
    name: str, vectors: dict[str, dict[str, Any]], subtests: pytest.Subtests
) -> None:
    if name == "block":
        CHAIN.clear()
        CHAIN.update(vectors["block"])
    for case in vectors[name]["cases"]:
        with subtests.test(case["name"]):
            check_case(case)


def test_there_are_as_many_cases_as_were_made(vectors: dict[str, dict[str, Any]]) -> None:
    assert sum(len(found["cases"]) for found in vectors.values()) >= CASES_AT_LEAST
    ops = {case["op"] for found in vectors.values() for case in found["cases"]}
    assert ops <= OPERATIONS.keys()


def check_case(case: Case) -> None:
    expected = case["expect"]
    run = OPERATIONS[case["op"]]
    if "refused" in expected:
        with pytest.raises((Invalid, Corrupt, Contradicted, Missing)):
            run(case)
    else:
        assert run(case) == expected, case["why"]

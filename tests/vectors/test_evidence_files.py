"""Two evidence files written once: they verify for ever, and the same case gives the same bytes.

`decision.car` and `case.car` are of the test case in tests/decisions.py, `pin.json` is its pin.
They are never regenerated: a change of their bytes is a change of the format.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dag_cbor
import pytest

from chains import CHARTER
from decisions import Case, decide, make_case
from tallystick.base.codec import cid_of
from tallystick.chain.car import read_car
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.evidence_file import admitted, decided
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status

FOLDER = Path(__file__).parent / "evidence"


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case()


@pytest.mark.parametrize("kind", ["decision", "case"])
def test_the_file_verifies_and_says_what_was_decided(kind: str) -> None:
    pin = Pin.read((FOLDER / "pin.json").read_bytes())
    found = verify_evidence((FOLDER / f"{kind}.car").read_bytes(), pin, CHARTER, decide)
    assert (found.status, found.reason, found.kind) == (Status.PROVEN, "as of size 3", kind)
    assert [each.claim for each in found.findings[:2]] == ["admitted", "decided"]
    shown = {each.field: each.value for each in found.findings if each.claim == "disclosed"}
    assert shown["outcome"] == "fits"
    assert shown["figures"] == {"room": 400_000}


@pytest.mark.parametrize("kind", ["decision", "case"])
def test_the_same_case_gives_the_same_bytes(kind: str, case: Case) -> None:
    assert (
        case.file(kind, claims=[admitted(0), decided(1)]) == (FOLDER / f"{kind}.car").read_bytes()
    )
    assert case.pin().write() == (FOLDER / "pin.json").read_bytes()


def test_a_reader_of_plain_ipld_walks_the_files() -> None:
    """Root and links as another library decodes them, block by block."""
    car = read_car((FOLDER / "decision.car").read_bytes())
    root: Any = dag_cbor.decode(car.blocks[car.root])
    links = [*root["headers"], *root["members"], *root["objects"]]
    named = {bytes(link).hex() for link in links}
    assert named == {cid.raw.hex() for cid in car.blocks if cid != car.root}
    assert cid_of(dag_cbor.encode(root)) == car.root
    assert json.loads((FOLDER / "pin.json").read_text())["origin"].startswith("county/")

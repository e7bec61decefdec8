"""A verb that lists tells all there is, however many pages of the API that takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counties import START_MS, UNFITTING, found, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.codec import cid_of
from tallystick.cli.main import run
from tallystick.kernel.access.sealing import Draft
from tallystick.node import Node
from tallystick.records.case import AppealOpened
from tallystick.records.catalogue import ModelApproved, ProductPublished, ProviderRegistered
from tallystick.records.spread import ObjectKept

MORE = 1_003
"""Rows that take more than one page of the API."""
BUNDLE = 32
"""Records that are stated in one transaction here."""


def record(node: Node, drafts: list[Draft]) -> None:
    node.desk.record(*(drafts[at : at + BUNDLE] for at in range(0, len(drafts), BUNDLE)))


def state_many(node: Node, against: bytes, case: bytes) -> None:
    """State so many of each kind that is listed."""
    officer, numbers = node.desk.officer(), range(MORE)
    providers: list[dict[str, Any]] = [
        {"provider": f"p{number}", "services": ["s"], "expertise": ["e"]} for number in numbers
    ]
    products = [{"scheme": "s", "version": number} for number in numbers]
    named = [(cid_of(b"%d" % number), f"m{number}") for number in numbers]
    for statements in (
        [ProviderRegistered(**entry, entry=entry) for entry in providers],
        [ProductPublished(product=f"s.{entry['version']}", entry=entry) for entry in products],
        [
            ModelApproved(model=cid, service="positioning", name=name, metrics={}, forced="try")
            for cid, name in named
        ],
        [ObjectKept(manifest=cid, size=1, sealed=0) for cid, _ in named],
    ):
        new = node.desk.new_id
        record(
            node, [Draft(identifier=new(), statement=each, officer=officer) for each in statements]
        )
    assent = {"mandate": against, "witness": "village"}
    appeal = AppealOpened(against=against, code="disagree", words="why", assent=assent)
    record(
        node,
        [
            Draft(identifier=node.desk.new_id(), statement=appeal, case=case, party=case)
            for _ in numbers
        ],
    )


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = found(
        tmp_path_factory.mktemp("long"),
        ManualClock(START_MS),
        names=("finance", "village", "credit-union"),
    )
    with open_town(folder) as town:
        (case,) = take_in(town["credit-union"], UNFITTING)
        town.house.spread()
        node = town.house.node("finance")
        node.fold()
        identifier = bytes.fromhex(case["case"])
        rows = node.views.rows("record", {"case": identifier})
        (against,) = (row["id"] for row in rows if row["t"] == "case.matched")
        state_many(node, against, identifier)
        town.house.spread()
    return folder


@pytest.mark.parametrize(
    ("verb", "column"),
    [
        (("provider", "list"), "provider"),
        (("product", "list"), "product"),
        (("model", "list"), "model"),
        (("appeal", "list"), "appeal"),
        (("store", "objects"), "cid"),
    ],
)
def test_a_listing_of_more_than_a_page_is_told_to_its_end(
    county: Path, verb: tuple[str, ...], column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*verb, "--county", str(county), "--member", "finance", "--json"]) == 0
    rows: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == len({row[column] for row in rows}) >= MORE

"""A card over the API is the card that its member signed, with the fields that it has alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tallystick.api.routes.change import Proposal
from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.county.card import check_card
from tallystick.county.carding import Drawn, draw_member
from tallystick.county.member import Member

PROPOSAL: TypeAdapter[Proposal] = TypeAdapter(Proposal)


def draw(folder: Path, *, engine_port: int, after: int) -> dict[str, Any]:
    path, _ = draw_member(
        folder / "clinic",
        Member("clinic", "cooperative", "诊所", "Clinic"),
        Drawn("http://127.0.0.1:9", engine_port),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=bytes(range(32)),
        after=after,
    )
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tree


@pytest.mark.parametrize("engine_port", [0, 26_000])
@pytest.mark.parametrize("after", [0, 7])
def test_a_card_comes_through_as_it_was_signed(
    tmp_path: Path, engine_port: int, after: int
) -> None:
    tree = draw(tmp_path, engine_port=engine_port, after=after)
    told = PROPOSAL.validate_json(json.dumps({"join": tree}))
    assert told.join is not None
    assert told.join.tree() == tree
    card = check_card(told.join.tree())
    assert (card.after, card.vote is not None) == (after, engine_port != 0)


@pytest.mark.parametrize("wrong", [{"after": 0}, {"after": "7"}, {"engine": {}}, {"more": 1}])
def test_a_card_with_another_field_or_form_is_none(tmp_path: Path, wrong: dict[str, Any]) -> None:
    tree = draw(tmp_path, engine_port=0, after=0)
    with pytest.raises(ValidationError):
        PROPOSAL.validate_python({"join": {**tree, **wrong}})

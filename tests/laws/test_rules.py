"""Laws of the charter under random records by random members, in any order.

Whatever comes: a rule answers with a known code and never raises; the same state and record give
the same code and writes; what is refused writes nothing; what is admitted writes its own spaces;
a case changes hands by a hand-over alone; and every fen of public money is where it should be.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangers import CODES, TYPES, open_town
from tallystick.base.codec import INTEGER_MAX, encode
from tallystick.charter import STATEMENTS
from tallystick.records.refusal import Refusal
from tallystick.services.positioning import rules


@pytest.fixture(autouse=True, scope="module")
def carries_all_rules() -> Iterator[None]:
    """A program that carries every version of the rules: one it lacks would stop it, by design."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "_VERSION_OF_RULES", dict.fromkeys(range(1, 2**16), 1))
        yield


@given(st.integers(0, 2**64 - 1), st.integers(1, 150))
def test_rules_are_total_pure_and_conserve_money_whatever_comes(seed: int, steps: int) -> None:
    town = open_town(random.Random(seed))
    for _ in range(steps):
        town.step()
    town.check_money()


@pytest.mark.long
def test_a_long_day_sees_every_type_admitted_and_every_law_kept() -> None:
    town = open_town(random.Random(20_260_301))
    for _ in range(9_000):
        town.step()
        if town.draws.random() < 0.02:
            town.check_money()
    town.check_money()
    # What is for everybody stands on a chain of its own; a part of a list never alone.
    elsewhere = {"bulletin.published", "bulletin.withdrawn", "tally.published"}
    assert set(town.admitted) == set(STATEMENTS) - elsewhere - {"chain.listed"}
    assert len(town.refused) > len(Refusal) * 2 // 3
    assert town.admitted["loan.granted"] > 5
    assert any(town.out.values())


_TREES: Final = st.recursive(
    st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text(max_size=9) | st.binary(max_size=17),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc._-1", min_size=1, max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(TYPES), st.data())
def test_a_record_of_any_shape_gets_a_code(t: str, data: st.DataObject) -> None:
    """Any tree in any public field: form refuses it, or the rule survives it."""
    town = open_town(random.Random(0))
    for _ in range(20):
        town.step()
    pub = town.public(t, "bank-a", town.floor.new_id())
    for field_name in data.draw(st.lists(st.sampled_from([*pub, "x"]), max_size=3)):
        pub[field_name] = data.draw(_TREES)
    envelope = {
        key: data.draw(_TREES)
        for key in data.draw(st.sets(st.sampled_from(["case", "refs", "officer", "on", "amends"])))
    }
    record = encode({"t": t, "rv": 1, "id": town.floor.new_id(), "pub": pub, **envelope})
    assert town.floor.offer("bank-a", record) in CODES
    record = town.floor.record(t, pub)
    assert town.floor.offer("finance", record) in CODES

"""Law of lists in parts: a bundle is admitted if its parts make the list, and never else."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chains import TIME_MS, SmallChain
from rulings import DAY_MS, Floor
from tallystick.base.codec import read_admitted
from tallystick.chain.record import BEGUN_KEY
from tallystick.records.refusal import Refusal

ANSWERS = {0, Refusal.CHANGE_CANNOT_STAND, Refusal.RULE, Refusal.FORM}


@cache
def linked() -> SmallChain:
    return SmallChain([f"bank-{at:02}" for at in range(40)])


PLACES = st.integers(0, len(linked().genesis.members.data))


@given(st.lists(st.tuples(PLACES, PLACES), max_size=6), PLACES, st.sampled_from((0, 1)))
def test_parts_link_a_chain_if_they_are_its_list_one_after_another(
    cuts: list[tuple[int, int]], last: int, follow: int
) -> None:
    """Each part is any slice of the list; where they follow one another, they make it."""
    genesis, floor = linked().genesis, Floor()
    data, before = genesis.members.data, dict(floor.state)
    if follow:
        places = sorted({0, last, *(place for pair in cuts for place in pair)})
        cuts, last = list(itertools.pairwise(places)), places[-1]
    parts = [data[first:end] for first, end in cuts]
    pub: dict[str, Any] = {"kind": "link", "until": TIME_MS + DAY_MS, "demand": "nothing"}
    pub |= {"genesis": genesis.data, "listed": data[last:]}
    code = floor.offer(
        "bank-a",
        *(floor.record("chain.listed", {"listed": part}) for part in parts),
        floor.record("change.proposed", pub),
    )
    has_form = all(1 <= len(part) <= 6_000 for part in (*parts, data[last:]))
    assert code in ANSWERS
    assert (code == 0) == (has_form and b"".join([*parts, data[last:]]) == data)
    assert BEGUN_KEY not in floor.state
    if code:
        assert floor.state == before
    else:
        assert read_admitted(floor.state[b"change/" + floor.last])[1]["listed"] == data

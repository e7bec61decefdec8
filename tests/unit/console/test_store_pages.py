"""The store as the console tells it: what may still be lost, who is away, who was wrong."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tallystick.client import AsyncClient
from tallystick.console.pages.store_care import draw_liars, draw_report
from tallystick.console.pages.store_list import draw_holders, draw_objects
from tallystick.console.pages.store_members import draw_members
from tallystick.console.pages.store_object import say_lacking
from tallystick.console.pages.store_ring import Place, draw_ring
from tallystick.console.pages.store_ways import list_ways, say_ways
from tallystick.console.pages.store_words import draw_margin, draw_state, list_lacking, say_code
from tallystick.console.visit import Office, Visit
from tallystick.text.phrase import Phrase

NOW_MS = 1_790_000_000_000
HOSTILE = '<script>x</script>"><img onerror=1>'
CID = f"bafyrei{'a' * 52}"


def visit() -> Visit:
    names = {"finance": Phrase("县财政局", "Finance bureau"), "village": Phrase("村", "Village")}
    office = Office(Phrase("县", "County"), ("finance",), names, lambda: NOW_MS)
    return Visit(office, "finance", "en", cast("AsyncClient", None), {"acts": []})


def stored(*held: int, **more: Any) -> dict[str, Any]:
    """Return a file of four parts and two spare, of which the village holds some."""
    holders = [{"shard": shard, "members": ["village"]} for shard in held]
    told = {"cid": CID, "member": "village", "stored": 9, "is_sealed": 1, "at": NOW_MS}
    told |= {"is_erased": 0, "is_own": 0, "present": len(held), "left": len(held) - 4}
    shape = {"code": "zz-4+2", "shards": 6, "needed": 4}
    return {**told, **shape, "holders": holders, **more}


def peer(member: str, *, answers: int = 1, lies: int = 0) -> dict[str, Any]:
    told = {"member": member, "answers": answers, "lies": lies}
    if not answers:
        return told
    return {**told, "used": 9, "quota": 99, "objects": 1, "shards": 3}


@pytest.mark.parametrize(
    ("held", "margin", "state", "full"),
    [
        ((0, 1, 2, 3, 4, 5), "Can lose 2 more", "Whole", 2),
        ((0, 1, 2, 3, 5), "Can lose 1 more", "1 part missing", 1),
        ((1, 2, 3, 5), "Can lose no more", "2 parts missing", 0),
        ((1, 5), "Cannot be read now", "Not readable", 0),
    ],
)
def test_how_safe_a_file_is_stands_in_words_beside_its_bar(
    held: tuple[int, ...], margin: str, state: str, full: int
) -> None:
    v, found = visit(), stored(*held)
    drawn = draw_margin(v, found)
    assert drawn.striptags() == margin
    assert drawn.count('<i class="">') == full
    assert draw_state(v, found).striptags() == state
    assert list_lacking(found) == [shard for shard in range(6) if shard not in held]


def test_a_file_whose_parts_nobody_knows_is_told_as_not_readable() -> None:
    v, found = visit(), stored(left=-1)
    for name in ("code", "shards", "needed"):
        del found[name]
    assert draw_margin(v, found).striptags() == "Cannot be read now"
    assert "All of it" in draw_holders(v, [found], [peer("village")])


def test_who_gives_no_answer_is_told_as_away_and_not_as_holding_nothing() -> None:
    v, found = visit(), stored(0, 1, 2, 3, 4)
    peers = [peer("village"), peer("finance", answers=0)]
    drawn = draw_members(v, peers)
    assert "1 of 2 answer" in drawn
    assert "0 B" not in drawn.striptags()
    assert 'class="away"' in drawn
    assert drawn.striptags().count("no answer") == 1
    assert "no answer" in draw_holders(v, [found], peers)
    assert "may be with members that give no answer" in say_lacking(v, found, [5], peers)
    assert "no answer" not in say_lacking(v, found, [5], peers[:1])


def test_who_gave_wrong_bytes_is_named_with_how_often() -> None:
    v = visit()
    lie = {"member": "village", "shard": 2, "segment": 0, "sub_chunk": 1}
    told = draw_liars(v, [lie, lie, {**lie, "shard": 4}])
    assert "Village: 3 times (parts 3, 5)" in told
    assert draw_liars(v, []) == ""
    assert "wrong once" in draw_members(v, [peer("village", lies=1)])


def test_a_round_tells_what_it_could_not_do_in_words_and_no_code() -> None:
    nothing = dict.fromkeys(("scrubbed_bytes", "rotten", "repaired", "read_bytes"), 0)
    nothing |= dict.fromkeys(("pieces_mended", "moved", "dropped", "lacking"), 0)
    quiet = draw_report(visit(), {"report": {**nothing, "at": NOW_MS, "failed": {}}})
    assert "Nothing was bad" in quiet
    failed = {"spread.lost": 2}
    told = draw_report(visit(), {"report": {**nothing, "at": NOW_MS, "failed": failed}})
    assert "Too few parts can be read, or were taken (2 times)" in told
    assert "Nothing was bad" not in told
    assert "spread." not in told


def test_names_that_people_chose_are_only_ever_text() -> None:
    v, found = visit(), stored(0, name=HOSTILE, is_own=1, code=HOSTILE)
    drawn = draw_objects(v, [found], draw_holders(v, [found], [peer("village")]))
    ring = draw_ring([Place(HOSTILE, HOSTILE, 5, HOSTILE, "")], [HOSTILE], HOSTILE)
    assert "<script" not in drawn + ring
    assert "<img" not in drawn + ring
    assert say_code(v, HOSTILE) == HOSTILE


def test_a_code_that_no_form_offers_is_told_in_words_too() -> None:
    assert say_code(visit(), "rs-10+3") == "Cut into 10 parts, with 3 spare: any 3 may be lost"
    assert say_code(visit(), "rs-1+2") == "3 copies of the whole: any 2 may be lost"


def test_three_ways_of_keeping_are_told_with_what_each_takes() -> None:
    v = visit()
    ways = list_ways(v, 12)
    assert [(each.width, each.needed, each.taken) for each in ways] == [
        (12, 1, "12"),
        (3, 1, "3"),
        (6, 4, "1.5"),
    ]
    said = say_ways(v, 12, ways)
    assert "Any 2 of 12 members" in said
    assert "as with 3 copies; a byte takes 1.5 bytes, 3 as copies and 12 in the ledger" in said
    # Fewer than six members cannot keep six parts.
    assert list_ways(v, 5) == []

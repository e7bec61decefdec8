"""The page of members: what a change says, how votes stand, which cards and limits are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.errors import Invalid
from tallystick.chain.limits import LIMITS
from tallystick.client import AsyncClient
from tallystick.console.pages.members_card import draw_card, read_card
from tallystick.console.pages.members_open import PUB_SIGNS, count_ballot, draw_ballot, list_voices
from tallystick.console.pages.members_propose import read_limit
from tallystick.console.pages.members_words import (
    LIMIT_NAMES,
    Names,
    compare_keys,
    find_before,
    parse_share,
    say_change,
    say_limit,
    write_share,
)
from tallystick.console.visit import Office, Visit
from tallystick.county.carding import Drawn, draw_member
from tallystick.county.member import Member
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

HOSTILE: Final = '<script>x</script>"><img onerror=1>'
NAMES: Final = {"bank": Phrase("县银行", "County bank"), "fund": Phrase("县基金", "County fund")}


async def _nowhere(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("a pure part asks nobody")


def visit(language: Language = "en") -> Visit:
    office = Office(Phrase("县", "County"), ("bank",), NAMES, lambda: 0)
    return Visit(office, "bank", language, AsyncClient(_nowhere, "", "bank"), {"acts": []})


def key(number: int, use: str, *, since: int | None = None, pop: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"key": number, "use": use, "alg": 1, "pub": f"{number:064x}"}
    if since is not None:
        found["from"] = since
    return {**found, "pop": "00" * 64} if pop else found


def listed(member: str, *keys: dict[str, Any]) -> dict[str, Any]:
    return {"member": member, "role": "bank", "keys": list(keys)}


def change(kind: str, **more: Any) -> dict[str, Any]:
    return {"change": "aa", "kind": kind, "by": "bank", "height": 10, "state": "open", **more}


FOUNDED: Final = listed(
    "fund", key(1, "tx", since=0), key(2, "note", since=0), key(4, "seal", since=0)
)


def said(
    language: Language,
    each: dict[str, Any],
    changes: list[dict[str, Any]] | None = None,
    members: list[dict[str, Any]] | None = None,
) -> str:
    v, whole = visit(language), changes or [each]
    before = find_before(each, whole, members or [FOUNDED]) if each["kind"] == "keys" else ()
    return str(say_change(v, each, Names.read(v, whole), before).striptags())


# ---- sentences


def test_each_kind_of_change_is_one_sentence_in_both_languages() -> None:
    renewed = [key(2, "note"), key(4, "seal"), key(5, "tx", pop=True)]
    rows = [
        (
            change("join", name="Water", role="bank", member="water"),
            "County bank proposes that Water (Bank) joins",
            "县银行提议：Water（银行）加入",
        ),
        (
            change("leave", member="fund"),
            "County bank proposes that County fund leaves",
            "县银行提议：县基金退出",
        ),
        (change("leave", member="bank"), "County bank proposes to leave", "县银行提议：自己退出"),
        (
            change("limit", limit="block_transactions", value=500),
            "County bank proposes: a block holds at most 500 submissions",
            "县银行提议：每个区块至多收 500 份提交",
        ),
        (
            change("keys", by="fund", member="fund", keys=renewed),
            "County fund proposes new keys for itself (sign)",
            "县基金提议：给自己换新钥匙（签记录）",
        ),
        (
            change("keys", member="fund", keys=[key(1, "tx"), key(4, "seal")]),
            "County bank proposes that key 2 of County fund (cosign) signs no more",
            "县银行提议：停用县基金的 2 号钥匙（联署）",
        ),
        (
            change("keys", member="fund", keys=[key(1, "tx"), key(2, "note")]),
            "County bank proposes that key 4 of County fund (open) is used no more",
            "县银行提议：停用县基金的 4 号钥匙（启封）",
        ),
    ]
    for each, english, chinese in rows:
        assert (said("en", each), said("zh", each)) == (english, chinese)


def test_a_settled_renewal_is_told_though_the_first_list_is_not_known_any_more() -> None:
    after = [key(2, "note"), key(5, "tx", pop=True), key(6, "seal")]
    done = change("keys", by="fund", member="fund", keys=after, state="in_force", settled_height=20)
    now = listed("fund", key(2, "note", since=0), key(5, "tx", since=21), key(6, "seal", since=21))
    assert said("en", done, [done], [now]).endswith("for itself (sign, open)")


def test_a_settled_revocation_is_told_against_the_renewal_before_it() -> None:
    after = [key(2, "note"), key(4, "seal"), key(5, "tx", pop=True)]
    renewal = change("keys", change="r", member="fund", keys=after, state="in_force")
    renewal |= {"settled_height": 20}
    kept = [key(4, "seal"), key(5, "tx")]
    revoked = change("keys", height=30, member="fund", keys=kept, state="in_force")
    revoked |= {"settled_height": 40}
    now = listed("fund", key(4, "seal", since=0), key(5, "tx", since=21))
    assert "key 2 of County fund" in said("en", revoked, [revoked, renewal], [now])
    # Of the first one in force, only what stays is known.
    alone = said("en", revoked, [revoked], [now])
    assert alone == "County bank proposes that County fund keeps its keys 4, 5 alone"


def test_keys_are_compared_by_their_numbers() -> None:
    found = compare_keys([key(2, "note"), key(5, "tx")], FOUNDED["keys"])
    assert [each["key"] for each in found.added] == [5]
    assert [each["key"] for each in found.ended] == [1, 4]
    assert found.kept == (2,)


def test_a_member_that_joined_is_called_as_its_card_says_and_escaped() -> None:
    joined = change("join", name=HOSTILE, role="no-role", member="water", state="in_force")
    v = visit()
    names = Names.read(v, [joined])
    for shown in (names.show("water"), say_change(v, joined, names, ())):
        assert "<script" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;" in shown
    assert str(names.show("other")) == '<span class="mono name">other</span>'


# ---- votes


def test_only_members_that_can_sign_have_a_voice_and_only_theirs_are_counted() -> None:
    members = [
        listed("bank", key(1, "tx")),
        listed("fund", key(1, "tx")),
        listed("mute", key(2, "note")),
    ]
    assert list_voices(members) == ["bank", "fund"]
    found = count_ballot(change("leave", yes=["bank", "mute", "gone"], no=[], needed=2), members)
    assert (found.yes, found.no, found.silent) == (("bank",), (), ("fund",))
    assert found.missing == 1


def test_votes_are_drawn_as_dots_and_told_in_words() -> None:
    members = [listed(each, key(1, "tx")) for each in ("bank", "fund", "third")]
    ballot = count_ballot(change("leave", yes=["bank"], no=["fund"], needed=2), members)
    v = visit()
    drawn = str(draw_ballot(v, ballot, Names.read(v, [])))
    assert 'aria-label="1 yes, 1 no, 1 not yet"' in drawn
    assert '<i class="yes"></i><i class=""></i><u></u><i class="no"></i>' in drawn
    assert "2 of 3 must say yes: 1 more" in drawn


# ---- limits


def test_a_limit_is_taken_in_its_range_alone() -> None:
    assert set(LIMIT_NAMES) == set(LIMITS)
    for name, known in LIMITS.items():
        write = write_share if name == "vote_ppm" else str
        assert read_limit(name, write(known.least)) == known.least
        assert read_limit(name, write(known.most)) == known.most
        for wrong in (write(known.least - 10_000), "100" if name == "vote_ppm" else "4000001"):
            assert read_limit(name, wrong) is None
    for typed in ("", "x", "-1", "５００", "9" * 5_000):
        assert read_limit("block_transactions", typed) is None
    assert read_limit("block_bytes", "1,000,000") == 1_000_000


def test_a_share_reads_back_as_it_was_written() -> None:
    for ppm in (500_000, 666_667, 999_999, 750_000):
        assert parse_share(write_share(ppm)) == ppm
    assert "75%" in say_limit(visit(), "vote_ppm", 750_000)


# ---- cards


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path, _ = draw_member(
        tmp_path_factory.mktemp("own") / "water-works",
        Member("water-works", "cooperative", "自来水公司", "Water works"),
        Drawn(""),
        clock=ManualClock(0),
        entropy=SeededEntropy("card"),
        chain=bytes(32),
    )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_card_reads_as_it_was_written(card: dict[str, Any]) -> None:
    assert read_card(json.dumps(card)) == card


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": []},
        {"keys": {"tx": "zz"}},
        {"keys": None},
        {"proofs": {}},
        {"chain": ""},
        {"role": "bank"},
        {"role": None},
        {"zh": ""},
        {"more": 1},
    ],
    ids=str,
)
def test_what_is_no_card_is_refused(card: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"county\.card"):
        read_card(json.dumps({**card, **wrong}))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"card"', "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"county\.card"):
        read_card(text)


def test_a_card_of_a_members_fresh_keys_says_whose_place_they_take(card: dict[str, Any]) -> None:
    drawn = draw_card(visit(), {**card, "after": 4}, frozenset({card["name"]}))
    assert "take the place of its own" in drawn
    assert "in the list already" not in drawn
    assert "take the place" not in draw_card(visit(), {**card, "after": 4}, frozenset())


def test_a_card_of_one_that_orders_shows_key_and_place_of_its_engine(tmp_path: Path) -> None:
    path, _ = draw_member(
        tmp_path / "water-works",
        Member("water-works", "cooperative", "自来水公司", "Water works"),
        Drawn("", engine_port=26_656),
        clock=ManualClock(0),
        entropy=SeededEntropy("card"),
        chain=bytes(32),
    )
    tree = read_card(path.read_text(encoding="utf-8"))
    for drawn in (draw_card(visit("zh"), tree, frozenset()), draw_card(visit(), tree, frozenset())):
        assert tree["engine"]["key"][:PUB_SIGNS] in str(drawn)
        assert "127.0.0.1:26656" in str(drawn)
    # Of a member of the list it is no doubt, but what is proposed.
    drawn = draw_card(visit(), tree, frozenset({"water-works"}))
    assert "what is proposed is that it orders" in str(drawn)
    assert "octagon-alert" not in str(drawn)


def test_a_card_is_shown_escaped_with_what_is_to_be_doubted(card: dict[str, Any]) -> None:
    odd = {**card, "zh": HOSTILE, "en": HOSTILE, "role": "wizard"}
    drawn = str(draw_card(visit(), odd, frozenset({"water-works"})))
    assert "<script" not in drawn
    assert "in the list already" in drawn
    assert "could write nothing" in drawn
    assert "octagon-alert" not in str(draw_card(visit("zh"), card, frozenset()))

"""Members as keepers of one another's files: how much each holds, who is away, who was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import card, fill, scrolled, table, tag
from tallystick.console.pages.store_ring import Place, draw_ring
from tallystick.console.visit import Visit
from tallystick.console.words import say_bytes
from tallystick.text.wording import format_count

__all__ = ["draw_members"]

Tree = Mapping[str, Any]
WHOLE: Final = 1_000_000


def draw_members(v: Visit, peers: Sequence[Tree]) -> Markup:
    """Return the members in a ring, with their figures beside it.

    Args:
        v: the visit.
        peers: as the API lists them.
    """
    title = v.t("成员各保管多少", "How much each member keeps")
    up = sum(each["answers"] for each in peers)
    right = v.t(f"{len(peers)} 家中 {up} 家有答复", f"{up} of {len(peers)} answer")
    used = sum(each.get("used", 0) for each in peers)
    middle = (say_bytes(used), v.t("共保管", "kept in all"))
    ring = draw_ring([_place(v, each, peers) for each in peers], middle, title)
    heads = [
        v.t("成员", "Member"),
        ">" + v.t("文件", "Files"),
        ">" + v.t("份数", "Parts"),
        ">" + v.t("占用", "Used"),
        ">" + v.t("最多", "Most"),
        v.t("状态", "State"),
    ]
    wrong = next((at for at, each in enumerate(peers) if each["lies"]), -1)
    rows = [_row(v, each) for each in peers]
    found = scrolled(table(heads, rows, title, classes="tight named", hot=wrong), title)
    return card(
        title, fill('<div class="ring-two">{}{}</div>', ring, found), right=right, pad=False
    )


def _place(v: Visit, peer: Tree, peers: Sequence[Tree]) -> Place:
    name = v.name_of(peer["member"])
    if not peer["answers"]:
        return Place(name, v.t("没有答复", "no answer"), 0, kind="away")
    most = max(each.get("used", 0) for each in peers) or 1
    share, said = WHOLE * peer["used"] // most, say_bytes(peer["used"])
    if peer["lies"]:
        return Place(name, f"{said} \u00b7 {_say_lies(v, peer)}", share, kind="lies")
    return Place(name, said, share, kind="" if peer["shards"] else "idle")


def _row(v: Visit, peer: Tree) -> Sequence[str | Markup]:
    name = fill("{}", v.name_of(peer["member"]))
    if peer["member"] == v.member:
        name = fill('{} <span class="tag">{}</span>', name, v.t("本单位", "ours"))
    if not peer["answers"]:
        state = tag(v.t("没有答复", "No answer"), "warn")
        return (name, "\u2013", "\u2013", "\u2013", "\u2013", state)
    return (
        name,
        format_count(peer["objects"]),
        format_count(peer["shards"]),
        fill('<span class="nowrap">{}</span>', say_bytes(peer["used"])),
        fill('<span class="nowrap">{}</span>', say_bytes(peer["quota"])),
        _state(v, peer),
    )


def _state(v: Visit, peer: Tree) -> Markup:
    if peer["lies"]:
        return tag(_say_lies(v, peer), "alarm")
    return tag(v.t("有答复", "Answers"), "ok")


def _say_lies(v: Visit, peer: Tree) -> str:
    times = peer["lies"]
    return v.t(f"给错 {times} 次", f"wrong {'once' if times == 1 else f'{times} times'}")

"""Words of files that members keep for one another: how safe one is, what its parts are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import fill, join, tag
from tallystick.console.pages.members_words import show_typed
from tallystick.console.visit import Visit

__all__ = [
    "CODES",
    "can_lose",
    "draw_margin",
    "draw_state",
    "list_lacking",
    "name_object",
    "say_code",
    "say_left",
    "say_parts",
]

Object = Mapping[str, Any]
NAME_SIGNS: Final = 12
CODES: Final = {"zz-4+2": (4, 2), "zz-6+3": (6, 3), "zz-8+2": (8, 2)}
"""Ways to keep a file that a form offers: parts of data, and parts more."""


def name_object(v: Visit, found: Object) -> Markup:
    """Return what a file is called: by its name where it is known here, else by its number."""
    if found.get("name"):
        return show_typed(found["name"])
    return fill(
        '<span class="nowrap">{} <span class="mono">{}</span></span>',
        v.t("文件", "File"),
        found["cid"][-NAME_SIGNS:],
    )


def can_lose(found: Object) -> int:
    """Return how many parts a whole file can lose; 0 where nobody knows its parts."""
    return int(found["shards"] - found["needed"]) if "shards" in found else 0


def list_lacking(found: Object) -> list[int]:
    """Return the parts that nobody who answers holds, from 0."""
    held = {each["shard"] for each in found["holders"]}
    return [shard for shard in range(found.get("shards", 0)) if shard not in held]


def say_parts(v: Visit, shards: Sequence[int]) -> str:
    """Return which parts, counted from 1 as people do."""
    figures = [str(shard + 1) for shard in shards]
    word = "part" if len(figures) == 1 else "parts"
    return v.t(f"第 {'、'.join(figures)} 份", f"{word} {', '.join(figures)}")


def say_left(v: Visit, found: Object) -> str:
    """Return how many parts more may be lost, in words."""
    left = found["left"]
    if left < 0:
        return v.t("现在读不出", "Cannot be read now")
    if not left:
        return v.t("一份也不能再丢", "Can lose no more")
    return v.t(f"还能丢 {left} 份", f"Can lose {left} more")


def draw_margin(v: Visit, found: Object) -> Markup:
    """Return a small bar: a field for each part that may be lost, empty for those that are."""
    most, left = can_lose(found), found["left"]
    said = say_left(v, found)
    kind = "" if left == most else ("few" if left > 0 else "none")
    fields = join(
        fill('<i class="{}"></i>', "" if place < left else "gone") for place in range(most)
    )
    pips = fill('<span class="pips" aria-hidden="true">{}</span>', fields) if left >= 0 else ""
    return fill('<span class="margin {}">{}{}</span>', kind, pips, said)


def draw_state(v: Visit, found: Object) -> Markup:
    """Return how a file stands, as a tag."""
    lacking = len(list_lacking(found))
    if found["is_erased"]:
        return tag(v.t("已销毁", "Erased"), "", "trash-2")
    if found["left"] < 0:
        return tag(v.t("读不出", "Not readable"), "alarm")
    if not lacking:
        return tag(v.t("齐全", "Whole"), "ok")
    said = v.t(f"缺 {lacking} 份", f"{lacking} {'part' if lacking == 1 else 'parts'} missing")
    return tag(said, "warn" if found["left"] else "alarm")


def say_code(v: Visit, code: str) -> str:
    """Return how a file is cut, in words."""
    data, more = CODES.get(code, (0, 0))
    if not data and code.startswith("rs-"):
        data, more = (int(part) for part in code.removeprefix("rs-").split("+"))
    if not data:
        return code
    if data == 1:
        return v.t(
            f"存 {1 + more} 份，每份都是整个文件；丢了任意 {more} 份都能取回",
            f"{1 + more} copies of the whole: any {more} may be lost",
        )
    return v.t(
        f"切成 {data} 份，另加 {more} 份备用；丢了任意 {more} 份都能取回",
        f"Cut into {data} parts, with {more} spare: any {more} may be lost",
    )

"""Chains drawn side by side: one track each, an arrow for every anchor, the newest on top.

Law: a track shows what is recorded on this chain; of another chain that is its anchors alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import fill, heard, join
from tallystick.console.pages.chains_words import count_entries, count_records, name_chain
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.wording import format_count

__all__ = ["Mark", "draw_tracks", "list_marks", "list_rows"]

ROWS_SHOWN: Final = 8
Chain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A block here that anchors other chains.

    Attributes:
        height: of the block here.
        time_ms: of the block here, ms since 1970 UTC.
        anchors: the last anchor it holds of each chain, by the chain's place in the list, with how
            many entries came with it; None where no anchor before it is known.
    """

    height: int
    time_ms: int
    anchors: dict[int, tuple[Mapping[str, Any], int | None]] = field(default_factory=dict)


def list_marks(linked: Sequence[Chain]) -> list[Mark]:
    """Return the blocks here that anchor other chains, the newest first.

    Args:
        linked: the other chains, as `GET /chains` tells them.
    """
    found: dict[int, Mark] = {}
    for place, chain in enumerate(linked):
        before: int | None = None
        for anchor in reversed(chain["anchors"]):
            height = anchor["anchored_height"]
            mark = found.setdefault(height, Mark(height, anchor["time"]))
            came = None if before is None else anchor["size"] - before
            if place in mark.anchors and came is not None:
                # Two in one block are drawn as one arrow that brings both.
                earlier = mark.anchors[place][1]
                came = None if earlier is None else came + earlier
            mark.anchors[place] = (anchor, came)
            before = anchor["size"]
    return sorted(found.values(), key=lambda each: -each.height)


def list_rows(v: Visit, linked: Sequence[Chain]) -> Iterator[list[str | Markup]]:
    """Yield every anchor as a row of a table: chain, its height and entries, block, time, by."""
    rows = [(chain, each) for chain in linked for each in chain["anchors"]]
    for chain, each in sorted(rows, key=lambda row: -row[1]["anchored_height"]):
        height = each["anchored_height"]
        yield [
            name_chain(v, chain["kind"]),
            format_count(each["height"]),
            format_count(each["size"]),
            fill(
                '<a class="link" href="{}">{}</a>',
                v.link(f"/ledger/{height}"),
                format_count(height),
            ),
            fill('<span class="nowrap">{}</span>', tell_clock(each["time"])),
            v.name_of(each["by"]),
        ]


def draw_tracks(v: Visit, own: Chain, linked: Sequence[Chain]) -> Markup:
    """Return the tracks.

    Args:
        v: the visit.
        own: this chain, as `GET /chains` tells it.
        linked: the others.
    """
    marks = list_marks(linked)
    rows = [_draw_now(v, own, linked, marks)]
    rows += [_draw_mark(v, linked, each) for each in marks[:ROWS_SHOWN]]
    heads = join(fill("<b>{}</b><i></i>", name_chain(v, each["kind"])) for each in linked)
    here = fill("<b>{}<span>{}</span></b>", name_chain(v, own["kind"]), v.t("本链", "this one"))
    more = len(marks) > ROWS_SHOWN
    return fill(
        '<div class="tracks-scroll" tabindex="0" role="region" aria-label="{}">'
        '<div class="tracks" style="--others:{}"><div class="heads">{}{}</div>'
        '<ol class="{}">{}</ol></div></div>',
        v.t("几条链并排，由新到旧", "Chains side by side, from new to old"),
        len(linked),
        heads,
        here,
        "more" if more else "",
        join(row for row in rows if row),
    )


def _draw_now(v: Visit, own: Chain, linked: Sequence[Chain], marks: Sequence[Mark]) -> Markup:
    """Return the topmost row: what no anchor covers yet; nothing where there is none."""
    is_beyond = not marks or own["height"] > marks[0].height
    if not is_beyond and not any(each.get("behind") for each in linked):
        return fill("")
    cells = join(_draw_new(v, each, place) for place, each in enumerate(linked))
    tile = fill("")
    if is_beyond:
        tile = _tile(v, own["height"], v.t("现在", "now"), is_own=True)
    here = _cell(2 * len(linked) + 1, tile, "own")
    return fill("<li>{}{}</li>", cells, here)


def _draw_new(v: Visit, chain: Chain, place: int) -> Markup:
    """Return what is new on another chain and not anchored here."""
    behind = chain.get("behind", 0)
    tile = fill("")
    if behind:
        tile = fill(
            '<div class="t wait"><b>+{}</b><span>{}</span>{}</div>',
            format_count(behind),
            v.t("还没有锚定", "not anchored yet"),
            heard(count_records(v, behind)),
        )
    return _cell(2 * place + 1, tile)


def _cell(column: int, tile: Markup, classes: str = "") -> Markup:
    """Return a track's part of a row; where it has no tile, the track passes through."""
    kind = classes if tile else f"{classes} bare"
    return fill('<div class="at {}" style="grid-column:{}">{}</div>', kind, column, tile)


def _draw_mark(v: Visit, linked: Sequence[Chain], mark: Mark) -> Markup:
    """Return a row: a block here, and of each chain the height that it anchors."""
    cells, last = [], 2 * len(linked) + 1
    for place, chain in enumerate(linked):
        column = 2 * place + 1
        if place not in mark.anchors:
            cells.append(_cell(column, fill("")))
            continue
        anchor, came = mark.anchors[place]
        name, upto = name_chain(v, chain["kind"]), format_count(anchor["height"])
        said = v.t(
            f"{name}到 {upto} 为止，锚定在本链区块 {mark.height:,}",
            f"{name} up to {upto}, anchored in block {mark.height:,} here",
        )
        cells.append(
            fill(
                '{}<div class="arrow" role="img" aria-label="{}" style="grid-column:{}/{}"></div>',
                _cell(column, _tile(v, anchor["height"], _say_came(v, anchor, came))),
                said,
                column + 1,
                last,
            )
        )
    own = _tile(v, mark.height, tell_clock(mark.time_ms), is_own=True)
    return fill("<li>{}{}</li>", join(cells), _cell(last, own, "own"))


def _say_came(v: Visit, anchor: Mapping[str, Any], came: int | None) -> str:
    if came is None:
        return v.t(f"共 {anchor['size']:,} 笔", f"{count_entries(v, anchor['size'])} in all")
    return f"+{count_entries(v, came)}"


def _tile(v: Visit, height: int, said: str, *, is_own: bool = False) -> Markup:
    inner = fill(
        "<b>{}{}</b><span>{}</span>", heard(v.t("区块 ", "Block ")), format_count(height), said
    )
    if is_own:
        return fill('<a class="t" href="{}">{}</a>', v.link(f"/ledger/{height}"), inner)
    return fill('<div class="t">{}</div>', inner)

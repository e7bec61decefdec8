"""Members in a ring: how much each holds, or which parts of one file; who is away.

Law: what a place in the ring shows stands beside it in words; the picture's figures stand in a
table on the same page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, isqrt, pi, sin
from typing import Final

from markupsafe import Markup

from tallystick.console.kit import fill, join

__all__ = ["Place", "draw_ring"]

WIDTH: Final = 620
HEIGHT: Final = 400
LONG: Final = 150
TALL: Final = 132
NAMED_MOST: Final = 16
"""So many members are named in the ring; of more, the table beside it names each."""
LINE: Final = 20
"""Most a line of a name holds, in halves of a Chinese character."""
STEP: Final = 15
LEAST: Final = 9
MOST: Final = 26
_MIDDLE: Final = 0.25
"""Cosine below which a name stands above or below its place, not beside it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place.

    Attributes:
        name: what it is called.
        said: what it holds, in a few words.
        share: 0 to 1,000,000: how large the place is drawn.
        inside: what is written into it; "" for nothing.
        kind: `away`, `idle` (holds nothing), `lies`, or "".
    """

    name: str
    said: str
    share: int
    inside: str = ""
    kind: str = ""


def draw_ring(places: Sequence[Place], middle: Sequence[str], name: str) -> Markup:
    """Return the ring.

    Args:
        places: of each member, clockwise from the top.
        middle: one or two lines in the middle, the first of them large.
        name: what it shows, in one sentence.
    """
    return fill(
        '<div class="ring" tabindex="0" role="group" aria-label="{}">'
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<ellipse cx="{}" cy="{}" rx="{}" ry="{}"/>{}{}</svg></div>',
        name,
        WIDTH,
        HEIGHT,
        name,
        WIDTH // 2,
        HEIGHT // 2,
        LONG,
        TALL,
        join(_draw_place(each, at, len(places)) for at, each in enumerate(places)),
        join(_draw_middle(line, at) for at, line in enumerate(middle)),
    )


def _draw_place(place: Place, at: int, many: int) -> Markup:
    turn = 2 * pi * at / many - pi / 2
    across, down = cos(turn), sin(turn)
    x, y = WIDTH / 2 + LONG * across, HEIGHT / 2 + TALL * down
    # As an area: twice as much looks twice as large.
    radius = min(LEAST + (MOST - LEAST) * isqrt(place.share) // 1_000, int(pi * TALL) // many)
    inside = fill("")
    if place.inside:
        inside = fill('<text class="in" x="{:.0f}" y="{:.0f}">{}</text>', x, y + 5, place.inside)
    if many > NAMED_MOST:
        shape = '<g class="{}"><circle cx="{:.0f}" cy="{:.0f}" r="{}"/>{}</g>'
        return fill(shape, place.kind, x, y, radius, inside)
    lines = [*_fold(place.name, 3 * LINE if abs(across) < _MIDDLE else LINE), place.said]
    if abs(across) < _MIDDLE:
        anchor, label_x = "middle", x
        label_y = y - radius - STEP * len(lines) + 9 if down < 0 else y + radius + STEP
    else:
        anchor = "start" if across > 0 else "end"
        label_x = x + (radius + 8) * (1 if across > 0 else -1)
        label_y = y + 4 - STEP * (len(lines) - 1) / 2
    return fill(
        '<g class="{}"><circle cx="{:.0f}" cy="{:.0f}" r="{}"/>{}<text class="who"'
        ' text-anchor="{}">{}</text></g>',
        place.kind,
        x,
        y,
        radius,
        inside,
        anchor,
        join(
            fill(
                '<tspan class="{}" x="{:.0f}" y="{:.0f}">{}</tspan>',
                "said" if row == len(lines) - 1 else "",
                label_x,
                label_y + STEP * row,
                line,
            )
            for row, line in enumerate(lines)
        ),
    )


def _fold(name: str, most: int) -> list[str]:
    """Return a name in lines; one without spaces stays one."""
    lines = [""]
    for word in name.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and sum(1 + (sign > "\u2e80") for sign in longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _draw_middle(line: str, at: int) -> Markup:
    return fill(
        '<text class="mid{}" text-anchor="middle" x="{}" y="{}">{}</text>',
        " large" if not at else "",
        WIDTH // 2,
        HEIGHT // 2 + 4 + 22 * at,
        line,
    )

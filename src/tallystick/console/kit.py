"""What pages are made of: cards, tables, figures, tags, as markup from escaped parts.

A still part of a page is one `show(markup)`: a real table, list or definition list. Only what
reacts is an element of its own. Text given as `str` is escaped; `Markup` is what these functions
made themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from markupsafe import Markup, escape
from nicegui import Client, ui

from tallystick.console.icons import icon
from tallystick.text.wording import MINUS

__all__ = [
    "against",
    "as_points",
    "boxed",
    "button",
    "card",
    "empty",
    "fill",
    "focus_soon",
    "grid",
    "heard",
    "item",
    "join",
    "link_button",
    "name_in",
    "pairs",
    "person",
    "scrolled",
    "show",
    "show_head",
    "stack",
    "stats",
    "table",
    "tag",
]

_GLYPHS: Final = {
    "ok": "circle-check",
    "warn": "clock",
    "alarm": "octagon-alert",
    "info": "info",
    "": "circle-dashed",
}
"""The shape that says what a colour repeats."""
_FOCUS: Final = """{
  const from = document.activeElement, [to, is_top, goes] = %s;
  const asked = window.focus_asked = (window.focus_asked ?? 0) + 1;
  let turns = 16;
  const take = () => {
    if (asked !== window.focus_asked) return;
    const on = document.activeElement, is_lost = !on || on === document.body;
    const found = document.querySelector(to), waits = goes && !is_lost;
    if (!is_lost && on !== from) return;
    if (waits || !found) return turns-- ? setTimeout(take, 60) : null;
    if (found.contains(on)) return;
    if (is_top) scrollTo(0, 0);
    else found.scrollIntoView({block: 'center'});
    found.focus({preventScroll: true});
  };
  setTimeout(take, 60);
}"""


def fill(template: str, *given: object, **named: object) -> Markup:
    """Return a template of ours with what is given escaped into its blanks."""
    return Markup(template).format(*given, **named)  # noqa: S704 - source text


def join(parts: Iterable[Markup], between: str = "") -> Markup:
    """Return parts one behind the other."""
    return escape(between).join(parts)


def show(markup: Markup, classes: str = "") -> ui.html:
    """Put a still part on the page."""
    # NiceGUI's own sanitizer would drop <use href>; what is shown was escaped part by part.
    return ui.html(markup, sanitize=False).classes(classes)


def focus_soon(client: Client, to: str, *, is_top: bool = False, goes: bool = False) -> None:
    """Lead whoever uses keys to an element, once a part of the page has changed.

    Whoever was quicker than the page stays where they are: the focus is taken from where it was,
    or from nowhere. Of several elements, the one asked for last gets it.

    Args:
        client: the visitor's.
        to: a selector of the element.
        is_top: whether the page is shown from its top; without it, around the element.
        goes: whether what was pressed goes with the change: as long as it is there the change is
            waited for, and after a second it was not what was pressed. An element that is not there
            yet is waited for as long.
    """
    client.run_javascript(_FOCUS % json.dumps((to, is_top, goes)))


def tag(text: str, kind: str = "", glyph: str = "") -> Markup:
    """Return a state in one or two words; `kind` is ok, warn, alarm, info or nothing."""
    return fill('<span class="tag {}">{}{}</span>', kind, icon(glyph or _GLYPHS[kind]), text)


def heard(text: str) -> Markup:
    """Return text for a screen reader alone."""
    return fill('<span class="heard">{}</span>', text)


_TWICE: Final = re.compile(r"([\u3400-\u9fff·]{1,12}) ([A-Za-z][A-Za-z' .-]*)")


def person(shown: str, language: str) -> Markup:
    """Return a person's name: of one written in both scripts the page's half, else as it is."""
    plain = name_in(shown, language)
    return fill("{}", plain) if plain != shown else fill('<span lang="zh">{}</span>', shown)


def name_in(shown: str, language: str) -> str:
    """Return the half of a name written in both scripts that a page speaks, else all of it."""
    both = _TWICE.fullmatch(shown)
    return shown if both is None else both[1 if language == "zh" else 2]


def item(glyph: str, text: str | Markup, tone: str = "dim") -> Markup:
    """Return one line with an icon before it."""
    return fill('<div class="li">{}<span>{}</span></div>', icon(glyph, f"t-{tone} {tone}"), text)


def link_button(
    text: str, href: str, glyph: str = "", kind: str = "", *, leave: bool = False
) -> Markup:
    """Return a link that looks like a button; `leave` for pages outside the frame, and files."""
    # The frame catches clicks on links; what is outside it must reach the browser.
    attribute = Markup(' onclick="event.stopPropagation()"') if leave else ""
    drawn = icon(glyph) if glyph else ""
    return fill('<a class="btn {}" href="{}"{}>{}{}</a>', kind, href, attribute, drawn, text)


def button(text: str, act: Any, glyph: str = "", kind: str = "") -> ui.button:  # noqa: ANN401 - NiceGUI's handlers
    """Put a button on the page that does something."""
    drawn = f"svguse:/look/icons.svg#{glyph}" if glyph else None
    found = ui.button(text, on_click=act, icon=drawn, color=None)
    return found.props("flat no-caps").classes(f"btn {kind}")


def card(
    title: str, body: Markup, *, right: str | Markup = "", note: str | Markup = "", pad: bool = True
) -> Markup:
    """Return a titled region."""
    return fill(
        '<section class="card"{}>{}<div class="{}">{}</div>{}</section>',
        fill(' aria-label="{}"', title) if title else "",
        _title(title, right) if title else "",
        "body" if pad else "scroll",
        body,
        fill('<div class="note">{}</div>', note) if note else "",
    )


def _title(title: str, right: str | Markup) -> Markup:
    return fill('<div class="h"><h2>{}</h2><div class="r">{}</div></div>', title, right)


@contextmanager
def boxed(title: str, *, right: str | Markup = "", note: str | Markup = "") -> Iterator[None]:
    """Put a card on the page around what reacts: charts, maps, fields."""
    with _section(title):
        show(_title(title, right))
        yield
        if note:
            show(fill("{}", note), "note")


def _section(title: str) -> ui.element:
    section = ui.element("section").classes("card")
    section.props["aria-label"] = title
    return section


def grid(kind: str) -> ui.element:
    """Return columns: `g-side`, `g-two` or `g-three`."""
    return ui.element("div").classes(f"g {kind}")


def stack() -> ui.element:
    """Return a column of cards."""
    return ui.element("div").classes("stack")


def show_head(
    title: str | Markup,
    sentence: str | Markup = "",
    *,
    acts: Markup | None = None,
    crumb: Markup | None = None,
) -> None:
    """Put a page's head on it: where am I, what is it, what can I do."""
    above = fill('<nav class="crumb" aria-label="{}">{}</nav>', "/", crumb) if crumb else ""
    show(
        fill(
            '<div>{}<h1 tabindex="-1">{}</h1><p class="soft">{}</p></div><div class="act">{}</div>',
            above,
            title,
            sentence,
            acts or "",
        ),
        "k-head",
    )


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Markup]],
    caption: str,
    *,
    classes: str = "",
    hot: int = -1,
    here: int = -1,
) -> Markup:
    """Return a table; a column named `>x` holds numbers. The unit stands in the column's name.

    Args:
        columns: names, shown.
        rows: cells.
        caption: what the table holds, for a screen reader.
        classes: `tight` for low rows.
        hot: the row in alarm.
        here: the row that is looked at.
    """
    sides = ["num" if name.startswith(">") else "" for name in columns]
    heads = join(
        fill('<th scope="col" class="{}">{}</th>', side, name.removeprefix(">"))
        for name, side in zip(columns, sides, strict=True)
    )
    marks = {hot: "hot", here: "here"}
    body = join(
        fill(
            '<tr class="{}">{}</tr>',
            marks.get(place, "") if place >= 0 else "",
            join(
                fill('<td class="{}">{}</td>', side, cell)
                for cell, side in zip(row, sides, strict=True)
            ),
        )
        for place, row in enumerate(rows)
    )
    return fill(
        '<table class="tbl {}"><caption class="heard">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>",
        classes,
        caption,
        heads,
        body,
    )


def scrolled(found: Markup, name: str) -> Markup:
    """Return a wide part without links that the keyboard can scroll too."""
    return fill(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div>', name, found
    )


def stats(items: Iterable[tuple[str, str | Markup, str, str | Markup]]) -> Markup:
    """Return figures side by side: label, figure, unit, what it is compared with."""
    return fill(
        '<section class="card"><dl class="stats">{}</dl></section>',
        join(
            fill(
                '<div><dt>{}</dt><dd class="v">{}<small>{}</small></dd><dd class="s">{}</dd></div>',
                *each,
            )
            for each in items
        ),
    )


def pairs(found: Iterable[tuple[str, str | Markup]]) -> Markup:
    """Return names and what stands there."""
    return fill(
        '<dl class="kv">{}</dl>', join(fill("<dt>{}</dt><dd>{}</dd>", *each) for each in found)
    )


def against(
    label: str,
    under: str,
    *,
    value: int,
    mark: int,
    said: str,
    mark_said: str,
    verdict: Markup,
    is_bad: bool = False,
) -> Markup:
    """Return a figure beside its threshold: bar is the value, tick is what is needed.

    Args:
        label: what is measured.
        under: of what.
        value: the figure, in any unit.
        mark: the threshold, in the same.
        said: the figure in words.
        mark_said: the threshold in words.
        verdict: a tag.
        is_bad: whether it misses its threshold.
    """
    top = max(value, mark, 1) * 5 // 4
    share = max(0, min(100, value * 100 // top))
    place = max(0, min(100, mark * 100 // top))
    return fill(
        '<div class="against"><div><b>{label}</b><div class="note12 dim">{under}</div></div>'
        '<div class="axis"><div class="track" role="img" aria-label="{said}; {mark_said}">'
        '<i class="{bad}" style="width:{share}%"></i><u style="left:{place}%"></u>'
        '<em style="left:{label_at}%">{mark_said}</em></div></div>'
        '<div class="num"><b>{said}</b><div>{verdict}</div></div></div>',
        label=label,
        under=under,
        said=said,
        mark_said=mark_said,
        bad="bad" if is_bad else "",
        share=share,
        place=place,
        label_at=max(10, min(88, place)),
        verdict=verdict,
    )


def as_points(rows: Sequence[tuple[str, int]]) -> Markup:
    """Return reasons with their points for and against; signs are written."""
    top = max((abs(points) for _, points in rows), default=0) or 1
    return fill(
        '<div class="why">{}</div>', join(_point(name, points, top) for name, points in rows)
    )


def _point(name: str, points: int, top: int) -> Markup:
    width = abs(points) * 48 // top
    left, kind = (50, "") if points > 0 else (50 - width, "against-it")
    return fill(
        '<span>{}</span><span class="bar"><i class="{}" style="width:{}%;left:{}%"></i></span>'
        "<span>{}</span>",
        name,
        kind,
        width,
        left,
        f"+{points}" if points > 0 else f"{MINUS}{abs(points)}",
    )


def empty(glyph: str, title: str, why: str, acts: Markup | None = None) -> Markup:
    """Return what stands where nothing is: why, what next, how long it takes."""
    return fill(
        '<div class="empty"><div class="dot">{}</div><h3 class="b">{}</h3><p>{}</p>'
        '<div class="act">{}</div></div>',
        icon(glyph, "big"),
        title,
        why,
        acts or "",
    )

"""The icons that pages name, as one sprite made at start from the package `python-lucide` (ISC)."""

from __future__ import annotations

import re
from typing import Final

from lucide import lucide_icon
from markupsafe import Markup

__all__ = ["ICONS", "draw_sprite", "icon"]

_NAMES: Final = """
    archive arrow-left arrow-right arrow-up-right badge-check banknote building-2 calendar-clock
    calendar-days chart-spline check chevron-down chevron-right circle-check circle-dashed
    circle-help clock copy download eye file-check file-text folder-open git-compare hand-coins
    handshake history house inbox info key-round landmark languages layers link list-checks lock
    log-out map map-pin menu message-circle-heart minus moon octagon-alert pencil phone plus
    printer refresh-cw rotate-ccw save scale search send settings shield-alert shield-check
    sprout trash-2 triangle-alert upload user user-check user-plus users wrench x
"""
ICONS: Final = frozenset(_NAMES.split())
_INSIDE: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def icon(name: str, classes: str = "") -> Markup:
    """Return an icon that is only seen: words beside it say the same.

    Raises:
        KeyError: the sprite does not hold it.
    """
    if name not in ICONS:
        raise KeyError(name)
    return Markup(
        '<svg class="icon {}" aria-hidden="true"><use href="/look/icons.svg#{}"/></svg>'
    ).format(classes, name)


def draw_sprite() -> str:
    """Return the sprite: one symbol an icon, drawn in the colour of the text around it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg">'
        + "".join(_draw_symbol(name) for name in sorted(ICONS))
        + "</svg>"
    )


def _draw_symbol(name: str) -> str:
    found = _INSIDE.search(lucide_icon(name))
    assert found is not None, name
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        f' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        f"{found[1].strip()}</symbol>"
    )

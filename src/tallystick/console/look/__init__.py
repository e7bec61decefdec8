"""How the console looks: one stylesheet and one sprite, made once, named by digest."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from tallystick.console.icons import draw_sprite

__all__ = ["FAVICON", "head_html", "read_sprite", "read_style", "style_address"]

PARTS: Final = (
    *("tokens", "frame", "pieces", "form", "report", "ledger", "new", "share", "members"),
    "chains",
    "board",
    "store",
)
FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2a4bb8"'
    ' stroke-width="2.4"><path d="M4 6h16M4 12h16M4 18h16M9 3v6M15 9v6M9 15v6"/></svg>'
)


@cache
def read_style() -> str:
    """Return the stylesheet."""
    return "\n".join(
        (files(__name__) / f"{part}.css").read_text(encoding="utf-8") for part in PARTS
    )


@cache
def style_address() -> str:
    """Return where the stylesheet is served: another address when its bytes change."""
    return f"/look/{sha256(read_style().encode()).hexdigest()[:12]}.css"


@cache
def read_sprite() -> str:
    """Return the icons."""
    return draw_sprite()


def head_html() -> str:
    """Return what a page's head needs."""
    return f'<link rel="stylesheet" href="{style_address()}">'

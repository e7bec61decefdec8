"""A page's head whose buttons do something: where am I, what is it, what can I do."""

from __future__ import annotations

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import fill, show

__all__ = ["put_head"]


def put_head(
    title: str | Markup, sentence: str | Markup = "", *, crumb: Markup | None = None
) -> ui.element:
    """Put a page's head on it and return the place of its buttons."""
    above = fill('<nav class="crumb" aria-label="/">{}</nav>', crumb) if crumb else ""
    with ui.element("div").classes("k-head"):
        show(fill('{}<h1 tabindex="-1">{}</h1><p class="soft">{}</p>', above, title, sentence))
        return ui.element("div").classes("act")

"""Buttons side by side of which one, or any number, is pressed: kinds, months, fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui

__all__ = ["Toggles"]


class Toggles:
    """Buttons that keep which of them are pressed.

    Args:
        name: of the field; the first button's id is `field-{name}`.
        held: which are pressed at first.
        words: value -> words of each button.
        changed: called with what is pressed: a list where `many`, else one value.
        many: whether several may be pressed at once.
    """

    def __init__(
        self,
        name: str,
        held: Sequence[str],
        words: Mapping[str, str],
        changed: Callable[[list[str] | str], None],
        *,
        many: bool,
    ) -> None:
        self.group = ui.element("div").classes("toggles")
        self.group.props["role"] = "group"
        self.group.props["aria-labelledby"] = f"label-{name}"
        self._name = name
        self._held = list(held)
        self._words = dict(words)
        self._changed = changed
        self._many = many
        self._drawn: dict[str, ui.button] = {}
        self._draw()

    def set_words(self, words: Mapping[str, str]) -> None:
        """Show other buttons, where they are others; what is pressed stays."""
        if self._words != dict(words):
            self._words = dict(words)
            self._draw()

    def _draw(self) -> None:
        self.group.clear()
        self._drawn.clear()
        self._held = [each for each in self._held if each in self._words]
        with self.group:
            for key, text in self._words.items():
                each = ui.button(text, on_click=lambda key=key: self._press(key), color=None)
                each.props("flat no-caps").classes("toggle")
                if not self._drawn:
                    each.props["id"] = f"field-{self._name}"
                self._drawn[key] = each
        self._mark()

    def _mark(self) -> None:
        for key, each in self._drawn.items():
            each.props["aria-pressed"] = "true" if key in self._held else "false"
            each.update()

    def _press(self, key: str) -> None:
        if not self._many:
            self._held = [key]
        elif key in self._held:
            self._held.remove(key)
        else:
            self._held.append(key)
        self._mark()
        pressed = [each for each in self._drawn if each in self._held]
        self._changed(pressed if self._many else key)

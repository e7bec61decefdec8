"""The controls of a new case's form: a labelled box for each question, told wrong in place.

Laws: a control is made once a step and never rebuilt while somebody types; every one has a real
label, its hint and fault as its description, and can be reached and used by keys alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nicegui import ui
from nicegui.elements.html import Html

from tallystick.console.icons import icon
from tallystick.console.kit import button, fill, show
from tallystick.console.pages.new_case_question import Given, Question
from tallystick.console.pages.new_case_toggles import Toggles
from tallystick.console.pages.new_case_tree import write_value
from tallystick.console.pages.new_case_value import Wrong, read_value
from tallystick.console.visit import Visit
from tallystick.text.wording import format_month

__all__ = ["TYPED", "Control", "put_control"]

FIGURES: Final = frozenset({"money", "signed", "count", "area", "percent"})
TYPED: Final = FIGURES | {"text", "words"}
"""Kinds that are typed, key by key: wrong is told once the field is left."""
SEGMENTS_MAX: Final = 3
Changed = Callable[[Given], None]
Words = Mapping[str, str]


@dataclass(slots=True)
class Control:
    """One question on the page.

    Attributes:
        box: what is shown and hidden.
        marked: the element that says `aria-invalid`.
        fault: where a fault is told.
        sure: the button that says a doubtful figure is right.
        set_words: gives a choice other words to choose from.
    """

    box: ui.element
    marked: ui.element
    fault: Html
    sure: ui.button | None = None
    set_words: Callable[[Words], None] = field(default=lambda _: None)

    def tell(self, said: str, *, is_doubt: bool) -> None:
        """Show what is wrong, or nothing."""
        self.box.classes(add="wrong" if said else "", remove="" if said else "wrong")
        self.marked.props["aria-invalid"] = "true" if said else "false"
        self.marked.update()
        drawn = fill("{}<span>{}</span>", icon("octagon-alert"), said) if said else fill("")
        if self.fault.content != drawn:
            self.fault.set_content(drawn)
        if self.sure is not None:
            self.sure.set_visibility(is_doubt)


def put_control(
    v: Visit,
    question: Question,
    name: str,
    value: Given,
    changed: Changed,
    *,
    words: Words,
    is_sure: Callable[[], None],
    left: Callable[[], None],
) -> Control:
    """Put a question on the page.

    Args:
        v: the visit.
        question: what is asked.
        name: of the field; unlike the question's in a list.
        value: what was typed before.
        changed: called with what is typed, at each key.
        words: of a choice: value -> words.
        is_sure: called when a doubtful figure is said to be right.
        left: called when the field is left.
    """
    box = ui.element("div").classes("field ask" + (" whole" if question.is_wide else ""))
    is_group = _is_group(question, words)
    with box:
        label = fill("{}", v.say(question.label))
        if not question.is_needed and question.kind not in {"months", "members"}:
            label += fill(' <span class="optional">{}</span>', v.t("可不填", "optional"))
        if question.kind != "tick":
            tag = "span" if is_group else "label"
            target = fill(' for="field-{}"', name) if not is_group else fill("")
            show(fill('<{0} class="label" id="label-{1}"{2}>{3}</{0}>', tag, name, target, label))
        marked, set_words = _make(v, question, name, value, changed, words=words)
        if question.kind in TYPED:
            marked.on("blur", left)
        marked.props["aria-describedby"] = f"fault-{name}" + (
            f" hint-{name}" if question.hint else ""
        )
        fault = show(fill(""), "fault")
        fault.props["id"] = f"fault-{name}"
        sure = None
        if question.kind in FIGURES:
            sure = button(v.t("没写错", "It is right"), is_sure, "check", "short sure")
            sure.set_visibility(False)
        if question.hint:
            show(fill("{}", v.say(question.hint)), "hint").props(f"id=hint-{name}")
    return Control(box, marked, fault, sure, set_words)


def _is_group(question: Question, words: Words) -> bool:
    if question.kind == "choice":
        return 0 < len(words) <= SEGMENTS_MAX
    return question.kind in {"yes", "months", "crops", "members"}


def _make(
    v: Visit, question: Question, name: str, value: Given, changed: Changed, *, words: Words
) -> tuple[ui.element, Callable[[Words], None]]:
    kind = question.kind
    if kind == "yes":
        words = {"yes": v.t("是", "Yes"), "no": v.t("否", "No")}
    if kind == "months":
        words = {str(at + 1): _name_month(v, at) for at in range(12)}
    if kind in {"months", "crops", "members"}:
        return _put_toggles(name, value or [], changed, words, many=True)
    if _is_group(question, words):
        return _put_toggles(name, [value] if value else [], changed, words, many=False)
    if kind in {"choice", "month"}:
        return _put_select(name, value, changed, words)
    if kind == "tick":
        tick = ui.checkbox(
            v.say(question.label),
            value=value == "yes",
            on_change=lambda event: changed("yes" if event.value else ""),
        )
        tick.props(f"id=field-{name} dense")
        return tick, lambda _: None
    return _put_text(v, question, name, value, changed), lambda _: None


def _name_month(v: Visit, place: int) -> str:
    return v.t(f"{place + 1}月", format_month(place, "en").split()[0])


def _put_text(
    v: Visit,
    question: Question,
    name: str,
    value: Given,
    changed: Changed,
) -> ui.element:
    def typed(event: Given) -> None:
        changed(event.value or "")

    entry: ui.input | ui.textarea
    if question.kind == "words":
        entry = ui.textarea(value=value or "", on_change=typed).props("autogrow")
    else:
        entry = ui.input(value=value or "", on_change=typed)
    entry.props(f"outlined dense no-error-icon for=field-{name} autocomplete=off")
    if question.unit is not None:
        entry.props["suffix"] = v.say(question.unit)
    if question.kind in FIGURES:
        entry.props("input-class=num inputmode=decimal")

        def tidy() -> None:
            # The field is left: nothing is typed into it any more.
            try:
                found = read_value(question, entry.value)
            except Wrong:
                return
            if found is not None:
                entry.set_value(write_value(question, found))

        entry.on("blur", tidy)
    return entry


def _put_select(
    name: str,
    value: Given,
    changed: Changed,
    words: Words,
) -> tuple[ui.element, Callable[[Words], None]]:
    known = value if value in words else None
    chosen = ui.select(dict(words), value=known, on_change=lambda event: changed(event.value or ""))
    chosen.props(f"outlined dense for=field-{name} options-dense")
    chosen.props["dropdown-icon"] = "svguse:/look/icons.svg#chevron-down"

    def set_words(more: Words) -> None:
        if chosen.options != dict(more):
            held = chosen.value if chosen.value in more else None
            chosen.set_options(dict(more), value=held)

    return chosen, set_words


def _put_toggles(
    name: str, value: Sequence[str], changed: Changed, words: Words, *, many: bool
) -> tuple[ui.element, Callable[[Words], None]]:
    toggles = Toggles(name, value, words, changed, many=many)
    return toggles.group, toggles.set_words

"""One step of a new case as a form: its questions, its lists of rows, and what stands against it.

Laws: built when the step is opened; afterwards questions come and go and faults are told in place,
so that no key is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nicegui import ui

from tallystick.console.kit import button, fill, focus_soon, show
from tallystick.console.pages.new_case_check import Fault, name_doubt
from tallystick.console.pages.new_case_control import TYPED, Control, put_control
from tallystick.console.pages.new_case_home import LIST_KINDS, LIST_NAMES, LIST_WORDS, LISTS
from tallystick.console.pages.new_case_question import Given, Question
from tallystick.console.pages.new_case_questions import QUESTIONS, is_asked
from tallystick.console.pages.new_case_use import list_purposes
from tallystick.console.visit import Visit
from tallystick.text.wording import format_month

__all__ = ["Form"]

ROWS_MAX: Final = 16
_SPANS: Final[Mapping[str, tuple[int, int]]] = {
    "needed": (0, 18),
    "sale_first": (0, 37),
    "sale_last": (0, 49),
    "due": (-6, 61),
    "old_due": (-12, 25),
    "insure_from": (-6, 13),
    "insure_to": (-2, 25),
    "save_until": (0, 61),
}
"""Which months are offered, counted from the month of the case."""


class Form:
    """The fields of the step that is open.

    Args:
        v: the visit.
        answers: what was typed; written into.
        as_of: month of the case.
        members: who may be chosen, as `witness` and as `readers`: name -> words.
        changed: called after each change.
    """

    def __init__(
        self,
        v: Visit,
        answers: dict[str, Any],
        as_of: int,
        members: Mapping[str, Mapping[str, str]],
        changed: Callable[[], None],
    ) -> None:
        self._v = v
        self._answers = answers
        self._as_of = as_of
        self._members = members
        self._changed = changed
        # What a press rebuilds is gone with its own place on the page; the page itself stays.
        self._client = ui.context.client
        self._controls: dict[str, Control] = {}
        self._lists: dict[str, ui.element] = {}
        self._rows: dict[str, ui.element] = {}
        self.is_checked = False
        self.touched: set[str] = set()

    def put_step(self, step: int) -> None:
        """Put the questions of a step where we are."""
        self._controls.clear()
        self._lists.clear()
        self._rows.clear()
        self.is_checked = False
        if step == 1:
            for group in ("crops", "livestock"):
                self._put_list(group)
        with ui.element("div").classes("fields"):
            for question in QUESTIONS:
                if question.step == step:
                    self._put(question, question.name, self._answers)
        if step == 1:
            self._put_list("debts")
        self.refresh()

    def _put(self, question: Question, name: str, into: dict[str, Any]) -> None:
        def typed(value: Given) -> None:
            if into.get(question.name) != value:
                into[question.name] = value
                if question.kind not in TYPED:
                    self.touched.add(name)
                self.refresh()
                self._changed()

        def left() -> None:
            if name not in self.touched:
                self.touched.add(name)
                self._changed()

        def say_sure() -> None:
            self._answers.setdefault("sure", []).append(name_doubt(self._answers, name))
            self._changed()

        self._controls[name] = put_control(
            self._v,
            question,
            name,
            into.get(question.name),
            typed,
            words=self._words_of(question),
            is_sure=say_sure,
            left=left,
        )

    def _words_of(self, question: Question) -> dict[str, str]:
        if question.name == "purpose":
            kind = self._answers.get("kind") or "borrow"
            return {key: self._v.say(each) for key, each in list_purposes(kind).items()}
        if question.name in self._members:
            return dict(self._members[question.name])
        if question.kind == "month":
            low, high = _SPANS[question.name]
            return {
                str(month): format_month(month, self._v.language)
                for month in range(self._as_of + low, self._as_of + high)
            }
        if question.kind == "crops":
            return self._name_crops()
        return {key: self._v.say(each) for key, each in question.choices.items()}

    def _name_crops(self) -> dict[str, str]:
        choices = LISTS["crops"][0].choices
        return {
            str(at): self._v.t("{} {} 亩", "{} {} mu").format(
                self._v.say(choices[row["crop"]]), row.get("area") or "\u2013"
            )
            for at, row in enumerate(self._answers.get("crops", ()))
            if row.get("crop") in choices
        }

    def refresh(self) -> None:
        """Show what is asked now, and hide the rest."""
        for question in QUESTIONS:
            control = self._controls.get(question.name)
            if control is not None:
                control.box.set_visibility(is_asked(question, self._answers))
                if question.name == "purpose" or question.kind == "crops":
                    control.set_words(self._words_of(question))
        kind = self._answers.get("kind", "borrow")
        for group, box in self._lists.items():
            box.set_visibility(kind in LIST_KINDS[group])

    def tell(self, faults: Iterable[Fault]) -> None:
        """Tell what is wrong: everything once checked, before that only figures in doubt."""
        said = {each.field: each for each in faults}
        for name, control in self._controls.items():
            fault = said.get(name)
            is_told = fault is not None and (self.is_checked or name in self.touched)
            if fault is None or not is_told:
                control.tell("", is_doubt=False)
            else:
                control.tell(self._v.say(fault.said), is_doubt=fault.is_doubt)

    def focus(self, field: str) -> None:
        """Bring a field into sight and put the keys into it."""
        focus_soon(self._client, f"#field-{field}")

    # ---- lists of rows

    def _put_list(self, group: str) -> None:
        with ui.element("div").classes("rows") as box:
            box.props["role"] = "group"
            box.props["aria-label"] = self._v.say(LIST_NAMES[group])
            show(fill("<h3>{}</h3>", self._v.say(LIST_NAMES[group])))
            self._rows[group] = ui.element("div").classes("stack")
        self._lists[group] = box
        self._draw_rows(group)

    def _draw_rows(self, group: str) -> None:
        for name in [each for each in self._controls if each.startswith(f"{group}-")]:
            del self._controls[name]
        rows: list[dict[str, Any]] = self._answers.setdefault(group, [])
        where = self._rows[group]
        where.clear()
        with where:
            for place, row in enumerate(rows):
                self._put_row(group, place, row)
            with ui.element("div").classes("rows-acts"):
                if len(rows) < ROWS_MAX:
                    add = self._v.say(LIST_WORDS[group][1 if rows else 0])
                    button(add, lambda: self._add(group), "plus", "short").props(f"id=add-{group}")
                if not rows:
                    self._put_none(group)

    def _put_row(self, group: str, place: int, row: dict[str, Any]) -> None:
        with ui.element("div").classes(f"one fields of-{group}"):
            for column in LISTS[group]:
                self._put(column, f"{group}-{place}-{column.name}", row)
            with ui.element("div").classes("one-act"):
                gone = button(
                    self._v.t("去掉", "Remove"),
                    lambda: self._remove(group, place),
                    "trash-2",
                    "short",
                )
                gone.props["aria-label"] = self._v.t(
                    f"去掉第 {place + 1} 行", f"Remove row {place + 1}"
                )

    def _put_none(self, group: str) -> None:
        none: list[str] = self._answers.setdefault("none", [])
        mark = f"no_{group}"
        text = self._v.say(LIST_WORDS[group][2])

        def press() -> None:
            none.remove(mark) if mark in none else none.append(mark)
            found.props["aria-pressed"] = "true" if mark in none else "false"
            found.update()
            self._changed()

        found = ui.button(text, on_click=press, color=None)
        found.props("flat no-caps").classes("toggle")
        found.props["aria-pressed"] = "true" if mark in none else "false"

    def _add(self, group: str) -> None:
        rows = self._answers.setdefault(group, [])
        rows.append({})
        none = self._answers.get("none", [])
        if f"no_{group}" in none:
            none.remove(f"no_{group}")
        self._draw_rows(group)
        self.focus(f"{group}-{len(rows) - 1}-{LISTS[group][0].name}")
        self._changed()

    def _remove(self, group: str, place: int) -> None:
        rows = self._answers[group]
        del rows[place]
        if group == "crops":
            # Fields are named by their place.
            chosen = [int(each) for each in self._answers.get("project_crops", ())]
            self._answers["project_crops"] = [
                str(each - (each > place)) for each in chosen if each != place
            ]
        self._draw_rows(group)
        self._changed()

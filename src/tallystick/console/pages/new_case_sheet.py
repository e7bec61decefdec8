"""A new case as it is typed: where am I, is it saved, what is wrong, is it worth going on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import background_tasks, ui

from tallystick.base.errors import Conflict, Error
from tallystick.console.acts import tell_recorded
from tallystick.console.icons import icon
from tallystick.console.kit import button, fill, focus_soon, item, join, link_button, show, stack
from tallystick.console.pages.new_case_check import Fault, find_faults
from tallystick.console.pages.new_case_consent import draw_papers, draw_text
from tallystick.console.pages.new_case_form import Form
from tallystick.console.pages.new_case_home import LIST_NAMES
from tallystick.console.pages.new_case_keep import Keeper
from tallystick.console.pages.new_case_question import Given
from tallystick.console.pages.new_case_questions import STEPS, find_question
from tallystick.console.pages.new_case_review import draw_plan, draw_step
from tallystick.console.pages.new_case_send import send_case
from tallystick.console.pages.new_case_side import FOLLOW, Side
from tallystick.console.pages.new_case_tree import fill_known, make_application
from tallystick.console.problem import draw_problem, notify_problem
from tallystick.console.visit import Visit
from tallystick.console.words import COUNTY_MS, tell_clock, tell_day
from tallystick.text.wording import format_day_plain

__all__ = ["Sheet"]

PAUSE_S: Final = 0.4
_DAY_MS: Final = 86_400_000
_LAST: Final = len(STEPS) - 1
_READERS: Final = frozenset({"bank", "credit_cooperative", "guarantor", "insurer", "cooperative"})


class Sheet:
    """One draft open in one window.

    Args:
        v: the visit.
        found: the draft, as `GET /drafts/{draft}` tells it.
        members: `{member, role}` of the county, as `GET /members` tells them.
    """

    def __init__(
        self, v: Visit, found: Mapping[str, Any], members: Iterable[Mapping[str, Any]]
    ) -> None:
        self._v = v
        self._client = ui.context.client
        self._keeper = Keeper(v, found)
        self._answers = self._keeper.answers
        self._as_of = _month_of(self._keeper.saved_ms)
        rows = [each for each in members if each["member"] != v.member]
        choices = {
            "witness": {each["member"]: v.name_of(each["member"]) for each in rows},
            "readers": {
                each["member"]: v.name_of(each["member"])
                for each in rows
                if each["role"] in _READERS
            },
        }
        self._form = Form(v, self._answers, self._as_of, choices, self._change)
        self._turn = 0
        self._is_sending = False
        self._told_conflict: Conflict | None = None

    # ---- the page

    async def show(self) -> None:
        """Put the page where we are."""
        v, keeper = self._v, self._keeper
        with ui.element("div").classes("k-head"):
            with ui.element("div"):
                show(fill('<h1 tabindex="-1">{}</h1>', v.t("新建案件", "New case")))
                self._saved = show(fill(""), "soft saved")
                self._saved.props["role"] = "status"
            acts = link_button(v.t("稍后继续", "Continue later"), v.link("/new"), "history")
            self._later = show(acts, "act")
        self._bar = ui.element("div").classes("clash")
        self._whole = ui.element("div").classes("g g-form")
        with self._whole:
            self._rail = ui.element("ol").classes("rail steps")
            self._rail.props["aria-label"] = v.t("步骤", "Steps")
            self._body = ui.element("section").classes("card")
            with stack().classes("aside"):
                self._side = Side(v)
        self._side.on_follow(self._follow)
        keeper.told = self._tell_saved
        ui.context.client.on_disconnect(keeper.save)
        if keeper.tree.get("sent") is not None:
            keeper.tree["step"] = _LAST
        self._tell_saved()
        self._open(int(keeper.tree["step"]))
        await self._estimate()

    def _tell_saved(self) -> None:
        v, keeper = self._v, self._keeper
        if keeper.conflict is not None:
            self._show_conflict(keeper.conflict)
            drawn = fill(
                "{}", v.t("没有存：另一个窗口改过", "Not saved: another window changed it")
            )
        elif keeper.trouble is not None:
            said = v.t(
                "还没存上，节点没有回答；正在再试",
                "Not saved: the node does not answer; trying again",
            )
            drawn = fill('<span class="t-alarm li">{}{}</span>', icon("triangle-alert"), said)
        elif keeper.is_saved:
            clock = tell_clock(keeper.saved_ms)[6:11]
            drawn = fill(
                "{}",
                v.t(
                    f"{clock} 已存在本机；提交之前什么都不进账本。",
                    f"Saved on this node at {clock}; nothing is on the ledger until you submit.",
                ),
            )
        else:
            drawn = fill("{}", v.t("正在保存…", "Saving…"))
        if self._saved.content != drawn:
            self._saved.set_content(drawn)

    def _show_conflict(self, error: Conflict) -> None:
        """Tell what another window saved, and let the officer choose."""
        if error is self._told_conflict:
            # Drawn anew, its buttons would slip away from under a press: leaving a field is a
            # change too.
            return
        self._told_conflict = error
        v = self._v
        self._bar.clear()
        paths = error.values.get("changed")
        names = {_name_change(v, str(path)) for path in (paths if isinstance(paths, list) else ())}
        changed = v.t("、", ", ").join(sorted(each for each in names if each))
        with self._bar, ui.element("div").classes("problem"):
            self._bar.props["role"] = "alert"
            title = v.t("这份草稿在另一个窗口改过", "This draft was changed in another window")
            words = v.t(
                f"不一样的：{changed}。两边都还在。",
                f"What differs: {changed}. Both are still there.",
            )
            show(fill('<h3 class="b">{}</h3><p>{}</p>', title, words))
            with ui.element("div").classes("rows-acts"):
                button(v.t("看那边的", "Load the other"), ui.navigate.reload, "rotate-ccw", "short")
                button(v.t("用我这边的", "Keep mine"), self._keep_mine, "save", "short")

    async def _keep_mine(self) -> None:
        self._bar.clear()
        await self._keeper.keep_mine()

    # ---- steps

    def _open(self, step: int) -> None:
        self._step = step
        self._keeper.tree["step"] = step
        self._draw_rail()
        self._body.clear()
        self._body.props["aria-label"] = self._v.say(STEPS[step])
        with self._body:
            count = self._v.t(
                f"第 {step + 1} 步，共 {_LAST + 1} 步", f"Step {step + 1} of {_LAST + 1}"
            )
            name = self._v.say(STEPS[step])
            show(
                fill('<h2 tabindex="-1" id="step">{}</h2><div class="r">{}</div>', name, count), "h"
            )
            self._faults = show(fill(""), "faults")
            self._faults.on("click", lambda event: self._follow(event.args), js_handler=FOLLOW)
            if step == _LAST:
                self._put_review()
            else:
                self._form.put_step(step)
                self._put_rest(step)
            self._put_foot(step)
        self._tell_faults()

    def _draw_rail(self) -> None:
        self._rail.clear()
        faulty = {each.step for each in find_faults(self._answers)}
        with self._rail:
            for step, name in enumerate(STEPS):
                is_done = step not in {*faulty, self._step, _LAST}
                with ui.element("li").classes("done" if is_done else "") as line:
                    if step == self._step:
                        line.props["aria-current"] = "step"
                    drawn = fill(
                        '<span class="n">{}</span><span>{}</span>',
                        icon("check") if is_done else step + 1,
                        self._v.say(name),
                    )
                    with ui.button(on_click=lambda step=step: self._go(step), color=None).props(
                        "flat no-caps"
                    ):
                        show(drawn, "in-step")

    def _go(self, step: int, field: str = "") -> None:
        """Open a step, at its heading or at one of its fields."""
        if self._keeper.tree.get("sent") is not None:
            return
        self._open(step)
        self._keeper.touch()
        if field:
            self._form.focus(field)
        else:
            focus_soon(self._client, "#step", is_top=True, goes=True)

    def _put_rest(self, step: int) -> None:
        """Put what a step has beside its questions."""
        if step == 0:
            with ui.element("div").classes("known") as self._known:
                button(self._v.t("找出来", "Look it up"), self._look_up, "search", "short")
                self._told_known = show(fill(""))
            self._known.set_visibility(self._answers.get("party_known") == "yes")
        if step == _LAST - 1:
            self._aloud = show(draw_text(self._v, self._answers), "body")
            show(draw_papers(self._v, self._answers), "body")

    def _put_foot(self, step: int) -> None:
        v = self._v
        with ui.element("div").classes("form-foot"):
            back = button(v.t("上一步", "Back"), lambda: self._go(self._step - 1))
            back.set_enabled(step > 0 and self._keeper.tree.get("sent") is None)
            words = v.t("提交", "Submit") if step == _LAST else v.t("下一步", "Next")
            self._next = button(words, self._press_next, kind="first")

    def _put_review(self) -> None:
        v = self._v
        with ui.element("div").classes("review"):
            for step in range(_LAST):
                with ui.element("section").classes("part"):
                    with ui.element("div").classes("part-head"):
                        show(fill("<h3>{}</h3>", v.say(STEPS[step])))
                        change = button(
                            v.t("改", "Change"), lambda step=step: self._go(step), "pencil", "short"
                        )
                        change.props["aria-label"] = v.t("改：", "Change: ") + v.say(STEPS[step])
                    show(draw_step(v, self._answers, step))
            with ui.element("section").classes("part"):
                title = v.t("提交之后", "What submitting does")
                show(fill("<h3>{}</h3>{}", title, draw_plan(v, self._answers)))
                if self._keeper.tree.get("sent") is not None:
                    words = v.t(
                        "上次提交没等到回音。再按一次提交，不会记两遍。",
                        "The last one had no answer. Submit again: nothing is recorded twice.",
                    )
                    show(item("info", words, "brand"))

    # ---- what changes

    def _change(self) -> None:
        """React to a change: save it soon, tell what is wrong, estimate anew."""
        self._keeper.touch()
        self._tell_saved()
        self._tell_faults()
        if self._step == 0:
            self._known.set_visibility(self._answers.get("party_known") == "yes")
        if self._step == _LAST - 1:
            drawn = draw_text(self._v, self._answers)
            if self._aloud.content != drawn:
                self._aloud.set_content(drawn)
        self._turn += 1
        turn = self._turn

        async def later() -> None:
            await asyncio.sleep(PAUSE_S)
            if turn == self._turn:
                await self._estimate()

        background_tasks.create(later(), name="estimate")

    def _tell_faults(self) -> None:
        step = None if self._step == _LAST else self._step
        faults = find_faults(self._answers, step)
        self._form.tell(faults)
        is_told = self._form.is_checked or self._step == _LAST
        drawn = _draw_faults(self._v, faults) if is_told and faults else fill("")
        if self._faults.content != drawn:
            self._faults.set_content(drawn)

    async def _estimate(self) -> None:
        """Ask what would be decided now; a figure in doubt makes it a dash."""
        if any(_is_told(self._answers, each.field) for each in find_faults(self._answers)):
            self._side.tell_doubt()
            return
        application = make_application(self._answers, self._as_of, self._v.language)
        turn = self._turn
        try:
            found = await self._v.client.send("/estimate", {"application": application})
        except Error as error:
            self._side.tell_problem(error)
            return
        if turn == self._turn:
            self._side.tell(found)

    def _follow(self, field: str) -> None:
        """Go to a field that a link names, wherever it is asked."""
        try:
            step = find_question(str(field)).step
        except (KeyError, StopIteration, ValueError):
            return
        if step != self._step:
            self._go(step, str(field))
        else:
            self._form.focus(str(field))

    async def _look_up(self) -> None:
        """Fill in what the party told before."""
        v = self._v
        number = str(self._answers.get("party_number", "")).strip().lower()
        if any(each.field == "party_number" for each in find_faults(self._answers, 0)):
            self._form.touched.add("party_number")
            self._tell_faults()
            self._form.focus("party_number")
            return
        try:
            found = await v.client.get(f"/parties/{number}/prefill")
        except Error as error:
            self._told_known.set_content(draw_problem(v, error))
            return
        leaves = found["leaves"]
        self._answers.update(fill_known(leaves))
        self._open(0)
        self._told_known.set_content(_say_known(v, leaves))
        self._change()

    async def _press_next(self) -> None:
        self._form.is_checked = True
        step = None if self._step == _LAST else self._step
        faults = find_faults(self._answers, step)
        if faults:
            self._tell_faults()
            if self._step != _LAST:
                self._form.focus(faults[0].field)
            return
        if self._step < _LAST:
            self._go(self._step + 1)
            return
        await self._submit()

    async def _submit(self) -> None:
        v = self._v
        if self._is_sending:
            return
        self._is_sending = True
        self._next.disable()
        self._next.set_text(v.t("正在记录…", "Recording…"))
        try:
            found = await send_case(v, self._keeper, self._as_of)
        except Error as error:
            self._is_sending = False
            self._open(_LAST)
            with self._client:
                notify_problem(v, error)
            return
        party = str(self._keeper.tree.get("party", ""))
        with self._client:
            tell_recorded(v, found)
            if party:
                self._show_number(party, found["case"])
            else:
                ui.navigate.to(v.link(f"/cases/{found['case']}"))

    def _show_number(self, party: str, case: str) -> None:
        """Show a new household's number: with it nothing is typed again next time."""
        v = self._v
        self._rail.set_visibility(False)
        self._saved.set_content(
            fill("{}", v.t("已提交，草稿已删。", "Submitted; the draft is gone."))
        )
        self._body.clear()
        with self._body:
            title = v.t("已记录", "Recorded")
            show(fill('<h2 tabindex="-1" id="step">{}</h2>', title), "h")
            words = v.t(
                "把户号抄给农户。下次带着它来，填过的不用再填。",
                "Write the household's number down for it. With it, nothing is asked twice.",
            )
            label = v.t("户号", "Household number")
            show(
                fill(
                    '<p class="soft">{}</p><dl class="kv number"><dt>{}</dt>'
                    '<dd class="mono">{}</dd></dl>',
                    words,
                    label,
                    party,
                ),
                "body",
            )
            with ui.element("div").classes("form-foot"):
                copy = v.t("复制户号", "Copy the number")
                button(copy, lambda: ui.clipboard.write(party), "copy")
                show(
                    link_button(
                        v.t("看结果", "See the answer"),
                        v.link(f"/cases/{case}"),
                        "arrow-right",
                        "first",
                    )
                )
        focus_soon(self._client, "#step", is_top=True, goes=True)


def _month_of(ms: int) -> int:
    """Return the month of county time, counted from year 0."""
    year, month, _ = format_day_plain((ms + COUNTY_MS) // _DAY_MS).split("-")
    return int(year) * 12 + int(month) - 1


def _is_told(answers: Mapping[str, Given], field: str) -> bool:
    """Tell whether something stands in a field that is at fault."""
    if "-" in field:
        group, place, column = field.split("-", 2)
        return bool(answers[group][int(place)].get(column))
    return bool(answers.get(field))


def _draw_faults(v: Visit, faults: Iterable[Fault]) -> Markup:
    rows = [
        fill(
            '<li><button type="button" data-field="{}">{}{}{}</button></li>',
            each.field,
            _name_field(v, each.field),
            v.t("：", ": "),
            v.say(each.said),
        )
        for each in faults
    ]
    title = v.t(f"有 {len(rows)} 处需要改正", f"To fix: {len(rows)}")
    return fill(
        '<div class="problem" role="alert"><h3 class="b">{}</h3><ul>{}</ul></div>',
        title,
        join(rows),
    )


def _name_field(v: Visit, field: str) -> str:
    """Return what a field is called: of a list, with its row."""
    label = v.say(find_question(field).label)
    if "-" not in field:
        return label
    group, place, _ = field.split("-", 2)
    name, row = v.say(LIST_NAMES[group]), int(place) + 1
    return v.t(f"{name}第 {row} 行，{label}", f"{name}, row {row}, {label}")


def _name_change(v: Visit, path: str) -> str:
    """Return what a path of a draft is called on the form."""
    parts = path.split(".")
    if parts[-1] == "step":
        return v.t("做到第几步", "The step")
    if parts[:2] != ["tree", "answers"] or len(parts) < 3:  # noqa: PLR2004 - a name follows
        return ""
    if parts[2] in LIST_NAMES:
        return v.say(LIST_NAMES[parts[2]])
    try:
        return v.say(find_question(parts[2]).label)
    except KeyError:
        return ""


def _say_known(v: Visit, leaves: Iterable[Mapping[str, Any]]) -> Markup:
    found = list(leaves)
    if not found:
        return item(
            "user-check",
            v.t("是这里的户，以前没有填过什么。", "Known here; nothing was told before."),
        )
    last = tell_day(v, max(each["at"] for each in found))
    words = v.t(
        f"已带出 {len(found)} 项，最近的是 {last} 填的；这次查看留了回执。请核对后再往下。",
        f"{len(found)} answers filled in, the latest of {last}; looking left a receipt. Check.",
    )
    return item("user-check", words, "ok")

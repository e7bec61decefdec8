"""What records something: a dialog that says what will be recorded, and sends it once.

Laws: one opening of a dialog is one Idempotency-Key until it is refused for good, so that a double
click or a lost answer makes one record; what the API refuses is told in the dialog, and what was
typed stays; the answer tells the block.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nicegui import ui

from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Error
from tallystick.console.attach import Attached
from tallystick.console.icons import icon
from tallystick.console.kit import button, fill, show
from tallystick.console.problem import draw_problem
from tallystick.console.sending import Picked
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count

__all__ = ["Blank", "open_act", "parse_money", "put_field", "tell_recorded"]

WORDS_MAX: Final = 1_000
UNSURE: Final = 500
"""Statuses from which on an act may stand all the same: it is sent again under its own key."""
_MONEY: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")
Filled = Mapping[str, Any]
Send = Callable[[Filled, str], Awaitable[Mapping[str, Any]]]
"""(what was typed, Idempotency-Key) -> the API's answer."""


@dataclass(frozen=True, slots=True)
class Blank:
    """What an act asks for.

    Attributes:
        name: its key in what is filled in.
        label: shown.
        kind: `text`, `words` (several lines), `money` (yuan; gives fen), `count`, `choice`,
            `choices`, `paper` (a file; gives how a record names it), or `file` (gives a `Chosen`,
            which is sent by itself).
        hint: shown under it.
        choices: value -> words, of a choice.
        is_needed: whether it may stay empty.
        value: what stands there first.
        read: of `text`, returns what was typed, None where it has no reading; None takes it as is.
        fault: what is told where it has no reading.
    """

    name: str
    label: str
    kind: str = "text"
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    is_needed: bool = True
    value: Any = None
    read: Callable[[str], Any] | None = None
    fault: str = ""


def parse_money(text: str) -> int | None:
    """Return fen of a sum in yuan as people type it, None if it is none.

    >>> parse_money("50,000"), parse_money("12.5"), parse_money("５万")
    (5000000, 1250, None)
    """
    plain = text.strip().replace(",", "").replace("，", "").replace(" ", "")
    found = _MONEY.fullmatch(plain.removeprefix("¥").removesuffix("元"))
    if found is None or not found[0].isascii():
        return None
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


class _Form:
    """The fields of one dialog."""

    def __init__(self, v: Visit, blanks: Sequence[Blank]) -> None:
        self._v = v
        self._blanks = blanks
        self._inputs: dict[str, Any] = {}
        self._boxes: dict[str, ui.element] = {}
        for blank in blanks:
            self._put(blank)

    def _put(self, blank: Blank) -> None:
        label, hint = blank.label, blank.hint
        if not blank.is_needed:
            label = self._v.t(f"{label}（可不填）", f"{label} (optional)")
        with put_field(blank.name, label, hint) as box:
            self._boxes[blank.name] = box
            self._inputs[blank.name] = self._make_input(blank)

    def _make_input(self, blank: Blank) -> Any:  # noqa: ANN401 - whatever has a value
        if blank.kind == "paper":
            return Attached(self._v)
        return Picked(self._v, blank.name) if blank.kind == "file" else _make_input(blank)

    def read(self) -> dict[str, Any] | None:
        """Return what was typed, None where something is wrong, which is then told."""
        found: dict[str, Any] = {}
        is_right = True
        for blank in self._blanks:
            value, fault = self._check(blank, self._inputs[blank.name].value)
            box = self._boxes[blank.name]
            box.classes(add="wrong" if fault else "", remove="" if fault else "wrong")
            fault_box = next(each for each in box.default_slot.children if "fault" in each.classes)
            assert isinstance(fault_box, ui.html)
            fault_box.set_content(fill("{}{}", icon("octagon-alert"), fault) if fault else fill(""))
            is_right = is_right and not fault
            if value not in (None, ""):
                found[blank.name] = value
        return found if is_right else None

    def _check(self, blank: Blank, value: Any) -> tuple[Any, str]:  # noqa: ANN401 - what was typed
        t = self._v.t
        if value in (None, "", []):
            return None, t("这里要填", "This is needed") if blank.is_needed else ""
        if blank.read is not None:
            found = blank.read(str(value).strip())
            return found, "" if found is not None else blank.fault
        if blank.kind == "money":
            found = parse_money(str(value))
            return found, "" if found else t("填一个金额，例如 50,000", "A sum, such as 50,000")
        if blank.kind == "count":
            plain = str(value).replace(",", "").strip()
            is_whole = plain.isdigit() and len(plain) <= 12  # noqa: PLR2004 - digits
            return int(plain) if is_whole else None, "" if is_whole else t("填一个整数", "A number")
        if isinstance(value, str) and len(value) > WORDS_MAX:
            return value, t(f"最多 {WORDS_MAX} 个字符", f"At most {WORDS_MAX} characters")
        return value.strip() if isinstance(value, str) else value, ""


def put_field(name: str, label: str, hint: str = "") -> ui.element:
    """Return a labelled box for one input, whose id is to be `field-{name}`."""
    box = ui.element("div").classes("field")
    with box:
        show(fill('<label for="field-{}">{}</label>', name, label))
        if hint:
            show(fill("{}", hint), "hint").props(f"id=hint-{name}")
        show(fill(""), "fault").props(f'id=fault-{name} role="alert"')
    return box


def _make_input(blank: Blank) -> Any:  # noqa: ANN401 - NiceGUI's value elements
    if blank.kind in {"choice", "choices"}:
        many = blank.kind == "choices"
        first = blank.value if blank.value is not None else ([] if many else None)
        found: Any = ui.select(dict(blank.choices), value=first, multiple=many)
    elif blank.kind == "words":
        found = ui.textarea(value=blank.value or "").props("autogrow")
    else:
        found = ui.input(value=blank.value or "")
        found.props("inputmode=decimal" if blank.kind in {"money", "count"} else "")
    found.props(f"outlined dense for=field-{blank.name}")
    found.props["aria-describedby"] = f"hint-{blank.name} fault-{blank.name}"
    return found


def open_act(
    v: Visit,
    *,
    title: str,
    says: str,
    send: Send,
    then: Callable[[Mapping[str, Any]], Any],
    blanks: Sequence[Blank] = (),
    confirm: str = "",
    is_grave: bool = False,
) -> None:
    """Open the dialog of an act.

    Args:
        v: the visit.
        title: what is done, in a few words.
        says: what will be recorded, and who will read it.
        send: sends what was typed.
        then: called with the answer; shows what came of it.
        blanks: what is asked for.
        confirm: words of the button; the title if empty.
        is_grave: whether it cannot be taken back.
    """
    keys = [_draw_key()]
    # Outside the page's own part, which a block may draw anew while somebody types here.
    with ui.context.client.content:
        dialog = ui.dialog().props("persistent")
    with dialog, ui.element("div").classes("dialog"):
        section = ui.element("section").classes("card")
        section.props["role"] = "dialog"
        section.props["aria-label"] = title
    with section:
        show(fill("<h2>{}</h2>", title), "h")
        show(fill('<div class="body soft">{}</div>', says))
        with ui.element("div").classes("fields"):
            form = _Form(v, blanks)
        told = show(fill(""))
        with ui.element("div").classes("form-foot"):
            button(v.t("取消", "Cancel"), dialog.close)
            kind = "grave" if is_grave else "first"
            act = button(confirm or title, None, kind=kind)

    async def go() -> None:
        found = form.read()
        if found is None:
            return
        act.disable()
        try:
            answer = await send(found, keys[0])
        except Error as error:
            if error.http_status < UNSURE:
                # It is answered for good; what is mended now is another request.
                keys[0] = _draw_key()
            told.set_content(
                fill('<div style="padding:0 18px 14px">{}</div>', draw_problem(v, error))
            )
            act.enable()
            return
        dialog.close()
        tell_recorded(v, answer)
        done = then(answer)
        if isinstance(done, Awaitable):
            await done

    act.on_click(go)
    dialog.on("hide", dialog.delete)
    dialog.open()


def _draw_key() -> str:
    return SystemEntropy().draw("key", 16).hex()


def tell_recorded(v: Visit, answer: Mapping[str, Any]) -> None:
    """Tell in which block an act stands."""
    height = answer.get("height")
    if height is None:
        ui.notify(v.t("已收下", "Taken"), color=None, classes="told")
        return
    figure = format_count(height)
    ui.notify(
        v.t(f"已记入区块 {figure}", f"Recorded in block {figure}"), color=None, classes="told"
    )

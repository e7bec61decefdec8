"""A refusal of the API for people: what happened, what is safe, what to do; the code last."""

from __future__ import annotations

import json

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.icons import icon
from tallystick.console.kit import fill, item, join
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.problem import say_problem
from tallystick.text.record import name_record

__all__ = ["draw_problem", "notify_problem"]


def draw_problem(v: Visit, error: Error) -> Markup:
    """Return a refusal as a box, with what support asks for folded under it."""
    said = say_problem(error, v.language)
    tree = {
        "code": error.code,
        "detail": str(error),
        "cure": error.cure,
        "status": error.http_status,
    }
    return fill(
        '<div class="problem" role="alert"><h3 class="b li t-alarm">{}<span>{}</span></h3>'
        '<p>{}</p>{}<p class="li">{}<span><b>{}</b>{}</span></p></div>'
        '<details><summary class="note12 dim">{}</summary><pre class="mono">{}</pre></details>',
        icon("octagon-alert"),
        said.title,
        said.safe,
        _tell_since(v, error),
        icon("wrench"),
        v.t("怎么办：", "What to do: "),
        said.cure,
        v.t("给技术人员", "For support"),
        json.dumps(tree, ensure_ascii=False, indent=1),
    )


def _tell_since(v: Visit, error: Error) -> Markup:
    """Return what came between an officer's look at a case and the act."""
    since = error.values.get("since")
    if not isinstance(since, list):
        return fill("")
    return join(
        item(
            "history",
            f"{name_record(each['type'], v.language)} · {v.name_of(each['member'])}"
            f" · {tell_clock(each['time'])}",
        )
        for each in since
    )


def notify_problem(v: Visit, error: Error) -> None:
    """Tell a refusal in a dialog that stays until it is read."""
    # Outside what led here, which may go before it is read.
    with ui.context.client.content:
        dialog = ui.dialog().classes("problem-dialog")
    with dialog, ui.element("div").classes("card dialog"):
        ui.html(fill('<div style="padding:18px">{}</div>', draw_problem(v, error)), sanitize=False)
        with ui.element("div").classes("form-foot"):
            ui.space()
            ui.button(v.t("知道了", "Understood"), on_click=dialog.close, color=None).props(
                "flat no-caps autofocus"
            ).classes("btn first")
    dialog.on("hide", dialog.delete)
    dialog.open()

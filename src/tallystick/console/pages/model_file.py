"""The file that training writes, brought to the console: read, looked at, published or approved.

Laws: one officer publishes a model and another approves it; the file is read here and never kept;
what is shown before approval is what approval records. Limit: files of up to 1 MiB; a larger one is
published by the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nicegui import events, ui

from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import Error, Invalid
from tallystick.console.acts import Blank, open_act
from tallystick.console.kit import boxed, button, fill, item, pairs, show, stats
from tallystick.console.pages.model_part import is_calibrated, tell_figures
from tallystick.console.pages.model_view import show_curves
from tallystick.console.pages.model_words import say_kind, write_ppm
from tallystick.console.problem import notify_problem
from tallystick.console.visit import Visit
from tallystick.records.trained import read_trained
from tallystick.text.wording import format_count

__all__ = ["TrainedFile", "read_file", "show_upload"]

FILE_BYTES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TrainedFile:
    """A trained model as its file holds it.

    Attributes:
        model: the model, as JSON can tell it.
        report: what training found, as JSON can tell it: `metrics`, `curves` where drawn.
        cid: the model's CID.
    """

    model: Mapping[str, Any]
    report: Mapping[str, Any]
    cid: str


def read_file(data: bytes) -> TrainedFile:
    """Return what training wrote.

    Raises:
        Invalid: `model.file`, the bytes are no such file.
    """
    found = read_trained(data)
    cid = cid_of(encode(found["model"]))
    report = _told(found["report"])
    return TrainedFile(_told(found["model"]), report, str(cid))


def _told(found: Any) -> Any:  # noqa: ANN401 - a decoded tree
    """Return a tree as JSON can tell it: links as text."""
    if isinstance(found, dict):
        return {name: _told(each) for name, each in found.items()}
    if isinstance(found, list):
        return [_told(each) for each in found]
    return str(found) if isinstance(found, Cid) else found


def show_upload(v: Visit) -> None:
    """Put on the page where a trained file is brought, and under it what it holds."""
    title = v.t("训练出的模型", "A trained model")
    said = (
        v.t(
            "选训练写出的文件，先看清楚，再批准。公布和批准不能是同一个人。",
            "Choose the file that training wrote, look at it, then approve. Whoever published it"
            " may not approve it.",
        )
        if v.may("approve_model")
        else v.t(
            "选训练写出的文件，看清楚后公布，再由负责人批准。",
            "Choose the file that training wrote, look at it and publish it; a manager then"
            " approves.",
        )
    )
    with boxed(title):
        show(fill('<p class="body soft">{}</p>', said))
        with ui.element("div").classes("upload"):
            box = ui.upload(
                auto_upload=True,
                max_files=1,
                max_file_size=FILE_BYTES_MAX,
            )
            button(v.t("选文件", "Choose a file"), lambda: box.run_method("pickFiles"), "upload")
    under = ui.element("div").classes("stack")

    async def took(event: events.UploadEventArguments) -> None:
        data = await event.file.read()
        box.reset()
        try:
            found = read_file(data)
        except Error as error:
            notify_problem(v, error)
            return
        under.clear()
        with under:
            _show_found(v, found)

    def refused() -> None:
        notify_problem(
            v,
            Invalid(
                "model.file",
                f"the file is larger than {FILE_BYTES_MAX} bytes, or of another kind",
                cure="Use tally model approve on the member's machine.",
            ),
        )

    box.on_upload(took)
    box.on_rejected(refused)


def _show_found(v: Visit, found: TrainedFile) -> None:
    """Show what a file holds, with the button that publishes or approves it."""
    metrics, charts = found.report["metrics"], found.report.get("curves")
    kind = say_kind(v, "card" if found.model.get("kind") != "trees" else "trees")
    facts = [
        (v.t("种类", "Kind"), kind),
        (v.t("程序版本", "Program version"), str(found.report["program"])),
        ("CID", fill('<span class="mono">{}</span>', found.cid)),
    ]
    title = v.t("文件里的模型", "The model in the file")
    show(stats(tell_figures(v, metrics)))
    with boxed(title):
        show(fill('<div class="body">{}</div>', pairs(facts)))
        if not is_calibrated(metrics):
            show(
                fill(
                    '<div class="body">{}</div>',
                    item("octagon-alert", _say_doubt(v, metrics), "warn"),
                )
            )
        with ui.element("div").classes("form-foot"):
            ui.space()
            if v.may("publish_model"):
                button(v.t("公布", "Publish"), lambda: _publish(v, found), "send", "first")
            if v.may("approve_model"):
                button(v.t("批准", "Approve"), lambda: _approve(v, found), "badge-check", "first")
    show_curves(v, charts, metrics)


def _say_doubt(v: Visit, metrics: Mapping[str, int]) -> str:
    found, chance = write_ppm(metrics.get("ece_ppm")), write_ppm(metrics.get("ece_null95_ppm"))
    return v.t(
        f"概率平均差 {found}，机会最多能解释 {chance}：不写明原因，批准会被拒绝。"
        "可以用更多或更好的数据重新训练。",
        f"Its probabilities are off by {found} on average, and chance explains {chance} at most:"
        " approval is refused unless a reason is stated. Or train on more or better data.",
    )


def _publish(v: Visit, found: TrainedFile) -> None:
    async def send(_: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send("/models", {"model": found.model}, key=key)

    def then(_: Mapping[str, Any]) -> None:
        ui.notify(
            v.t("已公布，等另一位同事批准", "Published; another colleague approves it"),
            color=None,
            classes="told",
        )

    open_act(
        v,
        title=v.t("公布模型", "Publish the model"),
        says=v.t(
            "模型本身成为公开对象，各成员都能取用；在有人批准以前，它不决定任何事。",
            "The model becomes a public object that any member may fetch; nothing decides by it"
            " before it is approved.",
        ),
        send=send,
        then=then,
    )


def _approve(v: Visit, found: TrainedFile) -> None:
    metrics = found.report["metrics"]
    blanks = [
        Blank(
            "name",
            v.t("名称", "Name"),
            hint=v.t("小写字母、数字、点和横线", "Small letters, digits, dots and dashes"),
        )
    ]
    if not is_calibrated(metrics):
        blanks.append(
            Blank(
                "force",
                v.t("为什么仍然批准（代码）", "Why it is approved all the same (a code)"),
                hint=v.t("公开记录，例如 pilot.small", "For all to read, such as pilot.small"),
            )
        )

    async def send(typed: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        body = {"name": typed["name"], "report": found.report}
        if "force" in typed:
            body["force"] = typed["force"]
        return await v.client.send(f"/models/{found.cid}/approve", body, key=key)

    def then(_: Mapping[str, Any]) -> None:
        ui.navigate.to(v.link(f"/models/{found.cid}"))

    rows = format_count(metrics["rows"])
    open_act(
        v,
        title=v.t("批准模型", "Approve the model"),
        says=v.t(
            f"从下一个案件起由它评分。账本记下名称、数字（{rows} 笔贷款）和您的编号，各成员可见。"
            "公布它的人不能批准它。",
            f"It decides from the next case on. The ledger records its name, its figures ({rows}"
            " loans) and your number, for all members to read. Whoever published it cannot approve"
            " it.",
        ),
        send=send,
        then=then,
        blanks=blanks,
        confirm=v.t("批准", "Approve"),
    )

"""A member that signed two histories, told calmly: who, when, both roots, and the file to hand on.

Laws: nobody is accused without the file that proves it, and the file stands beside the words; both
bodies are shown alike, for neither is known here to be the true one's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tallystick.console.icons import icon
from tallystick.console.kit import fill, item, join, link_button
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.wording import format_count

__all__ = ["draw_fault"]

Fault = Mapping[str, Any]


def draw_fault(v: Visit, fault: Fault) -> Markup:
    """Return the alarm of one member that signed two bodies.

    Args:
        v: the visit.
        fault: as `GET /ledger/equivocations` tells it.
    """
    who = v.name_of(fault["member"])
    name = v.t("有成员签了两份不同的账", "A member signed two histories")
    return fill(
        '<section class="alarm-box" role="alert" aria-label="{}"><div><h2>{}<span>{}</span></h2>'
        '<p>{}</p>{}<div class="acts">{}</div></div><div class="values">{}</div></section>',
        name,
        icon("octagon-alert", "big"),
        name,
        v.t(
            f"{who}在同一处签了两份互相矛盾的账，于 {tell_clock(fault['known_ms'])} 被证实。"
            "每一份都有它自己的签名，谁都可以核对；这份证明不会撤销。",
            f"{who} signed two contradicting states of the ledger for one place; proven at"
            f" {tell_clock(fault['known_ms'])}. Both bear its own signature, which anybody can"
            " check; the proof is never taken back.",
        ),
        item(
            "wrench",
            v.t(
                "怎么办：下载证明，交给监管部门和其他成员；在查清之前，不要只凭这家的答复办事。",
                "What to do: download the proof and hand it to the regulator and the other"
                " members; until it is settled, do not rely on this member's word alone.",
            ),
            "alarm",
        ),
        link_button(
            v.t("下载证明", "Download proof"),
            v.file(f"/equivocation/{fault['digest']}"),
            "download",
            leave=True,
        ),
        join(_draw_body(v, each) for each in fault["bodies"]),
    )


def _draw_body(v: Visit, body: Mapping[str, Any]) -> Markup:
    height, size = format_count(body["height"]), format_count(body["size"])
    signed = tell_clock(body["signed_s"] * 1_000)
    said = v.t(
        f"高度 {height}，{size} 笔，签于 {signed}",
        f"Height {height}, {size} entries, signed {signed}",
    )
    return fill(
        '<div class="wrong"><div class="note12 dim">{}</div><div class="mono">{}</div></div>',
        said,
        body["root"],
    )

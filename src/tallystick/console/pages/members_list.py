"""The members in force and their keys, and how earlier changes were settled.

Law: a member's part is built anew only when what it shows has changed, so that what somebody
opened stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import events, ui

from tallystick.console.icons import icon
from tallystick.console.kit import button, card, empty, fill, scrolled, show, table, tag
from tallystick.console.pages.members_open import PUB_SIGNS
from tallystick.console.pages.members_words import (
    USES,
    Names,
    find_before,
    say_change,
    say_role,
)
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import format_count

__all__ = ["MemberList", "draw_settled"]

Tree = Mapping[str, Any]
Propose = Callable[[Tree, Names], None]
COPY: Final = (
    "(e) => { const found = e.target.closest('[data-copy]');"
    " if (found) { e.preventDefault(); emit(found.dataset.copy); } }"
)
_OUTCOMES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "in_force": ("已生效", "In force"),
        "rejected": ("被否决", "Voted down"),
        "taken_back": ("已撤回", "Taken back"),
        "expired": ("过期未定", "Time over"),
    },
)
_TONES: Final = {"in_force": ("ok", ""), "rejected": ("", "x"), "taken_back": ("", "rotate-ccw")}


class MemberList:
    """The members in force, each with its keys folded under it.

    Args:
        v: the visit.
        revoke: opens the dialog that proposes to end one of a member's keys; None for nobody.
        leave: opens the dialog that proposes that a member leaves.
    """

    def __init__(self, v: Visit, revoke: Propose, leave: Propose) -> None:
        self._v = v
        self._acts = (revoke, leave)
        self._box = ui.element("div").classes("folds-keys")
        self._slots: dict[str, ui.element] = {}
        self._shown: dict[str, object] = {}

    def draw(self, members: Sequence[Tree], renewing: set[str], names: Names) -> None:
        """Show the list.

        Args:
            members: as the API lists them.
            renewing: members whose new keys wait for votes.
            names: what they are called.
        """
        members = sorted(members, key=lambda each: each["member"] != self._v.member)
        listed = [each["member"] for each in members]
        if listed != list(self._slots):
            self._box.clear()
            self._shown.clear()
            with self._box:
                self._slots = {each: ui.element("details") for each in listed}
            if self._v.member in self._slots:
                self._slots[self._v.member].props("open")
        for each in members:
            self._draw_member(each, each["member"] in renewing, names)

    def _draw_member(self, each: Tree, is_renewing: bool, names: Names) -> None:  # noqa: FBT001 - of the row
        member = each["member"]
        known = (each, is_renewing, str(names.show(member)))
        if self._shown.get(member) == known:
            return
        self._shown[member] = known
        slot = self._slots[member]
        slot.clear()
        with slot:
            head = _draw_head(self._v, each, names, is_renewing=is_renewing)
            ui.html(head, sanitize=False, tag="summary")
            self._show_keys(each, names)
            if self._v.may("propose_change"):
                self._show_acts(each, names)

    def _show_keys(self, each: Tree, names: Names) -> None:
        v = self._v
        said = names.show(each["member"]).striptags()
        caption = v.t(f"{said}的钥匙", f"Keys of {said}")
        heads = [
            v.t("用途", "Use"),
            ">" + v.t("编号", "Number"),
            ">" + v.t("生效高度", "Since height"),
            v.t("公钥", "Public key"),
        ]
        rows = [_key_row(v, key) for key in each["keys"]]
        found = show(scrolled(table(heads, rows, caption, classes="tight"), caption))
        found.on("click", self._copy, js_handler=COPY)

    def _copy(self, event: events.GenericEventArguments) -> None:
        ui.clipboard.write(str(event.args))
        ui.notify(self._v.t("公钥已复制", "Public key copied"), color=None, classes="told")

    def _show_acts(self, each: Tree, names: Names) -> None:
        v = self._v
        said = names.show(each["member"]).striptags()
        revoke, leave = self._acts
        with ui.element("div").classes("acts"):
            if len(each["keys"]) > 1:
                words = v.t("停用一把钥匙", "Revoke a key")
                found = button(words, lambda: revoke(each, names), "key-round", "short")
                found.props["aria-label"] = v.t(f"{words}：{said}", f"{words}: {said}")
            words = v.t("让它退出", "Let it leave")
            if each["member"] == v.member:
                words = v.t("自己退出", "Leave")
            found = button(words, lambda: leave(each, names), "log-out", "short")
            found.props["aria-label"] = v.t(f"{words}：{said}", f"{words}: {said}")


def _draw_head(v: Visit, each: Tree, names: Names, *, is_renewing: bool) -> Markup:
    many = len(each["keys"])
    figure = format_count(many)
    marks = fill("")
    if each["member"] == v.member:
        marks += fill('<span class="tag">{}</span>', v.t("本单位", "ours"))
    if is_renewing:
        marks += tag(v.t("新钥匙等表决", "new keys wait for votes"), "warn")
    return fill(
        '{}<span class="who"><b>{}</b><span class="soft">{}</span>{}</span>'
        '<span class="many">{}</span>',
        icon("chevron-right", "dim"),
        names.show(each["member"]),
        say_role(v, each["role"]),
        marks,
        v.t(f"{figure} 把钥匙", f"{figure} {'key' if many == 1 else 'keys'}"),
    )


def _key_row(v: Visit, key: Tree) -> Sequence[str | Markup]:
    use, number = v.say(USES[key["use"]]), str(key["key"])
    since = key["from"]
    return (
        fill('<span class="nowrap">{}</span>', use),
        number,
        format_count(since) if since else v.t("建链时", "founding"),
        fill(
            '<span class="nowrap"><span class="mono">{}</span> <button type="button"'
            ' class="btn short" data-copy="{}" aria-label="{}">{}</button></span>',
            key["pub"][:PUB_SIGNS],
            key["pub"],
            v.t(f"复制 {number} 号公钥", f"Copy public key {number}"),
            icon("copy"),
        ),
    )


# ---- what was settled


def draw_settled(
    v: Visit, changes: Sequence[Tree], members: Sequence[Tree], names: Names
) -> Markup:
    """Return the changes that are settled, the newest first: what they were, and how they ended."""
    title = v.t("已有结果的变更", "Settled changes")
    found = [each for each in changes if each["state"] != "open"]
    if not found:
        why = v.t("表决结束的变更会留在这里。", "Changes whose vote is over stay here.")
        return card(title, empty("history", v.t("还没有", "None yet"), why))
    heads = [
        v.t("变更", "Change"),
        v.t("结果", "Outcome"),
        ">" + v.t("提议于区块", "Proposed in block"),
        ">" + v.t("定于区块", "Settled in block"),
    ]
    rows = [_settled_row(v, each, changes, members, names) for each in found]
    note = v.t(
        "生效从定下的下一个区块算起；换上的新钥匙自动接手，不用重启。以前的签名一直可验。",
        "What is in force counts from the block after; renewed keys take over by themselves, and"
        " nothing needs a restart. What was signed before stays provable.",
    )
    return card(
        title, scrolled(table(heads, rows, title, classes="settled"), title), note=note, pad=False
    )


def _settled_row(
    v: Visit, each: Tree, changes: Sequence[Tree], members: Sequence[Tree], names: Names
) -> Sequence[str | Markup]:
    before = find_before(each, changes, members) if each["kind"] == "keys" else ()
    state = each["state"]
    kind, glyph = _TONES.get(state, ("", ""))
    return (
        say_change(v, each, names, before),
        tag(v.say(_OUTCOMES[state]), kind, glyph),
        _link_block(v, each["height"]),
        _link_block(v, each["settled_height"]) if "settled_height" in each else "\u2013",
    )


def _link_block(v: Visit, height: int) -> Markup:
    address = v.link(f"/ledger/{height}")
    return fill('<a class="link" href="{}">{}</a>', address, format_count(height))

"""Changes that wait for votes: what each would bring about, who said what, and the own voice.

Laws: a member's voice is one and stands for good, so a dialog says so before it is given; whoever
proposed a change has said yes, and may only take it back. Shapes and words tell a vote; colour
repeats them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.console.acts import open_act
from tallystick.console.kit import button, empty, fill, item, join, show, tag
from tallystick.console.pages.members_words import (
    Names,
    Rekeyed,
    compare_keys,
    find_before,
    say_change,
    say_uses,
)
from tallystick.console.visit import Visit
from tallystick.console.words import tell_day
from tallystick.text.wording import format_count

__all__ = ["PUB_SIGNS", "Ballot", "count_ballot", "draw_ballot", "list_voices", "show_open"]

Tree = Mapping[str, Any]
Redraw = Callable[[], Awaitable[None]]
PUB_SIGNS: Final = 16
"""Hex digits of a public key that are shown: people compare no more."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """How the voices of a change stand now: names of members, and how many yes it needs."""

    yes: tuple[str, ...]
    no: tuple[str, ...]
    silent: tuple[str, ...]
    needed: int

    @property
    def missing(self) -> int:
        """Return how many more must say yes."""
        return max(0, self.needed - len(self.yes))


def list_voices(members: Sequence[Tree]) -> list[str]:
    """Return the members that have a voice: those with a key that signs records."""
    return [each["member"] for each in members if any(key["use"] == "tx" for key in each["keys"])]


def count_ballot(change: Tree, members: Sequence[Tree]) -> Ballot:
    """Return the voices of an open change; of members that still have one."""
    voices = list_voices(members)
    yes = tuple(each for each in change["yes"] if each in voices)
    no = tuple(each for each in change["no"] if each in voices)
    silent = tuple(each for each in voices if each not in {*yes, *no})
    return Ballot(yes, no, silent, change["needed"])


def draw_ballot(v: Visit, ballot: Ballot, names: Names) -> Markup:
    """Return the voices as dots, yes first, with the line that passes the change; and in words."""
    kinds = [
        *("yes" for _ in ballot.yes),
        *("" for _ in ballot.silent),
        *("no" for _ in ballot.no),
    ]
    dots = [fill('<i class="{}"></i>', kind) for kind in kinds]
    at = min(ballot.needed, len(dots))
    goal = _say_goal(v, ballot, len(dots))
    return fill(
        '<div class="ballot"><span class="dots" role="img" aria-label="{}">'
        '{}<u></u>{}</span><span class="goal">{}</span></div><dl class="voices">{}</dl>',
        v.t(
            f"赞成 {len(ballot.yes)}，反对 {len(ballot.no)}，未表决 {len(ballot.silent)}",
            f"{len(ballot.yes)} yes, {len(ballot.no)} no, {len(ballot.silent)} not yet",
        ),
        join(dots[:at]),
        join(dots[at:]),
        goal,
        join(
            _draw_voices(v, kind, word, found, names)
            for kind, word, found in (
                ("yes", v.t("赞成", "Yes"), ballot.yes),
                ("no", v.t("反对", "No"), ballot.no),
                ("", v.t("未表决", "Not yet"), ballot.silent),
            )
        ),
    )


def _say_goal(v: Visit, ballot: Ballot, voices: int) -> str:
    needed, missing = format_count(ballot.needed), format_count(ballot.missing)
    return v.t(
        f"{voices} 家中须有 {needed} 家赞成，还差 {missing} 家",
        f"{needed} of {voices} must say yes: {missing} more",
    )


def _draw_voices(v: Visit, kind: str, word: str, found: Sequence[str], names: Names) -> Markup:
    said = join((names.show(each) for each in found), v.t("、", "; "))
    return fill(
        '<dt><i class="{}"></i>{} {}</dt><dd>{}</dd>',
        kind,
        word,
        format_count(len(found)),
        said or "\u2013",
    )


# ---- the list


@dataclass(frozen=True, slots=True)
class _Shown:
    """An open change as it is shown: what it says, its voices, and what it does to keys."""

    change: Tree
    says: Markup
    ballot: Ballot
    rekeyed: Rekeyed

    def is_renewal_of(self, member: str) -> bool:
        """Tell whether a member proposed new keys of its own."""
        return bool(self.rekeyed.added) and self.change["by"] == self.change["member"] == member


def _read_shown(
    v: Visit, change: Tree, changes: Sequence[Tree], members: Sequence[Tree], names: Names
) -> _Shown:
    is_keys = change["kind"] == "keys"
    before = find_before(change, changes, members) if is_keys else ()
    rekeyed = compare_keys(change.get("keys", ()), before)
    ballot = count_ballot(change, members)
    return _Shown(change, say_change(v, change, names, before), ballot, rekeyed)


def show_open(
    v: Visit, changes: Sequence[Tree], members: Sequence[Tree], names: Names, draw: Redraw
) -> bool:
    """Put the open changes on the page; tell whether one of them waits for the own voice."""
    found = [each for each in changes if each["state"] == "open"]
    if not found:
        why = v.t(
            "有人提议时，会立刻出现在这里。", "When a member proposes one, it appears here at once."
        )
        show(empty("list-checks", v.t("没有等表决的变更", "No change waits for votes"), why))
    is_waiting = False
    for change in found:
        shown = _read_shown(v, change, changes, members, names)
        with ui.element("article").classes("change"):
            show(fill("<h3>{}</h3>", shown.says))
            show(_draw_facts(v, shown))
            show(draw_ballot(v, shown.ballot, names))
            with ui.element("div").classes("acts"):
                may_vote = _show_acts(v, shown, draw, is_first=not is_waiting)
                is_waiting = is_waiting or may_vote
    return is_waiting


def _draw_facts(v: Visit, shown: _Shown) -> Markup:
    change = shown.change
    until, height = tell_day(v, change["until"]), format_count(change["height"])
    when = fill(
        '{} · <a class="link" href="{}">{}</a>',
        v.t(f"表决到 {until}", f"Votes count until {until}"),
        v.link(f"/ledger/{change['height']}"),
        v.t(f"区块 {height}", f"block {height}"),
    )
    lines = [item("calendar-clock", when)]
    if shown.rekeyed.added:
        pubs = join(
            (
                fill(
                    '<span class="nowrap">{} <span class="mono">{}</span></span>',
                    say_uses(v, [key]),
                    key["pub"][:PUB_SIGNS],
                )
                for key in shown.rekeyed.added
            ),
            " · ",
        )
        lines.append(item("key-round", fill(v.t("新公钥：{}", "New public keys: {}"), pubs)))
    if shown.is_renewal_of(v.member):
        lines.append(item("info", _say_waiting(v), "info"))
    return join(lines)


def _say_waiting(v: Visit) -> str:
    return v.t(
        "新钥匙已在本单位的机器上备好，等表决；这期间照旧用原来的钥匙。通过后自动换上，不用重启。",
        "The new keys lie ready on this member's machine and wait for the votes; until then the old"
        " ones sign. Once in force they take over by themselves: nothing needs a restart.",
    )


# ---- the own voice


def _show_acts(v: Visit, shown: _Shown, draw: Redraw, *, is_first: bool) -> bool:
    """Put on the page what the own member may still say; tell whether its voice is waited for."""
    change, ballot = shown.change, shown.ballot
    if v.member in change["yes"]:
        is_own = change["by"] == v.member
        said = v.t("本单位提议", "Proposed by us") if is_own else v.t("本单位已赞成", "We said yes")
        show(tag(said, "ok"))
        if is_own and v.may("vote_change"):
            _name(button(v.t("撤回", "Take back"), lambda: _take_back(v, shown, draw)), shown)
        return False
    if v.member in change["no"]:
        show(tag(v.t("本单位已反对", "We said no"), "", "x"))
        return False
    if v.member not in ballot.silent:
        show(tag(v.t("本单位没有签记录的钥匙，不能表决", "Without a signing key we have no voice")))
        return False
    if not v.may("vote_change"):
        show(tag(v.t("等本单位负责人表决", "Our manager has yet to vote"), "warn"))
        return False
    kind = "first" if is_first else ""
    yes, no = v.t("赞成", "Yes"), v.t("反对", "No")
    _name(button(yes, lambda: _vote(v, shown, draw, is_yes=True), "check", kind), shown)
    _name(button(no, lambda: _vote(v, shown, draw, is_yes=False), "x"), shown)
    return True


def _name(found: ui.button, shown: _Shown) -> None:
    """Let a button's name say on which change it acts."""
    found.props["aria-label"] = f"{found.text}: {shown.says.striptags()}"


def _vote(v: Visit, shown: _Shown, draw: Redraw, *, is_yes: bool) -> None:
    change, ballot = shown.change, shown.ballot
    is_last = is_yes and ballot.missing == 1
    consequence = (
        v.t(
            "这一票正好够数：变更从下一个区块起生效。",
            "This vote makes enough: the change is in force from the next block on.",
        )
        if is_last
        else v.t(
            f"赞成满 {ballot.needed} 家，变更从下一个区块起生效。",
            f"With {ballot.needed} yes, the change is in force from the next block on.",
        )
    )
    open_act(
        v,
        title=v.t("赞成", "Say yes") if is_yes else v.t("反对", "Say no"),
        says=fill(
            '<div class="says"><p class="b">{}</p><p>{}</p><p>{}</p></div>',
            fill(v.t("{}。", "{}."), shown.says),
            v.t(
                f"以{v.name_of(v.member)}的名义记入账本，各成员可见。每家一票，投了不能改。",
                f"Recorded as the voice of {v.name_of(v.member)}, for all members to read. A member"
                " has one voice, and it stands for good.",
            ),
            consequence,
        ),
        send=_send_vote(v, change, is_yes=is_yes),
        then=lambda _: draw(),
        is_grave=is_last and change["kind"] == "leave",
    )


def _take_back(v: Visit, shown: _Shown, draw: Redraw) -> None:
    kept = v.t(
        "为它备好的新钥匙作废；再换时另造一套。",
        "The keys drawn for it are used no more; another renewal draws its own.",
    )
    more = kept if shown.is_renewal_of(v.member) else ""
    open_act(
        v,
        title=v.t("撤回提议", "Take the proposal back"),
        says=fill(
            '<div class="says"><p class="b">{}</p><p>{} {}</p></div>',
            fill(v.t("{}。", "{}."), shown.says),
            v.t(
                "表决就此结束，什么都不改变；账本上留着提议和撤回。以后可以重新提议。",
                "The vote ends and nothing changes; the ledger keeps the proposal and that it was"
                " taken back. It may be proposed again.",
            ),
            more,
        ),
        send=_send_vote(v, shown.change, is_yes=False),
        then=lambda _: draw(),
        confirm=v.t("撤回", "Take back"),
    )


def _send_vote(
    v: Visit, change: Tree, *, is_yes: bool
) -> Callable[[Mapping[str, Any], str], Awaitable[Tree]]:
    async def send(_: Mapping[str, Any], key: str) -> Tree:
        address = f"/changes/{change['change']}/votes"
        return await v.client.send(address, {"vote": int(is_yes)}, key=key)

    return send

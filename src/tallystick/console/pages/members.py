"""Members and votes: who belongs to the ledger, with which keys, and what is being voted on.

Laws: what waits for votes stands first; who may not vote sees how it stands and no buttons; the
page shows by itself when a change is in force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import boxed, card, fill, grid, item, join, show, show_head, stack
from tallystick.console.live import Health, Live
from tallystick.console.pages.members_list import MemberList, draw_settled
from tallystick.console.pages.members_open import list_voices, show_open
from tallystick.console.pages.members_propose import (
    Known,
    propose_leaving,
    propose_revocation,
    show_asks,
)
from tallystick.console.pages.members_words import Names, compare_keys, find_before
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count

__all__ = ["show_page"]

Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live) -> None:
    """Show the members and their votes."""
    page = _Page(v)
    await page.draw()
    live.watch(ui.context.client, "page", page.draw)


class _Page:
    """The page's parts, each drawn anew when what it shows has changed."""

    def __init__(self, v: Visit) -> None:
        self._v = v
        self._seen: object = None
        self._known = Known()
        self._renew: ui.button | None = None
        show_head(
            v.t("成员与表决", "Members and votes"),
            v.t(
                "谁属于全县账本、用哪些钥匙、守哪些限额：由成员一起表决。",
                "Who belongs to the county's ledger, with which keys and limits: the members decide"
                " it together.",
            ),
        )
        with grid("g-side"):
            with stack():
                with boxed(v.t("等表决的变更", "Open changes")):
                    self._open = ui.element("div")
                with boxed(v.t("现有成员", "Members in force"), note=_say_keys(v)):
                    self._count = show(fill(""), "body soft")
                    self._members = MemberList(
                        v,
                        partial(propose_revocation, v, self.draw),
                        partial(propose_leaving, v, self.draw),
                    )
                self._settled = show(fill(""))
            with stack():
                if v.may("propose_change"):
                    with boxed(v.t("提议变更", "Propose a change")):
                        self._renew = show_asks(v, self.draw, lambda: self._known)
                show(card(v.t("怎样表决", "How a vote goes"), _say_course(v)))

    async def draw(self, _: Health | None = None) -> None:
        """Ask for everything and show what changed."""
        client = self._v.client
        changes, members, limits = await asyncio.gather(
            client.get("/changes"), client.get("/members"), client.get("/limits")
        )
        seen = (changes["items"], members["items"], limits)
        if seen == self._seen:
            return
        self._seen = seen
        self._draw(*seen)

    def _draw(self, changes: list[Tree], members: list[Tree], limits: Tree) -> None:
        v, names = self._v, Names.read(self._v, changes)
        own = next((each["keys"] for each in members if each["member"] == v.member), ())
        uses = frozenset(key["use"] for key in own)
        self._known = Known(frozenset(each["member"] for each in members), limits, uses)
        self._open.clear()
        with self._open:
            is_waiting = show_open(v, changes, members, names, self.draw)
        if self._renew is not None:
            # One thing is first: the own voice, where it is waited for.
            self._renew.classes(
                add="" if is_waiting else "first", remove="first" if is_waiting else ""
            )
        renewing = {
            each["member"]
            for each in changes
            if (each["state"], each["kind"]) == ("open", "keys")
            and compare_keys(each["keys"], find_before(each, changes, members)).added
        }
        self._members.draw(members, renewing, names)
        self._count.set_content(fill("{}", _count(v, members)))
        self._settled.set_content(draw_settled(v, changes, members, names))


def _count(v: Visit, members: list[Tree]) -> str:
    many, voices = format_count(len(members)), format_count(len(list_voices(members)))
    return v.t(
        f"{many} 家成员，{voices} 家有表决权。打开一家，看它的钥匙。",
        f"{many} members, {voices} of them with a voice. Open one to see its keys.",
    )


def _say_keys(v: Visit) -> str:
    return v.t(
        "公钥人人可看，只显示开头；复制得到整个。私钥不离开成员的机器。",
        "Public keys are for everybody; their beginning is shown, and copying takes the whole."
        " Private ones never leave a member's machine.",
    )


def _say_course(v: Visit) -> Markup:
    lines = (
        (
            "pencil",
            v.t(
                "一家提议，即算它的一票赞成。",
                "One member proposes; that is its yes.",
            ),
        ),
        (
            "list-checks",
            v.t(
                "每家一票，由负责人投，投了不能改。提议者可以撤回。",
                "Each member has one voice, given by a manager for good. The proposer may take it"
                " back.",
            ),
        ),
        (
            "circle-check",
            v.t(
                "够数的那一票使它从下一个区块起生效；已经不可能够数，就被否决。",
                "The vote that makes enough brings it in force from the next block on; one that can"
                " no more pass is voted down.",
            ),
        ),
        (
            "lock",
            v.t(
                "生效以后，一家不能单独改回；偷了钥匙的人也不能。",
                "Once in force, no member undoes it alone; nor can whoever stole a key.",
            ),
        ),
    )
    return join(item(glyph, words) for glyph, words in lines)

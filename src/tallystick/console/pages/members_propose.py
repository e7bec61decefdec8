"""What a manager may propose: new keys, an end of one, that a member leaves or joins, a limit.

Laws: a proposal is the member's yes; nothing changes before enough others have said theirs, and
then only another vote changes it back. Each dialog says so before anything is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.chain.limits import LIMITS, VOTE_PPM
from tallystick.console.acts import Blank, open_act
from tallystick.console.kit import button, fill, join, show
from tallystick.console.pages.members_card import Card, draw_card, open_card
from tallystick.console.pages.members_open import PUB_SIGNS
from tallystick.console.pages.members_words import (
    LIMIT_NAMES,
    USE_LINES,
    USES,
    VOTE,
    Names,
    parse_share,
    write_share,
)
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase
from tallystick.text.wording import format_count

__all__ = ["Known", "propose_leaving", "propose_revocation", "read_limit", "show_asks"]

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What the page knows: who is in the list, the limits in force, and what own keys are for."""

    members: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()


Redraw = Callable[[], Awaitable[None]]
DAYS: Final = 30
"""Days for which votes count, as the API takes them where nothing else is said."""
_FIGURE: Final = re.compile(r"[0-9]{1,12}")


def _propose(
    v: Visit,
    draw: Redraw,
    *,
    title: str,
    says: Markup,
    body: Callable[[Mapping[str, Any]], Tree],
    blanks: Sequence[Blank] = (),
    is_grave: bool = False,
) -> None:
    """Open the dialog of a proposal."""

    async def send(typed: Mapping[str, Any], key: str) -> Tree:
        return await v.client.send("/changes", body(typed), key=key)

    open_act(
        v,
        title=title,
        says=fill('<div class="says"><div>{}</div><p>{}</p></div>', says, _say_course(v)),
        send=send,
        then=lambda _: draw(),
        blanks=blanks,
        confirm=v.t("提议", "Propose"),
        is_grave=is_grave,
    )


def _say_course(v: Visit) -> str:
    own = v.name_of(v.member)
    return v.t(
        f"提议记入账本，各成员可见，同时算{own}的一票赞成；表决 {DAYS} 天内有效，其间可以撤回。"
        "一旦生效，一家不能单独改回，只能再表决。",
        f"The proposal goes onto the ledger for all members to read and counts as the yes of {own};"
        f" votes count for {DAYS} days, and until then it may be taken back. Once in force, no"
        " member can undo it alone: that takes another vote.",
    )


# ---- the side card


def show_asks(v: Visit, draw: Redraw, known: Callable[[], Known]) -> ui.button:
    """Put on the page what may be proposed; return the button of new keys.

    Args:
        v: the visit.
        draw: shows the page anew.
        known: tells what the page knows now.
    """
    with ui.element("div").classes("asks"):
        with ui.element("div"):
            renew = button(
                v.t("换本单位的钥匙", "Renew our keys"),
                lambda: _renew(v, draw, known().uses),
                "refresh-cw",
            )
            _say(
                v.t(
                    "钥匙旧了，或怕被人看到过。本单位的机器造一套新的，私钥不离开它。",
                    "When keys are old, or may have been seen. This member's machine draws fresh"
                    " ones; the private halves stay on it.",
                )
            )
        with ui.element("div"):
            join_ = v.t("让新成员加入", "Let a member join")
            button(join_, lambda: open_card(v, partial(_join, v, draw, known())), "user-plus")
            _say(
                v.t(
                    "凭它自己写的名片。加入后持有整份账本，参加核对和表决。",
                    "By the card it wrote. It then keeps the whole ledger, checks and votes.",
                )
            )
        with ui.element("div"):
            show(fill('<h3 class="b">{}</h3>', v.t("改全链的限额", "Change a limit of the chain")))
            with ui.element("div").classes("filters"):
                for name in LIMIT_NAMES:
                    _limit_button(v, name, draw, known)
            _say(v.t("对所有成员一样。", "It holds for all members alike."))
        _say(
            v.t(
                "停用一把钥匙、让一个成员退出：在名单里打开那个成员。",
                "To revoke a key, or let a member leave: open the member in the list.",
            )
        )
    return renew


def _say(words: str) -> None:
    show(fill('<p class="note12 dim">{}</p>', words))


def _limit_button(v: Visit, name: str, draw: Redraw, known: Callable[[], Known]) -> None:
    words = v.say(LIMIT_NAMES[name])
    button(
        words,
        lambda: _limit(v, name, draw, known().limits.get(name, LIMITS[name].unset)),
        "pencil",
        "short",
    )


# ---- keys


def _renew(v: Visit, draw: Redraw, uses: Container[str]) -> None:
    choices = {use: line for use, line in USE_LINES.items() if use in uses}
    lines = join(
        fill("<dt>{}</dt><dd>{}</dd>", v.say(USES[use]), v.say(line))
        for use, line in choices.items()
    )
    says = fill(
        '<p>{}</p><dl class="uses">{}</dl>',
        v.t(
            "新钥匙现在就备好，等表决；这期间照旧用原来的。通过后自动换上，不用重启；"
            "旧钥匙签过的一直可验。",
            "Fresh keys are drawn now and wait for the votes; until then the old ones sign. Once in"
            " force they take over by themselves, nothing needs a restart, and what the old ones"
            " signed stays provable.",
        ),
        lines,
    )
    _propose(
        v,
        draw,
        title=v.t("换本单位的钥匙", "Renew our keys"),
        says=says,
        body=lambda typed: {"renew": typed["uses"]},
        blanks=[
            Blank(
                "uses",
                v.t("换哪些用途", "For which uses"),
                kind="choices",
                choices={use: v.say(USES[use]) for use in choices},
                # A vote's key is seldom renewed with the rest: its engine is ended meanwhile.
                value=[use for use in choices if use != VOTE],
            )
        ],
    )


def propose_revocation(v: Visit, draw: Redraw, member: Tree, names: Names) -> None:
    """Open the dialog that proposes that one of a member's keys is used no more."""
    choices = {
        str(key["key"]): f"{key['key']} · {v.say(USES[key['use']])} · {key['pub'][:PUB_SIGNS]}"
        for key in member["keys"]
    }
    says = fill(
        v.t(
            "{}的一把钥匙丢了或被盗。生效以后它签的都不算数，编号和公钥也永不再用；以前签的仍可验。"
            "停用“签记录”的最后一把，它就不能写，也不能表决。",
            "A key of {} was lost or stolen. Once in force, nothing it signs counts, and neither"
            " its number nor the key returns; what it signed before stays provable. Without its"
            " last signing key a member can neither write nor vote.",
        ),
        names.show(member["member"]),
    )
    _propose(
        v,
        draw,
        title=v.t("停用一把钥匙", "Revoke a key"),
        says=says,
        body=lambda typed: {"revoke": {"member": member["member"], "key": int(typed["key"])}},
        blanks=[Blank("key", v.t("哪一把", "Which one"), kind="choice", choices=choices)],
        is_grave=True,
    )


# ---- members


def propose_leaving(v: Visit, draw: Redraw, member: Tree, names: Names) -> None:
    """Open the dialog that proposes that a member leaves."""
    is_own = member["member"] == v.member
    says = fill(
        v.t(
            "{}退出以后不能再写、联署和表决；它写过的留在账本上，仍可验。它的钥匙永不再用。",
            "{} then writes, cosigns and votes no more; what it wrote stays on the ledger and"
            " provable. Its keys are never used again.",
        ),
        names.show(member["member"]),
    )
    _propose(
        v,
        draw,
        title=v.t("提议退出", "Propose to leave")
        if is_own
        else v.t("提议让它退出", "Propose that it leaves"),
        says=says,
        body=lambda _: {"leave": member["member"]},
        is_grave=True,
    )


def _join(v: Visit, draw: Redraw, known: Known, card: Card) -> None:
    says = fill(
        "<p>{}</p><div>{}</div>",
        v.t(
            "请和新成员当面或电话核对公钥的开头。表决通过后，它持有整份账本，参加核对和表决。",
            "Compare the beginnings of the public keys with the new member, in person or by"
            " telephone. Once voted in, it keeps the whole ledger, checks and votes.",
        ),
        draw_card(v, card, known.members),
    )
    _propose(
        v,
        draw,
        title=v.t("提议新成员加入", "Propose that a member joins"),
        says=says,
        body=lambda _: {"join": card},
    )


# ---- limits


def read_limit(name: str, text: str) -> int | None:
    """Return the value of a limit as it was typed; None where it may not have it.

    >>> read_limit("block_transactions", "500"), read_limit("vote_ppm", "75%")
    (500, 750000)
    >>> read_limit("block_transactions", "0"), read_limit("vote_ppm", "40")
    (None, None)
    """
    if name == VOTE_PPM:
        value = parse_share(text)
    else:
        plain = text.replace(",", "").replace("，", "").strip()
        value = int(plain) if _FIGURE.fullmatch(plain) else None
    known = LIMITS[name]
    return value if value is not None and known.least <= value <= known.most else None


def _limit(v: Visit, name: str, draw: Redraw, now: int) -> None:
    known = LIMITS[name]
    write = write_share if name == VOTE_PPM else format_count
    least, most = write(known.least), write(known.most)
    span = v.t(f"{least} 到 {most}", f"{least} to {most}")
    told = v.t(f"现在是 {write(now)}", f"now {write(now)}")

    def body(typed: Mapping[str, Any]) -> Tree:
        return {"limit": {"limit": name, "value": typed["value"]}}

    _propose(
        v,
        draw,
        title=v.say(LIMIT_NAMES[name]),
        says=fill("{}", v.say(_LIMIT_SAYS[name])),
        body=body,
        blanks=[
            Blank(
                "value",
                v.say(LIMIT_NAMES[name]),
                hint=v.t(f"{span}；{told}", f"{span}; {told}"),
                read=partial(read_limit, name),
                fault=v.t(f"填 {span} 的数", f"A figure from {span}"),
            )
        ],
    )


_LIMIT_SAYS: Final[Mapping[str, Phrase]] = {
    "block_transactions": Phrase(
        "一个区块至多收多少份提交；多出的等下一个区块。",
        "How many submissions a block takes at most; the others wait for the next.",
    ),
    "block_bytes": Phrase(
        "一个区块至多多大；装不下的等下一个区块。",
        "How large a block may be; what does not fit waits for the next.",
    ),
    "vote_ppm": Phrase(
        "变更须有超过这个比例的成员赞成。从下一个区块起，正在表决的变更也照此计票。",
        "A change needs the yes of more than this share of the members. From the next block on,"
        " votes on open changes are counted by it too.",
    ),
}

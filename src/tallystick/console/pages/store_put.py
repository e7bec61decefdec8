"""Storing a file among the members: chosen in the browser, sealed, cut and handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.kit import fill, join
from tallystick.console.pages.chains_approve import read_case
from tallystick.console.pages.store_words import CODES
from tallystick.console.visit import Visit

__all__ = ["open_put"]

NAME_SIGNS: Final = 200
_SEALED: Final = "sealed"
_PUBLIC: Final = "public"
_BY_SIZE: Final = "size"


def open_put(v: Visit, answering: int) -> None:
    """Open the form that stores a file.

    Args:
        v: the visit.
        answering: how many members are there to keep its parts.
    """

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        file = filled["file"]
        wanted = {
            "name": filled.get("name") or file.name[-NAME_SIGNS:],
            "is_public": int(filled["readers"] == _PUBLIC),
            **({} if filled["code"] == _BY_SIZE else {"code": filled["code"]}),
            **({"party": filled["party"]} if "party" in filled else {}),
        }
        found: Mapping[str, Any] = await file.send(v, key, wanted)
        return found

    open_act(
        v,
        title=v.t("存一份文件", "Store a file"),
        says=_says(v),
        send=send,
        then=lambda answer: ui.navigate.to(v.link(f"/store/{answer['cid']}")),
        blanks=_blanks(v, answering),
        confirm=v.t("存起来", "Store it"),
    )


def _says(v: Visit) -> Markup:
    lines = (
        v.t(
            "文件先在本单位加密，再切成几份，分给不同的成员。保管的成员读不懂，丢了几份也能取回。"
            "让所有成员读的不加密。",
            "The file is sealed here, cut into parts, and given to different members. They cannot"
            " read what they keep, and some parts may be lost. What all members may read is not"
            " sealed.",
        ),
        v.t(
            "账本上只记：本单位存了一份多大的文件。名字和内容都不上账本。",
            "The ledger tells that we stored a file, and how large it is; not its name, nor what"
            " is in it.",
        ),
    )
    return fill('<div class="says">{}</div>', join(fill("<p>{}</p>", line) for line in lines))


def _blanks(v: Visit, answering: int) -> Sequence[Blank]:
    return [
        Blank("file", v.t("文件", "File"), "file"),
        Blank(
            "name",
            v.t("叫什么", "What you call it"),
            hint=v.t(
                "只有本单位看得到；不填就用文件名", "Seen here alone; else the file's own name"
            ),
            is_needed=False,
            read=lambda text: text if len(text) <= NAME_SIGNS else None,
            fault=v.t(f"最多 {NAME_SIGNS} 个字", f"At most {NAME_SIGNS} characters"),
        ),
        Blank(
            "readers",
            v.t("谁能读", "Who may read it"),
            "choice",
            choices={
                _SEALED: v.t("本单位，和准许的成员", "We, and members we let"),
                _PUBLIC: v.t("所有成员（不加密）", "All members, unsealed"),
            },
            value=_SEALED,
        ),
        Blank(
            "code",
            v.t("切成几份", "How it is cut"),
            "choice",
            hint=v.t("每一份放在不同的成员那里", "Each part goes to another member"),
            choices=_codes(v, answering),
            value=_BY_SIZE,
        ),
        Blank(
            "party",
            v.t("关于哪个主体", "Whom it is about"),
            hint=v.t(
                "32 位编号；注销这个主体时，文件一起销毁",
                "An id of 32 digits; the file goes when they are erased",
            ),
            is_needed=False,
            read=read_case,
            fault=v.t("编号是 32 位 0–9、a–f", "An id is 32 digits: 0\u20139 and a\u2013f"),
        ),
    ]


def _codes(v: Visit, answering: int) -> dict[str, str]:
    """Return the ways there are members enough for; that by size stands in any case."""
    found = {_BY_SIZE: v.t("按文件大小选", "By the file's size")}
    for code, (data, more) in CODES.items():
        if data + more > answering:
            continue
        found[code] = v.t(f"{data} 份，另加 {more} 份备用", f"{data} parts and {more} spare")
    return found

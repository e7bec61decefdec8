"""What the owner of a file does: let a member read it, end that, erase it for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.visit import Visit

__all__ = ["open_end", "open_erase", "open_grant"]

DAYS: Final = (7, 30, 90, 365)
Tree = Mapping[str, Any]
Draw = Callable[[], Awaitable[None]]


def open_grant(v: Visit, found: Tree, peers: Sequence[Tree], draw: Draw) -> None:
    """Open the form that lets another member read a file."""
    others = [each["member"] for each in peers if each["member"] != v.member]

    async def send(filled: Filled, key: str) -> Tree:
        body = {"to": filled["to"], "days": int(filled["days"])}
        return await v.client.send(f"/store/objects/{found['cid']}/readers", body, key=key)

    open_act(
        v,
        title=v.t("准许一个成员读", "Let a member read"),
        says=v.t(
            "那个成员第一次读的时候，来取这份文件的钥匙，到期自动删去，也可以提前收回；"
            "读过的内容它可能留有副本。准许不上账本。",
            "When it first reads, the member asks here for this file's key, and forgets it when"
            " the time is over, or when you end it before. What it has read it may have kept."
            " None of it goes to the ledger.",
        ),
        send=send,
        then=lambda _: draw(),
        blanks=[
            Blank(
                "to",
                v.t("成员", "Member"),
                "choice",
                choices={each: v.name_of(each) for each in others},
            ),
            Blank(
                "days",
                v.t("几天", "For how long"),
                "choice",
                choices={str(each): v.t(f"{each} 天", f"{each} days") for each in DAYS},
                value=str(DAYS[1]),
            ),
        ],
        confirm=v.t("准许", "Let it read"),
    )


def open_erase(v: Visit, found: Tree, draw: Draw) -> None:
    """Ask whether a file is to be erased for good."""

    async def send(_: Filled, key: str) -> Tree:
        return await v.client.send(f"/store/objects/{found['cid']}", method="DELETE", key=key)

    named = v.t("这份文件", "this file")
    if found.get("name"):
        named = v.t(f"“{found['name']}”", f"\u201c{found['name']}\u201d")
    says = v.t(
        f"先毁掉{named}的钥匙，再请各成员删去手里的部分，一家一家收回执。从此谁也读不出它，包括本单位。",
        f"The key of {named} is destroyed first; then each member drops what it keeps of it and"
        " signs that it has. Nobody can read it from then on, nor can we.",
    )
    if not found["is_sealed"]:
        says = v.t(
            f"请各成员删去{named}，一家一家收回执。它没有加密：读过它的成员可能留有副本。",
            f"Each member drops {named} and signs that it has. It was never sealed: members that"
            " read it may have kept a copy.",
        )
    open_act(
        v,
        title=v.t("销毁文件", "Erase the file"),
        says=says,
        send=send,
        then=lambda _: draw(),
        confirm=v.t("销毁，不能恢复", "Erase for good"),
        is_grave=True,
    )


def open_end(v: Visit, cid: str, reader: Tree, draw: Draw) -> None:
    """Ask whether a member is to read a file no more."""
    name = v.name_of(reader["member"])

    async def send(_: Filled, key: str) -> Tree:
        body = {"to": reader["member"], "days": 0}
        return await v.client.send(f"/store/objects/{cid}/readers", body, key=key)

    open_act(
        v,
        title=v.t("收回读的准许", "End a reader"),
        says=v.t(
            f"马上告诉{name}，它的节点删去钥匙，再也拿不到；没有答复就等它连上再告诉。"
            "已经读过、存下的，收不回来。",
            f"{name} is told at once, or as soon as it answers: its node forgets the key and gets"
            " it no more. What it has read and kept cannot be taken back.",
        ),
        send=send,
        then=lambda _: draw(),
        confirm=v.t("收回", "End it"),
    )

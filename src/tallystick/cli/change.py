"""`tally change`: who belongs to the county's chain, with which keys, under which limits.

A change is proposed by one member and voted on by all; it counts from the height after the vote
that makes enough (docs/operate.md, "Members and keys").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_text
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["change"]

_USES: Final = ("tx", "note", "link", "seal")
_VOTE: Final = "bft"
"""The key by which a validator's engine votes; `kernel.ledger.voting` renews it."""
_DAYS = option(
    "--days",
    type=click.IntRange(1, 89),
    default=30,
    show_default=True,
    zh="表决多少天内有效",
    en="Days for which votes count.",
)
_CHANGE = argument("name", metavar="CHANGE", zh="变更编号", en="The change's id.")


@click.group(
    "change",
    cls=Group,
    words=Words("成员、钥匙、限额的变更与表决", "Change members, keys and limits by vote"),
)
@lang_option
def change() -> None:
    """Let a verb follow."""


@change.verb("members", zh="列出现有成员和钥匙", en="List the members in force and their keys.")
@at_member()
def members(place: Place) -> list[Any]:
    """List the members."""
    with place.office(any_member=True) as office:
        rows: list[Any] = office.list_members()
    if place.is_json:
        return rows
    return [
        {"member": row["member"], "role": row["role"], **_say_key(key)}
        for row in rows
        for key in row["keys"]
    ]


def _say_key(key: dict[str, Any]) -> dict[str, Any]:
    return {"key": key["key"], "use": key["use"], "from": key["from"], "pub": key["pub"][:16]}


@change.verb("list", zh="列出变更与票数", en="List changes and their votes.")
@at_member()
def list_(place: Place) -> list[Any]:
    """List the changes."""
    with place.office(any_member=True) as office:
        rows: list[Any] = office.list_changes()
    if place.is_json:
        return rows
    return [
        {
            "change": row["change"],
            "kind": row["kind"],
            "what": row.get("member") or f"{row.get('limit')} = {row.get('value')}",
            "by": row["by"],
            "state": row["state"],
            "yes": ", ".join(row.get("yes", [])),
            "no": ", ".join(row.get("no", [])),
            "needed": row.get("needed", ""),
        }
        for row in rows
    ]


@change.verb("limits", zh="列出账本现行的限额", en="List the chain's limits in force.")
@at_member()
def limits(place: Place) -> dict[str, Any]:
    """List the limits."""
    with place.office(any_member=True) as office:
        return dict(office.show_limits())


@change.verb(
    "join",
    zh="凭名片提议一个新成员加入，一个成员换上全部新钥匙，或从此参加排序",
    en="Propose by its card that a new member joins, that fresh keys take the place of one's that"
    " can sign no more, or that one orders too.",
)
@argument("card", metavar="CARD.json", zh="它的名片", en="Its card.")
@_DAYS
@at_member(writes=True)
def join(place: Place, *, card: str, days: int) -> dict[str, Any]:
    """Propose a new member, one's fresh keys, or a new validator."""
    from tallystick.county.card import load_joining

    stated = load_joining(read_text(card), Path(card).name)
    with place.office() as office:
        return office.propose_join(stated, days=days)


@change.verb(
    "renew",
    zh="为本成员造新钥匙并提议换上",
    en="Draw fresh keys for this member and propose them.",
)
@option(
    "--use",
    "uses",
    multiple=True,
    type=click.Choice((*_USES, _VOTE)),
    zh="换哪些用途；不写则换 bft 以外的全部",
    en="For which uses; all but bft where none is named.",
)
@_DAYS
@at_member(writes=True)
def renew(place: Place, *, uses: tuple[str, ...], days: int) -> dict[str, Any]:
    """Propose fresh keys."""
    with place.office() as office:
        return office.propose_renewal(uses or _USES, days=days)


@change.verb(
    "revoke",
    zh="提议停用一个成员的一把钥匙（丢失或被盗）",
    en="Propose that a member's key, lost or stolen, signs no more.",
)
@argument("whose", metavar="MEMBER", zh="谁的", en="Whose.")
@argument("number", metavar="NUMBER", type=click.IntRange(0), zh="钥匙编号", en="The key's number.")
@_DAYS
@at_member(writes=True)
def revoke(place: Place, *, whose: str, number: int, days: int) -> dict[str, Any]:
    """Propose a revocation."""
    with place.office() as office:
        return office.propose_revocation(whose, number, days=days)


@change.verb("leave", zh="提议一个成员退出", en="Propose that a member leaves.")
@argument("who", metavar="MEMBER", zh="谁", en="Who.")
@_DAYS
@at_member(writes=True)
def leave(place: Place, *, who: str, days: int) -> dict[str, Any]:
    """Propose that a member leaves."""
    with place.office() as office:
        return office.propose_leaving(who, days=days)


@change.verb("limit", zh="提议链的一项限额", en="Propose a limit of the chain.")
@argument("limit", metavar="NAME", zh="限额名", en="The limit's name.")
@argument("value", metavar="VALUE", type=click.IntRange(0), zh="数值", en="Its value.")
@_DAYS
@at_member(writes=True)
def limit_(place: Place, *, limit: str, value: int, days: int) -> dict[str, Any]:
    """Propose a limit."""
    with place.office() as office:
        return office.propose_limit(limit, value, days=days)


@change.verb("yes", zh="赞成一项变更", en="Say yes to a change.")
@_CHANGE
@at_member(writes=True)
def yes(place: Place, *, name: str) -> dict[str, Any]:
    """Say yes."""
    with place.office() as office:
        return office.vote_change(name, yes=True)


@change.verb(
    "no",
    zh="反对一项变更；提议者说不即撤回",
    en="Say no to a change; the proposer's no takes it back.",
)
@_CHANGE
@at_member(writes=True)
def no(place: Place, *, name: str) -> dict[str, Any]:
    """Say no."""
    with place.office() as office:
        return office.vote_change(name, yes=False)

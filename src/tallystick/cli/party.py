"""`tally party`: register, show and erase the people, households, firms and projects."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_tree, read_words
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option
from tallystick.text import say
from tallystick.text.wording import format_day_plain

__all__ = ["party"]


@click.group(
    "party", cls=Group, words=Words("登记、查看、注销主体", "Register, show and erase parties")
)
@lang_option
def party() -> None:
    """Let a verb follow."""


@party.verb("add", zh="登记一个主体，返回它的编号", en="Register a party; answers its id.")
@argument(
    "words", nargs=-1, metavar="[NAME=VALUE]...", zh="身份信息", en="What identifies the party."
)
@option(
    "--kind",
    type=click.Choice(["person", "household", "firm", "project"]),
    default="household",
    show_default=True,
    zh="主体种类",
    en="Kind of party.",
)
@option("--identity", metavar="FILE", zh="身份文件（JSON 或 TOML）", en="Identity as JSON or TOML.")
@option("--contacts", metavar="FILE", zh="联系方式文件", en="Contacts as JSON or TOML.")
@at_member(writes=True)
def add(
    place: Place, *, words: tuple[str, ...], kind: str, identity: str | None, contacts: str | None
) -> dict[str, Any]:
    """Register a party."""
    known = {**(read_tree(identity) if identity else {}), **read_words(words)}
    with place.office() as office:
        found = office.add_party(kind, known, read_tree(contacts) if contacts else None)
        return {"party": found, "kind": kind, "member": office.member}


@party.verb("show", zh="查看一个主体；留下阅读回执", en="Show a party; leaves a receipt.")
@argument("party", zh="主体编号", en="The party's id.")
@option("--receipts", is_flag=True, zh="只列谁读过什么", en="List who read what instead.")
@at_member()
def show(place: Place, *, party: str, receipts: bool) -> Any:  # noqa: ANN401 - rows or a tree
    """Show a party, or who read what of it."""
    with place.office() as office:
        return office.list_receipts(party) if receipts else office.show_party(party)


@party.verb(
    "standing",
    zh="查看诚信记录：每一分的来由；留下阅读回执",
    en="Show the integrity record, each point with its reason; leaves receipts.",
)
@argument("party", zh="主体编号", en="The party's id.")
@at_member()
def standing(place: Place, *, party: str) -> dict[str, Any]:
    """Show what a party's loans tell of it."""
    with place.office() as office:
        found = office.show_standing(party)
    return {**found, "items": [_told(item) for item in found["items"]]}


def _told(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its reason in words beside its code."""
    words = say(f"standing.{item['reason']}", {"n": item["late_days"]}, find_language())
    return {**item, "words": words, "day": format_day_plain(item["day"])}


@party.verb("erase", zh="永久销毁主体的钥匙", en="Forget a party's keys for good.")
@argument("party", zh="主体编号", en="The party's id.")
@option(
    "--yes", is_flag=True, required=True, zh="确认：不可挽回", en="It cannot be undone: say so."
)
@at_member(writes=True)
def erase(place: Place, *, party: str, yes: bool) -> dict[str, Any]:
    """Erase a party."""
    assert yes
    with place.office() as office:
        return office.erase_party(party)


@party.verb(
    "send",
    zh="让等待的登记和注销现在成批离开",
    en="Let waiting registrations and erasures leave now, in one shuffled bundle.",
)
@at_member(writes=True)
def send(place: Place) -> dict[str, Any]:
    """Send what waits."""
    with place.office() as office:
        return office.send_registrations()

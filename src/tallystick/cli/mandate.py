"""`tally mandate`: a household lets an officer act for it, and takes that back."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["mandate"]


@click.group("mandate", cls=Group, words=Words("给予、收回委托", "Give and take back mandates"))
@lang_option
def mandate() -> None:
    """Let a verb follow."""


@mandate.verb("add", zh="记下一份有见证的委托", en="Record a witnessed mandate.")
@option("--party", required=True, metavar="ID", zh="主体编号", en="The party's id.")
@option("--witness", required=True, metavar="NAME", zh="见证成员", en="The member that witnesses.")
@option(
    "--days",
    type=click.IntRange(1, 3_660),
    default=365,
    show_default=True,
    zh="有效天数",
    en="For how many days.",
)
@option("--text", default="", zh="委托内容（密封）", en="What is mandated; sealed.")
@at_member(writes=True)
def add(place: Place, *, party: str, witness: str, days: int, text: str) -> dict[str, Any]:
    """Record a mandate."""
    with place.office() as office:
        found = office.add_mandate(party, witness=witness, days=days, text=text)
        return {"mandate": found, "member": office.member}


@mandate.verb("end", zh="收回一份委托", en="Take a mandate back.")
@argument("mandate", zh="委托编号", en="The mandate's id.")
@at_member(writes=True)
def end(place: Place, *, mandate: str) -> dict[str, Any]:
    """End a mandate."""
    with place.office() as office:
        return office.end_mandate(mandate)

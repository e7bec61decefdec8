"""`tally grant`: a party's consent to reading, and its end."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["grant"]


@click.group("grant", cls=Group, words=Words("给予、收回授权", "Give and take back grants"))
@lang_option
def grant() -> None:
    """Let a verb follow."""


@grant.verb("give", zh="记下主体的同意", en="Record a party's consent.")
@option("--party", required=True, metavar="ID", zh="主体编号", en="The party's id.")
@option("--recipient", required=True, metavar="NAME", zh="给哪个成员", en="Which member may read.")
@option(
    "--class",
    "classes",
    multiple=True,
    required=True,
    metavar="CODE",
    zh="数据类别，可多次",
    en="A class of data; may be repeated.",
)
@option("--purpose", required=True, metavar="CODE", zh="目的代码", en="What for, as a code.")
@option(
    "--days",
    type=click.IntRange(1, 3_660),
    default=365,
    show_default=True,
    zh="有效天数",
    en="For how many days.",
)
@at_member(writes=True)
def give(
    place: Place, *, party: str, recipient: str, classes: tuple[str, ...], purpose: str, days: int
) -> dict[str, Any]:
    """Give a grant."""
    with place.office() as office:
        return office.give_grant(
            party, recipient=recipient, classes=classes, purpose=purpose, days=days
        )


@grant.verb("end", zh="收回一份授权", en="Take a grant back.")
@argument("grant", zh="授权编号", en="The grant's id.")
@at_member(writes=True)
def end(place: Place, *, grant: str) -> dict[str, Any]:
    """End a grant."""
    with place.office() as office:
        return office.end_grant(grant)

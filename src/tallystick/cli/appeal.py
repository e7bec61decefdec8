"""`tally appeal`: the household disagrees, and a person answers."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["appeal"]

_WORDS = option("--words", default="", zh="说的话（密封）", en="Words; sealed.")


@click.group("appeal", cls=Group, words=Words("提出、答复申诉", "Open and settle appeals"))
@lang_option
def appeal() -> None:
    """Let a verb follow."""


@appeal.verb("open", zh="受理对案件决定或拒绝的申诉", en="Take in an appeal against a decision.")
@argument("case", zh="案件编号", en="The case's id.")
@option("--code", required=True, metavar="CODE", zh="理由代码", en="The reason as a code.")
@_WORDS
@at_member(writes=True)
def open_(place: Place, *, case: str, code: str, words: str) -> dict[str, Any]:
    """Open an appeal."""
    with place.office() as office:
        return office.open_appeal(case, code=code, words=words)


@appeal.verb("settle", zh="由人答复申诉", en="Answer an appeal in person.")
@argument("appeal", zh="申诉编号", en="The appeal's id.")
@option("--outcome", required=True, metavar="CODE", zh="结果代码", en="The outcome as a code.")
@_WORDS
@at_member(writes=True)
def settle(place: Place, *, appeal: str, outcome: str, words: str) -> dict[str, Any]:
    """Settle an appeal."""
    with place.office() as office:
        return office.settle_appeal(appeal, outcome=outcome, words=words)


@appeal.verb("list", zh="列出申诉，新的在前", en="List appeals, newest first.")
@option("--case", default="", metavar="ID", zh="只列某案件", en="Only those of a case.")
@at_member()
def list_(place: Place, *, case: str) -> list[Any]:
    """List appeals."""
    with place.office(any_member=True) as office:
        return office.list_all(office.list_appeals, case=case)

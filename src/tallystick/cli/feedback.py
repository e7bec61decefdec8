"""`tally feedback`: whom to ask now, and what they said."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["feedback"]


@click.group(
    "feedback", cls=Group, words=Words("到期回访与反馈", "Feedback that is due, and what was said")
)
@lang_option
def feedback() -> None:
    """Let a verb follow."""


@feedback.verb(
    "due", zh="列出本成员现在该回访的案件", en="List the cases this member is to ask about."
)
@at_member()
def due(place: Place) -> list[Any]:
    """List what is due."""
    with place.office() as office:
        return office.due_feedback()


@feedback.verb("give", zh="记下家庭说的结果和感受", en="Record what became of it and how it felt.")
@argument("case", zh="案件编号", en="The case's id.")
@option(
    "--felt", required=True, type=click.IntRange(1, 5), zh="感受 1 到 5", en="How it felt, 1 to 5."
)
@option("--income-minor", type=int, zh="一年收入（分）", en="The year's income in fen.")
@option("--words", default="", zh="说的话（密封）", en="Words; sealed.")
@at_member(writes=True)
def give(
    place: Place, *, case: str, felt: int, income_minor: int | None, words: str
) -> dict[str, Any]:
    """Give feedback."""
    with place.office() as office:
        return office.give_feedback(case, felt=felt, income_minor=income_minor, words=words)

"""`tally rules`: the charter as a table."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.showing import show
from tallystick.cli.spoken import Verb, Words, find_language, lang_option, option

__all__ = ["rules"]


@click.command(
    "rules",
    cls=Verb,
    words=Words(
        "每种记录：谁可以写，哪些字段谁可以读",
        "Every record type: who may write it, and who may read which field.",
    ),
)
@option(
    "--json",
    "is_json",
    is_flag=True,
    zh="每个结果一行 JSON",
    en="One JSON object a result, a line each.",
)
@lang_option
def rules(*, is_json: bool) -> None:
    """Show the charter."""
    from tallystick.county.charter_table import charter_table

    language = find_language()
    rows = charter_table()
    show(
        rows if is_json else [_short(row, language) for row in rows],
        is_json=is_json,
        language=language,
    )


def _short(row: dict[str, Any], language: str) -> dict[str, Any]:
    names = ("t", "roles", "public", "case", "party")
    return {"name": row[language], **{name: row[name] for name in names}}

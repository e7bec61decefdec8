"""`tally reference`: the pages of docs/ that follow from the program itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import click

from tallystick.cli.showing import Plain, show
from tallystick.cli.spoken import Verb, Words, argument, lang_option

__all__ = ["describe_commands", "describe_glossary", "describe_openapi", "reference"]


def describe_commands() -> str:
    """Return docs/commands.md: every verb with its arguments and options, in both languages."""
    from tallystick.cli.main import tally

    lines = [
        "# Commands",
        "Written by `tally reference commands`; do not edit.",
        "",
        "Every verb ends with exit status 0, or with that of its error's family: 2 invalid or",
        "misused, 3 denied, 4 not found, 5 conflict, 6 unavailable, 7 corrupt, 1 any other; 130",
        "where it was interrupted. An error is one line on standard error: code, fact, cure.",
        "",
        "`--lang zh|en` chooses the language and `--help` shows what is written here.",
    ]
    context = click.Context(tally, info_name="tally")
    for name in tally.list_commands(context):
        command = tally.get_command(context, name)
        assert command is not None
        lines += _describe(command, f"tally {name}")
    return "\n".join(lines) + "\n"


_SPOKEN_OPTIONS: Final = {"lang", "help"}


def _describe(command: click.Command, path: str) -> Iterator[str]:
    words = getattr(command, "words", None)
    text = f"{words.zh}  \n{words.en}" if words else (command.help or "")
    yield from ("", f"## `{path}`", text)
    rows = [_row(each) for each in command.params if each.name not in _SPOKEN_OPTIONS]
    if rows:
        yield from ("", "| option | zh | en |", "|---|---|---|", *rows)
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _describe(below, f"{path} {name}")


def _row(each: click.Parameter) -> str:
    words: Any = getattr(each, "words", None)
    names = "/".join([*each.opts, *each.secondary_opts])
    if isinstance(each, click.Argument):
        names = each.make_metavar(click.Context(click.Command("tally")))
    elif isinstance(each, click.Option) and not each.is_flag:
        choices = getattr(each.type, "choices", None)
        names += " " + ("|".join(choices) if choices else each.metavar or each.type.name.upper())
    zh, en = (words.zh, words.en) if words else ("", getattr(each, "help", "") or "")
    must = " (required)" if each.required and isinstance(each, click.Option) else ""
    default = _default(each)
    cells = (f"`{names.replace('|', chr(92) + '|')}`", zh, f"{en}{default}{must}")
    return f"| {' | '.join(cells)} |"


def _default(each: click.Parameter) -> str:
    shown = isinstance(each, click.Option) and each.show_default
    return f" Default: {each.default}." if shown else ""


def describe_openapi() -> str:
    """Return docs/openapi.json."""
    from tallystick.api.app import describe_api

    return json.dumps(describe_api(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def describe_glossary() -> str:
    """Return the tables of docs/glossary.md that follow from the charter: roles and records."""
    from tallystick.text.record import RECORDS, ROLES

    lines = []
    for title, table in (("Roles", ROLES), ("Records", RECORDS)):
        lines += ["", f"## {title}", "| code | zh | en | 含义 | meaning |", "|---|---|---|---|---|"]
        for code, word in table.items():
            name, meaning = word.name, word.meaning
            lines.append(f"| `{code}` | {name.zh} | {name.en} | {meaning.zh} | {meaning.en} |")
    return "\n".join(lines).lstrip() + "\n"


_PAGES: Final[dict[str, Callable[[], str]]] = {
    "commands": describe_commands,
    "openapi": describe_openapi,
    "glossary": describe_glossary,
}


@click.command(
    "reference",
    cls=Verb,
    words=Words(
        "打印由程序本身得出的手册页", "Print the pages of the manual that follow from the program."
    ),
)
@argument("page", type=click.Choice(list(_PAGES)), zh="哪一页", en="Which page.")
@lang_option
def reference(*, page: str) -> None:
    """Print a page."""
    show(Plain(_PAGES[page]()), is_json=False, language="en")

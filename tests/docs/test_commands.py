"""The manual says what the program does: commands, routes, glossary."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from tallystick.api.app import describe_api
from tallystick.cli.main import tally
from tallystick.cli.reference import describe_commands, describe_glossary, describe_openapi
from tallystick.cli.spoken import Words
from tallystick.text.record import RECORDS, ROLES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            found += commands(below, f"{path} {name}")
    return found


ALL = commands(tally, "tally")


def test_the_page_of_commands_is_what_the_program_prints() -> None:
    assert read("commands.md") == describe_commands(), "tally reference commands > docs/commands.md"


def speaks_both(told: click.Command | click.Parameter) -> bool:
    """Tell whether a command or an option has words in both languages."""
    words = getattr(told, "words", None)
    if not isinstance(words, Words) or isinstance(told, click.Command):
        return isinstance(words, Words)
    is_chinese = bool(re.search(r"[\u3400-\u9fff]|JSON", words.zh))
    return is_chinese and not re.search(r"[\u3400-\u9fff]", words.en)


def test_every_command_and_option_speaks_both_languages() -> None:
    dumb = [path for path, command in ALL if not speaks_both(command)]
    for path, command in ALL:
        dumb += [f"{path} {each.name}" for each in command.params if not speaks_both(each)]
    assert dumb == []
    assert len(ALL) > 100


def test_no_two_words_of_a_command_bear_one_name() -> None:
    for path, command in ALL:
        names = [each.name for each in command.params]
        assert len(set(names)) == len(names), f"{path}: one takes the other's value"


def test_every_command_and_option_is_documented() -> None:
    page, missing = read("commands.md"), []
    for path, command in ALL:
        if path == "tally":
            continue
        part = page.partition(f"\n## `{path}`\n")[2].partition("\n## ")[0]
        if not part:
            missing.append(path)
        for each in command.params:
            if isinstance(each, click.Option) and each.name not in {"lang", "help"}:
                missing += [] if each.opts[0] in part else [f"{path} {each.opts[0]}"]
    assert missing == []


def test_the_api_is_described_as_it_is() -> None:
    assert read("openapi.json") == describe_openapi(), "tally reference openapi > docs/openapi.json"


def test_every_route_is_named_in_the_page_of_the_api() -> None:
    page = read("api.md")
    for path in describe_api()["paths"]:
        short = path.removeprefix("/{member}/v1")
        last = "/" + short.rpartition("/")[2]
        assert f"`{short}`" in page or f"`{last}`" in page, path


def test_every_code_of_the_api_page_is_one_the_program_has() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (DOCS.parent / "src" / "tallystick").rglob("*.py")
    )
    for code in re.findall(r"`([a-z]+\.[a-z_]+)`", read("api.md")):
        if code != "openapi.json":
            assert f'"{code}"' in source, code


def test_the_glossary_holds_every_role_and_record() -> None:
    page = read("glossary.md")
    assert page.endswith(describe_glossary()), "tally reference glossary"
    for code in (*RECORDS, *ROLES):
        assert f"| `{code}` |" in page


def test_the_description_names_each_route_once_and_its_problem() -> None:
    tree = json.loads(read("openapi.json"))
    names = [route["operationId"] for path in tree["paths"].values() for route in path.values()]
    assert len(names) == len(set(names)) > 40
    for path in tree["paths"].values():
        for route in path.values():
            assert "application/problem+json" in route["responses"]["default"]["content"]
            assert route["summary"]
            assert route["description"]

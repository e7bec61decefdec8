"""`tally engine`: programs that come from no Python package, built here from pinned sources."""

from __future__ import annotations

from typing import Any

import click

from tallystick.cli.showing import show
from tallystick.cli.spoken import (
    Group,
    Verb,
    Words,
    argument,
    find_language,
    lang_option,
    option,
)

__all__ = ["engine"]


@click.group(
    "engine",
    cls=Group,
    words=Words(
        "账本的排序引擎：编译、列出",
        "Engines that order the ledger: build them, list them.",
    ),
)
@lang_option
def engine() -> None:
    """Let a verb follow."""


@engine.command(
    "install",
    cls=Verb,
    words=Words(
        "从源码编译一个引擎到用户缓存目录，版本固定",
        "Build an engine from its source, one pinned version, into the user's cache.",
    ),
)
@argument("name", zh="引擎的名字", en="Which engine.")
@option("--json", "is_json", is_flag=True, zh="一行 JSON", en="One JSON object.")
@lang_option
def install(name: str, *, is_json: bool) -> None:
    """Build an engine."""
    from tallystick.kernel.ledger.install import ENGINES, install_engine

    path = install_engine(name)
    found: dict[str, Any] = {"name": name, "version": ENGINES[name].version, "path": str(path)}
    show(found, is_json=is_json, language=find_language())


@engine.command(
    "list",
    cls=Verb,
    words=Words("列出引擎和是否已装", "List engines, and whether each is installed."),
)
@option(
    "--json",
    "is_json",
    is_flag=True,
    zh="每个结果一行 JSON",
    en="One JSON object a result, a line each.",
)
@lang_option
def listing(*, is_json: bool) -> None:
    """List engines."""
    from tallystick.kernel.ledger.install import list_engines

    rows = [
        {
            "name": each.engine.name,
            "version": each.engine.version,
            "path": str(each.engine.path) if each.is_here else "",
        }
        for each in list_engines()
    ]
    show(rows, is_json=is_json, language=find_language())

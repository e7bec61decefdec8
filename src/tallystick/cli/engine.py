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
        "配套程序（账本排序、IPFS）：编译、启动、列出",
        "Programs beside this one (ledger order, IPFS): build, start and list them.",
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
    from tallystick.kernel.ledger.install import get_engine, install_engine

    path = install_engine(name)
    found: dict[str, Any] = {"name": name, "version": get_engine(name).version, "path": str(path)}
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


@engine.command(
    "start",
    cls=Verb,
    words=Words(
        "在本机启动几个相连的 IPFS 程序，按 Ctrl-C 结束；内容只在内存里",
        "Run connected IPFS nodes on this machine until Ctrl-C; what they hold is in memory.",
    ),
)
@argument("name", type=click.Choice(["ipfs"]), zh="启动什么：ipfs", en="What to start: ipfs.")
@option(
    "--nodes",
    type=click.IntRange(1, 16),
    default=3,
    show_default=True,
    zh="几个",
    en="How many.",
)
@option(
    "--json",
    "is_json",
    is_flag=True,
    zh="每个结果一行 JSON",
    en="One JSON object a result, a line each.",
)
@lang_option
def start(name: str, *, nodes: int, is_json: bool) -> None:
    """Run peers until a signal comes."""
    import signal
    import sys
    import threading
    from dataclasses import asdict

    from tallystick.county.ipfs import run_circle

    del name
    ended = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ended.set())
    with run_circle(nodes) as peers:
        show([asdict(peer) for peer in peers], is_json=is_json, language=find_language())
        sys.stdout.flush()
        ended.wait()

"""`tally log`: a member's log read as any transparency log is, and checked from its tiles alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Invalid
from tallystick.cli.showing import show
from tallystick.cli.spoken import Group, Words, argument, find_language, option

if TYPE_CHECKING:
    from collections.abc import Callable

    from tallystick.chain.pin import Pin

__all__ = ["log"]


@click.group(
    "log",
    cls=Group,
    words=Words("读取、验证一个成员公开的日志", "Read and verify the log that a member serves."),
)
def log() -> None:
    """Let a verb follow."""


@log.verb(
    "verify",
    zh="只凭静态分块重算整棵日志树，核对联署；不需要县",
    en="Recompute the log from its tiles alone, check who cosigned; no county needed.",
)
@argument("address", zh="日志地址，如 http://HOST:8420/village/log", en="Where the log is served.")
@option("--trust", required=True, metavar="JSON", zh="您信任的成员名单", en="Whom you trust.")
@option("--entries", is_flag=True, zh="连每一条都核对", en="Hold every entry against its hash too.")
@option("--json", "is_json", is_flag=True, zh="输出 JSON", en="Tell it as JSON.")
@click.pass_context
def verify(ctx: click.Context, address: str, *, trust: str, entries: bool, is_json: bool) -> None:
    """Verify a log; exit status 0 only if all of it is proven."""
    from tallystick.chain.pin import Pin
    from tallystick.client.log import LogReader

    pin = Pin.read(_read(trust))
    with LogReader(address) as reader:
        found = check_log(reader.read, pin, entries=entries)
    show(found, is_json=is_json, language=find_language())
    ctx.exit(0 if found["status"] == "proven" else 1)


def check_log(read: Callable[[str], bytes], pin: Pin, *, entries: bool) -> dict[str, Any]:
    """Return what a log's checkpoint and tiles prove under a pinned list of members.

    Args:
        read: returns the bytes at a path below the log's prefix.
        pin: whom the verifier trusts, and the point of the log it has seen.
        entries: whether every entry is read too.

    Raises:
        Invalid: a file has not the form of one.
    """
    from tallystick.chain.verdict import Contradicted, Missing, Status

    found: dict[str, Any] = {"status": str(Status.PROVEN), "reason": ""}
    try:
        _check(read, pin, found, entries=entries)
    except Contradicted as error:
        found |= {"status": str(Status.FALSE), "reason": error.message}
    except Missing as error:
        found |= {"status": str(Status.NOT_CHECKABLE), "reason": error.message}
    return found


def _check(read: Callable[[str], bytes], pin: Pin, found: dict[str, Any], *, entries: bool) -> None:
    from tallystick.chain.checkpoint import verify_checkpoint
    from tallystick.chain.tile import TileTree, tiles_of
    from tallystick.chain.verdict import Contradicted

    note = verify_checkpoint(
        read("checkpoint"), name=pin.name, chain=pin.chain, members=pin.members
    )
    body = note.body
    found |= {"height": body.height, "size": body.size, "root": body.root.hex()}
    found["signers"] = sorted(note.signers)
    tree = TileTree.open(body.size, body.root, lambda tile: read(tile.path()))
    found["tiles"] = tree.recompute()
    if body.size < pin.size or tree.log.root(pin.size) != pin.root:
        raise Contradicted(
            "log.pin",
            f"the log of {body.size} leaves does not extend the pinned one of {pin.size}",
            cure="Ask for this chain's log, and compare with another member's.",
        )
    if entries:
        found["entries"] = sum(len(tree.entries(each.index)) for each in tiles_of(body.size))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Invalid(
            "cli.file", f"{path} cannot be read", cure="Name an existing file."
        ) from error

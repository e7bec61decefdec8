"""`tally ipfs`: public files to an IPFS node, and files from one, under the same CIDs."""

from __future__ import annotations

from typing import Any, Final

import click

from tallystick.base.clock import SystemClock
from tallystick.cli.files import member_files
from tallystick.cli.naming import check_name
from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import progress
from tallystick.cli.spoken import Group, Words, argument, option

__all__ = ["ipfs"]

_WAIT_MAX: Final = 3_600
_NODE: Final = option(
    "--node",
    default="http://127.0.0.1:5001",
    show_default=True,
    metavar="URL",
    zh="IPFS 程序在本机的管理地址",
    en="The RPC of an IPFS node on this machine.",
)
_WAIT: Final = option(
    "--wait",
    type=click.IntRange(1, _WAIT_MAX),
    default=60,
    show_default=True,
    zh="每一步至多等几秒",
    en="How long a step may take, in seconds.",
)


@click.group(
    "ipfs",
    cls=Group,
    words=Words(
        "公开文件送到 IPFS，或从 IPFS 取来，编号不变",
        "Public files to an IPFS node and files from it, their CIDs the same.",
    ),
)
def ipfs() -> None:
    """Let a verb follow."""


@ipfs.verb(
    "push",
    zh="把一个公开的文件或文件夹送到 IPFS，在那里钉住",
    en="Give a public file or folder to a node, and have it pinned there.",
)
@argument("cid", metavar="CID", zh="编号", en="Its CID.")
@_NODE
@_WAIT
@at_member()
def push(place: Place, *, cid: str, node: str, wait: int) -> dict[str, Any]:
    """Give content to a node."""
    from tallystick.county.ipfs import give
    from tallystick.kernel.store.unixfs.cid import IpfsCid

    found = IpfsCid.parse(cid)
    with member_files(place) as blocks, progress("push") as tell:
        root = blocks.find_root(found)
        most = root.stored if root else 0
        count = give(blocks, node, found, wait, lambda done: tell(min(done, most), most))
    return {"cid": str(found), "blocks": count}


@ipfs.verb(
    "pull",
    zh="从 IPFS 取来一个文件或文件夹，逐块核对后存入并钉住",
    en="Take a file or folder from a node, every block checked, and pin it here.",
)
@argument("cid", metavar="CID", zh="编号", en="Its CID.")
@option("--name", default="", metavar="TEXT", zh="取个名字", en="What you call it.")
@_NODE
@_WAIT
@at_member()
def pull(place: Place, *, cid: str, name: str, node: str, wait: int) -> dict[str, Any]:
    """Take content from a node."""
    from tallystick.county.ipfs import take
    from tallystick.kernel.store.keeping import Note
    from tallystick.kernel.store.unixfs.cid import IpfsCid

    found = IpfsCid.parse(cid)
    note = Note(name=check_name(name), now_ms=SystemClock().now_ms())
    with member_files(place) as blocks, progress("pull") as tell:
        root = take(blocks, node, found, note, wait_s=wait, told=lambda done: tell(done, 0))
    return {"cid": str(found), "bytes": root.size, "blocks": root.blocks, "stored": root.stored}

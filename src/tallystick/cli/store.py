"""`tally store`: files in a member's store, under the CIDs that any IPFS tool gives them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, NotFound
from tallystick.cli.files import member_files
from tallystick.cli.names import add_name_verbs
from tallystick.cli.naming import check_name, check_source
from tallystick.cli.place import Amiss, Place, at_member
from tallystick.cli.showing import progress
from tallystick.cli.spoken import Group, Words, argument, option
from tallystick.cli.spread import add_spread_verbs

if TYPE_CHECKING:
    from tallystick.kernel.store.blocks import Blocks, Root
    from tallystick.kernel.store.unixfs.cid import IpfsCid

__all__ = ["store"]

_PROFILES: Final = ("unixfs-v1-2025", "unixfs-v0-2015", "256kib-174-raw")
_PUBLIC: Final = option(
    "--public",
    is_flag=True,
    zh="公开：任何人不登录就能按编号读",
    en="Make it public: anybody reads it by its CID without a log-in.",
)
_NAME: Final = option("--name", default="", metavar="TEXT", zh="取个名字", en="What you call it.")


@click.group(
    "store",
    cls=Group,
    words=Words(
        "把文件存进成员的库，编号与任何 IPFS 工具一致",
        "Keep files in a member's store, named as any IPFS tool names them.",
    ),
)
def store() -> None:
    """Let a verb follow."""


@store.verb(
    "add",
    zh="存入一个文件或文件夹，并钉住；存不全就什么也不留",
    en="Put a file or a folder and pin it; what cannot be put whole leaves nothing.",
)
@argument("path", zh="文件或文件夹", en="A file or a folder.")
@option(
    "--profile",
    type=click.Choice(_PROFILES),
    default=_PROFILES[0],
    show_default=True,
    zh="怎样切块和链接，决定编号",
    en="How it is cut and linked, which decides the CID.",
)
@option("--hidden", is_flag=True, zh="连点开头的也存", en="Entries that begin with a dot too.")
@_NAME
@_PUBLIC
@at_member()
def add(
    place: Place, *, path: str, profile: str, hidden: bool, name: str, public: bool
) -> dict[str, Any]:
    """Add content."""
    from tallystick.kernel.store.keeping import Note, add_blocks
    from tallystick.kernel.store.unixfs.folder import import_path
    from tallystick.kernel.store.unixfs.profile import find_profile

    source = check_source(path)
    called = check_name(name or source.absolute().name)
    found = import_path(source, find_profile(profile), hidden=hidden)
    with member_files(place) as blocks, progress("add") as tell:
        size = _measure(source)
        note = Note(name=called, profile=profile, public=public, now_ms=SystemClock().now_ms())
        root = add_blocks(blocks, found, note, lambda come: tell(min(come, size), size))
        return _told(blocks, root)


@store.verb(
    "get",
    zh="按编号取出文件或文件夹，写到新的位置；每一块都核对",
    en="Write a file or folder out to a new place, every block checked.",
)
@argument("cid", metavar="CID[/PATH]", zh="编号，可带路径", en="Its CID, and a path below it.")
@argument("out", zh="写到哪里；那里不能已有东西", en="Where to; nothing may stand there.")
@at_member()
def get(place: Place, *, cid: str, out: str) -> dict[str, Any]:
    """Write content out."""
    from tallystick.kernel.store.outward import write_content

    with member_files(place) as blocks, progress("get") as tell:
        found = _resolve(blocks, cid)
        size = write_content(blocks.dag, found, Path(out), lambda done: tell(done, 0))
    return {"file": out, "cid": str(found), "bytes": size}


@store.verb("stat", zh="看一个编号是什么", en="Tell what a CID names.")
@argument("cid", metavar="CID[/PATH]", zh="编号，可带路径", en="Its CID, and a path below it.")
@at_member()
def stat(place: Place, *, cid: str) -> dict[str, Any]:
    """Tell what is there."""
    from tallystick.kernel.store.unixfs.reader import read_status

    with member_files(place) as blocks:
        found = _resolve(blocks, cid)
        status = read_status(blocks.dag, found)
        root = blocks.find_root(found)
        told = {
            "cid": str(found),
            "kind": status.kind,
            "bytes": status.size,
            "profile": blocks.find_profile(found),
            "public": int(blocks.is_public(found)),
        }
        return told | ({"pinned": int(root.pinned), **_counted(root)} if root else {"pinned": 0})


@store.verb(
    "ls",
    zh="列出存了什么，或列出一个文件夹",
    en="List what is kept, or what a directory holds.",
)
@argument("cid", required=False, metavar="[CID[/PATH]]", zh="文件夹的编号", en="A directory's CID.")
@at_member()
def ls(place: Place, *, cid: str | None) -> list[dict[str, Any]]:
    """List roots, or a directory."""
    from tallystick.kernel.store.unixfs.reader import list_directory

    with member_files(place) as blocks:
        if cid is None:
            return [_told(blocks, root) for root in blocks.roots()]
        found = _resolve(blocks, cid)
        entries = sorted(list_directory(blocks.dag, found), key=lambda each: each.name.encode())
        return [{"name": each.name, "cid": str(each.cid)} for each in entries]


@store.verb(
    "pin",
    zh="钉住一个编号，使清理不动它；可以公开或收回公开",
    en="Pin a CID, so that no collection takes it; make it public, or private again.",
)
@argument("cid", metavar="CID[/PATH]", zh="编号，可带路径", en="Its CID, and a path below it.")
@option(
    "--private",
    is_flag=True,
    zh="收回公开；另一个公开的内容含有它时谁都还能读，会指出是哪个，退出状态是 5",
    en="Take the public mark from it; what another public root holds stays public, which is told"
    " with exit status 5.",
)
@_NAME
@_PUBLIC
@at_member()
def pin(
    place: Place, *, cid: str, name: str, public: bool, private: bool
) -> dict[str, Any] | Amiss:
    """Pin content."""
    from tallystick.kernel.store.keeping import Note, pin_root

    if public and private:
        raise click.UsageError("--public and --private contradict each other.")
    note = Note(name=check_name(name), public=public, now_ms=SystemClock().now_ms())
    with member_files(place) as blocks:
        root = pin_root(blocks, _resolve(blocks, cid), note, private=private)
        return _withdrawn(blocks, root) if private else _told(blocks, root)


@store.verb(
    "unpin",
    zh="不再钉住：不再因它对外提供，下次清理时去掉；另一个公开的内容含有的，谁都还能读",
    en="Unpin a root: it makes nothing public any more, and the next collection takes it. What"
    " another public root holds stays public.",
)
@argument("cid", zh="编号", en="Its CID.")
@at_member()
def unpin(place: Place, *, cid: str) -> dict[str, Any] | Amiss:
    """Unpin a root."""
    from tallystick.kernel.store.keeping import unpin_root
    from tallystick.kernel.store.unixfs.cid import IpfsCid

    with member_files(place) as blocks:
        found = IpfsCid.parse(cid)
        before = blocks.find_root(found)
        root = unpin_root(blocks, found)
        return _withdrawn(blocks, root) if before and before.public else _told(blocks, root)


@store.verb(
    "gc",
    zh="清理没有钉住的内容；别处用到的块不动",
    en="Take what is not pinned; what anything else refers to stays.",
)
@at_member()
def gc(place: Place) -> dict[str, Any]:
    """Collect garbage."""
    from tallystick.kernel.store.keeping import collect_garbage

    with member_files(place) as blocks:
        found = collect_garbage(blocks)
        return {
            "roots": found.roots,
            "blocks": found.blocks,
            "bytes": found.bytes,
            "used": blocks.usage().used,
        }


@store.verb(
    "export",
    zh="把一个编号连同下面的一切写成 CAR 归档",
    en="Write all under a CID to a CAR archive.",
)
@argument("cid", metavar="CID[/PATH]", zh="编号，可带路径", en="Its CID, and a path below it.")
@argument("out", zh="写到哪个文件；不能已有", en="The file to write; nothing may stand there.")
@at_member()
def export(place: Place, *, cid: str, out: str) -> dict[str, Any]:
    """Export content."""
    from tallystick.kernel.store.outward import write_car

    with member_files(place) as blocks, progress("export") as tell:
        found = _resolve(blocks, cid)
        root = blocks.find_root(found)
        most = root.stored if root else 0
        size = write_car(blocks.dag, found, Path(out), lambda done: tell(min(done, most), most))
    return {"file": out, "cid": str(found), "bytes": size}


@store.verb(
    "import",
    zh="从 CAR 归档存入并钉住：先核对整个归档，有一处不对就什么也不留",
    en="Put a CAR archive's content and pin it: the whole archive is checked first.",
)
@argument("file", zh="归档文件", en="The archive.")
@option(
    "--partial",
    is_flag=True,
    zh="归档只是一部分：缺的块就缺着，有的都核对、都存",
    en="The archive is a part: blocks may lack; what is there is checked and kept.",
)
@_NAME
@_PUBLIC
@at_member()
def import_(
    place: Place, *, file: str, partial: bool, name: str, public: bool
) -> list[dict[str, Any]]:
    """Import an archive."""
    from tallystick.kernel.store.keeping import Note, import_archive
    from tallystick.kernel.store.unixfs.car import open_archive

    called = check_name(name or Path(file).name)
    with _open(file) as opened, member_files(place) as blocks, progress("import") as tell:
        size = os.fstat(opened.fileno()).st_size
        archive = open_archive(
            lambda at, most: os.pread(opened.fileno(), most, at), size, is_part=partial
        )
        note = Note(name=called, public=public, now_ms=SystemClock().now_ms())
        found = import_archive(blocks, archive, note, lambda come: tell(come, size))
        return [_told(blocks, each) for each in found]


@store.verb(
    "quota",
    zh="看或改成员存文件的限额",
    en="Show or set how many bytes a member's files may take.",
)
@argument(
    "quota",
    required=False,
    type=click.IntRange(0, 2**53 - 1),
    metavar="[BYTES]",
    zh="新的限额，字节",
    en="The new quota in bytes.",
)
@option(
    "--shards",
    is_flag=True,
    zh="改看替大家分存的份数的限额",
    en="The quota of shards that are held for all members instead.",
)
@at_member()
def quota(place: Place, *, quota: int | None, shards: bool) -> dict[str, Any]:
    """Show or set the quota."""
    from tallystick.kernel.store.keeping import set_quota
    from tallystick.kernel.store.spread.holding import Holding

    with member_files(place) as blocks:
        if shards:
            holding = Holding(place.county / place.need_member() / "shards")
            if quota is not None:
                holding.set_quota(quota)
            return {"used": holding.used_bytes, "quota": holding.quota_bytes}
        if quota is not None:
            set_quota(blocks, quota)
        usage = blocks.usage()
        return {"used": usage.used, "quota": usage.quota}


add_spread_verbs(store)
add_name_verbs(store, member_files)


@contextmanager
def _open(file: str) -> Iterator[IO[bytes]]:
    try:
        with Path(file).open("rb") as opened:
            yield opened
    except OSError as error:
        raise NotFound(
            "cli.file", f"{Path(file).name}: {error.strerror}", cure="Check the path."
        ) from error


def _resolve(blocks: Blocks, text: str) -> IpfsCid:
    """Return what a CID, or a path below one, leads to."""
    from tallystick.kernel.store.unixfs.cid import IpfsCid
    from tallystick.kernel.store.unixfs.reader import resolve_path

    cid, _, path = text.removeprefix("/ipfs/").partition("/")
    return resolve_path(blocks.dag, IpfsCid.parse(cid), path)


def _measure(source: Path) -> int:
    """Return about how many bytes there are to be read, for the bar of progress."""
    if source.is_symlink() or not source.is_dir():
        return source.lstat().st_size
    files = (Path(folder, name) for folder, _, names in os.walk(source) for name in names)
    return sum(each.lstat().st_size for each in files)


def _told(blocks: Blocks, root: Root) -> dict[str, Any]:
    """Return a root as it is told; public is what anybody can read, by whichever root."""
    from tallystick.kernel.store.keeping import public_through

    others = public_through(blocks, root.cid)
    told = {
        "cid": str(root.cid),
        "name": root.name,
        "profile": root.profile,
        "bytes": root.size,
        **_counted(root),
        "pinned": int(root.pinned),
        "public": int(bool(others) or (root.pinned and root.public)),
        "added_at": root.added_ms,
    }
    return told | ({"public_through": [str(each) for each in others]} if others else {})


def _withdrawn(blocks: Blocks, root: Root) -> dict[str, Any] | Amiss:
    """Return a root that was to be public no more, and whether it still is."""
    found = _told(blocks, root)
    if not found["public"]:
        return found
    first, *more = found["public_through"]
    return Amiss(
        found,
        Conflict(
            "store.still_public",
            f"anybody still reads {root.cid} through {first}"
            + (f" and {len(more)} more roots" if more else ""),
            cure="Take the mark from that root too: tally store pin ROOT --private.",
        ),
    )


def _counted(root: Root) -> dict[str, int]:
    return {"blocks": root.blocks, "stored": root.stored}

"""`tally store put|fetch|objects|grant|erase|scrub|repair|health|peers`: files among the members.

Verbs of the group `store`, over the member's office: at its server, or in this process where the
folder is at rest.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Conflict, NotFound
from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import progress
from tallystick.cli.spoken import argument, option

if TYPE_CHECKING:
    from tallystick.cli.spoken import Group
    from tallystick.client import Client
    from tallystick.client.store import Source, Told

__all__ = ["add_spread_verbs"]


def add_spread_verbs(store: Group) -> None:
    """Add the verbs to the group `store`."""
    for add in (_add_put, _add_fetch, _add_rights, _add_scrub, _add_repair, _add_looks):
        add(store)


def _add_put(store: Group) -> None:
    @store.verb(
        "put",
        zh="把一个文件或文件夹加密、编码，分存到各成员；坏掉几台机器也能取回",
        en="Encrypt and code a file or folder and spread it over the members: it outlives lost"
        " machines.",
    )
    @argument("file", zh="文件或文件夹", en="The file or folder.")
    @option("--name", default="", metavar="TEXT", zh="取个名字", en="What you call it.")
    @option(
        "--code",
        default="",
        zh="编码；不写就按大小选：8 KiB 以下存三份（rs-1+2），"
        "以上切成四份加两份冗余（zz-4+2），都能坏两份",
        en="The code. If none, three copies below 8 KiB (rs-1+2), else four shards and two more"
        " (zz-4+2): any two may be lost.",
    )
    @option("--party", default="", zh="关于哪个主体；注销它时一起销毁", en="Goes with this party.")
    @option(
        "--public",
        is_flag=True,
        zh="不加密：各成员都能读",
        en="In clear: every member reads it.",
    )
    @at_member(writes=True)
    def put(
        place: Place, *, file: str, name: str, code: str, party: str, public: bool
    ) -> dict[str, Any]:
        """Put an object."""
        with place.office() as office, _source(Path(file)) as found, progress("put") as tell:
            wanted = {"name": name or found.name, "code": code, "party": party}
            return office.put_object(
                found.bytes, found.size, told=tell, is_public=int(public), **wanted
            )


def _add_fetch(store: Group) -> None:
    @store.verb(
        "fetch",
        zh="取回分存的文件，写到新的位置；每一小块都核对",
        en="Read a spread file back to a new place, every piece of it checked.",
    )
    @argument("cid", zh="编号", en="Its CID.")
    @argument("out", zh="写到哪里；那里不能已有东西", en="Where to; nothing may stand there.")
    @option(
        "--folder",
        is_flag=True,
        zh="存的是文件夹：还原成文件夹；不写就得到它的 CAR 归档",
        en="A folder was put: write it out as one. Without, its CAR archive is written.",
    )
    @at_member()
    def fetch(place: Place, *, cid: str, out: str, folder: bool) -> dict[str, Any]:
        """Read an object."""
        path = Path(out)
        if os.path.lexists(path):
            raise Conflict(
                "store.exists", f"{path.name} is there already", cure="Name another place."
            )
        with place.office() as office, progress("fetch") as tell:
            if folder:
                size = _fetch_folder(office, cid, path, tell)
            else:
                size = _fetch_file(office, cid, path, tell)
        return {"file": out, "cid": cid, "bytes": size}

    @store.verb(
        "objects",
        zh="列出分存的文件，或看一个还能坏几份、谁拿着哪份",
        en="List spread files, or tell who holds one and how many losses it stands.",
    )
    @argument("cid", required=False, zh="编号", en="Its CID.")
    @at_member()
    def objects(place: Place, *, cid: str | None) -> list[dict[str, Any]] | dict[str, Any]:
        """List objects, or show one."""
        with place.office() as office:
            return office.list_objects(limit=1_000) if cid is None else office.show_object(cid)


@dataclass(frozen=True, slots=True)
class _Source:
    """What is put: its bytes, how many, and what it is called."""

    bytes: Source
    size: int
    name: str


@contextmanager
def _source(path: Path) -> Iterator[_Source]:
    """Open a file, or a folder as its archive."""
    if path.is_dir():
        from tallystick.kernel.store.packing import pack_folder

        with pack_folder(path) as packed:
            yield _Source(packed, packed.size, f"{path.absolute().name}.car")
    elif path.is_file():
        with path.open("rb") as file:
            yield _Source(file, path.stat().st_size, path.name)
    else:
        raise NotFound("cli.file", f"{path.name}: no such file", cure="Check the path.")


def _fetch_file(office: Client, cid: str, path: Path, tell: Told) -> int:
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as sink:
            size = office.read_object(cid, sink, told=tell)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size


def _fetch_folder(office: Client, cid: str, path: Path, tell: Told) -> int:
    from tallystick.kernel.store.packing import unpack_folder

    # Beside the place, where there is room for it; without a name, so that nothing is left.
    with tempfile.TemporaryFile(dir=path.absolute().parent) as archive:
        size = office.read_object(cid, archive, told=tell)
        archive.flush()
        return unpack_folder(archive, path, lambda done: tell(min(done, size), size))


def _add_rights(store: Group) -> None:
    @store.verb(
        "grant",
        zh="让另一个成员能读一份文件若干天；0 天收回",
        en="Let another member read a spread file for some days; 0 ends it.",
    )
    @argument("cid", zh="编号", en="Its CID.")
    @argument("to", metavar="MEMBER", zh="成员", en="The member.")
    @option(
        "--days",
        type=click.IntRange(0, 3_660),
        default=30,
        show_default=True,
        zh="几天",
        en="For how many days.",
    )
    @at_member()
    def grant(place: Place, *, cid: str, to: str, days: int) -> dict[str, Any]:
        """Let a member read."""
        with place.office() as office:
            return office.grant_object(cid, to=to, days=days)

    @store.verb(
        "erase",
        zh="销毁一份文件的钥匙，请各成员删去手里的部分",
        en="Destroy a spread file's key, and have all members drop what they hold of it.",
    )
    @argument("cid", zh="编号", en="Its CID.")
    @option(
        "--yes", is_flag=True, required=True, zh="确认：不可挽回", en="It cannot be undone: say so."
    )
    @at_member(writes=True)
    def erase(place: Place, *, cid: str, yes: bool) -> dict[str, Any]:
        """Erase an object."""
        assert yes
        with place.office() as office:
            return office.erase_object(cid)


def _add_scrub(store: Group) -> None:
    @store.verb(
        "scrub",
        zh="把本成员保管的部分全部重读核对；坏的去掉，等着重做",
        en="Read all shards held here again; what is rotten goes, to be made anew.",
    )
    @at_member()
    def scrub(place: Place) -> dict[str, Any]:
        """Read own shards again."""
        with place.office() as office, progress("scrub") as tell:
            read, rotten = 0, list[Any]()

            def one(after: str) -> dict[str, Any]:
                nonlocal read
                found = office.scrub_store(after)
                read += found["bytes"]
                rotten.extend(found["rotten"])
                tell(min(read, found["used"]), found["used"])
                return found

            _to_the_end(one)
        return {"bytes": read, "rotten": len(rotten), "items": rotten}


def _add_repair(store: Group) -> None:
    @store.verb(
        "repair",
        zh="把缺的部分重做出来，交给没有的成员",
        en="Make lost shards anew, each for a member that holds none.",
    )
    @at_member()
    def repair(place: Place) -> dict[str, Any]:
        """Repair all objects."""
        with place.office() as office, progress("repair") as tell:
            total = {"objects": 0, "repaired": 0, "read_bytes": 0, "lacking": 0}
            failed: dict[str, int] = {}

            def one(after: str) -> dict[str, Any]:
                found = office.repair_store(after)
                for name in ("repaired", "read_bytes", "lacking"):
                    total[name] += found[name]
                for code, times in found["failed"].items():
                    failed[code] = failed.get(code, 0) + times
                total["objects"] = found["objects"]
                tell(found["done"], found["objects"])
                return found

            _to_the_end(one)
        return {**total, "failed": failed}


def _add_looks(store: Group) -> None:
    @store.verb(
        "health",
        zh="分存的文件都好不好：几份齐全、几份缺、几份读不到",
        en="How spread files stand: whole, short, bare or lost; and what was done last.",
    )
    @at_member()
    def health(place: Place) -> dict[str, Any]:
        """Tell how objects stand."""
        with place.office() as office:
            return office.show_store()

    @store.verb("peers", zh="各成员替大家保管多少", en="How much each member holds for the others.")
    @at_member()
    def peers(place: Place) -> list[dict[str, Any]]:
        """Tell what members hold."""
        with place.office() as office:
            return office.list_store_peers()


def _to_the_end(one: Callable[[str], dict[str, Any]]) -> None:
    """Go on stretch by stretch until there is none left."""
    after = ""
    while True:
        found = one(after)
        after = found.get("next", "")
        if not after:
            return

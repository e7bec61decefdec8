"""`tally store put|fetch|objects|grant|erase|scrub|repair|health|peers`: files among the members.

Verbs of the group `store`, over the member's office: at its server, or in this process where the
folder is at rest. There a member that cannot be opened counts as away: it is what shards are for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.cli.naming import check_name, check_source
from tallystick.cli.place import Amiss, Place, at_member
from tallystick.cli.showing import progress
from tallystick.cli.spoken import argument, option

if TYPE_CHECKING:
    from tallystick.cli.spoken import Group
    from tallystick.client import Client
    from tallystick.client.store import Source, Told

__all__ = ["add_spread_verbs"]

_NO_FOLDER = {f"unixfs.{of}" for of in ("cid", "codec", "hash_function", "kind", "node")}
"""What is wrong, besides its form, with an archive that is not of a folder."""
_COUNTED = ("repaired", "pieces_mended", "read_bytes", "lacking")
"""What repairs of one stretch after another come to."""


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
        _check_party(party)
        path = check_source(file)
        called = check_name(name or _call(path))
        with (
            place.office(leaves_out=True) as office,
            _source(path) as found,
            progress("put") as tell,
        ):
            _check_length(found.size, code, office.member, is_sealed=not public)
            wanted = {"name": called, "code": code, "party": party}
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
        _check_cid(cid)
        with place.office(leaves_out=True) as office, progress("fetch") as tell:
            size = _fetch(office, cid, Path(out), tell, is_folder=folder)
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
        if cid is not None:
            _check_cid(cid)
        with place.office(leaves_out=True) as office:
            return office.list_all(office.list_objects) if cid is None else office.show_object(cid)


def _check_cid(text: str) -> None:
    """Refuse what names no object before anybody is asked, and say which verb reads it."""
    from tallystick.base.codec import DAG_CBOR, Cid

    try:
        is_object = Cid.parse(text).codec == DAG_CBOR
    except Invalid:
        is_object = False
    if not is_object:
        raise Invalid(
            "spread.cid",
            "not the CID of a file among the members: that is bafyrei and 52 signs more",
            cure="Copy it whole from tally store objects. What tally store add has put, and any"
            " other IPFS content, is read by tally store get.",
        )


def _check_length(size: int, code: str, member: str, *, is_sealed: bool) -> None:
    """Refuse what is too long before any of it is sent: a server would take it to its end."""
    from tallystick.kernel.store.spread.putting import check_length
    from tallystick.kernel.store.spread.sealed import sealed_bytes
    from tallystick.kernel.store.zigzag.profile import find_profile

    length = sealed_bytes(size) if is_sealed else size
    check_length(length, find_profile(code) if code else None, member)


def _check_party(text: str) -> None:
    from tallystick.county.telling import read_id

    try:
        read_id(text or "0" * 32)
    except Invalid as error:
        raise Invalid(
            "id.form", "--party: a party's number is 32 hex digits", cure="Copy it whole."
        ) from error


@dataclass(frozen=True, slots=True)
class _Source:
    """What is put: its bytes, and how many."""

    bytes: Source
    size: int


def _call(path: Path) -> str:
    """Return what is put is called where the user gives it no name."""
    name = path.absolute().name
    return f"{name}.car" if path.is_dir() else name


@contextmanager
def _source(path: Path) -> Iterator[_Source]:
    """Open a file, or a folder as its archive."""
    if path.is_dir():
        from tallystick.kernel.store.packing import pack_folder

        with pack_folder(path) as packed:
            yield _Source(packed, packed.size)
    elif path.exists() and not path.is_file():
        raise Invalid(
            "unixfs.special",
            f"{path.name} is neither file nor folder",
            cure="Name a file or a folder.",
        )
    elif path.exists():
        with path.open("rb") as file:
            yield _Source(file, os.fstat(file.fileno()).st_size)
    else:
        raise NotFound("cli.file", f"{path.name}: no such file", cure="Check the path.")


def _fetch(office: Client, cid: str, path: Path, tell: Told, *, is_folder: bool) -> int:
    """Write an object to `path`, where nothing stands; return the bytes of its files.

    Raises:
        Invalid: `spread.no_folder`, it is to be written as a folder and is none.
    """
    from tallystick.kernel.store.outward import room_beside, write_filled
    from tallystick.kernel.store.packing import unpack_folder

    def take(sink: IO[bytes]) -> int:
        return office.read_object(cid, sink, told=tell)

    if not is_folder:
        return write_filled(path, take)
    with room_beside(path) as archive:
        size = take(archive)
        archive.flush()
        try:
            return unpack_folder(archive, path, lambda done: tell(min(done, size), size))
        except Invalid as error:
            # Its bytes are what was put: what they lack as an archive, no other fetch brings.
            if not error.code.startswith("car.") and error.code not in _NO_FOLDER:
                raise
            raise Invalid(
                "spread.no_folder",
                f"what was put is no folder: {error.message}",
                cure="Fetch it without --folder.",
            ) from error


def _add_rights(store: Group) -> None:
    @store.verb(
        "grant",
        zh="让另一个成员能读一份文件若干天；0 天收回：它的节点删去钥匙，读过的内容它可能留有副本",
        en="Let another member read a spread file for some days; 0 ends it: its node forgets the"
        " key. What it has read it may have kept.",
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
        _check_cid(cid)
        with place.office(leaves_out=True) as office:
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
        _check_cid(cid)
        with place.office(leaves_out=True) as office:
            return office.erase_object(cid)


def _add_scrub(store: Group) -> None:
    @store.verb(
        "scrub",
        zh="把本成员保管的部分全部重读核对；坏的地方用别的成员的部分就地修好",
        en="Read all shards held here again; what is rotten is mended in place from the others'.",
    )
    @at_member()
    def scrub(place: Place) -> dict[str, Any]:
        """Read own shards again."""
        with place.office(leaves_out=True) as office, progress("scrub") as tell:
            read, mended, rotten = 0, 0, list[Any]()

            def one(after: str) -> dict[str, Any]:
                nonlocal read, mended
                found = office.scrub_store(after)
                read += found["bytes"]
                mended += found["pieces_mended"]
                rotten.extend(found["rotten"])
                tell(min(read, found["used"]), found["used"])
                return found

            _to_the_end(one)
        return {
            "bytes": read,
            "rotten": len(rotten),
            "pieces_mended": mended,
            "items": rotten,
        }


def _add_repair(store: Group) -> None:
    @store.verb(
        "repair",
        zh="把坏的地方就地修好，缺的部分重做出来，交给没有的成员；有没做成的，退出状态是 6",
        en="Mend what is wrong of shards in place and make lost ones anew, each for a member that"
        " holds none; exit status 6 where not all was done.",
    )
    @at_member()
    def repair(place: Place) -> dict[str, Any] | Amiss:
        """Repair all objects."""
        with place.office(leaves_out=True) as office, progress("repair") as tell:
            total = dict.fromkeys(("objects", *_COUNTED), 0)
            failed: dict[str, int] = {}

            def one(after: str) -> dict[str, Any]:
                found = office.repair_store(after)
                for name in _COUNTED:
                    total[name] += found[name]
                for code, times in found["failed"].items():
                    failed[code] = failed.get(code, 0) + times
                total["objects"] = found["objects"]
                tell(found["done"], found["objects"])
                return found

            _to_the_end(one)
        found, lacking = {**total, "failed": failed}, total["lacking"]
        return Amiss(found, _not_done(failed, lacking)) if failed or lacking else found


def _add_looks(store: Group) -> None:
    @store.verb(
        "health",
        zh="分存的文件都好不好：几份齐全、几份缺、几份读不到；有读不到的，退出状态是 6",
        en="How spread files stand: whole, short, bare or lost, and what was done last; exit status"
        " 6 where one is lost.",
    )
    @at_member()
    def health(place: Place) -> dict[str, Any] | Amiss:
        """Tell how objects stand."""
        with place.office(leaves_out=True) as office:
            found = _name_own(office.show_store(), office.member)
        return Amiss(found, _unreadable(found["lost"])) if found["lost"] else found

    @store.verb("peers", zh="各成员替大家保管多少", en="How much each member holds for the others.")
    @at_member()
    def peers(place: Place) -> list[dict[str, Any]]:
        """Tell what members hold."""
        with place.office(leaves_out=True) as office:
            return office.list_store_peers()

    @store.verb(
        "liars",
        zh="哪些成员交出过错的内容；证据可写成文件，交给任何人验证",
        en="Which members gave wrong bytes; the proofs as files, for anybody to verify.",
    )
    @option("--out", "-o", default="", metavar="DIR", zh="写到哪个文件夹", en="Folder to write to.")
    @at_member()
    def liars(place: Place, *, out: str) -> list[dict[str, Any]]:
        """Tell who gave wrong bytes."""
        with place.office(leaves_out=True) as office:
            rows = office.list_liars()
            return [_write_proof(office, row, Path(out)) for row in rows] if out else rows


def _write_proof(office: Client, row: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the file that proves what a row tells, if there is one; tell where."""
    if not row["digest"]:
        return row
    path = folder / f"wrong-answer-{row['member']}-{row['digest'][:16]}.cbor"
    try:
        path.write_bytes(office.read_liar(row["digest"]))
    except OSError as error:
        raise Unavailable(
            "archive.write", f"{path} cannot be written", cure="Check the folder and the disk."
        ) from error
    return {**row, "file": str(path)}


def _name_own(found: dict[str, Any], member: str) -> dict[str, Any]:
    """Put what this member holds under its name: all else is told of the whole county."""
    own = {name: found[name] for name in ("used", "quota")}
    rest = {name: each for name, each in found.items() if name not in own}
    return rest | {"held_here": {"member": member, **own}}


def _not_done(failed: dict[str, int], lacking: int) -> Unavailable:
    told = ", ".join(f"{code} {times}" for code, times in sorted(failed.items()))
    said = [f"{sum(failed.values())} objects were not repaired: {told}"] if failed else []
    said += [f"{lacking} shards were given to nobody, for want of members"] if lacking else []
    return Unavailable(
        "spread.unrepaired",
        "; ".join(said),
        cure="See what lacks: tally store objects; bring back the members that held it, run again.",
        failed=failed,
        lacking=lacking,
    )


def _unreadable(lost: int) -> Unavailable:
    return Unavailable(
        "spread.unreadable",
        f"{lost} objects cannot be read now",
        cure="See which: tally store objects, losses left -1; bring back the members that held it.",
        lost=lost,
    )


def _to_the_end(one: Callable[[str], dict[str, Any]]) -> None:
    """Go on stretch by stretch until there is none left."""
    after = ""
    while True:
        found = one(after)
        after = found.get("next", "")
        if not after:
            return

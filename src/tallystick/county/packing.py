"""One member's own folder and the county's public files, for a machine of its own.

Laws: nothing of another member's goes with it, nor the token of the folder it leaves; what is
packed is at rest; a folder whose members do not all have an address is not packed. Whoever packs
takes the old folder out of use: two that write sign one number twice.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from tallystick.base.errors import Conflict, Invalid, NotFound
from tallystick.county.founding import check_empty, read_county
from tallystick.county.validating import SEATS_FILE
from tallystick.kernel.link.book import BOOK_FILE, read_book
from tallystick.node import check_here, tell_place

__all__ = ["PUBLIC_FILES", "at_rest", "copy_public", "guard_folder", "pack_member"]

PUBLIC_FILES: Final = ("county.json", "genesis.cbor", "members.cbor", "members.json")
_LEFT: Final = ("lock", "run.json", "*.new", "*.part", "*.damaged-*", "offer-*.state")
_VIEWS: Final = "views.db*"
_MEMBERS_OWN: Final = frozenset({"member.key", "lock"})
"""What stands in every folder of a member; its lock still where its keys are lost."""


def pack_member(folder: Path, member: str, target: Path) -> list[str]:
    """Copy a member's folder and the public files; return the names of what was copied.

    Raises:
        NotFound: `member.unknown`, `peers.missing`; `member.elsewhere`, its folder is not here.
        Conflict: `county.exists`, the target holds something; `node.locked`.
        Invalid: `peers.incomplete`, a member has no address.
    """
    county = read_county(folder)
    names = [each.name for each in county.members]
    if member not in names:
        raise NotFound(
            "member.unknown", f"{member} is no member of this county", cure="tally county show."
        )
    home = folder / member
    check_here(home)
    missing = sorted(set(names) - read_book(home / BOOK_FILE).keys())
    if missing:
        raise Invalid(
            "peers.incomplete",
            f"the address book of {member} does not tell where {', '.join(missing)} are",
            cure="tally member address NAME URL, for each of them.",
        )
    check_empty(target)
    with at_rest(home):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Views are folded anew from the blocks, where all of them are here.
        left = _LEFT if any(home.glob("floor-*.state")) else (*_LEFT, _VIEWS)
        shutil.copytree(home, target / member, ignore=shutil.ignore_patterns(*left))
    copy_public(folder, target)
    return sorted(str(each.relative_to(target)) for each in target.rglob("*") if each.is_file())


def copy_public(folder: Path, target: Path) -> None:
    """Copy a county's public files; where its validators are too, if any order together."""
    for name in PUBLIC_FILES:
        shutil.copy2(folder / name, target / name)
    if (folder / SEATS_FILE).is_file():
        shutil.copy2(folder / SEATS_FILE, target / SEATS_FILE)


@contextmanager
def at_rest(home: Path) -> Iterator[None]:
    """Keep others from writing a member's folder meanwhile.

    Raises:
        Conflict: `node.locked`, another process writes it.
        Unavailable: `node.place`, it cannot be written.
    """
    try:
        lock = (home / "lock").open("wb")
    except OSError as error:
        raise tell_place(home.name, error) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(
                "node.locked",
                f"another process writes the folder of {home.name}",
                cure="End the county's server first.",
            ) from error
        yield


@contextmanager
def guard_folder(folder: Path) -> Iterator[None]:
    """Keep others from writing a folder meanwhile where it is a member's; another has no lock.

    Raises:
        Conflict: `node.locked`, another process writes it.
        Unavailable: `node.place`, it cannot be written.
    """
    home = folder.resolve()
    try:
        is_member = any(each.name in _MEMBERS_OWN for each in home.iterdir())
    except OSError:
        # It is not there, or cannot be looked at: who is to write it tells that.
        is_member = False
    with at_rest(home) if is_member else nullcontext():
        yield

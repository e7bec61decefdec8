"""What a directory holds, and which names may stand in one.

A name is UTF-8 of 1 to 255 bytes, neither `.` nor `..`, without `/` and zero: it can be a file's
name on a disk without leaving its folder. No name stands twice.
Source: UnixFS specification, "Restricted Names".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.fault import refuse_name

__all__ = ["NAME_BYTES_MAX", "Entry", "check_name", "check_names", "read_name"]

NAME_BYTES_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a directory.

    Attributes:
        name: as it stands there.
        cid: what it leads to.
        tsize: bytes of all blocks under it, as stated by who made the directory: a hint.
    """

    name: str
    cid: IpfsCid
    tsize: int


def check_name(name: str) -> None:
    """Refuse a name that may not stand in a directory: Invalid `unixfs.name`."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise refuse_name("it is not Unicode") from error
    if name in {"", ".", ".."}:
        raise refuse_name("it is empty, . or ..")
    if "/" in name or "\0" in name:
        raise refuse_name("it holds / or zero")
    if size > NAME_BYTES_MAX:
        raise refuse_name(f"it has {size} bytes, most is {NAME_BYTES_MAX}")


def check_names(entries: Iterable[Entry]) -> None:
    """Refuse names that may not stand in a directory, or stand twice."""
    seen: set[str] = set()
    for each in entries:
        check_name(each.name)
        if each.name in seen:
            raise refuse_name("it stands twice")
        seen.add(each.name)


def read_name(raw: bytes) -> str:
    """Return a link's name; Invalid `unixfs.name` if it may not stand in a directory."""
    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        raise refuse_name("it is not UTF-8") from error
    check_name(name)
    return name

"""A SQLite file system that kills the process at the nth fsync, before or after it.

Every fsync of the process goes through the default VFS's `xSync`; this puts a function of ours in
its place. Run as a program it is the victim: it submits one record through an outbox and an
orderer, as a member does, and prints the result.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

SQLITE_LIBRARY = "libsqlite3.so.0"


class _Methods(ctypes.Structure):
    # sqlite3_io_methods: version, then function pointers; xSync is the sixth.
    _fields_ = [("version", ctypes.c_int), ("calls", ctypes.c_void_p * 18)]


class _File(ctypes.Structure):
    _fields_ = [("methods", ctypes.POINTER(_Methods))]


class _Vfs(ctypes.Structure):
    # sqlite3_vfs up to xOpen.
    _fields_ = [
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("path_max", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
    ]


_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    # The name stays a bare address: SQLite keeps it, and a copy of ours would not live so long.
    ctypes.c_void_p,
    ctypes.POINTER(_File),
    ctypes.c_int,
    ctypes.c_void_p,
)
_SYNC_INDEX = 4


class Syncs:
    """Counts fsyncs; kills the process at one of them."""

    def __init__(self, library: ctypes.CDLL, fatal: int, *, after: bool) -> None:
        self.count = 0
        self._fatal = fatal
        self._after = after
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = library.sqlite3_vfs_find(None).contents
        self._open = _OPEN(vfs.open)
        self._patched: dict[int, tuple[_Methods, object]] = {}
        self._hook = _OPEN(self._on_open)
        vfs.open = ctypes.cast(self._hook, ctypes.c_void_p).value

    def _on_open(self, vfs: int, name: int, file: object, flags: int, out: int) -> int:
        result: int = self._open(vfs, name, file, flags, out)
        methods = file.contents.methods  # type: ignore[attr-defined]
        if result == 0 and methods:
            address = ctypes.addressof(methods.contents)
            if address not in self._patched:
                self._patched[address] = self._patch(methods.contents)
            mine = ctypes.pointer(self._patched[address][0])
            file.contents.methods = mine  # type: ignore[attr-defined]
        return result

    def _patch(self, methods: _Methods) -> tuple[_Methods, object]:
        plain = _SYNC(methods.calls[_SYNC_INDEX])

        def sync(file: int, flags: int) -> int:
            self.count += 1
            if self.count == self._fatal and not self._after:
                os.kill(os.getpid(), signal.SIGKILL)
            result: int = plain(file, flags)
            if self.count == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        hook = _SYNC(sync)
        copy = _Methods.from_buffer_copy(methods)
        copy.calls[_SYNC_INDEX] = ctypes.cast(hook, ctypes.c_void_p).value
        return copy, hook


def main() -> None:
    """Submit record 7 in the folder named first, and die at the fsync named second."""
    folder, fatal, after = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "after"
    syncs = Syncs(ctypes.CDLL(SQLITE_LIBRARY), fatal, after=after)
    from simulation.chain import Chain
    from simulation.town import ORDERER, Town
    from tallystick.kernel.ledger.outbox import Request

    town = Town(folder, Chain("kill"))
    house = town.open(ORDERER)
    house.courier.outbox.renew()
    town.orderer.start()
    house.courier.resend()
    request = Request("tester", "POST /news", "r", b"")
    result = house.courier.send([town.chain.news(7)], request)
    town.close()
    print(result.tid.hex(), result.height, result.code, syncs.count)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()

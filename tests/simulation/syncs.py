"""A SQLite file system that kills the process at the nth fsync, or write, before or after it.

Every fsync of the process goes through the default VFS's `xSync`, every write through `xWrite`;
this puts functions of ours in their place. They stay: the process is one that was forked for it.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

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
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
_WRITE_INDEX, _SYNC_INDEX = 2, 4


class Syncs:
    """Counts fsyncs, and writes if asked; kills the process at one of them."""

    def __init__(
        self, library: ctypes.CDLL, fatal: int, *, after: bool, writes: bool = False
    ) -> None:
        self.count = 0
        self._fatal = fatal
        self._after = after
        self._writes = writes
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
        plain_sync = _SYNC(methods.calls[_SYNC_INDEX])
        plain_write = _WRITE(methods.calls[_WRITE_INDEX])

        def sync(file: int, flags: int) -> int:
            return self._around(lambda: plain_sync(file, flags))

        def write(file: int, data: int, size: int, place: int) -> int:
            return self._around(lambda: plain_write(file, data, size, place))

        hooks = [(_SYNC_INDEX, _SYNC(sync))]
        if self._writes:
            hooks.append((_WRITE_INDEX, _WRITE(write)))
        copy = _Methods.from_buffer_copy(methods)
        for index, hook in hooks:
            copy.calls[index] = ctypes.cast(hook, ctypes.c_void_p).value
        return copy, hooks

    def _around(self, call: Callable[[], int]) -> int:
        self.count += 1
        fatal = self.count == self._fatal
        if fatal and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call()
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

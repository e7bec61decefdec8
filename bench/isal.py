"""ISA-L as the wheel of pyeclib brings it, called by plain pointers: a peer of `zigzag.py`."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Array", "Isal", "Work", "find_isal"]

Work = Callable[[], object]
Array = np.ndarray[Any, np.dtype[np.uint8]]


class Isal:
    """The library in pyeclib's wheel, by plain pointers."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        size = ctypes.c_size_t
        for name in ("ec_encode_data", "ec_encode_data_avx2"):
            getattr(self.library, name).argtypes = [*[ctypes.c_int] * 3, size, size, size]
        self.library.ec_init_tables.argtypes = [ctypes.c_int, ctypes.c_int, size, size]

    def work(
        self,
        matrix: list[list[int]],
        sources: Sequence[Array],
        results: Sequence[Array],
        entry: str,
    ) -> Work:
        """Return a call that makes the results as sums of the sources."""
        rows, count = len(matrix), len(sources)
        coefficients = np.array(matrix, dtype=np.uint8)
        tables = np.zeros(32 * count * rows, dtype=np.uint8)
        self.library.ec_init_tables(count, rows, coefficients.ctypes.data, tables.ctypes.data)
        reads, writes = (
            np.array([each.ctypes.data for each in some], dtype=np.uint64)
            for some in (sources, results)
        )
        call, size = getattr(self.library, entry), len(sources[0])
        where = (tables.ctypes.data, reads.ctypes.data, writes.ctypes.data)

        def work(*_kept: object) -> None:
            call(size, count, rows, *where)

        return partial(work, tables, reads, writes, sources, results)


def find_isal() -> Isal | None:
    """Return the library, None where the wheel is not installed."""
    spec = importlib.util.find_spec("pyeclib")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).resolve().parents[1] / "pyeclib.libs"
    found = sorted(folder.glob("libisal*"))
    return Isal(found[0]) if found else None

"""Modules of `bench/`, which is no package: found as `tally bench` finds them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["BENCH", "load_bench"]

BENCH = Path(__file__).resolve().parents[1] / "bench"


def load_bench(name: str) -> ModuleType:
    """Import a bench and what it imports; the folder is looked into no longer than that.

    `bench/console.py` would stand before `tests/console`, which is no regular package.
    """
    sys.path.append(str(BENCH))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCH))

"""Modules of `bench/`, which is no package: found as `tally bench` finds them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["BENCH", "load_bench"]

BENCH = Path(__file__).resolve().parents[1] / "bench"


def load_bench(name: str) -> ModuleType:
    if str(BENCH) not in sys.path:
        # Behind all else: a bench may be called as a package is.
        sys.path.append(str(BENCH))
    return importlib.import_module(name)

"""Loops in C for what is scored by the million; the house runs without them, slower.

Laws: optional: where no compiler was when the package was installed, `batch` is None and NumPy says
the same of every row (tests/laws/test_native.py). No decision of a single case comes through here.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick._native import batch
else:

    def _load(name: str) -> ModuleType | None:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ImportError:
            return None

    batch = _load("batch")

__all__ = ["batch", "is_built"]


def is_built() -> bool:
    """Return whether the loops in C are here."""
    return batch is not None

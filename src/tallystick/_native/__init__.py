"""Loops in C for what is scored or hashed by the million or coded by the megabyte.

Laws: optional: where no compiler was when the package was installed, `batch`, `lanes` and `zigzag`
are None, and hashlib and NumPy say the same, slower, of every row and byte (tests/laws:
test_native.py, test_lanes.py, test_zigzag.py). No decision of a single case comes through here.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick._native import batch, lanes, zigzag
else:

    def _load(name: str) -> ModuleType | None:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ImportError:
            return None

    batch, lanes, zigzag = _load("batch"), _load("lanes"), _load("zigzag")

__all__ = ["batch", "is_built", "is_lanes_built", "is_zigzag_built", "lanes", "zigzag"]


def is_built() -> bool:
    """Return whether the loops of cards and trees are here."""
    return batch is not None


def is_lanes_built() -> bool:
    """Return whether the sums of the state's lanes are here."""
    return lanes is not None


def is_zigzag_built() -> bool:
    """Return whether the loops of the erasure code are here."""
    return zigzag is not None

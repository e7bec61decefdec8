"""Loops in C for what is scored, read, hashed or checked by the million or coded by the megabyte.

Laws: optional: where no compiler was when the package was installed, these modules are None, and
cbor2, hashlib, PyNaCl and NumPy say the same, slower, of every row and byte (tests/laws:
test_native.py, test_cbor.py, test_digests.py, test_lanes.py, test_ed25519.py, test_zigzag.py). No
decision of a single case is made here.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick._native import batch, cbor, digests, lanes, signatures, zigzag
else:

    def _load(name: str) -> ModuleType | None:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ImportError:
            return None

    batch, lanes, zigzag = _load("batch"), _load("lanes"), _load("zigzag")
    cbor, digests, signatures = _load("cbor"), _load("digests"), _load("signatures")

__all__ = [
    "batch",
    "cbor",
    "digests",
    "is_built",
    "is_cbor_built",
    "is_digests_built",
    "is_lanes_built",
    "is_signatures_built",
    "is_zigzag_built",
    "lanes",
    "signatures",
    "zigzag",
]


def is_built() -> bool:
    """Return whether the loops of cards and trees are here."""
    return batch is not None


def is_cbor_built() -> bool:
    """Return whether the reader of canonical bytes is here."""
    return cbor is not None


def is_digests_built() -> bool:
    """Return whether SHA-256 of many is here."""
    return digests is not None


def is_lanes_built() -> bool:
    """Return whether the sums of the state's lanes are here."""
    return lanes is not None


def is_signatures_built() -> bool:
    """Return whether the loop over signatures is here."""
    return signatures is not None


def is_zigzag_built() -> bool:
    """Return whether the loops of the erasure code are here."""
    return zigzag is not None

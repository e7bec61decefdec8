"""Keys of a member's names, each in a file of its own beside the member's other keys.

Laws: `name-LABEL.key` holds one private key as libp2p writes it, so that a member can take its name
to any IPFS tool; mode 0600, whole or not there; never overwritten, for who lost the key lost the
name. Whoever calls holds the folder's lock.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.keys import SEED_SIZE, SigningKey
from tallystick.kernel.store.folder import sync_path
from tallystick.kernel.store.ipns.fault import damaged_key, refuse_label
from tallystick.kernel.store.ipns.name import read_key, write_key

__all__ = ["check_key_file", "draw_key", "find_key"]

LABEL_MAX: Final = 32
_LABEL: Final = re.compile(rf"[a-z0-9_-]{{1,{LABEL_MAX}}}")


def find_key(home: Path, label: str) -> SigningKey | None:
    """Return the key of the name that a member calls so; None where it has none.

    Raises:
        Invalid: `ipns.label`; Corrupt: `ipns.key`.
    """
    path = _path(home, label)
    return check_key_file(path) if path.is_file() else None


def check_key_file(path: Path) -> SigningKey:
    """Return the key of a file; Corrupt `ipns.key` if it holds none."""
    key = read_key(path.read_bytes())
    if key is None:
        raise damaged_key(path.name)
    return key


def draw_key(home: Path, label: str, entropy: Entropy) -> SigningKey:
    """Return a fresh key, durable in a file of its own.

    Raises:
        Invalid: `ipns.label`.
    """
    path = _path(home, label)
    assert not path.exists()
    key = SigningKey.from_seed(entropy.draw("key", SEED_SIZE))
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(write_key(key))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_path(home)
    return key


def _path(home: Path, label: str) -> Path:
    if not _LABEL.fullmatch(label):
        raise refuse_label(LABEL_MAX)
    return home / f"name-{label}.key"

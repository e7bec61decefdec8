"""Where the example files are: beside the sources of a checkout, or with an installed package."""

from __future__ import annotations

import sys
from pathlib import Path

from tallystick.base.errors import NotFound

__all__ = ["find_example"]


def find_example(name: str) -> Path:
    """Return the path of an example file, such as `products.toml`.

    Raises:
        NotFound: `cli.example`, it was not installed.
    """
    checkout = Path(__file__).resolve().parents[3] / "examples" / name
    installed = Path(sys.prefix) / "share" / "tallystick" / "examples" / name
    for path in (checkout, installed):
        if path.is_file():
            return path
    raise NotFound("cli.example", f"no example file {name}", cure="Name a file of your own.")

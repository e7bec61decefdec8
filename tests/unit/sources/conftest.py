"""What the tests of foreign data share: a mapping from text, a file from bytes, real data."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tallystick.sources import Reading, parse_mapping, read_applications

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def reading() -> Callable[..., Reading]:
    """Return a function from a mapping's text and a file's bytes to a `Reading`."""

    def read(
        mapping: str, data: bytes | str, *, strict: bool = False, training: bool = True
    ) -> Reading:
        raw = data.encode() if isinstance(data, str) else data
        return read_applications(
            io.BytesIO(raw), parse_mapping(mapping.encode()), strict=strict, training=training
        )

    return read


@pytest.fixture
def dataset(shared: Path) -> Callable[[str], Path]:
    """Return a function from a name to a real data set, or skip where it is absent."""

    def find(name: str) -> Path:
        path = shared / "data" / name
        if not path.exists():
            pytest.skip(f"the data set {name} is not beside this checkout")
        return path

    return find


@pytest.fixture
def example() -> Callable[[str], Path]:
    """Return a function from a name to a mapping that the product ships."""
    return lambda name: ROOT / "examples" / "mappings" / f"{name}.toml"

"""What the opening of a county's members needs besides them: a seed, and whose file is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.base.errors import Error
from tallystick.county.founding import CountyFile

__all__ = ["fresh_seed", "said_of"]


@contextmanager
def said_of(member: str) -> Iterator[None]:
    """Let an error of a file, which does not know in whose folder it lies, tell whose it is."""
    try:
        yield
    except Error as error:
        if member not in error.message:
            error.message = f"{member}: {error.message}"
        raise


def fresh_seed(folder: Path, county: CountyFile, alone: str) -> str:
    """Return a seed no opening before has drawn from, "" for a county without one.

    A stream begun again would give the same ids and keys to other records.

    Args:
        folder: the county's.
        county: what it says of itself.
        alone: the one member that is opened; "" for all that are here.
    """
    if not county.seed:
        return ""
    counter = folder / alone / "opened"
    times = int(counter.read_text(encoding="ascii")) + 1 if counter.exists() else 1
    counter.write_text(str(times), encoding="ascii")
    return f"{county.seed}/{alone}/x{times}" if alone else f"{county.seed}/{times}"

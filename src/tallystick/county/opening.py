"""What the opening of a county's members needs besides them: a seed, and whose file is wrong.

Law: where one member's own acts are asked for, another that cannot be opened counts as away, as a
machine does that is off: it is told of once, gives no answer, and is asked again when it is back.
One whose folder another process writes is not away: that process is waited for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.errors import Conflict, Error
from tallystick.county.founding import CountyFile
from tallystick.kernel.link.base import Link
from tallystick.node import Node, tell_place

__all__ = ["Apart", "LeftOut", "fresh_seed", "pick_open", "said_of"]

_LOG: Final = logging.getLogger(__name__)


@contextmanager
def said_of(member: str) -> Iterator[None]:
    """Let an error of a file, which does not know in whose folder it lies, tell whose it is."""
    try:
        yield
    except OSError as error:
        raise tell_place(member, error) from error
    except Error as error:
        if member not in error.message:
            error.message = f"{member}: {error.message}"
        raise


@dataclass(frozen=True, slots=True)
class Apart:
    """Which member a house opens alone, and how it is linked to the others.

    Attributes:
        member: its name.
        join: returns its end of the link, not yet answering.
        is_away: tells whether the last try to reach a member failed.
        list_behind: returns the members that this machine's clock is ahead of.
        leaps: where many blocks are missing, it takes the state over on a quorum's word.
        host: where its engine listens; "" where its own place says.
    """

    member: str
    join: Callable[[Node], Link]
    is_away: Callable[[str], bool]
    list_behind: Callable[[], Collection[str]]
    leaps: bool = False
    host: str = ""


def pick_open(validators: Sequence[str], apart: Apart | None) -> str:
    """Return the first of those that order together that answered when it was last asked."""
    here = [name for name in validators if apart is None or not apart.is_away(name)]
    return [*here, *validators][0]


class LeftOut:
    """The members of a county that could not be opened, and count as away.

    Args:
        needed: whose acts are asked for, and who must open; empty for all members.
    """

    def __init__(self, needed: Collection[str]) -> None:
        self._needed = frozenset(needed)
        self._errors: dict[str, Error] = {}

    def __contains__(self, member: object) -> bool:
        """Tell whether a member was left out."""
        return member in self._errors

    def __iter__(self) -> Iterator[str]:
        """Yield the names of who was left out."""
        return iter(self._errors)

    def __len__(self) -> int:
        """Return how many were left out."""
        return len(self._errors)

    @contextmanager
    def instead(self, member: str) -> Iterator[None]:
        """Leave a member out instead of ending by what keeps it from being opened."""
        try:
            yield
        except Error as error:
            is_elsewhere = isinstance(error, Conflict) and error.code == "node.locked"
            if member in self._needed or not self._needed or is_elsewhere:
                raise
            _LOG.warning("%s was left out: %s, %s", member, error.code, error.message)
            # What the error was raised in would keep the member's files open, and their lock.
            error.__cause__ = error.__context__ = None
            self._errors[member] = error.with_traceback(None)

    def check_open(self, opened: Collection[str]) -> None:
        """Raise what keeps the first member closed, if none is open."""
        if not opened:
            raise next(iter(self._errors.values()))

    def check(self, member: str) -> None:
        """Raise what keeps a member closed, if it was left out."""
        if member in self._errors:
            raise self._errors[member].with_traceback(None)


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

"""A table that one test reads: what fails says at which row it failed.

A table of hundreds of rows, each checked in a millisecond, costs more by tests of their own than by
its checks: every worker collects each, and reports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["at_row"]


@contextmanager
def at_row(*row: object) -> Iterator[None]:
    """Let whatever fails in the block say for which row it did."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"at the row {', '.join(map(repr, row))}")
        raise

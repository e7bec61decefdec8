"""Errors of the world: six families, each with a code, a status and a cure.

`assert` is for our own bugs; an `Error` tells a caller what is wrong, by a stable code,
and what to do next. Leaf classes live beside the concept they belong to::

    Error
    ├── Denied       403  the caller may not do this
    ├── NotFound     404  no such thing here
    ├── Conflict     409  it contradicts what is already recorded
    ├── Invalid      422  the input breaks a stated rule
    ├── Unavailable  503  try again later; nothing was lost
    └── Corrupt      500  stored bytes are not what was written

Messages carry ids and figures, never personal data.
"""

from __future__ import annotations

__all__ = ["Conflict", "Corrupt", "Denied", "Error", "Invalid", "NotFound", "Unavailable"]


class Error(Exception):
    """A problem outside our code, told to whoever can cure it.

    Args:
        code: stable dotted name, such as `ledger.busy`; documented in docs/errors.md.
        message: the fact, with both sides of it; no personal data.
        cure: what to do next, one sentence.
        values: further facts for programs, by name.
    """

    http_status = 500
    exit_status = 1

    def __init__(self, code: str, message: str, *, cure: str = "", **values: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.cure = cure
        self.values = values

    def __str__(self) -> str:
        """Return one line: code, fact and cure."""
        cure = f" Cure: {self.cure}" if self.cure else ""
        return f"{self.code}: {self.message}{cure}"


class Denied(Error):
    """The caller may not do this."""

    http_status = 403
    exit_status = 3


class NotFound(Error):
    """There is no such thing here."""

    http_status = 404
    exit_status = 4


class Conflict(Error):
    """The request contradicts what is already recorded."""

    http_status = 409
    exit_status = 5


class Invalid(Error):
    """The input breaks a stated rule."""

    http_status = 422
    exit_status = 2


class Unavailable(Error):
    """Not now; nothing was lost and a retry may succeed."""

    http_status = 503
    exit_status = 6


class Corrupt(Error):
    """Stored or received bytes are not what was written."""

    http_status = 500
    exit_status = 7

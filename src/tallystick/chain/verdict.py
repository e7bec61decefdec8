"""What a verifier can say of a statement, and how a check tells that it fails.

*proven*: shown from what the verifier pinned; *false*: what is supplied contradicts the statement;
*not checkable*: something, or a version of a rule, is missing. A fault of form is none of these:
it refuses the whole file as `Invalid`.
"""

from __future__ import annotations

from enum import StrEnum

from tallystick.base.errors import Conflict, NotFound

__all__ = ["Contradicted", "Missing", "Status"]


class Status(StrEnum):
    """The verdict on a statement, worst last."""

    PROVEN = "proven"
    NOT_CHECKABLE = "not checkable"
    FALSE = "false"


class Contradicted(Conflict):
    """What is supplied contradicts the statement; `message` is the reason a verdict gives."""


class Missing(NotFound):
    """What the statement needs is not supplied; `message` is the reason a verdict gives."""

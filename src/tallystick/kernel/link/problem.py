"""Errors between members: a problem document out, the same family of error in again.

Law: what another member tells is bounded and read strictly; what has no reading is `link.torn`.
Source: RFC 9457 section 3.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any, Final

from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)

__all__ = ["PROBLEM_BYTES_MAX", "PROBLEM_TYPE", "read_problem", "write_problem"]

PROBLEM_TYPE: Final = "application/problem+json"
PROBLEM_BYTES_MAX: Final = 65_536
_FAMILIES: Final = (Denied, NotFound, Conflict, Invalid, Unavailable, Corrupt, Error)
_BY_NAME: Final = {each.__name__: each for each in _FAMILIES}
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}\.[a-z0-9_]{1,40}")
_TEXT_MAX: Final = 4_000


def write_problem(error: Error) -> tuple[int, bytes]:
    """Return the status and the document that tell an error to another member."""
    family = next(each for each in type(error).__mro__ if each in _FAMILIES)
    tree: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.http_status).phrase,
        "status": error.http_status,
        "detail": error.message[:_TEXT_MAX],
        "code": error.code,
        "family": family.__name__,
        "cure": error.cure[:_TEXT_MAX],
        "values": {
            name: value
            for name, value in error.values.items()
            if isinstance(value, int | str) and len(str(value)) <= _TEXT_MAX
        },
    }
    return error.http_status, json.dumps(tree, separators=(",", ":")).encode()


def read_problem(member: str, status: int, body: bytes) -> Error:
    """Return the error that another member told.

    Args:
        member: who told it.
        status: of the answer.
        body: its document.
    """
    try:
        tree = json.loads(body)
        family = _BY_NAME[tree["family"]]
        code, message, cure = tree["code"], tree["detail"], tree["cure"]
        values = {f"{name}": value for name, value in tree["values"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _torn(member, status)
    whole = all(isinstance(each, str) and len(each) <= _TEXT_MAX for each in (code, message, cure))
    if not whole or not _CODE.fullmatch(code) or {"code", "message", "cure"} & values.keys():
        return _torn(member, status)
    return family(code, message, cure=cure, **values)


def _torn(member: str, status: int) -> Unavailable:
    return Unavailable(
        "link.torn", f"{member}: an answer of status {status} has no reading", cure="Try again."
    )

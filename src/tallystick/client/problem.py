"""What the API refuses, raised as the error it tells.

Law: whatever carries a request, the same problem is the same error family with the same code.
"""

from __future__ import annotations

from typing import Any, Final

import httpx

from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)

__all__ = ["Tree", "by_code", "check_answer", "read_answer", "read_told", "unreachable"]

Tree = dict[str, Any]
_FAMILIES: Final[dict[str, type[Error]]] = {
    each.__name__: each
    for each in (Conflict, Corrupt, Denied, Error, Invalid, NotFound, Unavailable)
}


def check_answer(response: httpx.Response) -> httpx.Response:
    """Return a response that tells no problem; raises the error that it tells.

    Raises:
        Error: as the API names it; Unavailable `client.answer` if it is no problem of this API.
    """
    if response.is_error:
        raise _read_problem(response)
    return response


def read_answer(response: httpx.Response) -> Tree:
    """Return what a write was answered.

    Raises:
        Unavailable: `ledger.late`, no block holds it yet.
    """
    tree: Tree = response.json()
    waits = response.status_code == httpx.codes.ACCEPTED and "height" not in tree
    if waits and "tid" in tree:
        raise Unavailable(
            "ledger.late",
            f"transaction {tree['tid']} has no result yet",
            cure="Do not sign it again: it is kept, is sent again by itself, and counts once. See"
            " what stands by the verb that lists it, and who is away by tally county status. Over"
            " the API ask GET /transactions/TID, or repeat with the same Idempotency-Key.",
            tid=tree["tid"],
        )
    return tree


def read_told(status: int, text: str) -> Tree:
    """Return what a write was answered that a browser sent itself.

    Raises:
        Error: as `check_answer` and `read_answer`.
    """
    return read_answer(check_answer(httpx.Response(status, text=text)))


def by_code(code: str) -> Error:
    """Return an error of which nothing but the code is known."""
    return _FAMILIES["Unavailable"](code, code, cure="")


def unreachable() -> Unavailable:
    """Return the error of an address where nobody answers."""
    return Unavailable(
        "client.unreachable",
        "the node does not answer at its address",
        cure="Is it running? tally serve.",
    )


def _read_problem(response: httpx.Response) -> Error:
    """Return the error that a problem tells: of its family, with its code and cure."""
    try:
        tree = response.json()
        family = _FAMILIES[tree["family"]]
        values = {str(name): value for name, value in tree.get("values", {}).items()}
        for taken in ("code", "message", "cure"):
            values.pop(taken, None)
        return family(tree["code"], tree["detail"], cure=tree.get("cure", ""), **values)
    except (KeyError, TypeError, AttributeError, ValueError):
        return Unavailable(
            "client.answer",
            f"the answer of status {response.status_code} is no problem of this API",
            cure="Is another program listening at this address?",
        )

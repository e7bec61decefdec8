"""The kinds of value that bodies, paths and queries are made of: strict, bounded, documented.

A body is a frozen dataclass with `STRICT`; whole numbers are integers and nothing like them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Body, Path, Query

from tallystick.base import codec
from tallystick.base.errors import Invalid

__all__ = [
    "DAYS_MAX",
    "PAGE_MAX",
    "STRICT",
    "CaseId",
    "Code",
    "Days",
    "Height",
    "Identifier",
    "Limit",
    "Minor",
    "Name",
    "Offset",
    "RecordId",
    "Tid",
    "Tree",
    "Words",
    "check_tree",
    "page",
]

STRICT: Final[dict[str, Any]] = {"extra": "forbid"}
PAGE_MAX: Final = 1_000
DAYS_MAX: Final = 3_660
_HEX = r"^[0-9a-f]{32}$"

RecordId = Annotated[str, Body(pattern=_HEX, description="An id: 32 hex digits.")]
CaseId = Annotated[str, Path(pattern=_HEX, description="The case's id: 32 hex digits.")]
Identifier = Annotated[str, Path(pattern=_HEX, description="An id: 32 hex digits.")]
Tid = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="A transaction's id.")]
Height = Annotated[int, Path(ge=1, le=codec.INTEGER_MAX, description="A block's height, from 1.")]
Name = Annotated[str, Body(pattern=r"^[a-z0-9._-]{1,24}$", description="A member's name.")]
Code = Annotated[str, Body(pattern=r"^[a-z0-9._-]{1,40}$", description="A short code.")]
Words = Annotated[str, Body(max_length=600, description="A person's words; they are sealed.")]
Days = Annotated[int, Body(strict=True, ge=1, le=DAYS_MAX, description="A number of days.")]
Minor = Annotated[
    int, Body(strict=True, ge=0, le=codec.INTEGER_MAX, description="Money in fen, 1/100 yuan.")
]
Tree: TypeAlias = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Most rows of this page.")]
Offset = Annotated[int, Query(ge=0, le=codec.INTEGER_MAX, description="Rows to pass over.")]


def check_tree(tree: Mapping[str, Any], place: str) -> None:
    """Refuse a free tree that has no canonical bytes: fractions, nulls, half characters, too deep.

    Raises:
        Invalid: `api.tree`, naming the place alone.
    """
    try:
        codec.decode(codec.encode(tree), codec.value)
    except (Invalid, UnicodeEncodeError, OverflowError) as error:
        raise Invalid(
            "api.tree",
            f"{place} holds what the record cannot",
            cure="Use texts, whole numbers, lists and maps; leave out what is unknown.",
        ) from error


def page(rows: list[Any], limit: int, offset: int) -> Tree:
    """Return one page; `next` is the offset of the following one, where there may be one."""
    found: Tree = {"items": rows}
    return {**found, "next": offset + limit} if len(rows) == limit else found

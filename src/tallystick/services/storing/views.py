"""Objects that members hold for one another, as every member is to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

_OBJECT: Final = Table(
    "object",
    {
        "manifest": "blob",
        "member": "text",
        "size": "integer",
        "sealed": "integer",
        "at": "integer",
        "height": "integer",
        "erased": "integer",
        "erased_height": "integer",
    },
    ("manifest", "member"),
    ("member", "height", "erased"),
)
TABLES: Final = (_OBJECT,)


def _kept(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    row = {
        "manifest": pub["manifest"].raw,
        "member": admitted.member,
        "size": pub["size"],
        "sealed": pub["sealed"],
        "at": admitted.time,
        "height": admitted.height,
        "erased": 0,
        "erased_height": 0,
    }
    return [Put("object", row)]


def _erased(admitted: Admitted) -> list[Put]:
    row = {
        "manifest": admitted.record["pub"]["manifest"].raw,
        "member": admitted.member,
        "erased": 1,
        "erased_height": admitted.height,
    }
    return [Put("object", row)]


FOLDS: Final[Mapping[str, Fold]] = {"object.kept": _kept, "object.erased": _erased}

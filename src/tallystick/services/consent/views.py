"""Mandates and grants as they stand: by whom recorded, until when, whether ended; no party."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

_TERM: Final = Table(
    "term",
    {
        "term": "blob",
        "kind": "text",
        "member": "text",
        "recipient": "text",
        "from_time": "integer",
        "until": "integer",
        "ended_at": "integer",
    },
    ("term",),
    ("until",),
)
TABLES: Final = (_TERM,)


def _given(kind: str, recipient: str) -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        pub = admitted.record["pub"]
        row = {
            "term": pub[kind],
            "kind": kind,
            "member": admitted.member,
            "recipient": pub[recipient],
            "from_time": pub["from_time"],
            "until": pub["until"],
        }
        return [Put("term", row)]

    return fold


def _ended(kind: str) -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        return [Put("term", {"term": admitted.record["pub"][kind], "ended_at": admitted.time})]

    return fold


FOLDS: Final[Mapping[str, Fold]] = {
    "mandate.given": _given("mandate", "witness"),
    "mandate.ended": _ended("mandate"),
    "grant.given": _given("grant", "recipient"),
    "grant.ended": _ended("grant"),
}

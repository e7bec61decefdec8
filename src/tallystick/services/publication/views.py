"""Programmes' figures as screens ask for them, and which bulletin stands in another's place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.base.codec import encode
from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

_MEASUREMENT: Final = Table(
    "measurement",
    {
        "programme": "text",
        "cycle": "integer",
        "member": "text",
        "day": "integer",
        "entry": "blob",
        "record": "blob",
        "height": "integer",
        "at": "integer",
    },
    ("programme", "cycle", "member"),
    ("at",),
)
_REPLACED: Final = Table("replaced", {"bulletin": "blob", "by": "blob"}, ("bulletin",))
TABLES: Final = (_MEASUREMENT, _REPLACED)


def _measured(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    row = {
        "programme": pub["programme"],
        "cycle": pub["cycle"],
        "member": admitted.member,
        "day": pub["day"],
        "entry": encode({name: pub[name] for name in ("villages", "areas", "groups")}),
        "record": admitted.record["id"],
        "height": admitted.height,
        "at": admitted.time,
    }
    return [Put("measurement", row)]


def _published(admitted: Admitted) -> list[Put]:
    earlier = admitted.record.get("amends")
    if earlier is None:
        return []
    return [Put("replaced", {"bulletin": earlier, "by": admitted.record["id"]})]


FOLDS: Final[Mapping[str, Fold]] = {
    "programme.measured": _measured,
    "bulletin.published": _published,
}

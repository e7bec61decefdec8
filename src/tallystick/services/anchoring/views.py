"""Chains as screens ask for them: each linked chain's last anchor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

TABLES: Final = (Table("anchored", {"chain": "blob", "record": "blob"}, ("chain",)),)


def _anchored(admitted: Admitted) -> list[Put]:
    record = admitted.record
    return [Put("anchored", {"chain": record["pub"]["chain"], "record": record["id"]})]


FOLDS: Final[Mapping[str, Fold]] = {"chain.anchored": _anchored}

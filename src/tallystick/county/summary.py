"""What feedback says of providers and schemes, as a tree: shares as hits of a count."""

from __future__ import annotations

from typing import Any

from tallystick.county.telling import tell_share
from tallystick.kernel.access.desk import Desk
from tallystick.services.positioning.told import (
    CASES_LEAST,
    TOLERANCE_PPM,
    By,
    Cell,
    read_told,
)

__all__ = ["sum_feedback"]


def sum_feedback(desk: Desk, by: By) -> dict[str, Any]:
    """Return praise and accuracy by provider or scheme; every part opened leaves a receipt."""
    told = read_told(desk, by)
    return {
        "member": desk.member,
        "by": by,
        "least": CASES_LEAST,
        "tolerance_ppm": TOLERANCE_PPM,
        "cells": [_cell(each) for each in told.cells],
        "suppressed": told.suppressed,
        "unread": dict(told.unread),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    found = {"name": cell.name, "refused": int(cell.is_refused), "praise": tell_share(cell.praise)}
    return {**found, "accuracy": tell_share(cell.accuracy)} if cell.accuracy else found

"""Members that come to a county that stands: their keys, their cards, their copies of its chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.county.carding import Drawn, draw_member, join_county, read_chain
from tallystick.county.member import Member

__all__ = ["draw_newcomer"]


def draw_newcomer(
    home: Path, county: Path, *, role: str, called: str, engine_port: int = 0
) -> dict[str, Any]:
    """Draw a member's keys in its own folder, begin its copy there, and return its card."""
    path, _ = draw_member(
        home,
        Member(home.name, role, called, called),
        Drawn("", engine_port),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=read_chain(county),
    )
    join_county(home, county)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found

"""How much processor time it takes until the command line answers."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

__all__ = ["run"]

ROUNDS: Final = 7
ALLOWED_S: Final = 0.3


def _seconds(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    after = os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure and return the rows of this bench."""
    tally = str(Path(sys.executable).with_name("tally"))
    seconds = sorted(_seconds([tally, "--help"]) for _ in range(rounds))
    median = statistics.median(seconds)
    return [
        {
            "name": "start.help",
            "value": round(median, 3),
            "unit": "s of processor time",
            "against": f"{ALLOWED_S} s",
            "ratio": round(ALLOWED_S / median, 3),
            "spread": round(seconds[-1] - seconds[0], 3),
        }
    ]


if __name__ == "__main__":
    for row in run():
        print(row)

"""The child of `scoring.py`: score a file row by row in little memory, and say what it took.

    python scoring_stream.py rows.csv mapping.toml card.json scores.csv

Rows are read, gathered into columns by the thousand, scored, and written as row and ppm.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tallystick.exact.batch import score_batch
from tallystick.exact.card import check_card
from tallystick.learning.table import table_from_rows
from tallystick.sources import Application, load_mapping, read_applications

__all__ = ["main"]

CHUNK_ROWS: Final = 8_192


def main(source: str, mapping: str, model: str, scores: str) -> None:
    """Score a file and print rows, seconds and the peak of memory as JSON."""
    began = time.monotonic()
    card = check_card(json.loads(Path(model).read_text(encoding="utf-8")))
    levels = [feature.name for feature in card.features if feature.kind == "level"]
    scored = 0
    with Path(scores).open("w", encoding="utf-8") as file:
        for chunk in _chunks(source, mapping):
            table = table_from_rows([row.features for row in chunk], [None] * len(chunk), levels)
            found = score_batch(card, table.arrays()).default_ppm.tolist()
            pairs = zip(chunk, found, strict=True)
            file.writelines(f"{row.row},{ppm}\n" for row, ppm in pairs)
            scored += len(chunk)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts KiB, macOS bytes.
    peak_mib = peak / (2**20 if sys.platform == "darwin" else 2**10)
    seconds = time.monotonic() - began
    print(json.dumps({"scored": scored, "seconds": seconds, "peak_mib": peak_mib}))


def _chunks(source: str, mapping: str) -> Iterator[list[Application]]:
    reading = read_applications(source, load_mapping(mapping), training=False)
    rows = (row for row in reading if isinstance(row, Application))
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


if __name__ == "__main__":
    main(*sys.argv[1:])

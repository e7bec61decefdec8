"""The child of `scoring.py`: let optbinning bin numbers, in a process without Tallystick.

    python scoring_optbinning.py numbers.json

Needs optbinning and NumPy. Only the search itself is timed, as it is on our side.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from optbinning import OptimalBinning

__all__ = ["main"]


def main(path: str) -> None:
    """Print the seconds of the search and every number's cuts as JSON."""
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    outcomes = np.array(told["outcomes"])
    columns = {name: np.array(values) for name, values in told["columns"].items()}
    binners = {
        name: OptimalBinning(
            name=name,
            dtype="numerical",
            solver="cp",
            max_n_bins=told["bins"],
            min_bin_size=told["share"],
            monotonic_trend="auto_asc_desc",
            user_splits=np.array(told["cells"][name]),
        )
        for name in columns
    }
    began = time.perf_counter()
    for name, values in columns.items():
        binners[name].fit(values, outcomes)
    seconds = time.perf_counter() - began
    cuts = {name: binner.splits.tolist() for name, binner in binners.items()}
    print(json.dumps({"seconds": seconds, "cuts": cuts}))


if __name__ == "__main__":
    main(*sys.argv[1:])

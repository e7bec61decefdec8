"""What a whole county costs: its past drawn, told on the chain and learnt from, then its year.

One run is the demonstration's, in its parts: the past is drawn (all requests with the lives of
their loans), told in monthly books that twelve members verify, learnt from by one of them; then the
year is acted out, five steps a case, decided by the model that was learnt; then one byte is
flipped, found and repaired. The floor of books and year is SQLite alone: the very blocks and
objects of the run inserted by every member, one commit a block. That of drawing is the same
requests' features inserted once. Processor time, ratio of medians; the peak of memory is the whole
process's.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.county.acted import act_county, publish_catalogue
from tallystick.county.agenda import day_of
from tallystick.county.county import County, draw_county
from tallystick.county.founding import found_county
from tallystick.county.history import History, draw_history
from tallystick.county.history.loan import FEATURES, read_features
from tallystick.county.house import House, open_house
from tallystick.county.modelling import MODELLER
from tallystick.county.past_book import PastBooks
from tallystick.county.past_course import learn_past, tell_past
from tallystick.county.tamper import show_tampering

__all__ = ["run"]

ROUNDS: Final = 2
SEED: Final = "tallystick"
LOANS: Final = 30_000
PAST_MONTHS: Final = 48
HOUSEHOLDS: Final = 600
MONTHS: Final = 12
ALLOWED_S: Final = 90.0
ALLOWED_MB: Final = 1_024.0
EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"


@dataclass(slots=True)
class _Run:
    """Seconds of processor time by part, floors likewise, and how much was done."""

    seconds: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    loans: int = 0
    cases: int = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part."""
        began = time.process_time()
        yield
        self.seconds[name] = time.process_time() - began


def _act(folder: Path) -> _Run:
    """Act the demonstration out, part by part."""
    found = _Run()
    with found.part("draw"):
        past = draw_history(SeededEntropy(SEED), loans=LOANS, months=PAST_MONTHS)
    found.loans = sum(loan.granted for loan in past.loans)
    found.floors["draw"] = _insert_features(past, folder / "features.db")
    home = folder / "county"
    with found.part("found"):
        county = draw_county(SeededEntropy(SEED), households=HOUSEHOLDS, months=MONTHS)
        clock = ManualClock((day_of(county.start_month - PAST_MONTHS, 1) - 1) * DAY_MS)
        found_county(home, seed=SEED, clock=clock)
    with open_house(home, clock) as house:
        with found.part("open"):
            publish_catalogue(house, (EXAMPLES / "products.toml").read_text(encoding="utf-8"))
        _live(found, house, clock, county, past)
    with found.part("tamper"):
        show_tampering(home, clock, member="village", witness="regulator")
    return found


def _live(found: _Run, house: House, clock: ManualClock, county: County, past: History) -> None:
    """Tell the past, learn from it, and act the year out."""
    books = PastBooks(past, start_month=county.start_month, more_months=MONTHS)
    mark = _Mark.of(house)
    with found.part("books"):
        tell_past(house, clock, books, until_month=county.start_month)
    found.floors["books"] = _insert_since(mark, house, "books")
    with found.part("learn"):
        learn_past(house, county.start_month)
    mark = _Mark.of(house)
    with found.part("live"):
        story = act_county(
            house, clock, county, months=MONTHS, told=lambda _event: None, books=books
        )
    found.floors["live"] = _insert_since(mark, house, "live")
    found.cases = story.cases


@dataclass(frozen=True, slots=True)
class _Mark:
    """How high the chain was, and how many objects each member kept."""

    height: int
    objects: dict[str, int]

    @classmethod
    def of(cls, house: House) -> _Mark:
        """Return where a house stands."""
        kept = {node.member: len(_sizes(node.folder, 0)) for node in house.nodes()}
        return cls(house.node(MODELLER).replica.tip.height, kept)


def _sizes(folder: Path, kept: int) -> list[int]:
    """Return the sizes of a member's objects but the first that it kept."""
    database = sqlite3.connect(folder / "store.db")
    rows = database.execute("SELECT length(data) FROM object ORDER BY rowid").fetchall()
    database.close()
    return [size for (size,) in rows[kept:]]


def _insert_since(mark: _Mark, house: House, name: str) -> float:
    """Return the seconds in which SQLite takes what all members' files gained since a mark."""
    replica = house.node(MODELLER).replica
    blocks = [replica.block(at) for at in range(mark.height + 1, replica.tip.height + 1)]
    objects = [
        bytes(size)
        for node in house.nodes()
        for size in _sizes(node.folder, mark.objects[node.member])
    ]
    path = house.folder.parent / f"{name}.db"
    return _insert_blocks(blocks, objects, len(house.county.members), path)


def _insert_blocks(
    blocks: Sequence[bytes], objects: Sequence[bytes], members: int, path: Path
) -> float:
    """Return the seconds in which SQLite takes the blocks of each member, and all objects once."""
    began = time.process_time()
    database = _database(path)
    each = -(-len(objects) // max(1, len(blocks)))
    for member in range(members):
        for height, block in enumerate(blocks):
            own = objects[height * each : (height + 1) * each] if member == 0 else []
            with database:
                database.execute("INSERT INTO row VALUES (NULL, ?)", (block,))
                database.executemany("INSERT INTO row VALUES (NULL, ?)", [(one,) for one in own])
    database.close()
    return time.process_time() - began


def _insert_features(past: History, path: Path) -> float:
    """Return the seconds in which SQLite takes the features of all requests in one commit."""
    rows = [tuple(map(read_features(loan).get, FEATURES)) for loan in past.loans]
    began = time.process_time()
    database = sqlite3.connect(path)
    with database:
        database.execute(f"CREATE TABLE request ({', '.join(FEATURES)})")
        blanks = ", ".join("?" * len(FEATURES))
        database.executemany(f"INSERT INTO request VALUES ({blanks})", rows)  # noqa: S608 - our own names
    database.close()
    return time.process_time() - began


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    for name, value in (("journal_mode", "WAL"), ("synchronous", "FULL")):
        database.execute(f"PRAGMA {name} = {value}")
    with database:
        database.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, data BLOB)")
    return database


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure and return the rows of this bench."""
    runs = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            runs.append(_act(Path(name)))
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for each in runs:
        for part, spent in each.seconds.items():
            seconds[part].append(spent)
    parts = ", ".join(f"{part} {statistics.median(spent):.1f}" for part, spent in seconds.items())
    totals = [sum(each.seconds.values()) for each in runs]
    # Kilobytes on Linux, bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return [
        _rate("draw", LOANS, "requests/s", "their features into SQLite", runs),
        _rate("books", runs[0].loans, "loans/s", "the same blocks and objects into SQLite", runs),
        _rate("live", runs[0].cases, "cases/s", "the same blocks and objects into SQLite", runs),
        {
            "name": "county.demo",
            "value": round(statistics.median(totals), 1),
            "unit": "s of processor time",
            "against": f"{ALLOWED_S:.0f} s; {parts}",
            "ratio": round(ALLOWED_S / statistics.median(totals), 3),
            "spread": round(max(totals) - min(totals), 1),
        },
        {
            "name": "county.memory",
            "value": round(peak, 1),
            "unit": "MiB",
            "against": f"{ALLOWED_MB:.0f} MiB",
            "ratio": round(ALLOWED_MB / peak, 3),
            "spread": 0.0,
        },
    ]


def _rate(part: str, count: int, unit: str, against: str, runs: Sequence[_Run]) -> dict[str, Any]:
    ratios = sorted(each.floors[part] / each.seconds[part] for each in runs)
    return {
        "name": f"county.{part}",
        "value": round(count / statistics.median(each.seconds[part] for each in runs), 1),
        "unit": unit,
        "against": against,
        "ratio": round(statistics.median(ratios), 4),
        "spread": round(ratios[-1] - ratios[0], 4),
    }


if __name__ == "__main__":
    for row in run():
        print(row)

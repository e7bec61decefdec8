"""Four ways of keeping what members share: what survives, what it takes, how it grows.

Ledger replication, IPFS replication, Zigzag, and the three together, as a paper compares them in a
table of percentages whose terms it does not define ("Financial Data Sharing Mechanism Based on
Blockchain Technology", table 1). Here the definitions come first: fault tolerance and storage in
`bizi_ways.py`, scalability in `bizi_scale.py`; what of the paper can be compared, `bizi_report.py`
says. `--processes` asks members in processes of their own too, and holds the reckoned costs of
puts against what those processes spend; `--draw FOLDER` writes tables, plots and JSON.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bizi_costs import Costs, measure_costs
from bizi_members import CLIENT, Circle, Keeper, Kept, bytes_held, open_circle
from bizi_processes import open_processes
from bizi_processes import serve_process as serve
from bizi_report import draw_plots, tell, write_report
from bizi_scale import COUNTS, LINE, OBJECT_BYTES, Put, Tally, charge, load_members
from bizi_ways import WAYS, Way, count_share, make_way, sample_share

from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = ["parse", "run", "summarise_scale", "summarise_storage", "tell"]

CODE: Final = "zz-4+2"
CODES: Final = (CODE, "zz-8+2", "zz-6+3")
MEMBERS: Final = 12
MEMBERS_APART: Final = 8
"""In processes of their own."""
DRAWN: Final = 2_000
OBJECTS: Final = 12
SMALL: Final = 64 * 1024
SIZES: Final = {SMALL: 64, OBJECT_BYTES: 8, 8 * OBJECT_BYTES: 1}
"""How many objects of a size are put for what members hold."""
PUTS: Final = 24
SEED: Final = 2_021

Row = dict[str, Any]
Open = Callable[[int, Path, str], AbstractContextManager[Circle]]


def _ways(members: int, code: str) -> list[Way]:
    found = [make_way(name, members, code) for name in WAYS]
    return [way for way in found if way is not None]


def _draw(number: int, size: int) -> tuple[bytes, bytes]:
    """Return an object's identifier and its bytes."""
    draw = random.Random(f"{SEED} {number} {size}")  # noqa: S311 - content
    return draw.randbytes(16), draw.randbytes(size)


# ---- fault tolerance


def _survive(open_members: Open, members: int) -> list[Row]:
    """Put objects among real members, lose these one after another, and read all each time."""
    rows = []
    with tempfile.TemporaryDirectory() as name, open_members(members, Path(name), CODE) as circle:
        kept: dict[str, list[Kept]] = {}
        for way in _ways(members, CODE):
            objects = [_draw(number, SMALL) for number in range(OBJECTS)]
            kept[way.name] = [circle.client.put(way, *each) for each in objects]
        alive = circle.names
        random.Random(SEED).shuffle(alive)  # noqa: S311 - a simulation's
        for lost in range(members + 1):
            for way, objects_put in kept.items():
                told = [each.is_left(circle.names, alive) for each in objects_put]
                read = [circle.client.reads(each) for each in objects_put]
                agreed = sum(one == other for one, other in zip(told, read, strict=True))
                found = {"way": way, "lost": lost, "put": OBJECTS, "read": sum(read)}
                rows.append({**found, "agreed": agreed})
            if alive:
                circle.lose(alive.pop())
    return rows


def _mend() -> list[Row]:
    """Lose real members one after another, each time with repairs before the next; read all."""
    rows = []
    with tempfile.TemporaryDirectory() as name, open_circle(MEMBERS, Path(name), CODE) as circle:
        ways = [way for way in _ways(MEMBERS, CODE) if way.name in {"zigzag", "together"}]
        objects = [_draw(number, SMALL) for number in range(OBJECTS)]
        kept = {way: [circle.client.put(way, *each) for each in objects] for way in ways}
        alive = circle.names
        random.Random(SEED).shuffle(alive)  # noqa: S311 - a simulation's
        for lost in range(1, MEMBERS + 1):
            circle.lose(alive.pop())
            for way, objects_put in kept.items():
                for each in objects_put:
                    circle.client.mend(each)
                read = sum(circle.client.reads(each) for each in objects_put)
                agreed = read if lost <= way.mended else OBJECTS - read
                found = {"way": way.name, "lost": lost, "put": OBJECTS, "read": read}
                rows.append({**found, "agreed": agreed})
    return rows


def _fault_row(name: str, rows: list[Row], members: int) -> Row:
    return {
        "name": name,
        "value": sum(row["agreed"] for row in rows),
        "unit": f"of {sum(row['put'] for row in rows)} readings of {members} members' objects",
        "against": "what the definition says of each object and each loss",
        "ratio": round(sum(row["agreed"] for row in rows) / sum(row["put"] for row in rows), 4),
        "rows": rows,
    }


def _count_all() -> list[Row]:
    rows = []
    for code in CODES:
        for way in _ways(MEMBERS, code):
            for lost in range(MEMBERS + 1):
                share = float(count_share(way, lost))
                sample = sample_share(way, lost, DRAWN, SEED)
                low, high = sample.interval
                rows.append(
                    {
                        "code": code,
                        "way": way.name,
                        "lost": lost,
                        "share": round(share, 6),
                        "drawn": sample.share,
                        "low": round(low, 4),
                        "high": round(high, 4),
                        "within": low - 1e-9 <= share <= high + 1e-9,
                        "sure": way.sure,
                        "mended": way.mended,
                    }
                )
    return rows


def _sampled_row() -> Row:
    rows = _count_all()
    within = sum(row["within"] for row in rows)
    return {
        "name": "bizi.fault_sampled",
        "value": within,
        "unit": f"of {len(rows)} counted shares",
        "against": f"intervals of {DRAWN} objects and losses drawn, {MEMBERS} members",
        "ratio": round(within / len(rows), 4),
        "rows": rows,
    }


# ---- storage


def _bare() -> dict[str, int]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bare"
        Keeper(folder).close()
        return bytes_held(folder)


def _held(way: Way, code: str, size: int, note_kept: float) -> float:
    """Return the bytes that all members hold more for a byte that is put in a way."""
    bare, count = _bare(), SIZES[size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_circle(way.members, folder, code) as circle:
            for number in range(count):
                circle.client.put(way, *_draw(number, size))
            names = circle.names
        held = [bytes_held(folder / each) for each in names]
    grown = {part: sum(each[part] - bare[part] for each in held) for part in bare}
    if way.name == "together":
        # A file grows by pages: a record's share of it is that of many records.
        grown["ledger"] = round(way.members * count * note_kept)
    return sum(grown.values()) / (size * count)


def _storage_rows(note_kept: float) -> Iterator[Row]:
    """Yield what a byte takes in each way that is as sure as a code, and on everybody's chain."""
    for code in CODES:
        copies = find_profile(code).r + 1
        equal = [way for way in _ways(MEMBERS, code) if way.name != "ledger"]
        equal.insert(0, Way("ledger", copies, copies, 1))
        for size in SIZES if code == CODE else (OBJECT_BYTES,):
            for way in equal:
                yield _stored(way, code, size, _held(way, code, size, note_kept))
    everybody = Way("ledger", MEMBERS, MEMBERS, 1)
    yield _stored(everybody, CODE, OBJECT_BYTES, _held(everybody, CODE, OBJECT_BYTES, note_kept))


def _stored(way: Way, code: str, size: int, stored: float) -> Row:
    found: Row = {"code": code, "way": way.name, "members": way.members, "size": size}
    return {**found, "sure": way.sure, "stored": round(stored, 4)}


def summarise_storage(rows: list[Row]) -> list[Row]:
    """Return a row for each promise of storage; the first carries all rows."""

    def find(way: str, code: str, members: int = MEMBERS) -> float:
        wanted = {"way": way, "code": code, "members": members, "size": OBJECT_BYTES}
        (found,) = [row["stored"] for row in rows if wanted.items() <= row.items()]
        return float(found)

    pairs = [(f"bizi.storage_{code[3:]}", code, "ipfs", MEMBERS) for code in CODES]
    pairs.append(("bizi.storage_ledger", CODE, "ledger", MEMBERS))
    found: list[Row] = []
    for name, code, other, members in pairs:
        ours, theirs = find("together", code), find(other, code, members)
        found.append(
            {
                "name": name,
                "value": ours,
                "unit": f"bytes held for a byte of 1 MiB, {code} together",
                "against": f"{other} as sure" if other == "ipfs" else f"ledger of {members}",
                "against_value": theirs,
                "ratio": round(theirs / ours, 3),
            }
        )
    return [{**found[0], "rows": rows}, *found[1:]]


# ---- scalability


def _scale_rows(costs: Costs) -> list[Row]:
    ways = [(name, make_way(name, count, CODE)) for name in WAYS for count in COUNTS]
    return [asdict(load_members(way, CODE, costs)) for _, way in ways if way is not None]


def summarise_scale(rows: list[Row], costs: Costs) -> list[Row]:
    """Return a row for each promise of growth; the first carries all rows, and the costs."""
    told = {(row["way"], row["members"]): row for row in rows}
    few, many = 8, COUNTS[-1]
    ours = told["together", many]["rate"]
    chain = told["ledger", many]
    # Whoever orders sends most: were that shared evenly, a member's mean load were the limit.
    even = 1 / max(1e-9 * chain["spent_ns"][0], chain["passed"][0] / 2 / LINE)

    def row(name: str, against: str, theirs: float) -> Row:
        unit = f"MB/s put by {many} members together"
        found: Row = {"name": name, "value": round(ours / 1e6, 1), "unit": unit}
        compared = {"against": against, "against_value": round(theirs / 1e6, 1)}
        return {**found, **compared, "ratio": round(ours / theirs, 2)}

    grown = row("bizi.scale", f"by {few} members", told["together", few]["rate"])
    replicated = row("bizi.scale_ledger", "on a chain of all, its load shared evenly", even)
    return [{**grown, "rows": rows, "costs": asdict(costs)}, replicated]


def _model_row(costs: Costs) -> Row:
    """Hold what puts are reckoned to cost against what members' processes spend on them."""
    way = make_way("zigzag", MEMBERS_APART, CODE)
    assert way is not None
    with (
        tempfile.TemporaryDirectory() as name,
        open_processes(MEMBERS_APART, Path(name), CODE) as circle,
    ):
        objects = [_draw(number, OBJECT_BYTES) for number in range(PUTS)]
        tally = Tally([*circle.names, CLIENT])
        circle.client.put(way, *_draw(-1, OBJECT_BYTES))
        before, own = circle.spent_s(), time.process_time()
        for identifier, data in objects:
            circle.client.put(way, identifier, data)
            holders = way.holders(circle.names, identifier)
            put = Put(CLIENT, len(data), holders, CODE, circle.names)
            charge(tally, way, put, costs)
        spent = circle.spent_s() - before + time.process_time() - own
    reckoned = sum(tally.spent.values())
    return {
        "name": "bizi.model",
        "value": round(1e3 * reckoned / PUTS, 2),
        "unit": "ms of all processors reckoned for a put of 1 MiB",
        "against": f"spent by {MEMBERS_APART} members' processes and the putter's",
        "against_value": round(1e3 * spent / PUTS, 2),
        "ratio": round(min(reckoned, spent) / max(reckoned, spent), 3),
    }


def parse(options: Sequence[str]) -> dict[str, Any]:
    """Return what `run` takes, of what is given after the bench's name."""
    asked = argparse.ArgumentParser("tally bench bizi", description=__doc__)
    asked.add_argument("--processes", action="store_true")
    asked.add_argument("--draw", type=Path, metavar="FOLDER")
    return vars(asked.parse_args(options))


def run(*, processes: bool = False, draw: Path | None = None) -> list[Row]:
    """Measure, and return one row for each promise."""
    costs = measure_costs(CODE)
    rows = [_sampled_row()]
    rows.append(_fault_row("bizi.fault_members", _survive(open_circle, MEMBERS), MEMBERS))
    rows.append(_fault_row("bizi.fault_mended", _mend(), MEMBERS))
    if processes:
        apart = _survive(open_processes, MEMBERS_APART)
        rows.append(_fault_row("bizi.fault_processes", apart, MEMBERS_APART))
        rows.append(_model_row(costs))
    rows += summarise_storage(list(_storage_rows(costs.note_kept)))
    rows += summarise_scale(_scale_rows(costs), costs)
    if draw is not None:
        write_report(rows, draw)
        draw_plots(rows, draw)
    return rows


def main() -> None:
    """Measure and tell, or be a member in a process of its own."""
    if sys.argv[1:] == ["member"]:
        serve()
        return
    print(tell(run(**parse(sys.argv[1:])), "en"))


if __name__ == "__main__":
    main()

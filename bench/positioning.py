"""How fast cases go through the five steps, against the same bare work by the same libraries.

The bare loop repeats, on the very bytes the run produced, what no form of this can leave out: at
the writer each seal (HKDF, AES-GCM, field encodings, leaf hashes), record encoding, signature, rows
of objects and keys; at each of the members each signature check, decode and encode of each record,
hashes, the state's lanes, rows. It decides nothing, checks nothing and keeps no chain. Processor
time, interleaved rounds, ratio of medians of the same run.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cbor2
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl import bindings

from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.codec import cid_of, decode
from tallystick.chain import schema
from tallystick.chain.block import Execution, genesis_state, start
from tallystick.chain.transaction import Transaction
from tallystick.charter import CHARTER
from tallystick.county.acted import publish_catalogue
from tallystick.county.founding import found_county
from tallystick.county.house import House
from tallystick.county.member import MEMBERS
from tallystick.county.serving import serve_house
from tallystick.services.positioning.service import Request

__all__ = ["run"]

START_MS: Final = 1_790_000_000_000
FOLLOWERS: Final = 8
CASES: Final = 384
INTERACTIVE: Final = 40
ROUNDS: Final = 3
FSYNCS_MOST: Final = 8
MARGIN_MS: Final = 15
EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
WRITER: Final = "credit-union"


def _request(number: int, party: bytes, mandate: bytes) -> Request:
    """Return a plain farm loan, each a little different."""
    crop = {
        "crop": "maize",
        "area_centimu": 1_000 + number,
        "yield_kg_per_mu": 550,
        "price_minor_per_kg": 220,
        "cost_minor_per_mu": 49_000,
        "sale_months": [10],
        "outlay_months": [4, 6],
        "in_project": 1,
    }
    profile = {
        "category": "ordinary",
        "age_years": 30 + number % 30,
        "persons": 4,
        "workers": 2,
        "able_to_work": 1,
        "village": "v07",
        "crops": [crop],
        "wage_minor_month": 350_000,
        "wage_months": 10,
        "living_minor_person_year": 900_000,
        "savings_minor": 1_500_000,
    }
    demand = {
        "kind": "borrow",
        "as_of_month": 2027 * 12,
        "language": "zh",
        "scheme_asked": "seasonal_crop",
        "purpose": "crop_inputs",
        "cost_minor": 1_200_000,
        "amount_minor": 800_000 + 1_000 * number,
        "first_outlay_month": 2027 * 12 + 3,
        "first_sale_month": 2027 * 12 + 9,
        "last_sale_month": 2027 * 12 + 9,
        "income_low_minor": 400_000,
        "income_likely_minor": 700_000,
        "working_capital": 1,
        "terms_asked": {
            "rate_ppm": 55_000,
            "term_months": 10,
            "repayment": "bullet",
            "start_month": 2027 * 12 + 2,
        },
    }
    application = {"profile": profile, "demand": demand, "features": {}}
    return Request(
        inputs={"v": 1, "application": application, "defaults": []},
        party=party,
        assent={"mandate": mandate, "witness": "village"},
    )


def _open(folder: Path, clock: ManualClock | SystemClock, seed: str) -> House:
    chosen = [each for each in MEMBERS if each.name in {"finance", WRITER, "village"}]
    rest = [each for each in MEMBERS if each not in chosen]
    members = [*chosen, *rest][: FOLLOWERS + 1]
    county = found_county(folder, seed=seed, clock=clock, members=members)
    house = House(folder, county, clock)
    publish_catalogue(house, (EXAMPLES / "products.toml").read_text(encoding="utf-8"))
    return house


def _requests(house: House, count: int) -> list[Request]:
    draw = house.node(WRITER).desk.new_id
    mandate = draw()
    return [_request(number, draw(), mandate) for number in range(count)]


def _five_steps(folder: Path) -> tuple[float, _Trace]:
    """Return processor seconds of all cases with all members verifying, and what was made."""
    house = _open(folder, ManualClock(START_MS), "")
    try:
        requests = _requests(house, CASES)
        node = house.node(WRITER)
        node.catch_up()
        first = house.node("finance").replica.tip.height
        began = time.process_time()
        node.positions.open_cases(requests)
        house.spread()
        seconds = time.process_time() - began
        return seconds, _trace(house, first)
    finally:
        house.close()


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a run made: leaves of sealed fields, objects, transactions, blocks, changes."""

    bodies: list[list[bytes]]
    objects: list[bytes]
    keys: list[tuple[bytes, bytes]]
    transactions: list[Transaction]
    blocks: list[tuple[bytes, list[bytes], list[tuple[bytes, bytes | None, bytes]]]]


def _trace(house: House, first: int) -> _Trace:
    node = house.node(WRITER)
    bodies, objects, keys = [], [], []
    transactions, blocks = [], []
    replica = house.node("finance").replica
    state: dict[bytes, bytes] = {}
    for height in range(1, replica.tip.height + 1):
        data = replica.block(height)
        header, rows = decode(data, schema.BLOCK)
        found = [Transaction.read(row) for row in rows]
        changes = _changes(house, height, found, state)
        if height <= first:
            continue
        transactions += found
        blocks.append((data, rows, changes))
        for each in found:
            for record in each.records:
                fields = decode(record, schema.RECORD)
                for sealed, seal in fields.get("seals", {}).items():
                    permit = node.desk.permit("evidence", fields.get("case", fields["id"]))
                    opening = node.desk.open(permit, fields["id"], sealed)
                    bodies.append(opening.leaves())
                    objects.append(node.store.get(seal["obj"]))
                    keys.append((seal["obj"].raw, fields["id"]))
        del header
    return _Trace(bodies, objects, keys, transactions, blocks)


def _changes(
    house: House, height: int, found: list[Transaction], state: dict[bytes, bytes]
) -> list[tuple[bytes, bytes | None, bytes]]:
    """Run a block again and return (key, old value, new value) of what it changed."""
    replica = house.node("finance").replica
    if height == 1:
        state.update(genesis_state(replica.genesis))
        _tips.clear()
        _tips.append(start(replica.genesis))
    fields = decode(replica.header(height), schema.HEADER)
    run = Execution(_tips[-1], state.get, CHARTER, fields["time"])
    for each in found:
        run.add(each)
    effects = run.finish(lambda _: cid_of(replica.header(height)))
    changed = [
        (key, state.get(key), new) for key, new in effects.changes.items() if new is not None
    ]
    state.update({key: new for key, new in effects.changes.items() if new is not None})
    _tips.append(effects.tip)
    return changed


_tips: list[Any] = []


def _bare(trace: _Trace, folder: Path) -> float:
    """Return processor seconds of the bare work of one writer and all members."""
    began = time.process_time()
    _bare_writer(trace, folder)
    # The orderer runs every block as each of the others does.
    for number in range(FOLLOWERS + 1):
        _bare_member(trace, folder / f"{number}.db")
    return time.process_time() - began


def _bare_writer(trace: _Trace, folder: Path) -> None:
    secret = bindings.crypto_sign_seed_keypair(bytes(32))[1]
    database = _database(folder / "writer.db")
    for leaves, data in zip(trace.bodies, trace.objects, strict=True):
        keys = HKDF(SHA256(), 64, data[1:33], b"info").derive(data[33:65])
        plain = cbor2.dumps([cbor2.loads(leaf) for leaf in leaves])
        AESGCM(keys[:32]).encrypt(bytes(12), plain.ljust(len(data) - 81, b"\x00"), b"info")
        _tree([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves])
    rows = [(obj, data) for (obj, _), data in zip(trace.keys, trace.objects, strict=True)]
    with database:
        database.executemany("INSERT INTO row VALUES (?, ?)", rows)
    master = AESGCM(bytes(32))
    wrapped = [
        (b"k" + obj, master.encrypt(bytes(12), obj + record, obj)) for obj, record in trace.keys
    ]
    with database:
        database.executemany("INSERT INTO row VALUES (?, ?)", wrapped)
    for each in trace.transactions:
        for record in each.records:
            cbor2.dumps(cbor2.loads(record), canonical=True)
        bindings.crypto_sign(each.tid, secret)
        with database:
            database.execute("INSERT INTO row VALUES (?, ?)", (b"t" + each.tid, each.data))
    database.close()


def _bare_member(trace: _Trace, path: Path) -> None:
    database = _database(path)
    secret = bindings.crypto_sign_seed_keypair(bytes(32))
    signed = bindings.crypto_sign(bytes(42), secret[1])
    lanes = np.zeros(1_024, dtype="<u2")
    for height, (data, rows, changes) in enumerate(trace.blocks):
        cbor2.loads(data)
        for row in rows:
            header, _, records = cbor2.loads(row)
            cbor2.dumps(cbor2.loads(header))
            bindings.crypto_sign_open(signed, secret[0])
            leaves = []
            for record in records:
                cbor2.dumps(cbor2.loads(record))
                leaves.append(hashlib.sha256(b"\x00" + record).digest())
            _tree(leaves)
        for key, old, new in changes:
            for value in (old, new):
                if value is not None:
                    digest = hashlib.shake_128(b"l" + cbor2.dumps([key, value])).digest(2_048)
                    lanes += np.frombuffer(digest, dtype="<u2")
        with database:
            database.execute("INSERT INTO row VALUES (?, ?)", (b"b%d" % height, data))
            database.executemany(
                "INSERT INTO row VALUES (?, ?) ON CONFLICT DO UPDATE SET b = excluded.b",
                [(key, new) for key, _, new in changes],
            )
    database.close()


def _database(path: Path) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE row (a BLOB PRIMARY KEY, b BLOB) WITHOUT ROWID")
    return database


def _tree(hashes: list[bytes]) -> None:
    while len(hashes) > 1:
        hashes = [
            hashlib.sha256(b"\x01" + a + b).digest()
            for a, b in zip(hashes[::2], hashes[1::2], strict=False)
        ] + hashes[len(hashes) & ~1 :]


def _interactive(folder: Path) -> tuple[float, float]:
    """Return the median milliseconds of one case when idle, and of one fsync of the same disk."""
    house = _open(folder, SystemClock(), "")
    try:
        requests = _requests(house, INTERACTIVE)
        with serve_house(house):
            positions = house.node(WRITER).positions
            times, syncs = [], []
            for request in requests:
                house.node(WRITER).catch_up()
                time.sleep(0.3)
                syncs.extend(_fsync_ms(folder / "sync.bin"))
                began = time.perf_counter()
                positions.open_cases([request])
                times.append((time.perf_counter() - began) * 1_000)
        return statistics.median(times), statistics.median(syncs)
    finally:
        house.close()


def _fsync_ms(path: Path) -> Iterator[float]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(3):
            os.write(handle, bytes(4_096))
            began = time.perf_counter()
            os.fsync(handle)
            yield (time.perf_counter() - began) * 1_000
    finally:
        os.close(handle)


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure and return the rows of this bench."""
    ours, floors = [], []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            seconds, trace = _five_steps(Path(name) / f"county{number}")
            floors.append(_bare(trace, Path(name)))
            ours.append(seconds)
    ratios = sorted(bare / seconds for seconds, bare in zip(ours, floors, strict=True))
    with tempfile.TemporaryDirectory() as name:
        case_ms, sync_ms = _interactive(Path(name) / "county")
    allowed = FSYNCS_MOST * sync_ms + MARGIN_MS
    return [
        {
            "name": "positioning.five_steps",
            "value": round(CASES / statistics.median(ours), 1),
            "unit": "cases/s",
            "against": "the same bare work, 8 members and the orderer",
            "ratio": round(statistics.median(ratios), 3),
            "spread": round(ratios[-1] - ratios[0], 3),
        },
        {
            "name": "positioning.interactive",
            "value": round(case_ms, 2),
            "unit": "ms",
            "against": f"8 fsyncs of {sync_ms:.2f} ms + 15 ms",
            "ratio": round(allowed / case_ms, 3),
            "spread": 0.0,
        },
    ]


if __name__ == "__main__":
    for row in run():
        print(row)

"""How fast cases go through the five steps, against the same bare work by the same libraries.

The bare loop repeats, on the very bytes the run produced, what no form of this can leave out: at
the writer each seal (HKDF, AES-GCM, field encodings, leaf hashes), record encoding, signature, rows
of objects and keys; at each of the members each signature check, decode and encode of each record,
hashes, the state's lanes and root, rows. It decides nothing, checks nothing and keeps no chain; its
rows are the run's own, written into tables of the same form. Processor time, interleaved rounds,
ratio of medians of the same run.
"""

from __future__ import annotations

import contextlib
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
from tallystick.kernel.ledger.layout import SCHEMA as LEDGER
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
        return seconds, _trace(house, folder, first, requests)
    finally:
        house.close()


_Rows = list[tuple[str, list[tuple[Any, ...]]]]
"""Rows by table, as they lie in a file."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A block: its bytes, its transactions', what it changes in the state, and its own rows."""

    data: bytes
    rows: list[bytes]
    changes: list[tuple[bytes, bytes | None, bytes]]
    kept: _Rows


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a run made.

    Attributes:
        inputs: what each case was decided by.
        bodies: leaves of sealed fields by object.
        keys: (object, record) of each data key.
        transactions: of the writer.
        blocks: of every member.
        files: by the writer's file: its tables' statements, and its rows by block.
    """

    inputs: list[Any]
    bodies: list[list[bytes]]
    objects: list[bytes]
    keys: list[tuple[bytes, bytes]]
    transactions: list[Transaction]
    blocks: list[_Block]
    files: dict[str, tuple[list[str], list[_Rows]]]


def _trace(house: House, folder: Path, first: int, requests: list[Request]) -> _Trace:
    node = house.node(WRITER)
    bodies, objects, keys = [], [], []
    transactions, blocks = [], []
    replica = house.node("finance").replica
    state: dict[bytes, bytes] = {}
    for height in range(1, replica.tip.height + 1):
        data = replica.block(height)
        _, rows = decode(data, schema.BLOCK)
        found = [Transaction.read(row) for row in rows]
        changes = _changes(house, height, found, state)
        if height <= first:
            continue
        transactions += found
        blocks.append(_Block(data, rows, changes, _ledger_rows(folder, height)))
        for each in found:
            for record in each.records:
                fields = decode(record, schema.RECORD)
                for sealed, seal in fields.get("seals", {}).items():
                    permit = node.desk.permit("evidence", fields.get("case", fields["id"]))
                    opening = node.desk.open(permit, fields["id"], sealed)
                    bodies.append(opening.leaves())
                    objects.append(node.store.get(seal["obj"]))
                    keys.append((seal["obj"].raw, fields["id"]))
    files = _writer_rows(folder, objects, keys, transactions, first)
    inputs = [request.inputs for request in requests]
    return _Trace(inputs, bodies, objects, keys, transactions, blocks, files)


def _read(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as file:
        return file.execute(query, values).fetchall()


def _tables(path: Path) -> list[str]:
    """Return the statements that make a file's tables and indexes."""
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC"
    return [sql for (sql,) in _read(path, query)]


def _ledger_rows(folder: Path, height: int) -> _Rows:
    """Return what a block adds to a ledger's own tables; the state's rows are its changes."""
    path = folder / "finance" / "ledger.db"
    log = _read(path, "SELECT * FROM log WHERE height = ?", height)
    last = log[0][0] + len(log[0][2]) // 32
    entries = "SELECT * FROM entry WHERE position >= ? AND position < ?"
    return [
        ("block", _read(path, "SELECT * FROM block WHERE height = ?", height)),
        ("log", log),
        ("entry", _read(path, entries, log[0][0], last)),
    ]


def _writer_rows(
    folder: Path,
    objects: list[bytes],
    keys: list[tuple[bytes, bytes]],
    transactions: list[Transaction],
    first: int,
) -> dict[str, tuple[list[str], list[_Rows]]]:
    """Return what the writer's files hold of the run, one commit a pair of transactions."""
    own = folder / WRITER
    wrapped = {row[0]: row for row in _read(own / "keys.db", "SELECT * FROM data_key")}
    parts = len(transactions) // 2
    each = -(-len(objects) // parts)
    chunks = [range(at, min(at + each, len(objects))) for at in range(0, len(objects), each)]
    stored = [[("object", [(keys[i][0], objects[i]) for i in chunk])] for chunk in chunks]
    kept = [[("data_key", [wrapped[keys[i][0]] for i in chunk])] for chunk in chunks]
    tids = {found.tid for found in transactions}
    sent = [row for row in _read(own / "local.db", "SELECT * FROM outbox") if row[1] in tids]
    pairs: list[_Rows] = [[("outbox", sent[at : at + 2])] for at in range(0, len(sent), 2)]
    heights = _read(own / "views.db", "SELECT DISTINCT height FROM record WHERE height > ?", first)
    seen: list[_Rows] = []
    for (height,) in heights:
        records = _read(own / "views.db", "SELECT * FROM record WHERE height = ?", height)
        opened = 'SELECT c.* FROM "case" c JOIN record r ON r.id = c."case" WHERE r.height = ?'
        seen.append([("record", records), ('"case"', _read(own / "views.db", opened, height))])
    rows = {"store.db": stored, "keys.db": kept, "local.db": pairs, "views.db": seen}
    return {name: (_tables(own / name), found) for name, found in rows.items()}


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
    for inputs in trace.inputs:
        hashlib.sha256(cbor2.dumps(inputs, canonical=True)).digest()
    for leaves, data in zip(trace.bodies, trace.objects, strict=True):
        keys = HKDF(SHA256(), 64, data[1:33], b"info").derive(data[33:65])
        plain = cbor2.dumps([cbor2.loads(leaf) for leaf in leaves])
        sealed = AESGCM(keys[:32]).encrypt(bytes(12), plain.ljust(len(data) - 81, b"\x00"), b"info")
        hashlib.sha256(sealed).digest()
        _tree([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves])
    master = AESGCM(bytes(32))
    for obj, record in trace.keys:
        master.encrypt(bytes(12), obj + record, obj)
    for each in trace.transactions:
        for record in each.records:
            cbor2.dumps(cbor2.loads(record), canonical=True)
        bindings.crypto_sign(each.tid, secret)
    for name, (tables, commits) in trace.files.items():
        with contextlib.closing(_database(folder / f"bare-{name}", tables)) as database:
            for rows in commits:
                _insert(database, rows)


def _bare_member(trace: _Trace, path: Path) -> None:
    database = _database(path, LEDGER.split(";"))
    secret = bindings.crypto_sign_seed_keypair(bytes(32))
    signed = bindings.crypto_sign(bytes(42), secret[1])
    lanes = np.zeros(1_024, dtype="<u2")
    for each in trace.blocks:
        cbor2.loads(each.data)
        for row in each.rows:
            header, _, records = cbor2.loads(row)
            cbor2.dumps(cbor2.loads(header))
            bindings.crypto_sign_open(signed, secret[0])
            leaves = []
            for record in records:
                cbor2.dumps(cbor2.loads(record))
                leaves.append(hashlib.sha256(b"\x00" + record).digest())
            _tree(leaves)
        for key, old, new in each.changes:
            for value in (old, new):
                if value is not None:
                    pair = cbor2.dumps([key, value])
                    lanes += np.frombuffer(hashlib.shake_128(b"l" + pair).digest(2_048), "<u2")
        _tree([hashlib.sha256(key + new).digest() for key, _, new in each.changes])
        state = [(key, new, hashlib.sha256(key + new).digest()[:8]) for key, _, new in each.changes]
        _insert(database, [*each.kept, ("state", state)])
    database.close()


def _insert(database: sqlite3.Connection, rows: _Rows) -> None:
    """Write rows into their tables in one commit."""
    with database:
        for table, found in rows:
            blanks = ", ".join("?" * len(found[0]))
            database.executemany(f"REPLACE INTO {table} VALUES ({blanks})", found)  # noqa: S608 - our own names


def _database(path: Path, tables: list[str]) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    for name, value in (("journal_mode", "WAL"), ("synchronous", "FULL"), ("secure_delete", "ON")):
        database.execute(f"PRAGMA {name} = {value}")
    with database:
        for statement in tables:
            database.execute(statement)
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
            times: list[float] = []
            syncs: list[float] = []
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

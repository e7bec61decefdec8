"""Reads a member's own `ledger.db` again and names whatever is not what the chain makes it.

Laws: a fresh connection (an open one does not see what changed below it); every block is run again,
every row compared with what the blocks make it, by scan and by the key that it is looked up with;
what differs is named by height and field, or by the page where nothing finer can be read. Where a
block does not run, what follows from the blocks after it is not compared, and one finding says so.
No finding means: whatever a flipped bit touched, it changed nothing that anybody reads.
Where bodies are missing (`kernel.ledger.floor`), what stands below the floor is compared with the
headers, which lead there from genesis, and blocks are run from the state at the floor on.
From a kept checkpoint on (`since`): every later block is run again from the state that the
checkpoint's header commits to, every later row compared, and the whole state; blocks, log rows and
pages before it are not read, but for the header at its height, which must be the checkpoint's.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Error, Invalid
from tallystick.chain.block import Effects, Genesis, Tip, apply_block, genesis_state, start
from tallystick.chain.checkpoint import Checkpoint, verify_checkpoint
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.export import CODE_SIZE
from tallystick.chain.member import Members
from tallystick.chain.record import Charter
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.fault import BlockFault, find_fault, show
from tallystick.kernel.ledger.finding import FINDINGS_MAX, Finding, Report, finding_of
from tallystick.kernel.ledger.floor import follow_below, read_floor
from tallystick.kernel.ledger.index import ENTRIES, PLACES, Index, Shorts, short_of
from tallystick.kernel.ledger.kept import Kept, KeptState, keep_state, newest_note
from tallystick.kernel.ledger.pairs import pair_shorts
from tallystick.kernel.ledger.rerun import Progress, take_over
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.signatures import check_ahead
from tallystick.kernel.ledger.tables import read_file
from tallystick.kernel.ledger.unsigned import find_unsigned
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.kinds import find_misfits

__all__ = ["Finding", "Report", "audit_chain"]

FACTS: Final = ("floor", "pruned", "archived", "leapt", "lost")
_TOGETHER: Final = 8_192
_FROM_THE_BLOCKS: Final = "state, head, lists of members, counts and cosignatures"


def audit_chain(
    path: Path,
    charter: Charter,
    *,
    member: str,
    chain: bytes,
    head: tuple[int, Cid] | None = None,
    since: KeptState | None = None,
    keep: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Return what differs between a member's file and the chain it should hold.

    Args:
        path: `ledger.db`.
        charter: every record type with its rule.
        member: whose file it is, for the report.
        chain: the chain's digest; the one fact that is not read from the file.
        head: height and header CID the file must reach: the running node's, or a peer's cosigned
            one. Without it a file that lost its end cannot be told from a shorter chain.
        since: where an earlier audit left off; None to begin at genesis.
        keep: give what a later audit may begin from, at the newest height of authority.
        progress: told how far it is.
    """
    try:
        database = read_file(path)
    except Error as error:
        return Report(member, chain, -1, None, (finding_of(error, -1, "file"),))
    try:
        # One snapshot: blocks that are written meanwhile are no findings.
        database.hold()
        found = _Audit(database, path, charter, chain, progress)
        found.since = since
        found.run(head, keep=keep)
        findings = tuple(found.findings[:FINDINGS_MAX])
        kept = None if findings else found.kept
        return Report(member, chain, found.height, found.header, findings, found.first, kept)
    finally:
        database.close()


def _said(name: object) -> str:
    """Return a name as it reads; one that is damaged as its bytes."""
    if isinstance(name, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            text = name.decode()
            return text if text.isprintable() else show(name)
    return show(name)


class _Audit:
    """One reading of one file."""

    def __init__(
        self,
        database: Database,
        path: Path,
        charter: Charter,
        chain: bytes,
        progress: Progress | None,
    ) -> None:
        self._database = database
        self._path = path
        self._rows = Rows(database)
        self._charter = charter
        self._chain = chain
        self._progress = progress
        self.since: KeptState | None = None
        self.kept: Kept | None = None
        self._newest: tuple[Checkpoint, bytes] | None = None
        self.findings: list[Finding] = []
        self.first = 1
        """The lowest height whose block was run."""
        self.height = -1
        self.header: Cid | None = None
        self._tip: Tip | None = None
        self._state: dict[bytes, bytes] = {}
        self._rosters: dict[int, bytes] = {}
        self._writes = b""
        self._last = 0

    def run(self, head: tuple[int, Cid] | None, *, keep: bool) -> None:
        """Check everything; each part that cannot be read is a finding, and the rest goes on."""
        self._part("schema", self._check_schema)
        self._part("page", self._check_kinds)
        if keep:
            self._part("cosignature", self._find_newest)
        self._part("blocks", self._check_blocks)
        if self._tip is not None:
            self._part("head", self._check_results)
        self._part("aside", self._check_aside)
        self._part("engine", self._check_engine)
        if self.since is None:
            self._part("page", self._check_pages)
        if head is not None:
            self._part("head", lambda: self._check_reaches(*head))

    def _check_results(self) -> None:
        """Compare what follows from all blocks, if the chain was run as far as the file goes."""
        held = self._database.value("SELECT height FROM head WHERE one = 0")
        if held != self._last:
            self._add(self._last, "head", "height", self._last, held)
        if not held == self._last == self.height:
            self._add(self.height, "unchecked", _FROM_THE_BLOCKS, held, self.height)
            return
        self._part("state", self._check_state)
        self._part("head", self._check_head)
        self._part("counts", self._check_counts)
        self._part("roster", self._check_rosters)
        self._part("cosignature", self._check_cosignatures)

    def _part(self, name: str, work: Callable[[], None]) -> None:
        if len(self.findings) >= FINDINGS_MAX:
            return
        try:
            work()
        except Error as error:
            self.findings.append(finding_of(error, self.height, name))

    def _add(self, height: int, field: str, detail: str, *facts: object) -> None:
        if len(self.findings) < FINDINGS_MAX:
            expected, got = facts or ("", "")
            self.findings.append(Finding(height, field, detail, show(expected), show(got)))

    def _compare(self, height: int, field: str, expected: object, got: object) -> None:
        if expected != got or type(expected) is not type(got):
            self._add(height, field, "", expected, got)

    def _check_schema(self) -> None:
        got = self._database.catalogue()
        expected = Database.catalogue_of(layout.SCHEMA)
        for name in sorted(expected.keys() | got.keys()):
            if expected.get(name) != got.get(name):
                self._add(-1, "schema", _said(name))
        version = self._database.value("SELECT version FROM part WHERE name = 'ledger'")
        self._compare(-1, "version", layout.VERSION, version)

    def _check_kinds(self) -> None:
        since, wheres = self.since, dict[str, str]()
        if since is not None:
            later = f"height > {since.tip.height}"
            wheres = dict.fromkeys(("block", "roster", "cosignature"), later)
            wheres |= {"log": f"first >= {since.tip.peaks.size}"}
            # Each later entry is looked up by what it must be.
            wheres |= dict.fromkeys(ENTRIES.tables, "false")
        for table, detail in find_misfits(self._database, wheres):
            self._add(-1, table, detail)

    def _check_blocks(self) -> None:
        genesis = self._rows.genesis()
        if genesis.chain != self._chain:
            self._add(0, "genesis", "", self._chain, genesis.chain)
            return
        last = self._last = self._database.value("SELECT max(height) FROM block") or 0
        tip = self._start(genesis)
        if tip is None:
            return
        self._reach(tip)
        for height in range(tip.height + 1, last + 1):
            effects = self._check_block(height, tip)
            if effects is None:
                self._check_unrun(height + 1)
                return
            self._check_log(effects, tip.peaks.size)
            take_over(self._state, effects)
            if effects.tip.members.cid != tip.members.cid:
                self._rosters[height] = effects.tip.members.data
            self._writes = effects.writes_root
            tip = effects.tip
            self._reach(tip)
            if self._progress is not None:
                self._progress(height, last)

    def _start(self, genesis: Genesis) -> Tip | None:
        """Return where the run begins: genesis, the floor or a kept checkpoint the file has."""
        floor = self._rows.floor()
        if self.since is not None and self.since.tip.height < floor:
            # What lies between cannot be run here; the header must still be the checkpoint's.
            held, told = cid_of(self._rows.header(self.since.tip.height)), self.since.tip
            self._compare(told.height, "header", told.cid, held)
            self.since = None
        self.first = (self.since.tip.height if self.since is not None else floor) + 1
        if self.since is None and floor:
            return self._rise(genesis, floor)
        if self.since is None:
            self._state, self._rosters[0] = genesis_state(genesis), genesis.members.data
            return start(genesis)
        tip = self.since.tip
        if tip.height > self._last:
            self._add(
                self._last, "head", "the chain ends before the checkpoint", tip.height, self._last
            )
            return None
        held = cid_of(self._rows.header(tip.height))
        if held != tip.cid:
            self._add(tip.height, "header", "not the kept checkpoint's", tip.cid, held)
            return None
        # The header that the checkpoint's names as its `prev` names the list that signed it.
        verify_checkpoint(
            self.since.note,
            name=genesis.fields["name"],
            chain=genesis.chain,
            members=self._list_at(tip),
        )
        named = "SELECT max(height) FROM roster WHERE height <= ?"
        self._rosters[self._database.value(named, (tip.height,))] = tip.members.data
        self._state, self._writes = dict(self.since.pairs), self.since.writes
        return replace(tip, genesis=genesis)

    def _rise(self, genesis: Genesis, floor: int) -> Tip:
        """Compare what stands below the floor with the headers, and begin from the state there."""
        kept = read_floor(self._rows, self._path)
        self._rosters[0] = genesis.members.data
        for below in follow_below(self._rows, genesis, floor):
            tip = below.effects.tip
            self._check_log(below.effects, below.before.peaks.size)
            if tip.members.cid != below.before.members.cid:
                self._rosters[tip.height] = tip.members.data
            if self._progress is not None:
                self._progress(tip.height, self._last)
        self._state, self._writes = dict(kept.pairs), kept.writes
        return replace(kept.tip, genesis=genesis)

    def _list_at(self, tip: Tip) -> Members:
        """Return the list in force at a checkpoint's height, by the chain of headers below it."""
        prev: Cid = layout.header_fields(self._rows.header(tip.height))["prev"]
        found = self._rows.members(tip.height - 1)
        before = cid_of(self._rows.header(tip.height - 1)) if tip.height > 1 else None
        if before not in (None, prev):
            raise layout.corrupt(f"header {tip.height - 1}", field="header", height=tip.height - 1)
        return found

    def _find_newest(self) -> None:
        self._newest = newest_note(self._rows)

    def _reach(self, tip: Tip) -> None:
        self._tip, self.height, self.header = tip, tip.height, tip.cid
        if self._newest is not None and self._newest[0].body.height == tip.height:
            checkpoint, note = self._newest
            if checkpoint.body.header == tip.cid:
                header = self._rows.header(tip.height)
                state = keep_state(header, self._writes, tip, self._state)
                self.kept = Kept(tip.height, note, state)

    def _check_block(self, height: int, tip: Tip) -> Effects | None:
        """Run a block as it stands in its row; None if it does not run."""
        row = self._database.row(
            "SELECT digest, header, body, tally FROM block WHERE height = ?", (height,)
        )
        if row is None or not layout.is_row(row, bytes, bytes, bytes, bytes):
            self._add(height, "block", "no such row")
            return None
        digest, header, body, tally = row
        data = layout.join_block(header, body)
        try:
            effects = apply_block(data, tip, self._state.get, self._charter, check_ahead)
        except Invalid as error:
            self._name(find_fault(data, tip, self._state.get, self._charter, error))
            return None
        held = layout.block_check(header, body) == tally
        if cid_of(header).digest != digest:
            # The header's nonce is free: its hash alone shows a flip there.
            self._add(height, "digest" if held else "header", "nonce or digest")
            return effects if held else None
        if not held:
            self._add(height, "tally", "", layout.block_check(header, body), tally)
        found = self._database.value("SELECT height FROM block WHERE digest = ?", (digest,))
        self._compare(height, "digest", height, found)
        return effects

    def _name(self, fault: BlockFault) -> None:
        detail = f"transaction {fault.index}" if fault.index >= 0 else ""
        self._add(fault.height, fault.field, detail, fault.expected, fault.got)

    def _check_unrun(self, first: int) -> None:
        """Check by their own sums the blocks after one that does not run."""
        expected = first
        query = "SELECT height FROM block WHERE height >= ? ORDER BY height"
        for (height,) in self._database.scan(query, (first,)):
            if height > expected:
                # Named once: a height may be any number.
                self._add(expected, "block", "no such row")
            expected = height + 1
            try:
                self._rows.block(height)
            except Error as error:
                self.findings.append(finding_of(error, height, "block"))
            if len(self.findings) >= FINDINGS_MAX:
                return

    def _check_log(self, effects: Effects, first: int) -> None:
        """Compare a block's part of the log, looked up by its first and its last leaf."""
        height = effects.tip.height
        for position in (first, first + len(effects.tids) - 1):
            row = self._database.row(
                "SELECT first, height, tids, codes, nodes FROM log WHERE first <= ?"
                " ORDER BY first DESC LIMIT 1",
                (position,),
            )
            if row is None or row[:2] != (first, height):
                self._add(height, "log", f"row of position {position}", f"{first}, {height}", row)
                return
            codes = layout.code_items(effects.codes)
            self._check_parts(height, "entry", b"".join(effects.tids), DIGEST_SIZE, row[2])
            self._check_parts(height, "code", codes, CODE_SIZE, row[3])
            self._check_parts(height, "node", b"".join(effects.nodes), DIGEST_SIZE, row[4])
        for index, tid in enumerate(effects.tids):
            short, position = short_of(tid), first + index
            held = ENTRIES.find(self._database, short)
            if not any(type(place) is int and place == position for place in held):
                self._add(height, "entry", f"place of transaction {index}", position, held)

    def _check_parts(self, height: int, field: str, whole: bytes, size: int, got: Any) -> None:  # noqa: ANN401 - an unchecked column
        """Compare what was kept as one of parts of one size; name each that differs."""
        if got == whole:
            return
        if type(got) is not bytes or len(got) != len(whole):
            self._add(height, field, "length or type")
            return
        for at in range(0, len(whole), size):
            part, held = whole[at : at + size], got[at : at + size]
            if held != part:
                self._add(height, field, f"{field} {at // size} of the block", part, held)

    def _check_state(self) -> None:
        """Compare the rows with the state, then where each is found with where it stands."""
        left, found = dict(self._state), {}
        rows = self._database.scan("SELECT position, name, value, tally FROM pair")
        while batch := list(itertools.islice(rows, _TOGETHER)):
            known, pairs = list[tuple[Any, ...]](), list[tuple[bytes, bytes]]()
            for row in batch:
                key = row[1]
                if key in left:
                    known.append(row)
                    pairs.append((key, left.pop(key)))
                else:
                    self._add(self.height, "state", f"key {show(key)}", "none, or one row", "a row")
            checks = layout.pair_checks(pairs)
            for row, (key, expected), check in zip(known, pairs, checks, strict=True):
                found[row[0]] = key
                if row[2:] != (expected, check):
                    self._add(self.height, "state", f"key {show(key)}", expected, row[2])
        for key, value in sorted(left.items()):
            self._add(self.height, "state", f"key {show(key)}", value, "no row")
        self._check_index("state", PLACES, pair_shorts(list(found.values())), list(found))

    def _check_index(
        self, field: str, index: Index, shorts: Shorts, positions: Sequence[int]
    ) -> None:
        """Compare all entries of an index with those that there should be, each once."""
        if index.is_just(self._database, shorts, positions):
            return
        expected = set(zip(shorts.tolist(), positions, strict=True))
        for entry in index.scan(self._database):
            if entry not in expected:
                self._add(self.height, field, f"{field} at {show(entry)}", "none", "an entry")
            expected.discard(entry)
        for short, position in sorted(expected):
            self._add(self.height, field, f"{field} at {position}", short, "no entry")

    def _check_head(self) -> None:
        assert self._tip is not None
        row = self._database.row("SELECT height, lanes, writes FROM head WHERE one = 0")
        got = row or (None, None, None)
        expected = (self._tip.height, self._tip.lanes, self._writes)
        for name, a, b in zip(("height", "lanes", "writes_root"), expected, got, strict=True):
            if a != b:
                self._add(self.height, "head", name)

    def _check_counts(self) -> None:
        assert self._tip is not None
        since = 0 if self.since is None else self.since.tip.height
        later = len([height for height in self._rosters if height > since])
        expected = {
            f"block WHERE height > {since}": self._tip.height - since,
            f"log WHERE height > {since}": self._tip.height - since,
            "pair": len(self._state),
            f"roster WHERE height > {since}": later,
            "roster WHERE height <= 0": 1,
            "head": 1,
            "fact": 1 + sum(self._rows.fact(name) is not None for name in FACTS),
        }
        for table, count in expected.items():
            got = self._database.value(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own names
            self._compare(self.height, f"{table.partition(' ')[0]} rows", count, got)
        if self.since is None:
            # No index leads from a position to its entry: each later one was looked up already.
            got = ENTRIES.count(self._database)
            self._compare(self.height, "entry rows", self._tip.peaks.size, got)

    def _check_rosters(self) -> None:
        for height, data in self._rosters.items():
            held = self._database.value("SELECT data FROM roster WHERE height = ?", (height,))
            if held != data:
                self._add(height, "members", "list in force after this height")

    def _check_cosignatures(self) -> None:
        assert self._tip is not None
        above = None if self.since is None else self.since.tip.height
        found = find_unsigned(self._rows, self._tip.genesis, self._rosters, above)
        for height, member in found:
            self._add(height, "cosignature", _said(member))

    def _check_engine(self) -> None:
        """Compare the rows of an engine with their own sums: no block tells what they hold."""
        tables = {"engine": "own, height", "misbehaviour": "height, address, kind, time"}
        for table, columns in tables.items():
            rows = self._database.scan(f"SELECT {columns}, tally FROM {table}")  # noqa: S608 - our own names
            for *row, tally in rows:
                kinds = (int, bytes, int, int) if table == "misbehaviour" else (int, int)
                if not layout.is_row(row, *kinds) or layout.engine_check(*row) != tally:
                    self._add(row[0] if type(row[0]) is int else -1, table, "")

    def _check_aside(self) -> None:
        for height, fault, _ in self._database.scan("SELECT height, fault, data FROM aside"):
            try:
                BlockFault.read(fault)
            except (Invalid, TypeError) as error:
                raise layout.corrupt(f"aside {height}", field="aside") from error

    def _check_pages(self) -> None:
        for (message,) in self._database.rows("PRAGMA integrity_check(100)"):
            if message != b"ok":
                self._add(-1, "page", message.decode(errors="replace"))

    def _check_reaches(self, height: int, header: Cid) -> None:
        """Compare with the head that the file must reach, blocks that do not run included."""
        if self._last < height:
            self._add(self._last, "head", "the chain ends early", height, self._last)
        elif self.height == height:
            self._compare(height, "head", header, self.header)
        elif all(finding.height != height for finding in self.findings):
            self._compare(height, "head", header, cid_of(self._rows.header(height)))

"""Rows of `ledger.db`, each checked as it is read: what comes out is what was written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.chain.block import Genesis
from tallystick.chain.checkpoint import Body, origin_of
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.member import Members
from tallystick.chain.merkle import leaf_hash
from tallystick.chain.span import Span
from tallystick.chain.state import LANES_SIZE
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.index import ENTRIES, short_of
from tallystick.kernel.ledger.layout import corrupt, is_row, node_count
from tallystick.kernel.ledger.pairs import read_pair, read_pairs
from tallystick.kernel.store.database import Database

__all__ = ["Rows", "cut_node"]

_FACT: Final = codec.tuple_of(codec.value, codec.octets(8, 8))


class Rows:
    """The tables of one file, read on one connection."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def genesis(self) -> Genesis:
        """Return what the chain begins with."""
        data = self.database.value("SELECT value FROM fact WHERE name = 'genesis'")
        members = self.database.value("SELECT data FROM roster WHERE height = 0")
        try:
            return Genesis.read(data, members)
        except (Invalid, TypeError) as error:
            raise corrupt("genesis", field="genesis", height=0) from error

    def head(self) -> tuple[int, bytes, bytes]:
        """Return height, lanes and writes_root of the head."""
        row = self.database.row("SELECT height, lanes, writes FROM head WHERE one = 0")
        if row is None or not is_row(row, int, bytes, bytes) or len(row[1]) != LANES_SIZE:
            raise corrupt("head", field="head")
        return row

    def state(self, key: bytes) -> bytes | None:
        """Return the value of a key of the state."""
        return read_pair(self.database, key)

    def states(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield (key, value) of those of some keys that the state holds."""
        return read_pairs(self.database, keys)

    def fact(self, name: str) -> Any:  # noqa: ANN401 - each fact has its own type
        """Return what is kept under a name beside genesis, None if nothing is."""
        data = self.database.value("SELECT value FROM fact WHERE name = ?", (name,))
        if data is None:
            return None
        try:
            value, check = codec.decode(data, _FACT)
        except (Invalid, TypeError) as error:
            raise corrupt(f"fact {name}", field="fact") from error
        if check != layout.engine_check(name, value):
            raise corrupt(f"fact {name}", field="fact")
        return value

    def floor(self) -> int:
        """Return the height at and below which bodies may be missing; 0 where all are held."""
        return self._height_fact("floor")

    def pruned(self) -> int:
        """Return the height at and below which bodies were given away for good."""
        return self._height_fact("pruned")

    def leapt(self) -> int:
        """Return the height up to which the state was taken over on others' word, not run."""
        return self._height_fact("leapt")

    def lost(self) -> list[int]:
        """Return the heights whose bodies a repair found nobody to give, and which still lack."""
        last = self._height_fact("lost")
        return [at for at in self.holes(self.pruned(), last) if at <= last] if last else []

    def _height_fact(self, name: str) -> int:
        found = self.fact(name)
        if found is not None and type(found) is not int:
            raise corrupt(f"fact {name}", field="fact")
        return found or 0

    def holes(self, above: int, count: int) -> list[int]:
        """Return the lowest heights beyond `above` whose bodies are not held, ascending."""
        rows = self.database.rows(
            "SELECT height FROM block WHERE height > ? AND height <= ? AND length(body) = 0"
            " ORDER BY height LIMIT ?",
            (above, self.floor(), count),
        )
        return [height for (height,) in rows]

    def holds(self, height: int) -> bool:
        """Tell whether the body of the block at a height is held, unread."""
        query = "SELECT length(body) FROM block WHERE height = ?"
        return bool(self.database.value(query, (height,)))

    def lowest(self) -> int:
        """Return the height from which on all bodies are held."""
        query = "SELECT max(height) FROM block WHERE height <= ? AND length(body) = 0"
        found = self.database.value(query, (self.floor(),)) if self.floor() else None
        return 1 if found is None else found + 1

    def span(self, height: int) -> Span:
        """Return what stands in for a block: its header, ids and results, and a changed list."""
        header = self.header(height)
        fields = layout.header_fields(header)
        first = fields["log_size"] - fields["tx_count"]
        row = self.database.row("SELECT height, tids, codes FROM log WHERE first = ?", (first,))
        if row is None or not is_row(row, int, bytes, bytes) or row[0] != height:
            raise corrupt(f"log of block {height}", field="log", height=height)
        listed = self.database.value("SELECT data FROM roster WHERE height = ?", (height,))
        return Span(header, row[1], row[2], listed or b"")

    def header(self, place: int | Cid) -> bytes:
        """Return the header at a height >= 1 or of a CID."""
        if isinstance(place, int):
            row = self.database.row("SELECT digest, header FROM block WHERE height = ?", (place,))
        else:
            row = self.database.row(
                "SELECT digest, header FROM block WHERE digest = ?", (place.digest,)
            )
        if row is None:
            raise _no_block(place)
        return self._header(place, *row)

    def _header(self, place: int | Cid, digest: Any, header: Any) -> bytes:  # noqa: ANN401 - unchecked columns
        if type(header) is not bytes or cid_of(header).digest != digest:
            raise corrupt(f"header of block {place}", field="header", height=place)
        return header

    def block(self, height: int) -> tuple[bytes, bytes]:
        """Return header and rest of the block at a height >= 1."""
        row = self.database.row(
            "SELECT digest, header, body, tally FROM block WHERE height = ?", (height,)
        )
        if row is None:
            raise _no_block(height)
        digest, header, body, tally = row
        header = self._header(height, digest, header)
        if type(body) is not bytes or layout.block_check(header, body) != tally:
            raise corrupt(f"body of block {height}", field="body", height=height)
        if not body:
            raise self._missing_body(height)
        return header, body

    def _missing_body(self, height: int) -> Error:
        if height > self.floor():
            return corrupt(f"body of block {height}", field="body", height=height)
        return NotFound(
            "ledger.pruned",
            f"the body of block {height} is not held here",
            cure="Ask another member, or take in the archive: tally chain import.",
            height=height,
        )

    def members(self, height: int) -> Members:
        """Return the list that the header at `height` names."""
        data = self.database.value(
            "SELECT data FROM roster WHERE height <= ? ORDER BY height DESC LIMIT 1", (height,)
        )
        try:
            found = Members.read(data)
        except (Invalid, TypeError) as error:
            raise corrupt(f"members at {height}", field="members", height=height) from error
        if height:
            named = layout.header_fields(self.header(height))["members"]
        else:
            named = self.genesis().fields["members"]
        if found.cid != named:
            raise corrupt(f"members at {height}", field="members", height=height)
        return found

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the log's 2^level leaves from index 2^level on."""
        last = ((index + 1) << level) - 1
        first, _, nodes = self.nodes(last)
        return cut_node(first, nodes, level, last)

    def nodes(self, position: int) -> tuple[int, int, bytes]:
        """Return the first place, the place behind the last, and the nodes of a place's block."""
        row = self.database.row(
            "SELECT first, first + length(tids) / 32, nodes FROM log"
            " WHERE first <= ? ORDER BY first DESC LIMIT 1",
            (position,),
        )
        if row is None or not is_row(row, int, int, bytes):
            raise corrupt(f"log nodes of {position}", field="node", position=position)
        return row

    def entry(self, position: int) -> Result:
        """Return the transaction at a place of the log."""
        row = self.database.row(
            "SELECT substr(tids, 32 * (?1 - first) + 1, 32), height, ?1 - first,"
            " substr(codes, 2 * (?1 - first) + 1, 2), ?1"
            " FROM log WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
            (position,),
        )
        if row is None or not row[0]:
            raise NotFound(
                "ledger.no_entry", f"no log entry {position}", cure="Ask within the log."
            )
        return self._checked(row)

    def entry_of(self, tid: bytes) -> Result | None:
        """Return where a transaction stands, None if it is in no block."""
        for position in ENTRIES.find(self.database, short_of(tid)):
            try:
                found = self.entry(position)
            except NotFound as error:
                raise corrupt(f"entry {position}", field="entry") from error
            if found.tid == tid:
                return found
        return None

    def _checked(self, row: tuple[Any, ...]) -> Result:
        """Return an entry that hashes to its leaf."""
        if not is_row(row, bytes, int, int, bytes, int):
            raise corrupt(f"entry {row[4]}", field="entry")
        tid, height, index, code, position = row
        found = Result(tid, height, index, int.from_bytes(code, "big"), position)
        before = found.height - 1
        try:
            header = self.header(before) if before else self.genesis().data
        except NotFound as error:
            raise corrupt(f"entry {found.position}", field="entry") from error
        self.leaf(found, header)
        return found

    def leaf(self, entry: Result, before: bytes) -> bytes:
        """Return the bytes of an entry's leaf; `before` is the header before its block."""
        fields = layout.header_fields(self.header(entry.height))
        row = [entry.height, entry.index, fields["time"], entry.code, entry.tid, cid_of(before)]
        leaf = encode(row)
        if leaf_hash(leaf) != self.node(0, entry.position):
            raise corrupt(f"entry {entry.position}", field="entry", height=entry.height)
        return leaf

    def body(self, height: int, genesis: Genesis) -> Body:
        """Return what a checkpoint at `height` >= 1 of the file's chain states."""
        header = self.header(height)
        fields = layout.header_fields(header)
        origin = origin_of(genesis.fields["name"], genesis.chain)
        return Body(origin, fields["log_size"], fields["log_root"], height, cid_of(header))

    def handovers(self) -> list[int]:
        """Return the heights whose blocks changed the list of members, ascending."""
        rows = self.database.rows("SELECT height FROM roster WHERE height > 0 ORDER BY height")
        return [height for (height,) in rows]

    def leaves(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the bytes of `count` leaves of the log from a place on, each as it was hashed."""
        at, end = first, first + count
        while at < end:
            row = self.database.row(
                "SELECT first, height, tids, codes, nodes FROM log WHERE first <= ?"
                " ORDER BY first DESC LIMIT 1",
                (at,),
            )
            if row is None or not is_row(row, int, int, bytes, bytes, bytes):
                raise corrupt(f"entry {at}", field="entry")
            start, height, tids, codes, nodes = row
            try:
                time = layout.header_fields(self.header(height))["time"]
                prev = cid_of(self.header(height - 1) if height > 1 else self.genesis().data)
            except NotFound as error:
                raise corrupt(f"entry {at}", field="entry", height=height) from error
            behind = min(end, start + len(tids) // DIGEST_SIZE)
            if behind <= at or len(codes) * DIGEST_SIZE != len(tids) * 2:
                raise corrupt(f"entry {at}", field="entry", height=height)
            for place in range(at, behind):
                index = place - start
                code = int.from_bytes(codes[2 * index : 2 * index + 2], "big")
                tid = tids[DIGEST_SIZE * index : DIGEST_SIZE * (index + 1)]
                leaf = encode([height, index, time, code, tid, prev])
                if leaf_hash(leaf) != cut_node(start, nodes, 0, place):
                    raise corrupt(f"entry {place}", field="entry", height=height)
                yield leaf
            at = behind

    def cosignatures(self, height: int) -> dict[str, str]:
        """Return the checkpoint lines kept for a height, by member."""
        rows = self.database.rows(
            "SELECT member, line FROM cosignature WHERE height = ?", (height,)
        )
        try:
            return {member.decode(): line.decode() for member, line in rows}
        except (AttributeError, UnicodeDecodeError) as error:
            raise corrupt(f"cosignatures of {height}", field="cosignature") from error

    def lines(self, first: int, count: int) -> tuple[list[tuple[int, str, str]], int]:
        """Return the lines of the next `count` heights from `first` on, and where to go on; 0: end.

        A row that has no reading is passed over: the audit names it.
        """
        query = "SELECT DISTINCT height FROM cosignature WHERE height >= ? ORDER BY height LIMIT ?"
        heights = [at for (at,) in self.database.rows(query, (first, count)) if type(at) is int]
        last = max(heights, default=0)
        query = "SELECT height, member, line FROM cosignature WHERE height BETWEEN ? AND ?"
        found = []
        for height, member, line in self.database.rows(query, (first, last)):
            with contextlib.suppress(AttributeError, UnicodeDecodeError):
                found.append((height, member.decode(), line.decode()))
        return found, last + 1 if len(heights) == count else 0

    def cosigned(self, above: int) -> dict[str, int]:
        """Return the greatest height beyond `above` that each member's kept lines are for."""
        rows = self.database.rows(
            "SELECT member, max(height) FROM cosignature WHERE height > ? GROUP BY member", (above,)
        )
        return {member.decode(errors="replace"): height for member, height in rows}

    def stored(self, height: int) -> bytes:
        """Return the block at a height as the file has it, unchecked: for telling what is wrong.

        Raises:
            NotFound: `ledger.no_block`; Corrupt: a column is no bytes.
        """
        row = self.database.row("SELECT header, body FROM block WHERE height = ?", (height,))
        if row is None:
            raise _no_block(height)
        if not is_row(row, bytes, bytes):
            raise corrupt(f"block {height}", field="block", height=height)
        return layout.join_block(*row)


def cut_node(first: int, nodes: bytes, level: int, last: int) -> bytes:
    """Return the root that the leaf at `last` closes at a level, from its block's nodes.

    Args:
        first: the place of the block's first leaf.
        nodes: all roots that the block's leaves close.
        level: of the subtree.
        last: the place of its last leaf.
    """
    start = (node_count(last) + level - node_count(first)) * DIGEST_SIZE
    found = nodes[start : start + DIGEST_SIZE]
    if len(found) != DIGEST_SIZE:
        raise corrupt(f"log node {level}, {last >> level}", field="node", position=last)
    return found


def _no_block(place: object) -> NotFound:
    return NotFound("ledger.no_block", f"no block {place} here", cure="Ask within the chain.")

"""Real members that keep objects in each of the four ways.

A member has a chain, a store of blocks and a folder of shards, and answers by the link: in memory
(`open_circle`), or over signed HTTP from a process of its own (`bizi_processes.py`). Whoever puts
and reads (`Client`) stands outside and keeps nothing. A lost member's folder is removed and its
process ended. What is read counts if it is, byte for byte, what was put.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bizi_ways import Way, draw_name

from tallystick.base import codec
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.block import Genesis, read_block
from tallystick.chain.member import Key, Member, Members
from tallystick.chain.record import Admission, Charter, Code, RecordType
from tallystick.chain.transaction import sign_transaction
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Handlers, Link
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.blocks import open_blocks
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.store.keeping import Note, import_archive
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.reading import Reader
from tallystick.kernel.store.spread.repairing import repair_object
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import collect, import_file
from tallystick.kernel.store.unixfs.reader import read_file
from tallystick.kernel.store.zigzag.profile import find_profile

__all__ = [
    "BLOCK",
    "BUNDLE",
    "CLIENT",
    "PART_BYTES",
    "Circle",
    "Client",
    "Keeper",
    "Kept",
    "Outside",
    "Peers",
    "bytes_held",
    "key_of",
    "make_archive",
    "make_note",
    "open_circle",
    "split_records",
]

START_MS: Final = 1_790_000_000_000
CLIENT: Final = "client"
PART_BYTES: Final = 8_000
"""Of an object: what one record of the ledger carries."""
BUNDLE: Final = 31
"""Such records of one transaction."""
BLOCK: Final = 15
"""Such transactions of one block."""
_ID: Final = codec.octets(16, 16)


def _admit(offered: Admission) -> int:
    del offered
    return Code.ADMITTED


def _type(**fields: codec.Check) -> RecordType:
    return RecordType(codec.shape(fields), {}, {}, frozenset(), _admit)


CHARTER: Final[Charter] = {
    ("bytes.made", 1): _type(data=codec.octets(PART_BYTES)),
    ("object.made", 1): _type(object=codec.cid),
}


def key_of(name: str) -> SigningKey:
    """Return a member's key."""
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def _found_chain() -> Genesis:
    """Return the genesis of a chain on which the client alone writes."""
    members = Members.of([Member(CLIENT, "bank", (Key(1, "tx", 1, key_of(CLIENT).public, 0),))])
    fields: dict[str, codec.Value] = {
        "v": 1,
        "suite": 1,
        "kind": "bench",
        "name": "bizi",
        "time": START_MS - 1,
        "salt": bytes(32),
        "target": b"\xff" * 32,
        "limits": {},
        "rules": {},
        "seeded": 1,
        "members": members.cid,
    }
    return Genesis.read(encode(fields), members.data)


class Keeper:
    """One member's folder, and what it answers."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        genesis = _found_chain()
        path = folder / "ledger.db"
        self.replica = Replica.create(path, genesis.data, genesis.members.data, CHARTER)
        self._store = SqliteStore(folder / "store.db")
        self.blocks = open_blocks(self._store, folder / "store.db")
        self.holding = Holding(folder / "shards")

    def serve(self, link: Link) -> None:
        """Answer by a link."""

        def accept(_: str, payload: bytes) -> bytes:
            self.replica.accept(payload)
            return b""

        def block(_: str, payload: bytes) -> bytes:
            return self.replica.block(int(payload))

        def pin(_: str, payload: bytes) -> bytes:
            archive = open_archive(lambda at, size: payload[at : at + size], len(payload))
            import_archive(self.blocks, archive, Note())
            return b""

        def part(_: str, payload: bytes) -> bytes:
            return self.blocks.get(IpfsCid(payload))

        own: Handlers = {
            "bizi.accept": accept,
            "bizi.block": block,
            "bizi.pin": pin,
            "bizi.part": part,
        }
        link.serve(own)
        Ring(link, self.holding)

    def close(self) -> None:
        """Close its files."""
        self.replica.close()
        self.blocks.database.close()
        self._store.close()


def bytes_held(folder: Path) -> dict[str, int]:
    """Return the bytes of a closed member's files: of its chain, its blocks, its shards."""
    shards = sum(path.stat().st_size for path in folder.glob("shards/*/*"))
    sizes = {part: (folder / f"{part}.db").stat().st_size for part in ("ledger", "store")}
    return {**sizes, "shards": shards}


@dataclass(frozen=True, slots=True)
class Kept:
    """An object that was put in one way, and where the way says it is.

    Attributes:
        way: how.
        identifier: 16 bytes, drawn for it.
        digest: SHA-256 of its bytes.
        where: heights of the chain, a file's CID, or a manifest's, as the way goes.
    """

    way: Way
    identifier: bytes
    digest: bytes
    where: tuple[int, ...] | IpfsCid | Cid

    def is_left(self, names: Sequence[str], alive: Sequence[str]) -> bool:
        """Return what the definition says: whether it is readable while these are alive."""
        holders = self.way.holders(names, self.identifier)
        return len({*holders} & {*alive}) >= self.way.needed


class Outside(Ring):
    """All members that hold shards, asked by somebody who holds none."""

    def __init__(self, link: Link, folder: Path) -> None:
        super().__init__(link, Holding(folder))

    def members(self) -> list[str]:
        """Return the names of those who hold."""
        return self.link.peers()


def split_records(identifier: bytes, data: bytes) -> list[bytes]:
    """Return an object's bytes as records of the ledger."""
    cuts = range(0, max(len(data), 1), PART_BYTES)
    return [
        _record("bytes.made", identifier, at, {"data": data[at : at + PART_BYTES]}) for at in cuts
    ]


def make_note(identifier: bytes, manifest: Cid) -> bytes:
    """Return the record of the ledger that names an object by its manifest."""
    return _record("object.made", identifier, 0, {"object": manifest})


def _record(kind: str, identifier: bytes, at: int, pub: dict[str, codec.Value]) -> bytes:
    name = hashlib.sha256(identifier + at.to_bytes(8, "big")).digest()[:16]
    return encode({"t": kind, "rv": 1, "id": name, "pub": pub})


def make_archive(data: bytes) -> tuple[IpfsCid, bytes]:
    """Return a file as IPFS names it, and its archive."""
    made, blocks = collect(import_file(io.BytesIO(data)))
    return made.cid, b"".join(write_archive(Dag(blocks.__getitem__), [made.cid]))


class Client:
    """Puts and reads from outside; orders the chain, of which its own copy is not counted."""

    def __init__(self, link: Link, folder: Path, code: str) -> None:
        self.link = link
        self.code = find_profile(code)
        folder.mkdir(parents=True)
        genesis = _found_chain()
        path = folder / "ledger.db"
        self.replica = Replica.create(path, genesis.data, genesis.members.data, CHARTER)
        self._clock, self._seq = ManualClock(START_MS), 0
        self._orderer = Orderer(self.replica, CLIENT, self._clock, SeededEntropy("bizi"))
        self.ring = Outside(link, folder / "shards")

    def close(self) -> None:
        """End."""
        self._orderer.close()
        self.replica.close()
        self.link.close()

    def put(self, way: Way, identifier: bytes, data: bytes) -> Kept:
        """Put an object in a way."""
        where: tuple[int, ...] | IpfsCid | Cid
        if way.name == "ledger":
            where = self._order(split_records(identifier, data))
        elif way.name == "ipfs":
            where, archive = make_archive(data)
            for name in way.holders(self.link.peers(), identifier):
                self.link.call(name, "bizi.pin", archive)
        else:
            content = data if way.name == "zigzag" else make_archive(data)[1]
            done = put_object(self.ring, io.BytesIO(content), identifier, self.code)
            assert not done.missing
            where = done.manifest.cid
            if way.name == "together":
                where = self._order([make_note(identifier, where)])
        return Kept(way, identifier, hashlib.sha256(data).digest(), where)

    def _order(self, records: Sequence[bytes]) -> tuple[int, ...]:
        """Put records on the chain of every member; return the heights."""
        signed = [self.sign(records[at : at + BUNDLE]) for at in range(0, len(records), BUNDLE)]
        heights = []
        for at in range(0, len(signed), BLOCK):
            block = self.seal(signed[at : at + BLOCK])
            heights.append(self.replica.tip.height)
            for name in self.link.peers():
                self.link.call(name, "bizi.accept", block)
        return tuple(heights)

    def seal(self, signed: Sequence[bytes]) -> bytes:
        """Return the next block of the chain, of some transactions."""
        self._clock.advance(5)
        for each in signed:
            self._orderer.submit(each)
        self._orderer.cut()
        return self.replica.block(self.replica.tip.height)

    def sign(self, records: Sequence[bytes]) -> bytes:
        """Return a transaction of the chain."""
        self._seq += 1
        return sign_transaction(
            key_of(CLIENT),
            records,
            chain=self.replica.genesis.chain,
            member=CLIENT,
            number=1,
            seq=self._seq,
            not_after=self._clock.now_ms() + 3_600_000,
        )

    def reads(self, kept: Kept) -> bool:
        """Tell whether an object is given back, byte for byte, by whoever is there."""
        try:
            found = self._read(kept)
        except Error:
            # Too little of it is left, which is what is asked here.
            return False
        return hashlib.sha256(found).digest() == kept.digest

    def _read(self, kept: Kept) -> bytes:
        where = kept.where
        if isinstance(where, IpfsCid):
            return b"".join(read_file(Dag(self._part), where))
        if kept.way.name == "ledger":
            assert isinstance(where, tuple)
            return b"".join(each["pub"]["data"] for height in where for each in self._told(height))
        with Reader(self.ring, self._find_manifest(kept), hedge_s=20) as reader:
            found = b"".join(reader.read())
        if kept.way.name == "zigzag":
            return found
        archive = open_archive(lambda at, size: found[at : at + size], len(found))
        return b"".join(read_file(Dag(archive.get), archive.roots[0]))

    def mend(self, kept: Kept) -> None:
        """Make an object's lost shards anew, if enough are left of it."""
        with contextlib.suppress(Error):
            repair_object(self.ring, self._find_manifest(kept), hedge_s=20)

    def _find_manifest(self, kept: Kept) -> Manifest:
        where = kept.where
        if isinstance(where, tuple):
            (told,) = self._told(where[0])
            where = told["pub"]["object"]
        assert isinstance(where, Cid)
        return self.ring.find_manifest(where)

    def _told(self, height: int) -> Iterator[dict]:  # type: ignore[type-arg]
        _, _, transactions = read_block(self._ask("bizi.block", str(height).encode()))
        for each in transactions:
            yield from (codec.decode(record, schema.RECORD) for record in each.records)

    def _part(self, cid: IpfsCid) -> bytes:
        return self._ask("bizi.part", cid.raw)

    def _ask(self, method: str, payload: bytes) -> bytes:
        """Return the first member's answer who has one."""
        found: Error | None = None
        for name in self.link.peers():
            try:
                return self.link.call(name, method, payload)
            except Error as error:
                found = error
        assert found is not None
        raise found


@dataclass
class Circle:
    """Members, and whoever asks them from outside."""

    client: Client
    folders: dict[str, Path]
    ends: dict[str, Callable[[], None]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Return the names of all members, lost ones too."""
        return sorted(self.folders)

    def lose(self, name: str) -> None:
        """End a member and remove what it held."""
        self.ends.pop(name)()
        shutil.rmtree(self.folders[name])

    def close(self) -> None:
        """End whoever is left."""
        for name in list(self.ends):
            self.ends.pop(name)()


class Peers:
    """A link whose peers are given: lost ones stay among them, as members do."""

    def __init__(self, link: Link, names: Sequence[str]) -> None:
        self._link = link
        self._names = [*names]
        self.member, self.serve = link.member, link.serve
        self.call, self.ask = link.call, link.ask
        self.close = link.close

    def peers(self) -> list[str]:
        """Return the names given."""
        return self._names


@contextmanager
def open_circle(count: int, folder: Path, code: str) -> Iterator[Circle]:
    """Open members in this process."""
    network, names = Network(), [draw_name(number) for number in range(count)]
    client = Client(Peers(network.join(CLIENT), names), folder / CLIENT, code)
    circle = Circle(client, {name: folder / name for name in names})
    for name in names:
        keeper = Keeper(folder / name)
        keeper.serve(network.join(name))

        def end(name: str = name, keeper: Keeper = keeper) -> None:
            network.leave(name)
            keeper.close()

        circle.ends[name] = end
    try:
        yield circle
    finally:
        circle.close()
        client.close()

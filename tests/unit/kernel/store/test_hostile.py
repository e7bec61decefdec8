"""Archives whose blocks are sound and whose content is hostile: nothing of one is kept."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path

import dag_cbor
import pytest
from multiformats import CID

from tallystick.base.codec import DAG_CBOR, RAW
from tallystick.base.errors import Error
from tallystick.kernel.store.blocks import Blocks, Root, open_blocks
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.store.keeping import Note, add_blocks, import_archive
from tallystick.kernel.store.outward import write_content
from tallystick.kernel.store.unixfs.bounds import FREE_BYTES, TIMES_MAX
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.dag import Dag, Limits
from tallystick.kernel.store.unixfs.dagpb import PbLink, encode_link, join_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import Blocks as Imported
from tallystick.kernel.store.unixfs.importer import (
    Made,
    collect,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.node import MURMUR3, Kind, UnixNode, encode_unix
from tallystick.kernel.store.unixfs.profile import V1_2025, Profile
from tallystick.kernel.store.unixfs.wire import write_varint

MIB = 2**20


class Built:
    """Blocks as they are made, by their CIDs."""

    def __init__(self) -> None:
        self.blocks: dict[bytes, bytes] = {}

    def add(self, block: bytes, codec: int = DAG_PB) -> IpfsCid:
        cid = name_block(block, codec)
        self.blocks[cid.raw] = block
        return cid

    def folder(self, links: Sequence[tuple[bytes, IpfsCid]]) -> IpfsCid:
        found = [encode_link(PbLink(cid, name, 1)) for name, cid in links]
        return self.add(join_node(found, encode_unix(UnixNode(Kind.DIRECTORY))))

    def file(self, parts: Sequence[tuple[IpfsCid, int]], data: bytes = b"") -> IpfsCid:
        found = [encode_link(PbLink(cid, b"", 1)) for cid, _ in parts]
        sizes = tuple(size for _, size in parts)
        unix = UnixNode(Kind.FILE, data or None, len(data) + sum(sizes), sizes)
        return self.add(join_node(found, encode_unix(unix)))

    def sparse(self, leaf: bytes, *widths: int) -> tuple[IpfsCid, int]:
        """Return a file of one leaf, linked as often as the widths say, and its size."""
        cid, size = self.add(leaf, RAW), len(leaf)
        for width in widths:
            cid, size = self.file([(cid, size)] * width), size * width
        return cid, size

    def car(self, *roots: IpfsCid, lost: Sequence[IpfsCid] = ()) -> bytes:
        whole = b"".join(write_archive(Dag(lambda cid: self.blocks[cid.raw]), roots))
        for cid in lost:
            block = self.blocks[cid.raw]
            section = write_varint(len(cid.raw) + len(block)) + cid.raw + block
            assert section in whole
            whole = whole.replace(section, b"")
        return whole


class Kept:
    """A member's files, and what of an archive is in them."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore(folder / "store.db")
        self.blocks: Blocks = open_blocks(self.store, folder / "store.db")

    def take(self, car: bytes, *, is_part: bool = False) -> list[Root]:
        archive = open_archive(lambda at, most: car[at : at + most], len(car), is_part=is_part)
        return import_archive(self.blocks, archive, Note())

    def refuse(self, car: bytes, code: str, *, is_part: bool = False) -> str:
        with pytest.raises(Error) as caught:
            self.take(car, is_part=is_part)
        assert caught.value.code == code, caught.value
        assert caught.value.cure
        rows = self.blocks.database.value("SELECT count(*) FROM file_block")
        assert (rows, list(self.store.cids()), self.blocks.roots()) == (0, [], [])
        return caught.value.message


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    found = Kept(tmp_path)
    yield found
    found.blocks.database.close()
    found.store.close()


@pytest.fixture
def made() -> Built:
    return Built()


NAMES = (b"../../evil", b"/abs", b"a/b", b"a\0b", b"..", b".", b"", b"\xff", b"x" * 256)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_leave_its_folder_is_not_imported(
    kept: Kept, made: Built, name: bytes
) -> None:
    evil = made.folder([(name, made.add(b"evil", RAW))])
    kept.refuse(made.car(evil), "unixfs.name")
    deep = made.folder([(b"deep", made.folder([(b"deeper", evil)]))])
    kept.refuse(made.car(deep), "unixfs.name")
    document = made.add(dag_cbor.encode({"content": [CID.decode(str(deep))]}), DAG_CBOR)
    kept.refuse(made.car(document), "unixfs.name")
    kept.refuse(made.car(made.folder([(b"doc", document)])), "unixfs.name")


def test_a_name_that_stands_twice_is_not_imported(kept: Kept, made: Built) -> None:
    leaf = made.add(b"evil", RAW)
    kept.refuse(made.car(made.folder([(b"a", leaf), (b"a", leaf)])), "unixfs.name")


def test_names_of_shards_are_looked_at_too(kept: Kept, made: Built) -> None:
    small = Profile("small", 1, 256, 4, raw_leaves=True, shard_bytes=10, fanout=8)
    leaf = made.add(b"x", RAW)
    cid, blocks = collect(import_directory([Entry(f"n{n}", leaf, 1) for n in range(40)], small))
    made.blocks.update({each.raw: block for each, block in blocks.items()})
    (root,) = kept.take(made.car(cid.cid))
    assert root.blocks == len(blocks) + 1
    places = (1).to_bytes(1, "big")
    unix = encode_unix(UnixNode(Kind.SHARD, places, hash_function=MURMUR3, fanout=8))
    link = encode_link(PbLink(leaf, b"0../up", 1))
    with pytest.raises(Error, match=r"unixfs\.name"):
        kept.take(made.car(made.add(join_node([link], unix))))


def test_shards_that_stand_for_many_or_lie_too_deep_are_refused(kept: Kept, made: Built) -> None:
    def shard(below: IpfsCid, *, both: bool) -> IpfsCid:
        unix = UnixNode(Kind.SHARD, b"\x03" if both else b"\x01", hash_function=MURMUR3, fanout=8)
        links = [encode_link(PbLink(below, b"%d" % n, 1)) for n in range(1 + both)]
        return made.add(join_node(links, encode_unix(unix)))

    lost = made.add(b"nobody has it", RAW)
    wide, long = lost, lost
    for _ in range(20):
        wide = shard(wide, both=True)
    for _ in range(40):
        long = shard(long, both=False)
    # No entry that would tell by its hash is there: it is a part.
    kept.refuse(made.car(wide, lost=[lost]), "unixfs.node", is_part=True)
    kept.refuse(made.car(long, lost=[lost]), "unixfs.limit", is_part=True)


def test_what_is_too_deep_is_not_imported(kept: Kept, made: Built) -> None:
    leaf = made.add(b"x", RAW)
    cid = most = leaf
    for depth in range(200):
        cid = made.folder([(b"d", cid)])
        if depth == Limits().depth_max - 1:
            assert kept.take(made.car(cid))[0].blocks == depth + 2
            most = cid
    with pytest.raises(Error, match=r"unixfs\.limit"):
        kept.take(made.car(cid))
    with pytest.raises(Error, match=r"unixfs\.limit"):
        kept.take(made.car(made.folder([(b"one more", most)])))
    cid = leaf
    for _ in range(200):
        cid = made.file([(cid, 1)])
    with pytest.raises(Error, match=r"unixfs\.limit"):
        kept.take(made.car(cid))


def test_what_would_be_too_many_entries_is_not_imported(kept: Kept, made: Built) -> None:
    cid = made.add(b"", RAW)
    for _ in range(10):
        cid = made.folder([(b"%d" % n, cid) for n in range(100)])
    assert "entries" in kept.refuse(made.car(cid), "unixfs.limit")


def test_a_node_that_says_other_sizes_than_its_blocks_bear_is_not_imported(
    kept: Kept, made: Built
) -> None:
    leaf = made.add(b"12345", RAW)
    kept.refuse(made.car(made.file([(leaf, 50)])), "unixfs.node")
    kept.refuse(made.car(made.file([(leaf, 0)])), "unixfs.node")
    inner = made.file([(leaf, 5), (leaf, 5)])
    kept.refuse(made.car(made.file([(inner, 11)])), "unixfs.node")
    kept.refuse(made.car(made.folder([(b"f", made.file([(inner, 11)]))])), "unixfs.node")
    folder = made.folder([])
    kept.refuse(made.car(made.file([(folder, 0)])), "unixfs.node")
    document = made.add(dag_cbor.encode({}), DAG_CBOR)
    kept.refuse(made.car(made.file([(document, 0)])), "unixfs.node")


@pytest.mark.parametrize("widths", [(1_024, 1_024), (1_024, 1_024, 8), (1_024, 256)])
def test_a_few_blocks_that_stand_for_terabytes_are_not_imported(
    kept: Kept, made: Built, widths: Sequence[int]
) -> None:
    bomb, size = made.sparse(bytes(MIB), *widths)
    car = made.car(bomb)
    assert len(car) < 1.3 * MIB
    tracemalloc.start()
    kept.refuse(car, "unixfs.limit")
    assert tracemalloc.get_traced_memory()[1] < 64 * MIB, "nothing was written out to see it"
    tracemalloc.stop()
    assert size > FREE_BYTES


def test_bombs_of_folders_of_roots_and_of_tiny_leaves_are_refused(kept: Kept, made: Built) -> None:
    file, size = made.sparse(bytes(MIB), 1_024)
    folder = made.folder([(b"%d" % n, file) for n in range(64)])
    assert size < FREE_BYTES < 64 * size
    kept.refuse(made.car(folder), "unixfs.limit")
    roots = [made.folder([(b"%d" % n, file)]) for n in range(8)]
    kept.refuse(made.car(*roots), "unixfs.limit")
    many, size = made.sparse(b"x", 1_024, 1_024, 1_024)
    assert size < FREE_BYTES
    assert "blocks" in kept.refuse(made.car(many), "unixfs.limit")


def test_honest_sparse_and_repetitive_content_is_imported(kept: Kept, made: Built) -> None:
    image, size = made.sparse(bytes(MIB), 1_024)
    folder = made.folder([(b"image", image), (b"copy", image), (b"again", image)])
    assert (kept.take(made.car(image))[0].size, kept.take(made.car(folder))[0].blocks) == (size, 3)
    data = bytes(3 * MIB) + b"end"
    found, blocks = collect(import_file(io.BytesIO(data), V1_2025))
    link, more = collect(import_symlink(b"/etc/passwd"))
    made.blocks.update({each.raw: block for each, block in (blocks | more).items()})
    mixed = made.folder([(b"f", found.cid), (b"l", link.cid), (b"none", made.folder([]))])
    assert kept.take(made.car(mixed))[0].blocks == len(blocks) + len(more) + 2


def test_what_blocks_bear_is_held_against_them_and_not_what_a_node_says(
    kept: Kept, made: Built
) -> None:
    """Of a file of a tebibyte a part is imported, if the rest is not there to repeat itself."""
    lost = made.add(b"nobody has it", RAW)
    here = made.add(bytes(MIB), RAW)
    large = made.file([(here, MIB), (lost, 2**40 - MIB)])
    (root,) = kept.take(made.car(large, lost=[lost]), is_part=True)
    assert (root.size, root.blocks) == (2**40, 2)
    too_large = made.file([(here, MIB), (lost, 2**40)])
    with pytest.raises(Error, match=r"unixfs\.limit"):
        kept.take(made.car(too_large, lost=[lost]), is_part=True)
    borne = made.file([(here, MIB)] * (TIMES_MAX * 5) + [(lost, MIB)])
    with pytest.raises(Error, match=r"unixfs\.limit"):
        kept.take(made.car(borne, lost=[lost]), is_part=True)


def test_documents_and_raw_blocks_are_imported_with_what_they_link(kept: Kept, made: Built) -> None:
    leaf = made.add(b"x", RAW)
    inner = made.add(dag_cbor.encode({"a": CID.decode(str(leaf))}), DAG_CBOR)
    folder = made.folder([(b"doc", inner), (b"x", leaf)])
    outer = made.add(dag_cbor.encode([CID.decode(str(folder)), CID.decode(str(inner))]), DAG_CBOR)
    assert [each.blocks for each in kept.take(made.car(outer, leaf))] == [4, 1]


def test_a_name_that_would_leave_its_folder_is_not_written(
    kept: Kept, made: Built, tmp_path: Path
) -> None:
    """A store may hold what came in when archives were taken as they came."""
    top = made.folder([(b"../../escaped", made.add(b"x", RAW))])

    def kept_before() -> Imported:
        yield from ((IpfsCid(raw), block) for raw, block in made.blocks.items())
        return Made(top, 0, 0)

    add_blocks(kept.blocks, kept_before(), Note())
    with pytest.raises(Error, match=r"unixfs\.name"):
        write_content(kept.blocks.dag, top, tmp_path / "out", lambda _done: None)
    assert not list(tmp_path.rglob("escaped"))


def test_a_target_that_holds_zero_is_not_imported(kept: Kept, made: Built) -> None:
    """No disk takes it: it would end the writing out of whatever holds it."""
    link = made.add(join_node((), encode_unix(UnixNode(Kind.SYMLINK, b"a\0b"))))
    kept.refuse(made.car(link), "unixfs.node")
    kept.refuse(made.car(made.folder([(b"link", link)])), "unixfs.node")


def test_what_stands_in_identity_cids_is_looked_at_and_nothing_of_it_is_kept(
    kept: Kept, made: Built
) -> None:
    leaf = made.add(b"x", RAW)
    unix = encode_unix(UnixNode(Kind.DIRECTORY))

    def folder(name: bytes) -> IpfsCid:
        return name_inline(join_node([encode_link(PbLink(leaf, name, 1))], unix), DAG_PB)

    def linking(*links: IpfsCid) -> bytes:
        return dag_cbor.encode([CID.decode(str(each)) for each in links])

    for name, code in ((b"fine", ""), (b"..", "unixfs.name")):
        inner = name_inline(linking(folder(name)), DAG_CBOR)
        tops = (
            made.add(linking(folder(name)), DAG_CBOR),
            made.add(linking(inner), DAG_CBOR),
            made.folder([(b"doc", inner)]),
        )
        for top in tops:
            if code:
                with pytest.raises(Error) as caught:
                    kept.take(made.car(top))
                assert caught.value.code == code
            else:
                assert kept.take(made.car(top))[0].blocks == 2

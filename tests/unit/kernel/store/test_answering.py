"""Answers of the trustless gateway, from its specification and conformance suite."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from tallystick.base.codec import DAG_CBOR, RAW
from tallystick.base.errors import Corrupt, NotFound
from tallystick.kernel.store.answering import Answer, answer
from tallystick.kernel.store.gateway import CAR, RAW_BLOCK, Asked, read_request
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import (
    Made,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.profile import Profile
from unit.kernel.store.answered import (
    CID,
    PROBE,
    SMALL,
    Tree,
    answer_code,
    ask,
    code,
    content,
    leaves_of,
    order,
    read,
)


@pytest.fixture
def tree() -> Tree:
    return Tree()


# ---- the block


def test_a_block_is_answered_with_all_that_its_reader_needs(tree: Tree) -> None:
    made = tree.file(b"hello world")
    found = answer(ask(made.cid, format="raw"), tree.dag)
    assert (found.status, b"".join(found.body)) == (200, b"hello world")
    headers = dict(found.headers)
    assert headers["Content-Type"] == RAW_BLOCK
    assert headers["Content-Length"] == "11"
    assert headers["Content-Disposition"] == f'attachment; filename="{CID}.bin"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=29030400, immutable"
    assert headers["X-Ipfs-Path"] == f"/ipfs/{CID}"
    assert headers["X-Ipfs-Roots"] == CID
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Etag"] == f'"{CID}.raw"'


def test_a_name_for_the_download_cannot_end_the_header_or_leave_a_folder(tree: Tree) -> None:
    made = tree.file(b"hello world")
    plain = answer(ask(made.cid, format="raw", filename="foobar.bin"), tree.dag)
    assert plain.headers["Content-Disposition"] == 'attachment; filename="foobar.bin"'
    for name in ('a";\r\nX: y', "../../x", "\u8d26.bin"):
        found = answer(ask(made.cid, format="raw", filename=name), tree.dag)
        told = found.headers["Content-Disposition"]
        assert told.isascii()
        assert not set("\r\n/\\") & set(told)
        assert told.count('"') == 2


@pytest.mark.parametrize(
    "tags", ['"TAG"', 'W/"TAG"', '"x", W/"TAG"', "*"], ids=["strong", "weak", "list", "any"]
)
def test_what_the_asker_has_is_not_sent_again(tree: Tree, tags: str) -> None:
    made = tree.file(content(700))
    for form in ("raw", "car"):
        known = answer(ask(made.cid, format=form), tree.dag).headers["Etag"].strip('"')
        headers = {"if-none-match": tags.replace("TAG", known)}
        asked = read_request(str(made.cid), "", {"format": form}, headers)
        found = answer(asked, tree.dag)
        assert (found.status, b"".join(found.body)) == (304, b"")
        assert "Content-Length" not in found.headers
        assert found.headers["Etag"] == f'"{known}"'


def test_what_differs_in_bytes_differs_in_its_tag(tree: Tree) -> None:
    deep = tree.folder(a=tree.file(content(700)))
    asks = [
        ask(deep.cid, format="raw"),
        ask(deep.cid, format="car"),
        ask(deep.cid, "a", format="car"),
        ask(deep.cid, format="car", car_dups="y"),
        ask(deep.cid, format="car", dag_scope="block"),
        ask(deep.cid, format="car", dag_scope="entity"),
        ask(deep.cid, format="car", entity_bytes="0:9"),
        ask(deep.cid, format="car", entity_bytes="0:*"),
    ]
    assert len({each.etag for each in asks}) == len(asks)
    assert asks[-1].etag.startswith('"entity.0:*.')


def test_a_tag_does_not_tell_that_something_is_here(tree: Tree) -> None:
    asked = read_request(CID, "", {"format": "raw"}, {"if-none-match": "*"})
    assert code(lambda: answer(asked, tree.dag)) == "gateway.absent"


def test_what_is_not_at_hand_is_told_where_only_that_was_wanted(tree: Tree) -> None:
    headers = {"cache-control": "max-age=3, Only-If-Cached"}
    asked = read_request(CID, "", {"format": "raw"}, headers)
    assert code(lambda: answer(asked, tree.dag)) == "gateway.not_cached"
    tree.file(b"hello world")
    assert answer(asked, tree.dag).status == 200


def test_what_a_path_leads_to_is_told_as_not_at_hand_where_only_that_was_wanted(
    tree: Tree,
) -> None:
    deep = tree.folder(a=tree.file(content(700)))
    top = tree.folder(d=deep, f=tree.file(b"x"))
    many = {f"{n}.txt": tree.file(content(600, n)) for n in range(1, 60)}
    shards = tree.folder(**many)
    ways = {each: order(answer(ask(shards.cid, each, format="car"), tree.dag)) for each in many}
    inner = next(each for each, made in many.items() if ways[each][1] != made.cid)
    lost = {each: tree.blocks.pop(each) for each in (deep.cid, ways[inner][1])}

    def told(cid: IpfsCid, path: str, cached: str = "only-if-cached") -> str:
        headers = {"cache-control": cached}
        asked = read_request(str(cid), path, {"format": "car"}, headers)
        return answer_code(tree, asked)

    for cid, path in ((top.cid, "d"), (top.cid, "d/a"), (top.cid, "d/none"), (shards.cid, inner)):
        assert told(cid, path) == "gateway.not_cached"
        assert told(cid, path, "no-cache") == "gateway.absent"
    # These are known without any block that is not here.
    assert told(top.cid, "none") == "unixfs.no_entry"
    assert told(top.cid, "f/x") == "gateway.absent"
    tree.blocks |= lost
    assert told(top.cid, "d/none") == "unixfs.no_entry"


def test_what_is_not_there_is_told_before_an_answer_begins(tree: Tree) -> None:
    assert code(lambda: answer(ask(CID, format="raw"), tree.dag)) == "gateway.absent"
    assert code(lambda: answer(ask(CID, format="car"), tree.dag)) == "gateway.absent"
    top = tree.folder(a=tree.file(content(700)))
    gone = answer_code(tree, ask(top.cid, "b", format="car"))
    assert gone == "unixfs.no_entry"
    assert answer_code(tree, ask(top.cid, "a/b", format="car")) == "gateway.absent"


def test_the_probe_is_answered_from_its_own_cid(tree: Tree) -> None:
    raw = answer(ask(PROBE, format="raw"), tree.dag)
    assert (raw.status, b"".join(raw.body), raw.headers["Content-Length"]) == (200, b"", "0")
    car = answer(ask(PROBE, format="car"), tree.dag)
    archive = read(car, is_part=False)
    assert (archive.roots, len(archive)) == ((IpfsCid.parse(PROBE),), 0)


def test_a_block_that_stands_in_its_own_cid_is_never_sent(tree: Tree) -> None:
    inline = name_inline(b"hello, said a CID", RAW)
    top = tree.put(import_directory([Entry("x", inline, 17)], SMALL))
    for scope in ("all", "entity", "block"):
        for dups in "yn":
            asked = ask(top.cid, "x", format="car", dag_scope=scope, car_dups=dups)
            assert order(answer(asked, tree.dag)) == [top.cid]
    assert b"".join(answer(ask(inline, format="raw"), tree.dag).body) == b"hello, said a CID"


# ---- a part of a block


def part(cid: object, wanted: str, **headers: str) -> Asked:
    given = {"range": wanted, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return read_request(str(cid), "", {"format": "raw"}, given)


def test_a_range_of_a_block_is_a_part_of_it(tree: Tree) -> None:
    made = tree.file(bytes(range(31)))
    for wanted in ("bytes=6-16", "bytes=6-16,0-4"):
        found = answer(part(made.cid, wanted), tree.dag)
        assert (found.status, b"".join(found.body)) == (206, bytes(range(6, 17)))
        assert found.headers["Content-Range"] == "bytes 6-16/31"
        assert found.headers["Content-Length"] == "11"
        assert found.headers["Content-Type"] == RAW_BLOCK
        assert found.headers["Etag"] == f'"{made.cid}.raw"'
    assert answer_code(tree, part(made.cid, "bytes=31-")) == "gateway.range"
    whole = answer(part(made.cid, "bytes=9-8"), tree.dag)
    assert (whole.status, b"".join(whole.body)) == (200, bytes(range(31)))
    assert "Content-Range" not in whole.headers


def test_a_range_is_for_get_and_for_what_it_was_asked_of(tree: Tree) -> None:
    made = tree.file(b"hello world")
    tag = f'"{made.cid}.raw"'
    head = answer(part(made.cid, "bytes=0-3"), tree.dag, is_head=True)
    assert (head.status, head.headers["Content-Length"]) == (200, "11")
    assert answer(part(made.cid, "bytes=0-3", if_range=tag), tree.dag).status == 206
    for other in ('"x"', f"W/{tag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert answer(part(made.cid, "bytes=0-3", if_range=other), tree.dag).status == 200
    assert answer(part(made.cid, "bytes=0-3", if_none_match=tag), tree.dag).status == 304
    assert answer(part(made.cid, "bytes=99-", if_none_match="*"), tree.dag).status == 304
    car = read_request(str(made.cid), "", {"format": "car"}, {"range": "bytes=0-3"})
    assert answer(car, tree.dag).status == 200


# ---- archives


def test_a_whole_archive_holds_all_that_is_under_the_root(tree: Tree) -> None:
    top = tree.folder(a=tree.file(content(700)), b=tree.file(b"x"))
    found = answer(ask(top.cid, format="car"), tree.dag)
    assert found.headers["Content-Type"] == f"{CAR}; version=1; order=dfs; dups=n"
    assert "Content-Length" not in found.headers
    assert found.headers["Content-Disposition"] == f'attachment; filename="{top.cid}.car"'
    archive = read(found, is_part=False)
    assert set(archive) == set(tree.blocks)
    assert archive.roots == (top.cid,)


def test_a_path_comes_first_and_then_what_it_leads_to(tree: Tree) -> None:
    file = tree.file(content(700))
    deep = tree.folder(ascii_txt=file, other=tree.file(b"x"))
    top = tree.folder(subdir=deep, more=tree.file(b"y"))
    leaves = leaves_of(tree, file)
    found = answer(ask(top.cid, "subdir/ascii.txt", format="car"), tree.dag)
    assert order(found) == [top.cid, deep.cid, file.cid, *leaves]
    assert found.headers["X-Ipfs-Roots"] == f"{top.cid},{deep.cid},{file.cid}"
    assert found.headers["X-Ipfs-Path"] == f"/ipfs/{top.cid}/subdir/ascii.txt"
    block = answer(ask(top.cid, "subdir", format="car", dag_scope="block"), tree.dag)
    assert order(block) == [top.cid, deep.cid]
    entity = answer(ask(top.cid, "subdir", format="car", dag_scope="entity"), tree.dag)
    assert order(entity) == [top.cid, deep.cid]
    whole = answer(ask(top.cid, "subdir/ascii.txt", format="car", dag_scope="entity"), tree.dag)
    assert order(whole) == [top.cid, deep.cid, file.cid, *leaves]


@pytest.fixture
def multiblock(tree: Tree) -> tuple[Made, list[IpfsCid]]:
    """A file of 1,026 bytes: four chunks of 256 and one of 2, as in the conformance suite."""
    wide = Profile("wide", 1, 256, 174, raw_leaves=True)
    file = tree.put(import_file(io.BytesIO(content(1_026)), wide))
    leaves = leaves_of(tree, file)
    assert len(leaves) == 5
    return file, leaves


@pytest.mark.parametrize(
    ("span", "first", "stop"),
    [
        ("0:*", 0, 5),
        ("512:*", 2, 5),
        ("512:1023", 2, 4),
        ("512:-256", 2, 4),
        ("-5:*", 3, 5),
        ("-9999:*", 0, 5),
        ("-9999:-3", 0, 4),
        ("0:0", 0, 1),
        ("1025:5000", 4, 5),
        ("9:3", 0, 0),
    ],
)
def test_a_range_brings_the_blocks_it_needs_and_no_other(
    tree: Tree, multiblock: tuple[Made, list[IpfsCid]], span: str, first: int, stop: int
) -> None:
    file, leaves = multiblock
    found = answer(ask(file.cid, format="car", entity_bytes=span), tree.dag)
    assert order(found) == [file.cid, *leaves[first:stop]]


def test_a_range_is_given_though_blocks_outside_it_are_lost(
    tree: Tree, multiblock: tuple[Made, list[IpfsCid]]
) -> None:
    file, leaves = multiblock
    del tree.blocks[leaves[2]]
    early = answer(ask(file.cid, format="car", entity_bytes="0:511"), tree.dag)
    assert order(early) == [file.cid, *leaves[:2]]
    late = answer(ask(file.cid, format="car", entity_bytes="768:*"), tree.dag)
    assert order(late) == [file.cid, *leaves[3:]]


@pytest.mark.parametrize("span", ["1026:*", "5000:6000", "0:-1027"])
def test_a_range_wholly_outside_the_file_is_refused(
    tree: Tree, multiblock: tuple[Made, list[IpfsCid]], span: str
) -> None:
    asked = ask(multiblock[0].cid, format="car", entity_bytes=span)
    assert answer_code(tree, asked) == "gateway.request"


def test_the_range_of_what_is_no_file_is_passed_over(tree: Tree) -> None:
    top = tree.folder(a=tree.file(content(700)))
    link = tree.put(import_symlink(b"a", SMALL))
    for made in (top, link):
        found = answer(ask(made.cid, format="car", entity_bytes="5:9"), tree.dag)
        assert order(found) == [made.cid]
    assert order(answer(ask(tree.file(b"").cid, format="car", entity_bytes="0:*"), tree.dag)) == [
        tree.file(b"").cid
    ]


def test_a_sharded_directory_is_listed_whole_and_walked_by_its_way_alone(tree: Tree) -> None:
    files = {f"{n}_txt": tree.file(content(600, n)) for n in range(1, 60)}
    before = set(tree.blocks)
    top = tree.folder(**files)
    shards = set(tree.blocks) - before
    assert len(shards) > 1
    entity = order(answer(ask(top.cid, format="car", dag_scope="entity"), tree.dag))
    assert (entity[0], set(entity), len(entity)) == (top.cid, shards, len(shards))
    file = files["7_txt"]
    way = order(answer(ask(top.cid, "7.txt", format="car"), tree.dag))
    at = way.index(file.cid)
    assert set(way[:at]) <= shards
    assert way[at:] == [file.cid, *leaves_of(tree, file)]
    assert 0 < at < len(shards)


def test_a_block_met_twice_is_sent_once_or_each_time(tree: Tree) -> None:
    file = tree.file(content(256) * 3)
    same = tree.file(content(256) * 3)
    top = tree.folder(a=file, b=same)
    (leaf,) = set(leaves_of(tree, file))
    once = order(answer(ask(top.cid, format="car"), tree.dag))
    assert once == [top.cid, file.cid, leaf]
    found = answer(ask(top.cid, accept=f"{CAR};version=1;order=dfs;dups=y"), tree.dag)
    assert found.headers["Content-Type"].endswith("dups=y")
    assert order(found) == [top.cid, *[file.cid, leaf, leaf, leaf] * 2]
    entity = ask(file.cid, accept=f"{CAR};dups=y", dag_scope="entity")
    assert order(answer(entity, tree.dag)) == [file.cid, leaf, leaf, leaf]


def test_a_block_of_another_codec_is_an_entity_by_itself(tree: Tree) -> None:
    data = b"\xa1\x61a\x01"
    cbor = name_block(data, DAG_CBOR)
    tree.blocks[cbor] = data
    node = name_block(b"\x0a\x00", DAG_PB)
    tree.blocks[node] = b"\x0a\x00"
    for scope in ("all", "entity", "block"):
        found = answer(ask(cbor, format="car", dag_scope=scope), tree.dag)
        assert order(found) == [cbor]
    assert order(answer(ask(node, format="car", dag_scope="entity"), tree.dag)) == [node]


# ---- what fails on the way


def damage(tree: Tree, cid: IpfsCid) -> None:
    data = bytearray(tree.blocks[cid])
    data[len(data) // 2] ^= 1
    tree.blocks[cid] = bytes(data)


def drain(found: Answer, into: bytearray) -> None:
    for piece in found.body:
        into.extend(piece)


@pytest.mark.parametrize("scope", ["all", "entity"])
def test_a_damaged_or_lost_block_ends_the_stream_and_is_never_sent(
    tree: Tree, multiblock: tuple[Made, list[IpfsCid]], scope: str
) -> None:
    file, leaves = multiblock
    whole = b"".join(answer(ask(file.cid, format="car", dag_scope=scope), tree.dag).body)
    damage(tree, leaves[3])
    for kind in (Corrupt, NotFound):
        found = answer(ask(file.cid, format="car", dag_scope=scope), tree.dag)
        sent = bytearray()
        with pytest.raises(kind):
            drain(found, sent)
        assert whole.startswith(bytes(sent))
        assert len(sent) < len(whole) - 256
        tree.blocks.pop(leaves[3], None)


def test_a_damaged_root_or_path_is_no_answer_at_all(tree: Tree) -> None:
    deep = tree.folder(a=tree.file(b"x"))
    top = tree.folder(d=deep)
    damage(tree, deep.cid)
    assert answer_code(tree, ask(deep.cid, format="raw")) == "unixfs.block"
    assert answer_code(tree, ask(top.cid, "d", format="car")) == "unixfs.block"
    assert answer_code(tree, ask(top.cid, "d/a", format="car")) == "unixfs.block"
    del tree.blocks[deep.cid]
    assert answer_code(tree, ask(top.cid, "d", format="car")) == "gateway.absent"
    assert answer_code(tree, ask(top.cid, "d/a", format="car")) == "gateway.absent"


def test_nothing_is_read_of_a_body_that_nobody_asks_for(tree: Tree) -> None:
    file = tree.file(content(700))
    taken: list[IpfsCid] = []

    def get(cid: IpfsCid) -> bytes:
        taken.append(cid)
        return tree.get(cid)

    found = answer(ask(file.cid, format="car"), Dag(get))
    assert taken == [file.cid]
    pieces: Iterator[bytes] = iter(found.body)
    next(pieces)
    next(pieces)
    assert len(taken) == 2

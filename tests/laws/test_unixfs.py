"""Laws of content named as IPFS names it: all of it comes back, any part, and no flipped bit."""

from __future__ import annotations

import dataclasses
import io
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Corrupt, Error, NotFound
from tallystick.kernel.store.unixfs.car import open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import RAW, IpfsCid, name_block
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import Made, collect, import_directory, import_file
from tallystick.kernel.store.unixfs.profile import PROFILES, Profile
from tallystick.kernel.store.unixfs.reader import (
    list_directory,
    read_file,
    read_status,
    resolve_path,
    walk,
)

PROFILE: Final = st.builds(
    lambda profile, chunk, width, fanout, shard: dataclasses.replace(
        profile, chunk_bytes=chunk, width=width, fanout=fanout, shard_bytes=shard
    ),
    st.sampled_from(list(PROFILES.values())),
    st.integers(1, 40),
    st.integers(2, 6),
    st.sampled_from([8, 16, 64, 256, 1_024]),
    st.sampled_from([0, 400, 262_144]),
)
NAME: Final = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})
LEAF: Final = st.binary(max_size=3).map(lambda data: name_block(data, RAW))
DIRECTORY: Final = st.dictionaries(NAME, LEAF, max_size=80)


def make_file(data: bytes, profile: Profile) -> tuple[Made, dict[IpfsCid, bytes]]:
    return collect(import_file(io.BytesIO(data), profile))


def make_directory(
    entries: dict[str, IpfsCid], profile: Profile
) -> tuple[Made, dict[IpfsCid, bytes]]:
    return collect(import_directory([Entry(n, cid, 1) for n, cid in entries.items()], profile))


def dag_of(blocks: dict[IpfsCid, bytes]) -> Dag:
    return Dag(blocks.__getitem__)


@given(st.binary(max_size=400), PROFILE)
def test_any_bytes_come_back(data: bytes, profile: Profile) -> None:
    made, blocks = make_file(data, profile)
    assert b"".join(read_file(dag_of(blocks), made.cid)) == data
    assert (made.size, read_status(dag_of(blocks), made.cid).size) == (len(data),) * 2


@given(st.binary(max_size=400), PROFILE, st.data())
def test_any_range_of_a_file_is_that_range_of_its_bytes(
    data: bytes, profile: Profile, draw: st.DataObject
) -> None:
    made, blocks = make_file(data, profile)
    start = draw.draw(st.integers(0, len(data)))
    stop = draw.draw(st.integers(start, len(data) + 5))
    assert b"".join(read_file(dag_of(blocks), made.cid, start, stop)) == data[start:stop]


@given(st.binary(min_size=1, max_size=400), PROFILE, st.data())
def test_any_bit_that_is_flipped_in_any_block_of_a_file_is_found(
    data: bytes, profile: Profile, draw: st.DataObject
) -> None:
    made, blocks = make_file(data, profile)
    cid = draw.draw(st.sampled_from(sorted(blocks)))
    block = blocks[cid]
    bit = draw.draw(st.integers(0, len(block) * 8 - 1))
    wrong = (int.from_bytes(block, "big") ^ 1 << bit).to_bytes(len(block), "big")
    with pytest.raises(Corrupt) as caught:
        b"".join(read_file(dag_of(blocks | {cid: wrong}), made.cid))
    assert caught.value.values["cid"] == str(cid)


@given(DIRECTORY, PROFILE)
def test_what_a_directory_lists_is_what_it_holds_and_what_is_found_by_name(
    entries: dict[str, IpfsCid], profile: Profile
) -> None:
    made, blocks = make_directory(entries, profile)
    dag = dag_of(blocks)
    assert {each.name: each.cid for each in list_directory(dag, made.cid)} == entries
    assert {name: resolve_path(dag, made.cid, name) for name in entries} == entries


@given(DIRECTORY, PROFILE, NAME)
def test_a_name_that_a_directory_does_not_hold_is_not_found(
    entries: dict[str, IpfsCid], profile: Profile, name: str
) -> None:
    entries.pop(name, None)
    made, blocks = make_directory(entries, profile)
    with pytest.raises(NotFound) as caught:
        resolve_path(dag_of(blocks), made.cid, name)
    assert caught.value.code == "unixfs.no_entry"


@given(DIRECTORY, PROFILE, st.data())
def test_any_bit_that_is_flipped_in_any_block_of_a_directory_is_found(
    entries: dict[str, IpfsCid], profile: Profile, draw: st.DataObject
) -> None:
    made, blocks = make_directory(entries, profile)
    cid = draw.draw(st.sampled_from(sorted(blocks)))
    block = blocks[cid]
    bit = draw.draw(st.integers(0, len(block) * 8 - 1))
    wrong = (int.from_bytes(block, "big") ^ 1 << bit).to_bytes(len(block), "big")
    with pytest.raises(Corrupt):
        list(list_directory(dag_of(blocks | {cid: wrong}), made.cid))


@given(DIRECTORY, PROFILE)
def test_the_size_of_a_directory_is_that_of_its_blocks_and_entries(
    entries: dict[str, IpfsCid], profile: Profile
) -> None:
    made, blocks = make_directory(entries, profile)
    assert made.tsize == sum(map(len, blocks.values())) + len(entries)


@given(st.dictionaries(NAME, st.binary(max_size=100), max_size=8), PROFILE)
def test_a_directory_of_files_goes_into_an_archive_and_comes_back(
    files: dict[str, bytes], profile: Profile
) -> None:
    blocks: dict[IpfsCid, bytes] = {}
    entries = []
    for name, data in files.items():
        made, more = make_file(data, profile)
        blocks |= more
        entries.append(made.entry(name))
    root, more = collect(import_directory(entries, profile))
    data = b"".join(write_archive(dag_of(blocks | more), [root.cid]))
    archive = open_archive(lambda at, size: data[at : at + size], len(data))
    dag = Dag(archive.get)
    found = {each.path: b"".join(read_file(dag, each.entry.cid)) for each in walk(dag, root.cid)}
    assert found == files


@given(st.binary(max_size=300), st.sampled_from(list(PROFILES.values())))
def test_no_bytes_at_all_make_a_reader_fail_but_by_an_error(data: bytes, profile: Profile) -> None:
    cid = name_block(data, 0x70, profile.cid_version)
    dag = dag_of({cid: data})
    for work in (
        lambda: list(read_file(dag, cid)),
        lambda: list(list_directory(dag, cid)),
        lambda: read_status(dag, cid),
    ):
        try:
            work()
        except (Error, KeyError):
            continue
    try:
        open_archive(lambda at, size: data[at : at + size], len(data))
    except Error:
        return
    raise AssertionError("an archive of bytes that mean nothing")

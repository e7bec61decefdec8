"""A small DAG in memory, and what is asked of a gateway over it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import multiformats
import pytest

from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.kernel.store.answering import Answer, answer
from tallystick.kernel.store.gateway import Asked, read_request
from tallystick.kernel.store.unixfs.car import Archive, open_archive
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import decode_node
from tallystick.kernel.store.unixfs.importer import (
    Blocks,
    Made,
    collect,
    import_directory,
    import_file,
)
from tallystick.kernel.store.unixfs.profile import Profile
from tallystick.kernel.store.unixfs.wire import read_varint

__all__ = [
    "CID",
    "PROBE",
    "SMALL",
    "Tree",
    "answer_code",
    "ask",
    "code",
    "content",
    "leaves_of",
    "order",
    "read",
    "with_links",
]

CID = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
PROBE = "bafkqaaa"
SMALL = Profile("small", 1, 256, 4, raw_leaves=True, shard_bytes=2_000, counts_block=True)
"""Chunks of 256 bytes, as the conformance suite's fixtures have them."""


class Tree:
    """A small DAG in memory, from which blocks can be lost or damaged."""

    def __init__(self) -> None:
        self.blocks: dict[IpfsCid, bytes] = {}

    def put(self, made: Blocks) -> Made:
        found, blocks = collect(made)
        self.blocks |= blocks
        return found

    def file(self, content: bytes) -> Made:
        return self.put(import_file(io.BytesIO(content), SMALL))

    def folder(self, **entries: Made) -> Made:
        made = [each.entry(name.replace("_", ".")) for name, each in entries.items()]
        return self.put(import_directory(made, SMALL))

    def get(self, cid: IpfsCid) -> bytes:
        if cid not in self.blocks:
            raise NotFound("store.no_block", "not there")
        return self.blocks[cid]

    @property
    def dag(self) -> Dag:
        return Dag(self.get)


def content(size: int, seed: int = 1) -> bytes:
    return b"".join((n * seed).to_bytes(4, "big") for n in range(-(-size // 4)))[:size]


def ask(cid: object, path: str = "", accept: str = "", **query: str) -> Asked:
    given = {name.replace("_", "-"): value for name, value in query.items()}
    return read_request(str(cid), path, given, {"accept": accept} if accept else {})


def read(found: Answer, *, is_part: bool = True) -> Archive:
    data = b"".join(found.body)
    return open_archive(lambda at, size: data[at : at + size], len(data), is_part=is_part)


def order(found: Answer) -> list[IpfsCid]:
    """Return the CIDs of a CAR in the order they stand, repeated ones repeated."""
    data = b"".join(found.body)
    length, at = read_varint(data, 0, fail)
    at += length
    cids = []
    while at < len(data):
        length, start = read_varint(data, at, fail)
        cids.append(IpfsCid(data[start : start + 36]))
        at = start + length
    return cids


def fail(reason: str) -> Invalid:
    return Invalid("test.form", reason)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def answer_code(tree: Tree, asked: Asked) -> str:
    return code(lambda: answer(asked, tree.dag))


def leaves_of(tree: Tree, made: Made) -> list[IpfsCid]:
    return [link.cid for link in decode_node(tree.blocks[made.cid]).links]


def with_links(value: object) -> Any:
    """Return a tree with the links of another library for ours."""
    if isinstance(value, IpfsCid):
        return multiformats.CID.decode(str(value))
    if isinstance(value, dict):
        return {key: with_links(each) for key, each in value.items()}
    return [with_links(each) for each in value] if isinstance(value, list) else value

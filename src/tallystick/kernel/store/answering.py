"""Answers of the trustless gateway, from a DAG that holds what may be given and nothing else.

Laws: the path and its last block are read before an answer begins; of the rest one block is held at
a time, hashed before it is sent, and what fails ends the stream in the middle, which every reader
of a CAR sees. Blocks come depth first, those of the path before what it leads to; what stands in
its own CID is never sent.
Limits: `dag.Limits` of the DAG.
Source: IPFS trustless gateway and path gateway specifications of 2026-03-05; IPIP-0402, IPIP-0412.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tallystick.base.errors import Invalid, NotFound
from tallystick.kernel.store.byte_range import find_range
from tallystick.kernel.store.gateway import (
    Asked,
    headers_of,
    matches,
    no_step,
    not_cached,
    not_here,
    refuse_inside,
    refuse_span,
)
from tallystick.kernel.store.unixfs.car import write_archive
from tallystick.kernel.store.unixfs.cid import DAG_CBOR, IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag, Part
from tallystick.kernel.store.unixfs.dagcbor import Tree, find_value, read_document
from tallystick.kernel.store.unixfs.links import links_of
from tallystick.kernel.store.unixfs.reader import list_directory, read_file, resolve_path
from tallystick.kernel.store.unixfs.wire import write_varint

__all__ = ["Answer", "answer", "of_unchanged"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        status: 200, 206 for a part of a block, or 304 where the asker has it already.
        headers: by name.
        body: the bytes, a piece at a time; nothing of it is read before it is asked for.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterable[bytes]


def answer(asked: Asked, dag: Dag, *, is_head: bool = False) -> Answer:
    """Return the answer to a request.

    Args:
        asked: what is asked for.
        dag: all that may be given.
        is_head: whether only the headers will be sent, for which there are no ranges.

    Raises:
        NotFound: `gateway.absent`, the root, a block of the path or the one it leads to is not
            there, or the path leads through what is no node; `gateway.not_cached`, one of those
            blocks is not there and only what is at hand was wanted; `unixfs.no_entry`, a name is
            not there.
        Invalid: `gateway.request`, all of the range lies outside the file; `gateway.range`, outside
            the block; `gateway.inside`, the path ends within a document; `unixfs.limit`.
        Corrupt: a block is damaged; nothing of it is given.
    """
    block = _at_hand(asked, dag, asked.cid)
    recorder = _Recorder(dag)
    roots = tuple(_resolve(asked, recorder))
    path = [cid for cid, _ in recorder.take()]
    if len(roots) > 1:
        block = _at_hand(asked, dag, roots[-1])
    entity = _find_entity(asked, dag, roots[-1]) if asked.is_car else None
    headers = headers_of(asked, roots, None if asked.is_car else len(block))
    if matches(asked):
        return Answer(304, of_unchanged(headers), ())
    if not asked.is_car:
        return _answer_block(asked, headers, block, "" if is_head else asked.part)
    return Answer(200, headers, _stream(asked, dag, path, roots[-1], entity))


def _answer_block(asked: Asked, headers: dict[str, str], block: bytes, part: str) -> Answer:
    found = find_range(part, len(block)) if asked.part_of in {"", asked.etag} else None
    if found is None:
        return Answer(200, headers, (block,))
    begin, stop = found
    told = {
        "Content-Range": f"bytes {begin}-{stop - 1}/{len(block)}",
        "Content-Length": str(stop - begin),
    }
    return Answer(206, headers | told, (block[begin:stop],))


@dataclass(slots=True)
class _Recorder:
    """Notes each block that a reading takes, in the order it does."""

    dag: Dag
    taken: list[tuple[IpfsCid, bytes]] = field(default_factory=list)

    def get(self, cid: IpfsCid) -> bytes:
        found = self.dag.get(cid)
        self.taken.append((cid, found))
        return found

    @property
    def recorded(self) -> Dag:
        return Dag(self.get, self.dag.limits)

    def take(self) -> list[tuple[IpfsCid, bytes]]:
        """Return what was noted since the last time; the reading has found it sound."""
        found, self.taken = self.taken, []
        return found


@dataclass(frozen=True, slots=True)
class _Entity:
    """What a path leads to: a file's range, a directory, or one block alone."""

    kind: str
    start: int = 0
    stop: int | None = None


def _resolve(asked: Asked, recorder: _Recorder) -> Iterator[IpfsCid]:
    """Yield the root and what each name leads to; names within a document lead to its links."""
    cid, dag = asked.cid, recorder.recorded
    tree: Tree = None
    is_inside = False
    yield cid
    for number, name in enumerate(asked.names, 1):
        try:
            if cid.codec == DAG_CBOR:
                tree = find_value(tree if is_inside else _read_tree(dag, cid), name)
                is_inside = not isinstance(tree, IpfsCid)
                cid = tree if isinstance(tree, IpfsCid) else cid
            else:
                cid = resolve_path(dag, cid, name)
        except (NotFound, Invalid) as error:
            raise _unresolved(asked, error, number) from error
        if not is_inside:
            yield cid
    if is_inside:
        raise refuse_inside()


def _read_tree(dag: Dag, cid: IpfsCid) -> Tree:
    return read_document(dag.reading().block(cid))


def _unresolved(asked: Asked, error: NotFound | Invalid, number: int) -> NotFound | Invalid:
    """Return what is told of a path that cannot be followed."""
    if error.code == "unixfs.no_entry":
        return no_step(number)
    if isinstance(error, NotFound):
        return _lacking(asked)
    # A path through what is no node leads nowhere, be all of it at hand.
    return error if error.code == "unixfs.limit" else not_here()


def _lacking(asked: Asked) -> NotFound:
    """Return what is told of a block that is not given, be it private or not here at all."""
    return not_cached() if asked.cached_only else not_here()


def _at_hand(asked: Asked, dag: Dag, cid: IpfsCid) -> bytes:
    try:
        return dag.reading().block(cid)
    except NotFound as error:
        raise _lacking(asked) from error


def _find_entity(asked: Asked, dag: Dag, cid: IpfsCid) -> _Entity:
    """Return what is to be sent of what a path leads to."""
    part = _read_part(dag, cid) if asked.scope == "entity" else None
    if part is None or part.kind == "symlink":
        return _Entity("block")
    if part.kind == "directory":
        return _Entity("directory")
    if asked.span is None:
        return _Entity("file")
    found = asked.span.within(part.size)
    if found is None:
        raise refuse_span(part.size)
    return _Entity("file", *found)


def _read_part(dag: Dag, cid: IpfsCid) -> Part | None:
    """Return a block as what it is; None for what is no file, directory or link."""
    if cid.codec == DAG_CBOR:
        return None
    try:
        return dag.reading().part(cid)
    except Invalid as error:
        if error.code != "unixfs.node":
            raise
        return None


def of_unchanged(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that 304 repeats: those that tell of a body stay behind."""
    return {
        name: value
        for name, value in headers.items()
        if name not in {"Content-Length", "Content-Type", "Content-Disposition"}
    }


def _stream(
    asked: Asked, dag: Dag, path: list[IpfsCid], cid: IpfsCid, entity: _Entity | None
) -> Iterator[bytes]:
    """Yield a CAR, a section at a time."""
    # An archive's first piece is its header.
    yield next(write_archive(dag, [asked.cid]))
    sent: set[bytes] = set()
    for each, block in _blocks(asked, dag, path, cid, entity):
        if each.inline is not None or (not asked.dups and each.raw in sent):
            continue
        if not asked.dups:
            sent.add(each.raw)
        yield write_varint(len(each.raw) + len(block)) + each.raw + block


def _blocks(
    asked: Asked, dag: Dag, path: list[IpfsCid], cid: IpfsCid, entity: _Entity | None
) -> Iterator[tuple[IpfsCid, bytes]]:
    reading = dag.reading()
    for each in path:
        yield each, reading.block(each)
    if asked.scope == "all":
        yield from _all(dag, cid, dups=asked.dups)
    elif entity is None or entity.kind == "block":
        yield cid, reading.block(cid)
    else:
        yield from _entity(_Recorder(dag), cid, entity)


def _entity(recorder: _Recorder, cid: IpfsCid, entity: _Entity) -> Iterator[tuple[IpfsCid, bytes]]:
    """Yield the blocks that reading a range, or a listing, takes: no others are needed."""
    if entity.kind == "directory":
        steps: Iterator[object] = list_directory(recorder.recorded, cid)
    else:
        steps = read_file(recorder.recorded, cid, entity.start, entity.stop)
    for _ in steps:
        yield from recorder.take()
    yield from recorder.take()


def _all(dag: Dag, cid: IpfsCid, *, dups: bool) -> Iterator[tuple[IpfsCid, bytes]]:
    """Yield all blocks under one, depth first."""
    reading, seen = dag.reading(), set[bytes]()
    waiting = [cid]
    while waiting:
        cid = waiting.pop()
        if not dups:
            if cid.raw in seen:
                continue
            seen.add(cid.raw)
        block = reading.block(cid)
        yield cid, block
        waiting += reversed(links_of(cid, block))

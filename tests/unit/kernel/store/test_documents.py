"""Paths and scopes through documents of dag-cbor, from the path gateway's specification."""

from __future__ import annotations

from functools import partial

import dag_cbor
import pytest

from tallystick.base.codec import DAG_CBOR
from tallystick.base.errors import NotFound
from tallystick.kernel.store.answering import answer
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import import_directory
from unit.kernel.store.answered import (
    SMALL,
    Tree,
    answer_code,
    ask,
    content,
    leaves_of,
    order,
    with_links,
)


@pytest.fixture
def tree() -> Tree:
    return Tree()


class Documents:
    """A folder with a document in it that links files, a folder and another document."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.single = tree.file(b"single")
        self.large = tree.file(content(700))
        self.folder = tree.folder(large=self.large)
        self.inner = self.put({"file": self.single.cid, "word": "no link"})
        self.document = self.put(
            {
                "files": {"single": self.single.cid, "large": self.large.cid},
                "folder": self.folder.cid,
                "inner": self.inner,
                "list": [self.single.cid, 1, [self.large.cid]],
                "plain": {"a": 1.5, "b": None},
            }
        )
        entry = Entry("document", self.document, 9)
        self.top = tree.put(import_directory([entry], SMALL)).cid

    def put(self, value: object) -> IpfsCid:
        block = dag_cbor.encode(with_links(value))
        cid = name_block(block, DAG_CBOR)
        self.tree.blocks[cid] = block
        return cid

    def order(self, path: str, **query: str) -> list[IpfsCid]:
        asked = ask(self.document, path, format="car", **query)
        return order(answer(asked, self.tree.dag))


@pytest.fixture
def documents(tree: Tree) -> Documents:
    return Documents(tree)


def test_a_path_goes_through_a_document_by_its_links(documents: Documents) -> None:
    found, tree = documents, documents.tree
    leaves = leaves_of(tree, found.large)
    assert found.order("files/single") == [found.document, found.single.cid]
    assert found.order("list/0") == [found.document, found.single.cid]
    for path in ("files/large", "list/2/0"):
        for scope, below in (("block", []), ("entity", leaves), ("all", leaves)):
            assert found.order(path, dag_scope=scope) == [found.document, found.large.cid, *below]
    way = [found.document, found.folder.cid, found.large.cid]
    assert found.order("folder/large", entity_bytes="256:300") == [*way, leaves[1]]
    assert found.order("inner/file") == [found.document, found.inner, found.single.cid]
    asked = ask(found.top, "document/inner/file", format="car", dag_scope="block")
    answered = answer(asked, tree.dag)
    assert order(answered) == [found.top, found.document, found.inner, found.single.cid]
    roots = [found.top, found.document, found.inner, found.single.cid]
    assert answered.headers["X-Ipfs-Roots"] == ",".join(map(str, roots))


def test_an_entity_is_the_document_and_all_is_what_it_links(documents: Documents) -> None:
    found = documents
    leaves = leaves_of(found.tree, found.large)
    for scope in ("block", "entity"):
        assert found.order("", dag_scope=scope) == [found.document]
        assert found.order("", dag_scope=scope, entity_bytes="0:3") == [found.document]
    everything = order(answer(ask(found.top, format="car"), found.tree.dag))
    assert sorted(everything) == sorted(found.tree.blocks)
    assert everything[:2] == [found.top, found.document]
    # A document's keys stand by length: list, files, inner, plain, folder.
    assert everything[2:] == [
        *(found.single.cid, found.large.cid, *leaves, found.inner, found.folder.cid),
    ]
    double = found.order("", car_dups="y")
    assert double.count(found.single.cid) == 3
    assert double.count(found.large.cid) == 3


def test_a_path_that_ends_within_a_document_is_not_given(documents: Documents) -> None:
    asked = partial(ask, documents.document, format="car")
    for path in ("files", "plain/a", "plain/b", "list", "list/1", "inner/word"):
        assert answer_code(documents.tree, asked(path)) == "gateway.inside", path
    for path in ("none", "files/none", "plain/a/b", "list/9", "list/00", "list/-1", "inner/x"):
        assert answer_code(documents.tree, asked(path)) == "unixfs.no_entry", path
    assert answer_code(documents.tree, asked("files/single/x")) == "gateway.absent"


def test_which_name_of_a_path_is_not_there_is_told(documents: Documents) -> None:
    for path, number in (("none", 1), ("files/none", 2), ("folder/none", 2), ("inner/x/y", 2)):
        with pytest.raises(NotFound, match=rf"name {number} of the path"):
            answer(ask(documents.document, path, format="car"), documents.tree.dag)


def test_a_path_through_what_is_no_node_is_not_there(tree: Tree) -> None:
    for codec, data in ((DAG_CBOR, b"\xff"), (DAG_PB, b"\xff"), (DAG_PB, b"\x0a\x00")):
        cid = name_block(data, codec)
        tree.blocks[cid] = data
        assert answer_code(tree, ask(cid, "a", format="car")) == "gateway.absent"


def test_a_document_in_its_own_cid_is_walked_and_never_sent(tree: Tree) -> None:
    leaf = tree.file(b"leaf").cid
    inline = name_inline(dag_cbor.encode({"a": with_links(leaf)}), DAG_CBOR)
    for path in ("", "a"):
        assert order(answer(ask(inline, path, format="car"), tree.dag)) == [leaf]
    assert order(answer(ask(inline, format="car", dag_scope="entity"), tree.dag)) == []

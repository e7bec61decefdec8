"""What the members of one server have made public, block by block.

Laws: each member is asked for each block by itself, so that one who has a part of a DAG, or a copy
that is damaged, hides nothing of what another has. A member gives what its own public roots reach
and nothing else: that somebody's public node names a block opens it with nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final, Self

from tallystick.base.errors import Error, NotFound
from tallystick.kernel.store.blocks import Blocks, read_blocks
from tallystick.kernel.store.gateway import not_here
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.node import Node

__all__ = ["Published"]

CACHE_KIB: Final = 1_024
"""Pages that one reader keeps of a file: what it sends it reads once, and many read at a time."""


class Published:
    """The public blocks of several members, open until it is closed.

    For one reading: the files of whoever gave a block stay open, of all others none. A block that
    nobody gives ends a reading, so each member is opened at most once for every one that gives.

    Args:
        nodes: the members, in the order they are asked.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = list(nodes)
        self._given: dict[str, Blocks] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def dag(self) -> Dag:
        """Return all of it, to be read from."""
        return Dag(self.get)

    def get(self, cid: IpfsCid) -> bytes:
        """Return the first sound copy of a block that a member has public.

        Raises:
            NotFound: no member has it public.
            Error: what ails the first member that could not tell, where no other has it:
                `store.corrupt`, or its file cannot be read.
        """
        lack, fault = not_here(), None
        for at, node in enumerate(self._nodes):
            try:
                found = self._ask(node, cid)
            except NotFound as error:
                lack = error
            except Error as error:
                fault = fault or error
            else:
                # Who gave one block has the next one too, mostly.
                self._nodes.insert(0, self._nodes.pop(at))
                return found
        raise fault or lack

    def close(self) -> None:
        """Close all files; a second call does nothing."""
        self._given.clear()
        self._opened.close()

    def _ask(self, node: Node, cid: IpfsCid) -> bytes:
        if (held := self._given.get(node.member)) is not None:
            return held.get_public(cid)
        with ExitStack() as looking:
            blocks = looking.enter_context(read_blocks(node.store, node.folder / "store.db"))
            if blocks is None:
                raise not_here()
            blocks.database.bound_cache(CACHE_KIB)
            found = blocks.get_public(cid)
            self._opened.push(looking.pop_all())
            self._given[node.member] = blocks
        return found

"""A member's public files to an IPFS node and from it, and peers of our own on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from tallystick.kernel.ledger.install import IPFS_PEER, find_engine
from tallystick.kernel.store.blocks import Blocks, Root
from tallystick.kernel.store.engines.dags import pull_root, push_root
from tallystick.kernel.store.engines.kubo import WAIT_S, Kubo
from tallystick.kernel.store.engines.peers import PEERS_MAX, Peer, run_peers
from tallystick.kernel.store.keeping import Note, Progress
from tallystick.kernel.store.unixfs.cid import IpfsCid

__all__ = ["PEERS_MAX", "WAIT_S", "give", "run_circle", "take"]


@contextmanager
def run_circle(count: int) -> Iterator[list[Peer]]:
    """Run peers of our own, each connected to all others; they end with the block.

    Raises:
        NotFound: `engine.absent`, the peer is not built; Unavailable: `ipfs.peer`.
    """
    with run_peers(find_engine(IPFS_PEER), count) as peers:
        yield peers


def give(blocks: Blocks, address: str, cid: IpfsCid, wait_s: float, told: Progress) -> int:
    """Give a public root to the node at an address; return its blocks. Raises as `push_root`."""
    with closing(Kubo(address, wait_s=wait_s)) as node:
        return push_root(blocks, node, cid, told)


def take(
    blocks: Blocks, address: str, cid: IpfsCid, note: Note, *, wait_s: float, told: Progress
) -> Root:
    """Keep a root from the node at an address. Raises as `pull_root`."""
    with closing(Kubo(address, wait_s=wait_s)) as node:
        return pull_root(blocks, node, cid, note, told)

"""Peers of our own on this machine: IPFS nodes of the program `ipfs-peer`, each connected to all.

Laws: a peer is ready when it has said where it listens, or `ipfs.peer` is raised; a peer holds a
pipe to whoever started it and ends with it, however that one ends; whoever ends asks each of its
own peers to end, and enforces it when that takes too long. Their blocks are in memory, and go with
them.
"""

from __future__ import annotations

import json
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.errors import Unavailable
from tallystick.kernel.store.engines.kubo import Kubo

__all__ = ["PEERS_MAX", "Peer", "run_peers", "start_peer"]

PEERS_MAX: Final = 16
START_S: Final = 20.0
END_S: Final = 5.0
_LINE_MAX: Final = 8_192


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that runs.

    Attributes:
        name: its libp2p name.
        rpc: the address of its RPC.
        gateway: the address of its gateway.
        address: where other nodes reach it.
        pid: of its process.
    """

    name: str
    rpc: str
    gateway: str
    address: str
    pid: int


@contextmanager
def run_peers(program: Path, count: int, options: Sequence[str] = ()) -> Iterator[list[Peer]]:
    """Run peers, each connected to those before it; they end with the block.

    Args:
        program: the built peer.
        count: how many, 1 to `PEERS_MAX`.
        options: of each.

    Raises:
        Unavailable: `ipfs.peer`, one did not start.
    """
    assert 0 < count <= PEERS_MAX
    with ExitStack() as running:
        peers = [running.enter_context(start_peer(program, options)) for _ in range(count)]
        for number, peer in enumerate(peers):
            node = Kubo(peer.rpc)
            for other in peers[:number]:
                node.connect(other.address)
            node.close()
        yield peers


@contextmanager
def start_peer(program: Path, options: Sequence[str] = ()) -> Iterator[Peer]:
    """Run one peer, connected to nobody; raises as `run_peers`."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the program that was built here
            [str(program), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise _not_started(str(error.strerror)) from error
    try:
        yield _await(process)
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes]) -> Peer:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline(_LINE_MAX) if ready else b""
    try:
        told = json.loads(line)
        return Peer(told["id"], told["rpc"], told["gateway"], told["addresses"][0], process.pid)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        status = process.poll()
        why = f"it ended with status {status}" if status is not None else f"not in {START_S:g} s"
        raise _not_started(why) from error


def _end(process: subprocess.Popen[bytes]) -> None:
    with process:
        assert process.stdin is not None
        # The pipe's end asks it to end, as it would if this process were killed.
        process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _not_started(why: str) -> Unavailable:
    return Unavailable(
        "ipfs.peer",
        f"a peer did not start: {why}",
        cure="Build it anew: tally engine install ipfs-peer.",
    )

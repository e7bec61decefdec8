"""State sync as CometBFT 0.38 plays it, message by message, between applications of one process.

It keeps the rules of the engine's own syncer: the highest snapshot that most peers offer is tried
first, under the app hash that its light client trusts; chunks are asked of peers in turn and
applied in order; what the application says is done to chunks, senders and snapshots.
Source: CometBFT 0.38, statesync/syncer.go, statesync/chunks.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_table import Request, Response
from tallystick.kernel.ledger.engines.abci_wire import Frames
from tallystick.kernel.ledger.engines.application import Application

__all__ = ["Killed", "StateSync", "ask_abci"]

ACCEPT: Final = 1
RETRY: Final = 3
RETRY_SNAPSHOT: Final = 4
REJECTED: Final = {3: "snapshot", 4: "format", 5: "snapshot"}
STEPS_MAX: Final = 500

Meddle = Callable[[str, int, bytes], bytes]
"""What a peer sends in place of a chunk: (its name, the index, the chunk)."""


class Killed(Exception):
    """The process ends here."""


def ask_abci(application: Application, kind: str, **given: Any) -> Any:
    """Return an application's answer to a request, through the bytes of both."""
    asked = Request.FromString(Request(**{kind: given}).SerializeToString())
    (told,) = Frames().feed(answer_for(application)(kind, getattr(asked, kind)))
    return getattr(Response.FromString(told), kind)


@dataclass
class StateSync:
    """One application that takes a snapshot over from others.

    Attributes:
        taker: the application whose engine holds nothing.
        givers: the others, by the name of their node.
        hashes: what the light client trusts, by the engine's height.
        meddle: changes what a peer sends.
        edit: changes what peers list: (peer's name, snapshots).
        kill_at: after so many chunks the taker's process ends.
    """

    taker: Application
    givers: Mapping[str, Application]
    hashes: Sequence[bytes]
    meddle: Meddle = lambda _, __, chunk: chunk
    edit: Callable[[str, list[Any]], list[Any]] = lambda _, found: found
    kill_at: int = -1
    gone: list[str] = field(default_factory=list)
    """Senders that were rejected, in order."""
    rejected: list[int] = field(default_factory=list)
    """Heights of snapshots that were rejected, in order."""
    applied: int = 0

    def run(self) -> bool:
        """Try snapshots until one is taken over; False if none is left."""
        pool: dict[bytes, tuple[Any, list[str]]] = {}
        for name, giver in self.givers.items():
            told = ask_abci(giver, "list_snapshots").snapshots
            for each in self.edit(name, list(told)):
                pool.setdefault(each.SerializeToString(), (each, []))[1].append(name)
        while pool:
            key = max(pool, key=lambda each: (pool[each][0].height, len(pool[each][1])))
            snapshot, peers = pool[key]
            if self._sync(snapshot, peers):
                self._verify(snapshot)
                return True
            self.rejected.append(snapshot.height)
            del pool[key]
        return False

    def _sync(self, snapshot: Any, peers: list[str]) -> bool:
        told = ask_abci(
            self.taker,
            "offer_snapshot",
            snapshot=snapshot,
            app_hash=self.hashes[snapshot.height],
        )
        if told.result != ACCEPT:
            assert told.result in REJECTED
            return False
        chunks: dict[int, tuple[bytes, str]] = {}
        returned: set[int] = set()
        for _ in range(STEPS_MAX):
            index = next((at for at in range(snapshot.chunks) if at not in returned), None)
            if index is None:
                return True
            if index not in chunks and not self._fetch(snapshot, index, peers, chunks):
                return False
            returned.add(index)
            if not self._apply(index, chunks, returned):
                return False
        raise AssertionError("it goes round and round")

    def _fetch(
        self, snapshot: Any, index: int, peers: list[str], chunks: dict[int, tuple[bytes, str]]
    ) -> bool:
        left = [name for name in peers if name not in self.gone]
        for turn in range(len(left)):
            name = left[(index + turn) % len(left)]
            chunk = ask_abci(
                self.givers[name],
                "load_snapshot_chunk",
                height=snapshot.height,
                format=snapshot.format,
                chunk=index,
            ).chunk
            if chunk:
                chunks[index] = (self.meddle(name, index, chunk), name)
                return True
        return False

    def _apply(self, index: int, chunks: dict[int, tuple[bytes, str]], returned: set[int]) -> bool:
        if self.applied == self.kill_at:
            raise Killed
        self.applied += 1
        chunk, sender = chunks[index]
        told = ask_abci(self.taker, "apply_snapshot_chunk", index=index, chunk=chunk, sender=sender)
        for each in told.refetch_chunks:
            chunks.pop(each, None)
            returned.discard(each)
        for name in told.reject_senders:
            self.gone.append(name)
            for at in [at for at, (_, by) in chunks.items() if by == name and at not in returned]:
                del chunks[at]
        if told.result == RETRY:
            returned.discard(index)
        elif told.result == RETRY_SNAPSHOT:
            returned.clear()
        return told.result in (ACCEPT, RETRY, RETRY_SNAPSHOT)

    def _verify(self, snapshot: Any) -> None:
        """As the engine does at the end: a contradiction ends it."""
        told = ask_abci(self.taker, "info")
        assert told.last_block_height == snapshot.height
        assert told.last_block_app_hash == self.hashes[snapshot.height]
        assert told.app_version == 1

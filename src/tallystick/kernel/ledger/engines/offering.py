"""Snapshots that a validator offers to others whose engines begin anew.

Laws: one at every `SPACING` heights of the engine, so that all members offer the same one; the
newest `KEPT` are kept; none is offered before a quorum's names under it are held here and the
engine has gone two heights beyond, which is what the other's light client asks for. The engine's
own blocks may go once they are older than the oldest that is offered, and than `KEPT` times
`SPACING`: who is further behind takes a snapshot. What is offered is read again before it is sent.
Files: `sync-OWN.state`, the state at a height of ours; `sync-HEIGHT.manifest`, what a snapshot at
a height of the engine consists of.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import sha256
from tallystick.base.errors import Error, Invalid, Unavailable
from tallystick.chain.checkpoint import COSIGNATURES_MAX, write_note
from tallystick.chain.member import quorum
from tallystick.kernel.ledger.engines.manifest import GROUP, Manifest, Names
from tallystick.kernel.ledger.engines.marks import Mark
from tallystick.kernel.ledger.offer import PART_BYTES, encode_spans
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.snapshot import hold_state, save_snapshot
from tallystick.kernel.store.database import Database

__all__ = ["KEPT", "SPACING", "Offered", "Offering"]

SPACING: Final = 10_000
"""Heights of the engine: a quarter of an hour of full blocks, 40 minutes of empty ones."""
KEPT: Final = 2
STEP: Final = 100
"""Blocks of the engine go so many at once: each time costs it two writes to the disk."""
NAMED_WITHIN: Final = 64
"""So many heights after the snapshot's a quorum's names are looked for: four times the grid that
members sign together."""
BEYOND: Final = 2
CHUNK_BYTES_MAX: Final = 15_000_000
_CHECK_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class Offered:
    """A snapshot that is offered: the engine's height, and what it consists of."""

    height: int
    manifest: Manifest


class Offering:
    """Makes and gives one member's snapshots; all but the making on the engine's thread.

    Args:
        replica: the member's chain.
        spacing: how many heights of the engine lie between two.
    """

    def __init__(self, replica: Replica, spacing: int = SPACING) -> None:
        self.spacing = spacing
        self.trouble: Error | None = None
        """Why the last snapshot could not be made; None if it was."""
        self._replica = replica
        self._lock = threading.Lock()
        self._maker: threading.Thread | None = None
        self._named: set[int] = set()
        self._held: dict[int, Manifest] = dict(self._load())
        self._tidy()

    def _path(self, name: str) -> Path:
        return self._replica.path.with_name(f"sync-{name}")

    def _load(self) -> Iterator[tuple[int, Manifest]]:
        """Yield what the folder holds; a file that is none, or another chain's, is passed over."""
        for path in self._replica.path.parent.glob("sync-*.manifest"):
            with contextlib.suppress(OSError, Invalid, ValueError):
                data = path.read_bytes()
                found = Manifest.read(data[_CHECK_SIZE:])
                size = self._path(f"{found.own}.state").stat().st_size
                is_whole = sha256(data[_CHECK_SIZE:])[:_CHECK_SIZE] == data[:_CHECK_SIZE]
                if is_whole and size == found.size and found.own <= self._replica.tip.height:
                    yield int(path.stem.partition("-")[2]), found

    def _tidy(self) -> None:
        """Take away what a crash left behind, and what is of no use any more."""
        own = {self._path(f"{each.own}.state").name for each in self._held.values()}
        named = own | {self._path(f"{height}.manifest").name for height in self._held}
        for path in self._replica.path.parent.glob("sync-*"):
            if path.suffix in (".manifest", ".part", ".state") and path.name not in named:
                with contextlib.suppress(OSError):
                    path.unlink()

    def reached(self, mark: Mark) -> None:
        """Have a snapshot made where one is due: the engine's height is durable here."""
        if mark.height % self.spacing or not mark.own or self._is_making():
            return
        with self._lock:
            same = next((each for each in self._held.values() if each.own == mark.own), None)
        try:
            if same is not None:
                # Empty blocks alone since the last: the same state, at a later height.
                self._keep(mark.height, same)
                return
            held = hold_state(self._replica.path)
        except Error as error:
            self.trouble = error
            return
        self._maker = threading.Thread(
            target=self._make, args=(mark, held), name="snapshot", daemon=True
        )
        self._maker.start()

    def _is_making(self) -> bool:
        return self._maker is not None and self._maker.is_alive()

    def _make(self, mark: Mark, held: Database) -> None:
        part = self._path("new.part")
        try:
            part.unlink(missing_ok=True)
            save_snapshot(self._replica.path, part, held)
            state = part.replace(self._path(f"{mark.own}.state"))
            self._keep(mark.height, self._describe(mark.own, state))
            self.trouble = None
        except Error as error:
            self.trouble = error
        except OSError as error:
            self.trouble = Unavailable(
                "ledger.snapshot_disk", f"{part.name}: {error.strerror}", cure="Check the disk."
            )
        finally:
            part.unlink(missing_ok=True)

    def _describe(self, own: int, state: Path) -> Manifest:
        """Return the manifest of a state's file; of full groups the last one's digests hold."""
        with self._lock:
            known = max(self._held.values(), key=lambda each: each.own, default=None)
        digests = list(known.digests[: known.own // GROUP]) if known is not None else []
        manifest = Manifest(own, state.stat().st_size, ())
        for index in range(len(digests), manifest.groups):
            spans = self._spans(manifest, index)
            if len(spans) > CHUNK_BYTES_MAX:
                raise Unavailable(
                    "ledger.snapshot_size",
                    f"the headers around height {index * GROUP + 1} take {len(spans)} bytes,"
                    f" {CHUNK_BYTES_MAX} are passed on at once",
                    cure="Nothing to do: members that were away follow by blocks.",
                )
            digests.append(sha256(spans))
        with state.open("rb") as file:
            while part := file.read(PART_BYTES):
                digests.append(sha256(part))
        return Manifest(own, manifest.size, tuple(digests))

    def _spans(self, manifest: Manifest, index: int) -> bytes:
        return encode_spans(map(self._replica.span, manifest.heights(index)))

    def _keep(self, height: int, manifest: Manifest) -> None:
        """Write a manifest; snapshots older than the newest few go."""
        part, data = self._path("manifest.part"), manifest.data
        try:
            part.write_bytes(sha256(data)[:_CHECK_SIZE] + data)
            part.replace(self._path(f"{height}.manifest"))
        except OSError as error:
            raise Unavailable(
                "ledger.snapshot_disk", f"{part.name}: {error.strerror}", cure="Check the disk."
            ) from error
        with self._lock:
            self._held[height] = manifest
            for old in sorted(self._held)[:-KEPT]:
                self._drop(old)

    def _drop(self, height: int) -> None:
        own = self._held.pop(height).own
        with contextlib.suppress(OSError):
            self._path(f"{height}.manifest").unlink(missing_ok=True)
            if all(each.own != own for each in self._held.values()):
                self._path(f"{own}.state").unlink(missing_ok=True)

    def offered(self, height: int) -> list[Offered]:
        """Return what is offered while the engine stands at a height, the oldest first."""
        with self._lock:
            held = sorted(self._held.items())
        return [
            Offered(at, manifest)
            for at, manifest in held
            if at + BEYOND <= height and self._is_named(at, manifest)
        ]

    def _is_named(self, height: int, manifest: Manifest) -> bool:
        if height not in self._named and self._find_names(manifest.own) is not None:
            self._named.add(height)
        return height in self._named

    def _find_names(self, own: int) -> Names | None:
        """Return the names that lead to a height of ours or a little beyond; None while too few."""
        replica = self._replica
        until = min(own + NAMED_WITHIN, replica.tip.height)
        notes = (self._note(height) for height in range(own, until + 1))
        place = next(((own + at, note) for at, note in enumerate(notes) if note), None)
        if place is None:
            return None
        last, note = place
        changes = {height: self._note(height) for height in replica.handovers() if height < last}
        if not all(changes.values()):
            return None
        return Names(changes, note, [replica.span(at) for at in range(own + 1, last + 1)])

    def _note(self, height: int) -> bytes:
        """Return a height's checkpoint under a quorum's names, b"" if there are too few."""
        replica = self._replica
        voices = replica.members(height).voices(height)
        lines: Mapping[str, str] = replica.cosignatures(height)
        if len(lines) < quorum(voices):
            return b""
        return write_note(replica.body(height), list(lines.values())[:COSIGNATURES_MAX])

    def chunk(self, height: int, index: int) -> bytes:
        """Return a chunk of the snapshot at the engine's height; b"" if it is not offered here."""
        with self._lock:
            manifest = self._held.get(height)
        if manifest is None or not 0 <= index < manifest.chunks:
            return b""
        try:
            if index == len(manifest.digests):
                names = self._find_names(manifest.own)
                return names.data if names is not None else b""
            data = self._read(manifest, index)
        except (Error, OSError):
            data = b""
        if sha256(data) == manifest.digests[index]:
            return data
        with self._lock:
            # The file is not what was written: nobody is sent on by it.
            if height in self._held:
                self._drop(height)
        return b""

    def _read(self, manifest: Manifest, index: int) -> bytes:
        if index < manifest.groups:
            return self._spans(manifest, index)
        with self._path(f"{manifest.own}.state").open("rb") as file:
            file.seek((index - manifest.groups) * PART_BYTES)
            return file.read(PART_BYTES)

    def retained(self, height: int) -> int:
        """Return from which height on the engine must keep its blocks; 0 for all of them.

        Args:
            height: the engine's, committed here.
        """
        with self._lock:
            oldest = min(self._held.items(), default=None)
        if oldest is None or not self._is_named(*oldest):
            return 0
        step = min(STEP, self.spacing)
        return max(0, min(oldest[0], height - KEPT * self.spacing)) // step * step

    def close(self) -> None:
        """Wait for what is being made; a second call does nothing."""
        if self._maker is not None:
            self._maker.join()

"""What a member hands to one that takes the state over: spans of blocks, and the state as a file.

The file is made when somebody asks and the last one is old, so nobody's asking costs more than one
snapshot per `AGE_MAX` heights; the newest two are kept, so that a copy begun is not cut off. Who
takes it proves all of it against a header that members have witnessed: nothing here is believed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import Value, encode, item_head
from tallystick.base.errors import NotFound
from tallystick.chain import schema
from tallystick.chain.checkpoint import COSIGNATURES_MAX, NOTE_BYTES_MAX, write_note
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.export import CODE_SIZE
from tallystick.chain.span import Span
from tallystick.kernel.ledger.peer import ask
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.snapshot import save_snapshot
from tallystick.kernel.link.base import Handlers, Link

__all__ = [
    "AGE_MAX",
    "PART_BYTES",
    "Handover",
    "ask_handover",
    "ask_offer",
    "ask_part",
    "ask_spans",
    "decode_spans",
    "encode_spans",
    "serve_snapshots",
]

AGE_MAX: Final = 1_024
"""So many heights behind the tip a state is still offered."""
PART_BYTES: Final = 4_000_000
SPANS_MAX: Final = 4_096
_SIZE_MAX: Final = 2**40
_ASK_OFFER: Final = codec.tuple_of(codec.integer())
_OFFER: Final = codec.tuple_of(codec.integer(1), codec.integer(1, _SIZE_MAX))
_ASK_PART: Final = codec.tuple_of(codec.integer(1), codec.integer(0, _SIZE_MAX))
_ASK_SPANS: Final = codec.tuple_of(codec.integer(1))
_HANDOVERS: Final = codec.list_of(
    codec.tuple_of(
        codec.octets(4 * 1_024),
        codec.octets(schema.MEMBERS_BYTES_MAX),
        codec.octets(NOTE_BYTES_MAX),
    ),
    1,
)
_SPANS: Final = codec.list_of(
    codec.tuple_of(
        codec.octets(4 * 1_024),
        codec.octets(schema.BLOCK_TRANSACTIONS_MAX * DIGEST_SIZE),
        codec.octets(schema.BLOCK_TRANSACTIONS_MAX * CODE_SIZE),
        codec.octets(schema.MEMBERS_BYTES_MAX),
    ),
    SPANS_MAX,
)


@dataclass(frozen=True, slots=True)
class Handover:
    """A change of the list of members, as another member tells it; unverified.

    Attributes:
        header: of the height that changed it.
        members: the new list.
        note: cosignatures of the old list's members under that height.
    """

    header: bytes
    members: bytes
    note: bytes


def serve_snapshots(link: Link, replica: Replica) -> None:
    """Answer other members' questions about spans and the state."""
    making = threading.Lock()

    def offer(_: str, payload: bytes) -> bytes:
        (above,) = codec.decode(payload, _ASK_OFFER)
        tip = replica.tip.height
        with making:
            held = _offered(replica)
            # A younger one is made only for who cannot go on by blocks from here.
            is_short = max(held, default=0) <= above < replica.lowest() - 1
            if above < tip and (not held or tip - max(held) >= AGE_MAX or is_short):
                _make(replica)
                held = _offered(replica)
        if not held or max(held) <= above:
            raise NotFound(
                "ledger.no_offer",
                f"no state beyond height {above} here",
                cure="Pull blocks, or ask another member.",
            )
        height = max(held)
        return encode([height, held[height].stat().st_size])

    def part(_: str, payload: bytes) -> bytes:
        height, offset = codec.decode(payload, _ASK_PART)
        try:
            with _file(replica, height).open("rb") as file:
                file.seek(offset)
                return file.read(PART_BYTES)
        except OSError as error:
            raise NotFound(
                "ledger.no_offer",
                f"the state at height {height} is not offered here any more",
                cure="Ask for the newest offer.",
            ) from error

    link.serve({"snapshot.offer": offer, "snapshot.part": part, **_leading(replica)})


def _leading(replica: Replica) -> Handlers:
    """Return what leads from another's tip to the state that is offered."""

    def spans(_: str, payload: bytes) -> bytes:
        (first,) = codec.decode(payload, _ASK_SPANS)
        found: list[Span] = []
        size = 0
        for height in range(first, min(replica.tip.height + 1, first + SPANS_MAX)):
            each = replica.span(height)
            size += sum(map(len, (each.header, each.tids, each.codes, each.members)))
            if found and size > PART_BYTES:
                break
            found.append(each)
        return encode_spans(found)

    def handover(_: str, payload: bytes) -> bytes:
        (above,) = codec.decode(payload, _ASK_OFFER)
        for height in replica.handovers():
            if height > above:
                lines = list(replica.cosignatures(height).values())[:COSIGNATURES_MAX]
                note = write_note(replica.body(height), lines) if lines else b""
                return encode([[replica.header(height), replica.span(height).members, note]])
        return encode([])

    return {"snapshot.spans": spans, "snapshot.handover": handover}


def _file(replica: Replica, height: int) -> Path:
    return replica.path.with_name(f"offer-{height}.state")


def _offered(replica: Replica) -> dict[int, Path]:
    """Return the files that are offered, by height."""
    found = {}
    for path in replica.path.parent.glob("offer-*.state"):
        with contextlib.suppress(ValueError):
            found[int(path.stem.partition("-")[2])] = path
    return {height: path for height, path in found.items() if _is_own(replica, height, path)}


def _is_own(replica: Replica, height: int, path: Path) -> bool:
    """Tell whether a file begins with the own header of its height: no other chain's is offered."""
    if not 1 <= height <= replica.tip.height or path != _file(replica, height):
        return False
    header = replica.header(height)
    begin = item_head(4, 4) + item_head(2, len(header)) + header
    try:
        with path.open("rb") as file:
            return file.read(len(begin)) == begin
    except OSError:
        return False


def _make(replica: Replica) -> None:
    """Write the state at the tip; the oldest file but one goes."""
    part = replica.path.with_name("offer.part")
    part.unlink(missing_ok=True)
    saved = save_snapshot(replica.path, part)
    part.replace(_file(replica, saved.snapshot.fields["height"]))
    held = _offered(replica)
    for height in sorted(held)[:-2]:
        held[height].unlink(missing_ok=True)


def ask_offer(link: Link, to: str, above: int) -> tuple[int, int]:
    """Return height and size in bytes of the state that another member offers beyond a height.

    Raises:
        NotFound: `ledger.no_offer`.
    """
    height, size = ask(link, to, "snapshot.offer", encode([above]), _OFFER)
    return height, size


def ask_handover(link: Link, to: str, above: int) -> Handover | None:
    """Return the first change of the list beyond a height that another member tells of, if any."""
    rows = ask(link, to, "snapshot.handover", encode([above]), _HANDOVERS)
    return Handover(*rows[0]) if rows else None


def ask_part(link: Link, to: str, height: int, offset: int) -> bytes:
    """Return the bytes of an offered state from an offset on, at most `PART_BYTES`; unverified."""
    return link.call(to, "snapshot.part", encode([height, offset]))


def ask_spans(link: Link, to: str, first: int) -> list[Span]:
    """Return spans from a height on from another member's chain; unverified."""
    rows = ask(link, to, "snapshot.spans", encode([first]), _SPANS)
    return [Span(*row) for row in rows]


def encode_spans(spans: Iterable[Span]) -> bytes:
    """Return the bytes of spans, at most `SPANS_MAX`."""
    rows: list[Value] = [[each.header, each.tids, each.codes, each.members] for each in spans]
    return encode(rows)


def decode_spans(data: bytes) -> list[Span]:
    """Return the spans of such bytes; Invalid `codec.form` if they are none."""
    return [Span(*row) for row in codec.decode(data, _SPANS)]

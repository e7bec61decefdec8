"""What members ask each other about the chain, and the answers of one that keeps it.

Every member answers for blocks and notes, so that any can repair or check another; only the orderer
takes in transactions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Check, Value, encode
from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.chain import schema
from tallystick.chain.checkpoint import COSIGNATURES_MAX, NOTE_BYTES_MAX
from tallystick.kernel.ledger.base import WAIT_MS_MAX, Ledger, Result
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Handlers, Link

__all__ = [
    "BLOCKS_MAX",
    "LINE_HEIGHTS",
    "Blocks",
    "Peer",
    "ask",
    "ask_blocks",
    "ask_lines",
    "ask_note",
    "ask_submit",
    "ask_wait",
    "send_cosignatures",
    "serve_chain",
    "serve_ledger",
]

BLOCKS_BYTES_MAX: Final = 8_000_000
BLOCKS_MAX: Final = 256
_ASK_BLOCKS: Final = codec.tuple_of(codec.integer(1), codec.integer(1, BLOCKS_MAX))
_BLOCKS: Final = codec.shape(
    {
        "height": codec.integer(),
        "lowest": codec.integer(1),
        "note": codec.octets(NOTE_BYTES_MAX),
        "blocks": codec.list_of(codec.octets(schema.BLOCK_BYTES_MAX), BLOCKS_MAX),
    }
)
_ASK_NOTE: Final = codec.tuple_of(codec.integer())
_LINES: Final = codec.list_of(
    codec.tuple_of(codec.integer(1), codec.text(1_024)), COSIGNATURES_MAX, 1
)
LINE_HEIGHTS: Final = 128
"""So many heights' cosignatures come in one answer."""
_ASK_LINES: Final = codec.tuple_of(codec.integer(1))
_MEMBER_BYTES: Final = 64
_LINE_BYTES: Final = 1_024
_KEPT_LINES: Final = codec.shape(
    {
        "next": codec.integer(),
        "lines": codec.list_of(
            codec.tuple_of(codec.integer(1), codec.text(_MEMBER_BYTES), codec.text(_LINE_BYTES)),
            LINE_HEIGHTS * schema.MEMBERS_MAX,
        ),
    }
)
_ASK_WAIT: Final = codec.tuple_of(schema.b32, codec.integer(0, WAIT_MS_MAX))
_RESULT: Final = codec.tuple_of(
    schema.b32, codec.integer(1), schema.u32, schema.u16, codec.integer()
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """An answer to `ledger.blocks`.

    Attributes:
        height: the other's.
        lowest: the height from which on it holds all bodies.
        note: its newest.
        blocks: those asked for, as far as it holds them.
    """

    height: int
    lowest: int
    note: bytes
    blocks: list[bytes]


@dataclass(frozen=True, slots=True)
class Peer:
    """One member's chain as it answers others."""

    replica: Replica
    witnesses: Witnesses


def _newest_note(peer: Peer) -> bytes:
    """Return the witnessed checkpoint, or else the newest with any cosignature, or nothing."""
    tip = peer.replica.tip.height
    for height in (peer.witnesses.height, tip, tip - 1):
        if height > 0:
            try:
                return peer.witnesses.note(height)
            except NotFound:
                continue
    return b""


def serve_chain(link: Link, peer: Peer) -> None:
    """Answer other members' questions about blocks and notes, and keep their cosignatures."""
    replica, witnesses = peer.replica, peer.witnesses

    def blocks(_: str, payload: bytes) -> bytes:
        first, count = codec.decode(payload, _ASK_BLOCKS)
        return encode(
            {
                "height": replica.tip.height,
                "lowest": replica.lowest(),
                "note": _newest_note(peer),
                "blocks": replica.blocks(first, BLOCKS_BYTES_MAX, count),
            }
        )

    def note(_: str, payload: bytes) -> bytes:
        (height,) = codec.decode(payload, _ASK_NOTE)
        return witnesses.note(height) if height else _newest_note(peer)

    def cosign(caller: str, payload: bytes) -> bytes:
        for height, line in codec.decode(payload, _LINES):
            if height <= replica.tip.height:
                witnesses.add(caller, height, line)
        return b""

    def lines(_: str, payload: bytes) -> bytes:
        (first,) = codec.decode(payload, _ASK_LINES)
        found, then = replica.lines(first, LINE_HEIGHTS)
        # A damaged row may be of any length; no answer fails by it.
        rows: list[Value] = [list(row) for row in found if _is_line(*row)]
        return encode({"next": then, "lines": rows})

    link.serve(
        {
            "ledger.blocks": blocks,
            "ledger.note": note,
            "ledger.cosign": cosign,
            "ledger.lines": lines,
        }
    )


def serve_ledger(link: Link, ledger: Ledger) -> None:
    """Take in other members' transactions; for the orderer."""

    def submit(_: str, payload: bytes) -> bytes:
        return ledger.submit(payload)

    def wait(_: str, payload: bytes) -> bytes:
        tid, timeout_ms = codec.decode(payload, _ASK_WAIT)
        found = ledger.wait(tid, timeout_ms)
        return encode([found.tid, found.height, found.index, found.code, found.position])

    handlers: Handlers = {"ledger.submit": submit, "ledger.wait": wait}
    link.serve(handlers)


def ask(link: Link, to: str, method: str, payload: bytes, check: Check) -> Any:  # noqa: ANN401 - the check says what
    """Ask and read the answer; what has no reading was damaged on the way."""
    try:
        return codec.decode(link.call(to, method, payload), check)
    except Invalid as error:
        if error.code != "codec.form":
            raise
        raise Unavailable(
            "link.torn", f"{to}: the message or its answer has no reading", cure="Try again."
        ) from error


def ask_blocks(link: Link, to: str, first: int, count: int = BLOCKS_MAX) -> Blocks:
    """Return blocks from `first` on from another member's chain, unverified."""
    return Blocks(**ask(link, to, "ledger.blocks", encode([first, count]), _BLOCKS))


def ask_note(link: Link, to: str, height: int = 0) -> bytes:
    """Return another member's checkpoint at `height`, 0 for its newest; unverified."""
    return link.call(to, "ledger.note", encode([height]))


def _is_line(height: int, member: str, line: str) -> bool:
    is_named = height > 0 and 0 < len(member.encode()) <= _MEMBER_BYTES
    return is_named and 0 < len(line.encode()) <= _LINE_BYTES


def ask_lines(link: Link, to: str, first: int) -> tuple[list[tuple[int, str, str]], int]:
    """Return cosignatures that another member keeps, and from which height on to ask for more.

    Each is (height, member, line), unverified, of at most `LINE_HEIGHTS` heights from `first` on;
    0 where there are no more.
    """
    found = ask(link, to, "ledger.lines", encode([first]), _KEPT_LINES)
    return [tuple(row) for row in found["lines"]], found["next"]


def send_cosignatures(link: Link, to: str, lines: Sequence[tuple[int, str]]) -> None:
    """Give another member cosignature lines by height."""
    rows: list[Value] = [[height, line] for height, line in lines[-COSIGNATURES_MAX:]]
    link.call(to, "ledger.cosign", encode(rows))


def ask_wait(link: Link, to: str, tid: bytes, timeout_ms: int) -> Result:
    """Return the orderer's result of a transaction."""
    payload = encode([tid, min(timeout_ms, WAIT_MS_MAX)])
    return Result(*ask(link, to, "ledger.wait", payload, _RESULT))


def ask_submit(link: Link, to: str, data: bytes) -> bytes:
    """Hand a transaction to the orderer and return its id."""
    try:
        return link.call(to, "ledger.submit", data)
    except Invalid as error:
        if error.code != "codec.form":
            raise
        raise Unavailable(
            "link.torn", f"{to}: the message was damaged", cure="Try again."
        ) from error

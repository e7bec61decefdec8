"""How a validator whose engine begins anew comes to trust a block of it: by the others' word.

The engine's light client must be given one block to trust, and nodes to ask. Both come over the
members' link, where each answer is signed: every validator tells the blocks at which it offers a
snapshot, and what more than a third of them tell alike, and at least two, one honest member has
told. The nodes themselves listen on loopback alone, so members pass on what a light client asks:
headers, commits, lists of validators, nothing else. None of it replaces the chain's own proof: what
is taken over is led to by cosignatures from genesis (`restoring`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Value, encode
from tallystick.base.errors import Error, Invalid
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.kernel.ledger.engines.comet_rpc import ask_node, away
from tallystick.kernel.ledger.engines.offering import KEPT, Offering
from tallystick.kernel.ledger.peer import ask
from tallystick.kernel.link.base import Link

__all__ = ["Introduction", "Word", "ask_others", "enough", "introduce", "read_far", "serve_words"]

METHODS: Final = ("commit", "consensus_params", "validators")
"""What a light client asks of a node."""
_NUMBERS: Final = ("height", "page", "per_page")
SERVERS_MIN: Final = 2
"""The engine's light client takes no fewer."""
_TRIED: Final = (ValueError, TypeError, KeyError)
_WORD: Final = codec.tuple_of(
    codec.integer(),
    codec.integer(),
    codec.list_of(codec.tuple_of(codec.integer(1), codec.exact_bytes(DIGEST_SIZE)), KEPT),
)
_READ: Final = codec.tuple_of(
    codec.text(40), codec.list_of(codec.tuple_of(codec.text(40), codec.text(20)), len(_NUMBERS))
)


@dataclass(frozen=True, slots=True)
class Word:
    """What one validator tells of its engine.

    Attributes:
        base: the first height whose block it keeps.
        height: the last.
        blocks: by height at which it offers a snapshot, the block's digest.
    """

    base: int
    height: int
    blocks: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Introduction:
    """A block that enough have told of, and who they are.

    Attributes:
        height: the engine's.
        block: its digest, 32 bytes.
        members: who told it, by name.
    """

    height: int
    block: bytes
    members: Sequence[str]


def enough(validators: int) -> int:
    """Return how many must tell the same: more than a third, so that one of them is honest.

    >>> [enough(count) for count in (3, 4, 6, 7, 10)]
    [2, 2, 3, 3, 4]
    """
    return max(SERVERS_MIN, validators // 3 + 1)


def serve_words(link: Link, offering: Offering, rpc_port: int) -> None:
    """Tell other members of the own engine, and pass on what their light clients ask of it."""

    def word(_: str, __: bytes) -> bytes:
        base, height = _read_status(ask_node(rpc_port, "status"))
        rows: list[Value] = [
            [each.height, _block_at(rpc_port, each.height)] for each in offering.offered(height)
        ]
        return encode([base, height, rows])

    def read(_: str, payload: bytes) -> bytes:
        method, given = codec.decode(payload, _READ)
        if method not in METHODS or not {name for name, _ in given} <= set(_NUMBERS):
            raise Invalid(
                "engine.not_told",
                f"a light client does not ask for {method!r}",
                cure="Ask for commit, consensus_params or validators.",
            )
        return json.dumps(ask_node(rpc_port, method, dict(given))).encode()

    link.serve({"engine.word": word, "engine.read": read})


def _read_status(told: Mapping[str, Any]) -> tuple[int, int]:
    try:
        found = told["result"]["sync_info"]
        return int(found["earliest_block_height"]), int(found["latest_block_height"])
    except _TRIED as error:
        raise away("its answer has no reading") from error


def _block_at(rpc_port: int, height: int) -> bytes:
    """Return the digest of the block that the own node keeps at a height."""
    told = ask_node(rpc_port, "commit", {"height": str(height)})
    try:
        return bytes.fromhex(told["result"]["signed_header"]["commit"]["block_id"]["hash"])
    except _TRIED as error:
        raise away("its answer has no reading") from error


def ask_others(link: Link, names: Iterable[str]) -> dict[str, Word]:
    """Return what some members tell of their engines; who is away or has none is left out."""
    found = {}
    for name in names:
        try:
            base, height, rows = ask(link, name, "engine.word", b"", _WORD)
        except Error:
            continue
        found[name] = Word(base, height, dict(rows))
    return found


def introduce(words: Mapping[str, Word], wanted: int) -> Introduction | None:
    """Return the latest block that `wanted` members tell of alike, None if there is none."""
    told: dict[tuple[int, bytes], list[str]] = {}
    for name, word in sorted(words.items()):
        for row in word.blocks.items():
            told.setdefault(row, []).append(name)
    agreed = [row for row, names in told.items() if len(names) >= wanted]
    if not agreed:
        return None
    height, block = max(agreed)
    return Introduction(height, block, told[height, block])


def read_far(link: Link, name: str, method: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what another member's node answers a light client.

    Raises:
        Error: the member is away, or does not tell that.
        Unavailable: `engine.away`, its answer has no reading.
    """
    data = link.call(name, "engine.read", encode([method, [[*row] for row in given.items()]]))
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise away("its answer has no reading") from error
    if not isinstance(found, dict):
        raise away("its answer has no reading")
    return found

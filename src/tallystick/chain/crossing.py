"""What one chain knows of another, and how a fact of the other is proven to it.

A chain that is *linked* here is held by its name, its list of members and the last sizes at which a
quorum of that list signed its log: its *anchors*. An anchor extends the one before it, so the other
chain cannot show this one two pasts; it may bring the other's new list, which the header that the
quorum signed names. A proof across is a record's way into the other's log at an anchored size.
Whether its writer's key was in force is the other chain's to say, and its leaf says code 0.

Laws: nothing here asks the other chain; all that is read is in this chain's state.
Limits: a list longer than a record bears comes in parts before it, `BEGUN_BYTES_MAX` at most, 300
members of five keys; an anchor's note fits into its record, `ANCHOR_NOTE_MAX` bytes or 64 members'
quorum; a proof holds while its size is among the last `SIZES_KEPT` anchors.
State: `linked/`chain -> the canonical list of a `HeldChain`'s fields, a list over `LIST_BYTES_MAX`
by its CID; `listed/`chain -> that list, so that an anchor does not write it anew; `begun` -> parts
of a list, until a record of the same bundle takes them; `demand/approval` -> the chain on which
departments approve what public money is paid out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode, read_admitted, refuse, sha256
from tallystick.chain import schema
from tallystick.chain.block import Genesis
from tallystick.chain.checkpoint import verify_checkpoint
from tallystick.chain.member import Members
from tallystick.chain.merkle import PATH_MAX, extends, includes, inclusion_path, leaf_hash
from tallystick.chain.record import BEGUN_KEY
from tallystick.chain.state import Overlay, Read
from tallystick.chain.transaction import Transaction
from tallystick.records.chains import LIST_BYTES_MAX, ChainListed

__all__ = [
    "ANCHOR_NOTE_MAX",
    "BEGUN_BYTES_MAX",
    "CROSSING_BYTES_MAX",
    "DEMAND_KEY",
    "SIZES_KEPT",
    "Anchored",
    "Crossed",
    "HeldChain",
    "anchor_chain",
    "begin_list",
    "chain_key",
    "end_list",
    "find_chain",
    "hold_chain",
    "keep_chain",
    "prove_across",
    "read_across",
    "split_list",
    "whole_list",
]

SIZES_KEPT: Final = 32
CROSSING_BYTES_MAX: Final = 6 * 1024
BEGUN_BYTES_MAX: Final = 20 * LIST_BYTES_MAX
ANCHOR_NOTE_MAX: Final = 6_250
"""Most bytes of an anchor's note: a path of forty hashes and a header stand in its record too."""
DEMAND_KEY: Final = b"demand/approval"
_LINKED: Final = b"linked/"
_LISTED: Final = b"listed/"
_PATH: Final = codec.list_of(schema.b32, PATH_MAX)
_CROSSING: Final = codec.shape(
    {
        "record": codec.octets(schema.RECORD_BYTES_MAX),
        "index": schema.u16,
        "path": _PATH,
        "header": codec.octets(schema.RECORD_BYTES_MAX),
        "leaf": codec.octets(schema.RECORD_BYTES_MAX),
        "position": codec.integer(),
        "log_path": _PATH,
        "size": codec.integer(1),
    }
)


class HeldChain(NamedTuple):
    """Another chain as this one knows it.

    Attributes:
        name: its NAME in checkpoints.
        kind: what chain it is, as its genesis says.
        listed: the bytes of the members list that its next anchor is read under.
        anchors: [height, log size, log root] of the last anchors, the oldest first.
    """

    name: str
    kind: str
    listed: bytes
    anchors: list[list[Any]]

    @property
    def size(self) -> int:
        """How many leaves of its log are anchored, 0 before the first anchor."""
        return self.anchors[-1][1] if self.anchors else 0


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor states: a signed checkpoint, and what ties it to the one before.

    Attributes:
        note: the checkpoint with a quorum's cosignatures.
        path: consistency of the log from the size anchored before; empty for the first.
        header: of the checkpoint's height, where it changes the list; else empty.
        listed: the new list's bytes, likewise.
    """

    note: bytes
    path: Sequence[bytes]
    header: bytes = b""
    listed: bytes = b""


@dataclass(frozen=True, slots=True)
class Crossed:
    """A record that another chain admitted.

    Attributes:
        record: its fields.
        member: its writer there.
        height: of its block there.
        time_ms: of that block, ms since 1970 UTC.
    """

    record: dict[str, Any]
    member: str
    height: int
    time_ms: int


def chain_key(chain: bytes) -> bytes:
    """Return the state key of a linked chain."""
    return _LINKED + chain


def find_chain(read: Read, chain: bytes) -> HeldChain | None:
    """Return a linked chain as the state holds it, None if it is not linked."""
    data = read(chain_key(chain))
    if data is None:
        return None
    name, kind, listed, anchors = read_admitted(data)
    if isinstance(listed, Cid):
        listed = read(_LISTED + chain)
        assert listed is not None
    return HeldChain(name, kind, listed, anchors)


def keep_chain(state: Overlay, chain: bytes, held: HeldChain) -> None:
    """Write what is held of a chain; a long list apart, and only where it changed."""
    key = _LISTED + chain
    is_apart = len(held.listed) > LIST_BYTES_MAX
    if is_apart and state.get(key) != held.listed:
        state.put(key, held.listed)
    elif not is_apart and state.get(key) is not None:
        state.delete(key)
    listed = cid_of(held.listed) if is_apart else held.listed
    state.put(chain_key(chain), encode([held.name, held.kind, listed, held.anchors]))


def split_list(listed: bytes, room: int = LIST_BYTES_MAX) -> tuple[list[ChainListed], bytes]:
    """Return what is stated before a record that needs a list, and the rest, which it bears.

    Args:
        listed: the list's bytes.
        room: how many of them the record has room for, 1 at least.
    """
    cut = max(0, len(listed) - min(room, LIST_BYTES_MAX))
    parts = (listed[at : min(cut, at + LIST_BYTES_MAX)] for at in range(0, cut, LIST_BYTES_MAX))
    return [ChainListed(listed=part) for part in parts], listed[cut:]


def begin_list(state: Overlay, part: bytes) -> bool:
    """Add a part to those that a later record of the bundle takes; False if they are too many."""
    begun = (state.get(BEGUN_KEY) or b"") + part
    if len(begun) > BEGUN_BYTES_MAX:
        return False
    state.put(BEGUN_KEY, begun)
    return True


def whole_list(read: Read, rest: bytes) -> bytes:
    """Return a list whose rest a record bears, with the parts that came before it in its bundle."""
    return (read(BEGUN_KEY) or b"") + rest


def end_list(state: Overlay) -> None:
    """Let go of the parts, which the admitted record has taken."""
    if state.get(BEGUN_KEY) is not None:
        state.delete(BEGUN_KEY)


def hold_chain(genesis: bytes, listed: bytes) -> tuple[bytes, HeldChain]:
    """Return a chain's digest and what is held of it before its first anchor.

    Raises:
        Invalid: `codec.form`, genesis and list do not belong together.
    """
    found = Genesis.read(genesis, listed)
    return found.chain, HeldChain(found.fields["name"], found.fields["kind"], listed, [])


def anchor_chain(chain: bytes, held: HeldChain, given: Anchored) -> HeldChain:
    """Return what is held of a chain after an anchor.

    Raises:
        Invalid: `codec.form`, a part has not its form, or the log does not grow by this anchor or
            does not extend the one anchored before.
        Contradicted: the note is of another chain, or a signature is bad.
        Missing: too few members signed it.
    """
    members = Members.read(held.listed)
    body = verify_checkpoint(given.note, name=held.name, chain=chain, members=members).body
    if body.size <= held.size:
        raise refuse("anchor size")
    if held.anchors:
        _, size, root = held.anchors[-1]
        path = list(given.path)
        if not extends(old=size, old_root=root, new=body.size, new_root=body.root, path=path):
            raise refuse("anchor path")
    elif given.path:
        raise refuse("anchor path")
    listed = _next_list(given, body.header) if given.header else held.listed
    anchors = [*held.anchors, [body.height, body.size, body.root]][-SIZES_KEPT:]
    return held._replace(listed=listed, anchors=anchors)


def _next_list(given: Anchored, header: Cid) -> bytes:
    """Return the list that the signed header names."""
    if cid_of(given.header) != header:
        raise refuse("anchor header")
    fields = codec.decode(given.header, schema.HEADER)
    if Members.read(given.listed).cid != fields["members"]:
        raise refuse("anchor list")
    return given.listed


def prove_across(
    transaction: Transaction,
    index: int,
    *,
    leaf: bytes,
    position: int,
    log_path: Sequence[bytes],
    size: int,
) -> bytes:
    """Return the proof of one record for another chain, at an anchored size of the log.

    Raises:
        Invalid: `codec.form`, it would be larger than `CROSSING_BYTES_MAX`.
    """
    hashes = [leaf_hash(record) for record in transaction.records]
    data = encode(
        {
            "record": transaction.records[index],
            "index": index,
            "path": inclusion_path(hashes, index),
            "header": transaction.header,
            "leaf": leaf,
            "position": position,
            "log_path": list(log_path),
            "size": size,
        }
    )
    if len(data) > CROSSING_BYTES_MAX:
        raise refuse("crossing size")
    return data


def read_across(data: bytes, chain: bytes, held: HeldChain) -> Crossed:
    """Return the record that a proof shows another chain to have admitted.

    Raises:
        Invalid: `codec.form`, it shows no such thing: form, size, path, chain or result.
    """
    if len(data) > CROSSING_BYTES_MAX:
        raise refuse("crossing size")
    proof: Mapping[str, Any] = codec.decode(data, _CROSSING)
    root = next((row[2] for row in held.anchors if row[1] == proof["size"]), None)
    if root is None:
        raise refuse("crossing anchor")
    header: Mapping[str, Any] = codec.decode(proof["header"], schema.TX_HEADER)
    height, _, time_ms, code, tid, _ = codec.decode(proof["leaf"], schema.LEAF)
    if header["chain"] != chain or tid != sha256(proof["header"]) or code:
        raise refuse("crossing leaf")
    in_bundle = _is_in(
        proof["record"], proof["index"], header["count"], proof["path"], header["root"]
    )
    if not in_bundle:
        raise refuse("crossing path")
    if not _is_in(proof["leaf"], proof["position"], proof["size"], proof["log_path"], root):
        raise refuse("crossing log path")
    record: dict[str, Any] = codec.decode(proof["record"], schema.RECORD)
    return Crossed(record, header["member"], height, time_ms)


def _is_in(item: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    if index >= size:
        return False
    return includes(leaf=leaf_hash(item), index=index, size=size, path=path, root=root)

"""A block, and what it does: one deterministic function of (tip, state, bytes).

Every engine runs this; engines differ in who orders, never in what a block means. A transaction
that may not stand in a block makes the block invalid; one that stands there is admitted or refused
by a code, and uses up its sequence number either way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeAlias

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode, item_head, link_item, refuse, sha256
from tallystick.base.keys import Verify, verify
from tallystick.chain import schema
from tallystick.chain.limits import hold_limits, read_limit
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY, top_key
from tallystick.chain.merkle import Peaks, leaf_hashes, root_of
from tallystick.chain.record import Admission, Charter, admit_bundle
from tallystick.chain.state import (
    Expect,
    Overlay,
    Read,
    commit_changes,
    lanes_of,
    state_root,
)
from tallystick.chain.transaction import EMPTY_WINDOW, Transaction, check_envelope

__all__ = [
    "CheckAhead",
    "Effects",
    "Execution",
    "Genesis",
    "Opened",
    "Tip",
    "apply_block",
    "check_header",
    "genesis_state",
    "leaf_writer",
    "propose_block",
    "read_block",
    "start",
]


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a chain begins with; its hash names the chain.

    Attributes:
        data: its bytes.
        fields: what they say.
        members: the first list.
        chain: the chain's name, H(genesis); every transaction is compared with it.
    """

    data: bytes
    fields: dict[str, Any]
    members: Members
    chain: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Name the chain."""
        object.__setattr__(self, "chain", sha256(self.data))

    @classmethod
    def read(cls, data: bytes, members: bytes) -> Genesis:
        """Return the genesis of `data` with its member list; Invalid if they do not belong."""
        fields = codec.decode(data, schema.GENESIS)
        found = Members.read(members)
        if found.cid != fields["members"]:
            raise refuse("members")
        hold_limits(fields["limits"])
        return cls(data, fields, found)

    @property
    def cid(self) -> Cid:
        """The CID that block 1 names as its `prev`."""
        return cid_of(self.data)


@dataclass(frozen=True, slots=True)
class Tip:
    """Where a chain stands: what the next block needs besides the state's pairs."""

    genesis: Genesis
    height: int
    cid: Cid
    time: int
    lanes: bytes
    peaks: Peaks
    members: Members


CheckAhead: TypeAlias = Callable[[list[Transaction], Tip], Verify]
"""(a block's transactions, the tip before it) -> `verify`, or a memory of its answers."""
Opened: TypeAlias = tuple[bytes, dict[str, Any], list[Transaction]]
"""A block's header bytes, header fields and transactions."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What a block did: results by transaction, growth of the log, changes of the state.

    Attributes:
        tids: the transactions' ids.
        codes: their results.
        leaves: their leaves' bytes.
        nodes: the roots of the log's perfect subtrees that the leaves close, as they arise.
        changes: the state's new values by key.
        writes_root: the root over the changes.
        tip: where the chain stands after the block.
    """

    tids: list[bytes]
    codes: list[int]
    leaves: list[bytes]
    nodes: list[bytes]
    changes: dict[bytes, bytes | None]
    writes_root: bytes
    tip: Tip


def genesis_state(genesis: Genesis) -> dict[bytes, bytes]:
    """Return the state before height 1: members, key tops, public keys, limits, rules."""
    pairs = {MEMBERS_KEY: genesis.members.data, **hold_limits(genesis.fields["limits"])}
    for name, member in genesis.members.by_name.items():
        top = max(key.number for key in member.keys)
        pairs[top_key(name)] = top.to_bytes(4, "big")
        for key in member.keys:
            pairs[b"pub/" + sha256(key.pub)] = encode([name, key.number])
    for rule, number in genesis.fields["rules"].items():
        pairs[b"rules/" + rule.encode()] = encode(number)
    return pairs


def start(genesis: Genesis) -> Tip:
    """Return the tip of a chain without blocks."""
    lanes = lanes_of(genesis_state(genesis).items())
    time = genesis.fields["time"]
    return Tip(genesis, 0, genesis.cid, time, lanes, Peaks(), genesis.members)


_PLACES: Final = tuple(item_head(0, index) for index in range(1_024))


def leaf_writer(height: int, time: int, prev: Cid) -> Callable[[int, int, bytes], bytes]:
    """Return what makes the leaves of a block's log: (index, code, tid) to a leaf's bytes.

    A leaf is `m([height, index, time, code, tid, prev])`: two of the six differ within a block.
    """
    start, middle, end = b"\x86" + item_head(0, height), item_head(0, time), link_item(prev)
    admitted = middle + item_head(0, 0) + b"\x58\x20"

    def leaf(index: int, code: int, tid: bytes) -> bytes:
        place = _PLACES[index] if index < len(_PLACES) else item_head(0, index)
        told = middle + item_head(0, code) + b"\x58\x20" if code else admitted
        return start + place + told + tid + end

    return leaf


class Execution:
    """A block being run: transactions go in, in order; `finish` tells what they did.

    Args:
        tip: where the chain stands.
        read: the state before the block.
        charter: every record type with its rule.
        time: the block's, > the tip's.
        check: tells whether a signature is valid; a memory of `verify`'s answers where each
            transaction is run more than once.
        expect: told which pairs of the state will be read next, where many at once cost less.
    """

    def __init__(
        self,
        tip: Tip,
        read: Read,
        charter: Charter,
        time: int,
        *,
        check: Verify = verify,
        expect: Expect | None = None,
    ) -> None:
        self._tip = tip
        self._check = check
        self._expect = expect
        self._read = read
        self._charter = charter
        self._time = time
        self._state = Overlay(read)
        self._leaf = leaf_writer(tip.height + 1, time, tip.cid)
        self._tids: list[bytes] = []
        self._codes: list[int] = []
        self._leaves: list[bytes] = []

    def add(self, found: Transaction) -> int:
        """Run a transaction and return its code.

        Raises:
            Invalid: it may not stand in the block; it had no effect.
            Unavailable: this program cannot tell what it does (`rules.unknown`); likewise.
        """
        tip, name = self._tip, b"seq/" + found.member.encode()
        window = check_envelope(
            found,
            chain=tip.genesis.chain,
            members=tip.members,
            height=tip.height + 1,
            time=self._time,
            window=self._state.get(name) or EMPTY_WINDOW,
            check=self._check,
        )
        code = self._run(found)
        self._state.put(name, window)
        self._leaves.append(self._leaf(len(self._tids), code, found.tid))
        self._tids.append(found.tid)
        self._codes.append(code)
        return code

    def _run(self, found: Transaction) -> int:
        """Run the bundle on an overlay of its own, kept only if every record is admitted."""
        bundle = Overlay(self._state.get)
        offered = partial(
            Admission,
            member=found.member,
            role=self._tip.members.by_name[found.member].role,
            chain=found.chain,
            height=self._tip.height + 1,
            time=self._time,
            members=self._tip.members,
            state=bundle,
            kind=self._tip.genesis.fields["kind"],
        )
        code = admit_bundle(found.records, self._charter, offered, bundle)
        if not code:
            self._state.changed.update(bundle.changed)
        return code

    def finish(self, seal: Callable[[Effects], Cid]) -> Effects:
        """Return all effects; `seal` gives the header's CID once they are known."""
        if self._expect is not None:
            self._expect(self._state.changed)
        tip, changes = self._tip, self._state.net()
        lanes, writes = commit_changes(tip.lanes, self._read, changes)
        peaks, nodes = tip.peaks.extend(leaf_hashes(self._leaves))
        changed = changes.get(MEMBERS_KEY)
        # Every header names the state's list after it.
        members = Members.read(changed) if changed else tip.members
        after = Tip(tip.genesis, tip.height + 1, tip.cid, self._time, lanes, peaks, members)
        effects = Effects(self._tids, self._codes, self._leaves, nodes, changes, writes, after)
        return replace(effects, tip=replace(after, cid=seal(effects)))


def _roots(effects: Effects) -> dict[str, Any]:
    """Return the header fields that follow from a block's effects."""
    tip = effects.tip
    return {
        "log_size": tip.peaks.size,
        "log_root": tip.peaks.root(),
        "state_root": state_root(effects.writes_root, tip.lanes),
        "members": tip.members.cid,
    }


def read_block(data: bytes) -> Opened:
    """Return header bytes, header fields and transactions of a block; Invalid for size or shape."""
    if len(data) > schema.BLOCK_BYTES_MAX:
        raise refuse("block size")
    header, rows = codec.decode(data, schema.BLOCK)
    fields: dict[str, Any] = codec.decode(header, schema.HEADER)
    found = [Transaction.read(row) for row in rows]
    if sum(len(each.records) for each in found) > schema.BLOCK_RECORDS_MAX:
        raise refuse("block records")
    return header, fields, found


def check_header(header: bytes, fields: dict[str, Any], tip: Tip) -> None:
    """Refuse a header that does not follow `tip`, before any signature is checked."""
    if fields["height"] != tip.height + 1 or fields["prev"] != tip.cid:
        raise refuse("prev")
    if fields["chain"] != tip.genesis.chain:
        raise refuse("chain")
    if fields["time"] <= tip.time:
        raise refuse("header time")
    target = fields["target"]
    if target != tip.genesis.fields["target"] or sha256(header) > target:
        raise refuse("target")
    if fields["proposer"] not in tip.members.by_name:
        raise refuse("proposer")


def apply_block(
    data: bytes,
    tip: Tip,
    read: Read,
    charter: Charter,
    ahead: CheckAhead | None = None,
    *,
    opened: Opened | None = None,
    expect: Expect | None = None,
) -> Effects:
    """Return what a block does to the chain at `tip`; Invalid `codec.form` if it may not follow.

    Args:
        data: the block's bytes.
        tip: where the chain stands.
        read: the state before the block.
        charter: every record type with its rule.
        ahead: tells, of all transactions at once, what then tells whether a signature is valid.
        opened: what `read_block` found in `data`, where it was read before.
        expect: as `Execution` takes it.
    """
    header, fields, transactions = opened or read_block(data)
    check_header(header, fields, tip)
    if fields["tx_count"] != len(transactions):
        raise refuse("tx_count")
    if len(data) > read_limit(read, "block_bytes"):
        raise refuse("block size")
    if len(transactions) > read_limit(read, "block_transactions"):
        raise refuse("tx_count")
    if fields["merkle_root"] != root_of(each.envelope for each in transactions):
        raise refuse("merkle_root")
    check = verify if ahead is None else ahead(transactions, tip)
    run = Execution(tip, read, charter, fields["time"], check=check, expect=expect)
    for each in transactions:
        run.add(each)
    effects = run.finish(lambda _: cid_of(header))
    for name, found in _roots(effects).items():
        if fields[name] != found:
            raise refuse(name)
    return effects


def propose_block(
    run: Execution, transactions: list[Transaction], *, tip: Tip, proposer: str, nonce: bytes
) -> tuple[bytes, Effects]:
    """Return the bytes and effects of the block of `transactions`, all added to `run` already.

    The nonce is searched upwards from `nonce` where the target demands it (demonstrations only).

    Raises:
        Invalid: `codec.form`, the proposer is in no list by which anybody would read the block.
    """
    if proposer not in tip.members.by_name:
        raise refuse("proposer")
    header = b""

    def sealed(effects: Effects) -> Cid:
        nonlocal header
        fields = {
            "v": 1,
            "chain": tip.genesis.chain,
            "height": effects.tip.height,
            "prev": tip.cid,
            "time": effects.tip.time,
            "nonce": nonce,
            "target": tip.genesis.fields["target"],
            "merkle_root": root_of(each.envelope for each in transactions),
            "tx_count": len(transactions),
            "proposer": proposer,
            **_roots(effects),
        }
        header = _meet_target(fields)
        return cid_of(header)

    effects = run.finish(sealed)
    return encode([header, [each.data for each in transactions]]), effects


def _meet_target(fields: dict[str, Any]) -> bytes:
    header = encode(fields)
    while sha256(header) > fields["target"]:
        number = int.from_bytes(fields["nonce"], "big") + 1
        fields = {**fields, "nonce": (number % 2**128).to_bytes(16, "big")}
        header = encode(fields)
    return header

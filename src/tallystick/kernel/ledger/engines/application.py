"""The chain as a Byzantine engine's application: one state machine, whoever orders.

Laws: the engine decides which transactions stand in which order and at what time, nothing else:
what a block does is `chain.block`'s to say, as under every engine. A block of the engine begins
with its proposer's nonce, 16 bytes; a block of the nonce alone is empty and changes neither height
nor app hash. Nothing is written before `commit`, which writes all in one transaction, so that a
crash at any step leaves the chain at a block the engine knows. What a proposal does is computed
once and remembered by everything it follows from; a block that was never proposed here (replay,
block sync) is verified in `finalize`.
App hash: the digest of the tip's header, of genesis before height 1.
Source: CometBFT 0.38, spec/abci/abci++_app_requirements.md, requirements 1-13.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.codec import encode, refuse
from tallystick.base.errors import Conflict, Error, Invalid, Unavailable
from tallystick.chain import schema
from tallystick.chain.block import Effects, Execution, Tip, propose_block
from tallystick.chain.limits import read_limit
from tallystick.chain.member import Members
from tallystick.chain.span import check_body
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.marks import Mark, Marks, Misbehaviour
from tallystick.kernel.ledger.engines.offering import SPACING, Offering
from tallystick.kernel.ledger.engines.pool import SharedPool
from tallystick.kernel.ledger.engines.refusals import Refusals
from tallystick.kernel.ledger.engines.restoring import Restoring
from tallystick.kernel.ledger.engines.validators import changes, owners, validators
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.room import ITEM_BYTES, Room

__all__ = ["NONCE_SIZE", "Application", "Decided", "Offer", "genesis_time_ms", "network_name"]

NONCE_SIZE: Final = 16
OUTCOMES_KEPT: Final = 4
"""Of one height several rounds may be proposed; the last few are remembered."""
PROPOSED_RECORDS_MAX: Final = 8_192
"""What runs in a quarter of a second, so that a proposal is judged before its round is over."""
MARKS_EACH: Final = 10
"""So many marks of empty heights are kept between two snapshots: a restart replays what is left."""
_NAME_MAX: Final = 50


def network_name(tip: Tip) -> str:
    """Return the engine's name of the chain: its name and the start of its digest."""
    genesis = tip.genesis
    return f"{genesis.fields['name']}-{genesis.chain.hex()[:16]}"[:_NAME_MAX]


def genesis_time_ms(tip: Tip) -> int:
    """Return the engine's genesis time: the first that a header of ours may bear."""
    found: int = tip.genesis.fields["time"]
    return found + 1


@dataclass(frozen=True, slots=True)
class Offer:
    """A block as the engine proposes or decides it.

    Attributes:
        height: the engine's.
        time_ms: the engine's, rounded down.
        proposer: the validator's address, 20 bytes.
        txs: the nonce, then transactions.
    """

    height: int
    time_ms: int
    proposer: bytes
    txs: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decided block does, told before it is kept.

    Attributes:
        app_hash: after it, 32 bytes.
        codes: of its transactions, the nonce's first.
        validators: new powers by public key.
    """

    app_hash: bytes
    codes: tuple[int, ...]
    validators: Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an offer does to the tip it was run on; `effects` None for an empty block."""

    found: tuple[Transaction, ...] = ()
    data: bytes = b""
    effects: Effects | None = None


@dataclass(frozen=True, slots=True)
class _Pending:
    """A finalized block that waits for its commit."""

    height: int
    outcome: _Outcome
    mark: Mark
    app_hash: bytes
    misbehaviour: tuple[Misbehaviour, ...]


class Application:
    """One member's state machine behind one engine; every call on one thread.

    Args:
        replica: the member's chain; the application alone writes to it.
        gate: judges what may wait.
        entropy: gives header nonces, label `nonce`.
        committed: told each block of ours once it is durable.
        is_new: the engine's own data was lost: it walks the chain again from its beginning, and
            finds the blocks that are kept here.
        pool: what waits, where the engine itself keeps nothing; None where it does.
        spacing: how many heights of the engine lie between two snapshots.

    Attributes:
        offering: snapshots for others.
        restoring: takes a snapshot of another's over.
    """

    def __init__(
        self,
        replica: Replica,
        gate: Gate,
        entropy: Entropy,
        *,
        committed: Callable[[Effects], None] = lambda _: None,
        is_new: bool = False,
        pool: SharedPool | None = None,
        spacing: int = SPACING,
    ) -> None:
        self.replica = replica
        self.offering = Offering(replica, spacing)
        self.restoring = Restoring(replica, self._restored)
        self.gate = gate
        self.marks = Marks(replica)
        self.committed = committed
        self.pool = pool
        self.refusals = Refusals()
        """Proposals of others that may not stand, with who made them."""
        self.executed = 0
        """How many offers were run: one a block, where nothing is run twice."""
        self.settled: Callable[[], None] = lambda: None
        """Told once an engine that began anew has reached what is kept, before more is."""
        self._is_settled = False
        self._entropy = entropy
        self._mark = Mark() if is_new else self.marks.last()
        self._height = self._mark.height
        self._outcomes: deque[tuple[object, _Outcome]] = deque(maxlen=OUTCOMES_KEPT)
        self._pending: _Pending | None = None
        self._marks_every = max(1, spacing // MARKS_EACH)

    @property
    def height(self) -> int:
        """The engine's height that was committed last, empty blocks included."""
        return self._height

    @property
    def app_hash(self) -> bytes:
        """What the engine must hold after its last height: 32 bytes."""
        return self._hash_at(self._mark.own)

    def _hash_at(self, own: int) -> bytes:
        if own == self.replica.tip.height:
            return self.replica.tip.cid.digest
        return layout.header_cid(self.replica.header(own)).digest

    def is_walking(self) -> bool:
        """Tell whether the engine has yet to reach blocks that are kept here."""
        return self._mark.own < self.replica.tip.height

    def forget(self) -> None:
        """Begin anew with an engine that holds nothing; none may be running."""
        self._is_settled = False
        self._restored(Mark())

    def _restored(self, mark: Mark) -> None:
        """Go on from where the engine stands now."""
        self._height, self._mark, self._pending = mark.height, mark, None
        self._outcomes.clear()

    def resume(self) -> None:
        """Answer an engine that has just come: begin where the file stands, if that went back.

        A repair may put a shorter chain in the file's place; the engine replays what is missing.
        """
        if self._mark.own > self.replica.tip.height:
            self._restored(self.marks.last())

    def begin(self, network: str, time_ms: int) -> Decided:
        """Begin the engine's chain: return its first app hash and validators.

        Raises:
            Conflict: `abci.genesis`, the engine was set up for another chain.
        """
        tip = self.replica.tip
        expected = (network_name(tip), genesis_time_ms(tip))
        if (network, time_ms) != expected:
            raise Conflict(
                "abci.genesis",
                f"the engine begins {network} at {time_ms}, this chain is {expected[0]}"
                f" and begins at {expected[1]}",
                cure="Write the engine's folder anew for this chain.",
            )
        genesis = tip.genesis
        return Decided(genesis.cid.digest, (), validators(genesis.members, 1))

    def check(self, data: bytes, *, again: bool = False) -> Error | None:
        """Return why a transaction may not wait in the engine's pool, None if it may.

        Args:
            data: its bytes.
            again: it was let in before, and a block has come since.
        """
        try:
            if again:
                self.gate.readmit(data)
            else:
                self.gate.admit(data)
        except Error as error:
            return error
        return None

    def prepare(self, offer: Offer, bytes_max: int) -> list[bytes]:
        """Return what this member proposes: its nonce, then what waits and may stand.

        Args:
            offer: height, time and this member's address; what the engine's pool holds.
            bytes_max: of all transactions, as the engine counts them.
        """
        nonce = self._entropy.draw("nonce", NONCE_SIZE)
        tip, member = self.replica.tip, owners(self.replica.tip.members).get(offer.proposer)
        if member is None or offer.time_ms <= tip.time or self.is_walking():
            return [nonce]
        waiting = offer.txs if self.pool is None else self.pool.choose()
        if not waiting:
            return [nonce]
        run = self._begin(offer)
        found = self._choose(run, waiting, bytes_max)
        txs = (nonce, *(each.data for each in found))
        if found:
            self._propose(Offer(offer.height, offer.time_ms, offer.proposer, txs), run, found)
        return list(txs)

    def _choose(
        self, run: Execution, waiting: Sequence[bytes], bytes_max: int
    ) -> list[Transaction]:
        """Run what may stand in a block of ours, and return it."""
        self.replica.expect(waiting)
        room = Room(
            self.replica.read,
            transactions=schema.BLOCK_TRANSACTIONS_MAX,
            bytes_max=bytes_max - NONCE_SIZE - ITEM_BYTES,
            records=PROPOSED_RECORDS_MAX,
        )
        found: list[Transaction] = []
        for data in waiting:
            # What may not stand is left out: the engine asks for it again, and is told to drop it.
            with contextlib.suppress(Invalid, Unavailable):
                each = self.gate.read(data)
                if not room.holds(data, each.records):
                    break
                try:
                    run.add(each)
                except (Invalid, Unavailable):
                    if self.pool is not None:
                        self.pool.drop([each])
                    raise
                room.take(data, each.records)
                found.append(each)
        return found

    def _begin(self, offer: Offer) -> Execution:
        self.executed += 1
        replica = self.replica
        return Execution(
            replica.tip,
            replica.read,
            replica.charter,
            offer.time_ms,
            check=self.gate.verified.check,
            expect=replica.expect_pairs,
        )

    def _propose(self, offer: Offer, run: Execution, found: Sequence[Transaction]) -> _Outcome:
        """Return the block of ours that an offer makes, and remember it."""
        tip = self.replica.tip
        member = owners(tip.members)[offer.proposer]
        data, effects = propose_block(
            run, list(found), tip=tip, proposer=member, nonce=offer.txs[0]
        )
        outcome = _Outcome(tuple(found), data, effects)
        self._outcomes.append((self._name(offer), outcome))
        return outcome

    def _name(self, offer: Offer) -> object:
        """Return everything that an offer's outcome follows from."""
        return (self.replica.tip.cid, offer.time_ms, offer.proposer, offer.txs)

    def judge(self, offer: Offer) -> Error | None:
        """Return why a proposal may not be decided, None if it may; the same at every member."""
        try:
            self._run(offer)
        except Invalid as error:
            if not self.is_walking():
                address, listed = offer.proposer, owners(self.replica.tip.members)
                self.refusals.note(offer.height, listed.get(address, address.hex()), error)
            return error
        except Unavailable as error:
            return error
        return None

    def _run(self, offer: Offer) -> _Outcome:
        """Return what a block of the engine does.

        Raises:
            Invalid: `codec.form`, it may not be decided.
            Unavailable: `rules.unknown`, this program cannot tell.
        """
        if not offer.txs or len(offer.txs[0]) != NONCE_SIZE:
            raise refuse("nonce")
        rows = offer.txs[1:]
        if not rows:
            return _Outcome()
        if self.is_walking():
            return self._recall(offer)
        name = self._name(offer)
        for known, outcome in self._outcomes:
            if known == name:
                return outcome
        return self._execute(offer)

    def _execute(self, offer: Offer) -> _Outcome:
        tip, rows = self.replica.tip, offer.txs[1:]
        if offer.proposer not in owners(tip.members):
            raise refuse("proposer")
        if offer.time_ms <= tip.time:
            raise refuse("header time")
        if len(rows) > read_limit(self.replica.read, "block_transactions"):
            raise refuse("tx_count")
        found = [self.gate.read(data) for data in rows]
        if sum(len(each.records) for each in found) > schema.BLOCK_RECORDS_MAX:
            raise refuse("block records")
        self.replica.expect(rows)
        self.gate.warm(found)
        run = self._begin(offer)
        for each in found:
            run.add(each)
        outcome = self._propose(offer, run, found)
        if len(outcome.data) > read_limit(self.replica.read, "block_bytes"):
            self._outcomes.pop()
            raise refuse("block size")
        return outcome

    def _recall(self, offer: Offer) -> _Outcome:
        """Return the block that is kept already, if the engine's is the one that made it.

        Its body is not needed, which may have been given away, or not have come yet: the log's ids
        bind the transactions' headers, those the records, and the merkle root the signatures. Of
        the engine's block the nonce alone is not compared, which a header may have searched on.

        Raises:
            Invalid: `codec.form`, it is another.
        """
        span = self.replica.span(self._mark.own + 1)
        fields = layout.header_fields(span.header)
        proposer = owners(self.replica.members(self._mark.own + 1)).get(offer.proposer)
        if (fields["time"], fields["proposer"]) != (offer.time_ms, proposer):
            raise refuse("prev")
        data = encode([span.header, list(offer.txs[1:])])
        check_body(data, span.header, span.tids)
        return _Outcome(tuple(map(self.gate.read, offer.txs[1:])), data)

    def finalize(self, offer: Offer, misbehaviour: Sequence[Misbehaviour] = ()) -> Decided:
        """Return what a decided block does; nothing is kept before `commit`.

        Raises:
            Conflict: `abci.height`, it is not the next block.
            Unavailable: `abci.undecidable`, it may not stand, yet the engine has decided it.
        """
        if offer.height != self._height + 1:
            raise Conflict(
                "abci.height",
                f"the engine decided block {offer.height}, kept here is {self._height}",
                cure="Restart the engine: it asks for the height, and replays.",
            )
        try:
            outcome = self._run(offer)
        except Error as error:
            raise Unavailable(
                "abci.undecidable",
                f"the validators decided block {offer.height}, which may not stand: {error}",
                cure="Compare program versions with the other members; report it.",
                height=offer.height,
            ) from error
        own = self._mark.own + bool(outcome.data)
        mark = Mark(own, offer.height) if outcome.data else self._mark
        after = outcome.effects.tip.cid.digest if outcome.effects else self._hash_at(own)
        self._pending = _Pending(offer.height, outcome, mark, after, tuple(misbehaviour))
        return Decided(after, (0, *self._codes(outcome)), self._new_validators(outcome))

    def _codes(self, outcome: _Outcome) -> Sequence[int]:
        if outcome.effects is not None:
            return outcome.effects.codes
        results = [self.replica.find(each.tid) for each in outcome.found]
        return [0 if result is None else result.code for result in results]

    def _new_validators(self, outcome: _Outcome) -> Mapping[bytes, int]:
        """Return what a block changes: by a vote, or by a key whose span begins or ends."""
        if not outcome.data:
            return {}
        own = self._mark.own
        after = outcome.effects.tip.members if outcome.effects else self._members(own + 2)
        return changes(validators(self._members(own + 1), own + 1), validators(after, own + 2))

    def _members(self, height: int) -> Members:
        """Return the list in force at `height`."""
        tip = self.replica.tip
        return tip.members if height == tip.height + 1 else self.replica.members(height)

    def commit(self) -> int:
        """Keep the block that was finalized, all of it in one transaction.

        Returns:
            From which height on the engine must keep its blocks; 0 for all.

        Raises:
            Conflict: `abci.height`, none was.
            Unavailable: the disk is full; the engine restarts and asks again.
        """
        pending = self._pending
        if pending is None:
            raise Conflict(
                "abci.height",
                f"the engine commits a block after {self._height}, and none was finalized",
                cure="Restart the engine: it asks for the height, and replays.",
            )
        outcome = pending.outcome
        if not self._is_settled and not self.is_walking():
            self.settled()
            self._is_settled = True
        if pending.misbehaviour:
            self.marks.report(pending.misbehaviour)
        if outcome.effects is not None:
            self.replica.commit(outcome.data, outcome.effects, self.marks.write(pending.mark))
        elif outcome.data:
            self.marks.keep(pending.mark)
        self._height, self._mark, self._pending = pending.height, pending.mark, None
        for each in outcome.found:
            self.gate.leave(each)
        if self.pool is not None:
            self.pool.leave(outcome.found, self.replica.tip.time)
        if outcome.effects is not None:
            self._outcomes.clear()
            self.committed(outcome.effects)
        return self._let_go()

    def _let_go(self) -> int:
        """Keep where an engine stands that makes empty blocks; return what it need not keep.

        While it walks through kept blocks the marks of later ones stand in the file.
        """
        if self.is_walking():
            return 0
        if not self._height % self._marks_every and self._mark.height != self._height:
            self._mark = Mark(self._mark.own, self._height)
            self.marks.keep(self._mark)
        self.offering.reached(Mark(self._mark.own, self._height))
        return min(self.offering.retained(self._height), self._mark.height)

    def close(self) -> None:
        """Wait for a snapshot that is being made."""
        self.offering.close()

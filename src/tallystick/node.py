"""One member's node: opens its files, wires kernel and services, and is closed again.

The composition root: only this file names engines. A node is given its link and its ledger, so the
same node runs in a simulation, in the demo's one process, and served.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final, Protocol

from tallystick.base.clock import Clock, Entropy
from tallystick.base.codec import Cid, decode, read_admitted
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.transaction import Transaction
from tallystick.charter import CHARTER, TABLES, fold_record
from tallystick.kernel.access.accounts import Accounts
from tallystick.kernel.access.answers import ANSWER_SCHEMA, ASKING, Answers, Asking
from tallystick.kernel.access.deeds import Deeds
from tallystick.kernel.access.desk import Desk, Found, Settled
from tallystick.kernel.access.drafts import Drafts
from tallystick.kernel.access.keyring import KeyRing
from tallystick.kernel.access.pending import PENDING_SCHEMA, PendingRecords
from tallystick.kernel.access.permit import RECEIPT_SCHEMA, Receipts
from tallystick.kernel.access.secrets import take_renewed
from tallystick.kernel.ledger.base import Ledger
from tallystick.kernel.ledger.courier import Courier
from tallystick.kernel.ledger.outbox import Outbox, Writer
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.views.engines.sqlite import SqliteViews
from tallystick.records.view import Admitted
from tallystick.services.anchoring.service import Anchoring
from tallystick.services.consent.service import Consent, Recovered
from tallystick.services.credit.service import Credit
from tallystick.services.membership.service import Membership
from tallystick.services.positioning.acts import Acts
from tallystick.services.positioning.finish import finish_cases
from tallystick.services.positioning.service import Positions
from tallystick.services.publication.service import Publication
from tallystick.services.storing.acts import Spreading
from tallystick.services.storing.service import Storing

__all__ = ["Node", "check_here", "tell_place"]

_LOG: Final = logging.getLogger(__name__)
DESK_VERSION: Final = 1
WAIT_MS: Final = 5_000
BLOCKS_KEPT: Final = 16
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_DESK_SCHEMA: Final = f"{RECEIPT_SCHEMA};{PENDING_SCHEMA};{ANSWER_SCHEMA}"


def check_here(home: Path) -> None:
    """Refuse a member whose own folder is not on this machine: NotFound `member.elsewhere`."""
    if not (home / "member.key").is_file():
        raise NotFound(
            "member.elsewhere",
            f"the folder of {home.name} is not in {home.parent.name}",
            cure="Open it where it is.",
        )


def tell_place(member: str, error: OSError) -> Unavailable:
    """Return our error for what the system says of a member's folder, or of a file in it."""
    if error.errno in _FULL:
        return Unavailable(
            "database.full",
            f"the folder of {member}: the disk is full",
            cure="Free space; nothing was lost.",
        )
    return Unavailable(
        "node.place",
        f"the folder of {member} cannot be written: {error.strerror}",
        cure="Mount it for writing, or give it back to the user who runs tally.",
    )


class Orders(Protocol):
    """How a node reaches the order: submits, and brings its own copy up to date."""

    @property
    def ledger(self) -> Ledger:
        """Where this member submits."""

    def check(self) -> None:
        """Refuse a write before anything of it is signed, where nobody could order it now.

        Raises:
            Unavailable: `ledger.away`, the member that orders cannot be reached.
        """

    def renew(self) -> None:
        """Cosign, seal and link by the node's renewed keys from now on."""

    def settle(self) -> None:
        """Have what was submitted cut, where no thread does."""

    def follow(self) -> None:
        """Bring this member's copy up to date, where no thread does."""

    def fetch(self, cid: Cid) -> bytes:
        """Return a public object, from another member if need be."""


class Across(Protocol):
    """How a node proves what another chain of the county approved."""

    def prove_approval(self, case: bytes) -> bytes:
        """Return the proof that a case's public money was approved there."""


class Beside(Protocol):
    """Another chain of the county that the same process keeps."""

    @property
    def chain(self) -> bytes:
        """Return the digest of its genesis."""

    def count_new(self, height: int) -> int:
        """Return how many of its records stand above a height, anchors left out."""

    def count_figures(self, height: int, first_day: int, last_day: int) -> list[dict[str, Any]]:
        """Return the figures of a period, as `services.publication.tally` makes them.

        Raises:
            NotFound: `member.unknown`, this member does not keep it.
            Unavailable: `tally.not_anchored`, records of the period stand above `height`.
        """


class Node:
    """A member's open files and services; made by `open`, ended by `close`."""

    def __init__(
        self,
        folder: Path,
        replica: Replica,
        clock: Clock,
        entropy: Entropy,
        *,
        lock: IO[bytes],
    ) -> None:
        self.folder = folder
        self.member = folder.name
        self.replica = replica
        self.clock = clock
        self.entropy = entropy
        self.secrets = take_renewed(folder, replica.tip.members)
        self._lock = lock
        self.outbox = Outbox(folder / "local.db", self._writer(), replica, clock)
        self.store = SqliteStore(folder / "store.db")
        self.keys = KeyRing(folder, entropy)
        self.views = _open_views(folder)
        self._desk_file = Database.write(folder / "local.db", "desk", _DESK_SCHEMA, DESK_VERSION)
        self.answers = Answers(self._desk_file, clock)
        self.accounts = Accounts(self._desk_file, clock, entropy)
        self.drafts = Drafts(self._desk_file, self.keys, clock, entropy)
        self.orders: Orders | None = None
        self.across: Across | None = None
        self.beside: Sequence[Beside] = ()
        self._blocks: dict[int, list[Transaction]] = {}
        self._listed = replica.tip.members.cid
        self._folding = threading.Lock()
        self.desk = self._make_desk()
        self.spreading = Spreading(self.desk, Storing(self.desk), folder)
        self._wire()

    @classmethod
    def open(cls, folder: Path, clock: Clock, entropy: Entropy) -> Node:
        """Open a member's folder for writing.

        Raises:
            NotFound: `member.elsewhere`, the folder is not here.
            Conflict: `node.locked`, another process writes this folder.
            Corrupt: a file is not what was written.
            Unavailable: `node.place`, it cannot be written; `database.full`.
        """
        try:
            check_here(folder)
            with contextlib.ExitStack() as opened:
                lock = opened.enter_context(_lock(folder))
                replica = Replica.open(folder / "ledger.db", CHARTER)
                opened.callback(replica.close)
                node = cls(folder, replica, clock, entropy, lock=lock)
                opened.pop_all()
        except OSError as error:
            raise tell_place(folder.name, error) from error
        return node

    def _writer(self) -> Writer:
        """Return the key that signs transactions; the list in force says under which number.

        A member that stands in no list any more signs by number 0, which no block admits: it still
        reads, serves and verifies.
        """
        key = SigningKey.from_seed(self.secrets.tx)
        listed = self.replica.tip.members.by_name.get(self.member)
        numbers = [each.number for each in listed.keys if each.pub == key.public] if listed else []
        return Writer(self.member, numbers[0] if numbers else 0, key)

    def _role(self) -> str:
        listed = self.replica.tip.members.by_name.get(self.member)
        return listed.role if listed is not None else ""

    def _take_list(self) -> None:
        """Go on under the list and the keys that the members have voted into force since."""
        members = self.replica.tip.members
        self.desk = replace(self.desk, role=self._role())
        self._wire()
        renewed = take_renewed(self.folder, members)
        is_renewed, self.secrets = renewed != self.secrets, renewed
        # The same keys may stand in the list only now: drawn for a card, and voted in since.
        self.outbox.take_key(self._writer())
        if is_renewed and self.orders is not None:
            self.orders.renew()
        # Last: whoever finds this list taken signs by its keys at once.
        self._listed = members.cid

    def _make_desk(self) -> Desk:
        return Desk(
            member=self.member,
            role=self._role(),
            chain=self.replica.genesis.chain,
            charter=CHARTER,
            clock=self.clock,
            entropy=self.entropy,
            store=self.store,
            keys=self.keys,
            views=self.views,
            records=self,
            receipts=Receipts(self._desk_file),
            pending=PendingRecords(self._desk_file),
            deeds=Deeds(self._desk_file),
            fetch=self._fetch,
            submit=self._submit,
        )

    def _wire(self) -> None:
        roles = {name: each.role for name, each in self.replica.tip.members.by_name.items()}
        self.positions = Positions(self.desk)
        self.acts = Acts(self.desk, self.positions, roles)
        self.consent = Consent(self.desk)
        self.credit = Credit(self.desk)
        self.publication = Publication(self.desk)
        self.anchoring = Anchoring(self.desk, self.replica)
        self.membership = Membership(self.desk, self.folder, self.replica)

    def _check_listed(self) -> None:
        """Refuse a write, before anything of it is signed, of a member that the list has not."""
        replica = self.replica
        if self.member in replica.tip.members.by_name:
            return
        held = (
            each for each in replica.handovers() if self.member in replica.members(each).by_name
        )
        left = max(held, default=0)
        why = f"it left at height {left}" if left else "it has not joined yet"
        raise Denied(
            "member.not_listed",
            f"the list after height {replica.tip.height} does not hold {self.member}: {why}",
            cure="It reads and verifies on. For it to write, another member proposes by its card"
            " that it joins: tally change join.",
            member=self.member,
        )

    def _submit(self, bundles: Sequence[Sequence[bytes]]) -> list[Settled]:
        """Sign, store, submit and wait; then fold what came of it."""
        assert self.orders is not None
        if self.replica.tip.members.cid != self._listed:
            # The copy is ahead of what was folded: signed by a key that a vote has ended, a
            # record would be refused, and its number spent.
            self.fold()
        self._check_listed()
        self.membership.check_signing(self.outbox.public)
        self.orders.check()
        asking = ASKING.get() or Asking()
        entries = self.outbox.put(bundles, asking.take())
        for entry in entries:
            self.orders.ledger.submit(entry.data)
        self.orders.settle()
        settled = []
        for entry in entries:
            result = self.orders.ledger.wait(entry.tid, WAIT_MS)
            self.outbox.settle(entry, result)
            settled.append(result)
        self.fold()
        found = [
            Settled(each.tid, each.height, each.index, each.code, self._time(each.height))
            for each in settled
        ]
        asking.settled += found
        return found

    def _fetch(self, cid: Cid) -> bytes:
        assert self.orders is not None
        return self.orders.fetch(cid)

    def _time(self, height: int) -> int:
        found: int = decode(self.replica.header(height), schema.HEADER)["time"]
        return found

    def fold(self) -> None:
        """Bring the views to the height of the chain."""
        with self._folding:
            for height in range(self.views.height() + 1, self.replica.tip.height + 1):
                try:
                    folded = [op for each in self._admitted(height) for op in fold_record(each)]
                except NotFound as error:
                    if error.code != "ledger.pruned":
                        raise
                    # Nobody gives its body now; the views go on once it has come.
                    break
                self.views.apply(height, folded)
            if self.replica.tip.members.cid != self._listed:
                self._take_list()

    def catch_up(self) -> None:
        """Bring chain and views up to date before this member is asked something."""
        assert self.orders is not None
        self.orders.follow()
        self.fold()

    def recover(self) -> None:
        """End what a stop cut off, once the member is linked and before anything is asked of it.

        What was signed is sent again; then parties half registered or half erased, and cases taken
        in and not decided, are finished. The log tells how many, and case ids, which are public.
        A fault of this member's files is told there too and ends nobody else's start.
        """
        try:
            self._recover()
        except Error as error:
            _LOG.warning("%s could not end what a stop cut off: %s", self.member, error.code)

    def _recover(self) -> None:
        is_sent = self._resend()
        parties = self.consent.recover()
        if parties != Recovered(0, 0, 0):
            _LOG.info("%s ended acts that a stop had cut off: %s", self.member, parties)
        if is_sent:
            self.finish_cases()

    def _resend(self) -> bool:
        """Send again what stands in no block; True if nothing is left to be sent."""
        assert self.orders is not None
        for entry in self.outbox.pending():
            with contextlib.suppress(Error):
                # One that may stand in no block any more is settled below.
                self.orders.ledger.submit(entry.data)
        self.orders.settle()
        with contextlib.suppress(Error):
            Courier(self.outbox, self.orders.ledger).resend()
        self.catch_up()
        return not self.outbox.pending()

    def finish_cases(self, only: Collection[bytes] | None = None) -> None:
        """Decide cases of this member's that were taken in and not decided; None for all."""
        found = finish_cases(self.desk, self.positions, only)
        for case in found.decided:
            _LOG.info("%s decided case %s, which a stop had cut off", self.member, case.hex())
        for each in found.left:
            _LOG.warning("%s left case %s undecided: %s", self.member, each.case.hex(), each.code)

    def rebuild(self) -> None:
        """Make the views anew from the chain.

        Raises:
            NotFound: `ledger.pruned`, a block is not held here and nobody gives it; the views stay.
        """
        lowest = self.replica.lowest()
        if lowest > 1:
            self.replica.block(lowest - 1)
        with self._folding:
            self.views.clear()
        self.fold()

    def _admitted(self, height: int) -> Iterator[Admitted]:
        """Yield the admitted records of a block in order."""
        time = self._time(height)
        for index, found in enumerate(self._transactions(height)):
            result = self.replica.find(found.tid)
            if result is None or result.code:
                continue
            for place, data in enumerate(found.records):
                record = read_admitted(data)
                yield Admitted(record, found.member, height, index, place, time, found.tid)

    def transaction(self, height: int, index: int) -> Transaction:
        """Return a transaction by its place in the chain."""
        return self._transactions(height)[index]

    def _transactions(self, height: int) -> list[Transaction]:
        """Return a block's transactions; the last few blocks read are kept."""
        found = self._blocks.get(height)
        if found is None:
            _, rows = decode(self.replica.block(height), schema.BLOCK)
            found = [Transaction.read(row) for row in rows]
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.pop(min(self._blocks), None)
            self._blocks[height] = found
        return found

    def find(self, identifier: bytes) -> Found:
        """Return an admitted record by id; NotFound if the chain holds none."""
        rows = self.views.rows("record", {"id": identifier})
        if not rows:
            raise NotFound(
                "record.unknown",
                f"no record {identifier.hex()} is admitted",
                cure="List a case's records: tally case show.",
            )
        row = rows[0]
        found = self._transactions(row["height"])[row["index"]]
        record: dict[str, Any] = read_admitted(found.records[row["place"]])
        return Found(record, row["member"], row["height"], row["index"], row["place"], row["time"])

    def roles(self) -> Mapping[str, str]:
        """Return all members' roles by name."""
        return {name: each.role for name, each in self.replica.tip.members.by_name.items()}

    def close(self) -> None:
        """Close every file and let others write the folder."""
        self.outbox.close()
        self.spreading.close()
        self.store.close()
        self.keys.close()
        self.views.close()
        self._desk_file.close()
        self.replica.close()
        self._lock.close()


def _lock(folder: Path) -> IO[bytes]:
    """Return the open file whose lock keeps others from writing a member's folder."""
    lock = (folder / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Conflict(
            "node.locked",
            f"another process writes the folder of {folder.name}",
            cure="Use its address, or end it.",
        ) from error
    return lock


def _open_views(folder: Path) -> SqliteViews:
    """Open the views; a file that cannot be read is derived data, so it is made anew."""
    try:
        return SqliteViews(folder / "views.db", TABLES)
    except Corrupt:
        for name in ("views.db", "views.db-wal", "views.db-shm"):
            (folder / name).unlink(missing_ok=True)
        return SqliteViews(folder / "views.db", TABLES)

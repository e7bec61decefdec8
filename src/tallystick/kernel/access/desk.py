"""A member's desk: it records statements and opens what this member may open.

Recording: seal > objects durable > keys durable > outbox durable > ledger. Opening: a permit, a
data key, and a receipt that stays. Services write and read through this and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tallystick.base.clock import Clock, Entropy
from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Denied, Error, Invalid, NotFound
from tallystick.chain.disclosure import Opening
from tallystick.chain.record import Charter, Code, SealClass
from tallystick.chain.seal import Place, open_sealed
from tallystick.kernel.access.keyring import KeyRing
from tallystick.kernel.access.permit import Permit, Receipts, grant_permit
from tallystick.kernel.access.sealing import Draft, Prepared, Ready, draw_id, prepare
from tallystick.kernel.store.base import Store
from tallystick.kernel.views.base import Views

__all__ = ["Desk", "Found", "Pending", "Recorded", "Settled", "Submit"]

PENDING_BUNDLE: Final = 256


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one transaction: where it stands and its result code."""

    tid: bytes
    height: int
    index: int
    code: int
    time: int


Submit = Callable[[Sequence[Sequence[bytes]]], list[Settled]]
"""Signs each bundle of records as a transaction, in order, and waits until all are in blocks."""


class Records(Protocol):
    """Finds admitted records in this member's copy of the chain."""

    def find(self, identifier: bytes) -> Found:
        """Return the record of that id; NotFound if the chain holds none."""


class Pending(Protocol):
    """Sealed records that wait for the day's bundle, durably."""

    def add(self, records: Sequence[bytes]) -> None:
        """Keep records."""

    def waiting(self) -> list[bytes]:
        """Return all that wait, in the order of their random ids."""

    def drop(self, records: Sequence[bytes]) -> None:
        """Forget records that have left."""


@dataclass(frozen=True, slots=True)
class Found:
    """An admitted record, decoded, with its writer and place."""

    record: dict[str, Any]
    member: str
    height: int
    index: int
    place: int
    time: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A bundle that was admitted."""

    settled: Settled
    ready: list[Ready] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One member's hands: everything a service needs of the kernel."""

    member: str
    role: str
    chain: bytes
    charter: Charter
    clock: Clock
    entropy: Entropy
    store: Store
    keys: KeyRing
    views: Views
    records: Records
    receipts: Receipts
    pending: Pending
    fetch: Callable[[Cid], bytes]
    submit: Submit

    def new_id(self) -> bytes:
        """Return a fresh record id."""
        return draw_id(self.entropy)

    def now_ms(self) -> int:
        """Return the present time."""
        return self.clock.now_ms()

    def record(self, *bundles: Sequence[Draft]) -> list[Recorded]:
        """Record bundles, each all or nothing, in order.

        Raises:
            Invalid: a value breaks its field's check, or a rule refused a bundle
                (`record.refused`, with the rule's code as a value).
            Unavailable: the ledger is busy; nothing was lost and the outbox will resend.
        """
        prepared = [self._prepare(bundle) for bundle in bundles]
        self.store.put_many([each for bundle in prepared for each in bundle.objects], RAW)
        self.keys.put(key for bundle in prepared for key in bundle.keys)
        settled = self.submit([bundle.records for bundle in prepared])
        for outcome, bundle in zip(settled, bundles, strict=True):
            if outcome.code:
                raise refused(outcome.code, bundle)
        return [
            Recorded(outcome, bundle.ready)
            for outcome, bundle in zip(settled, prepared, strict=True)
        ]

    def keep(self, *drafts: Draft) -> list[Ready]:
        """Seal statements now and record them later, in the day's shuffled bundle of their own.

        For registrations and erasures: what stands beside a case in time would tell whose it is.
        """
        prepared = self._prepare(drafts)
        self.store.put_many(prepared.objects, RAW)
        self.keys.put(prepared.keys)
        self.pending.add(prepared.records)
        return prepared.ready

    def record_pending(self) -> int:
        """Record what was kept, ordered by random id, and return how many records left."""
        waiting = self.pending.waiting()
        bundles = [
            waiting[at : at + PENDING_BUNDLE] for at in range(0, len(waiting), PENDING_BUNDLE)
        ]
        for outcome, bundle in zip(self.submit(bundles) if bundles else [], bundles, strict=True):
            if outcome.code:
                raise refused(outcome.code, ())
            self.pending.drop(bundle)
        return len(waiting)

    def _prepare(self, bundle: Sequence[Draft]) -> Prepared:
        return prepare(
            bundle,
            charter=self.charter,
            chain=self.chain,
            member=self.member,
            entropy=self.entropy,
        )

    def open(self, permit: Permit, identifier: bytes, sealed: SealClass) -> Opening:
        """Return the sealed fields of a record and leave a receipt.

        Raises:
            Denied: the permit is not for this, or this member holds no key.
            Corrupt: the object is not what the record commits to.
        """
        found = self.records.find(identifier)
        permit.check(found.record, self.now_ms())
        stated = found.record.get("seals", {}).get(sealed)
        if stated is None:
            raise NotFound("access.not_sealed", f"{found.record['t']} seals no {sealed} part")
        key = self.keys.find(stated["obj"])
        if key is None:
            raise Denied(
                "access.no_key",
                f"{self.member} holds no key of this {sealed} part",
                cure="Ask the party's custodian for a disclosure, or the party for a grant.",
            )
        self.receipts.leave(permit, identifier, sealed, self.now_ms())
        kind = self.charter[found.record["t"], found.record["rv"]]
        place = Place(
            self.chain,
            found.member,
            identifier,
            found.record["t"],
            found.record["rv"],
            sealed,
        )
        return open_sealed(
            self.store.get(stated["obj"]),
            place=place,
            fields=kind.fields(sealed),
            stated=stated,
            data_key=key.key,
        )

    def party_of(self, identifier: bytes) -> bytes:
        """Return the party a record of this member is about; Denied if this member cannot know."""
        for key in self.keys.of_record(identifier):
            return key.party
        raise Denied(
            "access.not_custodian",
            "this member is not the custodian of that party",
            cure="Ask the member that took the case in.",
        )

    def get_object(self, cid: Cid) -> bytes:
        """Return a public object, from another member if need be."""
        return self.fetch(cid)

    def permit(self, purpose: str, subject: bytes, officer: str = "") -> Permit:
        """Return a permit for an officer of this member; its own services need no name."""
        return grant_permit(
            officer=officer or self.member,
            purpose=purpose,
            subject=subject,
            now_ms=self.now_ms(),
        )


def refused(code: int, bundle: Sequence[Draft]) -> Error:
    """Return the error for a bundle that a rule refused; it names types, never contents."""
    types = sorted({draft.statement.t for draft in bundle})
    known = Code(code).name.lower() if code in set(Code) else str(code)
    return Invalid(
        "record.refused",
        f"{', '.join(types)} was refused with code {code} ({known})",
        cure="See docs/records.md for what each code means; the case stands as before.",
        code_number=code,
    )

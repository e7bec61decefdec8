"""A member's desk: it records statements and opens what this member may open.

Recording: seal > objects durable > keys durable > outbox durable > ledger. Opening: a permit, a
data key or a custodian's disclosure, and a receipt that stays. Services write and read through this
and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tallystick.base.clock import Clock, Entropy
from tallystick.base.codec import RAW, Cid, decode
from tallystick.base.errors import Denied, Error, Invalid, NotFound
from tallystick.chain import schema
from tallystick.chain.disclosure import Opening
from tallystick.chain.record import Charter, SealClass
from tallystick.chain.seal import Place, open_sealed
from tallystick.kernel.access.acting import acting_at, owner_id
from tallystick.kernel.access.deeds import Deeds
from tallystick.kernel.access.eyes import check_drafts
from tallystick.kernel.access.keyring import DataKey, KeyRing
from tallystick.kernel.access.permit import Permit, Receipts, grant_permit
from tallystick.kernel.access.sealing import Draft, Prepared, Ready, draw_id, prepare
from tallystick.kernel.store.base import Store
from tallystick.kernel.views.base import Views
from tallystick.text.refusal import explain_refusal

__all__ = ["Desk", "Found", "Others", "Pending", "Reach", "Recorded", "Settled", "Submit", "no_key"]

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

    def add_notices(self, notices: Iterable[tuple[bytes, str]]) -> None:
        """Keep (record, member) pairs: that member is to forget what it sealed under the record."""

    def notices(self) -> list[tuple[bytes, str]]:
        """Return the notices that wait, by the records' random ids."""

    def drop_notice(self, record: bytes, member: str) -> None:
        """Forget a notice that has been answered."""


@dataclass(frozen=True, slots=True)
class Found:
    """An admitted record, decoded, with its writer and place."""

    record: dict[str, Any]
    member: str
    height: int
    index: int
    place: int
    time: int


class Others(Protocol):
    """The other members, as far as sealed parts are concerned (`peers.Peers`)."""

    def take_keys(self, found: Found) -> None:
        """Have the record's writer lend the keys of its case-sealed parts of that case."""

    def ask_fields(self, permit: Permit, found: Found, sealed: SealClass) -> Opening:
        """Have the custodian disclose what a grant in force lets this member read."""

    def members_of(self, case: bytes) -> list[str]:
        """Return the other members that wrote a record of a case or owned it, by name."""

    def pass_case(self, case: bytes) -> None:
        """Let the case's new owner have what it needs, as far as members can be reached."""

    def send_notices(self) -> None:
        """Have members forget what waits to be forgotten; who cannot be reached is asked again."""


@dataclass(slots=True)
class Reach:
    """Where the other members stand once this member is linked to them."""

    others: Others | None = field(default=None, repr=False)


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
    deeds: Deeds
    fetch: Callable[[Cid], bytes]
    submit: Submit
    reach: Reach = field(default_factory=Reach)

    def new_id(self) -> bytes:
        """Return a fresh record id."""
        return draw_id(self.entropy)

    def now_ms(self) -> int:
        """Return the present time."""
        return self.clock.now_ms()

    def officer(self) -> bytes:
        """Return who acts: the session's officer, else the owner of this member's folder."""
        return acting_at(self.member) or owner_id(self.chain, self.member)

    def note(self, act: str, subject: bytes) -> None:
        """Keep who did the first half of what needs two officers, where no record tells."""
        self.deeds.note(subject, act, self.officer())

    def record(self, *bundles: Sequence[Draft] | Prepared) -> list[Recorded]:
        """Record bundles, each all or nothing, in order, all signed and stored at once.

        Raises:
            Denied: `access.four_eyes`, the session's officer did what another must have done.
            Invalid: a value breaks its field's check, or a rule refused a bundle
                (`record.refused`, with the rule's code as a value).
            Unavailable: the ledger is busy; nothing was lost and the outbox will resend.
        """
        prepared = [
            bundle if isinstance(bundle, Prepared) else self.prepare(bundle) for bundle in bundles
        ]
        check_drafts(
            [draft for bundle in prepared for draft in bundle.drafts],
            member=self.member,
            views=self.views,
            records=self.records,
            deeds=self.deeds,
        )
        self.store.put_many([each for bundle in prepared for each in bundle.objects], RAW)
        self.keys.put(key for bundle in prepared for key in bundle.keys)
        settled = self.submit([bundle.records for bundle in prepared])
        for outcome, bundle in zip(settled, prepared, strict=True):
            if outcome.code:
                raise refused(outcome.code, bundle.drafts)
        return [
            Recorded(outcome, bundle.ready)
            for outcome, bundle in zip(settled, prepared, strict=True)
        ]

    def keep(self, *drafts: Draft) -> list[Ready]:
        """Seal statements now and record them later, in the day's shuffled bundle of their own.

        For registrations and erasures: what stands beside a case in time would tell whose it is.
        """
        prepared = self.prepare(drafts)
        self.store.put_many(prepared.objects, RAW)
        self.keys.put(prepared.keys)
        self.pending.add(prepared.records)
        return prepared.ready

    def record_pending(self) -> int:
        """Record what was kept, ordered by random id, and return how many records left.

        Notices of what is to be forgotten go to other members at the same time.
        """
        self.pending.drop([each for each in self.pending.waiting() if self._has_left(each)])
        waiting = self.pending.waiting()
        bundles = [
            waiting[at : at + PENDING_BUNDLE] for at in range(0, len(waiting), PENDING_BUNDLE)
        ]
        settled = self.submit(bundles) if bundles else []
        for outcome, bundle in zip(settled, bundles, strict=True):
            if not outcome.code:
                self.pending.drop(bundle)
        if self.reach.others is not None:
            self.reach.others.send_notices()
        for outcome in settled:
            if outcome.code:
                raise refused(outcome.code, ())
        return len(waiting)

    def _has_left(self, record: bytes) -> bool:
        """Tell whether a record was admitted before a kill could strike it from what waits."""
        try:
            self.records.find(decode(record, schema.RECORD)["id"])
        except NotFound:
            return False
        return True

    def prepare(self, bundle: Sequence[Draft]) -> Prepared:
        """Return a bundle sealed and ready to be recorded; nothing of it is kept yet.

        Raises:
            Invalid: a value breaks its field's check.
        """
        return prepare(
            bundle,
            charter=self.charter,
            chain=self.chain,
            member=self.member,
            entropy=self.entropy,
        )

    def open(self, permit: Permit, identifier: bytes, sealed: SealClass) -> Opening:
        """Return the sealed fields of a record and leave a receipt.

        A case's owner is lent the keys of its case-sealed parts by who wrote them; of party-sealed
        parts it gets the fields that a grant in force names, at each reading anew.

        Raises:
            Denied: the permit is not for this; this member holds no key and may have none.
            Corrupt: the object is not what the record commits to.
            Unavailable: the member that must be asked cannot be reached.
        """
        found = self.records.find(identifier)
        permit.check(found.record, self.now_ms())
        stated = found.record.get("seals", {}).get(sealed)
        if stated is None:
            raise NotFound(
                "access.not_sealed",
                f"{found.record['t']} seals no {sealed} part",
                cure="Read its public part.",
            )
        key, others = self._find_key(found, sealed), self.reach.others
        if key is None and (sealed == "case" or others is None or found.member == self.member):
            raise no_key(self.member, sealed)
        self.receipts.leave(permit, identifier, sealed, self.now_ms())
        if key is None:
            assert others is not None
            return others.ask_fields(permit, found, sealed)
        return self.unseal(found, sealed, self.store.get(stated["obj"]), key.key)

    def _find_key(self, found: Found, sealed: SealClass) -> DataKey | None:
        """Return the key of a sealed part, lent by its writer if it must be."""
        key = self._own_key(found, sealed)
        others = self.reach.others
        if key is None and sealed == "case" and others is not None and found.member != self.member:
            others.take_keys(found)
            key = self._own_key(found, sealed)
        return key

    def _own_key(self, found: Found, sealed: SealClass) -> DataKey | None:
        key = self.keys.find(found.record["seals"][sealed]["obj"])
        over = key is not None and 0 < key.until < self.now_ms()
        return None if over else key

    def unseal(self, found: Found, sealed: SealClass, data: bytes, data_key: bytes) -> Opening:
        """Return what an object holds, checked against its record; for this room alone.

        Raises:
            Corrupt: the object is not what the record commits to.
            Invalid: `seal.key`, the key is not the object's.
        """
        record = found.record
        return open_sealed(
            data,
            place=Place(self.chain, found.member, record["id"], record["t"], record["rv"], sealed),
            fields=self.charter[record["t"], record["rv"]].fields(sealed),
            stated=record["seals"][sealed],
            data_key=data_key,
        )

    def party_of(self, identifier: bytes) -> bytes:
        """Return under whom this member keeps keys of a record or case.

        That is the party at its custodian; the case's own id at another owner, which cannot know.

        Raises:
            Denied: this member is neither.
        """
        for key in self.keys.of_record(identifier):
            return key.party
        if self.owner_of(identifier) == self.member:
            return identifier
        raise Denied(
            "access.not_custodian",
            "this member is not the custodian of that party",
            cure="Ask the member that took the case in.",
        )

    def owner_of(self, case: bytes) -> str:
        """Return a case's owner; "" where the chain holds no such case."""
        rows = self.views.rows("case", {"case": case})
        return str(rows[0]["owner"]) if rows else ""

    def get_object(self, cid: Cid) -> bytes:
        """Return a public object, from another member if need be."""
        return self.fetch(cid)

    def permit(self, purpose: str, subject: bytes) -> Permit:
        """Return a permit for the session's officer; outside of any, for the member itself."""
        officer = acting_at(self.member)
        return grant_permit(
            officer=officer.hex() if officer else self.member,
            purpose=purpose,
            subject=subject,
            now_ms=self.now_ms(),
        )


def no_key(member: str, sealed: SealClass) -> Denied:
    """Return the error for a part that a member has neither key nor grant of."""
    return Denied(
        "access.no_key",
        f"{member} holds no key of this {sealed} part",
        cure="Ask the party's custodian for a disclosure, or the party for a grant.",
    )


def refused(code: int, bundle: Sequence[Draft]) -> Error:
    """Return the error for a bundle that a rule refused; it names types, never contents."""
    types = sorted({draft.statement.t for draft in bundle})
    return Invalid(
        "record.refused",
        f"{', '.join(types)} was refused with code {code}: {explain_refusal(code, 'en')}",
        cure="See docs/records.md for what each code means; all stands as before.",
        code_number=code,
    )

"""Parties, their mandates and grants, and their erasure, at the member that is their custodian."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import Cid, decode
from tallystick.base.errors import Invalid, NotFound
from tallystick.base.keys import SEED_SIZE, SigningKey
from tallystick.chain import schema
from tallystick.kernel.access.answers import ASKING
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.ledger.outbox import Request
from tallystick.records.party import (
    GrantEnded,
    GrantGiven,
    MandateEnded,
    MandateGiven,
    ObjectsDropped,
    PartyErased,
    PartyRegistered,
)
from tallystick.services.consent import acts

__all__ = ["Consent", "Recovered"]

# Fewer dropped objects than those of eight parties would tell whose they are.
DROP_PARTIES_MIN: Final = 8
OBJECTS_MAX: Final = 150
_SEALED: Final = frozenset({"case", "party"})


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many cut-off acts were ended: registrations that stand, or taken back; erasures."""

    kept: int
    undone: int
    erased: int


class Consent:
    """What a custodian does for its parties."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._running: set[bytes] = set()
        self._erasing = threading.Lock()

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> bytes:
        """Register a party, with a key of its own, and return its id.

        The record leaves in the day's shuffled bundle, so that nobody can tell whose case is whose.
        A request repeated within 24 hours gets the party it registered first. A kill before the
        registration is kept leaves nothing that `recover`, or the repetition, does not take back.

        Raises:
            Conflict: `outbox.key_reused`, the request's key came before with another body.
        """
        desk, request = self._desk, _asking()
        known = acts.recall(desk.keys, request, desk.now_ms())
        if known is not None and self._finish_registration(known.record, known.party):
            return known.party
        party, registration = desk.new_id(), desk.new_id()
        key = SigningKey.from_seed(desk.entropy.draw("key", SEED_SIZE))
        statement = PartyRegistered(
            kind=kind,
            custodian=desk.member,
            party=party,
            identity={**identity, "key": key.public},
            contacts=dict(contacts) if contacts else None,
        )
        own = acts.own_key_begun(key, registration, party)
        with self._working(registration):
            marks = [own]
            if request is not None:
                marks.append(acts.mark_request(request, registration, party, desk.now_ms()))
            desk.keys.put(marks)
            desk.keep(Draft(identifier=registration, statement=statement, party=party))
            acts.settle(desk.keys, [own])
        return party

    @contextmanager
    def _working(self, registration: bytes) -> Iterator[None]:
        """Keep `recover` off what this process is at."""
        self._running.add(registration)
        try:
            yield
        finally:
            self._running.discard(registration)

    def _finish_registration(self, registration: bytes, party: bytes) -> bool:
        """End a registration that was cut off: True if it stands, False if it was taken back."""
        desk = self._desk
        if self._has_kept("party.registered", [registration]):
            own = [each for each in acts.begun_registrations(desk.keys) if each.party == party]
            acts.settle(desk.keys, own)
            return True
        # The objects go first: once the keys are gone, nothing tells which they were.
        desk.store.drop([key.obj for key in desk.keys.of_party(party)])
        desk.keys.erase(party)
        return False

    def _has_kept(self, t: str, identifiers: Collection[bytes]) -> bool:
        """Tell whether any of these is the id of a record of a type, admitted or about to leave."""
        for waiting in self._desk.pending.waiting():
            found = decode(waiting, schema.RECORD)
            if found["t"] == t and found["id"] in identifiers:
                return True
        return any(self._desk.views.rows("record", {"id": each, "t": t}) for each in identifiers)

    def recover(self) -> Recovered:
        """End what a kill cut off: to be called once the member is opened and linked.

        A registration that was not kept is taken back, for nobody was told of its party; an erasure
        that was decided is done.
        """
        desk, kept, undone, erased = self._desk, 0, 0, 0
        for own in acts.begun_registrations(desk.keys):
            if own.case in self._running:
                continue
            stands = self._finish_registration(own.case, own.party)
            kept, undone = kept + stands, undone + (not stands)
        with self._erasing:
            for mark in acts.begun_erasures(desk.keys):
                self._finish_erasure(mark)
                erased += 1
        return Recovered(kept, undone, erased)

    def own_key(self, party: bytes) -> SigningKey:
        """Return the party's own signing key; NotFound where it holds none here."""
        for key in self._desk.keys.of_party(party):
            if key.sealed == "own":
                return SigningKey.from_seed(key.key)
        raise NotFound(
            "party.unknown",
            "no such party is registered here",
            cure="Register it: tally party add.",
        )

    def show_party(self, party: bytes) -> dict[str, Any]:
        """Return the party's sealed identity and what is kept of it; leaves a receipt."""
        desk, cases = self._desk, set()
        identity: dict[str, Any] = {}
        for key in desk.keys.of_party(party):
            if key.case and key.sealed in _SEALED:
                cases.add(key.case)
            elif key.sealed == "party" and self._is_registration(key.record):
                permit = desk.permit("report", key.record)
                identity = dict(desk.open(permit, key.record, "party").values)
        if not identity and not cases:
            raise NotFound(
                "party.unknown", "no such party is registered here", cure="See tally party add."
            )
        return {"party": party, "identity": identity, "cases": sorted(cases)}

    def _is_registration(self, record: bytes) -> bool:
        try:
            return bool(self._desk.records.find(record).record["t"] == "party.registered")
        except NotFound:
            return False

    def add_mandate(self, party: bytes, *, witness: str, days: int, text: str) -> bytes:
        """Record that the party lets this member's officer act for it, before a witness."""
        desk = self._desk
        mandate = desk.new_id()
        statement = MandateGiven(
            mandate=mandate,
            officer=desk.officer(),
            witness=witness,
            from_time=desk.now_ms(),
            until=desk.now_ms() + days * DAY_MS,
            party=party,
            text=text,
        )
        desk.record([Draft(identifier=mandate, statement=statement, party=party)])
        return mandate

    def end_mandate(self, mandate: bytes) -> None:
        """Take a mandate back."""
        desk = self._desk
        party = desk.party_of(mandate)
        statement = MandateEnded(mandate=mandate, party=party)
        desk.record([Draft(identifier=desk.new_id(), statement=statement, party=party)])

    def give_grant(
        self,
        party: bytes,
        *,
        recipient: str,
        classes: Sequence[str],
        purpose: str,
        basis: str,
        days: int,
    ) -> bytes:
        """Record the party's consent: who may read which classes, what for, until when."""
        desk = self._desk
        grant = desk.new_id()
        statement = GrantGiven(
            grant=grant,
            recipient=recipient,
            classes=sorted(classes),
            purpose=purpose,
            basis=basis,
            from_time=desk.now_ms(),
            until=desk.now_ms() + days * DAY_MS,
            party=party,
        )
        desk.record([Draft(identifier=grant, statement=statement, party=party)])
        return grant

    def end_grant(self, grant: bytes) -> None:
        """Take a grant back: from this block on no member reads under it."""
        desk = self._desk
        party = desk.party_of(grant)
        statement = GrantEnded(grant=grant, party=party)
        desk.record([Draft(identifier=desk.new_id(), statement=statement, party=party)])

    def erase(self, party: bytes) -> list[Cid]:
        """Forget the party's keys for good and return the objects that no longer open.

        Proofs stay whole; what the objects held can be read by no one. The tombstone leaves in the
        day's bundle, sealed under a key that is forgotten with it. With it leave the notices to
        members that sealed anything for the party's cases, each of one case: they forget too. Once
        it is begun it is ended: after a kill by `recover`, or by being asked again.

        Raises:
            NotFound: `party.unknown`.
        """
        with self._erasing:
            return self._finish_erasure(self._begin_erasure(party, _asking()))

    def close_party(self, party: bytes) -> int:
        """Erase a party as `erase` does and return how many objects no longer open.

        A request repeated within 24 hours gets the number it got first.

        Raises:
            NotFound: `party.unknown`.
            Conflict: `outbox.key_reused`, the request's key came before with another body.
        """
        desk, request = self._desk, _asking()
        with self._erasing:
            mark = acts.recall(desk.keys, request, desk.now_ms())
            if mark is None:
                mark = self._begin_erasure(party, request)
            if not acts.is_ended(mark):
                self._finish_erasure(mark)
            return acts.count_closed(mark)

    def _begin_erasure(self, party: bytes, request: Request | None) -> DataKey:
        """Decide an erasure, durably; one that was cut off is gone on with."""
        desk = self._desk
        for mark in acts.begun_erasures(desk.keys, party):
            return mark
        keys = self._keys_of(party)
        if not keys:
            raise NotFound("party.unknown", "no such party is registered here")
        mark = acts.mark_erasure(
            request,
            party,
            desk.new_id(),
            # The tombstone's object is closed with the others.
            count=sum(not acts.is_mark(key) for key in keys) + 1,
            now_ms=desk.now_ms(),
        )
        desk.keys.put([mark])
        return mark

    def _keys_of(self, party: bytes) -> list[DataKey]:
        """Return what is kept under a party and under the cases it has here."""
        keys = self._desk.keys.of_party(party)
        cases = _cases_of(keys)
        return [*keys, *(key for case in cases for key in self._desk.keys.of_party(case))]

    def _finish_erasure(self, mark: DataKey) -> list[Cid]:
        """Take an erasure's steps that are not taken yet; return what no longer opens."""
        desk, party, gone = self._desk, acts.target_of(mark), list[Cid]()
        if keys := desk.keys.of_party(party):
            cases = _cases_of(keys)
            self._keep_notices(cases)
            stated = {key.record for key in keys if key.sealed == "party" and not key.case}
            if not self._has_kept("party.erased", stated):
                tombstone = PartyErased(party=party)
                desk.keep(Draft(identifier=desk.new_id(), statement=tombstone, party=party))
            marks = {key.obj for key in self._keys_of(party) if acts.is_mark(key)}
            # The objects go first: once the keys are gone, nothing tells which they were.
            dropped = [key.obj for key in self._keys_of(party)]
            desk.store.drop(dropped)
            gone = desk.keys.erase(party, *cases)
            if late := set(gone).difference(dropped):
                desk.store.drop(sorted(late))
            gone = [obj for obj in gone if obj not in marks]
        acts.settle(desk.keys, [mark])
        return gone

    def _keep_notices(self, cases: Sequence[bytes]) -> None:
        others = self._desk.reach.others
        if others is not None:
            self._desk.pending.add_notices(
                (case, member) for case in cases for member in others.members_of(case)
            )

    def drop_objects(self, objects: Sequence[Cid], parties: int) -> None:
        """Say on the chain, in the day's bundle, which objects no one can open any more.

        An erasure does not do this by itself: whoever reads the chain learns that the objects are
        of `parties` parties, so that two of them are one party's with a chance of one in that many.

        Raises:
            Invalid: `party.too_few`, they are of fewer than eight parties.
        """
        if parties < DROP_PARTIES_MIN:
            raise Invalid(
                "party.too_few",
                f"the objects are of {parties} parties, fewer than {DROP_PARTIES_MIN}",
                cure="Let their members drop them; they are told by link.",
            )
        ordered = sorted(set(objects))
        lists = -(-len(ordered) // OBJECTS_MAX)
        share = -(-len(ordered) // max(1, lists))
        drafts = [
            Draft(
                identifier=self._desk.new_id(),
                statement=ObjectsDropped(objects=ordered[at : at + share]),
            )
            for at in range(0, len(ordered), max(1, share))
        ]
        self._desk.keep(*drafts)


def _asking() -> Request | None:
    """Return what the request under way may be repeated by, None where it has no key."""
    asking = ASKING.get()
    return None if asking is None else asking.request


def _cases_of(keys: Sequence[DataKey]) -> list[bytes]:
    return sorted({key.case for key in keys if key.case and key.sealed in _SEALED})

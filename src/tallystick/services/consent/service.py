"""Parties, their mandates and grants, and their erasure, at the member that is their custodian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import RAW, Cid, cid_of
from tallystick.base.errors import Invalid, NotFound
from tallystick.base.keys import SEED_SIZE, SigningKey
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.sealing import Draft
from tallystick.records.party import (
    GrantEnded,
    GrantGiven,
    MandateEnded,
    MandateGiven,
    ObjectsDropped,
    PartyErased,
    PartyRegistered,
)

__all__ = ["Consent"]

# Fewer dropped objects than those of eight parties would tell whose they are.
DROP_PARTIES_MIN: Final = 8
OBJECTS_MAX: Final = 150


class Consent:
    """What a custodian does for its parties."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> bytes:
        """Register a party, with a key of its own, and return its id.

        The record leaves in the day's shuffled bundle, so that nobody can tell whose case is whose.
        """
        desk = self._desk
        party, registration = desk.new_id(), desk.new_id()
        key = SigningKey.from_seed(desk.entropy.draw("key", SEED_SIZE))
        statement = PartyRegistered(
            kind=kind,
            custodian=desk.member,
            party=party,
            identity={**identity, "key": key.public},
            contacts=dict(contacts) if contacts else None,
        )
        desk.keep(Draft(identifier=registration, statement=statement, party=party))
        own = DataKey(cid_of(key.public, RAW), key.seed, registration, "own", b"", party)
        desk.keys.put([own])
        return party

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
            if key.case:
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
            officer=desk.new_id(),
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
        members that sealed anything for the party's cases, each of one case: they forget too. A
        kill before the end leaves the party as it was, to be erased again.
        """
        desk = self._desk
        keys = desk.keys.of_party(party)
        if not keys:
            raise NotFound("party.unknown", "no such party is registered here")
        cases = sorted({key.case for key in keys if key.case})
        others = desk.reach.others
        if others is not None:
            desk.pending.add_notices(
                (case, member) for case in cases for member in others.members_of(case)
            )
        desk.keep(Draft(identifier=desk.new_id(), statement=PartyErased(party=party), party=party))
        gone = desk.keys.erase(party, *cases)
        desk.store.drop(gone)
        return gone

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

"""Changes of the members' list, keys and limits: proposed, voted on, and told with their votes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import sha256
from tallystick.base.errors import Denied, Error, Invalid, NotFound
from tallystick.chain.crossing import split_list
from tallystick.chain.limits import LIMITS, VOTE_PPM, count_needed, read_limit
from tallystick.chain.member import Member
from tallystick.chain.membership import read_top
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.access.secrets import (
    USES,
    VOTE,
    Secrets,
    keep_renewed,
    list_renewed,
    state_keys,
    state_vote,
)
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.voting import (
    draw_vote,
    keys_waiting,
    list_used,
    no_vote,
    validates,
)
from tallystick.records.base import Statement
from tallystick.records.change import ChangeProposed, ChangeVoted
from tallystick.services.membership.rules import HeldChange, find_change, find_outcome, list_open

__all__ = ["DAYS", "Membership"]

PRUNED: Final = "ledger.pruned"
DAYS: Final = 30
"""Days for which a proposal waits for votes, where its proposer says nothing else."""


class Membership:
    """What a member does about the list it stands in.

    Args:
        desk: the member's.
        folder: where its keys are kept.
        replica: its copy of the chain.
    """

    def __init__(self, desk: Desk, folder: Path, replica: Replica) -> None:
        self._desk = desk
        self._folder = folder
        self._read = replica.read
        self._replica = replica

    def _record(self, statement: Statement, before: Sequence[Statement] = ()) -> bytes:
        identifier = self._desk.new_id()
        drafts = [Draft(identifier=self._desk.new_id(), statement=each) for each in before]
        self._desk.record([*drafts, Draft(identifier=identifier, statement=statement)])
        return identifier

    def _propose(
        self,
        kind: str,
        days: int,
        before: Sequence[Statement] = (),
        **stated: Any,  # noqa: ANN401 - fields of the record
    ) -> bytes:
        until = self._desk.now_ms() + days * DAY_MS
        return self._record(ChangeProposed(kind=kind, until=until, **stated), before)

    def propose_join(self, card: Mapping[str, Any], days: int = DAYS) -> bytes:
        """Propose that a new member joins; return the change's id.

        Args:
            card: `{member, role, name, keys}` as it stated itself, with a proof for each key.
            days: how long votes are taken.

        Raises:
            Invalid: `record.refused`; the card's keys do not prove themselves for this chain.
        """
        return self._propose("join", days, **card)

    def propose_engine(self, member: str, public: bytes, proof: bytes, days: int = DAYS) -> bytes:
        """Propose that a member of the list validates too; return the change's id.

        Args:
            member: its name.
            public: the key by which its engine votes, 32 bytes.
            proof: that key's own signature, as the list's next number of a key of that member.
            days: how long votes are taken.

        Raises:
            Conflict: `engine.validates`, the list has a key of its engine.
            Invalid: `record.refused`; the key does not prove itself for this chain.
        """
        listed = self._find(member)
        if any(key.use == VOTE for key in listed.keys):
            raise validates(member)
        kept = [key.tree() for key in listed.keys]
        keys = [{name: each for name, each in key.items() if name != "from"} for key in kept]
        keys.append(state_vote(read_top(self._read, member) + 1, public, proof))
        return self._propose("keys", days, member=member, role=listed.role, name=member, keys=keys)

    def propose_keys(self, card: Mapping[str, Any], days: int = DAYS) -> bytes:
        """Propose fresh keys in the place of a member's, by its card; return the change's id.

        Whoever lost its signing key proposes nothing itself. A key of a use that the card does not
        show, an engine's, stays.

        Args:
            card: `{member, role, name, keys}` as the member stated itself, with a proof for each
                key that signs; numbered after all that it ever had.
            days: how long votes are taken.

        Raises:
            NotFound: `member.unknown`.
            Invalid: `record.refused`; a key does not prove itself, or the chain has seen it before.
        """
        shown = {key["use"] for key in card["keys"]}
        kept = [key.tree() for key in self._find(card["member"]).keys if key.use not in shown]
        keys = [{name: each for name, each in key.items() if name != "from"} for key in kept]
        return self._propose("keys", days, **{**card, "keys": [*keys, *card["keys"]]})

    def propose_renewal(self, secrets: Secrets, uses: Collection[str], days: int = DAYS) -> bytes:
        """Draw fresh keys of this member for some uses and propose them; return the change's id.

        They are kept beside those in force until the vote brings them in. Keys that were drawn
        before and of which no vote is known wait on beside them: whoever has their card may
        propose them yet, and so may what this member signed and has not seen recorded.

        Raises:
            Denied: `member.key_ended`, it can sign no proposal.
            Conflict: `node.keys_waiting`, a vote on others is open.
            NotFound: `engine.no_keys`, a `bft` key is asked for, and the member does not validate.
        """
        own = self._find(self._desk.member)
        has_vote = any(key.use == VOTE for key in own.keys) or list_used(self._folder)
        if VOTE in uses and not has_vote:
            # One that was drawn here and is yet to be voted in is told of by its card.
            raise no_vote()
        if self._is_renewing(own):
            raise keys_waiting(own.name)
        self.check_signing(secrets.public("tx"))
        vote = draw_vote(self._folder, self._desk.entropy) if VOTE in uses else b""
        renewed, fresh = secrets, set(uses) & set(USES)
        if fresh and (drawn := self._find_drawn(secrets, fresh)) is not None:
            renewed = drawn
        elif fresh:
            renewed = secrets.renew(self._desk.entropy, uses)
            keep_renewed(self._folder, renewed)
        top = read_top(self._read, own.name)
        keys = state_keys(renewed, own, chain=self._desk.chain, member=own.name, top=top, vote=vote)
        return self._propose("keys", days, member=own.name, role=own.role, name=own.name, keys=keys)

    def check_signing(self, public: bytes) -> None:
        """Refuse what this member is about to sign by a key, where no block admits that one.

        Raises:
            Denied: `member.key_ended`.
        """
        tip, member = self._replica.tip, self._desk.member
        if public not in {key.pub for key in tip.members.keys(member, "tx", tip.height + 1)}:
            raise Denied(
                "member.key_ended",
                f"the key by which {member} signs here is not in force after height {tip.height}",
                cure="Draw fresh ones by tally member renew; another member proposes them by its"
                " card: tally change join.",
                member=member,
            )

    def _find_drawn(self, secrets: Secrets, uses: set[str]) -> Secrets | None:
        """Return keys drawn before for just these uses, of which the chain has seen none.

        A proposal of them may be on its way: the same keys again leave one set to be voted in,
        under one number each, whatever became of the first.
        """
        for path in list_renewed(self._folder):
            held = Secrets.read(path)
            fresh = {use for use in USES if held.public(use) != secrets.public(use)}
            seen = (self._read(b"pub/" + sha256(held.public(use))) for use in fresh)
            if fresh == uses and not any(each is not None for each in seen):
                return held
        return None

    def _is_renewing(self, own: Member) -> bool:
        """Tell whether a change of this member's keys, its own or of keys it drew, is open."""
        drawn: set[bytes] = set()
        for path in list_renewed(self._folder):
            waiting = Secrets.read(path)
            drawn |= {waiting.public(use) for use in USES}
        drawn -= {key.pub for key in own.keys}
        now_ms, wanted = self._desk.now_ms(), {"kind": "keys", "member": own.name}
        return any(
            each.member == own.name or drawn & {key["pub"] for key in each.pub["keys"]}
            for each in list_open(self._read, self._replica.tip.members.by_name)
            if wanted.items() <= each.pub.items() and each.pub["until"] >= now_ms
        )

    def propose_revocation(self, member: str, number: int, days: int = DAYS) -> bytes:
        """Propose that a member's key, lost or stolen, signs no more; return the change's id.

        Raises:
            NotFound: `member.no_key`, the list has no such key.
        """
        listed = self._find(member)
        if number not in {key.number for key in listed.keys}:
            raise NotFound(
                "member.no_key",
                f"{member} has no key {number} in force",
                cure="List the members' keys: tally change members.",
            )
        kept = [key.tree() for key in listed.keys if key.number != number]
        keys = [{name: each for name, each in key.items() if name != "from"} for key in kept]
        if not keys:
            raise Invalid(
                "member.last_key",
                f"key {number} is the only one of {member}",
                cure="Let the member leave: tally change leave.",
            )
        return self._propose("keys", days, member=member, role=listed.role, name=member, keys=keys)

    def propose_leaving(self, member: str, days: int = DAYS) -> bytes:
        """Propose that a member leaves the list; return the change's id."""
        return self._propose("leave", days, member=self._find(member).name)

    def propose_limit(self, name: str, value: int, days: int = DAYS) -> bytes:
        """Propose a limit of the chain; return the change's id."""
        return self._propose("limit", days, limit=name, value=value)

    def propose_link(
        self, genesis: bytes, listed: bytes, *, demand: str = "nothing", days: int = DAYS
    ) -> bytes:
        """Propose that another chain of the county is known here; return the change's id.

        Args:
            genesis: the other chain's.
            listed: its members list, as genesis names it.
            demand: `approval` if public money is then paid out here on a department's approval
                there alone.
            days: how long votes are taken.
        """
        before, rest = split_list(listed)
        stated: dict[str, Any] = {"genesis": genesis, "listed": rest, "demand": demand}
        return self._propose("link", days, before, **stated)

    def vote(self, change: bytes, *, yes: bool) -> bytes:
        """Say yes or no to a change, once; return the record's id.

        Raises:
            NotFound: `change.unknown`.
        """
        if find_change(self._read, change) is None:
            self._stated(change, None)
        return self._record(ChangeVoted(change=change, vote=int(yes)))

    def _find(self, member: str) -> Member:
        listed = self._replica.tip.members.by_name.get(member)
        if listed is None:
            raise NotFound(
                "member.unknown",
                f"{member} is no member of this chain",
                cure="tally change members.",
            )
        return listed

    def _stated(self, change: bytes, held: HeldChange | None) -> tuple[dict[str, Any], str, int]:
        """Return what a change says, who proposed it and at which height.

        Raises:
            NotFound: `change.unknown`; `ledger.pruned`, its block's body is held nowhere, and it
                is settled: of an open one the state tells.
        """
        rows = self._desk.views.rows("record", {"id": change})
        if not rows or rows[0]["t"] != ChangeProposed.t:
            raise NotFound(
                "change.unknown",
                f"no change {change.hex()} was proposed",
                cure="tally change list.",
            )
        try:
            found = self._desk.records.find(change)
        except Error as error:
            if held is None or error.code != PRUNED:
                raise
            return held.pub, held.member, rows[0]["height"]
        return found.record["pub"], found.member, found.height

    def list_limits(self) -> dict[str, int]:
        """Return the limits in force at the next height, by name."""
        return {name: read_limit(self._read, name) for name in LIMITS}

    def list_changes(self) -> list[dict[str, Any]]:
        """Return all changes ever proposed, the newest first, with how they stand.

        Those that are settled and stand in blocks whose bodies nobody holds here are left out.
        """
        rows = self._desk.views.rows("record", {"t": ChangeProposed.t}, order="height")
        found = []
        for row in reversed(rows):
            try:
                found.append(self.show_change(row["id"]))
            except Error as error:
                if error.code != PRUNED:
                    raise
        return found

    def show_change(self, change: bytes) -> dict[str, Any]:
        """Return a change: what it says, its votes and how many more it needs.

        Raises:
            NotFound: `change.unknown`; `ledger.pruned`, it is settled and its block's body gone.
        """
        held, settled = find_change(self._read, change), find_outcome(self._read, change)
        pub, member, height = self._stated(change, held)
        found: dict[str, Any] = {"change": change, "by": member, "height": height, **pub}
        if settled is not None:
            outcome, at = settled
            return {**found, "state": outcome.name.lower(), "settled_height": at}
        if held is None or pub["until"] < self._desk.now_ms():
            return {**found, "state": "expired"}
        return {**found, "state": "open", **self._count(held)}

    def _count(self, held: HeldChange) -> dict[str, Any]:
        tip = self._replica.tip
        members, height = tip.members, tip.height + 1
        voices = {name for name in members.by_name if any(members.keys(name, "tx", height))}
        needed = count_needed(read_limit(self._read, VOTE_PPM), len(voices))
        return {"yes": held.yes, "no": held.no, "needed": needed, "voices": len(voices)}

    def list_members(self) -> list[dict[str, Any]]:
        """Return the list in force for the next height, with every key."""
        return [
            {"member": each.name, "role": each.role, "keys": [key.tree() for key in each.keys]}
            for each in self._replica.tip.members.by_name.values()
        ]

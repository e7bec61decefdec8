"""Changes of members, keys and limits as a member sees and decides them, at a node here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.errors import Conflict, Invalid
from tallystick.chain.member import Member
from tallystick.chain.membership import read_top
from tallystick.county.card import (
    Card,
    bad_card,
    check_card,
    check_joining,
    check_keys,
    state_member,
)
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_id, told
from tallystick.kernel.access.secrets import USES, VOTE
from tallystick.services.membership.service import DAYS

__all__ = ["ChangeOffice"]


class ChangeOffice(NodeOffice):
    """What a member does about the list it stands in."""

    def list_members(self) -> list[Any]:
        """Return the list in force, with every key."""
        return [told(each) for each in self._node.membership.list_members()]

    def show_limits(self) -> dict[str, int]:
        """Return the limits of the chain in force."""
        return self._node.membership.list_limits()

    def list_changes(self) -> list[Any]:
        """Return the changes proposed, the newest first, with how they stand."""
        return [told(each) for each in self._node.membership.list_changes()]

    def show_change(self, change: str) -> dict[str, Any]:
        """Return a change and its votes."""
        found: dict[str, Any] = told(self._node.membership.show_change(read_id(change)))
        return found

    def propose_join(self, card: Mapping[str, Any], *, days: int = DAYS) -> dict[str, Any]:
        """Propose that a new member joins, as its card states it, or that one of the list changes.

        Args:
            card: of a new member; or of one of the list, which shows the key of its engine, or
                fresh keys of all other uses.
            days: how long votes are taken.

        Raises:
            Invalid: `county.card`, it is none, for another chain, of another role, or its keys do
                not follow those that the member had; `record.refused`, a key of it proves nothing
                or was seen before; `county.one_orders`.
            Conflict: `member.listed`, it changes nothing of a member of the list;
                `engine.validates`.
        """
        node, found = self._node, check_card(card)
        name, tip = found.member.name, node.replica.tip
        listed = tip.members.by_name.get(name)
        if found.vote is None or listed is None:
            stated = state_member(card, node.replica.genesis)
            _check_follows(found, listed, read_top(node.replica.read, name), tip.height)
            if listed is None:
                return _told(node.membership.propose_join(stated, days))
            return _told(node.membership.propose_keys(stated, days))
        check_joining(found, node.replica.genesis)
        check_keys(found, tip.members, tip.height + 1, USES)
        vote, proof = found.vote.key, found.proofs[VOTE]
        return _told(node.membership.propose_engine(name, vote, proof, days))

    def propose_renewal(self, uses: Sequence[str], *, days: int = DAYS) -> dict[str, Any]:
        """Draw fresh keys of this member and propose them."""
        node = self._node
        return _told(node.membership.propose_renewal(node.secrets, uses, days))

    def propose_revocation(self, member: str, key: int, *, days: int = DAYS) -> dict[str, Any]:
        """Propose that a member's key signs no more."""
        return _told(self._node.membership.propose_revocation(member, key, days))

    def propose_leaving(self, member: str, *, days: int = DAYS) -> dict[str, Any]:
        """Propose that a member leaves."""
        return _told(self._node.membership.propose_leaving(member, days))

    def propose_limit(self, limit: str, value: int, *, days: int = DAYS) -> dict[str, Any]:
        """Propose a limit of the chain."""
        return _told(self._node.membership.propose_limit(limit, value, days))

    def vote_change(self, change: str, *, yes: bool) -> dict[str, Any]:
        """Say yes or no to a change, once; what it is then is told as `show_change` tells it."""
        record = self._node.membership.vote(read_id(change), yes=yes)
        return {
            "change": change,
            "record": record.hex(),
            "state": self.show_change(change)["state"],
        }


def _told(change: bytes) -> dict[str, Any]:
    return {"change": change.hex()}


def _check_follows(card: Card, listed: Member | None, top: int, height: int) -> None:
    """Refuse a card whose keys cannot be the next of its member.

    Args:
        card: the card.
        listed: the member as the list has it; None for one that is to join.
        top: the greatest number of a key that it ever had.
        height: of the list.
    """
    name = card.member.name
    if listed is not None and not card.after:
        raise Conflict(
            "member.listed",
            f"{name} is in the list after height {height}, with keys up to {top}, and this card"
            " changes nothing of it",
            cure="Keys are changed by tally change renew, or, where it can sign no more, by the"
            " card of tally member renew; to have it order too, draw its card by tally member"
            " engine.",
            member=name,
        )
    if card.after != top:
        raise Invalid(
            "county.card",
            f"the card {name}: its keys follow number {card.after}, and {name} had keys up to"
            f" {top}",
            cure="Have it drawn anew: tally member renew, or tally member new --after with the last"
            " number.",
        )
    if listed is not None and listed.role != card.member.role:
        raise bad_card(name, f"its role is {card.member.role}, and in the list {listed.role}")

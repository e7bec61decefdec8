"""Changes of members, keys and limits as a member sees and decides them, at a node here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.errors import Conflict, Invalid
from tallystick.county.card import check_card, check_joining, check_keys, state_member
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
        """Propose that a new member joins, as its card states it, or that one comes to validate.

        Args:
            card: of a new member; or of one of the list, which shows the key of its engine.
            days: how long votes are taken.
        """
        node, found = self._node, check_card(card)
        name, tip = found.member.name, node.replica.tip
        if found.vote is None or name not in tip.members.by_name:
            stated = state_member(card, node.replica.genesis)
            try:
                return _told(node.membership.propose_join(stated, days))
            except Invalid as error:
                if error.code == "record.refused" and name in tip.members.by_name:
                    raise _listed(name, tip.height) from error
                raise
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
        """Say yes or no to a change, once."""
        record = self._node.membership.vote(read_id(change), yes=yes)
        return {"change": change, "record": record.hex()}


def _told(change: bytes) -> dict[str, Any]:
    return {"change": change.hex()}


def _listed(member: str, height: int) -> Conflict:
    return Conflict(
        "member.listed",
        f"{member} is in the list after height {height}, and this card changes nothing of it",
        cure="Keys are changed by tally change renew; to have it order too, draw its card by tally"
        " member engine.",
        member=member,
    )

"""Parties, mandates, grants and who read what, at a node in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.charter import TABLES
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_id, told, told_tree

__all__ = ["ConsentOffice"]


class ConsentOffice(NodeOffice):
    """What an officer does for the parties of a member."""

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> str:
        """Register a party; its record leaves in the day's bundle."""
        return self._node.consent.add_party(kind, identity, contacts).hex()

    def show_party(self, party: str) -> dict[str, Any]:
        """Return a party's identity and cases; leaves a receipt."""
        return told_tree(self._node.consent.show_party(read_id(party)))

    def erase_party(self, party: str) -> dict[str, Any]:
        """Forget a party's keys for good."""
        node, identifier = self._node, read_id(party)
        # Drafts first: cut off between the two, the repetition forgets what is left.
        node.drafts.forget_party(identifier)
        # Objects held for one another too; where a stop comes between, tending goes on.
        erasing = node.spreading.erasing
        with erasing.parties:
            marked = erasing.mark_party(identifier)
            closed = node.consent.close_party(identifier)
        if marked:
            erasing.end_erasures()
        return {"party": party, "objects_closed": closed}

    def add_mandate(self, party: str, *, witness: str, days: int, text: str) -> str:
        """Record a witnessed mandate."""
        consent = self._node.consent
        return consent.add_mandate(read_id(party), witness=witness, days=days, text=text).hex()

    def end_mandate(self, mandate: str) -> dict[str, Any]:
        """Take a mandate back."""
        self._node.consent.end_mandate(read_id(mandate))
        return {"mandate": mandate, "ended": 1}

    def send_registrations(self) -> dict[str, Any]:
        """Let registrations and erasures that wait leave now, in their shuffled bundle."""
        return {"sent": self._node.desk.record_pending()}

    def list_receipts(self, party: str) -> list[Any]:
        """Return who read what of a party at this member, oldest first."""
        node = self._node
        keys, receipts = node.keys.of_party(read_id(party)), node.desk.receipts
        subjects = {subject for key in keys for subject in (key.record, key.case) if subject}
        rows = [{**row, "subject": each} for each in subjects for row in receipts.of(each)]
        return [told(row) for row in sorted(rows, key=lambda row: (row["at"], row["record"]))]

    def rebuild_views(self) -> dict[str, Any]:
        """Make the views anew from the chain; return each table's digest at its height."""
        node = self._node
        node.rebuild()
        tables = {table.name: node.views.digest(table.name).hex() for table in TABLES}
        return {"member": node.member, "height": node.views.height(), "tables": tables}

    def give_grant(
        self, party: str, *, recipient: str, classes: Sequence[str], purpose: str, days: int
    ) -> dict[str, Any]:
        """Record a party's consent."""
        grant = self._node.consent.give_grant(
            read_id(party),
            recipient=recipient,
            classes=classes,
            purpose=purpose,
            basis="consent",
            days=days,
        )
        return {"grant": grant.hex()}

    def end_grant(self, grant: str) -> dict[str, Any]:
        """Take a grant back."""
        self._node.consent.end_grant(read_id(grant))
        return {"grant": grant, "ended": 1}

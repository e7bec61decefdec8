"""Parties, mandates, grants and receipts over the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["ConsentVerbs"]


class ConsentVerbs(Carrier):
    """Verbs of consent."""

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> str:
        """Register a person, household, firm or project and return its id."""
        body = {"kind": kind, "identity": dict(identity), "contacts": contacts}
        found: str = self._send("/parties", present(body))["party"]
        return found

    def send_registrations(self) -> Tree:
        """Let registrations and erasures that wait leave now, in their shuffled bundle."""
        return self._send("/registrations")

    def show_party(self, party: str) -> Tree:
        """Return a party's identity and cases, at its custodian."""
        found: Tree = self._get(f"/parties/{party}")
        return found

    def erase_party(self, party: str) -> Tree:
        """Forget a party's keys for good."""
        return self._send(f"/parties/{party}", method="DELETE")

    def list_receipts(self, party: str) -> list[Any]:
        """Return who read what of a party at this member, oldest first."""
        found: list[Any] = self._get(f"/parties/{party}/receipts")["items"]
        return found

    def add_mandate(self, party: str, *, witness: str, days: int, text: str) -> str:
        """Record that the party lets this member's officer act for it, before `witness`."""
        body = {"party": party, "witness": witness, "days": days, "text": text}
        found: str = self._send("/mandates", body)["mandate"]
        return found

    def end_mandate(self, mandate: str) -> Tree:
        """Take a mandate back."""
        return self._send(f"/mandates/{mandate}/end")

    def give_grant(
        self, party: str, *, recipient: str, classes: Sequence[str], purpose: str, days: int
    ) -> Tree:
        """Record a party's consent."""
        body = {"party": party, "recipient": recipient, "purpose": purpose, "days": days}
        return self._send("/grants", {**body, "classes": list(classes)})

    def end_grant(self, grant: str) -> Tree:
        """Take a grant back."""
        return self._send(f"/grants/{grant}/end")

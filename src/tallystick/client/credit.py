"""Approvals, offers, loans and public money over the API."""

from __future__ import annotations

from typing import Any

from tallystick.client.carrying import Carrier, Tree

__all__ = ["CreditVerbs"]


class CreditVerbs(Carrier):
    """Verbs of money."""

    def approve(self, case: str, *, notes: str = "") -> Tree:
        """Approve what the report offered."""
        return self._send(f"/cases/{case}/approve", {"notes": notes})

    def grant_loan(self, case: str) -> Tree:
        """Grant what was approved and accepted, on the report's terms."""
        return self._send(f"/cases/{case}/loan", {})

    def list_loans(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return loans as this member's views have them, newest first."""
        return self._list("/loans", limit, offset, case=case)

    def show_loan(self, loan: str) -> Tree:
        """Return a loan's terms, payments due and moves of money."""
        found: Tree = self._get(f"/loans/{loan}")
        return found

    def disburse_loan(self, loan: str, *, amount_minor: int) -> Tree:
        """Record that money of a loan was paid out."""
        return self._send(f"/loans/{loan}/disburse", {"amount_minor": amount_minor})

    def repay_loan(self, loan: str, *, principal_minor: int, interest_minor: int = 0) -> Tree:
        """Record that money of a loan came back; fees count as interest."""
        body = {"principal_minor": principal_minor, "interest_minor": interest_minor}
        return self._send(f"/loans/{loan}/repay", body)

    def show_standing(self, party: str) -> Tree:
        """Return a party's integrity record as this member can know it."""
        found: Tree = self._get(f"/parties/{party}/standing")
        return found

    def answer_offer(self, case: str, *, accepted: bool, words: str = "") -> Tree:
        """Record the household's answer to its offer."""
        return self._send(f"/cases/{case}/offer", {"accepted": accepted, "words": words})

    def receive_money(self, case: str, *, amount_minor: int, words: str = "") -> Tree:
        """Record how much the household says it received."""
        return self._send(f"/cases/{case}/money", {"amount_minor": amount_minor, "words": words})

    def allocate_fund(self, *, fund: str, to: str, programme: str, amount_minor: int) -> Tree:
        """Put public money at a member's disposal."""
        body = {"fund": fund, "to": to, "programme": programme, "amount_minor": amount_minor}
        return self._send("/allocations", body)

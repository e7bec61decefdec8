"""What a member's officers can do: the one door through which the county acts.

A node in process and a client over the API both satisfy it, so a county run in a test, in the demo
and against a server is the same county. Ids are lower-case hex; trees are those of
`records.applicant`; money is in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Office"]


class Office(Protocol):
    """One member's desk."""

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> str:
        """Register a person, household, firm or project and return its id."""

    def add_mandate(self, party: str, *, witness: str, days: int, text: str) -> str:
        """Record that the party lets this member's officer act for it, before `witness`."""

    def open_cases(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Take requests in and run the five steps on each.

        A request is `{"application": {"profile", "demand", "features"}, "defaults": [..],
        "party": id, "mandate": id?, "programme": name?}`; without a mandate the household signs
        with the key this member keeps for it. Answers, in order: `{"case", "stage": "reported" |
        "matched", "outcome", "preferred": expertise?, "alternatives": [..], "kind"}`.
        """

    def show_case(self, case: str) -> dict[str, Any]:
        """Return the case with what this member may open: stage, figures, reasons, records."""

    def hand_over(self, case: str, *, to: str, days: int, notes: str = "") -> dict[str, Any]:
        """Give the case to another member; it has one owner at any time."""

    def approve(self, case: str, *, notes: str = "") -> dict[str, Any]:
        """Approve what the report offered: an officer's act."""

    def refuse(self, case: str, *, code: str, words: str) -> dict[str, Any]:
        """Refuse in person, by a coded reason and words to the household."""

    def override(self, case: str, *, code: str, outcome: str, file: str) -> dict[str, Any]:
        """Decide otherwise than the decision, by a coded reason and a due-diligence file."""

    def answer_offer(self, case: str, *, accepted: bool, words: str = "") -> dict[str, Any]:
        """Record the household's answer to its offer."""

    def receive_money(self, case: str, *, amount_minor: int, words: str = "") -> dict[str, Any]:
        """Record how much the household says it received."""

    def grant_loan(self, case: str) -> dict[str, Any]:
        """Grant what was approved and accepted, on the report's terms.

        Answers `{"case", "loan", "terms"}`.
        """

    def disburse_loan(self, loan: str, *, amount_minor: int) -> dict[str, Any]:
        """Record that money of a loan was paid out: the lender's act."""

    def repay_loan(
        self, loan: str, *, principal_minor: int, interest_minor: int = 0
    ) -> dict[str, Any]:
        """Record that money of a loan came back: the lender's act; fees count as interest."""

    def due_feedback(self) -> list[dict[str, Any]]:
        """Return cases of other members whose feedback is due now and this member may ask."""

    def give_feedback(
        self, case: str, *, felt: int, income_minor: int | None = None, words: str = ""
    ) -> dict[str, Any]:
        """Record what the household says became of it; `felt` 1..5."""

    def open_appeal(self, case: str, *, code: str, words: str) -> dict[str, Any]:
        """Take in an appeal against the case's decision or refusal."""

    def settle_appeal(self, appeal: str, *, outcome: str, words: str) -> dict[str, Any]:
        """Answer an appeal: an officer's act."""

    def allocate_fund(
        self, *, fund: str, to: str, programme: str, amount_minor: int
    ) -> dict[str, Any]:
        """Put public money at a member's disposal (departments)."""

    def publish_model(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a model as a public object, by which nothing decides yet: `{"model": cid}`."""

    def approve_model(
        self, model: str, *, name: str, report: Mapping[str, Any], force: str | None = None
    ) -> dict[str, Any]:
        """Let a published model decide: an officer's act."""

    def retire_model(self, model: str, *, code: str | None = None) -> dict[str, Any]:
        """Let a model decide no more: an officer's act, for good."""

    def publish_news(self, text: str, *, language: str = "zh") -> dict[str, Any]:
        """Publish as the newspaper."""

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> dict[str, Any]:
        """Advise on a topic or a case (departments, village, co-operative, regulator)."""

    def evaluate_project(self, project: str, *, score: int, text: str) -> dict[str, Any]:
        """Score a project's case or record, 0..100 (departments, regulator)."""

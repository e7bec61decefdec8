"""Four eyes: who did what on the same case, loan or model before, from records and kept deeds.

Law: nothing that needs another officer is recorded in the session of the one who did the first
half, whatever route or verb it came by; the folder's owner, who acts for all, is not held to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Protocol

from tallystick.kernel.access.acting import acting_at
from tallystick.kernel.access.deeds import Deeds
from tallystick.kernel.access.roles import FOUR_EYES, check_eyes
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.views.base import Views

__all__ = ["ACT_OF", "check_drafts"]

ACT_OF: Final[Mapping[str, str]] = {
    "approval.given": "approve",
    "decision.overridden": "override",
    "case.refused": "refuse",
    "appeal.settled": "settle_appeal",
    "loan.disbursed": "disburse",
    "model.approved": "approve_model",
}
"""The act that a record's type stands for, where two officers must have a part in it."""


class _Found(Protocol):
    @property
    def record(self) -> Mapping[str, object]:
        """The decoded record."""


class _Records(Protocol):
    def find(self, identifier: bytes) -> _Found:
        """Return the record of that id."""


def check_drafts(
    drafts: Sequence[Draft], *, member: str, views: Views, records: _Records, deeds: Deeds
) -> None:
    """Deny drafts of a session's officer who did what another must have done.

    Args:
        drafts: what is to be recorded.
        member: who records it.
        views: tell which records stand on a case.
        records: the chain's, that name their officers.
        deeds: what no record tells.

    Raises:
        Denied: `access.four_eyes`.
    """
    officer = acting_at(member)
    if officer is None:
        return
    for draft in drafts:
        act = ACT_OF.get(draft.statement.t)
        if act in FOUR_EYES:
            assert act is not None
            check_eyes(act, officer, _earlier(draft, act, views, records, deeds))


def _earlier(
    draft: Draft, act: str, views: Views, records: _Records, deeds: Deeds
) -> Iterator[tuple[str, bytes]]:
    """Yield (act, officer) of what was done before, as far as it matters to an act."""
    model = getattr(draft.statement, "model", None)
    if model is not None:
        yield from deeds.of(model.raw)
    if draft.case is None:
        return
    for t, done in ACT_OF.items():
        if done not in FOUR_EYES[act]:
            continue
        for row in views.rows("record", {"case": draft.case, "t": t}):
            officer = records.find(row["id"]).record.get("officer")
            if isinstance(officer, bytes):
                yield done, officer

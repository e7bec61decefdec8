"""Rules of notices, guidance, evaluations and news: the writer corrects or withdraws its own.

State: `withdrawn/`id -> empty, of a notice that was taken down.
"""

from __future__ import annotations

from typing import Final

from tallystick.chain.amendment import mark_named, writer_of
from tallystick.chain.record import Admission
from tallystick.records.held import find_case
from tallystick.records.refusal import Refusal

__all__ = [
    "admit_correction",
    "admit_evaluation",
    "admit_guidance",
    "admit_statement",
    "admit_withdrawal",
]

_WITHDRAWN: Final = b"withdrawn/"


def admit_statement(offered: Admission) -> int:
    """Admit what a member states; its role was checked before."""
    del offered
    return 0


def admit_guidance(offered: Admission) -> int:
    """Admit advice to all, or on a case that stands."""
    case = offered.record.get("case")
    if case is not None and find_case(offered.state.get, case) is None:
        return Refusal.NO_CASE
    return 0


def admit_evaluation(offered: Admission) -> int:
    """Admit a score of a project: of an admitted record, and not of the writer's own case."""
    project = offered.record["pub"]["project"]
    if writer_of(offered, project) is None:
        return Refusal.NO_CASE
    case = find_case(offered.state.get, project)
    if case is not None and case.owner == offered.member:
        return Refusal.RATED_MEMBER_ASKS
    mark_named(offered, project)
    return 0


def admit_withdrawal(offered: Admission) -> int:
    """Take the writer's own notice down, once."""
    notice = offered.record["pub"]["notice"]
    if writer_of(offered, notice) != ("notice.posted", offered.member):
        return Refusal.NOT_OWN
    if offered.state.get(_WITHDRAWN + notice) is not None:
        return Refusal.ALREADY_WITHDRAWN
    offered.state.put(_WITHDRAWN + notice, b"")
    mark_named(offered, notice)
    return 0


def admit_correction(offered: Admission) -> int:
    """Correct the writer's own news, as often as there is something to correct."""
    news = offered.record["pub"]["news"]
    if writer_of(offered, news) != ("news.published", offered.member):
        return Refusal.NOT_OWN
    mark_named(offered, news)
    return 0

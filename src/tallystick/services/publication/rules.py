"""Rules of notices, guidance, evaluations and news: the writer corrects or withdraws its own."""

from __future__ import annotations

from tallystick.chain.amendment import writer_of
from tallystick.chain.record import Admission, Admit, Code

__all__ = ["admit_of_own", "admit_statement"]


def admit_statement(offered: Admission) -> int:
    """Admit what a member states; its role was checked before."""
    del offered
    return 0


def admit_of_own(field: str, t: str) -> Admit:
    """Return the rule of a record about an earlier one of type `t` by the same writer."""

    def rule(offered: Admission) -> int:
        earlier = offered.record["pub"][field]
        return 0 if writer_of(offered, earlier) == (t, offered.member) else Code.RULE

    return rule

"""Rules of notices, guidance, evaluations, news and programmes' figures.

The writer corrects or withdraws its own; a cycle's figures stand as they were measured.
State: `withdrawn/`id -> empty, of a notice that was taken down; `measured/`programme/cycle/member
-> the record's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.chain.amendment import mark_named, writer_of
from tallystick.chain.record import Admission
from tallystick.records.held import find_case
from tallystick.records.refusal import Refusal
from tallystick.services.publication.reach import is_told, sum_counts

__all__ = [
    "admit_correction",
    "admit_evaluation",
    "admit_guidance",
    "admit_measurement",
    "admit_statement",
    "admit_withdrawal",
]

_WITHDRAWN: Final = b"withdrawn/"
_MEASURED: Final = b"measured/"
_MONTHS: Final = 12


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


def admit_measurement(offered: Admission) -> int:
    """Admit a cycle's figures once by a member: parts that make up one whole, none of them few."""
    pub = offered.record["pub"]
    if not 1 <= pub["cycle"] % 100 <= _MONTHS or pub["day"] * DAY_MS > offered.time:
        return Refusal.TIME_OUT_OF_RANGE
    if (code := _parts_refusal(pub)) != 0:
        return code
    place = f"{pub['programme']}/{pub['cycle']}/{offered.member}"
    key = _MEASURED + place.encode()
    if offered.state.get(key) is not None:
        return Refusal.ALREADY_STATED
    offered.state.put(key, offered.record["id"])
    return 0


def _parts_refusal(pub: Mapping[str, Any]) -> int:
    """Refuse lists that do not ascend, parts that are no parts of one whole, and small counts."""
    villages = [each["code"] for each in pub["villages"]]
    groups = [each["group"] for each in pub["groups"]]
    areas = [each["villages"] for each in pub["areas"]]
    if not all(names == sorted(set(names)) for names in (villages, groups, *areas)):
        return Refusal.NOT_ASCENDING
    if sorted(code for area in areas for code in area) != villages:
        return Refusal.PARTS_DIFFER
    if groups and sum_counts(pub["groups"]) != sum_counts(pub["areas"]):
        return Refusal.PARTS_DIFFER
    told = all(is_told(part) for part in (*pub["areas"], *pub["groups"]))
    return 0 if told else Refusal.COUNT_OF_FEW

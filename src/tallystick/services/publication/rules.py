"""Rules of notices, guidance, evaluations, news, programmes' figures, and what all may read.

The writer corrects or withdraws its own; figures stand as they were measured. Tallies of one chain
never overlap, so that nobody follows from the difference of two.
State: `withdrawn/`id -> empty, of a notice or bulletin that was taken down;
`measured/`programme/cycle/member -> the record's id; `tallied/`chain -> the last day of its last
tally, as 8 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.chain.amendment import mark_named, writer_of
from tallystick.chain.crossing import find_chain
from tallystick.chain.record import Admission, Admit
from tallystick.chain.state import Read
from tallystick.records.bulletin import DIGITS_MAX
from tallystick.records.held import find_case
from tallystick.records.programme import LEAST
from tallystick.records.refusal import Refusal
from tallystick.services.publication.reach import is_told, sum_counts

__all__ = [
    "admit_bulletin",
    "admit_correction",
    "admit_evaluation",
    "admit_guidance",
    "admit_measurement",
    "admit_statement",
    "admit_tally",
    "admit_withdrawal",
    "is_few",
    "is_withdrawn",
]

_WITHDRAWN: Final = b"withdrawn/"
_MEASURED: Final = b"measured/"
_TALLIED: Final = b"tallied/"
_MONTHS: Final = 12
_TEXTS: Final = ("title_zh", "title_en", "text_zh", "text_en")
_DIGITS: Final = frozenset("0123456789\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


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


def admit_withdrawal(t: str, field: str) -> Admit:
    """Return the rule that takes a record of type `t`, named in `field`, down."""

    def admit(offered: Admission) -> int:
        """Take down what the writer itself said, once."""
        named = offered.record["pub"][field]
        if writer_of(offered, named) != (t, offered.member):
            return Refusal.NOT_OWN
        if is_withdrawn(offered.state.get, named):
            return Refusal.ALREADY_WITHDRAWN
        offered.state.put(_WITHDRAWN + named, b"")
        mark_named(offered, named)
        return 0

    return admit


def is_withdrawn(read: Read, identifier: bytes) -> bool:
    """Tell whether a notice or a bulletin was taken down."""
    return read(_WITHDRAWN + identifier) is not None


def admit_bulletin(offered: Admission) -> int:
    """Admit what a member tells everybody, unless a number in it could be a person's."""
    pub = offered.record["pub"]
    numbered = any(_counts_digits(pub[name]) > DIGITS_MAX for name in _TEXTS)
    return Refusal.POINTS_AT_ONE if numbered else 0


def _counts_digits(text: str) -> int:
    """Return how many digits, of Latin or full width, stand in the longest row of them."""
    longest = row = 0
    for sign in text:
        row = row + 1 if sign in _DIGITS else 0
        longest = max(longest, row)
    return longest


def admit_tally(offered: Admission) -> int:
    """Admit the next period's figures of a chain that is anchored as far as they were counted."""
    pub, state = offered.record["pub"], offered.state
    held = find_chain(state.get, pub["chain"])
    if held is None:
        return Refusal.NO_CHAIN
    if not held.anchors or pub["height"] > held.anchors[-1][0]:
        return Refusal.NOT_ANCHORED
    if pub["from_day"] > pub["to_day"] or (pub["to_day"] + 1) * DAY_MS > offered.time:
        return Refusal.TIME_OUT_OF_RANGE
    names = [each["figure"] for each in pub["figures"]]
    if names != sorted(set(names)):
        return Refusal.NOT_ASCENDING
    if any(is_few(each) for each in pub["figures"]):
        return Refusal.COUNT_OF_FEW
    key = _TALLIED + pub["chain"]
    last = state.get(key)
    if last is not None and pub["from_day"] <= int.from_bytes(last, "big"):
        return Refusal.ALREADY_STATED
    state.put(key, pub["to_day"].to_bytes(8, "big"))
    return 0


def is_few(figure: Mapping[str, Any]) -> bool:
    """Tell whether a figure of a tally could point at somebody, or contradicts itself.

    >>> is_few({"figure": "loan.granted", "count": 9, "cases": 8})
    False
    >>> is_few({"figure": "loan.granted", "count": 9, "cases": 8, "funded": 5, "sum": 100})
    True
    """
    count, cases, funded = figure["count"], figure["cases"], figure.get("funded", 0)
    if ("funded" in figure) != ("sum" in figure) or not funded <= cases <= count:
        return True
    if (cases == 0 and count > 0) or (funded == 0 and figure.get("sum", 0) > 0):
        return True
    return any(0 < each < LEAST for each in (cases, funded, cases - funded))


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

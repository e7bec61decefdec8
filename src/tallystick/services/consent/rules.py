"""Rules of parties, mandates and grants.

State: `mandate/`, `grant/` id -> `HeldTerm`, from its record until it is ended. A term that is over
is no longer in force, which is a predicate of the clock, never a record.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

from tallystick.base.codec import encode_decoded
from tallystick.chain.record import Admission, Admit
from tallystick.records.held import HeldTerm, find_term, term_key
from tallystick.records.refusal import Refusal

__all__ = [
    "TERM_MS_MAX",
    "admit_end",
    "admit_erasure",
    "admit_objects",
    "admit_party",
    "admit_start",
]

_DAY_MS: Final = 86_400_000
# A transaction lives at most a day, so what its writer called "now" is at most that old.
_LATE_MS: Final = _DAY_MS
TERM_MS_MAX: Final = 5 * 366 * _DAY_MS
"""No consent is for ever: five years, after which the household is asked again."""


def admit_erasure(offered: Admission) -> int:
    """Admit that a party's keys are gone; whose, only the writer knew."""
    del offered
    return 0


def admit_party(offered: Admission) -> int:
    """Register a party whose custodian is the writer itself."""
    own = offered.record["pub"]["custodian"] == offered.member
    return 0 if own else Refusal.NOT_OWN


def _ascending(found: Sequence[Any]) -> bool:
    return all(a < b for a, b in itertools.pairwise(found))


def admit_objects(offered: Admission) -> int:
    """Admit a list of dropped objects, each named once, in ascending order."""
    return 0 if _ascending(offered.record["pub"]["objects"]) else Refusal.NOT_ASCENDING


def _term_refusal(offered: Admission) -> int:
    """Refuse a term that is empty, over, longer than any may be, or begins before it was given."""
    pub = offered.record["pub"]
    begin, until = pub["from_time"], pub["until"]
    inside = offered.time < until and begin < until <= begin + TERM_MS_MAX
    prompt = offered.time - _LATE_MS <= begin <= offered.time + TERM_MS_MAX
    return 0 if inside and prompt else Refusal.TIME_OUT_OF_RANGE


def admit_start(space: str) -> Admit:
    """Return the rule that opens a mandate or grant: its id is the record's, its term not over.

    The witness of a mandate, and the recipient of a grant, is another member than the writer.
    """

    def rule(offered: Admission) -> int:
        """Open it under the record's id, for at most five years, before or to another member."""
        record, pub = offered.record, offered.record["pub"]
        if pub[space] != record["id"]:
            return Refusal.ID_DIFFERS
        code = _term_refusal(offered)
        if code:
            return code
        other = pub["witness"] if space == "mandate" else pub["recipient"]
        if other not in offered.members.by_name:
            return Refusal.NO_SUCH_MEMBER
        if other == offered.member:
            return Refusal.NAMES_ITSELF
        if space == "grant" and not _ascending(pub["classes"]):
            return Refusal.NOT_ASCENDING
        held = HeldTerm(offered.member, pub["until"])
        offered.state.put(term_key(space, record["id"]), encode_decoded(held))
        return 0

    return rule


def admit_end(space: str) -> Admit:
    """Return the rule that ends a mandate or grant: by the member that recorded it, once."""

    def rule(offered: Admission) -> int:
        """End it: by the member that recorded it, once."""
        identifier = offered.record["pub"][space]
        held = find_term(offered.state.get, space, identifier)
        if held is None:
            return Refusal.NOT_IN_FORCE
        if held.member != offered.member:
            return Refusal.NOT_OWN
        offered.state.delete(term_key(space, identifier))
        return 0

    return rule

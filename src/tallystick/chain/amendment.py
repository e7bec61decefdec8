"""How records hang on one another: amendments, what names what, and what belongs to which case.

An amendment repeats a record whole, by its writer, before anything depends on it. A charter wraps
its rules with `amendable` or `final`; `alone` refuses what would tie a record to a case. State:
`named/`id -> empty, of an id that an admitted record refers to or amends; `in/`id -> the case that
a record names. Only records of final types are named as a case, so `case` marks nothing.
"""

from __future__ import annotations

from tallystick.base import codec
from tallystick.chain.record import Admission, Admit, record_key
from tallystick.records.refusal import Refusal

__all__ = ["alone", "amendable", "case_of", "final", "mark_named", "writer_of"]

_NAMED = b"named/"
_IN = b"in/"


def writer_of(offered: Admission, identifier: bytes) -> tuple[str, str] | None:
    """Return (type, writer) of the admitted record `identifier`, or None."""
    held = offered.state.get(record_key(identifier))
    if held is None:
        return None
    t, member = codec.read_admitted(held)
    return t, member


def case_of(offered: Admission, identifier: bytes) -> bytes | None:
    """Return the case that the admitted record `identifier` names; None if it names none."""
    return offered.state.get(_IN + identifier)


def mark_named(offered: Admission, identifier: bytes) -> None:
    """Hold for ever that something depends on a record, so that it is amended no more."""
    if offered.state.get(_NAMED + identifier) is None:
        offered.state.put(_NAMED + identifier, b"")


def _place(offered: Admission) -> None:
    """Hold what an admitted record refers to, and its case."""
    record = offered.record
    for name in record.get("refs", ()):
        mark_named(offered, name)
    if "case" in record:
        offered.state.put(_IN + record["id"], record["case"])


def final(admit: Admit) -> Admit:
    """Return the rule of a type that is never amended: money, consent and decisions."""

    def rule(offered: Admission) -> int:
        if "amends" in offered.record:
            return Refusal.NEVER_AMENDED
        code = admit(offered)
        if code == 0:
            _place(offered)
        return code

    return rule


def amendable(admit: Admit) -> Admit:
    """Return the rule of a type whose writer may repeat a record that nothing names yet."""

    def rule(offered: Admission) -> int:
        earlier = offered.record.get("amends")
        if earlier is not None:
            same = (offered.record["t"], offered.member)
            named = offered.state.get(_NAMED + earlier) is not None
            if named or writer_of(offered, earlier) != same:
                return Refusal.NOT_TO_AMEND
            if case_of(offered, earlier) != offered.record.get("case"):
                return Refusal.NOT_TO_AMEND
        code = admit(offered)
        if code == 0:
            if earlier is not None:
                mark_named(offered, earlier)
            _place(offered)
        return code

    return rule


def alone(admit: Admit) -> Admit:
    """Return the rule of a type whose records may name no case."""

    def rule(offered: Admission) -> int:
        return Refusal.NAMES_A_CASE if "case" in offered.record else admit(offered)

    return rule

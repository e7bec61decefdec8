"""How records hang on one another: amendments, what names what, and what belongs to which case.

An amendment repeats a record whole, by its writer, before anything depends on it. A charter wraps
its rules with `amendable` or `final`; with `alone`, where a record may name no case; and with
`belonging`, where it may and the rule does not change the case. State: `named/`id -> empty, of an
id that an admitted record refers to or amends; `in/`id -> the case a record belongs to, unless the
case's own value lists it. Only records of final types are named as a case, so that marks nothing.
"""

from __future__ import annotations

from functools import wraps
from typing import Any, Final

from tallystick.base import codec
from tallystick.chain.record import Admission, Admit, record_key
from tallystick.records.held import CASE_RECORDS_BYTES, HeldCase, case_key
from tallystick.records.refusal import Refusal

__all__ = [
    "alone",
    "amendable",
    "belonging",
    "final",
    "is_of_case",
    "keep_case",
    "mark_named",
    "writer_of",
]

_NAMED: Final = b"named/"
_IN: Final = b"in/"


def writer_of(offered: Admission, identifier: bytes) -> tuple[str, str] | None:
    """Return (type, writer) of the admitted record `identifier`, or None."""
    held = offered.state.get(record_key(identifier))
    if held is None:
        return None
    t, member = codec.read_admitted(held)
    return t, member


def is_of_case(offered: Admission, case: HeldCase, identifier: bytes) -> bool:
    """Tell whether a record is the application of the case the record names, or belongs to it."""
    named: bytes = offered.record["case"]
    if identifier == named or case.lists(identifier):
        return True
    return offered.state.get(_IN + identifier) == named


def keep_case(offered: Admission, case: HeldCase, **changes: Any) -> None:  # noqa: ANN401 - fields of a case
    """Hold a case as the offered record leaves it, and that the record is one of the case's."""
    record, state = offered.record, offered.state
    if len(case.records) < CASE_RECORDS_BYTES:
        changes["records"] = case.records + record["id"]
    else:
        state.put(_IN + record["id"], record["case"])
    state.put(case_key(record["case"]), codec.encode_decoded(case._replace(**changes)))


def mark_named(offered: Admission, identifier: bytes) -> None:
    """Hold for ever that something depends on a record, so that it is amended no more."""
    if offered.state.get(_NAMED + identifier) is None:
        offered.state.put(_NAMED + identifier, b"")


def _mark_refs(offered: Admission) -> None:
    for name in offered.record.get("refs", ()):
        mark_named(offered, name)


def final(admit: Admit) -> Admit:
    """Return the rule of a type that is never amended: money, consent and decisions."""

    @wraps(admit)
    def rule(offered: Admission) -> int:
        if "amends" in offered.record:
            return Refusal.NEVER_AMENDED
        code = admit(offered)
        if code == 0:
            _mark_refs(offered)
        return code

    return rule


def amendable(admit: Admit) -> Admit:
    """Return the rule of a type whose writer may repeat a record that nothing names yet."""

    @wraps(admit)
    def rule(offered: Admission) -> int:
        earlier = offered.record.get("amends")
        if earlier is not None:
            same = (offered.record["t"], offered.member)
            named = offered.state.get(_NAMED + earlier) is not None
            if named or writer_of(offered, earlier) != same:
                return Refusal.NOT_TO_AMEND
            if offered.state.get(_IN + earlier) != offered.record.get("case"):
                return Refusal.NOT_TO_AMEND
        code = admit(offered)
        if code == 0:
            if earlier is not None:
                mark_named(offered, earlier)
            _mark_refs(offered)
        return code

    return rule


def alone(admit: Admit) -> Admit:
    """Return the rule of a type whose records may name no case."""

    @wraps(admit)
    def rule(offered: Admission) -> int:
        return Refusal.NAMES_A_CASE if "case" in offered.record else admit(offered)

    return rule


def belonging(admit: Admit) -> Admit:
    """Return the rule of a type whose records belong to the case they name and do not change it."""

    @wraps(admit)
    def rule(offered: Admission) -> int:
        code = admit(offered)
        if code == 0 and "case" in offered.record:
            offered.state.put(_IN + offered.record["id"], offered.record["case"])
        return code

    return rule

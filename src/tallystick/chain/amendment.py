"""Amendments: a record repeated whole by its writer, before anything depends on it.

A charter wraps its rules with `amendable` or `final`. To know what depends on a record, every id
that an admitted record names is marked in the state.
"""

from __future__ import annotations

from tallystick.base import codec
from tallystick.chain.record import Admission, Admit, Code, record_key

__all__ = ["amendable", "final", "writer_of"]

_HOLDER = codec.tuple_of(codec.ident(40), codec.ident(24))
_NAMED = b"named/"


def writer_of(offered: Admission, identifier: bytes) -> tuple[str, str] | None:
    """Return (type, writer) of the admitted record `identifier`, or None."""
    held = offered.state.get(record_key(identifier))
    if held is None:
        return None
    t, member = codec.decode(held, _HOLDER)
    return t, member


def _mark_named(offered: Admission) -> None:
    record = offered.record
    for name in [*record.get("refs", []), *([record["case"]] if "case" in record else [])]:
        if offered.state.get(_NAMED + name) is None:
            offered.state.put(_NAMED + name, b"")


def final(admit: Admit) -> Admit:
    """Return the rule of a type that is never amended: money, consent and decisions."""

    def rule(offered: Admission) -> int:
        if "amends" in offered.record:
            return Code.RULE
        _mark_named(offered)
        return admit(offered)

    return rule


def amendable(admit: Admit) -> Admit:
    """Return the rule of a type whose writer may repeat a record that nothing names yet."""

    def rule(offered: Admission) -> int:
        earlier = offered.record.get("amends")
        if earlier is not None:
            same = (offered.record["t"], offered.member)
            if writer_of(offered, earlier) != same:
                return Code.RULE
            if offered.state.get(_NAMED + earlier) is not None:
                return Code.RULE
            offered.state.put(_NAMED + earlier, b"")
        _mark_named(offered)
        return admit(offered)

    return rule

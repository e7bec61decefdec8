"""What a record type is, and in which order a record is refused.

A charter is a literal table (type, version) -> `RecordType`. The chain knows no type but
`member.joined`; it runs whatever rules the charter carries, and every member carries every rule.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from tallystick.base import codec
from tallystick.base.codec import Check
from tallystick.base.errors import Invalid
from tallystick.chain import schema
from tallystick.chain.member import Members
from tallystick.chain.state import Overlay

__all__ = [
    "BEGUN_KEY",
    "Admission",
    "Admit",
    "Charter",
    "Code",
    "RecordType",
    "SealClass",
    "admit_bundle",
    "admit_record",
    "record_key",
]

SealClass: TypeAlias = Literal["case", "party"]

BEGUN_KEY: Final = b"begun"
"""The state key of what a record leaves to a later one of its own bundle; gone at its end."""


class Code(IntEnum):
    """The result of a transaction: that of its first failing record; types add codes from 100."""

    ADMITTED = 0
    FORM = 1
    UNKNOWN = 2
    ID_HELD = 3
    REF_TO_NOTHING = 4
    ROLE = 5
    RULE = 6


class Admission(NamedTuple):
    """All that a rule may read: record, writer, block, state, the chain's kind as genesis says.

    It writes the state.
    """

    record: dict[str, Any]
    member: str
    role: str
    chain: bytes
    height: int
    time: int
    members: Members
    state: Overlay
    kind: str = "county"


Admit: TypeAlias = Callable[[Admission], int]
"""Returns 0 to admit, else `Code.RULE` or a type's own code; writes only what it admits."""


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type and version of record.

    Attributes:
        pub: the public part's shape.
        case: sealed fields the members of the case may open, in schema order, with their checks.
        party: sealed fields opened by the party's grant only, likewise.
        roles: who may write it; empty = any member.
        admit: its rule, run after form, id, refs and role.
    """

    pub: Check
    case: Mapping[str, Check]
    party: Mapping[str, Check]
    roles: frozenset[str]
    admit: Admit

    def fields(self, sealed: SealClass) -> Mapping[str, Check]:
        """Return the sealed fields of a class in schema order."""
        return self.case if sealed == "case" else self.party

    def classes(self) -> list[SealClass]:
        """Return the classes this type seals."""
        found: list[SealClass] = []
        if self.case:
            found.append("case")
        if self.party:
            found.append("party")
        return found


Charter: TypeAlias = Mapping[tuple[str, int], RecordType]


def record_key(identifier: bytes) -> bytes:
    """Return the state key under which an admitted record's id is held."""
    return b"id/" + identifier


@functools.lru_cache(maxsize=1_024)
def _holder(kind: str, member: str) -> bytes:
    """Return what the state keeps under an admitted record's id."""
    return codec.encode([kind, member])


def _read(data: bytes) -> dict[str, Any] | None:
    if len(data) > schema.RECORD_BYTES_MAX:
        return None
    try:
        tree: dict[str, Any] = codec.decode(data, schema.RECORD_FRAME)
    except Invalid:
        return None
    return tree


def _has_form(record: dict[str, Any], kind: RecordType) -> bool:
    try:
        kind.pub(record["pub"])
    except Invalid:
        return False
    seals = record.get("seals", ())
    return ("case" in seals) == bool(kind.case) and ("party" in seals) == bool(kind.party)


def _has_any_form(record: dict[str, Any]) -> bool:
    try:
        schema.RECORD(record)
    except Invalid:
        return False
    return True


def _names(record: dict[str, Any]) -> list[bytes]:
    """Return the ids the record names: refs, case, amends."""
    found = list(record.get("refs", ()))
    if "case" in record:
        found.append(record["case"])
    if "amends" in record:
        found.append(record["amends"])
    return found


def admit_record(
    data: bytes, charter: Charter, offered: Callable[[dict[str, Any]], Admission]
) -> int:
    """Return the result code of one record and, if 0, write what it does to the state.

    Args:
        data: the record's bytes.
        charter: every type this member carries.
        offered: wraps the decoded record with its writer, block and state.
    """
    record = _read(data)
    if record is None:
        return Code.FORM
    kind = charter.get((record["t"], record["rv"]))
    if kind is None:
        return Code.UNKNOWN if _has_any_form(record) else Code.FORM
    if not _has_form(record, kind):
        return Code.FORM
    admission = offered(record)
    held, state = record_key(record["id"]), admission.state
    if state.get(held) is not None:
        return Code.ID_HELD
    for name in _names(record):
        if state.get(record_key(name)) is None:
            return Code.REF_TO_NOTHING
    if kind.roles and admission.role not in kind.roles:
        return Code.ROLE
    code = kind.admit(admission)
    if code == Code.ADMITTED:
        state.put(held, _holder(record["t"], admission.member))
    return code


def admit_bundle(
    records: Iterable[bytes],
    charter: Charter,
    offered: Callable[[dict[str, Any]], Admission],
    state: Overlay,
) -> int:
    """Return the result code of a bundle: of its first failing record, else 0.

    What one of them began and none took is broken off: the bundle is refused, so that nobody fills
    the state with beginnings.

    Args:
        records: the records' bytes, in order.
        charter: every type this member carries.
        offered: as `admit_record` takes it.
        state: what the rules write to; of a refused bundle nothing of it counts.
    """
    for data in records:
        code = admit_record(data, charter, offered)
        if code != Code.ADMITTED:
            return int(code)
    # Asked of what these records changed: below them, nothing is ever begun.
    return int(Code.RULE) if state.changed.get(BEGUN_KEY) is not None else 0

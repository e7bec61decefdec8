"""What a name leads to: from record to record, as far as content that has a CID.

Laws: each record on the way counts now; the answer may be kept no longer than each of them allows,
and no longer than each of them counts. What leads to nothing that can be read leads nowhere, and
why is not told: to the one who asks it is as what never was.
Limits: 32 names on the way; values are `/ipfs/CID/...` and `/ipns/NAME/...` of keys. Names of DNS
are asked of nobody.
Source: IPNS record specification, "Value"; path gateway specification, `GET /ipns/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tallystick.base.errors import Invalid
from tallystick.kernel.store.ipns.fault import refuse_record
from tallystick.kernel.store.ipns.moment import SECOND_NS
from tallystick.kernel.store.ipns.name import IpnsName
from tallystick.kernel.store.ipns.record import NUMBER_MAX, Record, check_current
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.multibase import parse_any

__all__ = ["NAMES_MAX", "Find", "Target", "follow_name"]

NAMES_MAX: Final = 32
_MS_NS: Final = 1_000_000
Find: TypeAlias = Callable[[IpnsName], Record | None]
"""Gives the newest record of a name; None where there is none."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a name leads to.

    Attributes:
        cid: the root.
        path: what follows it, "" or from its slash on.
        age_s: how long that may be taken for true, seconds.
    """

    cid: IpfsCid
    path: str
    age_s: int


def follow_name(find: Find, name: IpnsName, now_ms: int) -> Target | None:
    """Return what a name leads to at a time, ms since 1970 UTC; None where it leads nowhere."""
    path, age_ns = "", NUMBER_MAX
    for _ in range(NAMES_MAX):
        record = find(name)
        if record is None:
            return None
        try:
            said = check_current(record, now_ms).said
            kind, first, rest = _split(said.value)
            path = rest + path
            age_ns = min(age_ns, said.ttl_ns, said.ends_ns - now_ms * _MS_NS)
            if kind == "ipfs":
                return Target(parse_any(first), path, age_ns // SECOND_NS)
            name = IpnsName.parse(first)
        except Invalid:
            return None
    return None


def _split(value: bytes) -> tuple[str, str, str]:
    """Return a value's namespace, its first name, and what follows that from its slash on."""
    try:
        empty, kind, first, *rest = value.decode().split("/", 3)
    except ValueError as error:
        raise refuse_record("its value is no content path") from error
    if empty or kind not in {"ipfs", "ipns"}:
        raise refuse_record("its value is no content path")
    return kind, first, "".join(f"/{each}" for each in rest)

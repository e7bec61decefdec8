"""The test charter of the golden vectors: four record types, not the product's."""

from __future__ import annotations

from typing import Final

from tallystick.base import codec
from tallystick.chain import schema
from tallystick.chain.membership import MEMBER_JOINED
from tallystick.chain.record import Admission, Admit, Charter, Code, RecordType

__all__ = ["CHARTER"]


def _admit(offered: Admission) -> int:
    del offered
    return 0


def _admit_party(offered: Admission) -> int:
    """A custodian registers its own parties: what code 6 of the vectors rests on."""
    return 0 if offered.record["pub"]["custodian"] == offered.member else Code.RULE


def _values(*names: str) -> dict[str, codec.Check]:
    return dict.fromkeys(names, codec.value)


def _kind(
    pub: codec.Check,
    roles: set[str],
    *,
    case: tuple[str, ...] = (),
    party: tuple[str, ...] = (),
    admit: Admit = _admit,
) -> RecordType:
    return RecordType(pub, _values(*case), _values(*party), frozenset(roles), admit)


CHARTER: Final[Charter] = {
    ("member.joined", 1): MEMBER_JOINED,
    ("party.registered", 1): _kind(
        codec.shape({"kind": schema.NAME, "custodian": schema.NAME}),
        {"bank", "operator"},
        party=("party", "identity", "contacts"),
        admit=_admit_party,
    ),
    ("case.applied", 1): _kind(
        codec.shape({"kind": schema.NAME}, {"programme": schema.NAME}),
        {"bank"},
        case=("amount", "cycle_months", "purpose"),
        party=("party", "profile", "expected_income", "assent"),
    ),
    ("news.published", 1): _kind(
        codec.shape({"language": schema.NAME, "object": codec.cid}), {"operator", "bureau"}
    ),
}

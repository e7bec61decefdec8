"""Who validates: the members' `bft` keys as the engine's validators, one vote a member.

A member's newest valid key is its vote, so that a rotation moves the vote and never doubles it. The
engine names a validator by an address; a key that is no longer valid still names its member, since
a change reaches the engine two blocks later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from tallystick.base.codec import sha256
from tallystick.chain.member import Members

__all__ = ["POWER", "address_of", "changes", "list_validators", "owners", "validators"]

POWER: Final = 1
_ADDRESS_SIZE: Final = 20


def address_of(public: bytes) -> bytes:
    """Return the engine's address of a public key: 20 bytes."""
    return sha256(public)[:_ADDRESS_SIZE]


def validators(members: Members, height: int) -> Mapping[bytes, int]:
    """Return the power of each public key that validates our block `height`."""
    newest = [list(members.keys(name, "bft", height)) for name in members.by_name]
    return {keys[-1].pub: POWER for keys in newest if keys}


def list_validators(members: Members, height: int) -> list[str]:
    """Return who validates our block `height`, by name."""
    return [name for name in members.by_name if any(members.keys(name, "bft", height))]


def changes(before: Mapping[bytes, int], after: Mapping[bytes, int]) -> dict[bytes, int]:
    """Return the power of each key whose power changes; a list without validators changes nothing.

    An engine without validators could never be told of new ones.
    """
    if not after:
        return {}
    gone = {public: 0 for public in sorted(before) if public not in after}
    return gone | {public: after[public] for public in sorted(after) if public not in before}


def owners(members: Members) -> Mapping[bytes, str]:
    """Return the member of each address, keys that have ended included."""
    return _owners(members.data)


@lru_cache(maxsize=8)
def _owners(data: bytes) -> Mapping[bytes, str]:
    return {
        address_of(key.pub): name
        for name, member in Members.read(data).by_name.items()
        for key in member.keys
        if key.use == "bft"
    }

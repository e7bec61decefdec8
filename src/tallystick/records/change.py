"""What members change together: who belongs to the chain, with which keys, under which limits.

One proposes, each votes in its own record; the vote that makes enough brings the change about, from
the next height on. Everything is public: a key list that some could not read would be none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Check
from tallystick.records.base import ID, NAME, TIME, Statement, public
from tallystick.records.chains import GENESIS_BYTES_MAX, LIST_BYTES_MAX

__all__ = ["KEY_FIELDS", "NEW_KEYS", "ChangeProposed", "ChangeVoted"]

KEYS_MAX: Final = 16
KEY_FIELDS: Final[dict[str, Check]] = {
    "key": codec.integer(0, 2**32 - 1),
    "use": codec.choice("tx", "note", "link", "seal", "bft"),
    "alg": codec.choice(1, 2, 3),
    "pub": codec.octets(1_216, 32),
}
NEW_KEYS: Final = codec.list_of(
    codec.shape(KEY_FIELDS, {"to": codec.integer(), "pop": codec.exact_bytes(64)}), KEYS_MAX, 1
)
"""Keys as a member states them: `pop` with each new signing key alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProposed(Statement):
    """A member proposes a change, and says yes to it.

    `join` and `keys` state all keys of a new or a listed `member`; `leave` takes it off the list;
    `limit` sets a limit of the chain to `value`; `link` makes another chain known by its genesis
    and list, and says whether public money is paid out here on a department's approval there
    alone. Its id is the change's.
    """

    t = "change.proposed"
    kind: str = public(codec.choice("join", "keys", "leave", "limit", "link"))
    until: int = public(TIME)
    member: str | None = public(NAME, optional=True)
    role: str | None = public(NAME, optional=True)
    name: str | None = public(codec.text(200), optional=True)
    keys: list[dict[str, Any]] | None = public(NEW_KEYS, optional=True)
    limit: str | None = public(codec.ident(40), optional=True)
    value: int | None = public(codec.integer(), optional=True)
    genesis: bytes | None = public(codec.octets(GENESIS_BYTES_MAX, 1), optional=True)
    listed: bytes | None = public(codec.octets(LIST_BYTES_MAX, 1), optional=True)
    demand: str | None = public(codec.choice("approval", "nothing"), optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVoted(Statement):
    """A member says yes (1) or no (0) to a change, once; the proposer's no takes it back."""

    t = "change.voted"
    change: bytes = public(ID)
    vote: int = public(codec.choice(0, 1))

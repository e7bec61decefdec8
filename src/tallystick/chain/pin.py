"""What a verifier holds before it reads evidence: a chain's name, members, a point of its log.

Written as members.json `{chain, origin, list, size, root}`: digests and the list's bytes in
base64url, `origin` as checkpoints begin. Whoever gives the pin is trusted for it; nothing in an
evidence file can replace it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import refuse
from tallystick.chain import schema
from tallystick.chain.checkpoint import origin_of
from tallystick.chain.member import Members
from tallystick.chain.merkle import EMPTY_ROOT

__all__ = ["Pin"]

_PIN_BYTES_MAX: Final = 2 * schema.MEMBERS_BYTES_MAX
_KEYS: Final = {"chain", "origin", "list", "size", "root"}


@dataclass(frozen=True, slots=True)
class Pin:
    """A verifier's ground.

    Attributes:
        chain: the chain's digest, 32 bytes.
        name: the chain's name, from genesis.
        members: the list of members in force.
        size: leaves of the log seen so far; 0 = none.
        root: the log's root at that size, 32 bytes.
    """

    chain: bytes
    name: str
    members: Members
    size: int = 0
    root: bytes = EMPTY_ROOT

    def __post_init__(self) -> None:
        """Refuse a pin that no chain can have."""
        schema.b32(self.chain)
        schema.NAME(self.name)
        codec.integer()(self.size)
        schema.b32(self.root)
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise refuse("pin root")

    @classmethod
    def read(cls, data: bytes) -> Pin:
        """Return the pin of a members.json; Invalid `codec.form` for any fault."""
        if len(data) > _PIN_BYTES_MAX:
            raise refuse("pin size")
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise refuse("pin json") from error
        if type(found) is not dict or found.keys() != _KEYS:
            raise refuse("pin keys")
        chain = _bytes(found["chain"])
        pin = cls(
            chain,
            str(found["origin"]).partition("/")[0],
            Members.read(_bytes(found["list"])),
            found["size"],
            _bytes(found["root"]),
        )
        if found["origin"] != origin_of(pin.name, chain):
            raise refuse("pin origin")
        return pin

    def write(self) -> bytes:
        """Return the members.json of this pin."""
        tree = {
            "chain": _text(self.chain),
            "origin": origin_of(self.name, self.chain),
            "list": _text(self.members.data),
            "size": self.size,
            "root": _text(self.root),
        }
        return json.dumps(tree, indent=2).encode() + b"\n"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def _bytes(found: Any) -> bytes:  # noqa: ANN401 - whatever the file holds
    try:
        data = base64.b64decode(found, altchars=b"-_", validate=True)
    except (TypeError, ValueError) as error:
        raise refuse("pin base64url") from error
    if _text(data) != found:
        raise refuse("pin base64url")
    return data

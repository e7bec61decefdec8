"""The link keys that a member holds while one is renewed: one that waits, and the one before.

A member learns that its renewed key is in force from a block that others give it, who know the new
key alone by then; and a member that orders gives that block to others who know the old one alone.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import sha256
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.member import Members
from tallystick.chain.membership import read_top
from tallystick.chain.state import Read
from tallystick.kernel.access.secrets import Secrets, list_renewed, state_keys

__all__ = ["hold_links"]

_HOLDER: Final = codec.tuple_of(codec.ident(schema.NAME_MAX), schema.u32)


def hold_links(
    home: Path, link: bytes, members: Members, read: Read, chain: bytes
) -> list[tuple[SigningKey, int]]:
    """Return all link keys of a member whose number is known, the one that waits first.

    Args:
        home: the member's own folder.
        link: the seed of the link key that it signs by now.
        members: the list that its own copy of the chain has.
        read: reads the state there.
        chain: that chain's id.
    """
    found, old = [], home / "member.old"
    waiting = list_renewed(home)
    for path in (*waiting, None, old):
        # It may take its place at this moment, or be damaged, which its own check tells.
        with suppress(Error, OSError):
            held = Secrets.read(path) if path is not None and path.is_file() else None
            if path is not None and (held is None or held.link == link):
                continue
            key = SigningKey.from_seed(held.link if held else link)
            known = read(b"pub/" + sha256(key.public))
            if known is not None:
                holder, number = codec.decode(known, _HOLDER)
                found += [(key, number)] if holder == home.name else []
            elif held is not None and path != old:
                listed = members.by_name.get(home.name)
                numbers = (each.number for each in listed.keys) if listed else ()
                top = max(read_top(read, home.name), *numbers, 0)
                stated = state_keys(held, listed, chain=chain, member=home.name, top=top)
                found.append((key, _number(stated, key.public)))
    return found


def _number(stated: list[dict[str, Any]], public: bytes) -> int:
    return next(int(each["key"]) for each in stated if each["pub"] == public)

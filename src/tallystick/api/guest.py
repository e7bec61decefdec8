"""Who asks in a session: found by the token that a request carries, before any route.

Laws: a token is looked up, never taken over from who asks; it opens the member of the path alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tallystick.api.served import Settings
from tallystick.base.codec import sha256
from tallystick.base.errors import Denied
from tallystick.kernel.access.accounts import Account

__all__ = ["Guest", "find_guest", "no_token", "read_token"]

_TOKEN: Final = re.compile(r"[0-9a-f]{64}")
_PATH: Final = re.compile(r"/([a-z0-9._-]{1,24})/v1/.+")


@dataclass(frozen=True, slots=True, repr=False)
class Guest:
    """An officer whose session a request came in.

    Attributes:
        member: whose officer it is.
        account: the officer's, as it stands now.
        session: names the session; lets nobody in.
        token: the session's.
    """

    member: str
    account: Account
    session: bytes
    token: bytes


def read_token(given: str) -> bytes:
    """Return the bytes of a token as it is written; b"" for what can be none."""
    return bytes.fromhex(given) if _TOKEN.fullmatch(given) else b""


def find_guest(settings: Settings, path: str, given: str) -> Guest:
    """Return the officer whose session a token opens at the path's member.

    Raises:
        Denied: `api.token`, it opens none; `access.member`, it opens another member's.
    """
    token = read_token(given)
    if not token:
        raise no_token()
    asked = _PATH.fullmatch(path)
    named = asked[1] if asked else ""
    for member in sorted(settings.members, key=lambda each: (each != named, each)):
        try:
            account = settings.seat(member).node.accounts.read_session(token)
        except Denied:
            continue
        if member != named:
            raise Denied(
                "access.member",
                "the session is another member's than the path's",
                cure="Log in at that member.",
            )
        return Guest(member, account, sha256(token), token)
    raise no_token()


def no_token() -> Denied:
    """Return the error for a request that carries no token by which anybody may ask."""
    return Denied(
        "api.token",
        "the request carries no token of this county and none of an open session",
        cure="Send `Authorization: Bearer` with a session's token, or the county folder's.",
    )

"""What a signed question and its signed answer prove to somebody who was not there.

An answer's signature covers its status, its body and the signature of the request, and that one
the request's body, target, chain and recipient: so the two show which member answered what to what.
Law: Ed25519 keys are read strictly (`base/keys.py`), so that one signature stands under no second
message or key, and no asker can put another question before an answer.
Limits: keys are looked up by number alone, for neither message tells a height: one that has ended
since counts, and a thief of a key signs what its member would.
Source: RFC 9421 section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Denied
from tallystick.chain.member import Members
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.link.base import Exchange
from tallystick.kernel.link.signature import Signature, content_digest, read_signature
from tallystick.kernel.link.trust import (
    ANSWERED,
    ASKED,
    KEY_ID,
    TAG,
    answer_values,
    request_values,
)

__all__ = ["Said", "check_exchange"]

OK: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    """Who asked whom, and when by each one's own clock, in s since 1970 UTC."""

    caller: str
    member: str
    asked_s: int
    answered_s: int


def check_exchange(found: Exchange, chain: bytes, members: Members) -> Said:
    """Return whose question and answer these are.

    Args:
        found: both, of an answer of status 200.
        chain: the chain's id, 32 bytes.
        members: the list by which keys are known.

    Raises:
        Contradicted: `exchange.signature`, one is not signed so.
        Missing: `exchange.key`, the list has no such link key.
    """
    try:
        asked, answered = _read(found.request), _read(found.answer)
        is_ours = asked.covers(ASKED) and answered.covers(ANSWERED)
        if not is_ours or {asked.text("tag"), answered.text("tag")} != {TAG}:
            raise _not_signed("they cover other parts, or are for another purpose")
        caller, member = _signer(asked, members), _signer(answered, members)
        stated = {
            "content-digest": content_digest(found.asked),
            "tally-chain": chain.hex(),
            "tally-to": member[0],
        }
        if not asked.is_by(caller[1], request_values("POST", found.target, stated)):
            raise _not_signed(f"the question is not {caller[0]}'s to {member[0]}")
        told = {"content-digest": content_digest(found.body)}
        if not answered.is_by(member[1], answer_values(OK, told, found.request[1])):
            raise _not_signed(f"the answer is not {member[0]}'s to that question")
        return Said(caller[0], member[0], asked.time("created"), answered.time("created"))
    except Denied as error:
        raise _not_signed(error.message) from error


def _read(pair: tuple[str, str]) -> Signature:
    return read_signature({"signature-input": pair[0], "signature": pair[1]})


def _signer(found: Signature, members: Members) -> tuple[str, bytes]:
    """Return who claims to have signed, and the key of that name and number."""
    named = KEY_ID.fullmatch(found.text("keyid"))
    key = members.by_number.get((named[1], int(named[2]), "link")) if named else None
    if named is None or key is None:
        raise Missing(
            "exchange.key",
            f"{found.text('keyid')[:40]} is no link key of the members list",
            cure="Verify with the members list of the time of the answer.",
        )
    return named[1], key.pub


def _not_signed(why: str) -> Contradicted:
    return Contradicted(
        "exchange.signature",
        f"the question or the answer is not signed so: {why}",
        cure="Ask for the file as the member wrote it that kept it.",
    )

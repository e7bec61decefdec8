"""That a member answered a read with other bytes than were put, as one file that anybody checks.

`m({v, kind, target, asked, request, answer, told, manifest})`: the question and the answer as both
members signed them, and the manifest that the question names by its CID. All of the answer is
there, for its signature covers the digest of all of it; so is all of the manifest, whose CID is the
digest of all of it.
What it proves: a link key of that member signed, as the answer to this question, bytes that are not
the object's. Why they are wrong it cannot tell: a rotten disk gives them as a lie does. Nothing
that befell the answer on its way is in it, for the signature would not hold.
Laws: an honest answer never proves anything, whatever was asked and whatever the manifest says:
what is asked must be in order and within the object, and sub-chunks of no bytes do not count.
Limits: 33 MB, what the link carries and the largest manifest; a link within one process signs
nothing, and there is no such file; keys as `kernel/link/exchange.py` says.
Source: docs/spec/spread.md, "Wrong answers".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, encode, refuse
from tallystick.chain import schema
from tallystick.chain.member import Members
from tallystick.chain.verdict import Contradicted
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, Exchange
from tallystick.kernel.link.exchange import check_exchange
from tallystick.kernel.store.base import OBJECT_BYTES_MAX
from tallystick.kernel.store.spread.manifest import DIGEST_SIZE, Manifest
from tallystick.kernel.store.spread.serving import READ, READ_METHOD

__all__ = [
    "WRONG_ANSWER_BYTES_MAX",
    "WrongAnswer",
    "is_wrong_answer",
    "verify_wrong_answer",
    "write_wrong_answer",
]

KIND: Final = "wrong answer"
_FIELD_MAX: Final = 1_024
_ASKED_MAX: Final = 16_384
WRONG_ANSWER_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + OBJECT_BYTES_MAX + _ASKED_MAX + 8 * _FIELD_MAX
_PAIR: Final = codec.tuple_of(codec.text(_FIELD_MAX), codec.text(_FIELD_MAX))
_FILE: Final = codec.shape(
    {
        "v": schema.version,
        "kind": codec.choice(KIND),
        "target": codec.text(_FIELD_MAX),
        "asked": codec.octets(_ASKED_MAX, 1),
        "request": _PAIR,
        "answer": _PAIR,
        "told": codec.octets(PAYLOAD_BYTES_MAX),
        "manifest": codec.octets(OBJECT_BYTES_MAX, 1),
    }
)
_BEGIN: Final = b"\xa8\x61v\x01\x64kind" + encode(KIND)
# Exactly this: a host that held a path or a query would let an asker choose the method.
_TARGET: Final = re.compile(rf"https?://[^/?#\s]+/link/v1/{re.escape(READ_METHOD)}")


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """What such a file proves.

    Attributes:
        data: the file.
        member: who gave wrong bytes.
        caller: who had asked.
        cid: for which object.
        shard, segment, sub_chunk: the first that is wrong.
        asked_s, answered_s: when, by each one's own clock, in s since 1970 UTC.
    """

    data: bytes = field(repr=False)
    member: str
    caller: str
    cid: Cid
    shard: int
    segment: int
    sub_chunk: int
    asked_s: int
    answered_s: int


def is_wrong_answer(data: bytes) -> bool:
    """Tell whether a file looks like one of this kind."""
    return data.startswith(_BEGIN)


def write_wrong_answer(found: Exchange, manifest: Manifest) -> bytes:
    """Return the file of a question and its answer; whether it proves anything verifying tells."""
    tree: dict[str, codec.Value] = {
        "v": 1,
        "kind": KIND,
        "target": found.target,
        "asked": found.asked,
        "request": [*found.request],
        "answer": [*found.answer],
        "told": found.body,
        "manifest": manifest.data,
    }
    return encode(tree)


def verify_wrong_answer(data: bytes, *, chain: bytes, members: Members) -> WrongAnswer:
    """Return what a file proves.

    Args:
        data: its bytes.
        chain: the chain's id, 32 bytes.
        members: the list by which link keys are known.

    Raises:
        Invalid: `codec.form`, `spread.manifest`: the file has not the form of one.
        Contradicted: `exchange.signature`; `wrong_answer.question`, no read of that object is
            asked; `wrong_answer.right`, what was answered is what was put.
        Missing: `exchange.key`.
    """
    if len(data) > WRONG_ANSWER_BYTES_MAX:
        raise refuse("wrong answer size")
    tree: dict[str, Any] = codec.decode(data, _FILE)
    found = Exchange(
        tree["target"], tree["asked"], tuple(tree["request"]), tuple(tree["answer"]), tree["told"]
    )
    manifest = Manifest.read(tree["manifest"])
    said = check_exchange(found, chain, members)
    cid, shard, places, chunks = codec.decode(found.asked, READ)
    _check_question(found.target, manifest, cid, (shard, places, chunks))
    wrong = _find_wrong(manifest, shard, (places, chunks), memoryview(found.body))
    if wrong is None:
        raise Contradicted(
            "wrong_answer.right",
            f"what {said.member} answered is what was put: it accuses nobody",
            cure="Keep no file of a right answer.",
        )
    return WrongAnswer(
        data, said.member, said.caller, cid, shard, *wrong, said.asked_s, said.answered_s
    )


def _check_question(
    target: str, manifest: Manifest, cid: Cid, asked: tuple[int, Sequence[int], Sequence[int]]
) -> None:
    """Refuse what no honest member would have answered with sub-chunks of the object."""
    shard, places, chunks = asked
    layout = manifest.layout
    in_order = all(a < b for row in (places, chunks) for a, b in pairwise(row))
    within = (
        shard < layout.profile.n
        and places[-1] < layout.segment_count
        and chunks[-1] < layout.profile.alpha
    )
    if _TARGET.fullmatch(target) is None or cid != manifest.cid or not in_order or not within:
        raise Contradicted(
            "wrong_answer.question",
            "no read of sub-chunks of the manifest's object was asked",
            cure="Ask for the file as the member wrote it that kept it.",
        )


def _find_wrong(
    manifest: Manifest, shard: int, asked: tuple[Sequence[int], Sequence[int]], body: memoryview
) -> tuple[int, int] | None:
    """Return segment and number of the first sub-chunk that is wrong, None if none is.

    A manifest may say anything of a sub-chunk of no bytes, so that it is passed over.
    """
    places, chunks = asked
    at, last = 0, (places[0], chunks[0])
    for place in places:
        segment = manifest.layout.segment(place)
        for x in chunks:
            start, end = segment.span(shard, x)
            if start == end:
                continue
            first = (shard * manifest.layout.profile.alpha + x) * DIGEST_SIZE
            right = manifest.digests[place][first : first + DIGEST_SIZE]
            last = (place, x)
            if hashlib.sha256(body[at : at + end - start]).digest() != right:
                return last
            at += end - start
    return None if at == len(body) else last

"""A member whose link key has ended by its own list asks by the one that waits, if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from links import CHAIN, NOW_MS, List, key_of
from tallystick.base.clock import ManualClock, SystemEntropy
from tallystick.base.errors import Denied, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.member import Key, Member, Members
from tallystick.kernel.access.nonces import HeardRequests
from tallystick.kernel.link.trust import Roll, Trust

OWN, WAITING, BEFORE = key_of("coop"), key_of("next"), key_of("before")


def _trust(
    folder: Path, name: str, key: SigningKey, known: List, held: Sequence[tuple[SigningKey, int]]
) -> Trust:
    clock = ManualClock(NOW_MS)
    return Trust(
        name,
        lambda: key,
        Roll(CHAIN, known.read),
        clock=clock,
        entropy=SystemEntropy(),
        nonces=HeardRequests(folder / f"{name}.db", clock),
        held=lambda: held,
    )


def test_who_waits_for_a_renewed_key_asks_by_it_once_the_old_one_is_revoked(tmp_path: Path) -> None:
    own, theirs = List(), List()
    own.revoke("coop")
    asking = _trust(tmp_path, "coop", OWN, own, [(WAITING, 4), (OWN, 3), (BEFORE, 2)])
    told = _trust(tmp_path, "bank", key_of("bank"), theirs, [])
    target = "http://127.0.0.1:1/link"
    request = {"content-length": "0", **asking.sign_request("bank", target, b"")}
    fields = {name.lower(): value for name, value in request.items()}
    with pytest.raises(Denied, match=r"link\.key"):
        told.check_request("POST", target, fields)
    coop = theirs.member("coop", 1)
    renewed = Member("coop", "bank", (*coop.keys, Key(4, "link", 1, WAITING.public, 1)))
    theirs.members = Members.of([theirs.member("bank"), renewed])
    assert told.check_request("POST", target, fields).caller == "coop"


@pytest.mark.parametrize("held", [[], [(OWN, 3)], [(OWN, 3), (BEFORE, 2)], [(WAITING, 4)]])
def test_who_waits_for_none_is_told_so(held: list[tuple[SigningKey, int]], tmp_path: Path) -> None:
    known = List()
    known.revoke("coop")
    with pytest.raises(Unavailable, match=r"link\.no_key"):
        _trust(tmp_path, "coop", OWN, known, held).sign_request("bank", "http://x/link", b"")

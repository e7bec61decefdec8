"""Sealed parts between members, over the link: keys lent, fields disclosed, cases forgotten.

Laws: who asks is told by the link, what it may have by this member's own copy of the chain. Of a
*case* part the key is lent (`lending`); of a *party* part fields are disclosed under a grant
(`disclosing`, `granting`) and the key never leaves. Each answer is checked against the record's
commitment, and both sides keep a receipt. Only who took a case in may have it forgotten; asking
twice is safe.
"""

from __future__ import annotations

import contextlib
from typing import Final

from tallystick.base.codec import encode
from tallystick.base.errors import Denied, Unavailable
from tallystick.chain.disclosure import Opening
from tallystick.chain.record import SealClass
from tallystick.kernel.access.desk import Found, no_key
from tallystick.kernel.access.disclosing import DISCLOSE, PURPOSE, ask_fields, disclose_fields
from tallystick.kernel.access.granting import grant_owner
from tallystick.kernel.access.lending import WRAP, borrow_keys, lend_keys
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.permit import Permit, grant_permit

__all__ = ["Peers", "serve_access"]

TAKE: Final = "access.take"
OWN: Final = "access.own"
FORGET: Final = "access.forget"


def serve_access(line: Line) -> Peers:
    """Let a member's desk ask the others about sealed parts, and answer them."""
    peers = Peers(line)
    line.link.serve(
        {
            WRAP: line.answers(lambda caller, case, _: lend_keys(line, caller, case)),
            DISCLOSE: line.answers(
                lambda caller, record, purpose: disclose_fields(line, caller, record, purpose),
                PURPOSE,
            ),
            TAKE: line.answers(lambda _, case, __: peers.take(case)),
            OWN: line.answers(lambda caller, case, _: peers.own(caller, case)),
            FORGET: line.answers(lambda caller, case, _: peers.forget(caller, case)),
        }
    )
    line.desk.reach.others = peers
    return peers


class Peers:
    """The other members, as one member's desk asks them."""

    def __init__(self, line: Line) -> None:
        self._line = line

    # ---- asking

    def take_keys(self, found: Found) -> None:
        """Have the record's writer lend the keys of its case-sealed parts of that case."""
        case = found.record.get("case", found.record["id"])
        with contextlib.suppress(Denied):
            # Who may not have them is told so by the desk, that finds no key.
            borrow_keys(self._line, case, found.member)

    def ask_fields(self, permit: Permit, found: Found, sealed: SealClass) -> Opening:
        """Have the custodian disclose what a grant in force lets this member read.

        An owner whose grant was lost on the way asks for it once.
        """
        line = self._line
        try:
            return ask_fields(line, found, sealed, permit.purpose)
        except Denied as refusal:
            case = found.record.get("case", found.record["id"])
            if refusal.code != "access.no_grant":
                raise
            if line.desk.owner_of(case) != line.desk.member:
                raise no_key(line.desk.member, sealed) from refusal
        line.ask(found.member, OWN, case)
        line.catch_up()
        return ask_fields(line, found, sealed, permit.purpose)

    def members_of(self, case: bytes) -> list[str]:
        """Return the other members that wrote a record of a case or owned it, by name."""
        return [name for name in self._line.members_of(case) if name != self._line.desk.member]

    def pass_case(self, case: bytes) -> None:
        """Let the case's new owner have what it needs, as far as members can be reached.

        Who cannot be reached now is asked by the new owner when it first opens the case.
        """
        line, owner = self._line, self._line.desk.owner_of(case)
        opener = line.opener_of(case)
        with contextlib.suppress(Unavailable, Denied):
            if opener == line.desk.member:
                grant_owner(line, case)
            else:
                line.ask(opener, OWN, case)
        with contextlib.suppress(Unavailable):
            line.ask(owner, TAKE, case)

    def send_notices(self) -> None:
        """Have members forget what waits to be forgotten; who cannot be reached is asked again."""
        pending = self._line.desk.pending
        for case, member in pending.notices():
            with contextlib.suppress(Unavailable):
                self._line.ask(member, FORGET, case)
                pending.drop_notice(case, member)

    # ---- answering

    def take(self, case: bytes) -> bytes:
        """Borrow, as the case's owner, whatever its other members sealed to it."""
        line = self._line
        if line.desk.owner_of(case) == line.desk.member:
            for member in self.members_of(case):
                with contextlib.suppress(Unavailable):
                    borrow_keys(line, case, member)
        return encode("")

    def own(self, caller: str, case: bytes) -> bytes:
        """Grant, as the custodian, the case's owner what it needs; asked by whoever owns or owned.

        Raises:
            Denied: `access.not_of_case`, the caller never had to do with the case.
        """
        if caller not in self._line.members_of(case):
            raise Denied("access.not_of_case", f"{caller} never owned this case")
        grant_owner(self._line, case)
        return encode("")

    def forget(self, caller: str, case: bytes) -> bytes:
        """Forget the keys and objects this member sealed or was lent under a case.

        Raises:
            Denied: `access.not_custodian`, the caller did not take the case in.
        """
        desk = self._line.desk
        if caller != self._line.opener_of(case):
            raise Denied("access.not_custodian", f"{caller} did not take this case in")
        permit = grant_permit(officer=caller, purpose="erasure", subject=case, now_ms=desk.now_ms())
        desk.receipts.leave(permit, case, "case", desk.now_ms())
        desk.store.drop(desk.keys.erase(case))
        return encode("")

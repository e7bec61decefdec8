"""Own objects that are to go: their keys first, then their records, then every member's word.

Laws: a key that is to go is destroyed before anybody is told; a stop in between is gone on with;
who gives no answer keeps no other object from going; while a party is being erased, no object about
it is noted, and one that is being recorded then goes with it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection
from typing import Any

from tallystick.base.codec import Cid, decode
from tallystick.base.errors import Error
from tallystick.chain import schema
from tallystick.kernel.access.departed import Departed, list_departed
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.object_keys import SPREAD
from tallystick.kernel.store.spread.book import ERASED, ERASING, SETTLED, SpreadBook
from tallystick.kernel.store.spread.receipt import Receipt
from tallystick.kernel.store.spread.ring import Ring
from tallystick.services.storing.heard import Heard
from tallystick.services.storing.service import Storing

__all__ = ["Erasing"]


class Erasing:
    """What a member does about its own objects that are to go.

    Args:
        desk: the member's.
        storing: what the chain tells of objects.
        heard: proofs that it has, of objects too.
        book: opens the member's notes.

    Attributes:
        parties: held while a party is erased, and while an object about one is noted.
    """

    def __init__(
        self, desk: Desk, storing: Storing, heard: Heard, book: Callable[[], SpreadBook]
    ) -> None:
        self.parties = threading.Lock()
        self._desk = desk
        self._storing = storing
        self._heard = heard
        self._book = book
        self._ring: Ring | None = None
        self._line: Line | None = None
        self._owing: dict[Cid, set[str]] = {}
        """Of each object whose erasure the chain tells: who has not said so yet."""
        self._left: tuple[Cid | None, list[Departed]] = (None, [])
        self._asked: set[str] = set()
        """Members that were asked about all that is settled."""

    def join(self, ring: Ring) -> None:
        """Tell the members of a ring from now on."""
        self._ring = ring

    def take_line(self, line: Line) -> None:
        """Judge others' words by the chain that this line is of."""
        self._line = line

    @property
    def _members(self) -> Ring:
        assert self._ring is not None
        return self._ring

    # ---- the own part

    def destroy(self, cid: Cid) -> None:
        """Destroy a key that is to go, and what this member keeps of the object itself."""
        self._desk.keys.forget([cid])
        self._desk.store.drop([cid])
        self._heard.forget([cid])
        self._book().move(cid, ERASED)
        with contextlib.suppress(Error):
            # What the own disk does not let go of now goes as at a member that is away.
            self._members.drop(self._desk.member, cid)

    def mark_party(self, party: bytes) -> int:
        """Have the objects of a party erased with it; return how many. Before its keys are gone."""
        found = [key.obj for key in self._desk.keys.of_party(party) if key.sealed == SPREAD]
        for cid in found:
            self._book().move(cid, ERASING)
        return len(found)

    def end_erasures(self) -> None:
        """Go on with what is to be erased: what was marked leaves in the day's bundle."""
        for noted in self._book().objects(ERASING):
            self.destroy(noted.cid)
            self.tell_later(noted.cid)

    # ---- what others are told

    def tell(self, cid: Cid) -> None:
        """Have all know that an object is erased, where its record was admitted."""
        if self._is_untold(cid):
            self._storing.erase(cid)

    def tell_later(self, cid: Cid) -> None:
        """Have all know it in the day's bundle: with whose party it goes is not told."""
        if self._is_untold(cid):
            self._storing.erase_later(cid)

    def _is_untold(self, cid: Cid) -> bool:
        kept = self._storing.find_object(cid, self._desk.member)
        return kept is not None and not kept.erased and not self._waits(cid)

    def _waits(self, cid: Cid) -> bool:
        """Tell whether a record of the erasure waits for the day's bundle: twice is refused."""
        waiting: list[Any] = [decode(each, schema.RECORD) for each in self._desk.pending.waiting()]
        return any(
            each["t"] == "object.erased" and each["pub"]["manifest"] == cid for each in waiting
        )

    def end_told(self) -> None:
        """Have all know of what is erased here, and ask for the receipts that are missing.

        Who gives no answer is not asked again about all the rest; what cannot be told of one
        object, as by a member that left, keeps no other from being.

        Raises:
            Error: the first that was raised, once all was tried.
        """
        members, left = set(self._members.members()), set(self._members.left())
        self._ask_newcomers(members)
        away: set[str] = set()
        refusals: list[Error] = []
        for noted in list(self._book().objects(ERASED)):
            if members & self._owing.get(noted.cid, members) <= away:
                continue
            try:
                self.tell(noted.cid)
            except Error as refusal:
                refusals.append(refusal)
            said = self.collect_receipts(noted.cid, away).keys()
            owing = members - said
            # Who left is asked as long as somebody else owes a word, and not waited for.
            away |= (members | left) - said
            kept = self._storing.find_object(noted.cid, self._desk.member)
            if kept is not None and kept.erased:
                self._owing[noted.cid] = owing
                if not owing:
                    self._book().move(noted.cid, SETTLED)
                    del self._owing[noted.cid]
        if refusals:
            raise refusals[0]

    def _ask_newcomers(self, members: set[str]) -> None:
        """Take up again what is settled, where there is a member that was not asked."""
        if not members <= self._asked:
            for noted in list(self._book().objects(SETTLED)):
                if members - self._book().receipts(noted.cid).keys():
                    self._book().move(noted.cid, ERASED)
            self._asked = members

    # ---- what others say

    def collect_receipts(self, cid: Cid, away: Collection[str] = ()) -> dict[str, Receipt]:
        """Ask who has not said so yet to drop an object; return all that is said.

        Who left is asked too, as long as it answers; those known to be away are not.
        """
        known = {name: Receipt.read(data) for name, data in self._book().receipts(cid).items()}
        missing = set(self._members.everyone()) - known.keys() - set(away)
        if missing:
            for name, receipt in self._members.drop_all(missing, cid).items():
                if self._is_sound(receipt, cid, name):
                    self._book().file_receipt(cid, name, receipt.data)
                    known[name] = receipt
        return known

    def _is_sound(self, receipt: Receipt, cid: Cid, holder: str) -> bool:
        """Tell whether a receipt is that member's, for this object, by a link key in force.

        Of one that left: by those that were in force when it did.
        """
        assert self._line is not None
        tip = self._line.chain.tip
        keys = [*tip.members.keys(holder, "link", tip.height + 1)]
        keys += [key for each in self._departed() if each.member == holder for key in each.keys]
        said = (receipt.chain, receipt.cid, receipt.owner, receipt.holder)
        return said == (self._desk.chain, cid, self._desk.member, holder) and any(
            receipt.is_by(key.pub) for key in keys
        )

    def _departed(self) -> list[Departed]:
        """Return who left the list, by this member's copy of the chain."""
        assert self._line is not None
        cid = self._line.chain.tip.members.cid
        if self._left[0] != cid:
            self._left = (cid, list_departed(self._line.chain))
        return self._left[1]

    def find_departed(self, cid: Cid) -> list[str]:
        """Return who left after an own object was put, and has not said that it holds nothing.

        Its key is gone with the erasure; what such a one may hold is not waited for.
        """
        kept = self._storing.find_object(cid, self._desk.member)
        since = 0 if kept is None else kept.height
        said = self._book().receipts(cid)
        return [
            each.member
            for each in self._departed()
            if each.height > since and each.member not in said
        ]

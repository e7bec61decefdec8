"""A member's line to the others: its desk, end of the link, seal key and copy of the chain.

Each question names a record and the height the asker has seen; who is behind that height says so
instead of answering from an old copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from tallystick.base import codec
from tallystick.base.codec import Check, decode, encode
from tallystick.base.errors import Error, Unavailable
from tallystick.chain import schema
from tallystick.kernel.access.departed import Lists
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.link.base import Handler, Link
from tallystick.kernel.views.base import PAGE_MAX, Row

__all__ = ["Chain", "Line"]

_NOTHING: Final = codec.choice("")


class Chain(Lists, Protocol):
    """A member's copy of the chain, as far as it is asked here (a `Replica`)."""

    @property
    def read(self) -> Callable[[bytes], bytes | None]:
        """Reads a value of the state by its key."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Line:
    """What it takes to ask and to answer.

    Attributes:
        seal: the private key of the member's key of use `seal`, 32 bytes.
        catch_up: brings this member's chain and views up to date, where no thread does.
    """

    desk: Desk
    link: Link
    seal: bytes
    chain: Chain
    catch_up: Callable[[], None]

    def ask(self, to: str, method: str, record: bytes, more: str = "") -> bytes:
        """Ask `to` about a record; Unavailable, or what it refuses with."""
        return self.link.call(to, method, encode([record, self.desk.views.height(), more]))

    def answers(self, work: Callable[[str, bytes, str], bytes], more: Check = _NOTHING) -> Handler:
        """Return the handler of a method: (caller, record, more) -> answer, from a recent copy."""
        form = codec.tuple_of(schema.b16, codec.integer(), more)

        def handle(caller: str, payload: bytes) -> bytes:
            record, height, told = decode(payload, form)
            self.catch_up()
            if self.desk.views.height() < height:
                raise self._behind(height)
            return work(caller, record, told)

        return handle

    def _behind(self, height: int) -> Error:
        return Unavailable(
            "access.behind",
            f"{self.desk.member} stands at height {self.desk.views.height()}, not yet at {height}",
            cure="Ask again in a moment.",
        )

    def records_of(self, case: bytes) -> Iterator[Row]:
        """Yield the rows of a case's records, the oldest first."""
        offset, views = 0, self.desk.views
        while rows := views.rows("record", {"case": case}, order="height", offset=offset):
            yield from rows
            offset += PAGE_MAX

    def record(self, identifier: bytes) -> list[Row]:
        """Return the row of a record; none where it is not admitted."""
        return list(self.desk.views.rows("record", {"id": identifier}))

    def members_of(self, case: bytes) -> list[str]:
        """Return who wrote a record of the case or owned it, by name."""
        found = {row["member"] for row in self.records_of(case)}
        for row in self.records_of(case):
            if row["t"] == "case.handed_over":
                found.add(self.desk.records.find(row["id"]).record["pub"]["to"])
        return sorted(found)

    def opener_of(self, case: bytes) -> str:
        """Return who took a case in, its party's custodian; "" where there is no such case."""
        rows = self.desk.views.rows("case", {"case": case})
        return str(rows[0]["opener"]) if rows else ""

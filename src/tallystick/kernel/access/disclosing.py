"""Party-sealed fields shown by their custodian: under a grant, one by one, the key staying home.

The custodian answers with disclosures `[name, salt, value?, path]`; the reader checks each against
the commitment in the record on its own chain. Both keep a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import decode, encode
from tallystick.base.errors import Denied, NotFound
from tallystick.chain.disclosure import DISCLOSURE, Opening, verify_disclosure
from tallystick.chain.record import SealClass
from tallystick.kernel.access.desk import Found
from tallystick.kernel.access.granting import find_granted
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.permit import PURPOSES, grant_permit

__all__ = ["DISCLOSE", "PURPOSE", "Shown", "ask_fields", "disclose_fields"]

DISCLOSE: Final = "access.disclose"
PURPOSE: Final = codec.choice(*PURPOSES)
_ROWS: Final = codec.list_of(DISCLOSURE, 64, 1)


@dataclass(frozen=True, slots=True, repr=False)
class Shown(Opening):
    """The fields of a record's class that were disclosed to this member, and no others.

    Attributes:
        rows: each field's disclosure as the custodian made it.
    """

    rows: Mapping[str, list[Any]]

    def disclose(self, name: str) -> list[Any]:
        """Return the disclosure of a field that was shown; NotFound for any other."""
        if name not in self.rows:
            raise NotFound(
                "access.not_shown",
                f"the field {name} was not disclosed here",
                cure="Ask the party for a grant of that field.",
            )
        return self.rows[name]

    def com(self) -> bytes:
        """Raise: a part of the fields has no commitment; the record's own is the one checked."""
        raise NotFound(
            "access.not_shown",
            "not all fields were disclosed here",
            cure="Ask the party's custodian for the whole.",
        )


def disclose_fields(line: Line, caller: str, record: bytes, purpose: str) -> bytes:
    """Return the disclosures of the fields of a record that `caller` may read for a purpose.

    Raises:
        Denied: `access.not_custodian`, `access.no_grant`, `access.no_key`.
        NotFound: no such record is admitted, or it seals no party part.
    """
    desk, found = line.desk, line.desk.records.find(record)
    names = find_granted(line, found, caller, purpose)
    key = desk.keys.find(found.record["seals"]["party"]["obj"])
    if key is None:
        raise Denied("access.no_key", "the key of this part is gone", cure="It cannot be read.")
    permit = grant_permit(officer=caller, purpose=purpose, subject=record, now_ms=desk.now_ms())
    desk.receipts.leave(permit, record, "party", desk.now_ms())
    opening = desk.unseal(found, "party", desk.store.get(key.obj), key.key)
    return encode([opening.disclose(name) for name in names])


def ask_fields(line: Line, found: Found, sealed: SealClass, purpose: str) -> Shown:
    """Return what the custodian discloses of a record, each field checked against the record.

    Raises:
        Contradicted: a disclosure is not what the record commits to.
        Denied: no grant in force.
        Unavailable: the custodian cannot be reached.
    """
    record = found.record
    rows = decode(line.ask(found.member, DISCLOSE, record["id"], purpose), _ROWS)
    fields = line.desk.charter[record["t"], record["rv"]].fields(sealed)
    slots = {}
    for row in rows:
        verify_disclosure(
            row,
            record=record["id"],
            sealed=sealed,
            fields=fields,
            com=record["seals"][sealed]["com"],
        )
        slots[row[0]] = row[1:-1]
    return Shown(record["id"], sealed, slots, {row[0]: row for row in rows})

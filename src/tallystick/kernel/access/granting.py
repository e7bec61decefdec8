"""Grants as the custodian keeps them: which are in force, and what a case's owner is granted.

A grant's `classes` name party-sealed fields: a name without a dot is a field of any record type
(`profile`), one with a dot a record type, all of whose fields it covers (`case.applied`). A grant
that refers to cases (`refs`) covers those; one that refers to none covers all the party's records.
Purpose `case` serves whatever is done to serve a case; any other serves itself alone.
A hand-over gives the new owner one grant, once, for what it needs to work on that case, and ends
those of owners before; it names neither the party nor what would tell two of its cases together
(`party`, `subject`, the household's own key in `assent`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied, NotFound
from tallystick.kernel.access.desk import Found
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.sealing import Draft
from tallystick.records.party import GrantEnded, GrantGiven

__all__ = ["HANDED_OVER", "OWNER_CLASSES", "custody_of", "find_granted", "grant_owner"]

HANDED_OVER: Final = "hand_over"
"""The basis of a grant that follows a hand-over."""
OWNER_CLASSES: Final = ("expected_income", "figures", "inputs", "profile", "reasons")
OWNER_MS: Final = 1_095 * DAY_MS
"""How long a new owner may read: the case, and a year's feedback after its end."""
_CASE_PURPOSE: Final = "case"
_SERVING: Final = frozenset({"positioning", "report", "credit", "feedback", "appeal"})


def custody_of(line: Line, record: bytes) -> bytes:
    """Return the party of a record that this member is the custodian of.

    Raises:
        Denied: `access.not_custodian`, it is not, or the party has been erased.
    """
    for key in line.desk.keys.of_record(record):
        if key.sealed == "party" and key.party != key.case:
            return key.party
    raise Denied(
        "access.not_custodian",
        f"{line.desk.member} keeps no key of that party, or keeps none any more",
        cure="Ask the member that took the case in.",
    )


def _grants(line: Line, party: bytes) -> Iterator[Found]:
    """Yield every grant of a party that has been recorded, ended ones too."""
    for key in line.desk.keys.of_party(party):
        try:
            found = line.desk.records.find(key.record)
        except NotFound:
            # What waits for the day's bundle, and the party's own key, stand in no block.
            continue
        if found.record["t"] == "grant.given":
            yield found


def _in_force(line: Line, grant: Found) -> bool:
    pub, now = grant.record["pub"], line.desk.now_ms()
    stands = line.chain.read(b"grant/" + pub["grant"]) is not None
    return stands and pub["from_time"] <= now < pub["until"]


def find_granted(line: Line, found: Found, recipient: str, purpose: str) -> list[str]:
    """Return which party-sealed fields of a record grants in force open, in schema order.

    Raises:
        Denied: `access.not_custodian`; `access.no_grant`, none does.
    """
    record = found.record
    party = custody_of(line, record["id"])
    case = record.get("case", record["id"])
    classes: set[str] = set()
    for grant in _grants(line, party):
        pub, cases = grant.record["pub"], grant.record.get("refs", [case])
        serves = pub["purpose"] == purpose or (
            pub["purpose"] == _CASE_PURPOSE and purpose in _SERVING
        )
        if pub["recipient"] == recipient and case in cases and serves and _in_force(line, grant):
            classes.update(pub["classes"])
    names = _covered(line, record, classes)
    if not names:
        raise Denied(
            "access.no_grant",
            f"no grant in force lets {recipient} read this for {purpose}",
            cure="Ask the party's custodian for a grant: tally grant give.",
        )
    return names


def _covered(line: Line, record: Mapping[str, Any], classes: set[str]) -> list[str]:
    fields = line.desk.charter[record["t"], record["rv"]].party
    return [name for name in fields if name in classes or record["t"] in classes]


def grant_owner(line: Line, case: bytes) -> None:
    """Give the case's owner its grant if it has had none since the hand-over; end older ones.

    A grant taken back stays taken back: it is never given again for the same hand-over.

    Raises:
        Denied: `access.not_custodian`.
    """
    desk = line.desk
    party, owner = custody_of(line, case), desk.owner_of(case)
    since = max(
        (row["height"] for row in line.records_of(case) if row["t"] == "case.handed_over"),
        default=0,
    )
    mine = [each for each in _grants(line, party) if _follows(each, case)]
    drafts = [
        _ended(line, grant, party)
        for grant in mine
        if grant.record["pub"]["recipient"] != owner and _in_force(line, grant)
    ]
    had = any(each.record["pub"]["recipient"] == owner and each.height >= since for each in mine)
    if owner != desk.member and not had:
        drafts.append(_given(line, case, party, owner))
    if drafts:
        desk.record(drafts)


def _follows(grant: Found, case: bytes) -> bool:
    """Tell whether a grant came of a hand-over of this case."""
    record = grant.record
    return bool(record["pub"]["basis"] == HANDED_OVER and record.get("refs") == [case])


def _given(line: Line, case: bytes, party: bytes, owner: str) -> Draft:
    desk = line.desk
    grant, now = desk.new_id(), desk.now_ms()
    statement = GrantGiven(
        grant=grant,
        recipient=owner,
        classes=list(OWNER_CLASSES),
        purpose=_CASE_PURPOSE,
        basis=HANDED_OVER,
        from_time=now,
        until=now + OWNER_MS,
        party=party,
    )
    return Draft(identifier=grant, statement=statement, party=party, refs=[case])


def _ended(line: Line, grant: Found, party: bytes) -> Draft:
    statement = GrantEnded(grant=grant.record["id"], party=party)
    return Draft(identifier=line.desk.new_id(), statement=statement, party=party)

"""A party erased: nothing of it opens any more, anywhere, and every proof stays whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tallystick.base.codec import cid_of
from tallystick.base.errors import Denied, Error, NotFound
from tallystick.chain.evidence import Verdict, verify_evidence
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status
from tallystick.charter import CHARTER, TABLES, replay
from tallystick.county.evidence import export_case
from tallystick.county.house import House
from tallystick.kernel.access.keyring import DataKey
from tallystick.node import Node


@dataclass(frozen=True)
class Subject:
    """A party of the acted county with a case, and who sealed something for it.

    Attributes:
        keys: by member, every key kept for the party.
        bytes: what must be found nowhere once it is erased, by what it is.
    """

    party: bytes
    custodian: str
    cases: tuple[bytes, ...]
    keys: dict[str, list[DataKey]]
    bytes: dict[str, list[bytes]]


def all_keys(node: Node) -> list[DataKey]:
    return node.keys._select("")


def find_subject(house: House) -> Subject:
    """Return the party whose cases most members besides the orderer sealed something for."""
    orderer = house.county.orderer
    found = [
        (len(concerned(house, key.case) - {orderer}), node.member, key.case, key.party)
        for node in house.nodes()
        for key in all_keys(node)
        if key.case and key.case == key.record and key.party != key.case
    ]
    _, custodian, _, party = max(found)
    held = house.node(custodian).keys.of_party(party)
    cases = tuple(sorted({key.case for key in held if key.case}))
    keys = {
        node.member: [
            key for key in all_keys(node) if key.case in cases or key.party in {party, *cases}
        ]
        for node in house.nodes()
    }
    return Subject(party, custodian, cases, keys, _bytes_of(house, keys))


def concerned(house: House, case: bytes) -> set[str]:
    rows = house.node("finance").views.rows("record", {"case": case})
    return {row["member"] for row in rows}


def _bytes_of(house: House, keys: dict[str, list[DataKey]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {"key": [], "wrapped": [], "salt": [], "ciphertext": []}
    for member, held in keys.items():
        node = house.node(member)
        for key in held:
            found["key"].append(key.key)
            row = node.keys._db.row("SELECT wrapped FROM data_key WHERE obj = ?", (key.obj.raw,))
            assert row is not None
            found["wrapped"].append(row[0])
            if key.sealed == "own":
                continue
            data = node.store.get(key.obj)
            found["ciphertext"].append(data[200:264])
            record = node.find(key.record)
            opening = node.desk.unseal(record, key.sealed, data, key.key)  # type: ignore[arg-type]
            found["salt"] += [slot[0] for slot in opening.slots.values()]
    return found


def files_with(folder: Path, sought: list[bytes]) -> set[str]:
    """Return the names of files under a folder that hold any of these bytes."""
    assert sought
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(each in path.read_bytes() for each in sought)
    }


@pytest.mark.long
def test_erased_bytes_are_in_no_file_of_any_member(
    reopen: Callable[[], AbstractContextManager[Any]], copied: Path
) -> None:
    with reopen() as opened:
        subject = find_subject(opened.house)
        assert sum(1 for held in subject.keys.values() if held) > 1, "others sealed something too"
    present = {what: files_with(copied, sought) for what, sought in subject.bytes.items()}
    assert {Path(name).name for name in present["wrapped"]} == {"keys.db"}
    assert {Path(name).name for name in present["ciphertext"]} == {"store.db"}
    assert not present["key"]
    assert not present["salt"]
    with reopen() as opened:
        opened.house.office(subject.custodian).erase_party(subject.party.hex())
        own = copied / subject.custodian
        for sought in subject.bytes.values():
            # At the custodian at once, its journals and what waits to be written included.
            assert not {n for n in files_with(own, sought) if not n.startswith("ledger")}
        opened.end_day()
        for sought in subject.bytes.values():
            assert not files_with(copied, sought), "while the files are open"
    for sought in subject.bytes.values():
        assert not files_with(copied, sought)


def test_erasure_takes_the_keys_of_the_party_and_no_other(opened: Any) -> None:
    subject = find_subject(opened.house)
    gone = {(member, key.obj) for member, held in subject.keys.items() for key in held}
    before = {(n.member, k.obj): k.key for n in opened.house.nodes() for k in all_keys(n)}
    opened.house.office(subject.custodian).erase_party(subject.party.hex())
    opened.end_day()
    after = {(n.member, k.obj): k.key for n in opened.house.nodes() for k in all_keys(n)}
    assert after == {at: key for at, key in before.items() if at not in gone}
    for node in opened.house.nodes():
        for key in subject.keys[node.member]:
            if key.sealed != "own":
                with pytest.raises(NotFound):
                    node.store.get(key.obj)
    with pytest.raises(NotFound):
        opened.house.office(subject.custodian).show_party(subject.party.hex())
    with pytest.raises(Denied):
        opened.house.office(subject.custodian).show_case(subject.cases[0].hex())


def test_a_member_that_was_away_forgets_when_it_is_back(opened: Any) -> None:
    subject = find_subject(opened.house)
    # Without its orderer the county records nothing at all.
    needed = {subject.custodian, opened.house.county.orderer}
    away = next(m for m, held in subject.keys.items() if held and m not in needed)
    node = opened.house.node(subject.custodian)
    opened.house.office(subject.custodian).erase_party(subject.party.hex())
    here = [each.name for each in opened.house.county.members if each.name != away]
    opened.house.network.partition(here, [away])
    node.desk.record_pending()
    assert {member for _, member in node.desk.pending.notices()} == {away}
    opened.house.network.partition()
    opened.end_day()
    assert not node.desk.pending.notices()
    objects = {key.obj for key in subject.keys[away]}
    assert not [key for key in all_keys(opened.house.node(away)) if key.obj in objects]


def test_registrations_and_erasures_leave_together_in_the_order_of_random_ids(opened: Any) -> None:
    subject = find_subject(opened.house)
    office = opened.house.office(subject.custodian)
    for name in ("甲乙丙", "丁戊己", "庚辛壬"):
        office.add_party("household", {"name": name})
    height = opened.house.orderer.replica.tip.height
    office.erase_party(subject.party.hex())
    assert opened.house.orderer.replica.tip.height == height, "nothing leaves beside the erasure"
    opened.end_day()
    node = opened.house.node(subject.custodian)
    (erased,) = node.views.rows("record", {"t": "party.erased", "member": subject.custodian})
    where = {"height": erased["height"], "index": erased["index"]}
    bundle = sorted(node.views.rows("record", where), key=lambda row: row["place"])
    assert [row["t"] for row in bundle].count("party.registered") == 3
    assert len(bundle) == 4
    assert [row["id"] for row in bundle] == sorted(row["id"] for row in bundle)
    assert not node.views.rows("record", {"t": "objects.dropped"}), "which they are, no one learns"


def _witnessed(house: House) -> None:
    house.spread()
    house.spread()
    for node in house.nodes():
        node.fold()


def _verify(folder: Path, data: bytes) -> Verdict:
    return verify_evidence(data, Pin.read((folder / "members.json").read_bytes()), CHARTER, replay)


def _claims(verdict: Verdict, claim: str) -> list[Status]:
    return [each.status for each in verdict.findings if each.claim == claim]


def test_evidence_taken_before_still_proves_and_new_evidence_proves_admission_alone(
    opened: Any, copied: Path
) -> None:
    subject = find_subject(opened.house)
    seat, case = opened.house.seat(subject.custodian), subject.cases[0]
    _witnessed(opened.house)
    before = export_case(seat.node, seat.witnesses, case)
    first = _verify(copied, before)
    assert first.status == Status.PROVEN
    assert len(_claims(first, "decided")) == 3
    opened.house.office(subject.custodian).erase_party(subject.party.hex())
    opened.end_day()
    _witnessed(opened.house)
    again = _verify(copied, before)
    assert again.findings == first.findings
    after = _verify(copied, export_case(seat.node, seat.witnesses, case))
    assert set(_claims(after, "admitted")) == {Status.PROVEN}
    assert len(_claims(after, "admitted")) == len(_claims(first, "admitted"))
    assert not _claims(after, "decided")
    assert not _claims(after, "disclosed")


def test_views_folded_anew_are_the_same_on_every_member(opened: Any) -> None:
    subject = find_subject(opened.house)
    opened.house.office(subject.custodian).erase_party(subject.party.hex())
    opened.end_day()
    members = [each.name for each in opened.house.county.members][:8]
    digests = {}
    for member in members:
        node = opened.house.node(member)
        kept = {table.name: node.views.digest(table.name) for table in TABLES}
        node.rebuild()
        digests[member] = {table.name: node.views.digest(table.name) for table in TABLES}
        assert digests[member] == kept
    assert len(digests) == 8
    assert all(each == digests[members[0]] for each in digests.values())
    assert all(len(each) == 32 for each in digests[members[0]].values())
    assert opened.house.node(members[0]).views.count("record") > 100


def test_a_registration_that_a_kill_let_leave_twice_holds_up_nothing(opened: Any) -> None:
    node = opened.house.node("village")
    office = opened.house.office("village")
    office.add_party("household", {"name": "甲乙丙"})
    (sent,) = node.desk.pending.waiting()
    node.desk.record_pending()
    # As if the process had been killed after the block and before the row was struck.
    node.desk.pending.add([sent])
    office.add_party("household", {"name": "丁戊己"})
    assert node.desk.record_pending() == 1
    assert not node.desk.pending.waiting()


def test_an_erased_party_cannot_be_erased_again(opened: Any) -> None:
    subject = find_subject(opened.house)
    office = opened.house.office(subject.custodian)
    office.erase_party(subject.party.hex())
    with pytest.raises(Error) as caught:
        office.erase_party(subject.party.hex())
    assert caught.value.code == "party.unknown"


def test_objects_of_fewer_than_eight_parties_are_never_listed(opened: Any) -> None:
    node = opened.house.node("village")
    objects = [cid_of(bytes([at]), 0x55) for at in range(20)]
    with pytest.raises(Error) as caught:
        node.consent.drop_objects(objects, 7)
    assert caught.value.code == "party.too_few"
    node.consent.drop_objects([*objects, objects[0]], 8)
    assert not node.views.rows("record", {"t": "objects.dropped"})
    opened.end_day()
    (row,) = node.views.rows("record", {"t": "objects.dropped"})
    assert node.find(row["id"]).record["pub"]["objects"] == sorted(objects)

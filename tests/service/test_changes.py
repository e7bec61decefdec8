"""Members change their list and keys by votes, in a county at work; nothing of the past is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, START_MS, Town, found, take_in
from newcomers import draw_newcomer
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status
from tallystick.charter import CHARTER, replay
from tallystick.county.card import digest_of
from tallystick.county.evidence import export_case
from tallystick.kernel.access.roles import check_role
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.outbox import Writer
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses

BANK = "credit-union"
VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "spec" / "verify.py"
NEEDED = 9
"""Of the county's twelve members."""


def carry(town: Town, change: str, by: str) -> None:
    """Let members vote until the change is settled."""
    office = town[by]
    for name in town.house.offices():
        if name != by and office.show_change(change)["state"] == "open":
            town[name].vote_change(change, yes=True)
    assert office.show_change(change)["state"] == "in_force"
    town.house.spread()


def keys_of(town: Town, member: str) -> dict[str, dict[str, Any]]:
    rows = town["finance"].list_members()
    found = next(row["keys"] for row in rows if row["member"] == member)
    return {key["use"]: key for key in found}


def test_a_member_renews_its_keys_and_works_on_without_a_restart(town: Town) -> None:
    bank, before = town[BANK], keys_of(town, BANK)
    change = bank.propose_renewal(["tx", "note", "link", "seal"])["change"]
    shown = bank.show_change(change)
    assert (shown["state"], shown["yes"], shown["needed"]) == ("open", [BANK], NEEDED)
    assert (shown["by"], shown["member"], shown["voices"]) == (BANK, BANK, 12)
    with pytest.raises(Conflict, match=r"node\.keys_waiting"):
        bank.propose_renewal(["tx"])
    carry(town, change, BANK)
    after = keys_of(town, BANK)
    assert all(after[use]["pub"] != before[use]["pub"] for use in before)
    opened = take_in(bank, FITTING)
    town.house.spread()
    seat = town.house.seat(BANK)
    assert seat.witnesses.height == seat.node.replica.tip.height
    assert BANK in seat.node.replica.cosignatures(seat.witnesses.height)
    assert bank.show_case(opened[0]["case"])["row"]["stage"]
    files = sorted(path.name for path in seat.node.folder.glob("member.*"))
    assert files == ["member.key", "member.old"]
    assert all((seat.node.folder / name).stat().st_mode & 0o077 == 0 for name in files)


def test_a_lost_vote_leaves_the_old_keys_in_force(town: Town) -> None:
    bank, before = town[BANK], keys_of(town, BANK)
    change = bank.propose_renewal(["tx"])["change"]
    for name in ("village", "finance", "insurer", "newspaper"):
        town[name].vote_change(change, yes=False)
    assert bank.show_change(change)["state"] == "rejected"
    assert keys_of(town, BANK) == before
    assert take_in(bank, FITTING)
    carry(town, bank.propose_renewal(["tx"])["change"], BANK)
    assert keys_of(town, BANK)["tx"] != before["tx"]


def test_a_stolen_key_signs_no_more_and_what_it_signed_is_still_proven(town: Town) -> None:
    bank, house = town[BANK], town.house
    (opened,) = take_in(bank, FITTING)
    node = house.node(BANK)
    stolen = Writer(BANK, keys_of(town, BANK)["tx"]["key"], SigningKey.from_seed(node.secrets.tx))
    change = town["finance"].propose_revocation(BANK, stolen.number)["change"]
    with pytest.raises(Invalid, match="185"):
        town["finance"].vote_change(change, yes=True)
    carry(town, change, "finance")
    with pytest.raises(Denied, match=r"^member\.key_ended"):
        node.publication.give_guidance("seed", "signed by the stolen key")
    pin = Pin.read((house.folder / "members.json").read_bytes())
    file = export_case(node, house.seat(BANK).witnesses, bytes.fromhex(opened["case"]))
    verdict = verify_evidence(file, pin, CHARTER, replay)
    assert verdict.status is Status.PROVEN


def test_evidence_leads_from_the_first_list_to_todays_and_is_read_from_either(
    town: Town, tmp_path: Path
) -> None:
    bank, house = town[BANK], town.house
    first = Pin.read((house.folder / "members.json").read_bytes())
    (early,) = take_in(bank, FITTING)
    for member in ("village", "finance"):
        carry(town, town[member].propose_renewal(["note"])["change"], member)
    (late,) = take_in(bank, FITTING)
    house.spread()
    seat = house.seat(BANK)
    tip = seat.node.replica.tip
    newest = Pin(first.chain, first.name, tip.members, tip.peaks.size, tip.peaks.root())
    early_file, late_file = (
        export_case(seat.node, seat.witnesses, bytes.fromhex(each["case"]))
        for each in (early, late)
    )
    for file in (early_file, late_file):
        for pin in (first, newest):
            assert verify_evidence(file, pin, CHARTER, replay).status is Status.PROVEN
    # The second reader, written from the specification, comes to the same by either pin.
    (tmp_path / "late.car").write_bytes(late_file)
    for pin in (first, newest):
        (tmp_path / "pin.json").write_bytes(pin.write())
        given = [str(tmp_path / "late.car"), "--pin", str(tmp_path / "pin.json")]
        told = subprocess.run(
            [sys.executable, str(VERIFIER), *given], capture_output=True, text=True, check=False
        )
        assert told.stdout.splitlines()[0].startswith("admitted: proven"), told


def test_a_new_member_joins_by_its_card_follows_from_genesis_and_cosigns(
    town: Town, tmp_path: Path
) -> None:
    house, finance = town.house, town["finance"]
    take_in(town[BANK], FITTING)
    folder = tmp_path / "own" / "water-works"
    card = draw_newcomer(folder, house.folder, role="cooperative", called="自来水公司")
    assert not any(
        getattr(Secrets.read(folder / "member.key"), use).hex() in str(card)
        for use in ("tx", "note", "link", "seal")
    )
    change = finance.propose_join(card)["change"]
    carry(town, change, "finance")
    replica = Replica.open(folder / "ledger.db", CHARTER)
    key = SigningKey.from_seed(Secrets.read(folder / "member.key").note)
    pen = Pen(folder / "signed.bin", replica, "water-works", key, house.clock)
    link = house.network.join("water-works")
    follower = Follower(replica, Witnesses(replica), link, house.county.orderer, pen)
    follower.pull()
    take_in(town[BANK], FITTING)
    follower.pull()
    tip = house.orderer.replica.tip
    assert replica.tip == tip
    assert "water-works" in house.orderer.replica.cosignatures(tip.height)
    assert replica.verify() == tip
    follower.close()
    replica.close()
    pen.close()


def test_a_card_of_another_chain_or_of_other_keys_is_refused(town: Town, tmp_path: Path) -> None:
    finance = town["finance"]
    (tmp_path / "b").mkdir()
    other = found(tmp_path / "b", ManualClock(START_MS), catalogue=False)
    card = draw_newcomer(tmp_path / "own" / "fund", other, role="bank", called="fund")
    with pytest.raises(Invalid, match=r"county\.card: .* is for"):
        finance.propose_join(card)
    own = draw_newcomer(tmp_path / "too" / "fund", town.house.folder, role="bank", called="fund")
    for wrong in ({**own, "chain": card["chain"]}, {**own, "proofs": card["proofs"]}):
        with pytest.raises(Invalid, match=r"county\.card"):
            finance.propose_join(wrong)
    # Who signs the card anew can still not prove another's key for this chain.
    key = SigningKey.from_seed(Secrets.read(tmp_path / "too" / "fund" / "member.key").tx)
    forged = {**own, "proofs": card["proofs"]}
    forged["signature"] = key.sign(bytes.fromhex(digest_of(forged))).hex()
    with pytest.raises(Invalid, match="183"):
        finance.propose_join(forged)
    with pytest.raises(NotFound, match=r"member\.no_key"):
        finance.propose_revocation("village", 99)
    with pytest.raises(NotFound, match=r"change\.unknown"):
        finance.vote_change("00" * 16, yes=True)


def test_only_a_manager_proposes_and_votes() -> None:
    for role in ("clerk", "loan_officer", "auditor"):
        check_role(role, "read_change")
        for act in ("propose_change", "vote_change"):
            with pytest.raises(Denied):
                check_role(role, act)

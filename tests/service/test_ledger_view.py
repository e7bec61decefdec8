"""The ledger in view: blocks, whether all copies agree, the alarm, the check and the repair."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, Town, found, open_town, take_in
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import Conflict, Corrupt, NotFound
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.chain.verdict import Status
from tallystick.charter import CHARTER
from tallystick.client import Client
from tallystick.county.house import open_house
from tallystick.county.serving import serve_house
from tallystick.county.tamper import flip_byte

WAIT_S = 90
Tree = dict[str, Any]


@pytest.fixture
def town(town: Town) -> Town:
    """The town with a case that every member has heard of."""
    take_in(town["credit-union"], FITTING)
    town.house.spread()
    return town


def get(client: Client, path: str, **query: int) -> Tree:
    tree: Tree = client.request("GET", path, params=query).json()
    return tree


def ended(client: Client, path: str, body: Tree | None = None) -> Tree:
    """Ask for a check, and wait for its end."""
    tree: Tree = client.request("POST", path, json=body or {}).json()
    ends = time.monotonic() + WAIT_S
    while tree["state"] == "running" and time.monotonic() < ends:
        tree = get(client, "/verify")
    return tree


def test_blocks_are_listed_from_the_newest_down_to_the_first(town: Town) -> None:
    union = town["credit-union"]
    height = union.show_health()["height"]
    first = get(union, "/blocks", limit=2)
    assert [row["height"] for row in first["items"]] == [height, height - 1]
    rest = get(union, "/blocks", limit=100, before=first["next"])
    assert [row["height"] for row in rest["items"]] == list(range(height - 2, 0, -1))
    assert "next" not in rest
    assert get(union, "/blocks", before=1) == {"items": []}


def test_a_block_tells_what_is_in_it_who_wrote_it_and_who_signed_it(town: Town) -> None:
    union = town["credit-union"]
    rows = get(union, "/blocks", limit=100)["items"]
    (applied,) = [row for row in rows if "case.applied" in row["record_types"]]
    assert applied["writers"] == ["credit-union"]
    assert applied["records"] == sum(applied["record_types"].values())
    assert applied["proposer"] == "finance"
    assert applied["bytes"] == len(union.read_block(applied["height"]))
    assert applied["is_witnessed"] == 1
    members = {row["member"] for row in union.list_members()}
    assert set(rows[-1]["cosigned"]) == members


def test_records_of_a_block_name_type_member_case_and_time_alone(town: Town) -> None:
    union = town["credit-union"]
    case = union.list_cases()[0]["case"]
    seen: list[Tree] = []
    for block in get(union, "/blocks", limit=100)["items"]:
        rows = get(union, f"/blocks/{block['height']}/records")["items"]
        assert len(rows) == block["records"]
        assert all(row["time"] == block["time"] for row in rows)
        seen += rows
    assert set().union(*seen) == {"t", "member", "time", "index", "place", "case"}
    assert {row["t"] for row in seen if row.get("case") == case} >= {
        *("case.applied", "case.schemed", "case.judged", "case.reported")
    }
    assert not [row for row in seen if row["t"] == "party.registered" and "case" in row]


def test_the_proof_of_a_block_is_verified_by_whoever_has_the_pin_alone(
    town: Town, county: Path
) -> None:
    union = town["credit-union"]
    height = union.show_health()["height"]
    pin = Pin.read((county / "members.json").read_bytes())
    data = union.request("GET", f"/blocks/{height}/proof").content
    verdict = verify_evidence(data, pin, CHARTER)
    assert verdict.status is Status.PROVEN
    assert {each.height for each in verdict.records.values()} == {height}
    count = len(get(union, f"/blocks/{height}/records")["items"])
    assert len(verdict.records) == count
    with pytest.raises(NotFound, match="no block"):
        union.request("GET", f"/blocks/{height + 1}/proof")


def test_every_copy_agrees_once_it_was_compared(town: Town) -> None:
    union = town["credit-union"]
    before = get(union, "/state")
    assert before["agreeing"] == 0
    assert all("agrees" not in row for row in before["members"])
    done = ended(union, "/verify")
    assert (done["state"], done["sound"], done["blocks"]) == ("done", 1, done["target"])
    after = get(union, "/state")
    assert after["agreeing"] == after["copies"] == 12
    assert after["members"][0] | {"member": "credit-union", "own": 1} == after["members"][0]
    assert all(row["zh"] and row["en"] and row["cosigned"] for row in after["members"])
    assert {row["height"] for row in after["members"]} == {after["height"]}
    assert after["alarms"] == after["settled"] == []


def test_before_the_first_check_there_is_none_to_tell_of(town: Town) -> None:
    with pytest.raises(NotFound, match="nothing was checked"):
        get(town["credit-union"], "/verify")


def test_the_orderers_own_copy_is_repaired_at_rest(town: Town) -> None:
    with pytest.raises(Conflict, match="orders the chain"):
        town["finance"].request("POST", "/repair")


def _tamper(county: Path, clock: ManualClock) -> tuple[int, str]:
    """Flip a byte of the village's file; return the block's height and the field."""
    with open_house(county, clock) as house:
        house.spread()
        replica = house.node("village").replica
        height = replica.tip.height // 2
        header = replica.header(height)
    return height, flip_byte(county / "village" / "ledger.db", header)


def test_a_flipped_byte_is_named_kept_over_a_restart_repaired_and_settled(
    county: Path, clock: ManualClock
) -> None:
    height, field = _tamper(county, clock)
    with open_town(county, clock) as town:
        regulator = town["regulator"]
        assert ended(regulator, "/verify", {"blocks": 1_000})["sound"] == 1
        (alarm,) = get(regulator, "/state")["alarms"]
        assert (alarm["member"], alarm["height"], alarm["field"]) == ("village", height, "block")
        first = alarm["first_ms"]
        clock.advance(60_000)
        # The village looks at its own file, and says in which field it is damaged.
        own = ended(town["village"], "/verify")
        assert own["sound"] == 0
        assert {each["height"] for each in own["findings"]} >= {height}
        (told,) = get(town["village"], "/state")["alarms"]
        assert (told["member"], told["height"], told["field"]) == ("village", height, field)
        assert get(town["village"], "/blocks", limit=100)["items"][-height]["fault"]
        for name in ("regulator", "village"):
            health = town[name].show_health()
            assert health["alarm"] == "ledger.differs"
            assert health["differing"] == [{"member": "village", "height": height}]
        (alarm,) = get(regulator, "/state")["alarms"]
        assert alarm["field"] == field
        assert len(bytes.fromhex(alarm["expected"])) == 32
        assert alarm["expected"] != alarm["got"]
        assert alarm["seen"] == [
            {"member": "regulator", "at": first},
            {"member": "village", "at": first + 60_000},
        ]
    with open_town(county, clock) as town:
        (alarm,) = get(town["regulator"], "/state")["alarms"]
        assert alarm["first_ms"] == first
        repaired = ended(town["village"], "/repair")
        assert (repaired["state"], repaired["fetched"], repaired["sound"]) == ("done", 1, 1)
        assert get(town["village"], "/state")["alarms"] == []
        assert ended(town["village"], "/verify")["sound"] == 1
        ended(town["regulator"], "/verify", {"blocks": 1})
        state = get(town["regulator"], "/state")
        assert state["alarms"] == []
        assert "differing" not in town["regulator"].show_health()
        assert [row["member"] for row in state["settled"]] == ["village"]
        # The repaired member goes on: it takes in, follows and answers.
        town["village"].give_guidance(topic="weather", text="sow early")
        town.house.spread()
        assert {node.replica.tip.cid for node in town.house.nodes()} == {
            town.house.node("finance").replica.tip.cid
        }


def test_an_officer_of_a_member_whose_copy_is_damaged_can_still_log_in_and_repair_it(
    county: Path, clock: ManualClock
) -> None:
    _tamper(county, clock)
    with open_town(county, clock) as town:
        village = town["village"]
        assert ended(village, "/verify")["sound"] == 0
        # Whoever is to repair it must be able to come in: accounts do not stand in the chain.
        assert get(village, "/me")["acts"]
        assert get(village, "/users")["items"] == []
        with pytest.raises(Corrupt):
            get(village, "/cases")
        assert ended(village, "/repair")["sound"] == 1
        assert get(village, "/cases")["items"] == []


@pytest.mark.long
def test_a_copy_is_repaired_while_its_member_is_asked_and_others_write(tmp_path: Path) -> None:
    clock = SystemClock()
    county = found(tmp_path, clock)
    with open_house(county, clock) as house:
        house.spread()
        header = house.node("village").replica.header(1)
    flip_byte(county / "village" / "ledger.db", header)
    failed: list[BaseException] = []
    with open_town(county, clock) as town, serve_house(town.house):
        ended_writing = threading.Event()

        def write() -> None:
            try:
                while not ended_writing.is_set():
                    town["newspaper"].publish_news("一")
            except BaseException as error:  # noqa: BLE001 - told to the test
                failed.append(error)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            repaired = ended(town["village"], "/repair")
        finally:
            ended_writing.set()
            thread.join()
        assert (repaired["state"], repaired["sound"]) == ("done", 1), repaired
        assert ended(town["village"], "/verify")["sound"] == 1
        top = town["newspaper"].show_health()["height"]
        ends = time.monotonic() + WAIT_S
        while town["village"].show_health()["height"] < top and time.monotonic() < ends:
            time.sleep(0.05)
        assert town["village"].show_health()["height"] >= top
    assert not failed

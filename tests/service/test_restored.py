"""Files brought back from an older copy: of an orderer, and of a member's keys."""

from __future__ import annotations

import shutil
from pathlib import Path

from counties import found, open_town
from tallystick.base.clock import ManualClock
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.upkeep import cures_of, repair_member, verify_county, verify_member

START_MS = 1_790_000_000_000
FILES = ("ledger.db", "ledger.db-wal", "ledger.db-shm")


def _publish(folder: Path, clock: ManualClock, text: str) -> int:
    """Let the newspaper publish, all members following; return the height."""
    with open_house(folder, clock) as house:
        house.office("newspaper").publish_news(text)
        house.spread()
        return house.orderer.replica.tip.height


def _restore_old_copy(folder: Path, clock: ManualClock) -> int:
    """Leave the orderer with the file it had a few blocks ago; return how high the others are."""
    home = folder / "finance"
    _publish(folder, clock, "一")
    shutil.copy(home / "ledger.db", folder / "old.db")
    _publish(folder, clock, "二")
    height = _publish(folder, clock, "三")
    for name in FILES:
        (home / name).unlink(missing_ok=True)
    shutil.copy(folder / "old.db", home / "ledger.db")
    return height


def test_a_restored_orderer_takes_over_what_others_hold_and_goes_on(tmp_path: Path) -> None:
    folder, clock = tmp_path / "county", ManualClock(START_MS)
    found_county(folder, seed="restored", clock=clock)
    clock.advance(1_000)
    height = _restore_old_copy(folder, clock)
    assert _publish(folder, clock, "四") == height + 1
    reports = list(verify_county(folder))
    assert [report.findings for report in reports] == [()] * 12
    assert {report.height for report in reports} == {height + 1}


def test_a_repaired_orderer_goes_on_where_the_others_stand(tmp_path: Path) -> None:
    folder, clock = tmp_path / "county", ManualClock(START_MS)
    found_county(folder, seed="repaired", clock=clock)
    clock.advance(1_000)
    height = _restore_old_copy(folder, clock)
    assert repair_member(folder, "finance").chain.height == height
    assert _publish(folder, clock, "四") == height + 1
    assert all(report.is_sound for report in verify_county(folder))


def test_an_old_pair_of_keys_is_cured_by_erasing_again_and_not_by_a_backup(tmp_path: Path) -> None:
    folder, clock = found(tmp_path, ManualClock(START_MS)), ManualClock(START_MS + 1_000)
    home, pair = folder / "credit-union", ("keys.db", "master.key")
    with open_town(folder, clock) as town:
        party = town["credit-union"].add_party("household", {"name": "王秀英"})
        # What waited for the day's bundle leaves.
        node = town.house.node("credit-union")
        node.desk.record_pending()
        town.house.spread()
        node.fold()
    before = {name: (home / name).read_bytes() for name in pair}
    with open_town(folder, clock) as town:
        assert town["credit-union"].erase_party(party)["objects_closed"] > 0
    for name, data in before.items():
        (home / name).write_bytes(data)
    report = verify_member(folder, "credit-union")
    assert {each.field for each in report.findings} == {"store.db"}
    (cure,) = cures_of(report)
    assert "tally party erase PARTY --yes" in cure
    with open_town(folder, clock) as town:
        town["credit-union"].erase_party(party)
    assert verify_member(folder, "credit-union").is_sound

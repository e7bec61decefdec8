"""Every alarm that a running member can tell stands in the operator's table, with what to do."""

from __future__ import annotations

import re
from pathlib import Path

from docs.codes import read_codes

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "src" / "tallystick"
ENGINES = "kernel/ledger/engines"
TELLING = (
    *("county/alarms.py", "county/validating.py", "kernel/ledger/orderer.py"),
    *(f"{ENGINES}/{name}.py" for name in ("supervise", "refusals", "comet_rpc", "offering")),
    *(f"{ENGINES}/{name}.py" for name in ("restoring", "abci_server")),
    *("kernel/link/trust.py", "kernel/link/engines/http_asking.py"),
)
"""What states the errors that become the health's `alarm`: its own, and the `trouble` of others."""
ELSEWHERE = {
    *("engine.bad_used", "engine.forgotten", "ledger.bad_block", "ledger.behind"),
    *("ledger.between_terms", "ledger.no_note_key", "ledger.superseded"),
}
"""Others that are told as a `trouble`, by files that state more than alarms."""
NEVER = {"abci.port"}
"""The program does not start with it."""


def list_rows() -> dict[str, str]:
    """Return what the table says of each code: the whole row."""
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    table = page.partition("| alarm | means | do |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = [row for row in table.splitlines() if row.count(" | ") == 2]
    return {
        code: row
        for row in rows
        for code in re.findall(r"`([a-z]+\.[a-z_]+)`", row.partition(" | ")[0])
    }


def list_alarms() -> set[str]:
    codes, _ = read_codes(HOME)
    told = {
        name
        for name, code in codes.items()
        if any(place.partition(":")[0] in TELLING for place in code.places)
    }
    assert codes.keys() >= ELSEWHERE
    return (told | ELSEWHERE) - NEVER


def test_every_alarm_stands_in_the_operators_table() -> None:
    rows = list_rows()
    assert len(rows) > 20
    assert sorted(list_alarms() - rows.keys()) == []


def test_the_table_names_no_alarm_that_nothing_tells() -> None:
    codes, _ = read_codes(HOME)
    assert sorted(list_rows().keys() - codes.keys()) == []


def test_what_health_says_of_its_own_is_seen_by_this_test() -> None:
    alarms = list_alarms()
    assert {"ledger.stalled", "ledger.unwitnessed", "views.behind", "ledger.differs"} <= alarms
    assert {"engine.down", "engine.app_hash", "engine.not_listed", "link.lost"} <= alarms

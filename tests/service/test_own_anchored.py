"""A member's own chain is anchored in the shared one on a schedule, while the county is served."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from counties import START_MS, found
from links import free_ports
from machines import NAMES, await_until
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.errors import Conflict
from tallystick.chain.crossing import find_chain
from tallystick.cli.main import run
from tallystick.county.anchors import anchor_own
from tallystick.county.chains import COUNTY, Chains, found_own, open_alone, serve_chains
from tallystick.county.house import House, open_house
from tallystick.kernel.link.book import BOOK_FILE, Place, write_book

TALLY = (sys.executable, "-m", "tallystick.cli")
ORDERER, VILLAGE, PAPER = "finance", "village", "newspaper"
CLOCK = SystemClock()


def own_of(folder: Path, member: str) -> Path:
    return folder / member / "own"


def link_own(folder: Path, member: str) -> bytes:
    """Found a member's own chain and make it known on the shared one; return which it is."""
    found_own(folder, member, clock=CLOCK)
    with open_house(own_of(folder, member), CLOCK) as own, open_house(folder, CLOCK) as shared:
        genesis = own.orderer.replica.genesis
        shared.node(member).anchoring.link_own(genesis.data, genesis.members.data)
        return genesis.chain


def record(folder: Path, member: str) -> int:
    """Record on a member's own chain as a verb does, and return its log's size."""
    with open_house(own_of(folder, member), CLOCK) as own:
        own.node(member).publication.give_guidance("notes", "本村自己的账")
        own.spread()
        return own.orderer.replica.tip.peaks.size


def find_size(shared: House, member: str, chain: bytes) -> int:
    held = find_chain(shared.node(member).replica.read, chain)
    assert held is not None
    return held.size


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return found(tmp_path, CLOCK, catalogue=False, names=NAMES)


def test_it_is_anchored_by_itself_while_its_own_verbs_go_on(county: Path) -> None:
    chain = link_own(county, VILLAGE)
    size = record(county, VILLAGE)
    with open_house(county, CLOCK) as shared:
        with serve_chains(Chains({COUNTY: shared}), every_ms=20):
            await_until(lambda: find_size(shared, VILLAGE, chain) == size)
            later = record(county, VILLAGE)
            assert later > size
            await_until(lambda: find_size(shared, PAPER, chain) == later)
            # One that is open elsewhere, in a server of its own, is anchored as well.
            with open_house(own_of(county, VILLAGE), CLOCK) as own:
                own.node(VILLAGE).publication.give_guidance("notes", "一")
                own.spread()
                own.orderer.replica.flush()
                last = own.orderer.replica.tip.peaks.size
                await_until(lambda: find_size(shared, VILLAGE, chain) == last)
        height = shared.orderer.replica.tip.height
        assert anchor_own(shared, VILLAGE) == 0, "what is anchored is no news"
        assert anchor_own(shared, PAPER) == 0, "it has no chain of its own"
        assert shared.orderer.replica.tip.height == height
        (row,) = shared.node(VILLAGE).anchoring.list_chains()
        assert (row["kind"], {each["by"] for each in row["anchors"]}) == ("private", {VILLAGE})


def test_one_that_is_damaged_keeps_no_other_from_it(
    county: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken, chain = link_own(county, VILLAGE), link_own(county, ORDERER)
    record(county, VILLAGE)
    size = record(county, ORDERER)
    (own_of(county, VILLAGE) / VILLAGE / "ledger.db").write_bytes(b"no chain" * 1_000)
    with (
        open_house(county, CLOCK) as shared,
        serve_chains(Chains({COUNTY: shared}), every_ms=20),
    ):
        await_until(lambda: find_size(shared, ORDERER, chain) == size)
        assert find_size(shared, VILLAGE, broken) == 0
    assert any(each.getMessage().startswith("no anchor now: ") for each in caplog.records)


def test_a_member_that_runs_alone_anchors_its_own(county: Path) -> None:
    ports = free_ports(len(NAMES))
    book = {name: Place("http", "127.0.0.1", port) for name, port in zip(NAMES, ports, strict=True)}
    for name in NAMES:
        write_book(county / name / BOOK_FILE, book)
    chain = link_own(county, ORDERER)
    size = record(county, ORDERER)
    with open_alone(county, ORDERER, CLOCK) as chains, serve_chains(chains, every_ms=20):
        await_until(lambda: find_size(chains.houses[COUNTY], ORDERER, chain) == size)


def test_a_server_anchors_it_and_the_verb_says_so(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link_own(county, VILLAGE)
    size = record(county, VILLAGE)
    given = ["--county", str(county), "--json"]
    words = [*TALLY, "serve", str(county), "--port", "0", "--api-only", "--until-eof", "--json"]
    with subprocess.Popen(
        [*words, "--anchor-every", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert "public_chain" not in json.loads(server.stdout.readline())

        def is_anchored() -> bool:
            capsys.readouterr()
            assert run(["chain", "list", "--member", VILLAGE, *given]) == 0
            rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            return [each["size"] for each in rows if each["kind"] == "private"] == [size]

        await_until(is_anchored)
        assert run(["chain", "anchor", "--own", VILLAGE, *given]) == Conflict.exit_status
        told = capsys.readouterr().err
        assert told.startswith("node.locked: county is served: ")
        assert "--anchor-every" in told
        server.stdin.close()
        assert server.wait(timeout=60) == 0
    record(county, VILLAGE)
    capsys.readouterr()
    assert run(["chain", "anchor", "--own", VILLAGE, *given]) == 0
    assert json.loads(capsys.readouterr().out) == {"anchors": 1}


def test_an_own_chain_that_nobody_linked_is_left_alone(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    folder = found(tmp_path, clock, catalogue=False, names=NAMES)
    found_own(folder, VILLAGE, clock=clock)
    with open_house(folder, clock) as shared:
        before = shared.orderer.replica.tip.height
        assert anchor_own(shared, VILLAGE) == 0
        assert shared.orderer.replica.tip.height == before

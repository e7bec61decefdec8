"""A verification begins at a kept checkpoint: later blocks are run again, earlier ones not read."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import Town
from tallystick.base import codec
from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain.checkpoint import cosign, read_stated, write_note
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.kept import Kept, KeptState, read_state

EARLIER, LATER = 6, 10
Built = tuple[Chain, Path, Kept]


def order(town: Town, blocks: int) -> None:
    town.order_news(blocks)
    town.pull_all()
    town.pull_all()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A chain that was verified and kept at one height, and went on."""
    town = Town(tmp_path_factory.mktemp("built"), Chain())
    town.open_all()
    order(town, EARLIER)
    path, chain = town.path("bank"), town.chain.genesis.chain
    town.houses["bank"].replica.flush()
    kept = audit_chain(path, CHARTER, member="bank", chain=chain, keep=True).kept
    assert kept is not None
    order(town, LATER - EARLIER)
    town.close()
    return town.chain, path, kept


@pytest.fixture
def path(built: Built, tmp_path: Path) -> Path:
    return Path(shutil.copy(built[1], tmp_path / "ledger.db"))


def state_of(built: Built) -> KeptState:
    return read_state(built[2].state, built[2].note, built[0].genesis)


def audit(built: Built, path: Path, since: KeptState | None, *, keep: bool = False) -> Report:
    chain = built[0].genesis.chain
    return audit_chain(path, CHARTER, member="bank", chain=chain, since=since, keep=keep)


def test_only_later_blocks_are_run_and_the_end_is_the_same(built: Built, path: Path) -> None:
    seen: list[int] = []
    chain = built[0].genesis.chain
    since = audit_chain(
        path,
        CHARTER,
        member="bank",
        chain=chain,
        since=state_of(built),
        keep=True,
        progress=lambda done, _: seen.append(done),
    )
    whole = audit(built, path, None, keep=True)
    assert built[2].height == EARLIER
    assert (since.findings, whole.findings) == ((), ())
    assert (since.first, whole.first) == (EARLIER + 1, 1)
    assert (since.height, since.header) == (whole.height, whole.header)
    assert seen == list(range(EARLIER + 1, LATER + 1))
    assert since.kept == whole.kept
    assert since.kept is not None
    assert since.kept.height == LATER
    # And on from there, where nothing is new.
    last = read_state(since.kept.state, since.kept.note, built[0].genesis)
    assert audit(built, path, last).is_sound


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("UPDATE block SET tally = zeroblob(32) WHERE height = 8", "tally"),
        ("UPDATE block SET body = zeroblob(length(body)) WHERE height = 8", "block"),
        ("DELETE FROM block WHERE height = 10", "head"),
        ("UPDATE log SET codes = zeroblob(6) WHERE height = 8", "code"),
        ("UPDATE log SET nodes = zeroblob(length(nodes)) WHERE height = 9", "node"),
        ("UPDATE entry_recent SET short = short + 1 WHERE position = 20", "entry"),
        ("UPDATE pair SET value = x'00' WHERE name = x'6d656d62657273'", "state"),
        ("UPDATE pair SET tally = x'00' WHERE substr(name, 1, 3) = x'69642f'", "state"),
        ("INSERT INTO pair VALUES (99999, x'61', x'62', x'63')", "state"),
        ("UPDATE head SET lanes = zeroblob(2048)", "head"),
        ("UPDATE cosignature SET line = 'no' WHERE height = 10", "cosignature"),
        ("INSERT INTO roster VALUES (9, x'00')", "roster rows"),
    ],
)
def test_what_differs_after_the_checkpoint_is_named(
    built: Built, path: Path, statement: str, field: str
) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute(statement)
    plain.close()
    report = audit(built, path, state_of(built))
    assert field in {each.field for each in report.findings}
    assert report.kept is None


def test_what_differs_before_it_is_for_the_whole_verification(built: Built, path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE block SET body = zeroblob(length(body)) WHERE height = 3")
    plain.close()
    assert audit(built, path, state_of(built)).is_sound
    assert not audit(built, path, None).is_sound


def test_another_history_than_the_checkpoint_s_is_named_at_its_height(
    built: Built, tmp_path: Path
) -> None:
    town = Town(tmp_path, Chain(seed="a"))
    town.open_all()
    town.orderer.submit(town.chain.sign(1, [town.chain.news(1_000)]))
    town.orderer.cut()
    order(town, LATER)
    other = town.path("bank")
    town.close()
    assert town.chain.genesis.chain == built[0].genesis.chain
    report = audit(built, other, state_of(built))
    assert [(each.height, each.field) for each in report.findings] == [(EARLIER, "header")]


def test_a_chain_that_ends_before_the_checkpoint_is_named(built: Built, path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("DELETE FROM block WHERE height >= 4")
    plain.close()
    report = audit(built, path, state_of(built))
    assert "the chain ends before the checkpoint" in {each.detail for each in report.findings}


def test_a_note_without_authority_is_no_place_to_begin(built: Built, path: Path) -> None:
    chain, _, kept = built
    body = read_stated(kept.note)
    for signer, key in (("bank", chain.notes["bank"]), ("bank", chain.notes["coop"])):
        note = write_note(body, [cosign(body, key, member=signer, time_s=1)])
        since = replace(state_of(built), note=note)
        report = audit(built, path, since)
        assert [each.field for each in report.findings] == ["blocks"], signer
        assert report.height == -1


def test_a_state_that_is_not_the_checkpoint_s_is_refused(built: Built) -> None:
    chain, _, kept = built
    header, writes, peaks, rows = codec.decode(kept.state, codec.value)
    other = codec.encode({**codec.decode(header, codec.value), "time": 1})
    changed = [[rows[0][0], b"x"], *rows[1:]]
    for parts, why in (
        ([other, writes, peaks, rows], "header does not follow"),
        ([header, bytes(32), peaks, rows], "state does not follow"),
        ([header, writes, [*peaks[:-1], bytes(32)], rows], "log does not follow"),
        ([header, writes, peaks[:-1], rows], "head"),
        ([header, writes, peaks, changed], "state does not follow"),
        ([header, writes, peaks, rows[1:]], "state does not follow"),
        ([header, writes, peaks, rows[::-1]], "pair order"),
        ([header, writes, peaks, [rows[0], *rows]], "pair order"),
        ([header, writes, peaks, []], "state does not follow"),
        ([header, writes, peaks], "head"),
    ):
        with pytest.raises(Corrupt, match=why):
            read_state(codec.encode(parts), kept.note, chain.genesis)
    with pytest.raises(Corrupt, match="chain"):
        read_state(kept.state, kept.note, Chain(seed="b").genesis)
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_state(kept.state, b"no note", chain.genesis)
    for at in range(0, len(kept.state), 61):
        altered = bytearray(kept.state)
        altered[at] ^= 1
        with pytest.raises(Corrupt, match=r"verify\.state"):
            read_state(bytes(altered), kept.note, chain.genesis)

"""Seeded crash points: a county under load is killed at one write or fsync, and started again.

Run as a program, for each seed: a child of this process writes, orders and follows, tells through
a pipe what was acknowledged, and is killed at a write or an fsync that the seed names; then the
county is opened again in this process and must hold every acknowledged record once, in equal
chains of all members, and go on. Prints how many were killed and how many records were
acknowledged before, or the first fault.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from simulation.chain import Chain
from simulation.syncs import SQLITE_LIBRARY, Syncs
from simulation.town import ORDERER, Town
from tallystick.base.errors import Error
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.outbox import Request
from tallystick.kernel.ledger.replica import Replica

CALLS_MAX = 900
"""Writes and fsyncs of a run are some more than this, so most seeds are killed within it."""
STEPS = 24
WRITERS = (ORDERER, "bureau")


def _ask(town: Town, name: str, number: int) -> int | None:
    """Have a member record a number; return it once its result is there."""
    request = Request("tester", "POST /news", str(number), b"")
    house = town.houses[name]
    house.courier.outbox.renew()
    result = house.courier.send([town.chain.news(number)], request, 5_000)
    return number if result.code == 0 else None


def _work(folder: Path, seed: int, pipe: int) -> None:
    """Load the county until something kills this process, or the steps are over."""
    dice = random.Random(seed)
    # SQLite calls into it: it must live as long as the process.
    syncs = Syncs(
        ctypes.CDLL(SQLITE_LIBRARY),
        dice.randrange(1, CALLS_MAX),
        after=dice.random() < 0.5,
        writes=True,
    )
    town = Town(folder, Chain(f"crash {seed}"))
    town.open_all()
    town.orderer.start()
    for number in range(STEPS):
        acknowledged = _ask(town, WRITERS[dice.randrange(2)], number)
        if acknowledged is not None:
            os.write(pipe, acknowledged.to_bytes(2, "big"))
        if dice.random() < 0.4:
            town.pull_all()
    town.close()
    assert syncs.count


def _run_child(folder: Path, seed: int) -> tuple[bool, list[int]]:
    """Return whether the child was killed, and what it acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            _work(folder, seed, writing)
            status = 0
        finally:
            # Nothing of the parent's may run here: no test's cleaning up, no second reader.
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status:
        raise AssertionError(f"seed {seed}: the county ended by itself with {status}")
    return killed, [int.from_bytes(told[at : at + 2], "big") for at in range(0, len(told), 2)]


def _numbers(replica: Replica) -> list[bytes]:
    found: list[bytes] = []
    for height in range(1, replica.tip.height + 1):
        for each in read_block(replica.block(height))[2]:
            result = replica.find(each.tid)
            assert result is not None
            if result.code == 0:
                found += each.records
    return found


def _check(folder: Path, seed: int, acknowledged: list[int]) -> None:
    chain = Chain(f"crash {seed}")
    town = Town(folder, chain)
    town.open_all()
    for name in town.houses:
        if name != ORDERER:
            # An orderer that lost its end takes it from whoever has it.
            with contextlib.suppress(Error):
                town.follower(name).pull()
    town.orderer.start()
    for name in WRITERS:
        town.houses[name].courier.resend(5_000)
    assert _ask(town, "bureau", 1_000) == 1_000, "it does not go on"
    town.pull_all()
    tips = {house.replica.tip.cid for house in town.houses.values()}
    assert len(tips) == 1, "chains differ"
    held = _numbers(town.orderer.replica)
    assert len(held) == len(set(held)), "a record stands twice"
    lost = [number for number in acknowledged if chain.news(number) not in held]
    assert not lost, f"acknowledged and lost: {lost}"
    for house in town.houses.values():
        assert house.replica.verify() == house.replica.tip
        assert house.replica.audit(house.name).is_sound
    town.close()


def main() -> None:
    """Run the seeds from the first argument on, as many as the second says."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    killed = told = 0
    for seed in range(first, first + count):
        folder = Path(tempfile.mkdtemp(prefix="crash"))
        try:
            was_killed, acknowledged = _run_child(folder, seed)
            killed += was_killed
            told += len(acknowledged)
            _check(folder, seed, acknowledged)
        except BaseException as error:
            raise SystemExit(f"seed {seed}: {type(error).__name__}: {error}") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(killed, told)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()

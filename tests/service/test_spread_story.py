"""An object put by one member over real links, read by another, two disks lost, erased at last."""

from __future__ import annotations

import io
import random
import shutil
from pathlib import Path

import pytest

from machines import NAMES, Machines, await_until, open_machines
from tallystick.base.codec import Cid
from tallystick.base.errors import Denied, NotFound
from tallystick.services.storing.acts import Spreading, Wanted

CODE = "rs-2+2"


def read(spreading: Spreading, cid: Cid) -> bytes:
    opened = spreading.open(cid)
    return b"".join(opened.read(0, opened.size))


def lose_disk(machines: Machines, name: str) -> None:
    """Have a member lose all shards it holds, and begin again."""
    machines.end(name)
    shutil.rmtree(machines.county / name / "shards", ignore_errors=True)
    machines.begin(name)


def test_an_object_outlives_two_disks_and_not_its_key(tmp_path: Path) -> None:
    data = random.Random(7).randbytes(300_000)
    with open_machines(tmp_path, tend_s=0.2) as machines:
        await_until(machines.is_level)
        spread = {name: machines.node(name).spreading for name in NAMES}
        noted, done = spread["village"].put(io.BytesIO(data), Wanted(name="地图", code=CODE))
        cid = noted.cid
        assert not done.missing
        assert read(spread["village"], cid) == data
        # What lies at the others is no word of it.
        for name in NAMES:
            files = (machines.county / name / "shards").rglob("*")
            assert not any(data[:64] in path.read_bytes() for path in files if path.is_file())
        await_until(lambda: spread["newspaper"].storing.find_object(cid, "village") is not None)
        with pytest.raises(Denied, match=r"spread\.reader"):
            read(spread["newspaper"], cid)
        spread["village"].grant(cid, "newspaper", 1)
        for name in ("finance", "credit-union"):
            lose_disk(machines, name)
        spread = {name: machines.node(name).spreading for name in NAMES}
        assert read(spread["newspaper"], cid) == data
        # No loss more could be borne: the owner makes both anew, unasked.
        await_until(lambda: len(spread["village"].ring.locate(cid).held) == len(NAMES))
        machines.end("credit-union")
        assert set(spread["village"].erase(cid)) == {"village", "finance", "newspaper"}
        with pytest.raises(NotFound):
            read(spread["village"], cid)
        await_until(lambda: any(spread["newspaper"].storing.list_objects(erased=1)))
        with pytest.raises(NotFound, match=r"spread\.unknown"):
            read(spread["newspaper"], cid)
        assert shards_of(machines, "credit-union")
        machines.begin("credit-union")
        await_until(lambda: set(spread["village"].book.receipts(cid)) == set(NAMES))
        assert not any(shards_of(machines, name) for name in NAMES)
        await_until(lambda: spread["newspaper"].desk.keys.find(cid) is None)


def shards_of(machines: Machines, name: str) -> list[Path]:
    return list((machines.county / name / "shards").glob("*/[0-9]"))

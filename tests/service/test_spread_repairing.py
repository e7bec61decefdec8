"""Objects are repaired while members are full, claim what they do not hold, or lack."""

from __future__ import annotations

import io
import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from stores import CODE, DATA, Place
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.errors import Unavailable
from tallystick.cli.main import tally
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.kernel.store.spread.serving import LISTED, answer_for
from tallystick.services.storing.acts import Wanted


def others(place: Place, cid: Cid) -> list[str]:
    """Return who is to hold an object, but for who put it and the orderer."""
    return [name for name in place.order(cid)[:4] if name not in ("village", "finance")]


def truly(place: Place, cid: Cid) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name in place.names:
        for shard in place.spread(name).ring.own.shards_of(cid):
            found.setdefault(shard, []).append(name)
    return found


def test_a_full_stand_in_keeps_no_shard_from_being_made_anew(place: Place) -> None:
    cid = place.put()
    full = place.order(cid)[4]
    gone = [name for name in others(place, cid) if name != full][:2]
    place.spread(full).ring.own.quota_bytes = 0
    place.part(*gone)
    report = place.round("village")["village"]
    assert (report.repaired, report.lacking, report.failed) == (2, 0, {})
    assert sorted(place.holders(cid)) == [0, 1, 2, 3]
    assert full not in {name for names in place.holders(cid).values() for name in names}
    found = place.house.office("village").repair_store()
    assert (found["repaired"], found["failed"]) == (0, {})


def test_a_shard_that_its_member_refused_while_it_was_put_is_made_at_another(
    place: Place,
) -> None:
    full = "regulator"
    place.spread(full).ring.own.quota_bytes = 0
    spread = place.spread("village")
    while not (told := spread.put(io.BytesIO(DATA), Wanted(code=CODE)))[1].missing:
        # It is not among those that are to hold this one.
        continue
    noted, done = told
    assert len(done.missing) == 1
    assert done.holders[done.missing[0]] == full
    assert place.round("village")["village"].repaired == 1
    assert sorted(truly(place, noted.cid)) == [0, 1, 2, 3]


def test_where_nobody_takes_a_shard_it_is_told_why(place: Place) -> None:
    cid = place.put()
    gone, *_ = others(place, cid)
    for name in place.order(cid)[4:]:
        place.spread(name).ring.own.quota_bytes = 0
    place.part(gone)
    found = place.house.office("village").repair_store()
    assert (found["repaired"], found["lacking"], found["failed"]) == (0, 1, {"spread.quota": 1})


def test_one_that_claims_every_shard_and_lists_its_own_stops_no_repair(place: Place) -> None:
    cid = place.put()
    liar, *rest = others(place, cid)
    loser = next(name for name in [*rest, *place.order(cid)[:4]] if name not in (liar, "village"))
    every = encode([0, 1, 2, 3])
    place.spread(liar).ring.link.serve({"spread.held": lambda *_: every})
    place.lose_disk(loser)
    found = place.house.office("village").repair_store()
    assert (found["repaired"], found["lacking"], found["failed"]) == (1, 0, {})
    assert sorted(truly(place, cid)) == [0, 1, 2, 3]


def test_a_shard_is_made_anew_by_tending_whoever_claims_it(place: Place) -> None:
    cid = place.put()
    liar, *rest = others(place, cid)
    loser = next(name for name in [*rest, *place.order(cid)[:4]] if name not in (liar, "village"))
    every = encode([0, 1, 2, 3])
    place.spread(liar).ring.link.serve({"spread.held": lambda *_: every})
    place.lose_disk(loser)
    assert place.round("village")["village"].repaired == 1
    assert sorted(truly(place, cid)) == [0, 1, 2, 3]


def test_an_object_that_nothing_was_done_for_is_told_as_not_repaired(place: Place) -> None:
    cid = place.put()
    odd, *_ = others(place, cid)
    ring = place.spread(odd).ring
    answers = answer_for(ring.own, Vouching(member=odd))

    def listing(caller: str, payload: bytes) -> bytes:
        used, quota, rows = decode(answers["spread.list"](caller, payload), LISTED)
        return encode([used, quota, [row for row in rows if row[0] != cid]])

    # It holds its shard, gives it to whoever asks, and does not list it.
    ring.link.serve({"spread.list": listing})
    found = place.house.office("village").repair_store()
    assert (found["repaired"], found["lacking"]) == (0, 0)
    assert found["failed"] == {"spread.unrepaired": 1}
    ring.link.serve(answers)
    assert place.house.office("village").repair_store()["failed"] == {}


def test_the_verb_ends_as_unavailable_where_shards_lack(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = shutil.copytree(few, tmp_path / "county")
    source = tmp_path / "map"
    source.write_bytes(random.Random(5).randbytes(70_000))
    where = ["--county", str(county), "--member", "village", "--json"]

    def run(*words: str) -> tuple[int, str, str]:
        found = CliRunner().invoke(tally, ["--lang", "en", "store", *words, *where])
        return found.exit_code, found.stdout, found.stderr

    status, _, err = run("put", str(source), "--code", "rs-5+2")
    assert status == 0, err
    assert run("repair")[0] == 0
    # One of seven cannot be reached, and each of the others holds a shard.
    carry = Network.carry

    def carry_to_some(self: Network, sender: str, to: str, method: str, payload: bytes) -> bytes:
        if "cooperative" in (sender, to):
            raise Unavailable("link.lost", f"{to} cannot be reached", cure="Try again.")
        return carry(self, sender, to, method, payload)

    monkeypatch.setattr(Network, "carry", carry_to_some)
    status, out, err = run("repair")
    told = json.loads(out)
    assert (told["lacking"], told["repaired"], told["failed"]) == (1, 0, {})
    assert (status, err.split(":")[0]) == (6, "spread.unrepaired")
    assert "1 shards were given to nobody" in err

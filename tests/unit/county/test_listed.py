"""Who writes, joins and is shown by the list in force: one that left, and one that is in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from counties import found
from newcomers import carry, draw_newcomer
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Denied
from tallystick.cli.main import tally
from tallystick.county.house import open_house
from tallystick.kernel.store.spread.sealed import CHUNK_BYTES
from tallystick.services.storing.acts import Wanted

NAMES = ("finance", "regulator", "newspaper", "village")


class Endless:
    """A source that never ends, and counts what was read of it."""

    def __init__(self, most: int) -> None:
        self._left = most

    def read(self, size: int, /) -> bytes:
        assert size <= self._left, "it goes on reading"
        self._left -= size
        return bytes(size)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of four, the last of which left."""
    folder = found(
        tmp_path_factory.mktemp("listed"), SystemClock(), catalogue=False, names=list(NAMES)
    )
    assert "newspaper" not in carry(folder, lambda each: each.propose_leaving("newspaper")).by_name
    return folder


def test_who_left_signs_nothing_and_is_told_since_when(county: Path) -> None:
    with open_house(county, SystemClock()) as house:
        node = house.node("newspaper")
        (left,) = node.replica.handovers()
        with pytest.raises(Denied, match=rf"member\.not_listed: .*it left at height {left}"):
            node.publication.publish_news("rain", "en")
        assert node.outbox.pending() == []


@pytest.mark.parametrize("public", [True, False])
def test_who_left_puts_no_object_and_is_told_before_any_of_it_goes(
    county: Path, *, public: bool
) -> None:
    # What is sealed is read a chunk ahead of what is asked for.
    source = Endless(0 if public else CHUNK_BYTES)
    with open_house(county, SystemClock()) as house:
        house.spread()
        with pytest.raises(Denied, match=r"member\.not_listed: .*newspaper.* tally change join"):
            house.office("newspaper").put_object(source, Wanted(public=public))
        noted = house.office("village").put_object(io.BytesIO(b"rain"), Wanted(public=public))
        assert noted["lacking"] == 0


def test_who_left_is_shown_so_with_its_height(county: Path) -> None:
    told = CliRunner().invoke(tally, ["county", "show", "--county", str(county), "--lang", "en"])
    assert told.exit_code == 0, told.output
    head, *rows = told.output.splitlines()
    at = head.split("\t").index("left at height")
    shown = {row.split("\t")[0]: row.split("\t")[at] for row in rows}
    assert shown["newspaper"].isdecimal()
    assert {shown[name] for name in NAMES if name != "newspaper"} == {"-"}


def test_a_card_of_a_member_of_the_list_is_told_as_that(county: Path, tmp_path: Path) -> None:
    card = draw_newcomer(tmp_path / "village", county, role="village", called="Village")
    with (
        open_house(county, SystemClock()) as house,
        pytest.raises(Conflict, match=r"member\.listed: village is in the list"),
    ):
        house.office("finance").propose_join(card)

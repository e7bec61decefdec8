"""A county founded once, and one acted out once, and copies of both that a test may change."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cards import Tally
from counties import START_MS, Town, found, open_town
from stores import Place, found_small
from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy, SystemClock
from tallystick.cli.main import run
from tallystick.county.acted import act_county, publish_catalogue
from tallystick.county.agenda import day_of
from tallystick.county.county import County, draw_county
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.inventory import kind_of
from tallystick.county.story import Story

CATALOGUE = Path(__file__).resolve().parents[2] / "examples" / "products.toml"
MONTHS = 3


@dataclass(frozen=True)
class Acted:
    """A county that was acted out.

    Attributes:
        folder: all its members' files, closed.
        end_ms: when its story ended.
        logged: all that was logged meanwhile, at any level.
    """

    folder: Path
    county: County
    story: Story
    end_ms: int
    logged: tuple[str, ...]


class _Listening(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__!r}")


@pytest.fixture(autouse=True)
def every_file_of_a_member_is_of_a_known_kind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test leaves in a member's folder stands in the table that repairs go by."""
    if "tmp_path" not in request.fixturenames:
        yield
        return
    place: Path = request.getfixturevalue("tmp_path")
    yield
    for key in place.glob("**/member.key"):
        left = (each.relative_to(key.parent) for each in key.parent.rglob("*"))
        assert [each for each in left if kind_of(str(each)) is None] == []


@pytest.fixture(scope="session")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Acted:
    """Sixty households and three months, acted out by twelve linked members."""
    folder = tmp_path_factory.mktemp("acted") / "county"
    county = draw_county(SeededEntropy("told in private"), households=60, months=MONTHS)
    clock = ManualClock((day_of(county.start_month, 1) - 1) * DAY_MS)
    found_county(folder, seed="told in private", clock=clock)
    listening, root = _Listening(), logging.getLogger()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.NOTSET)
    try:
        with open_house(folder, clock) as house:
            publish_catalogue(house, CATALOGUE.read_text(encoding="utf-8"))
            story = act_county(house, clock, county, months=MONTHS, told=lambda _event: None)
    finally:
        root.removeHandler(listening)
        root.setLevel(level)
    return Acted(folder, county, story, clock.now_ms(), tuple(listening.lines))


@dataclass(frozen=True)
class Opened:
    """A copy of the acted county, open."""

    house: House
    clock: ManualClock

    def end_day(self) -> None:
        """Let what waits leave, and everybody follow, as a day's end does."""
        for node in self.house.nodes():
            node.catch_up()
            node.desk.record_pending()
        self.house.spread()
        for node in self.house.nodes():
            node.fold()
        self.clock.advance(DAY_MS)


@pytest.fixture
def copied(acted: Acted, tmp_path: Path) -> Path:
    """A folder with a copy of the acted county."""
    return Path(shutil.copytree(acted.folder, tmp_path / "county"))


@pytest.fixture
def reopen(acted: Acted, copied: Path) -> Callable[[], AbstractContextManager[Opened]]:
    """Return what opens the copy; a test closes it to look at its files."""

    @contextmanager
    def opened() -> Iterator[Opened]:
        clock = ManualClock(acted.end_ms)
        with open_house(copied, clock) as house:
            yield Opened(house, clock)

    return opened


@pytest.fixture
def opened(reopen: Callable[[], AbstractContextManager[Opened]]) -> Iterator[Opened]:
    """A copy of the acted county, open and linked."""
    with reopen() as found:
        yield found


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county with its products and nothing of anybody; whoever writes copies it first."""
    return found(tmp_path_factory.mktemp("founded"), ManualClock(START_MS))


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of a few members that hold shards for one another; copied before it is written."""
    return found_small(tmp_path_factory.mktemp("few"))


@pytest.fixture
def place(few: Path, tmp_path: Path) -> Iterator[Place]:
    """A copy of it, open."""
    with open_town(shutil.copytree(few, tmp_path / "county"), SystemClock()) as opened:
        yield Place(opened)


@pytest.fixture
def clock() -> ManualClock:
    """When the founded county begins."""
    return ManualClock(START_MS)


@pytest.fixture
def county(founded: Path, tmp_path: Path) -> Path:
    """A founded county of the test's own, closed."""
    return Path(shutil.copytree(founded, tmp_path / "county"))


@pytest.fixture
def town(county: Path, clock: ManualClock) -> Iterator[Town]:
    """A founded county of the test's own, open."""
    with open_town(county, clock) as opened:
        yield opened


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return what runs a verb and gives what it tells, row by row."""

    def call(*words: str) -> Any:
        assert run([*words, "--json"]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call

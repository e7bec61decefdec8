"""Every place of the console, in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from console.conftest import HEIGHTS, Language, Open, Theme
from console.finding import open_places, place_id
from console.screens import FEW, check_look, settle
from console.served import Served
from tallystick.console.places import PLACES, Place

SHOTS: Final = os.environ.get("TALLY_SHOTS", "")
"""The folder of pictures; where none is named, a look with a fault alone is kept, in `.shots`."""
LOOKS: Final[tuple[tuple[Theme, int], ...]] = (
    ("light", 1440),
    ("light", 390),
    ("dark", 390),
    ("dark", 1440),
)
HEARD: Final = dict(zip(("zh", "en"), FEW, strict=True))
"""The look that axe judges of each language, which takes a quarter of a look: all where all are."""
SEEN_MAX: Final = 3
"""How many of one place are looked at: a case of each stage is another page."""


def _look(page: Page, theme: Theme, width: int) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    page.locator(f"body.body--{theme}").wait_for()
    settle(page)


def _keep(page: Page, language: str, path: str, look: str) -> None:
    folder = Path(SHOTS or Path(__file__).parents[2] / ".shots")
    folder.mkdir(parents=True, exist_ok=True)
    name = path.strip("/").replace("/", "-") or "today"
    page.screenshot(path=folder / f"{language}-{name}-{look}.png", animations="disabled")


def _list_looks() -> Iterator[Any]:
    """Yield every place in both languages; a developer's run has every third in one, by turns."""
    for number, place in enumerate(PLACES):
        for turn, language in enumerate(("zh", "en")):
            name = f"{place_id(place)}-{language}"
            is_long = number % 3 or (number + turn) % 2
            marks = (pytest.mark.long,) if is_long else ()
            yield pytest.param(FEW, place, language, id=f"few-{name}", marks=marks)
            yield pytest.param(LOOKS, place, language, id=f"all-{name}", marks=pytest.mark.slow)


@pytest.mark.parametrize(("looks", "place", "language"), list(_list_looks()))
def test_a_place_is_sound_to_look_at_to_read_and_to_hear(
    looks: tuple[tuple[Theme, int], ...],
    place: Place,
    language: Language,
    county: Served,
    reader: Open,
    axe: str,
) -> None:
    first = next(open_places(county, place), None)
    assert first is not None, f"the demonstration has nothing to show at {place.path}"
    found = islice(open_places(county, place, first[:2]), SEEN_MAX)
    faults: dict[str, list[str]] = {}
    for number, (member, name, path) in enumerate(found):
        opened = reader(member, name, language)
        page = opened.open(path)
        assert (
            page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en-US"}[language]
        )
        for theme, width in looks:
            _look(page, theme, width)
            look = f"{theme}-{width}"
            at = f"{path} as {member}/{name}, {look}"
            is_heard = looks is LOOKS or HEARD[language] == (theme, width)
            seen = check_look(page, theme, width, language, axe if is_heard else None)
            for fault in seen:
                faults.setdefault(fault, []).append(at)
            if seen or SHOTS:
                shown = place.path.replace("{", "").replace("}", "")
                _keep(page, language, f"{shown}-{number}", look)
        opened.leave(page)
    assert not faults, _tell(faults)


def _tell(faults: dict[str, list[str]]) -> str:
    """Return each finding once, with where it was met first and how often."""
    return "\n".join(f"{each}  [{at[0]}; {len(at)} x]" for each, at in faults.items())

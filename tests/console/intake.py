"""A case typed from the first key to its block, by the keyboard alone, at a person's speed.

`python -m console.intake` (from the folder `tests`) types each case of `CASES` and prints how long
each took, and the median. Speeds are those of the keystroke-level model: 0.28 s a key for an
average non-secretary, 1.35 s to think before each field; beside them `ASK_S` for the question and
its answer. Source: Card, Moran, Newell, CACM 23(7), 1980.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page, sync_playwright

from console.served import copy_demonstration, serve

__all__ = ["CASES", "Case", "Entry", "Hand", "type_case"]

KEY_S: Final = 0.28
THINK_S: Final = 1.35
ASK_S: Final = 4.0
TABS_MAX: Final = 180
_MARKED: Final = (
    "[...document.querySelectorAll('.q-menu [role=option]')]"
    ".findIndex(e => e.classList.contains('q-manual-focusable--focused'))"
)
_ON: Final = "(s) => document.activeElement?.matches(s) ?? false"


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer: what is typed, the place of an option from 0, or a button pressed."""

    field: str
    how: Literal["type", "pick", "press"]
    what: str | int = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What an officer types, step by step.

    Attributes:
        kind: place of the kind on the first page.
        steps: answers of the first four steps.
    """

    kind: int
    steps: Sequence[Sequence[Entry]] = field(default_factory=tuple)


def _type(name: str, text: str) -> Entry:
    return Entry(name, "type", text)


def _pick(name: str, place: int) -> Entry:
    return Entry(name, "pick", place)


def _press(name: str, place: int = 0) -> Entry:
    return Entry(name, "press", place)


_CONSENT: Final = (_pick("witness", 10), _press("agreed"))
CASES: Final = {
    "seed and fertiliser for maize": Case(
        0,
        (
            (
                _type("person_name", "周桂兰"),
                _type("id_number", "11010519791231004X"),
                _type("phone", "13800004417"),
                _type("persons", "4"),
                _type("workers", "2"),
                _type("village", "v07"),
            ),
            (
                _press("add-crops"),
                _pick("crops-0-crop", 0),
                _type("crops-0-area", "10"),
                _type("wage", "3500"),
                _type("wage_months", "10"),
                _type("transfers", "2400"),
                _type("living", "34800"),
                _type("fixed", "3000"),
                _type("savings", "15000"),
            ),
            (
                _pick("purpose", 0),
                _press("project_crops"),
                _type("amount", "5000"),
                _type("cost", "6000"),
                _pick("needed", 3),
                _type("term", "9"),
                _pick("sale_first", 10),
                _press("user"),
            ),
            _CONSENT,
        ),
    ),
    "a student's fees": Case(
        0,
        (
            (
                _type("person_name", "陈国栋"),
                _type("phone", "13800002258"),
                _type("age", "19"),
                _type("persons", "3"),
                _type("workers", "2"),
            ),
            (
                _type("wage", "4200"),
                _type("wage_months", "9"),
                _type("living", "27000"),
                _type("savings", "6000"),
                _press("add-debts"),
                _pick("debts-0-lender", 4),
                _type("debts-0-balance", "8000"),
            ),
            (
                _pick("purpose", 11),
                _type("amount", "12000"),
                _type("cost", "12000"),
                _pick("needed", 8),
                _type("term", "168"),
                _press("user"),
                _pick("study_level", 0),
                _type("study_left", "4"),
                _press("study_listed"),
            ),
            _CONSENT,
        ),
    ),
    "wheat to be insured": Case(
        2,
        (
            (_type("person_name", "马秀英"), _type("persons", "2")),
            (
                _press("add-crops"),
                _pick("crops-0-crop", 1),
                _type("crops-0-area", "6.5"),
                _type("savings", "9000"),
            ),
            (
                _press("insure_object", 0),
                _type("insure_area", "6.5"),
                _type("insure_sum", "1000"),
                _pick("insure_from", 4),
                _pick("insure_to", 8),
            ),
            _CONSENT,
        ),
    ),
}


class Hand:
    """Somebody at the keyboard.

    Args:
        page: what is typed into.
        pace: 1 for a person's speed, 0 for none.
    """

    def __init__(self, page: Page, pace: float) -> None:
        self._page = page
        self._pace = pace

    def key(self, name: str) -> None:
        """Press one key."""
        self._wait(KEY_S)
        self._page.keyboard.press(name)

    def _wait(self, seconds: float) -> None:
        if self._pace:
            self._page.wait_for_timeout(seconds * self._pace * 1_000)

    def go(self, selector: str) -> None:
        """Go on to an element by Tab, once it is there: on a busy machine the page is slower."""
        self._page.locator(selector).first.wait_for(state="attached")
        for _ in range(TABS_MAX):
            if self._page.evaluate(_ON, selector):
                return
            self.key("Tab")
        raise AssertionError(f"{TABS_MAX} x Tab do not lead to {selector}")

    def answer(self, entry: Entry) -> None:
        """Ask a question, hear the answer, and enter it."""
        self._wait(THINK_S + ASK_S)
        name = entry.field if entry.field.startswith("add-") else f"field-{entry.field}"
        self.go(f"#{name}, #{name} [role=checkbox], #{name}[role=checkbox]")
        if entry.how == "type":
            for sign in str(entry.what):
                self._wait(KEY_S)
                self._page.keyboard.insert_text(sign)
        elif entry.how == "press":
            for _ in range(int(entry.what or 0)):
                self.key("Tab")
            self.key("Space")
        else:
            self._pick(int(entry.what))

    def _pick(self, place: int) -> None:
        self.key("ArrowDown")
        self._page.locator(".q-menu [role=option]").first.wait_for()
        for _ in range(TABS_MAX):
            # A person looks at what is marked.
            if self._page.evaluate(_MARKED) == place:
                break
            self.key("ArrowDown")
        self.key("Enter")
        self._page.locator(".q-menu").wait_for(state="hidden")

    def press(self, selector: str) -> None:
        """Go on to a button and press it."""
        self.go(selector)
        self.key("Enter")


def type_case(page: Page, case: Case, *, pace: float = 0) -> str:
    """Type a case from the page `/new` on and return its id; the last page shows the number."""
    page.locator("button.kind").nth(case.kind).press("Enter")
    page.locator("#step").wait_for()
    hand = Hand(page, pace)
    for number, step in enumerate(case.steps):
        page.locator(f".steps li:nth-child({number + 1})[aria-current=step]").wait_for()
        page.locator("#step").focus()
        for entry in step:
            hand.answer(entry)
        hand.press(".form-foot .first")
    page.locator(".steps li:nth-child(5)[aria-current=step]").wait_for()
    page.locator("#step").focus()
    hand.press(".form-foot .first")
    page.locator(".kv.number").wait_for()
    href = page.locator(".form-foot a.first").get_attribute("href") or ""
    return href.rsplit("/", 1)[-1]


def main() -> None:
    """Type each case at a person's speed, and tell how long it took."""
    wanted = sys.argv[1:] or list(CASES)
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        with serve(copy_demonstration(Path(folder) / "county")) as served:
            context = browser.new_context(locale="zh-CN")
            member = "credit-union"
            context.add_cookies(
                [
                    {
                        "name": f"tally_{member}",
                        "value": served.choose(member, "clerk"),
                        "url": f"{served.address}/{member}",
                    }
                ]
            )
            for name in wanted:
                page = context.new_page()
                page.goto(f"{served.address}/{member}/zh/new")
                page.locator("button.kind").first.wait_for()
                begin = time.monotonic()
                case = type_case(page, CASES[name], pace=1)
                took.append(time.monotonic() - begin)
                sys.stdout.write(f"{name}: {took[-1]:.0f} s, case {case[:8]}\n")
                sys.stdout.flush()
                page.close()
        browser.close()
    sys.stdout.write(f"median {statistics.median(took):.0f} s of {len(took)}\n")


if __name__ == "__main__":
    main()

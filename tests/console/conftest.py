"""A browser, a served county, officers: what every test of the console begins with.

One browser and one server a worker. Every context is listened to (`watching.Watch`): what asks
another host, and every script that fails, fails the test it happened in. A context that a test is
through with is emptied and given to the next: a new one loads and compiles every script again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from console.served import CACHE, Served, copy_demonstration, locked, run_tally, serve
from console.watching import Watch

__all__ = ["REAL_MEMBER", "Open", "Opened", "Real", "give_session"]

Language = Literal["zh", "en"]
Theme = Literal["light", "dark"]
LOCALES: Final = {"zh": "zh-CN", "en": "en-US"}
HEIGHTS: Final = {1440: 900, 390: 844}
WAIT_MS: Final = 30_000
"""A busy machine is waited for; what is there at once waits for nothing."""
expect.set_options(timeout=WAIT_MS)


class _Engine:
    """The one browser of this worker.

    Playwright's loop runs in the tests' thread, where no test but ours may find it: it ends with
    the last of ours.
    """

    def __init__(self) -> None:
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._idle: dict[_Look, list[_Window]] = {}

    def browser(self) -> Browser:
        if self._browser is None:
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(
                executable_path=shutil.which("chromium") or "",
                # Names of other hosts lead nowhere: what asks for one is seen, and gets nothing.
                # Pages live for a second: to optimise their scripts costs more than it saves.
                args=[
                    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
                    "--js-flags=--no-opt,--no-maglev",
                ],
                chromium_sandbox=os.geteuid() != 0,
            )
        return self._browser

    def end(self) -> None:
        if self._browser is not None and self._playwright is not None:
            self._browser.close()
            self._playwright.stop()
        self._browser = self._playwright = None
        self._idle.clear()

    def take(self, look: _Look) -> _Window:
        """Return a window of this look with no cookie in it, used before or new."""
        idle = self._idle.get(look)
        return idle.pop() if idle else _new_window(self.browser(), look)

    def give_back(self, window: _Window, served: Served) -> None:
        """Empty a window for another test; what cannot be emptied is closed."""
        try:
            _empty(window, served)
        except Error:
            with suppress(Error):
                window.context.close()
        else:
            self._idle.setdefault(window.look, []).append(window)


@dataclass(frozen=True, slots=True)
class _Look:
    """How a window looks at pages."""

    language: Language
    theme: Theme
    width: int


@dataclass(frozen=True, slots=True)
class _Window:
    """A browser context, listened to, with one page at most while nobody uses it."""

    context: BrowserContext
    watch: Watch
    look: _Look


def _new_window(browser: Browser, look: _Look) -> _Window:
    context = browser.new_context(
        locale=LOCALES[look.language],
        color_scheme=look.theme,
        viewport={"width": look.width, "height": HEIGHTS[look.width]},
        reduced_motion="reduce",
    )
    context.set_default_timeout(WAIT_MS)
    watch = Watch("")
    watch.attach(context)
    return _Window(context, watch, look)


def _empty(window: _Window, served: Served) -> None:
    """Leave one page, at a text of the server that was looked at, and nothing that a site keeps.

    Any other address would end the page's process, and what it has compiled with it.
    """
    first, *more = window.context.pages or [window.context.new_page()]
    for page in more:
        page.close()
    first.goto(f"{served.address}/robots.txt")
    first.evaluate("sessionStorage.clear(); localStorage.clear()")
    first.emulate_media(color_scheme=window.look.theme)
    width = window.look.width
    first.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    window.context.clear_cookies()
    window.context.clear_permissions()


_ENGINE: Final = _Engine()


_FAILED: Final = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what failed, so that its pages are told before they close."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


def _tell_pages(windows: Iterable[_Window]) -> None:
    """Print what the pages of a failed test show, and where the keys are: CI keeps text alone."""
    for page in (page for window in windows for page in window.context.pages):
        with suppress(Error):
            on = page.evaluate("document.activeElement?.outerHTML.slice(0, 200)")
            shown = page.locator("body").inner_text(timeout=1_000)
            sys.stdout.write(f"{page.url}\nfocus: {on}\n{shown}\n")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the browser after the last test of this folder: others run loops of their own."""
    here = Path(__file__).parent
    if here in item.path.parents and (nextitem is None or here not in nextitem.path.parents):
        _ENGINE.end()


@pytest.fixture
def browser() -> Browser:
    """Debian's Chromium, without a window."""
    if shutil.which("chromium") is None:
        pytest.skip("no chromium here: apt install chromium fonts-noto-cjk fonts-inter")
    return _ENGINE.browser()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, as the lock beside this file pins it, kept in the user's cache."""
    if shutil.which("npm") is None:
        pytest.skip("no npm here: apt install npm")
    here = Path(__file__).parent
    version = json.loads((here / "package.json").read_text())["devDependencies"]["axe-core"]
    folder = CACHE / f"axe-core-{version}"
    with locked("axe"):
        if not (folder / "node_modules" / ".package-lock.json").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(here / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demonstration's county, served; tests may write into it what harms no other."""
    folder = copy_demonstration(tmp_path_factory.mktemp("console") / "county")
    with serve(folder) as served:
        yield served


@pytest.fixture
def own_county(tmp_path: Path) -> Iterator[Served]:
    """Another copy of the demonstration, for a test that opens its link, or breaks something."""
    with serve(copy_demonstration(tmp_path / "county")) as served:
        yield served


@dataclass(frozen=True, slots=True)
class Account:
    """An account that `tally user add` made."""

    name: str
    password: str


@dataclass(frozen=True, slots=True)
class Real:
    """A real county, served: nobody's keys can be guessed, and officers have passwords.

    Attributes:
        served: where.
        accounts: by log-in name, all of them with a one-time password.
    """

    served: Served
    accounts: dict[str, Account]


NAMES: Final = {
    "li.mei": ("李梅", "loan_officer"),
    "zhang.wei": ("张伟", "manager"),
    "wang.fang": ("王芳", "clerk"),
    "chen.jing": ("陈静", "auditor"),
}
REAL_MEMBER: Final = "credit-union"


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A county with no seed; the first account made as an operator does, the others by the API."""
    folder = tmp_path_factory.mktemp("real") / "county"
    run_tally("county", "init", str(folder))
    first, *others = NAMES
    shown, role = NAMES[first]
    told = run_tally(
        *("user", "add", first, "--shown", shown, "--role", role),
        *("--county", str(folder), "--member", REAL_MEMBER, "--json"),
    )
    accounts = {first: Account(first, json.loads(told)["password"])}
    with serve(folder) as served, served.api(REAL_MEMBER) as client:
        for name in others:
            shown, role = NAMES[name]
            sent = {"name": name, "shown": shown, "role": role}
            accounts[name] = Account(name, client.post("users", json=sent).json()["password"])
        yield Real(served, accounts)


@dataclass(frozen=True, slots=True)
class Opened:
    """A browser context, listened to.

    Attributes:
        context: cookies and pages.
        served: whom it looks at.
        watch: what it asked and said.
        member: at whose console it is logged in, if at any.
        language: in which it opens pages.
        left: pages that nobody looks at any more.
    """

    context: BrowserContext
    served: Served
    watch: Watch
    member: str
    language: Language
    left: list[Page] = field(default_factory=list)

    def address(self, place: str = "") -> str:
        """Return a place of this officer's console as a whole address."""
        return f"{self.served.address}/{self.member}/{self.language}{place}"

    def page(self) -> Page:
        """Return a page that nobody looks at, to go anywhere from."""
        return self.left.pop() if self.left else self.context.new_page()

    def leave(self, page: Page) -> None:
        """Let what is opened next be opened in this page."""
        self.left.append(page)

    def open(self, place: str = "") -> Page:
        """Return a page at a place, when its title stands and its socket is there."""
        page = self.page()
        page.goto(self.address(place))
        page.locator("main h1").wait_for()
        return page


Open = Callable[..., Opened]


@pytest.fixture
def visitor(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Make a context that nobody is logged in to: (served, language, theme, width)."""
    assert browser.is_connected()
    opened: list[tuple[_Window, Served]] = []

    def make(
        served: Served,
        language: Language = "en",
        theme: Theme = "light",
        width: int = 1440,
        *,
        member: str = "",
    ) -> Opened:
        window = _ENGINE.take(_Look(language, theme, width))
        window.watch.begin(served.host)
        opened.append((window, served))
        pages = window.context.pages
        return Opened(window.context, served, window.watch, member, language, pages)

    yield make
    if request.node.stash.get(_FAILED, False):
        _tell_pages(window for window, _ in opened)
    faults = [fault for window, _ in opened for fault in window.watch.faults()]
    for window, served in opened:
        _ENGINE.give_back(window, served)
    assert not faults, "\n".join(faults)


@pytest.fixture
def officer(county: Served, visitor: Open) -> Open:
    """Make a logged-in context: (member, log-in name, language, theme, width), by the link."""

    def make(
        member: str,
        name: str,
        language: Language = "en",
        theme: Theme = "light",
        width: int = 1440,
        *,
        served: Served = county,
    ) -> Opened:
        found = visitor(served, language, theme, width, member=member)
        give_session(found, served.choose(member, name))
        return found

    return make


@pytest.fixture
def reader(county: Served, visitor: Open) -> Open:
    """Give whoever looks and changes nothing a logged-in context: (member, name, language).

    One a language serves all officers of a test, one after another.
    """
    opened: dict[Language, Opened] = {}

    def find(member: str, name: str, language: Language = "en") -> Opened:
        found = opened.get(language) or visitor(county, language)
        found = opened[language] = replace(found, member=member)
        give_session(found, county.choose(member, name))
        return found

    return find


def give_session(opened: Opened, token: str) -> None:
    """Put a session's cookie into a context, as log-in sets it."""
    opened.context.add_cookies(
        [
            {
                "name": opened.served.cookie(opened.member),
                "value": token,
                "domain": "127.0.0.1",
                "path": f"/{opened.member}",
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )

"""How light and how quick the console is: a browser of its own, then fifty officers at once.

A demonstration's county is made and served as people do it. What one officer waits for is measured
in Chromium: from a click to the last change of the page. Fifty officers are fifty websockets that
speak the frame's own protocol (a browser each would measure this machine): each logged in, each
changing its page every five seconds. A list of 100,000 cases is the view of one member, with rows
of its own cases copied under other ids; nothing else of the county knows them.
Needs `chromium` beside what the tests need.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import socketio
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

__all__ = ["run"]

MEMBER: Final = "credit-union"
OFFICERS: Final = 50
THINK_S: Final = 5.0
ACTIONS: Final = 8
CASES: Final = 100_000
ROUNDS: Final = 25
QUIET_S: Final = 0.25
PLAIN_BYTES: Final = 450_000
CHART_BYTES: Final = 800_000
CHANGE_MS: Final = 200
ACTION_MS: Final = 1_000
OFFICER_BYTES: Final = 5 * 1024 * 1024
LIST_MS: Final = 300
_TALLY: Final = (sys.executable, "-m", "tallystick.cli")
_CHANGE: Final = """async path => {
  const link = [...document.querySelectorAll('a[href]')].find(a => a.getAttribute('href') === path);
  if (!link) throw new Error('no link to ' + path);
  const began = performance.now();
  let last = began;
  const watch = new MutationObserver(() => { last = performance.now(); });
  watch.observe(document.body, {subtree: true, childList: true, characterData: true});
  link.click();
  do { await new Promise(done => setTimeout(done, 50)); }
  while (last === began || performance.now() - last < 250);
  watch.disconnect();
  return last - began;
}"""


@dataclass(frozen=True, slots=True)
class Served:
    """A county that is served: where, by which process, and the cookie that lets one choose."""

    folder: Path
    address: str
    process: int
    chosen: str

    def log_in(self, name: str) -> str:
        """Return the cookie of a new session of one of the member's officers."""
        headers = {"origin": self.address, "cookie": self.chosen}
        sent = {"who": f"{MEMBER}/{name}"}
        told = httpx.post(f"{self.address}/choose/en", data=sent, headers=headers)
        return f"tally_{MEMBER}={told.cookies[f'tally_{MEMBER}']}"

    def memory(self) -> int:
        """Return the bytes of memory that the server holds now."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextmanager
def _serve(folder: Path) -> Iterator[Served]:
    command = [*_TALLY, "serve", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            answer = httpx.get(told["console"])
            chosen = f"tally-demonstration={answer.cookies['tally-demonstration']}"
            yield Served(folder, told["address"], process.pid, chosen)
        finally:
            process.terminate()


# ---- in a browser


@contextmanager
def _officer(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="en-US",
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        extra_http_headers={},
    )
    name, _, value = served.log_in("manager").partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"{served.address}/{MEMBER}"}])
    yield context
    context.close()


def _open(context: BrowserContext, served: Served, place: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{served.address}/{MEMBER}/en{place}")
    page.locator(".k-verify").wait_for()
    page.wait_for_timeout(1_000)
    return page


def _first_load(browser: Browser, served: Served, place: str) -> int:
    """Return the bytes that came over the line until a first visit stands."""
    size = 0

    def add(loaded: dict[str, Any]) -> None:
        nonlocal size
        size += int(loaded["encodedDataLength"])

    with _officer(browser, served) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", add)
        page.goto(f"{served.address}/{MEMBER}/en{place}")
        page.locator(".k-verify").wait_for()
        page.wait_for_timeout(1_500)
    return size


def _changes(browser: Browser, served: Served) -> list[float]:
    """Return how long each change of page took, round the whole navigation, in ms."""
    with _officer(browser, served) as context:
        page = _open(context, served)
        places = page.locator(".k-nav a.item").evaluate_all(
            "all => all.map(a => a.getAttribute('href'))"
        )
        rounds = 1 + -(-2 * ROUNDS // len(places))
        found = [
            page.evaluate(_CHANGE, path) for _ in range(rounds) for path in places[1:] + places[:1]
        ]
        return found[len(places) :]


def _list_pages(browser: Browser, served: Served) -> list[float]:
    """Return how long each next page of a long list took, in ms."""
    with _officer(browser, served) as context:
        page = _open(context, served, "/cases")
        found = []
        for _ in range(ROUNDS):
            link = page.locator('main a[href*="after="]').last
            found.append(page.evaluate(_CHANGE, link.get_attribute("href")))
        return found[2:]


def _lengthen(folder: Path) -> None:
    """Copy rows of a member's view of cases under other ids, until there are `CASES`."""
    with sqlite3.connect(folder / MEMBER / "views.db") as database:
        names = [row[1] for row in database.execute('PRAGMA table_info("case")')]
        rows = database.execute('SELECT * FROM "case"').fetchall()
        place = names.index("case")
        made = (
            (
                *row[:place],
                hashlib.sha256(number.to_bytes(8, "big")).digest()[:16],
                *row[place + 1 :],
            )
            for number, row in zip(range(CASES - len(rows)), itertools.cycle(rows), strict=False)
        )
        blanks = ",".join("?" * len(names))
        database.executemany(f'INSERT INTO "case" VALUES ({blanks})', made)  # noqa: S608 - blanks


# ---- fifty at once


class Visitor:
    """One officer's frame, without a browser: its page once, its socket, its clicks.

    Args:
        served: the console.
        number: which of the officers.
    """

    def __init__(self, served: Served, number: int) -> None:
        self._served = served
        self._number = number
        self._socket = socketio.AsyncClient(reconnection=False)
        self._last = 0.0
        self._seen = ""
        self._client = ""
        self._listener = ""
        self.waited: list[float] = []

    async def enter(self, cookie: str) -> None:
        """Load the page and connect, as its script would."""
        address = f"{self._served.address}/{MEMBER}/en"
        async with httpx.AsyncClient(headers={"cookie": cookie}, timeout=60) as client:
            page = (await client.get(address)).text
        found = re.search(r"'client_id': '([0-9a-f-]+)'", page)
        listener = re.search(r'"listener_id":"([0-9a-f-]+)","type":"sub_pages_navigate"', page)
        assert found is not None, "no socket is known"
        assert listener is not None, "no link is listened to"
        self._client, self._listener = found[1], listener[1]
        query = {
            "client_id": self._client,
            "next_message_id": 0,
            "implicit_handshake": "true",
            "tab_id": f"bench-{self._number}",
            "document_id": f"bench-{self._number}",
        }
        self._socket.on("update", self._update)
        await self._socket.connect(
            f"{self._served.address}?{urlencode(query)}",
            headers={"cookie": cookie, "origin": self._served.address},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
        )

    def _update(self, told: Any) -> None:  # noqa: ANN401 - elements as they come
        self._last = time.perf_counter()
        self._seen += json.dumps(told)

    async def change(self, place: str) -> None:
        """Follow a link; note how long it took until the last part of the page was there."""
        self._seen, began = "", time.perf_counter()
        self._last = began
        path = json.dumps(f"/{MEMBER}/en{place}")
        message = {"id": 0, "client_id": self._client, "listener_id": self._listener}
        await self._socket.emit("event", {**message, "args": [path]})
        while "<h1" not in self._seen or time.perf_counter() - self._last < QUIET_S:
            await asyncio.sleep(0.02)
            assert time.perf_counter() - began < 30 * THINK_S, f"no page at {place}"
        self.waited.append((self._last - began) * 1_000)

    async def work(self, places: Sequence[str]) -> None:
        """Change the page every few seconds, not all officers in the same moment."""
        began = time.perf_counter() + THINK_S * self._number / OFFICERS
        for number in range(ACTIONS):
            await asyncio.sleep(max(0.0, began + number * THINK_S - time.perf_counter()))
            # All begin at the last page: a first click there would change nothing.
            first = self._number % (len(places) - 1)
            await self.change(places[(first + number) % len(places)])

    async def leave(self) -> None:
        """Close the socket."""
        await self._socket.disconnect()


async def _crowd(served: Served) -> tuple[list[float], float]:
    """Return how long actions took with all officers at work, in ms, and bytes an officer."""
    roles = ("manager", "loan_officer", "clerk", "reviewer", "risk", "auditor")
    cookies = [served.log_in(role) for role, _ in zip(itertools.cycle(roles), range(OFFICERS + 1))]
    places = ["/cases", "/loans", "/settings", ""]
    first = Visitor(served, 0)
    visitors = [Visitor(served, number) for number in range(OFFICERS)]
    try:
        await first.enter(cookies[-1])
        for place in places:
            await first.change(place)
        before = served.memory()
        for visitor, cookie in zip(visitors, cookies, strict=False):
            await visitor.enter(cookie)
        await asyncio.gather(*(each.work(places) for each in visitors))
        grown = served.memory() - before
    finally:
        for each in (first, *visitors):
            await each.leave()
    return [ms for each in visitors for ms in each.waited], grown / OFFICERS


# ---- rows


def _p95(found: Sequence[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]


def _row(name: str, unit: str, allowed: float, found: Sequence[float]) -> dict[str, Any]:
    """Return a row of times or sizes that must stay below what is allowed."""
    value = _p95(found) if len(found) > 1 else found[0]
    low, _, high = statistics.quantiles(found, n=4) if len(found) > 1 else (value, value, value)
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "against": f"{allowed:,} {unit}",
        "ratio": round(allowed / max(value, 0.001), 3),
        "spread": round(high - low, 1),
    }


def _model_place(served: Served) -> str:
    token = (served.folder / "token").read_text(encoding="ascii").strip()
    headers = {"authorization": f"Bearer {token}"}
    told = httpx.get(f"{served.address}/{MEMBER}/v1/models", headers=headers).json()
    return f"/models/{told['items'][0]['model']}"


def run() -> list[dict[str, Any]]:
    """Measure, and return one row for each promise."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "county"
        demo = ["demo", "--dir", str(folder), "--households", "150", "--months", "6"]
        subprocess.run([*_TALLY, *demo, "--once"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        long = shutil.copytree(folder, Path(name) / "long")
        _lengthen(long)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), chromium_sandbox=False
            )
            with _serve(folder) as served:
                plain = _first_load(browser, served, "")
                charts = _first_load(browser, served, _model_place(served))
                changes = _changes(browser, served)
            with _serve(long) as served:
                pages = _list_pages(browser, served)
            browser.close()
        with _serve(folder) as served:
            actions, memory = asyncio.run(_crowd(served))
    return [
        _row("console.first_load", "bytes", PLAIN_BYTES, [plain]),
        _row("console.first_load_charts", "bytes", CHART_BYTES, [charts]),
        _row("console.page_change", "ms (p95)", CHANGE_MS, changes),
        _row("console.long_list", "ms (p95)", LIST_MS, pages),
        _row("console.fifty", "ms (p95)", ACTION_MS, actions),
        _row("console.memory", "bytes", OFFICER_BYTES, [memory]),
    ]


if __name__ == "__main__":
    for row in run():
        print(row)

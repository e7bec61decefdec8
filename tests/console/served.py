"""The county that browsers look at: made once by `tally demo`, copied, served by `tally serve`.

The copies are the tests' own: they may write. What a county is made of (everything below the API
and the console) names the one that is kept, so that a page may change without another.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import selectors
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx

from tallystick.county.chains import SERVED, find_chains

__all__ = [
    "CACHE",
    "Served",
    "copy_demonstration",
    "locked",
    "run_tally",
    "serve",
    "serve_both",
]

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tallystick" / "tests"
)
SIZE: Final = ("--households", "150", "--months", "6", "--past", "3000")
SELDOM: Final = ("--tend-every", "1000000")
"""Mends no lost file unasked: a test looks at the loss first."""
TALLY: Final = ("-m", "tallystick.cli")
PLAIN: Final[dict[str, Any]] = {"verify": False, "trust_env": False}
"""Plain HTTP on this machine: no client reads authorities or proxies, which takes 30 ms each."""
KEPT: Final = 2
"""How many counties of other sources stay: a run beside this one may be copying its own."""
MAKE_S: Final = 400
START_S: Final = 60
ANSWER_S: Final = 90
"""A server's first answer draws its first page, beside other tests on the same processors."""
STOP_S: Final = 30
_ABOVE: Final = ("api", "console")
"""Rooms that no part of making a county may import (the import laws say so)."""


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold one of the cache's locks: workers of a run, and runs beside it, wait for each other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_tally(*arguments: str, limit_s: int = START_S) -> str:
    """Run a verb as a person would; return what it told."""
    found = subprocess.run(
        [sys.executable, *TALLY, *arguments],
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    assert found.returncode == 0, f"tally {arguments[0]}: {found.stderr[-2_000:]}"
    return found.stdout


@cache
def _digest() -> str:
    """Return what names a county: its size, and every source that has a part in it."""
    found = hashlib.sha256(repr(SIZE).encode())
    package = ROOT / "src" / "tallystick"
    paths = [each for each in package.rglob("*") if each.suffix in {".py", ".c", ".toml", ".csv"}]
    for path in sorted([*paths, *(ROOT / "examples").rglob("*.toml")]):
        inner = path.relative_to(ROOT).as_posix()
        if not inner.startswith(tuple(f"src/tallystick/{room}/" for room in _ABOVE)):
            found.update(f"{inner}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def copy_demonstration(to: Path) -> Path:
    """Copy the demonstration's county to a folder of the test's own; make it where none is kept.

    `TALLY_COUNTY` names a county made before, for whoever changes the sources below every minute.
    """
    if given := os.environ.get("TALLY_COUNTY"):
        return Path(shutil.copytree(given, to))
    with locked("county"):
        kept = CACHE / f"county-{_digest()}"
        if not kept.is_dir():
            _make(kept)
        kept.touch()
        return Path(shutil.copytree(kept, to))


def _make(kept: Path) -> None:
    """Run the demonstration, and forget the oldest of those made before."""
    half = kept.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    run_tally("demo", "--dir", str(half), *SIZE, "--once", limit_s=MAKE_S)
    half.rename(kept)
    old = sorted(CACHE.glob("county-*"), key=lambda each: each.stat().st_mtime, reverse=True)
    for folder in old[1 + KEPT :]:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Served:
    """A county folder that `tally serve` serves.

    Attributes:
        folder: its files.
        address: scheme, host and port.
        link: where the operator was told to begin.
        log: what the server wrote on standard error.
        chosen: the cookie of the demonstration's choice; empty until the link was opened.
        chain: which of a county's two chains it is, "" where there is one.
        public: where its public chain is, "" where it has none.
    """

    folder: Path
    address: str
    link: str
    log: Path
    chosen: str = ""
    chain: str = ""
    public: str = ""

    def cookie(self, member: str) -> str:
        """Return the name of the cookie that carries a session at a member."""
        return f"tally_{self.chain}_{member}" if self.chain else f"tally_{member}"

    @property
    def host(self) -> str:
        """Return host and port."""
        return self.address.removeprefix("http://")

    @property
    def token(self) -> str:
        """Return the county's own token, as the operator reads it."""
        return (self.folder / "token").read_text(encoding="ascii").strip()

    def ask(self, **headers: str) -> httpx.Client:
        """Return a bare client that follows nothing and keeps no cookie of another."""
        return httpx.Client(base_url=self.address, headers=headers, timeout=ANSWER_S, **PLAIN)

    def api(self, member: str, token: str = "") -> httpx.Client:
        """Return a client of a member's API; with the county's token unless another is given."""
        return httpx.Client(
            base_url=f"{self.address}/{member}/v1/",
            headers={"authorization": f"Bearer {token or self.token}"},
            timeout=ANSWER_S,
            **PLAIN,
        )

    def open_link(self) -> str:
        """Open the demonstration's link, once; return the cookie that choosing needs."""
        if not self.chosen:
            with self.ask() as client:
                answer = client.get(self.link)
            assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
            self.chosen = answer.cookies["tally-demonstration"]
        return self.chosen

    def officers(self) -> dict[str, list[str]]:
        """Return the log-in names of each member's made-up officers, as the choice shows them."""
        with self.ask(cookie=f"tally-demonstration={self.open_link()}") as client:
            page = client.get("/choose/en").text
        found: dict[str, list[str]] = {}
        for member, name in re.findall(r'name="who" value="([^"/]+)/([^"]+)"', page):
            found.setdefault(member, []).append(name)
        return found

    def choose(self, member: str, name: str) -> str:
        """Log in as one of the demonstration's officers; return the session's token."""
        cookie = f"tally-demonstration={self.open_link()}"
        with self.ask(cookie=cookie, origin=self.address) as client:
            answer = client.post("/choose/en", data={"who": f"{member}/{name}"})
        found: str | None = answer.cookies.get(self.cookie(member))
        assert found, f"{member}/{name}: {answer.status_code}"
        return found

    def logged(self) -> str:
        """Return what the server told so far on standard error."""
        return self.log.read_text(encoding="utf-8")


@contextmanager
def serve(folder: Path, *arguments: str, program: tuple[str, ...] = TALLY) -> Iterator[Served]:
    """Serve a folder at a free port until the block ends."""
    with _run(folder, arguments, program) as (log, (told, *_)):
        link = told["console"].removeprefix(told["address"])
        yield Served(folder, told["address"], link, log, public=told.get("public_chain", ""))


@contextmanager
def serve_both(folder: Path, *arguments: str) -> Iterator[dict[str, Served]]:
    """Serve a county of two chains until the block ends; return where each is, by its kind."""
    with _run(folder, arguments) as (log, rows):
        yield {
            told["chain"]: Served(
                folder / told["chain"],
                told["address"],
                told["console"].removeprefix(told["address"]),
                log,
                chain=told["chain"],
            )
            for told in rows
        }


@contextmanager
def _run(
    folder: Path, arguments: tuple[str, ...], program: tuple[str, ...] = TALLY
) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    log = folder.with_name(f"{folder.name}.log")
    command = [sys.executable, *program, "serve", str(folder), "--port", "0"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--json", *SELDOM, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield log, _read_rows(process, log, len(set(SERVED) & set(find_chains(folder))))
    finally:
        _end(process)


def _read_rows(process: subprocess.Popen[str], log: Path, most: int) -> list[dict[str, Any]]:
    """Return what the server tells of where it is; rows of several chains come together."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(START_S), f"the server told nothing in {START_S} s"
    line = process.stdout.readline()
    assert line, f"the server ended: {log.read_text(encoding='utf-8')[-2_000:]}"
    first: dict[str, Any] = json.loads(line)
    # Of one chain and its public one, one row tells both.
    others = most - 1 if "chain" in first else 0
    return [first, *(json.loads(process.stdout.readline()) for _ in range(others))]


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    if process.poll() is None:
        process.kill()
        process.wait(STOP_S)
    assert process.stdout is not None
    process.stdout.close()

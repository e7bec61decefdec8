"""The one way to a member's office: in this process where the folder is free, else at its server.

Law: a folder has one writer. Whoever holds its lock serves the others: a verb that finds it held
asks at the address in `run.json`, with the folder's own token. A member that is served alone has a
`run.json` in its own folder; one that is the only one of its folder is opened alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tallystick.api.token import ensure_token, read_token
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Unavailable
from tallystick.client import Client, in_process
from tallystick.county.founding import read_county
from tallystick.county.house import House
from tallystick.county.serving import resend
from tallystick.county.single import find_single, open_single

__all__ = ["RUN_FILE", "open_office", "publish_address", "read_address"]

RUN_FILE: Final = "run.json"
LOCK_WAIT_S: Final = 5
LOCK_LOOK_S: Final = 0.1


@contextmanager
def open_office(county: Path, member: str, *, leaves_out: bool = False) -> Iterator[Client]:
    """Open a member's office.

    Args:
        county: the county's folder, or the member's.
        member: its name.
        leaves_out: another member that cannot be opened in this process counts as away.

    Raises:
        Conflict: `node.locked`, another process writes the folder and serves nobody.
        NotFound: `member.unknown`.
    """
    with ExitStack() as opened:
        house = _claim(county, member, opened, needed=[member] if leaves_out else [])
        if house is None:
            address = read_address(county / member) or read_address(county)
            client = Client(address, read_token(county), member)
            yield opened.enter_context(client)
        else:
            yield opened.enter_context(_inside(house, member))


def _claim(
    county: Path, member: str, opened: ExitStack, *, needed: Collection[str]
) -> House | None:
    """Open the folder's house; None where another process has it and tells its address."""
    deadline = time.monotonic() + LOCK_WAIT_S
    while True:
        if read_address(county / member):
            return None
        try:
            return opened.enter_context(_open(county, member, needed))
        except Conflict as error:
            if error.code != "node.locked":
                raise
            if read_address(county) or read_address(county / member):
                return None
            if time.monotonic() > deadline:
                raise
            time.sleep(LOCK_LOOK_S)


@contextmanager
def _open(county: Path, member: str, needed: Collection[str]) -> Iterator[House]:
    """Open all members of a folder, or the one that it holds."""
    found = read_county(county)
    single = find_single(county, found)
    if single and member in {"", single}:
        with open_single(county, single, SystemClock()) as house:
            yield house
        return
    house = House(county, found, SystemClock(), needed=needed)
    try:
        yield house
    finally:
        house.close()


@contextmanager
def _inside(house: House, member: str) -> Iterator[Client]:
    from tallystick.api.app import create_app

    resend(house)
    app = create_app(house, members=[house.apart.member] if house.apart else ())
    with in_process(app, ensure_token(house.folder), member) as client:
        yield client


def read_address(county: Path) -> str:
    """Return the address of the folder's running server, "" if it tells none.

    Args:
        county: the county's folder, or that of a member that is served alone.
    """
    try:
        text = (county / RUN_FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, PermissionError, UnicodeDecodeError):
        # A folder that may not be looked at tells that when it is opened.
        return ""
    try:
        found = json.loads(text)
        os.kill(found["pid"], 0)
        return str(found["address"])
    except (ProcessLookupError, ValueError, KeyError, TypeError):
        return ""
    except PermissionError as error:
        raise Unavailable(
            "cli.other_user",
            "another user runs this county's server",
            cure="Ask that user, or use the API by its address.",
        ) from error


@contextmanager
def publish_address(county: Path, address: str) -> Iterator[None]:
    """Tell others where the folder is served, for as long as the block lasts."""
    path = county / RUN_FILE
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"address": address, "pid": os.getpid()}) + "\n", encoding="utf-8")
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)

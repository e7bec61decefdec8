"""`tally county start|stop|status|logs`: one process a member on this machine, each watched."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Conflict, Error, Invalid, NotFound, Unavailable
from tallystick.cli.place import Place, at_county, at_member
from tallystick.cli.serve import CHAIN_PORTS
from tallystick.cli.spoken import Group, argument, find_language, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tallystick.county.member import Member

__all__ = ["add_running", "say_health"]

PORT: Final = 8420
LINK_PORTS: Final = 100
"""How far a member's link stands from its API."""
PORT_MAX: Final = 65_535 - CHAIN_PORTS - 2 * LINK_PORTS
START_S: Final = 60.0
LOOK_S: Final = 0.1
LINES: Final = 40
TAIL_BYTES: Final = 1_000_000
SUPERVISOR: Final = "supervisor"
_CODE: Final = re.compile(r"([a-z_]+\.[a-z_]+): ")
"""How a line begins that tells an error."""


def add_running(group: Group) -> None:
    """Add the verbs that run a county's members to `tally county`."""
    _add_start(group)
    _add_stop(group)
    _add_status(group)
    _add_logs(group)


def _home(place: Place, folder: str | None) -> Path:
    return (Path(folder) if folder else place.county).resolve()


_FOLDER: Final = argument(
    "folder", required=False, metavar="[COUNTY]", zh="县文件夹", en="The folder, as --county."
)


# ---- start


def _add_start(group: Group) -> None:
    @group.verb(
        "start",
        zh="每个成员一个进程，在本机上运行，死了自动重启",
        en="Run one process a member on this machine; one that dies is started again.",
    )
    @_FOLDER
    @option(
        "--port",
        type=click.IntRange(0, PORT_MAX),
        default=PORT,
        show_default=True,
        zh="第一个成员的端口；0 为任选",
        en="Port of the first member; 0 takes free ones.",
    )
    @option(
        "--member",
        "members",
        multiple=True,
        metavar="NAME",
        zh="只运行某些成员",
        en="Run these alone.",
    )
    @option(
        "--link",
        default="",
        metavar="HOST:PORT",
        zh="成员间通信的监听地址，本机只有一个成员时；默认按 peers.json",
        en="Where a machine's one member listens for others; by default as peers.json tells.",
    )
    @option("--api-only", is_flag=True, zh="只要接口，不要控制台", en="The API alone, no console.")
    @option("--watch", is_flag=True, hidden=True, zh="在本进程里看护", en="Watch, in this process.")
    @at_county
    def start(
        place: Place,
        *,
        folder: str | None,
        port: int,
        members: tuple[str, ...],
        link: str,
        api_only: bool,
        watch: bool,
    ) -> list[dict[str, Any]] | None:
        """Start a county's members."""
        from tallystick.county.present import list_known

        home = _home(place, folder)
        found = list_known(home)
        names = _choose(home, found, members)
        _check_link(home, names, link)
        if watch:
            _watch(home, found, names, port, link, api_only=api_only)
            return None
        _begin(home, found, names, port)
        more = [*(["--api-only"] if api_only else []), *(["--link", link] if link else [])]
        process = _spawn(
            home, ["--port", str(port), *more, *(w for n in names for w in ("--member", n))]
        )
        _await(home, names, process)
        return _status(home, found, names)


def _choose(home: Path, found: Sequence[Member], members: tuple[str, ...]) -> list[str]:
    """Return the members named, or all whose folders are here.

    Raises:
        NotFound: `member.unknown`, one that is named is in no list; `member.elsewhere`.
    """
    from tallystick.county.present import is_here
    from tallystick.node import check_here

    names = [each.name for each in found]
    for name in members:
        _check_known(name, names)
        check_here(home / name)
    return [name for name in names if (name in members if members else is_here(home, name))]


def _check_link(home: Path, names: Sequence[str], link: str) -> None:
    if link and not _is_alone(home):
        raise Invalid(
            "serve.link",
            f"{len(names)} members are to be started, and one alone can listen at {link[:80]}",
            cure="Leave --link out, or pack each member for a machine of its own.",
        )


def _check_known(name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise NotFound(
            "member.unknown", f"{name} is no member of this county", cure="tally county show."
        )


def _begin(home: Path, found: Sequence[Member], names: list[str], port: int) -> None:
    """Tell each member where all of them are, before any is started.

    One that is alone on its machine knows that from its card, or was told when it was packed.
    """
    from tallystick.api.token import ensure_token
    from tallystick.county.chains import PUBLIC, find_chains
    from tallystick.county.founding import read_county
    from tallystick.county.present import is_here
    from tallystick.county.supervising import find_supervisor
    from tallystick.kernel.link.book import BOOK_FILE, is_loopback, read_book

    if find_supervisor(home):
        raise Conflict(
            "county.started",
            f"the members of {home.name} are running already",
            cure="tally county status, or tally county stop.",
        )
    if _is_alone(home):
        for each in find_chains(home).values() or [home]:
            ensure_token(each)
        return
    for name in names:
        path = home / name / BOOK_FILE
        if path.is_file() and any(not is_loopback(each.host) for each in read_book(path).values()):
            raise Conflict(
                "county.spread",
                f"the address book of {name} names other machines",
                cure="Start each member on its own machine: tally serve FOLDER --alone.",
            )
    public = find_chains(home).get(PUBLIC)
    beside = read_county(public).members if public is not None else ()
    first, second = _link_ports(len(found), len(beside), port)
    _write_books(home, [each.name for each in found], names, first)
    ensure_token(home)
    if public is not None:
        kept = [each.name for each in beside]
        _write_books(public, kept, [each for each in kept if is_here(public, each)], second)
        ensure_token(public)


def _is_alone(home: Path) -> bool:
    """Tell whether a folder is one member's own machine's."""
    from tallystick.county.founding import read_county
    from tallystick.county.single import find_single

    return bool(find_single(home, read_county(home)))


def _write_books(folder: Path, members: list[str], names: list[str], ports: list[int]) -> None:
    """Tell some members of a chain where all of them are."""
    from tallystick.kernel.link.book import BOOK_FILE, Place, write_book

    book = {each: Place("http", "127.0.0.1", at) for each, at in zip(members, ports, strict=True)}
    for name in names:
        write_book(folder / name / BOOK_FILE, book)


def _link_ports(first: int, second: int, port: int) -> tuple[list[int], list[int]]:
    """Return a port a member, of two chains: counted on from the API's, or free ones."""
    from tallystick.kernel.link.ports import find_free_ports

    if port:
        beyond = port + LINK_PORTS + CHAIN_PORTS
        return [port + LINK_PORTS + at for at in range(first)], [
            beyond + at for at in range(second)
        ]
    found = find_free_ports(first + second)
    return found[:first], found[first:]


def _spawn(home: Path, words: list[str]) -> subprocess.Popen[bytes]:
    """Start the supervisor, in a session of its own."""
    from tallystick.county.supervising import log_path

    log = log_path(home, SUPERVISOR)
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 - our own program
            [
                *(sys.executable, "-m", "tallystick.cli"),
                *("county", "start", str(home), "--watch", *words),
            ],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _await(home: Path, names: list[str], process: subprocess.Popen[bytes]) -> None:
    """Wait until every member tells its address.

    Raises:
        Unavailable: `county.not_started`, one does not.
    """
    from tallystick.cli.opening import read_address

    deadline = time.monotonic() + START_S
    missing = list(names)
    while missing:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(
                "county.not_started",
                f"{', '.join(_said_why(home, name) for name in missing)} did not begin to serve",
                cure="tally county logs --member NAME tells why; tally county stop ends the rest.",
            )
        time.sleep(LOOK_S)
        missing = [name for name in missing if not read_address(home / name)]


def _said_why(home: Path, name: str) -> str:
    """Return a member's name, and behind it the code of the error that its log ends with."""
    found = _CODE.match(next(iter(_tail(home, name, 1)), ""))
    return f"{name} ({found[1]})" if found else name


def _tail(home: Path, name: str, lines: int) -> list[str]:
    """Return the last lines of a member's log, or of the supervisor's; none where there is none."""
    from tallystick.county.supervising import log_path

    path = log_path(home, name)
    if not path.is_file():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-lines:]


def _watch(
    home: Path, found: Sequence[Member], names: list[str], port: int, link: str, *, api_only: bool
) -> None:
    """Be the supervisor until a signal comes."""
    import logging
    import signal

    from tallystick.county.supervising import Command, Supervisor, hold

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    # One that is alone is served at the port itself, wherever it stands in the list.
    listed = names if _is_alone(home) else [each.name for each in found]
    places = {name: at for at, name in enumerate(listed)}
    more = (*(("--api-only",) if api_only else ()), *(("--link", link) if link else ()))
    commands = [
        Command(
            name,
            (
                *("serve", str(home), "--alone", "--member", name, "--until-eof"),
                *("--port", str(port + places[name] if port else 0), *more),
            ),
        )
        for name in names
    ]
    with hold(home):
        supervisor = Supervisor(home, commands)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, supervisor.end)
        supervisor.run()


# ---- stop


def _add_stop(group: Group) -> None:
    @group.verb("stop", zh="停下各成员的进程", en="End the members' processes.")
    @_FOLDER
    @at_county
    def stop(place: Place, *, folder: str | None) -> dict[str, Any]:
        """Stop a county's members."""
        from tallystick.county.supervising import stop_supervisor

        return {"stopped": int(stop_supervisor(_home(place, folder)))}


# ---- status


def _add_status(group: Group) -> None:
    @group.verb(
        "status",
        zh="各成员的进程、高度、见证高度和警报",
        en="Each member's process, height, witnessed height and alarm.",
    )
    @_FOLDER
    @at_county
    def status(place: Place, *, folder: str | None) -> list[dict[str, Any]]:
        """Tell how a county's members are."""
        from tallystick.county.present import list_known

        home = _home(place, folder)
        found = list_known(home)
        return _status(home, found, _choose(home, found, ()))


def _status(home: Path, found: Sequence[Member], names: list[str]) -> list[dict[str, Any]]:
    language = find_language()
    rows = []
    for member in found:
        if member.name in names:
            named = {"member": member.name, "name": getattr(member, language)}
            rows.append({**named, **_health(home, member.name)})
    return rows


def _health(home: Path, member: str) -> dict[str, Any]:
    """Return how a member that is served alone is; `away` where it does not answer."""
    from tallystick.api.token import read_token
    from tallystick.cli.opening import read_address
    from tallystick.client import Client

    address = read_address(home / member)
    if not address:
        return {"state": "away"}
    try:
        with Client(address, read_token(home), member) as client:
            found = client.ask("GET", f"/{member}/healthz").json()
    except Error as error:
        return {"state": "away", "alarm": error.code}
    shown = ("height", "witnessed", "agreeing", "copies", "alarm", "differing")
    told = say_health(found)
    kept = {name: told[name] for name in shown if name in told}
    return {"state": "up", **kept, "address": address}


def say_health(found: dict[str, Any]) -> dict[str, Any]:
    """Return a member's health as a row of a table.

    Args:
        found: as the API tells it.
    """
    if "differing" not in found:
        return found
    said = (f"{each['member']} {each['height']}" for each in found["differing"])
    return {**found, "differing": ", ".join(said)}


# ---- logs


def _add_logs(group: Group) -> None:
    @group.verb("logs", zh="看各进程说了什么", en="Show what the processes tell.")
    @_FOLDER
    @option(
        "--lines",
        type=click.IntRange(1, 100_000),
        default=LINES,
        show_default=True,
        zh="最后几行",
        en="How many of the last lines.",
    )
    @at_member()
    def logs(place: Place, *, folder: str | None, lines: int) -> list[dict[str, Any]]:
        """Show the end of a member's log, or of the supervisor's."""
        from tallystick.county.present import list_known

        home = _home(place, folder)
        name = place.member or SUPERVISOR
        if place.member:
            _check_known(name, [each.name for each in list_known(home)])
        found = _tail(home, name, lines)
        if not found:
            raise Invalid(
                "county.no_log", f"{name} has told nothing here", cure="tally county start."
            )
        return [{"member": name, "line": each} for each in found]

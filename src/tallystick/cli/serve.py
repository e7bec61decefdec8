"""`tally serve`: the console and the API of a county's members, at one address of this machine."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.cli.place import Place, at_county
from tallystick.cli.showing import show as show_result
from tallystick.cli.spoken import Verb, Words, argument, find_language, lang_option, option

if TYPE_CHECKING:
    from collections.abc import Iterator

    import uvicorn

    from tallystick.county.founding import CountyFile
    from tallystick.county.house import House

__all__ = ["serve", "serve_folder"]

PORT: Final = 8420
PORT_MAX: Final = 65_535
CALLS_MAX: Final = 256
"""Most connections served at once; more are answered 503."""
GRACE_S: Final = 5
READER_FILES: Final = 2
"""What a reader of public files keeps open of a member's: the file and its journal."""
SPARE_FILES: Final = 128
"""For members' own links, engines, and who looks into a file for a moment."""
CHAIN_PORTS: Final = 200
"""How far one member's next chain stands: its neighbours take the ports between."""
TEND_S: Final = 30
TEND_MAX_S: Final = 1_000_000
"""Some eleven days: an operator that looks at losses first."""
ANCHOR_S: Final = 10
ANCHOR_MAX_S: Final = 86_400
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - names of what they stand for


@click.command(
    "serve",
    cls=Verb,
    words=Words(
        "运行各成员的控制台和接口；Ctrl-C 结束",
        "Serve the members' console and API; Ctrl-C ends.",
    ),
)
@argument(
    "folder", required=False, metavar="[COUNTY]", zh="县文件夹", en="The folder, as --county."
)
@option(
    "--member",
    "members",
    multiple=True,
    metavar="NAME",
    zh="只开放某成员",
    en="Reach only this one.",
)
@option("--host", default="127.0.0.1", show_default=True, zh="监听地址", en="Address to listen at.")
@option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    zh="端口；0 为任选",
    en="Port; 0 takes a free one.",
)
@option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    zh="客户端使用的主机名",
    en="A host name that clients ask by.",
)
@option("--api-only", is_flag=True, zh="只开放接口，不要控制台", en="The API alone, no console.")
@option(
    "--alone",
    is_flag=True,
    zh="只打开 --member 指定的成员，经网络与其他成员相连",
    en="Open the one --member alone, linked to the others over the network.",
)
@option(
    "--link",
    "link",
    default="",
    metavar="HOST:PORT",
    zh="成员间通信的监听地址；默认按 peers.json",
    en="Where to listen for other members; by default as peers.json tells them.",
)
@option(
    "--by-snapshot",
    is_flag=True,
    zh="离开太久时，凭法定人数的见证接过状态，区块随后补齐（与 --alone 同用）",
    en="Where many blocks are missing, take the state over on a quorum's word; with --alone.",
)
@option(
    "--tend-every",
    "tend_s",
    type=click.IntRange(1, TEND_MAX_S),
    default=TEND_S,
    show_default=True,
    metavar="SECONDS",
    zh="隔几秒照看一次互相保管的文件：清理、修复、移交",
    en="How often files held for one another are seen to: dropped, repaired, handed over.",
)
@option(
    "--anchor-every",
    "anchor_s",
    type=click.IntRange(1, ANCHOR_MAX_S),
    default=ANCHOR_S,
    show_default=True,
    metavar="SECONDS",
    zh="县里有多条链时，隔几秒把新内容互相锚定；成员自己的链也一样",
    en="How often what is new on one of several chains, or on a member's own, is anchored in the"
    " others.",
)
@option("--until-eof", is_flag=True, hidden=True, zh="随启动者结束", en="End with who started it.")
@at_county
@lang_option
def serve(
    place: Place,
    *,
    folder: str | None,
    members: tuple[str, ...],
    host: str,
    port: int,
    names: tuple[str, ...],
    api_only: bool,
    alone: bool,
    link: str,
    by_snapshot: bool,
    tend_s: int,
    anchor_s: int,
    until_eof: bool,
) -> None:
    """Serve a county until it is ended."""
    if folder:
        place = Place(county=Path(folder), is_json=place.is_json)
    if until_eof:
        _end_with_starter()
    serve_folder(
        place,
        members=members,
        host=host,
        port=port,
        names=names,
        has_console=not api_only,
        alone=_find_alone(place, members, is_asked=alone),
        bind=_read_bind(link),
        leaps=by_snapshot,
        tend_s=tend_s,
        anchor_s=anchor_s,
    )


def _find_alone(place: Place, members: tuple[str, ...], *, is_asked: bool) -> str:
    """Return the member to be opened alone, "" for all: the only one that a folder holds, too."""
    from tallystick.county.chains import COUNTY, find_chains
    from tallystick.county.founding import read_county
    from tallystick.county.single import find_single

    if COUNTY not in (find_chains(place.county) or (COUNTY,)):
        return ""
    held = find_single(place.county, read_county(place.county))
    if not is_asked and not held:
        return ""
    wanted = set(members) or {held}
    if len(wanted) > 1 or "" in wanted:
        raise Invalid(
            "serve.alone",
            f"{len(set(members))} members are named, and one alone can be opened so",
            cure="Name one by --member.",
        )
    return wanted.pop()


def _read_bind(link: str) -> tuple[str, int] | None:
    host, _, port = link.rpartition(":")
    if not link:
        return None
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        raise Invalid("serve.link", f"{link[:80]!r} is no HOST:PORT", cure="Write 0.0.0.0:8421.")
    return host, int(port)


def _end_with_starter() -> None:
    """End as by a signal once whoever started this process has gone: it leaves no orphan."""

    def wait() -> None:
        while os.read(0, 4_096):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="starter", daemon=True).start()


def serve_folder(
    place: Place,
    *,
    members: tuple[str, ...] = (),
    host: str = "127.0.0.1",
    port: int = PORT,
    names: tuple[str, ...] = (),
    has_console: bool = True,
    alone: str = "",
    bind: tuple[str, int] | None = None,
    leaps: bool = False,
    tend_s: int = TEND_S,
    anchor_s: int = ANCHOR_S,
) -> None:
    """Serve a county's folder until a signal ends it.

    Args:
        place: its folder.
        members: whom to reach; empty for all. The public chain's are all reached.
        host: where API and console are.
        port: the same, of the first chain; the others are at the next. 0 takes free ones.
        names: host names that clients ask by.
        has_console: whether there is a console beside the API.
        alone: the one member to open, linked to the others over the network; "" opens all.
        bind: where others reach it, if not as its own entry in `peers.json` says.
        leaps: the one member takes the state over where many blocks are missing.
        tend_s: how often objects that members hold for one another are seen to.
        anchor_s: how often what is new on one of several chains is anchored in the others.
    """
    from tallystick.cli.opening import publish_address

    _log_to_stderr()
    _raise_files()
    with ExitStack() as opened:
        opened.enter_context(_ended_by_signal())
        pace = {"tend_s": tend_s, "every_ms": anchor_s * 1_000}
        houses = _open_all(
            place.county, host, opened, alone, bind, leaps=leaps, pace=pace, needed=members
        )
        rows: list[dict[str, str]] = []
        apps, listeners = {}, []
        for kind, house in houses.items():
            further = len(rows) * (CHAIN_PORTS if alone else 1)
            listener = opened.enter_context(_listen(host, port + further if port else 0))
            reached = (alone,) if alone else members if not rows else ()
            app, link = _compose_app(house, reached, (host, *names), has_console=has_console)
            at = listener.getsockname()[1]
            address = _address(host, at)
            opened.enter_context(publish_address(house.folder / alone, address))
            row = {"chain": kind, "address": address, "county": house.county.name}
            rows.append({**row, "console": address + link} if has_console else row)
            apps[at] = app
            listeners.append(listener)
        if lack := _find_lack_of_files():
            click.echo(lack, err=True)
        show_result(_tell(rows), is_json=place.is_json, language=find_language())
        _server(_join(apps), has_console=has_console).run(sockets=listeners)


def _open_all(
    folder: Path,
    host: str,
    opened: ExitStack,
    alone: str,
    bind: tuple[str, int] | None,
    *,
    leaps: bool,
    pace: dict[str, int],
    needed: tuple[str, ...],
) -> dict[str, House]:
    """Return a folder's houses in service, by chain: the one where money moves first.

    Where `needed` names members, any other that cannot be opened counts as away.
    """
    from tallystick.base.clock import SystemClock
    from tallystick.county.chains import (
        SERVED,
        Chains,
        find_chains,
        open_alone,
        open_chains,
        serve_chains,
    )
    from tallystick.county.founding import read_county
    from tallystick.county.house import open_house

    places = find_chains(folder)
    for each in places.values() or [folder]:
        _check_host(read_county(each), host)
    if alone:
        _check_place(folder, alone, bind)
        chains = opened.enter_context(
            open_alone(folder, alone, SystemClock(), bind=bind, leaps=leaps)
        )
    elif places:
        chains = opened.enter_context(open_chains(folder, SystemClock(), needed=needed))
    else:
        house = open_house(folder, SystemClock(), needed=needed)
        chains = Chains({"": opened.enter_context(house)})
    opened.enter_context(serve_chains(chains, **pace))
    return {kind: chains.houses[kind] for kind in ("", *SERVED) if kind in chains.houses}


def _tell(rows: list[dict[str, str]]) -> Any:  # noqa: ANN401 - a row, or one a chain
    """Return where everything is: a county's one chain is no more than that of its name."""
    from tallystick.county.chains import COUNTY

    first, *others = rows
    if first["chain"] not in {"", COUNTY}:
        return rows
    told = {name: each for name, each in first.items() if name != "chain"}
    return {**told, **({"public_chain": others[0]["address"]} if others else {})}


def _join(apps: dict[int, Any]) -> Any:  # noqa: ANN401 - ASGI
    """Return one application of several, each at a port of its own.

    The console's pages run in one loop, so one server has to serve them all.
    """
    first = next(iter(apps.values()))
    if len(apps) == 1:
        return first

    async def joined(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        is_asked = scope["type"] in {"http", "websocket"}
        await (apps[scope["server"][1]] if is_asked else first)(scope, receive, send)

    return joined


def _check_place(folder: Path, member: str, bind: tuple[str, int] | None) -> None:
    """Refuse a demonstration's member that others could reach from elsewhere."""
    from tallystick.county.founding import read_county
    from tallystick.county.single import read_own_place

    place = read_own_place(folder / member)
    for host in [place.host, *([bind[0]] if bind else [])]:
        _check_host(read_county(folder), host)


def _compose_app(
    house: House, members: tuple[str, ...], names: tuple[str, ...], *, has_console: bool
) -> tuple[Any, str]:
    from tallystick.api.app import create_app
    from tallystick.api.gate import LOOPBACK

    hosts = LOOPBACK | set(names)
    app: Any = create_app(house, members=members, hosts=hosts)
    link = ""
    if has_console:
        app, link = _add_console(house, app, members, hosts)
    return app, link


def _add_console(
    house: House,
    app: Any,  # noqa: ANN401 - ASGI
    members: tuple[str, ...],
    hosts: frozenset[str],
) -> tuple[Any, str]:
    from tallystick.console.app import create_console
    from tallystick.console.door import Demonstration, Shown
    from tallystick.console.visit import Office
    from tallystick.county.founding import COUNTY_KIND
    from tallystick.county.officers import list_officers, open_session
    from tallystick.county.present import list_known
    from tallystick.text.phrase import Phrase

    # One that was voted in since the founding is called by its name on the chain.
    known = {each.name: each for each in (*list_known(house.folder), *house.county.members)}
    names = [seat.node.member for seat in house.seats()]
    served = [known[name] for name in names if not members or name in members]
    is_demo = bool(house.county.seed)
    kind = house.seats()[0].node.replica.genesis.fields["kind"]
    office = Office(
        county=Phrase("县金融账本", "County ledger"),
        members=tuple(each.name for each in served),
        names={each.name: Phrase(each.zh, each.en) for each in known.values()},
        now_ms=house.clock.now_ms,
        is_demo=is_demo,
        chain="" if kind == COUNTY_KIND else kind,
    )
    demonstration = None
    if is_demo:
        officers = {
            each.name: [Shown(*row) for row in list_officers(house.node(each.name))]
            for each in served
        }
        demonstration = Demonstration(
            officers, lambda member, name: open_session(house.node(member), name)
        )
    console = create_console(app, office, hosts=hosts, demonstration=demonstration)
    return console, demonstration.link if demonstration is not None else "/"


def _server(app: Any, *, has_console: bool) -> uvicorn.Server:  # noqa: ANN401 - ASGI
    import uvicorn

    from tallystick.api.connection import make_connection

    config = uvicorn.Config(
        app,
        http=make_connection(),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on" if has_console else "off",
        limit_concurrency=CALLS_MAX,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)


def _raise_files() -> None:
    """Let this process have as many files open as it may at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Some systems have a bound of their own below the one that they tell; what is lacking is told.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _find_lack_of_files() -> str:
    """Return what to tell where fewer files may be open than a full server needs, "" else."""
    from tallystick.api.streams import ALL_MAX

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The members are open by now.
    held = sum(1 for _ in Path("/dev/fd").iterdir())
    needed = held + CALLS_MAX + ALL_MAX * READER_FILES + SPARE_FILES
    if most == resource.RLIM_INFINITY or most >= needed:
        return ""
    return Words(
        f"本进程只能打开 {most} 个文件，满载时需要 {needed} 个：把 ulimit -n 调高。",
        f"This process may open {most} files and needs {needed} when full: raise ulimit -n.",
    ).in_(find_language())


def _log_to_stderr() -> None:
    """Let an operator read what members tell of themselves: what a stop had cut off, above all."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("tallystick").setLevel(logging.INFO)


def _check_host(found: CountyFile, host: str) -> None:
    from tallystick.api.gate import is_loopback

    if found.seed and not is_loopback(host):
        raise Denied(
            "api.seeded",
            f"{host} is not this machine's own, and anybody can make this county's keys",
            cure="Serve a demonstration at 127.0.0.1, or found a county without a seed.",
        )


def _address(host: str, port: int) -> str:
    name = _ANY.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=CALLS_MAX)
    except OSError as error:
        raise Unavailable(
            "serve.address", f"{host}:{port}: {error.strerror}", cure="Choose another --port."
        ) from error
    # Accepted connections inherit it: without, each answer waits 40 ms for the last one's receipt.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        yield listener


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """End cleanly at Ctrl-C and at SIGTERM: files are closed and the address is taken back."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)

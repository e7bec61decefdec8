"""`tally county`: found a county, show it, serve it."""

from __future__ import annotations

import logging
import signal
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Denied, Unavailable
from tallystick.cli.place import Place, at_county
from tallystick.cli.showing import show as show_result
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tallystick.county.founding import CountyFile
    from tallystick.county.house import House

__all__ = ["county", "serve_folder"]

PORT: Final = 8420
CALLS_MAX: Final = 256
"""Most connections served at once; more are answered 503."""
GRACE_S: Final = 5
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - names of what they stand for


@click.group(
    "county", cls=Group, words=Words("建立、查看、运行一个县", "Found, show and serve a county")
)
@lang_option
def county() -> None:
    """Let a verb follow."""


@county.verb(
    "init",
    zh="建立一个县：每个成员的钥匙、一个创世块、一个文件夹",
    en="Found a county: keys for every member, one genesis, one folder each.",
)
@argument("folder", required=False, metavar="[DIR]", zh="县文件夹", en="The folder, as --county.")
@option("--name", default="county", show_default=True, zh="链上的县名", en="The county's name.")
@option(
    "--seed",
    default="",
    metavar="TEXT",
    zh="演示种子：钥匙人人可造，只作演示",
    en="A demonstration's seed: anybody can make its keys.",
)
@at_county
def init(place: Place, *, folder: str | None, name: str, seed: str) -> dict[str, Any]:
    """Found a county."""
    from tallystick.api.token import ensure_token
    from tallystick.base.clock import SystemClock
    from tallystick.county.founding import found_county

    home = Path(folder) if folder else place.county
    found = found_county(home, name=name, seed=seed, clock=SystemClock())
    ensure_token(home)
    return {
        "county": found.name,
        "orderer": found.orderer,
        "members": [each.name for each in found.members],
    }


@county.verb("show", zh="查看成员、高度和警报", en="Show members, heights and alarms.")
@at_county
def show(place: Place) -> list[dict[str, Any]]:
    """Show a county."""
    from tallystick.cli.opening import open_office
    from tallystick.county.founding import read_county

    found = read_county(place.county)
    with open_office(place.county, found.orderer) as office:
        health = {row["member"]: row for row in office.ask("GET", "/healthz").json()["members"]}
    language = find_language()
    rows = []
    for member in found.members:
        named = {"member": member.name, "role": member.role, "name": getattr(member, language)}
        rows.append({**named, **health.get(member.name, {})})
    return rows


@county.verb(
    "serve",
    zh="运行各成员的节点；Ctrl-C 结束",
    en="Serve the members' nodes; Ctrl-C ends.",
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
@at_county
def serve(
    place: Place, *, members: tuple[str, ...], host: str, port: int, names: tuple[str, ...]
) -> None:
    """Serve a county until it is ended."""
    serve_folder(place, members=members, host=host, port=port, names=names)


def serve_folder(
    place: Place,
    *,
    members: tuple[str, ...] = (),
    host: str = "127.0.0.1",
    port: int = PORT,
    names: tuple[str, ...] = (),
) -> None:
    """Serve a county's folder until a signal ends it."""
    from tallystick.base.clock import SystemClock
    from tallystick.cli.opening import publish_address
    from tallystick.county.founding import read_county
    from tallystick.county.house import open_house
    from tallystick.county.serving import serve_house

    found = read_county(place.county)
    _check_host(found, host)
    _log_to_stderr()
    with (
        _listen(host, port) as listener,
        open_house(place.county, SystemClock()) as house,
        serve_house(house),
    ):
        address = _address(host, listener.getsockname()[1])
        run = _server(house, members, (host, *names))
        with publish_address(place.county, address), _ended_by_signal():
            told = {"address": address, "county": found.name}
            show_result(told, is_json=place.is_json, language=find_language())
            run(listener)


@county.verb(
    "report",
    zh="造一段多年贷款历史，报告真相：违约、瞄准误差、评分卡校准，都带参考范围",
    en="Draw years of loans and tell their truth: defaults, errors of targeting, calibration of"
    " the card, each beside its band.",
)
@option(
    "--loans",
    type=click.IntRange(1_000, 300_000),
    default=30_000,
    show_default=True,
    zh="申请笔数",
    en="How many ask for a loan.",
)
@option("--seed", default="county", show_default=True, metavar="TEXT", zh="种子", en="Seed.")
@option(
    "--difficulty",
    type=click.IntRange(0, 100),
    default=50,
    show_default=True,
    zh="所见的噪声",
    en="Noise of what is observed.",
)
@option(
    "--capture",
    type=click.IntRange(0, 100),
    default=50,
    show_default=True,
    zh="干部亲属得到的便利",
    en="Favour that officials' kin enjoy.",
)
@option("--json", "is_json", is_flag=True, zh="输出一行 JSON", en="Tell it as one line of JSON.")
def report(*, loans: int, seed: str, difficulty: int, capture: int, is_json: bool) -> None:
    """Tell what a history of loans turned out to be."""
    from tallystick.cli.county_report import print_report, report_history

    language = find_language()
    found = report_history(
        seed, loans=loans, difficulty=difficulty, capture=capture, language=language
    )
    if is_json:
        show_result(found, is_json=True, language=language)
    else:
        print_report(found, language)


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


def _server(house: House, members: tuple[str, ...], names: tuple[str, ...]) -> Any:  # noqa: ANN401 - a function of the listener
    """Return the function that serves a house at a listener until a signal comes."""
    import uvicorn

    from tallystick.api.app import create_app
    from tallystick.api.gate import LOOPBACK

    app = create_app(house, members=members, hosts=LOOPBACK | set(names))
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        limit_concurrency=CALLS_MAX,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    return lambda listener: server.run(sockets=[listener])


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

"""`tally county`: found a county, show it, run its members, report its truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tallystick.cli.county_run import add_running, say_health
from tallystick.cli.lead import add_leading
from tallystick.cli.place import Place, at_county
from tallystick.cli.showing import show as show_result
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option

if TYPE_CHECKING:
    from tallystick.client import Client

__all__ = ["county"]


@click.group(
    "county",
    cls=Group,
    words=Words(
        "建立、查看、运行一个县，报告它的真相",
        "Found, show and run a county, report its truth",
    ),
)
@lang_option
def county() -> None:
    """Let a verb follow."""


add_running(county)
add_leading(county)


_profile_option = option(
    "--profile",
    type=click.Choice(("default", "fast")),
    default="default",
    show_default=True,
    zh="待排序的提交放在哪里：引擎里，或成员自己那里（fast）",
    en="Who keeps what waits to be ordered: the engine, or each member itself (fast).",
)


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
@option(
    "--mode",
    type=click.Choice(("single", "dual")),
    default="single",
    show_default=True,
    zh="一条链，或行政与金融两条链互相锚定；旁边都有一条人人可读的公开链",
    en="One chain, or an administrative and a financial one, each anchored in the other; beside"
    " them a public one that anybody reads.",
)
@option(
    "--engine",
    type=click.Choice(("sqlite", "cometbft")),
    default="sqlite",
    show_default=True,
    zh="谁排序：一个成员，或若干成员一起（CometBFT，先装引擎）",
    en="Who orders: one member, or several together (CometBFT; install the engine first).",
)
@option(
    "--validators",
    type=click.IntRange(4),
    default=4,
    show_default=True,
    metavar="N",
    zh="几个成员一起排序",
    en="How many members order together.",
)
@_profile_option
@at_county
def init(
    place: Place,
    *,
    folder: str | None,
    name: str,
    seed: str,
    mode: Literal["single", "dual"],
    engine: str,
    validators: int,
    profile: str,
) -> Any:  # noqa: ANN401 - a row, or one a chain
    """Found a county."""
    from tallystick.api.token import ensure_token
    from tallystick.base.clock import SystemClock
    from tallystick.county.chains import find_chains, found_chains
    from tallystick.county.validating import name_validators

    home, clock = Path(folder) if folder else place.county, SystemClock()
    count = validators if engine == "cometbft" else 0
    chains = found_chains(
        home, mode, name=name, seed=seed, clock=clock, validators=count, profile=profile
    )
    rows = []
    for kind, found in chains.items():
        ensure_token(find_chains(home).get(kind, home))
        members = [each.name for each in found.members]
        orders = name_validators(find_chains(home).get(kind, home)) if found.engine else []
        who = {"validators": orders} if orders else {"orderer": found.orderer}
        rows.append({"county": found.name, **who, "members": members})
    return rows if mode == "dual" else rows[0]


@county.verb(
    "found",
    zh="用各成员的名片建立一个县；只有公开文件，没有私钥",
    en="Found a county from its members' cards: public files alone, no secret.",
)
@argument("folder", metavar="DIR", zh="放在哪里", en="Where to.")
@option(
    "--card",
    "cards",
    required=True,
    multiple=True,
    metavar="FILE",
    zh="一个成员的名片；可重复",
    en="A member's card; once a member.",
)
@option(
    "--orderer",
    default="",
    metavar="NAME",
    zh="谁单独排序；用 CometBFT 时不写",
    en="Who orders the chain alone; nobody with CometBFT.",
)
@option(
    "--engine",
    type=click.Choice(("sqlite", "cometbft")),
    default="sqlite",
    show_default=True,
    zh="谁排序：一个成员，或名片上有表决钥匙的成员一起（CometBFT）",
    en="Who orders: one member, or together those whose cards show a key to vote by (CometBFT).",
)
@option(
    "--follower",
    "followers",
    multiple=True,
    metavar="NAME",
    zh="用 CometBFT 时谁不参加排序；可重复",
    en="Who does not order beside those that do, with CometBFT; may be repeated.",
)
@_profile_option
@option(
    "--publisher",
    default="",
    metavar="NAME",
    zh="谁给公开链排序；默认是媒体",
    en="Who orders the public chain; by default the media.",
)
@option("--name", default="county", show_default=True, zh="链上的县名", en="The county's name.")
@option("--json", "is_json", is_flag=True, zh="输出一行 JSON", en="Tell it as one line of JSON.")
def found(
    *,
    folder: str,
    cards: tuple[str, ...],
    orderer: str,
    engine: str,
    followers: tuple[str, ...],
    profile: str,
    publisher: str,
    name: str,
    is_json: bool,
) -> None:
    """Found a county from cards."""
    from tallystick.base.clock import SystemClock, SystemEntropy
    from tallystick.county.card import read_card
    from tallystick.county.convening import Founding, found_from_cards, tell_parts

    read = [read_card(Path(each)) for each in cards]
    shared = "" if engine == "sqlite" else engine
    agreed = Founding(name, orderer, shared, profile, followers, publisher)
    clock, entropy = SystemClock(), SystemEntropy()
    founded = found_from_cards(Path(folder), read, agreed, clock=clock, entropy=entropy)
    rows = [
        {"member": each.member.name, "digest": each.digest, **tell_parts(each, founded)}
        for each in read
    ]
    show_result(rows, is_json=is_json, language=find_language())


@county.verb("show", zh="查看成员、高度和警报", en="Show members, heights and alarms.")
@at_county
def show(place: Place) -> list[dict[str, Any]]:
    """Show a county."""
    from tallystick.cli.opening import open_office
    from tallystick.county.founding import read_county
    from tallystick.county.single import find_reader

    found = read_county(place.county)
    with open_office(place.county, find_reader(place.county)) as office:
        health = {row["member"]: row for row in office.ask("GET", "/healthz").json()["members"]}
        left = _list_left(office)
    language = find_language()
    rows = []
    for member in found.members:
        named = {"member": member.name, "role": member.role, "name": getattr(member, language)}
        told = say_health(health[member.name]) if member.name in health else {}
        gone = {"left_height": left.get(member.name, "")} if left else {}
        rows.append({**named, **gone, **told})
    return rows


def _list_left(office: Client) -> dict[str, int]:
    """Return the members that the list in force holds no more, and at which height each left."""
    listed = {row["member"] for row in office.list_members()}
    gone = (row for row in office.list_changes() if row["kind"] == "leave")
    return {
        row["member"]: row["settled_height"]
        for row in gone
        if row["state"] == "in_force" and row["member"] not in listed
    }


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

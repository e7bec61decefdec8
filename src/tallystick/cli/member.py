"""`tally member`: a member for a machine of its own: its keys, its address, its folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tallystick.cli.lead import add_agreeing
from tallystick.cli.place import Place, at_county
from tallystick.cli.reading import read_text
from tallystick.cli.spoken import Group, Words, argument, find_language, lang_option, option

__all__ = ["member"]


_ROLES: Final = (
    "department, bank, credit_cooperative, microloan, cooperative, guarantor, insurer, lessor,"
    " asset_manager, village, project_owner, media, bureau, regulator, operator"
)
"""As the charter has them; that module waits until a verb is used."""


@click.group(
    "member",
    cls=Group,
    words=Words(
        "成员自己的机器：钥匙、地址、文件夹", "A member's own machine: keys, address, folder"
    ),
)
@lang_option
def member() -> None:
    """Let a verb follow."""


add_agreeing(member)


@member.verb(
    "new",
    zh="在本机抽取一个成员的钥匙，写出公开的名片；私钥不离开本机",
    en="Draw a member's keys on this machine and write its public card; no secret leaves.",
)
@argument("folder", metavar="DIR", zh="放在哪里", en="Where to.")
@option("--name", required=True, metavar="NAME", zh="链上的名字", en="Its name on the chain.")
@option(
    "--role",
    required=True,
    metavar="ROLE",
    zh=f"角色，下列之一：{_ROLES}",
    en=f"Its role, one of {_ROLES}.",
)
@option(
    "--address",
    default="",
    metavar="URL",
    zh="成员间通信的地址；全县在一个文件夹里时可不写",
    en="Where it is asked; not needed where all members are in one folder.",
)
@option(
    "--chain",
    "public",
    default="",
    metavar="DIR",
    zh="要加入的链：放着 genesis.cbor 和 members.cbor 的文件夹；建立新县时不写",
    en="The chain it is to join: a folder with genesis.cbor and members.cbor; none to found one.",
)
@option(
    "--engine",
    type=click.Choice(("sqlite", "cometbft")),
    default="sqlite",
    show_default=True,
    zh="是否与其他成员共同排序（CometBFT）：是则也抽取表决用的钥匙",
    en="Whether it is to order with others (CometBFT): then the key by which it votes is drawn"
    " too.",
)
@option(
    "--engine-port",
    type=click.IntRange(1, 65_535),
    default=26_656,
    show_default=True,
    zh="引擎之间通信的端口，主机同 --address；不写地址时为本机",
    en="Where engines reach each other, at the host of --address, or on this machine without it.",
)
@option(
    "--public-port",
    type=click.IntRange(0, 65_535),
    default=0,
    show_default=True,
    zh="公开链的成员间通信端口，主机同 --address；0 为地址的端口加 200",
    en="Port of its link for the public chain, at the host of --address; 0 takes that address' and"
    " 200 more.",
)
@option(
    "--after",
    type=click.IntRange(0, 2**31),
    default=None,
    metavar="NUMBER",
    zh="它在这条链上用过的最大钥匙编号：丢了钥匙或退出过的成员由此接着编号；不写则由 --chain 里的"
    "账本得知，那里没有账本则为 0",
    en="The greatest number of a key that it ever had on that chain: one that lost its keys, or"
    " left, comes back with the next ones. As a copy of the chain in --chain tells, else 0.",
)
@option("--zh", default="", metavar="TEXT", zh="中文名称", en="What it is called in Chinese.")
@option("--en", default="", metavar="TEXT", zh="英文名称", en="What it is called in English.")
@option("--json", "is_json", is_flag=True, zh="输出一行 JSON", en="Tell it as one line of JSON.")
def new(
    *,
    folder: str,
    name: str,
    role: str,
    address: str,
    public: str,
    engine: str,
    engine_port: int,
    public_port: int,
    after: int | None,
    zh: str,
    en: str,
    is_json: bool,
) -> None:
    """Draw a member's keys."""
    from tallystick.base.clock import SystemClock, SystemEntropy
    from tallystick.cli.showing import show
    from tallystick.cli.spoken import find_language
    from tallystick.county.carding import Drawn, draw_member, read_chain
    from tallystick.county.member import Member
    from tallystick.county.rekeying import find_after

    if after and not public:
        raise click.UsageError("--after is of a chain that stands: name it by --chain.")
    voter = name if engine == "cometbft" else ""
    chain = read_chain(Path(public), voter) if public else b""
    if after is None:
        after = find_after(Path(public), name, chain) if public else 0
    path, digest = draw_member(
        Path(folder) / name,
        Member(name, role, zh or name, en or name),
        Drawn(address, engine_port if voter else 0, public_port),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        chain=chain,
        after=after,
    )
    show(
        {"member": name, "card": str(path), "digest": digest},
        is_json=is_json,
        language=find_language(),
    )


@member.verb(
    "join",
    zh="收下县的公开文件，在本机开始自己的一份账本",
    en="Take a county's public files, and begin this member's copy of the chain.",
)
@argument("name", metavar="NAME", zh="成员", en="The member.")
@option(
    "--from",
    "public",
    required=True,
    metavar="DIR",
    zh="tally county found 写出的文件夹，或任一成员的公开文件",
    en="The folder that `tally county found` wrote, or any member's public files.",
)
@at_county
def join(place: Place, *, name: str, public: str) -> dict[str, Any]:
    """Join a county."""
    from tallystick.county.carding import join_county
    from tallystick.county.chains import PUBLIC

    begun = join_county(place.county / name, Path(public))
    beside = begun.pop(PUBLIC, None)
    (first,) = begun.values()
    told = {"member": name, "chain": first.chain.hex()}
    return told if beside is None else {**told, "public_chain": beside.chain.hex()}


@member.verb(
    "engine",
    zh="为已在跟随的成员抽取共同排序（CometBFT）用的钥匙，重写它的名片，供表决和告知各家",
    en="Draw the keys by which a member that follows is to order with others (CometBFT), and write"
    " its card anew, to be voted in by and told of.",
)
@argument("name", metavar="NAME", zh="成员", en="The member.")
@option(
    "--engine-port",
    type=click.IntRange(1, 65_535),
    default=26_656,
    show_default=True,
    zh="引擎之间通信的端口，主机同该成员的地址；没有地址时为本机",
    en="Where engines reach each other, at the host of the member's address, or on this machine"
    " where it has none.",
)
@at_county
def engine_(place: Place, *, name: str, engine_port: int) -> dict[str, Any]:
    """Draw the keys of an engine."""
    from tallystick.base.clock import SystemEntropy
    from tallystick.county.carding import add_engine

    path, digest = add_engine(place.county / name, engine_port, SystemEntropy())
    said = Words(
        "表决：tally change join 名片；通过后各家连同本成员：tally member address --card，再重启",
        "Have it voted in: tally change join CARD. Then at each member, this one too: tally member"
        " address --card, and a start anew.",
    )
    return {"member": name, "card": str(path), "digest": digest, "next": said.in_(find_language())}


@member.verb(
    "renew",
    zh="为签名钥匙已停用或丢失、或已退出的成员抽取全部新钥匙，写出名片，由另一成员提议",
    en="Draw all keys anew of a member whose signing key was revoked or lost, or that left, and"
    " write its card, by which another member proposes them.",
)
@argument("name", metavar="NAME", zh="成员", en="The member.")
@at_county
def renew_(place: Place, *, name: str) -> dict[str, Any]:
    """Draw a member's keys anew."""
    from tallystick.base.clock import SystemEntropy
    from tallystick.county.rekeying import draw_anew

    path, digest = draw_anew(place.county / name, SystemEntropy())
    said = Words(
        "由另一成员提议：tally change join 名片；表决前各家另经一途核对摘要",
        "At another member: tally change join CARD. All compare the digest over another way before"
        " they vote.",
    )
    return {"member": name, "card": str(path), "digest": digest, "next": said.in_(find_language())}


@member.verb(
    "address",
    zh="写明一个成员在哪里；本机的成员需要证书时自动生成；重启后生效",
    en="Say where a member is asked; a member of this folder gets its certificate made. It is read"
    " at the next start.",
)
@argument("name", required=False, metavar="[NAME]", zh="成员", en="The member.")
@argument("url", required=False, metavar="[URL]", zh="https://主机:端口", en="https://HOST:PORT.")
@option(
    "--certificate",
    default="",
    metavar="FILE",
    zh="别处成员的证书 link.pem",
    en="The certificate link.pem of a member that is elsewhere.",
)
@option(
    "--card",
    default="",
    metavar="FILE",
    zh="后来表决加入（或参加排序）的成员的名片，代替 NAME、URL 和证书；参加排序的，引擎的地址也写进"
    " engine.json",
    en="The card by which a member joined, or came to order with others, in the place of NAME, URL"
    " and certificate; of one that orders, its engine's place is written into engine.json too.",
)
@at_county
def address(
    place: Place, *, name: str | None, url: str | None, certificate: str, card: str
) -> dict[str, Any]:
    """Write an address into the book of every member that this folder holds."""
    from tallystick.county.addressing import set_address, set_by_card
    from tallystick.county.card import check_card, load_joining

    if card and (name or certificate):
        raise click.UsageError("--card tells name, address and certificate itself.")
    if card:
        tree = load_joining(read_text(card), Path(card).name)
        found = set_by_card(place.county, check_card(tree))
        row = {"member": found.member, "address": found.address, "told": list(found.told)}
        return {**row, "engine": found.engine, **_say_start()}
    if not name or not url:
        raise click.UsageError("Name a member and its URL, or its --card.")
    told = set_address(place.county, name, url, Path(certificate) if certificate else None)
    return {"member": name, "address": url, "told": told, **_say_start()}


def _say_start() -> dict[str, str]:
    """Return when what was written is read."""
    said = Words(
        "启动时读取：各成员依次 tally county stop、tally county start",
        "Read at the start: tally county stop, tally county start, one member after another.",
    )
    return {"next": said.in_(find_language())}


@member.verb(
    "pack",
    zh="为一台机器打包：该成员自己的文件夹和公开文件，没有别人的秘密",
    en="Pack a folder for one machine: the member's own and the public files, nobody else's.",
)
@argument("name", metavar="NAME", zh="成员", en="The member.")
@option("--to", "target", required=True, metavar="DIR", zh="放在哪里", en="Where to.")
@at_county
def pack(place: Place, *, name: str, target: str) -> list[dict[str, Any]]:
    """Pack a member."""
    from tallystick.county.chains import pack_chains

    packed = pack_chains(place.county, name, Path(target))
    return [{"file": each} for each in packed]

"""`tally bulletin`: what members tell everybody on the public chain of a county."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any, Final

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_text
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["bulletin"]

_EPOCH: Final = datetime.date(1970, 1, 1)
_DATE: Final = click.DateTime(["%Y-%m-%d"])


@click.group(
    "bulletin",
    cls=Group,
    words=Words(
        "公开链上的公告和统计：人人可读，不用登录",
        "Bulletins and tallies on the public chain: anybody reads them, without a log-in",
    ),
)
@lang_option
def bulletin() -> None:
    """Let a verb follow."""


def _public(place: Place) -> Place:
    """Return the place of the county's public chain; the folder may be that chain's itself."""
    from tallystick.county.chains import PUBLIC, find_chains

    return replace(place, county=find_chains(place.county).get(PUBLIC, place.county))


@bulletin.verb(
    "publish",
    zh="发一则公告：中英文标题和正文；姓名、手机、证件和卡号不要写",
    en="Publish a bulletin: title and text in both languages, nobody's name or number.",
)
@option("--title-zh", required=True, metavar="TEXT", zh="中文标题", en="Its Chinese title.")
@option("--title-en", required=True, metavar="TEXT", zh="英文标题", en="Its English title.")
@option("--zh", required=True, metavar="FILE", zh="中文正文文件", en="A file: its Chinese text.")
@option("--en", required=True, metavar="FILE", zh="英文正文文件", en="A file: its English text.")
@option(
    "--amends",
    metavar="ID",
    zh="代替本成员先前的哪一则",
    en="The own bulletin in whose place it stands.",
)
@at_member(writes=True)
def publish(
    place: Place, *, title_zh: str, title_en: str, zh: str, en: str, amends: str | None
) -> dict[str, Any]:
    """Publish a bulletin."""
    text_zh, text_en = read_text(zh).strip(), read_text(en).strip()
    with _public(place).office() as office:
        return office.publish_bulletin(
            title_zh=title_zh, title_en=title_en, text_zh=text_zh, text_en=text_en, amends=amends
        )


@bulletin.verb(
    "withdraw",
    zh="撤回本成员的一则公告；原文仍可查，标明已撤回",
    en="Withdraw an own bulletin; what it said stays readable, as withdrawn.",
)
@argument("record", metavar="ID", zh="公告编号", en="The bulletin's id.")
@at_member(writes=True)
def withdraw(place: Place, *, record: str) -> dict[str, Any]:
    """Withdraw a bulletin."""
    with _public(place).office() as office:
        return office.withdraw_bulletin(record)


@bulletin.verb("list", zh="列出公告，新的在前", en="List bulletins, the newest first.")
@at_member()
def list_(place: Place) -> list[Any]:
    """List bulletins."""
    with _public(place).office(any_member=True) as office:
        rows = office.list_public("bulletin.published")
    if place.is_json:
        return rows
    names = ("record", "member", "time", "state")
    return [
        {**{name: row[name] for name in names}, "zh": row["pub"]["title_zh"]}
        | {"en": row["pub"]["title_en"]}
        for row in rows
    ]


@bulletin.verb(
    "tally",
    zh="公布一段时间的统计：在本成员自己的账上数，少于五个案件的不写；县要在运行中",
    en="Publish a period's figures, counted in the member's own copy, none of fewer than five"
    " cases; while the county is served.",
)
@argument("first", metavar="FROM", type=_DATE, zh="从哪天（年-月-日）", en="First day, Y-M-D.")
@argument("last", metavar="TO", type=_DATE, zh="到哪天", en="Last day; it is over.")
@option("--chain", default="", metavar="DIGEST", zh="哪条链", en="Of which chain, of several.")
@at_member(writes=True)
def tally(
    place: Place, *, first: datetime.datetime, last: datetime.datetime, chain: str
) -> dict[str, Any]:
    """Publish a tally."""
    days = {"from_day": (first.date() - _EPOCH).days, "to_day": (last.date() - _EPOCH).days}
    with _public(place).office() as office:
        return office.publish_tally(**days, chain=chain)

"""`tally programme`: how far public programmes reach, and where their money went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_text
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["programme"]


@click.group(
    "programme",
    cls=Group,
    words=Words("项目覆盖到谁、漏了谁", "Whom programmes reach and whom they miss"),
)
@lang_option
def programme() -> None:
    """Let a verb follow."""


@programme.verb(
    "list",
    zh="列出项目：最近一期漏了多少、错了多少，拨了多少、贷出多少",
    en="List programmes: whom the newest cycle missed and held wrongly, money given and lent.",
)
@at_member()
def list_(place: Place) -> list[Any]:
    """List programmes."""
    with place.office(any_member=True) as office:
        rows = office.list_programmes()
    if place.is_json:
        return list(rows)
    names = ("programme", "cycle", "member", "households", "poor", "held")
    return [
        {
            **{name: row.get(name) for name in names},
            **_errors(row),
            **{name: row[name] for name in ("allocated_minor", "lent_minor", "loans")},
        }
        for row in rows
    ]


def _errors(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _percent(row.get(name)) for name in ("exclusion", "inclusion")}


def _percent(share: Mapping[str, int] | None) -> str:
    """Write a share with its 95 % interval; nothing where nothing was counted."""
    if share is None or "ppm" not in share:
        return ""
    value, low, high = (share[name] / 10_000 for name in ("ppm", "low_ppm", "high_ppm"))
    return f"{value:.1f} % ({low:.1f}-{high:.1f})"


@programme.verb(
    "show",
    zh="查看一个项目：各期覆盖，分片区、分人群，各放款机构的钱",
    en="Show a programme: reach by cycle, by area and group, and each lender's money.",
)
@argument("name", metavar="PROGRAMME", zh="项目代码", en="The programme's code.")
@at_member()
def show_one(place: Place, *, name: str) -> dict[str, Any]:
    """Show a programme."""
    with place.office(any_member=True) as office:
        found = office.show_programme(name)
    if place.is_json:
        return found
    told = {each: found[each] for each in ("programme", "allocated_minor", "lent_minor", "loans")}
    told["lenders"] = found["lenders"]
    told["cycles"] = [_row(each, "cycle", "member") for each in found["cycles"]]
    areas = {",".join(each["area"]): each for each in found.get("villages", [])}
    told["villages"] = [{"area": name, **_row(each)} for name, each in areas.items()]
    told["groups"] = [_row(each, "group") for each in found.get("groups", [])]
    return told


def _row(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    counts = ("households", "poor", "held")
    return {name: found[name] for name in (*names, *counts)} | _errors(found)


@programme.verb(
    "measure",
    zh="公布一期测算：逐户调查在本机计数，只有合并后的数目离开",
    en="Publish a cycle: the survey's households are counted here, and only counts that point at"
    " nobody leave.",
)
@argument("name", metavar="PROGRAMME", zh="项目代码", en="The programme's code.")
@argument(
    "survey",
    zh="调查 CSV：village,group,poor,held（每户一行，1 或 0，不写姓名）",
    en="The survey as CSV: village,group,poor,held; a row a household, 1 or 0, no name.",
)
@option(
    "--villages",
    required=True,
    metavar="CSV",
    zh="村庄 CSV：code,zh,en,lon_micro,lat_micro",
    en="The villages as CSV: code,zh,en,lon_micro,lat_micro.",
)
@option(
    "--cycle",
    required=True,
    type=click.IntRange(190_001, 999_912),
    metavar="YYYYMM",
    zh="哪一期",
    en="Which cycle.",
)
@at_member(writes=True)
def measure(place: Place, *, name: str, survey: str, villages: str, cycle: int) -> dict[str, Any]:
    """Measure a programme."""
    from tallystick.services.publication.reach import count_reach, list_villages
    from tallystick.services.publication.survey import read_survey, read_villages

    listed = read_villages(read_text(villages))
    homes = read_survey(read_text(survey))
    areas, groups = count_reach(listed, homes)
    with place.office() as office:
        return office.measure_programme(
            name, cycle=cycle, villages=list_villages(listed), areas=areas, groups=groups
        )

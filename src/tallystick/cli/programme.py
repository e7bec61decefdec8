"""`tally programme`: how far public programmes reach, and where their money went."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from tallystick.base.errors import Invalid
from tallystick.cli.place import Place, at_member
from tallystick.cli.reading import read_text
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

__all__ = ["programme"]

_VILLAGE: Final = ("code", "zh", "en", "lon_micro", "lat_micro")
_HOUSEHOLD: Final = ("village", "group", "poor", "held")
_ANSWERS: Final = {"1": True, "0": False}
_MICRO: Final = frozenset({"lon_micro", "lat_micro"})


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
    from tallystick.services.publication.reach import (
        Surveyed,
        Village,
        count_reach,
        list_villages,
    )

    listed = [
        Village(row["code"], row["zh"], row["en"], int(row["lon_micro"]), int(row["lat_micro"]))
        for row in _read(villages, _VILLAGE)
    ]
    homes = (
        Surveyed(row["village"], row["group"], _ANSWERS[row["poor"]], _ANSWERS[row["held"]])
        for row in _read(survey, _HOUSEHOLD)
    )
    areas, groups = count_reach(listed, homes)
    with place.office() as office:
        return office.measure_programme(
            name, cycle=cycle, villages=list_villages(listed), areas=areas, groups=groups
        )


def _read(path: str, names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file by its head; what has no reading is named by its line alone.

    Raises:
        NotFound, Invalid: `cli.file`, as `read_text`; `cli.row`.
    """
    rows = csv.DictReader(read_text(path).splitlines())
    if tuple(rows.fieldnames or ()) != names:
        raise _fault(path, 1, f"the head is not {','.join(names)}")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values() or not all(map(_is_cell, row.items())):
            raise _fault(path, number, f"no reading as {','.join(names)}")
        yield row


def _is_cell(cell: tuple[str, str]) -> bool:
    name, text = cell
    if name in {"poor", "held"}:
        return text in _ANSWERS
    if name in _MICRO:
        return text.removeprefix("-").isdecimal() and text.isascii()
    return bool(text)


def _fault(path: str, line: int, why: str) -> Invalid:
    return Invalid(
        "cli.row",
        f"{Path(path).name} line {line}: {why}",
        cure="Correct the line, or the head.",
        line=line,
    )

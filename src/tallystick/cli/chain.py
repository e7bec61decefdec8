"""`tally verify`, `tally repair`, `tally rebuild`: the chains and views of a county's members."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Corrupt
from tallystick.cli.place import Place, at_county, at_member
from tallystick.cli.showing import progress, show
from tallystick.cli.spoken import Verb, Words, find_language, lang_option, option

if TYPE_CHECKING:
    from tallystick.kernel.ledger.audit import Report

__all__ = ["rebuild", "repair", "verify"]


@click.command(
    "verify",
    cls=Verb,
    words=Words(
        "用每个成员自己的文件从创世块起重跑全链，指出每处差错",
        "Run each member's chain again from genesis, from its own files, and name every fault.",
    ),
)
@option("--member", "members", multiple=True, metavar="NAME", zh="只验某成员", en="Only this one.")
@at_county
@lang_option
def verify(place: Place, *, members: tuple[str, ...]) -> None:
    """Verify all chains; a fault is a failure."""
    from tallystick.county.founding import read_county
    from tallystick.county.upkeep import verify_county

    names = list(members) or [each.name for each in read_county(place.county).members]
    faulty = []
    with progress("verify") as tell:
        for done, report in enumerate(verify_county(place.county, names), 1):
            tell(done, len(names))
            row = _row(report)
            show(
                row if place.is_json else _flat(row),
                is_json=place.is_json,
                language=find_language(),
            )
            if not report.is_sound:
                faulty.append(report.member)
    if faulty:
        raise Corrupt(
            "ledger.unsound",
            f"{len(faulty)} of {len(names)} chains are not what was written: {', '.join(faulty)}",
            cure="tally repair --member NAME.",
        )


def _row(report: Report) -> dict[str, Any]:
    return {
        "member": report.member,
        "height": report.height,
        "head": str(report.header or ""),
        "sound": int(report.is_sound),
        "findings": [asdict(each) for each in report.findings],
    }


def _flat(row: dict[str, Any]) -> str:
    """Return a report in one line, and a line more for each finding."""
    lines = [
        f"{row['member']}\t{row['height']}\t{'ok' if row['sound'] else 'FAULT'}\t{row['head']}"
    ]
    for each in row["findings"]:
        place = " ".join(
            str(each[name]) for name in ("height", "field", "detail") if each[name] != ""
        )
        lines.append(f"  {place}: {each['expected'] or '-'} / {each['got'] or '-'}")
    return "\n".join(lines)


@click.command(
    "repair",
    cls=Verb,
    words=Words(
        "修复一个成员的链：能用的用自己的，其余从别的成员取回并验证",
        "Make a member's chain whole again: its own blocks where they hold, others' where not.",
    ),
)
@at_member()
@lang_option
def repair(place: Place) -> dict[str, Any]:
    """Repair one chain; the county must not be served meanwhile."""
    from tallystick.county.upkeep import repair_member

    found = repair_member(place.county, place.need_member())
    return {
        "member": place.member,
        "height": found.height,
        "fetched": list(found.fetched),
        "kept": found.kept,
        "damaged": found.damaged.name,
    }


@click.command(
    "rebuild",
    cls=Verb,
    words=Words(
        "从链重建一个成员的视图，给出每张表的摘要",
        "Make a member's views anew from its chain; answers each table's digest.",
    ),
)
@at_member(writes=True)
@lang_option
def rebuild(place: Place) -> dict[str, Any]:
    """Rebuild the views."""
    with place.office() as office:
        return office.rebuild_views()

"""`tally chain`, `tally repair`, `tally rebuild`: a member's chain out, in, and whole again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Invalid
from tallystick.cli.chain_link import add_linking
from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import progress, show
from tallystick.cli.spoken import (
    Group,
    Verb,
    Words,
    argument,
    find_language,
    lang_option,
    option,
)
from tallystick.cli.target import writing

if TYPE_CHECKING:
    from tallystick.kernel.ledger.claim import Left

__all__ = ["chain", "rebuild", "repair"]


@click.group(
    "chain",
    cls=Group,
    words=Words("把链写成归档、从归档取回", "Write a chain to an archive, take one in from it."),
)
def chain() -> None:
    """Let a verb follow."""


add_linking(chain)


@chain.verb(
    "export",
    zh="把一个成员的链写成 CAR 归档，任何 IPFS 工具都能逐块遍历",
    en="Write a member's chain to a CAR archive that any IPFS tool walks.",
)
@argument("out", zh="写到哪个文件", en="The file to write.")
@option(
    "--from",
    "first",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="HEIGHT",
    zh="从哪个高度起；大于 1 是一部分，接在已有的链后面",
    en="From which height on; above 1 it is a part, for who holds the chain up to there.",
)
@at_member()
def export(place: Place, *, out: str, first: int) -> dict[str, Any]:
    """Export a chain; the county may be served meanwhile."""
    from tallystick.county.single import find_reader
    from tallystick.kernel.ledger.archive import export_chain

    member = place.member or find_reader(place.county)
    with progress("export") as tell:
        found = export_chain(
            place.county / member / "ledger.db", Path(out), first=first, progress=tell
        )
    return {
        "file": out,
        "member": member,
        "from": found.first,
        "height": found.height,
        "bytes": found.size,
        "root": str(found.root),
    }


@chain.verb(
    "import",
    zh="从 CAR 归档取回一条链：每一块都按章程重跑，有一处不对就什么也不留下",
    en="Take a chain in from a CAR archive: every block is run by the charter first.",
)
@argument("file", zh="归档文件", en="The archive.")
@option(
    "--to",
    "folder",
    required=True,
    metavar="DIR",
    zh="放进哪个文件夹；已有一份的，只接上它没有的部分",
    en="The folder that gets ledger.db; where it holds one, what lies beyond is added.",
)
@option("--trust", metavar="JSON", zh="您信任的成员名单", en="Whom you trust: members.json.")
@option("--json", "is_json", is_flag=True, zh="输出 JSON", en="Tell it as JSON.")
def import_(*, file: str, folder: str, trust: str | None, is_json: bool) -> None:
    """Import a chain; a member's own folder must be at rest."""
    from tallystick.charter import CHARTER
    from tallystick.cli.verify import read_pin
    from tallystick.county.packing import guard_folder
    from tallystick.kernel.ledger.archive import import_chain

    pin = read_pin(trust)
    with guard_folder(Path(folder)), progress("import") as tell:
        found = import_chain(Path(file), Path(folder), CHARTER, pin=pin, progress=tell)
    told = {
        "file": str(Path(folder) / "ledger.db"),
        "height": found.tip.height,
        "added": found.added,
        "filled": found.filled,
        "head": str(found.tip.cid),
        "chain": found.tip.genesis.chain.hex(),
    }
    show(told, is_json=is_json, language=find_language())


@chain.verb(
    "prune",
    zh="把旧区块的正文写进归档并从本成员的文件中去掉；区块头、凭证和状态都留下，照样能证明",
    en="Give the bodies of old blocks away to an archive; headers, proofs and state stay.",
)
@argument("out", zh="写到哪个归档文件", en="The archive to write.")
@option(
    "--keep-days",
    type=click.IntRange(min=0),
    metavar="DAYS",
    zh="保留最近多少天的正文",
    en="Keep the bodies of so many days.",
)
@option(
    "--to-height",
    "below",
    type=click.IntRange(min=1),
    metavar="HEIGHT",
    zh="去掉到哪个高度为止的正文",
    en="Give away the bodies up to this height.",
)
@at_member()
def prune(place: Place, *, out: str, keep_days: int | None, below: int | None) -> dict[str, Any]:
    """Prune one member's chain; the county must not be served meanwhile."""
    from tallystick.base.clock import SystemClock
    from tallystick.county.pruning import prune_member

    if (keep_days is None) == (below is None):
        raise Invalid(
            "archive.span",
            "either --keep-days or --to-height tells what goes, exactly one of them",
            cure="tally chain prune FILE --keep-days 365.",
        )
    member = place.need_member()
    with progress("export") as tell:
        found = prune_member(
            place.county,
            member,
            Path(out),
            clock=SystemClock(),
            below=below,
            keep_days=keep_days or 0,
            progress=tell,
        )
    return {
        "file": out,
        "member": member,
        "from": found.archive.first,
        "height": found.archive.height,
        "bodies": found.bodies,
        "bytes": found.archive.size,
        "root": str(found.archive.root),
    }


@chain.verb(
    "snapshot",
    zh="把一个成员此刻的状态写成快照，旁边放上该高度的见证点",
    en="Write a member's state to a snapshot, and its height's checkpoint beside it.",
)
@argument("out", zh="写到哪个文件", en="The file to write; OUT.note gets the checkpoint.")
@at_member()
def snapshot(place: Place, *, out: str) -> dict[str, Any]:
    """Write a snapshot; the county may be served meanwhile."""
    from tallystick.county.single import find_reader
    from tallystick.kernel.ledger.snapshot import save_snapshot

    member = place.member or find_reader(place.county)
    with writing(Path(f"{out}.note")) as write:
        saved = save_snapshot(place.county / member / "ledger.db", Path(out))
        if saved.note:
            write(saved.note)
    found = saved.snapshot
    return {
        "file": out,
        "member": member,
        "height": found.fields["height"],
        "pairs": found.count,
        "bytes": Path(out).stat().st_size,
        "cosigned": saved.note.count(b"\n") - 6 if saved.note else 0,
    }


@chain.verb(
    "check",
    zh="核对一个快照：全部由您信任的成员见证过的那个区块头推出",
    en="Check a snapshot: all of it follows from a header that members you trust witnessed.",
)
@argument("file", zh="快照文件", en="The snapshot, its checkpoint beside it as FILE.note.")
@option("--trust", required=True, metavar="JSON", zh="您信任的成员名单", en="Whom you trust.")
@option("--json", "is_json", is_flag=True, zh="输出 JSON", en="Tell it as JSON.")
@click.pass_context
def check(ctx: click.Context, *, file: str, trust: str, is_json: bool) -> None:
    """Check a snapshot; exit status 0 only if all of it is proven."""
    from tallystick.cli.snapshot import check_snapshot

    found = check_snapshot(Path(file), Path(trust))
    show(found, is_json=is_json, language=find_language())
    ctx.exit(0 if found["status"] == "proven" else 1)


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
    """Repair one member's files; the county must not be served meanwhile.

    What is left is told as `tally verify` tells it, and ends as that does.
    """
    from tallystick.cli.verify import show_report, unsound
    from tallystick.county.upkeep import cures_of, repair_member

    done = repair_member(place.county, place.need_member())
    found = done.chain
    told = {
        "member": place.member,
        "height": found.height,
        "fetched": list(found.fetched) if place.is_json else _ranges(found.fetched),
        "kept": found.kept,
        "damaged": found.damaged.name if found.damaged is not None else "",
        "mended": list(done.changed),
        "left_out": [_say_left(each, is_json=place.is_json) for each in found.left],
    }
    if not done.left:
        return told
    show(told, is_json=place.is_json, language=find_language())
    for report in done.left:
        show_report(report, is_json=place.is_json)
    language, county = find_language(), Words("县自己的文件", "the county's own files")
    named = ", ".join(report.member or county.in_(language) for report in done.left)
    said = Words(f"这次修复没有全部修好：{named}", f"this repair does not mend all: {named}")
    raise unsound(said.in_(language), {report.member: cures_of(report) for report in done.left})


def _say_left(left: Left, *, is_json: bool) -> dict[str, str]:
    """Return whom a repair went on without, and why; people read it in their language."""
    from tallystick.text.findings import say_finding

    language = "en" if is_json else find_language()
    return {**asdict(left), "detail": say_finding(left.detail, left.code, language)}


def _ranges(heights: Sequence[int]) -> list[str]:
    """Return heights for people: each run of them as its ends."""
    runs: list[list[int]] = []
    for height in sorted(heights):
        if runs and runs[-1][1] == height - 1:
            runs[-1][1] = height
        else:
            runs.append([height, height])
    return [f"{first}-{last}" if last > first else str(first) for first, last in runs]


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

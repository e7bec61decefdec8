"""`tally position`: a file of applicants through the five steps, onto the chain; and its score."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tallystick.cli.examples import find_example
from tallystick.cli.showing import progress, show
from tallystick.cli.spoken import Verb, Words, argument, find_language, lang_option, option

if TYPE_CHECKING:
    from tallystick.county.house import House
    from tallystick.services.positioning.portfolio import Portfolio, Row

import click

__all__ = ["position"]

_COLUMNS: Final = (
    "row",
    "key",
    "case",
    "stage",
    "outcome",
    "scheme",
    "repay_ppm",
    "preferred",
    "alternatives",
    "gaps",
    "height",
)


@click.command(
    "position",
    cls=Verb,
    words=Words(
        "把文件里的每个申请走完五步，记到账本上，每案一行结果",
        "Take every applicant of a file through the five steps, onto the ledger; a row a case.",
    ),
)
@argument(
    "file", zh="申请文件（csv、xlsx、arff、jsonl）", en="Applicants: csv, xlsx, arff or jsonl."
)
@option("--mapping", required=True, metavar="TOML", zh="各列的含义", en="What the columns mean.")
@option(
    "--county",
    default="county",
    show_default=True,
    metavar="DIR",
    zh="县文件夹；没有就新建",
    en="The county's folder; made if absent.",
)
@option(
    "--member",
    default="credit-union",
    show_default=True,
    metavar="NAME",
    zh="由哪个成员受理",
    en="Which member takes them in.",
)
@option("--out", default="", metavar="CSV", zh="结果文件", en="Where the rows go.")
@option(
    "--score",
    "is_scored",
    is_flag=True,
    zh="与文件中人工判断（expected）逐案比对，给出一致程度",
    en="Compare with what an officer expected (`expected` of the file), case by case.",
)
@option("--json", "is_json", is_flag=True, zh="摘要为一行 JSON", en="The summary as JSON.")
@lang_option
def position(
    *, file: str, mapping: str, county: str, member: str, out: str, is_scored: bool, is_json: bool
) -> None:
    """Position a file."""
    from tallystick.cli.position_score import Scorer, print_score, read_labels, tree_score
    from tallystick.services.positioning.portfolio import Portfolio
    from tallystick.sources import load_mapping

    meaning = load_mapping(mapping)
    # A file without labels is refused before anything of it stands on the chain.
    scorer = Scorer(read_labels(Path(file), meaning)) if is_scored else None
    folder = Path(county)
    target = Path(out) if out else folder / "positions.csv"
    with _house(folder) as house:
        node = house.node(member)
        node.catch_up()
        witness = next(
            name for name, role in node.roles().items() if role == "village" and name != member
        )
        portfolio = Portfolio(node.desk, node.positions, witness=witness)
        tally: Counter[str] = Counter()
        with progress(Path(file).name) as told:
            rows = portfolio.run(Path(file), meaning, progress=told)
            _write(target, _counted(scorer.follow(rows) if scorer else rows, tally))
        with progress("verify"):
            house.spread()
        found = _summary(house, portfolio, tally, target)
    agreement = scorer.measure() if scorer else None
    if agreement and is_json:
        found.update(tree_score(agreement))
    show(found, is_json=is_json, language=find_language())
    if agreement and not is_json:
        print_score(agreement, find_language())


@contextmanager
def _house(folder: Path) -> Iterator[House]:
    """Open the county of a folder; found one with the example catalogue if there is none."""
    from tallystick.base.clock import SystemClock
    from tallystick.county.acted import publish_catalogue
    from tallystick.county.founding import found_county
    from tallystick.county.house import open_house

    clock = SystemClock()
    is_new = not (folder / "county.json").exists()
    if is_new:
        found_county(folder, clock=clock)
    with open_house(folder, clock) as house:
        if is_new:
            publish_catalogue(house, find_example("products.toml").read_text(encoding="utf-8"))
        yield house


def _counted(rows: Iterator[Row], tally: Counter[str]) -> Iterator[dict[str, Any]]:
    for row in rows:
        told = _row(row)
        tally[told["stage"]] += 1
        yield told


def _row(row: Row) -> dict[str, Any]:
    found = row.case.positioning
    providers = found.result.ranked
    repay = found.scheme.figures.get("repay_ppm")
    return {
        "row": row.row,
        "key": row.key or "",
        "case": row.case.identifier.hex(),
        "stage": "reported" if found.fits else "matched",
        "outcome": found.result.outcome,
        "scheme": found.scheme.outcome,
        "repay_ppm": "" if repay is None else repay,
        "preferred": " ".join(_named(each) for each in providers if each["role"] == "preferred"),
        "alternatives": " ".join(
            _named(each) for each in providers if each["role"] == "alternative"
        ),
        "gaps": " ".join(str(gap["gap"]) for gap in found.judgement.ranked if "gap" in gap),
        "height": row.case.height,
    }


def _named(provider: Any) -> str:  # noqa: ANN401 - a row of the decision
    return str(provider.get("provider") or provider["expertise"])


def _write(target: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write rows as they come; the file is complete or it is not there."""
    fresh = target.with_name(target.name + ".part")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    fresh.replace(target)


def _summary(
    house: House, portfolio: Portfolio, tally: Counter[str], target: Path
) -> dict[str, Any]:
    tips = {node.member: node.replica.tip for node in house.nodes()}
    head = tips[house.leader]
    return {
        "cases": sum(tally.values()),
        "reported": tally["reported"],
        "matched": tally["matched"],
        "rejected": len(portfolio.rejected),
        "rejected_rows": [
            {"row": each.row, "column": each.column, "code": each.code}
            for each in portfolio.rejected[:20]
        ],
        "cards": len(portfolio.cards.cids),
        "height": head.height,
        "head": str(head.cid),
        "members_verified": sum(tip.cid == head.cid for tip in tips.values()),
        "out": str(target),
    }

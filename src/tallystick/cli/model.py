"""`tally model`: train models on a file, judge them, let them decide, and retire them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.base.errors import Invalid
from tallystick.cli.model_life import (
    print_due,
    print_model,
    read_file,
    resolve,
    row_of,
    shadow_report,
)
from tallystick.cli.model_report import NAMES, print_report, tree_report
from tallystick.cli.place import Place, at_member
from tallystick.cli.showing import progress
from tallystick.cli.spoken import Group, Words, argument, find_language, option
from tallystick.cli.training import Sample, read_sample, report_of, sample_of

if TYPE_CHECKING:
    from tallystick.learning.training import Trained

__all__ = ["model"]

_REPORTS: Final = 200


@click.group(
    "model",
    cls=Group,
    words=Words(
        "训练评分模型并如实评价；批准、停用",
        "Train and judge scoring models; approve, retire them.",
    ),
)
def model() -> None:
    """Let a verb follow."""


@model.verb(
    "train",
    zh="用历史贷款文件或链上的贷款月报训练评分卡：五折检验，找泄漏，查公平，不用受保护的列",
    en="Train a scorecard on past loans, of a file or on the chain: five folds, leaks found,"
    " fairness told, no protected column used.",
)
@argument(
    "data",
    required=False,
    zh="历史贷款文件（csv、xlsx、arff、jsonl）",
    en="Past loans: csv, xlsx, arff or jsonl, packed or not.",
)
@option(
    "--chain",
    is_flag=True,
    zh="不用文件：用本成员可读的链上贷款月报",
    en="No file: lenders' reports on the chain that this member may open.",
)
@option(
    "--mapping",
    default="",
    metavar="TOML",
    zh="文件各列的含义，其中 known_at 说明何时可知",
    en="What the file's columns mean; known_at says since when each is known.",
)
@option(
    "--challenger",
    is_flag=True,
    zh="同时训练树模型作挑战者",
    en="Train boosted trees beside the card, as its challenger.",
)
@option(
    "--force",
    multiple=True,
    metavar="COLUMN",
    zh="虽有泄漏仍要使用的列（可多次）",
    en="A leaking column to use all the same (repeatable).",
)
@option("--out", "-o", default="", metavar="FILE", zh="把模型写到哪里", en="Where the model goes.")
@option(
    "--publish",
    type=click.Choice(["card", "challenger"]),
    default="card",
    show_default=True,
    zh="写出哪个模型",
    en="Which model goes there.",
)
@at_member()
def train_models(
    place: Place,
    *,
    data: str | None,
    chain: bool,
    mapping: str,
    challenger: bool,
    force: tuple[str, ...],
    out: str,
    publish: str,
) -> dict[str, Any] | None:
    """Train on a file, or on lenders' books."""
    names = ("card", "challenger") if challenger else ("card",)
    if publish not in names:
        raise click.UsageError("--publish challenger needs --challenger.")
    if chain == bool(data) or bool(mapping) != bool(data):
        raise click.UsageError("Name a file with its --mapping, or --chain and no file.")
    source = _read_books(place) if data is None else _read_file(data, mapping, force)
    sample, language = source.sample, find_language()
    trained = []
    for name in names:
        with progress(NAMES[name].in_(language)) as told:
            trained.append(_train(name, sample, told))
    published = next(each for each in trained if each.name == publish)
    written = _write(out, published, source.report(published)) if out else {}
    if place.is_json:
        return tree_report(sample, trained) | written
    print_report(sample, trained, written, language)
    return None


@dataclass(frozen=True, slots=True)
class _Source:
    """What is learnt from, and what is told of a model that was learnt from it."""

    sample: Sample
    report: Callable[[Trained], dict[str, Any]]


def _read_file(data: str, mapping: str, force: tuple[str, ...]) -> _Source:
    from tallystick.sources import load_mapping

    meaning = load_mapping(mapping)
    with progress(Path(data).name) as told:
        sample = read_sample(data, meaning, force, told)
    return _Source(sample, lambda trained: report_of(data, meaning, sample, trained))


def _read_books(place: Place) -> _Source:
    """Read every report that the member may open, a page at a time."""
    from tallystick import __version__
    from tallystick.county.local_book import read_told
    from tallystick.county.modelling import learn, month_after
    from tallystick.services.credit.book import follow_books
    from tallystick.services.credit.modelling import report_lesson

    told: list[dict[str, Any]] = []
    with place.office() as office:
        while page := office.read_books(limit=_REPORTS, offset=len(told)):
            told += page
    loans = follow_books(map(read_told, told))
    lesson = learn(loans, month_after(loans))
    return _Source(sample_of(lesson), lambda trained: report_lesson(lesson, trained, __version__))


def _train(name: str, sample: Sample, told: Callable[[int, int], None]) -> Trained:
    from tallystick.learning.training import train

    return train(
        name,
        sample.table,
        monotone=sample.monotone,
        protected=sample.protected,
        leaks=sample.leakage.leaks,
        forced=sample.forced,
        levels=sample.levels,
        told=told,
    )


def _write(out: str, trained: Trained, report: dict[str, Any]) -> dict[str, Any]:
    """Write a published model and its report; the file is complete or it is not there."""
    from tallystick.base.codec import cid_of, encode

    cid = cid_of(encode(trained.published))
    data = encode({"v": 1, "model": trained.published, "report": report})
    target = Path(out)
    fresh = target.with_name(target.name + ".part")
    try:
        fresh.write_bytes(data)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise Invalid(
            "cli.file", f"{target.name}: {error.strerror}", cure="Name a file in a folder of yours."
        ) from error
    return {"out": out, "published": trained.name, "cid": str(cid), "bytes": len(data)}


@model.verb(
    "list",
    zh="列出批准过的模型：哪个在用，测得怎样，何时由谁批准",
    en="List models ever approved: which decides, what was measured, when and by whom.",
)
@at_member()
def list_(place: Place) -> list[Any]:
    """List models."""
    with place.office(any_member=True) as office:
        rows = office.list_all(office.list_models)
    return rows if place.is_json else [row_of(row) for row in rows]


@model.verb(
    "show",
    zh="查看一个模型：数字、用到的特征及分数、数据与程序版本",
    en="Show a model: its figures, features with points, data and program version.",
)
@argument("name", metavar="MODEL", zh="模型的名称或 CID", en="The model's name or CID.")
@at_member()
def show_one(place: Place, *, name: str) -> dict[str, Any] | None:
    """Show a model."""
    with place.office(any_member=True) as office:
        found = office.show_model(resolve(office, name))
    if place.is_json:
        return found
    print_model(found, find_language())
    return None


@model.verb(
    "approve",
    zh="批准训练写出的模型，从下一案起由它评分（经办人的行为）",
    en="Let a trained model decide from the next case on: an officer's act.",
)
@argument("file", zh="训练用 --out 写出的文件", en="What training wrote by --out.")
@option("--name", required=True, zh="给它的名称", en="What it is to be called.")
@option(
    "--force",
    default=None,
    metavar="CODE",
    zh="虽然概率误差超出偶然，仍批准的理由代码（公开记录）",
    en="Why, by code and for all to read, though its probabilities are off by more than chance.",
)
@at_member(writes=True)
def approve(place: Place, *, file: str, name: str, force: str | None) -> dict[str, Any]:
    """Approve a model."""
    trained = read_file(file)
    with place.office() as office:
        cid = office.publish_model(trained["model"])["model"]
        return office.approve_model(cid, name=name, report=trained["report"], force=force)


@model.verb(
    "retire",
    zh="停用一个模型，不可恢复（经办人的行为）",
    en="Let a model decide no more, for good: an officer's act.",
)
@argument("name", metavar="MODEL", zh="模型的名称或 CID", en="The model's name or CID.")
@option("--code", default=None, zh="理由代码（公开记录）", en="Why, by code; for all to read.")
@at_member(writes=True)
def retire(place: Place, *, name: str, code: str | None) -> dict[str, Any]:
    """Retire a model."""
    with place.office() as office:
        return office.retire_model(resolve(office, name), code=code)


@model.verb(
    "shadow",
    zh="让一个不作决定的模型重看本成员决定过的案件，比较差别；不记账，留阅读回执",
    en="Run a model over this member's own decided cases and compare: nothing is recorded,"
    " receipts are left.",
)
@argument(
    "name",
    metavar="MODEL",
    zh="模型的名称或 CID，或训练写出的文件",
    en="The model's name or CID, or a file that training wrote.",
)
@option(
    "--since",
    type=click.IntRange(0, 3_660),
    default=0,
    metavar="DAYS",
    zh="只看最近多少天决定的；0 为全部",
    en="Cases decided in the last so many days alone; 0 for all.",
)
@at_member()
def shadow(place: Place, *, name: str, since: int) -> dict[str, Any]:
    """Compare a model with what was decided."""
    with place.office() as office:
        if Path(name).is_file():
            cid = office.publish_model(read_file(name)["model"])["model"]
        else:
            cid = resolve(office, name)
        return shadow_report(office, cid, since)


@model.verb(
    "due",
    zh="该不该重新训练模型：漂移、新到期的贷款、概率是否还准；只提议，由人决定",
    en="Whether a model is to be trained anew: drift, loans that ended, chances that held or not."
    " It proposes; persons decide.",
)
@at_member()
def due(place: Place) -> dict[str, Any] | None:
    """Tell whether training is due."""
    with place.office() as office:
        found = office.due_model()
    if place.is_json:
        return found
    print_due(found, find_language())
    return None

"""`tally model`: train models on a file and say honestly what they are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.base.errors import Invalid
from tallystick.cli.model_report import NAMES, print_report, tree_report
from tallystick.cli.showing import progress, show
from tallystick.cli.spoken import Group, Words, argument, find_language, option
from tallystick.cli.training import read_sample, train

if TYPE_CHECKING:
    from tallystick.cli.training import Trained

__all__ = ["model"]


@click.group(
    "model",
    cls=Group,
    words=Words("训练评分模型并如实评价", "Train scoring models, and judge them honestly."),
)
def model() -> None:
    """Let a verb follow."""


@model.verb(
    "train",
    zh="用历史贷款训练评分卡：五折检验，找泄漏，查公平，不用受保护的列",
    en="Train a scorecard on past loans: five folds, leaks found, fairness told, no protected"
    " column used.",
)
@argument(
    "data",
    zh="历史贷款文件（csv、arff、jsonl，可压缩）",
    en="Past loans: csv, arff or jsonl, packed or not.",
)
@option(
    "--mapping",
    required=True,
    metavar="TOML",
    zh="各列的含义，其中 known_at 说明何时可知",
    en="What the columns mean; known_at says since when each is known.",
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
@option("--json", "is_json", is_flag=True, zh="输出一行 JSON", en="Tell it as one line of JSON.")
def train_models(
    *,
    data: str,
    mapping: str,
    challenger: bool,
    force: tuple[str, ...],
    out: str,
    publish: str,
    is_json: bool,
) -> None:
    """Train on a file."""
    from tallystick.sources import load_mapping

    names = ("card", "challenger") if challenger else ("card",)
    if publish not in names:
        raise click.UsageError("--publish challenger needs --challenger.")
    meaning = load_mapping(mapping)
    with progress(Path(data).name) as told:
        sample = read_sample(data, meaning, force, told)
    trained = []
    for name in names:
        with progress(NAMES[name].in_(find_language())) as told:
            trained.append(train(name, sample, told))
    written = _write(out, next(each for each in trained if each.name == publish)) if out else {}
    if is_json:
        tree = tree_report(sample, trained) | written
        show(tree, is_json=True, language=find_language())
    else:
        print_report(sample, trained, written, find_language())


def _write(out: str, trained: Trained) -> dict[str, Any]:
    """Write a published model in its canonical bytes; the file is complete or it is not there."""
    from tallystick.base.codec import cid_of, encode

    data = encode(trained.published)
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
    return {"out": out, "published": trained.name, "cid": str(cid_of(data)), "bytes": len(data)}

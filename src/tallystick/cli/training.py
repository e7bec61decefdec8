"""A file's rows as a training table, without what leaks or tells nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tallystick import __version__
from tallystick.base.codec import RAW, Cid
from tallystick.base.errors import Invalid, NotFound
from tallystick.sources.recipes import Formula

if TYPE_CHECKING:
    from tallystick.learning.leakage import Leakage
    from tallystick.learning.screening import Idle
    from tallystick.learning.table import Column, Table
    from tallystick.learning.training import Trained
    from tallystick.services.credit.modelling import Lesson
    from tallystick.sources import Feature, Mapping

__all__ = ["Sample", "read_sample", "report_of", "sample_of"]

_NAME: Final = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)
_DIRECTIONS: Final = {"up": 1, "down": -1}

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file read for training; all columns are of the rows with an outcome.

    Attributes:
        rows: rows with an outcome.
        unlabelled: rows whose outcome is not known.
        rejected: rows that could not be read, by code.
        unmapped: columns that the mapping reads nothing from.
        table: the columns that a model may use, leaks and idle ones taken out.
        protected: columns for the audit of fairness.
        leakage: what leaks.
        forced: leaking columns that were asked for all the same.
        idle: columns that do not help.
        monotone: direction by column of `table`: 1 or -1.
        levels: texts of level columns by name, in the order of their codes.
        titles: the file's column by feature; its own name where it is worked out of several.
    """

    rows: int
    unlabelled: int
    rejected: dict[str, int]
    unmapped: tuple[str, ...]
    table: Table
    protected: tuple[Column, ...]
    leakage: Leakage
    forced: tuple[str, ...]
    idle: tuple[Idle, ...]
    monotone: dict[str, int]
    levels: dict[str, tuple[str, ...]]
    titles: dict[str, str]


def read_sample(file: str, mapping: Mapping, force: Collection[str], told: Told) -> Sample:
    """Return the screened sample of a file.

    Args:
        file: its path.
        mapping: what its columns mean; it states a target.
        force: leaking columns to use all the same, each the file's or the feature's name.
        told: hears of bytes read and bytes in all.

    Raises:
        Invalid: `cli.train_target`, `cli.train_name`, `cli.train_force`, `cli.train_features`;
            a fault of the file; `learning.few_rows`, `learning.many_rows`.
    """
    from tallystick.learning.gathering import Gatherer
    from tallystick.sources import Application, read_applications

    _check_mapping(mapping)
    gatherer = Gatherer({feature.name: feature.kind for feature in mapping.features})
    with_key = mapping.key is not None
    reading = read_applications(file, mapping, progress=told)
    for row in reading:
        if isinstance(row, Application):
            entries = row.features | row.protected | row.later
            gatherer.add(entries, row.target, row.key if with_key else None)
    if reading.accepted == 0:
        raise reading.rejected[0].error()
    gathered = gatherer.finish()
    return _screen(gathered.table, mapping, force, reading)


def sample_of(lesson: Lesson) -> Sample:
    """Return what lenders' books teach as a sample: nothing protected, nothing from after."""
    from tallystick.learning.leakage import Leakage

    names = [column.name for column in lesson.table.columns]
    return Sample(
        rows=len(lesson.table),
        unlabelled=lesson.unripe,
        rejected={},
        unmapped=(),
        table=lesson.table,
        protected=(),
        leakage=Leakage((), ()),
        forced=(),
        idle=lesson.idle,
        monotone=dict(lesson.monotone),
        levels={},
        titles={name: name for name in (*names, *(each.column for each in lesson.idle))},
    )


def report_of(file: str, mapping: Mapping, sample: Sample, trained: Trained) -> dict[str, Any]:
    """Return what is kept of a training beside its model, as `records.trained.REPORT`.

    Raises:
        NotFound: `cli.file`, the data are no longer there.
    """
    from tallystick.learning.training import tell_metrics

    return {
        "program": __version__,
        "data": _link_of(file),
        "mapping": mapping.digest,
        "metrics": tell_metrics(trained, rows=sample.rows, leaks=len(sample.forced)),
        "curves": trained.curves,
    }


def _link_of(file: str) -> Cid:
    """Return the SHA-256 of a file's bytes as the CID of a raw object."""
    try:
        with Path(file).open("rb") as data:
            digest = hashlib.file_digest(data, "sha256").digest()
    except OSError as error:
        raise NotFound(
            "cli.file", f"{Path(file).name}: {error.strerror}", cure="Check the path."
        ) from error
    return Cid(bytes([1, RAW, 0x12, 0x20]) + digest)


def _check_mapping(mapping: Mapping) -> None:
    """Refuse a mapping that no model can be trained by, before the file is read."""
    from tallystick.learning.training import TARGET

    if mapping.target is None:
        raise Invalid(
            "cli.train_target",
            "the mapping does not say how a loan ended",
            cure="Add [target] with the column and the texts of good and bad.",
        )
    for number, feature in enumerate(mapping.features, 1):
        if not _NAME.fullmatch(feature.name) or feature.name == TARGET:
            raise Invalid(
                "cli.train_name",
                f"the name of feature {number} cannot stand in a published model",
                cure=f"Use 1 to 64 of a-z 0-9 . _ - and not {TARGET}.",
            )


def _screen(table: Table, mapping: Mapping, force: Collection[str], reading: Any) -> Sample:  # noqa: ANN401 - a Reading
    """Return the sample without what leaks, is protected or tells nothing."""
    from tallystick.learning.evaluation import check_sample
    from tallystick.learning.leakage import find_leaks
    from tallystick.learning.screening import find_idle
    from tallystick.learning.training import SEED

    check_sample(table)
    protected = {feature.name for feature in mapping.features if feature.protected}
    later = {feature.name for feature in mapping.features if feature.known_at == "after"}
    undeclared = {feature.name for feature in mapping.features if not feature.declared}
    leakage = find_leaks(
        _pick(table, lambda name: name not in protected | later),
        _pick(table, lambda name: name in later - protected).columns,
        undeclared,
        seed=SEED,
    )
    leaking = {leak.column for leak in leakage.leaks}
    titles = {feature.name: _title(feature) for feature in mapping.features}
    forced = _force(force, {name: titles[name] for name in leaking})
    offered = _pick(table, lambda name: name not in protected | (leaking - forced))
    idle = find_idle(offered)
    left_out = {each.column for each in idle if each.is_left_out}
    used = _pick(offered, lambda name: name not in left_out)
    if not used.columns:
        raise Invalid(
            "cli.train_features",
            f"{len(leaking)} columns leak and {len(left_out)} tell nothing; none is left",
            cure="Bring columns known at the application, and say so with known_at.",
        )
    names = {column.name for column in used.columns}
    return Sample(
        rows=len(table),
        unlabelled=reading.accepted - len(table),
        rejected=dict(sorted(reading.codes.items())),
        unmapped=reading.unmapped,
        table=used,
        protected=_pick(table, lambda name: name in protected).columns,
        leakage=leakage,
        forced=tuple(sorted(forced)),
        idle=idle,
        monotone={
            feature.name: _DIRECTIONS[feature.monotone]
            for feature in mapping.features
            if feature.monotone in _DIRECTIONS and feature.name in names
        },
        levels={feature.name: feature.levels for feature in mapping.features},
        titles=titles,
    )


def _force(force: Collection[str], leaking: dict[str, str]) -> set[str]:
    """Return the leaking features that are asked for, refusing to force what was not left out."""
    wrong = sorted(set(force) - leaking.keys() - set(leaking.values()))
    if wrong:
        raise Invalid(
            "cli.train_force",
            f"--force names {len(wrong)} columns that do not leak: {', '.join(wrong)[:80]}",
            cure="Name columns that the leakage list of a run without --force shows.",
        )
    return {name for name, title in leaking.items() if name in force or title in force}


def _title(feature: Feature) -> str:
    """Return the file's column that a feature reads, or its own name where it reads several."""
    origin = feature.recipe.origin
    return feature.name if isinstance(origin, Formula) else origin.name


def _pick(table: Table, wanted: Callable[[str], bool]) -> Table:
    """Return a table with the columns whose names are wanted."""
    from dataclasses import replace

    return replace(table, columns=tuple(column for column in table.columns if wanted(column.name)))

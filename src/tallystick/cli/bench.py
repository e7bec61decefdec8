"""`tally bench`: every promised figure, measured against a baseline of the same run.

Benches live beside the sources in `bench/`, with their goals in one table; an installed package
without them says so. A bench is a module with `run`; one that has `parse` takes options of its own,
behind its name, and one that has `tell` says what it found in tables too.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from tallystick import __version__
from tallystick.base.errors import NotFound
from tallystick.cli.showing import Plain, show
from tallystick.cli.spoken import Verb, Words, argument, find_language, lang_option, option

__all__ = ["bench"]

FOLDER: Final = Path(__file__).resolve().parents[3] / "bench"


@click.command(
    "bench",
    cls=Verb,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    words=Words(
        "测量承诺的速度，与同一次运行中的基准相比；不写名字则列出全部",
        "Measure promised figures against baselines of the same run; without a name, list them.",
    ),
)
@argument("name", required=False, zh="要测的项", en="Which bench.")
@option("--json", "is_json", is_flag=True, zh="一行 JSON", en="One JSON object.")
@lang_option
def bench(name: str | None, is_json: bool) -> None:  # noqa: FBT001 - click's own
    """Measure, or list what can be measured."""
    goals, language = _goals(), find_language()
    if name is None:
        show(_listed(goals), is_json=is_json, language=language)
        return
    module = _load(name, goals)
    found = _measure(module, name, goals, click.get_current_context().args)
    show(found if is_json else _brief(found), is_json=is_json, language=language)
    if hasattr(module, "tell") and not is_json:
        show(Plain("\n" + module.tell(found["rows"], language)), is_json=False, language=language)


def _goals() -> dict[str, dict[str, dict[str, Any]]]:
    try:
        return tomllib.loads((FOLDER / "goals.toml").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(
            "bench.absent", "the benches come with the sources only", cure="Run it in a checkout."
        ) from error


def _listed(goals: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {"bench": bench_name, "name": row, "goal": told["goal"], "what": told["what"]}
        for bench_name, rows in goals.items()
        for row, told in rows.items()
    ]


def _load(name: str, goals: dict[str, dict[str, dict[str, Any]]]) -> ModuleType:
    path = FOLDER / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    if name not in goals or spec is None or spec.loader is None:
        raise NotFound(
            "bench.unknown", f"there is no bench {name}", cure=f"One of: {', '.join(goals)}."
        )
    module = importlib.util.module_from_spec(spec)
    import sys

    # Dataclasses look their module up by name; benches share modules that stand beside them.
    sys.modules[spec.name] = module
    sys.path.append(str(FOLDER))
    spec.loader.exec_module(module)
    return module


def _measure(
    module: ModuleType,
    name: str,
    goals: dict[str, dict[str, dict[str, Any]]],
    options: Sequence[str],
) -> dict[str, Any]:
    if options and not hasattr(module, "parse"):
        raise click.NoSuchOption(options[0])
    given = module.parse(options) if options else {}
    began = time.monotonic()
    rows = [_judged(row, goals[name]) for row in module.run(**given)]
    return {
        "bench": name,
        "version": __version__,
        "machine": {"cpu": platform.machine(), "cores": os.cpu_count() or 1},
        "seconds": round(time.monotonic() - began, 1),
        "rows": rows,
    }


def _brief(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a person reads: without the points that a curve is drawn by."""
    rows = [
        {key: value for key, value in row.items() if not isinstance(value, list | dict)}
        for row in found["rows"]
    ]
    return {**found, "rows": rows}


def _judged(row: dict[str, Any], goals: dict[str, dict[str, Any]]) -> dict[str, Any]:
    goal = goals[row["name"]]["goal"]
    return {**row, "goal": goal, "met": None if row["ratio"] is None else row["ratio"] >= goal}

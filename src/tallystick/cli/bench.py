"""`tally bench`: every promised figure, measured against a baseline of the same run.

Benches live beside the sources in `bench/`, with their goals in one table; an installed package
without them says so.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import time
import tomllib
from pathlib import Path
from typing import Any, Final

import click

from tallystick import __version__
from tallystick.base.errors import NotFound
from tallystick.cli.showing import show
from tallystick.cli.spoken import Verb, Words, argument, find_language, lang_option, option

__all__ = ["bench"]

FOLDER: Final = Path(__file__).resolve().parents[3] / "bench"


@click.command(
    "bench",
    cls=Verb,
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
    goals = _goals()
    found = _measure(name, goals) if name else _listed(goals)
    show(found, is_json=is_json, language=find_language())


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


def _measure(name: str, goals: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
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
    began = time.monotonic()
    rows = [_judged(row, goals[name]) for row in module.run()]
    return {
        "bench": name,
        "version": __version__,
        "machine": {"cpu": platform.machine(), "cores": os.cpu_count() or 1},
        "seconds": round(time.monotonic() - began, 1),
        "rows": rows,
    }


def _judged(row: dict[str, Any], goals: dict[str, dict[str, Any]]) -> dict[str, Any]:
    goal = goals[row["name"]]["goal"]
    return {**row, "goal": goal, "met": None if row["ratio"] is None else row["ratio"] >= goal}

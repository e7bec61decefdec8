"""What every test may rely on: the data beside the checkout, Hypothesis' profile, honest skips.

With TALLY_REQUIRE=all a skipped test fails, unless it is marked `external`; the end of the run
says how many tests ran and how many external ones did not. Temporary files are kept in memory
where there is room, unless TMPDIR names a place: a test that loses power does so by a file system
of its own (`simulation`), never by the disk's, and each commit waits for a disk's acknowledgement.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

import hypothesis
import pytest

__all__ = ["shared"]

REQUIRE_ALL: Final = os.environ.get("TALLY_REQUIRE") == "all"
SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
MEMORY: Final = Path("/dev/shm")
MEMORY_FREE_BYTES: Final = 4 << 30
"""A whole run holds about a quarter of it at once."""

LONG: Final = (
    ("console",),
    ("service",),
    ("simulation", "conformance", "bench", "test_tidy.py", "unit/county", "unit/learning"),
)
"""What takes most of the time, in parts that each have their costly set-ups to themselves."""


def _keep_files_in_memory() -> None:
    """Let this process, and every one it starts, keep temporary files in memory."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_FREE_BYTES:
        os.environ["TMPDIR"] = str(MEMORY)
        # Whoever asked before was told of the disk.
        tempfile.tempdir = None


def _spare_processors() -> None:
    """Let no worker, and no program it starts, work for what another has done.

    What is imported is compiled once, whatever the shell asks for elsewhere; and a library's
    threads do not turn in wait on the processors that every worker computes on. That a result is
    one on any number of threads is shown where it is promised.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


# At import: the workers of a run are started, and their folders made, right after.
_keep_files_in_memory()
_spare_processors()

# `ci` draws the same examples on every machine; `deep` looks for new ones and says how to repeat.
hypothesis.settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the collector away from what collecting makes: it stays until the end of the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()
        # Collected every 700 new objects, what tests build takes a twentieth of a run's time.
        gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with one part of what is long, and leave what is short to be shared.

    Workers get as many tests each, in this order, and whoever is through takes from the end of what
    another has before it (`--dist worksteal`). So a county that a room's tests look at is made by
    one worker, seldom by each, and the last tests of a run are short ones.
    """
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    if workers == 1:
        return
    tests = Path(__file__).parent
    part_of = {tests / name: part for part, names in enumerate(LONG) for name in names}
    queues: list[list[pytest.Item]] = [[] for _ in range(workers)]
    short: list[pytest.Item] = []
    for item in items:
        found = (part_of.get(path) for path in (item.path, *item.path.parents))
        part = next((each for each in found if each is not None), None)
        (short if part is None else queues[part % workers]).append(item)
    dealt: list[pytest.Item] = []
    for number, queue in enumerate(queues):
        share = (len(items) - len(dealt)) // (workers - number)
        fill = max(0, share - len(queue))
        dealt += [*queue, *short[:fill]]
        short = short[fill:]
    items[:] = [*dealt, *short]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data sets beside the repository; never copied into it."""
    if not SHARED.is_dir():
        reason = "no folder `shared` beside the repository: real data sets are not here"
        if REQUIRE_ALL:
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything is required."""
    report = yield
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and not item.get_closest_marker("external")
    ):
        _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a module that skips itself into a failure where everything is required."""
    report = yield
    if report.skipped:
        _refuse(report)
    return report


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    if REQUIRE_ALL:
        report.outcome = "failed"
        report.longrepr = f"skipped under TALLY_REQUIRE=all: {report.longreprtext}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran, and how many external ones could not."""
    stats = terminalreporter.stats
    ran = sum(len(stats.get(outcome, [])) for outcome in ("passed", "failed", "xfailed", "xpassed"))
    skipped = stats.get("skipped", [])
    external = sum("external" in getattr(report, "keywords", ()) for report in skipped)
    terminalreporter.write_line(
        f"{ran} tests ran; {external} marked external and {len(skipped) - external} others skipped"
    )

"""What tests/conftest.py promises of skips, shown on small suites of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUITE = """
import pytest

def test_runs(): pass

def test_asks_for_data(shared): pass

@pytest.mark.external
def test_needs_a_daemon(): pytest.skip("no daemon here")

@pytest.mark.xfail(reason="not yet")
def test_gap(): assert False
"""


def _run(folder: Path, suite: str, require: str) -> str:
    tests = folder / "checkout" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("conftest.py"), tests)
    (tests / "test_suite.py").write_text(suite)
    marks = "[pytest]\nmarkers =\n  external: needs a daemon\nxfail_strict = true\n"
    (folder / "checkout" / "pytest.ini").write_text(marks)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    settings = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        command,
        cwd=folder / "checkout",
        env=settings | {"TALLY_REQUIRE": require},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_skip_is_let_through_where_nothing_is_required(tmp_path: Path) -> None:
    told = _run(tmp_path, SUITE, "")
    assert "2 tests ran; 1 marked external and 1 others skipped" in told
    assert "1 passed, 2 skipped, 1 xfailed" in told


def test_only_external_skips_are_let_through_where_all_is_required(tmp_path: Path) -> None:
    told = _run(tmp_path, SUITE.replace("(shared)", "(): pytest.skip('later')  #"), "all")
    assert "3 tests ran; 1 marked external and 0 others skipped" in told
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in told
    assert "skipped under TALLY_REQUIRE=all" in told


def test_absent_data_is_an_error_where_all_is_required(tmp_path: Path) -> None:
    told = _run(tmp_path, SUITE, "all")
    assert "no folder `shared` beside the repository" in told
    assert "1 passed, 1 skipped, 1 xfailed, 1 error" in told


def test_module_that_skips_itself_fails_where_all_is_required(tmp_path: Path) -> None:
    suite = "import pytest\npytest.importorskip('no_such_module')\n"
    assert "1 error" in _run(tmp_path, suite, "all")


def test_present_data_is_found_beside_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    assert "2 passed, 1 skipped, 1 xfailed" in _run(tmp_path, SUITE, "all")


def test_closed_gap_breaks_the_run(tmp_path: Path) -> None:
    suite = "import pytest\n@pytest.mark.xfail\ndef test_closed(): pass\n"
    assert "1 failed" in _run(tmp_path, suite, "")

"""The loops in C under the compiler's own watch: no access outside, no undefined arithmetic."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TESTS = {
    "batch": ("tests/laws/test_native.py", "tests/unit/exact/test_native.py"),
    "zigzag": ("tests/laws/test_zigzag.py", "tests/unit/kernel/store/zigzag"),
}
PLUGIN = """
import importlib.util
from tallystick import _native
spec = importlib.util.spec_from_file_location("tallystick._native.{name}", {path!r})
_native.{name} = importlib.util.module_from_spec(spec)
spec.loader.exec_module(_native.{name})
"""


def runtimes(compiler: str) -> list[str]:
    """Return the paths of the compiler's sanitizers, as far as it has them."""
    found = []
    for name in ("libasan.so", "libubsan.so"):
        command = [compiler, f"-print-file-name={name}"]
        path = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        found += [path] if Path(path).is_absolute() else []
    return found


def watched(compiler: str, name: str, folder: Path, options: list[str]) -> None:
    """Compile the loops with sanitizers into a plugin that puts them in place."""
    path, source = folder / f"{name}.so", ROOT / f"src/tallystick/_native/{name}.c"
    watch = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1"]
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    include = ["-isystem", sysconfig.get_paths()["include"]]
    command = [compiler, *strict, *watch, *options, *include, str(source), "-o", str(path)]
    subprocess.run(command, check=True)
    (folder / "watched.py").write_text(PLUGIN.format(name=name, path=str(path)), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.parametrize("options", [[], ["-DTALLYSTICK_PLAIN"]], ids=["own", "plain"])
@pytest.mark.parametrize("name", TESTS)
def test_the_laws_hold_under_the_sanitizers(name: str, options: list[str], tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None or len(preloaded := runtimes(compiler)) < 2:
        pytest.skip("no gcc with sanitizers")
    watched(compiler, name, tmp_path, options)
    environment = os.environ | {
        "LD_PRELOAD": " ".join(preloaded),
        "ASAN_OPTIONS": "detect_leaks=0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": str(tmp_path),
    }
    # Uncaptured (-s), or the report of an abort is lost with the process.
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-qs",
            "-p",
            "watched",
            "-p",
            "no:cacheprovider",
            *TESTS[name],
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    assert "0 marked external and 0 others skipped" in run.stdout

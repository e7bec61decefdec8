"""A server may open as many files as its machine lets it, and tells where those are too few."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

TALLY = [sys.executable, "-m", "tallystick.cli"]


def _serve(county: Path, soft: int, hard: int, language: str) -> tuple[int, str]:
    """Return how many files a server under such limits may open, and what it tells of it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < hard:
        pytest.skip(f"this machine lets {most} files be open")
    limited = ["sh", "-c", f'ulimit -Sn {soft}; ulimit -Hn {hard}; exec "$@"', "sh"]
    words = [*limited, *TALLY, "serve", str(county), "--port", "0", "--json", "--lang", language]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        # One that is ended before it has begun tells that, too.
        asked = httpx.get(f"{address}/healthz", trust_env=False, timeout=30)
        assert asked.status_code == 200
        limits = Path(f"/proc/{server.pid}/limits").read_text(encoding="utf-8")
        told = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=30)
    return int(told.split()[3]), errors


def test_the_bound_that_may_be_raised_is_raised(county: Path) -> None:
    assert _serve(county, 200, 8_192, "en") == (8_192, "")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "may open 512 files"),
        pytest.param("zh", "只能打开 512 个文件", marks=pytest.mark.long),
    ],
)
def test_a_bound_that_is_too_low_is_told(county: Path, language: str, words: str) -> None:
    most, told = _serve(county, 512, 512, language)
    assert most == 512
    assert words in told
    assert len(told.splitlines()) == 1

"""The laws of tests/tidy.py: each is shown a breach it must see, then the tree must keep it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tidy import ALLOWED, LAWS, TREE_LAWS, check, spread
from tidy_source import HOME, ROOT, Source, read_tree

DOC = '"""What it is."""\n'
EXACT = HOME + "exact/card.py"
DECIDE = HOME + "services/credit/decide.py"
LONG = "def score():\n" + "    a = 1\n" * 60
LOST = "try:\n    a = 1\nexcept {}:\n    {}\n"

# law -> (path, breach, the same thing done well)
SAMPLES: dict[str, list[tuple[str, str, str]]] = {
    "function-length": [
        ("src/a.py", LONG, LONG.replace("    a = 1\n", "", 1)),
        ("tests/a.py", f"async {LONG}", 'def score():\n    """' + "a\n" * 99 + '"""\n'),
    ],
    "file-length": [("tests/a.py", "a = 1\n" * 501, "a = 1\n" * 500)],
    "parameters": [
        (EXACT, "def f(a, b, c, d, e, g): ...", "def f(a, b, c, d, e, *, g): ..."),
        (EXACT, "class A:\n def f(self,a,b,c,d,e,g): 1", "class A:\n def f(self,a,b,c,d,e): 1"),
    ],
    "docstring": [
        (EXACT, "a = 1\n", DOC),
        (EXACT, DOC + "def f(): ...", DOC + "def _f(): ..."),
        (EXACT, DOC + f"class A:\n {DOC} def f(self): ...", DOC + f"class A:\n {DOC} a: int"),
    ],
    "exports": [
        (EXACT, "def score(): ...", '__all__ = ["score"]\ndef score(): ...'),
        (EXACT, "PARTS: int = 1", "_PARTS: int = 1"),
        (HOME + "exact/__init__.py", "from tallystick.exact.card import Card", DOC),
    ],
    "mark": [(EXACT, "# TO" + "DO later", "# done"), ("docs/a.md", "fix" + "me", "fixed")],
    "place": [
        ("README.md", "see py" + "pi.org", "see the registry"),
        ("Makefile", "cd /wo" + "rk/main", "cd api/home/main"),
        ("tests/a.py", "open('/ro" + "ot/.cache')", "open('~/.cache')"),
    ],
    "clock": [
        (EXACT, "import time\ntime.time()", "now = clock.now()"),
        (EXACT, "from time import time_ns as t\nf(default=t)", "t()"),
        (EXACT, "from datetime import datetime as d\nd.now()", "d.now()"),
        (HOME + "api/app.py", "import datetime as d\nd.date.today()", "d.date.today()"),
    ],
    "randomness": [
        (EXACT, "import random\nrandom.random()", "random.random()"),
        (EXACT, "from os import urandom\nurandom(32)", "entropy.bytes(32)"),
        (EXACT, "import secrets as s\ns.token_bytes()", "s.token_bytes()"),
        (EXACT, "import numpy as np\nnp.random.rand(3)", "rng.random(3)"),
        (
            EXACT,
            "import numpy as np\nnp.random.default_rng()",
            "import numpy as np\nnp.random.default_rng(7)",
        ),
        (EXACT, "from nacl.signing import SigningKey\nSigningKey.generate()", "model.generate()"),
    ],
    "printing": [
        (EXACT, "print(1)", "say(1)"),
        (EXACT, "import sys\nsys.stderr.write('a')", "stream.write('a')"),
    ],
    "unsafe": [
        ("tests/a.py", "eval('1')", "literal_eval('1')"),
        (EXACT, "from pickle import loads", "from json import loads"),
    ],
    "swallowed": [
        (EXACT, LOST.format("", "raise"), LOST.format("KeyError", "raise")),
        (EXACT, LOST.format("KeyError", "pass"), LOST.format("KeyError", "a = 2")),
        (EXACT, LOST.format("KeyError", "..."), LOST.format("KeyError", "a = 2")),
        (
            EXACT,
            "from contextlib import suppress\nwith suppress(Exception): 1",
            "from contextlib import suppress\nwith suppress(KeyError): 1",
        ),
    ],
    "settings": [
        (EXACT, "import os\nos.environ['A']", "config.a"),
        (HOME + "api/app.py", "from os import getenv\ngetenv('A')", "config.a"),
    ],
    "purity": [
        (EXACT, "from pathlib import Path", "from fractions import Fraction"),
        (DECIDE, "open('a')", "opened('a')"),
        (HOME + "learning/drift.py", "import time", "import math"),
    ],
    "logging": [(DECIDE, "import logging", "import math")],
    "floats": [
        (EXACT, "a = 0.5", "a = 1"),
        (DECIDE, "a = b / c", "a = b // c"),
        (HOME + "finance/level.py", "a /= 2", "a //= 2"),
        (EXACT, "import math\nmath.sqrt(4)", "import math\nmath.isqrt(4)"),
        (EXACT, "float(a)", "isinstance(a, float)"),
    ],
    "folder": [
        (HOME + "services/credit/helpers.py", "", ""),
        (HOME + "kernel/queue/base.py", "", ""),
        (HOME + "managers/a.py", "", ""),
        (HOME + "billing.py", "", ""),
    ],
    "vendor": [
        (EXACT, "import numpy as np", "import math"),
        (HOME + "api/app.py", "import sqlite3", "from fastapi import FastAPI"),
        (HOME + "learning/drift.py", "import pandas", "import numpy"),
    ],
    "engines": [
        (HOME + "jobs.py", "from tallystick.kernel.store.engines import folder", "import math"),
        (
            HOME + "kernel/ledger/engines/sqlite.py",
            "from tallystick.kernel.store.engines.folder import Folder",
            "from tallystick.kernel.ledger.engines.schema import TABLES",
        ),
    ],
    "charter": [
        (
            HOME + "charter.py",
            "from tallystick.services.credit.service import Credit",
            "from tallystick.services.credit.decide import decide_v1",
        ),
        (
            HOME + "charter.py",
            "from tallystick.services import credit",
            "from tallystick.services.credit import rules",
        ),
    ],
    "deciding": [
        (
            DECIDE,
            "from tallystick.learning.binning import bins_of",
            "from tallystick.exact.card import Card",
        ),
        (DECIDE, "from .service import Credit", "from tallystick.base import errors"),
    ],
}

USED = "from tallystick.exact.card import score"
TREES: dict[str, tuple[list[Source], list[Source]]] = {
    "size": ([Source("a.bin", "", 2**20 + 1)], [Source("a.bin", "", 2**20)]),
    "mirror": (
        [Source(EXACT, "def f(): ..."), Source("tests/unit/exactly/test_card.py", "import math")],
        [Source(EXACT, "def f(): ..."), Source("tests/unit/exact/test_card.py", USED)],
    ),
    "spread": ([Source(EXACT, LONG[: 13 + 10 * 12])], [Source(EXACT, "def f(): ...")]),
}


def test_every_law_has_a_sample_of_its_breach() -> None:
    assert set(SAMPLES) == set(LAWS)
    assert set(TREES) == set(TREE_LAWS)


@pytest.mark.parametrize(
    ("law", "path", "breach", "cured"),
    [(law, *row) for law, rows in SAMPLES.items() for row in rows],
)
def test_law_sees_its_breach_and_not_its_cure(law: str, path: str, breach: str, cured: str) -> None:
    assert {finding.law for finding in check([Source(path, breach)], [law])} == {law}
    if law != "folder":
        assert check([Source(path, cured)], [law]) == []


@pytest.mark.parametrize("law", TREES)
def test_tree_law_sees_its_breach_and_not_its_cure(law: str) -> None:
    breach, cured = TREES[law]
    assert {finding.law for finding in check(breach, [law])} == {law}
    assert check(cured, [law]) == []


def test_good_folders_are_let_through() -> None:
    paths = [
        "kernel/store/base.py",
        "services/credit/rules.py",
        "node.py",
        "py.typed",
        "__init__.py",
    ]
    assert check([Source(HOME + path, "") for path in paths], ["folder"]) == []


@pytest.mark.parametrize(("law", "path"), ALLOWED)
def test_allowance_is_for_one_file_alone(law: str, path: str) -> None:
    _, breach, _ = next(row for row in SAMPLES[law] if row[1])
    assert check([Source(HOME + path, breach)], [law]) == []
    assert check([Source(HOME + "base/day.py", breach)], [law]) != []


def test_spread_counts_lines_without_docstrings() -> None:
    source = Source(EXACT, 'def f():\n    """One\n\n    two."""\n    return 1\n')
    assert spread([source]) == (2, 2, 5)


def test_tree_keeps_every_law() -> None:
    # All at once: the tree is parsed by one worker, and let go of.
    findings = check(read_tree())
    assert not findings, "\n" + "\n".join(map(str, findings))


def test_rooms_import_downwards_only() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

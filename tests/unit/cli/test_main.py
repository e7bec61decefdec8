"""The front door: help at once, in two languages, and verbs that are found by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tallystick import __version__
from tallystick.cli import main, showing
from tallystick.cli.main import run
from tallystick.cli.spoken import Words

HEAVY = ("fastapi", "httpx", "numpy", "rich", "tallystick.cli.case", "tallystick.charter")


def test_help_loads_nothing_that_a_verb_needs() -> None:
    program = (
        "import sys; from tallystick.cli.main import run; run(['--help']);"
        f"sys.exit([name for name in {HEAVY} if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "county" in done.stdout


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ((), "\u547d\u4ee4", "Commands"),
        (("case",), "\u53d7\u7406", "Open cases"),
        (("case", "open"), "\u7533\u8bf7", "five steps"),
    ],
)
def test_help_is_told_in_the_language_asked_for(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], zh: str, en: str
) -> None:
    for language, part, other in (("zh", zh, en), ("en", en, zh)):
        assert run(["--lang", language, *words, "--help"]) == 0
        told = capsys.readouterr().out
        assert part in told
        assert other not in told
        assert ("\u9009\u9879" in told) == (language == "zh")
        assert ("Options" in told) == (language == "en")


def test_a_verb_whose_file_is_missing_is_hidden_and_unknown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = {"soon": ("not_written_yet", Words("\u5c06\u6765", "Some day"))}
    monkeypatch.setattr(main, "_VERBS", {**main._VERBS, **absent})
    assert run(["--help"]) == 0
    assert "soon" not in capsys.readouterr().out
    assert run(["soon"]) == 2
    assert capsys.readouterr().err.startswith("cli.usage: ")


def test_a_noun_alone_shows_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", "case"]) == 2
    assert "hand-over" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_the_charter_is_a_table_in_either_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--lang", "zh"]) == 0
    chinese = capsys.readouterr().out
    assert run(["rules", "--lang", "en"]) == 0
    english = capsys.readouterr().out
    assert len(chinese.splitlines()) == len(english.splitlines()) > 30
    assert "\u62d2\u7edd" in chinese
    assert "Case refused" in english
    assert "notes" in english


def test_people_read_words_dates_and_lists(capsys: pytest.CaptureFixture[str]) -> None:
    tree = {
        "case": "ab",
        "stage": "matched",
        "alternatives": ["savings", "of_its_own"],
        "opened_at": 1_790_000_000_000,
        "decision": None,
        "row": {"owner": "village"},
        "items": [{"code": "x"}],
    }
    showing.show(tree, is_json=False, language="en")
    told = capsys.readouterr().out
    for part in ("does not fit", "savings, of_its_own", "2026-09-21 14:13:20Z", "owner  village"):
        assert part in told
    showing.show([tree, tree], is_json=True, language="en")
    assert len(capsys.readouterr().out.splitlines()) == 2
    showing.show([], is_json=True, language="zh")
    assert capsys.readouterr().out == ""


def test_an_error_that_names_a_strangers_file_does_not_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["store", "add", "no\x1b]0;owned\x07 such\udcff", "--lang", "en"]) != 0
    told = capsys.readouterr().err
    assert told.isprintable() or told.rstrip("\n").isprintable()
    assert "no\\x1b]0;owned\\x07 such" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "veriffy",
            "没有这个命令。怎么办：运行 tally --help 看用法。（No such command 'veriffy'）",
        ),
        (
            "verify --nope",
            "没有这个选项。怎么办：运行 tally verify --help 看用法。（No such option",
        ),
        ("verify --member", "选项用得不对。"),
        ("chain prune", "缺少参数。怎么办：运行 tally chain prune --help 看用法。"),
        ("county init x --validators 0", "给的值不对。"),
        ("case list x", "用法不对。"),
    ],
)
def test_a_verb_misused_is_told_in_the_language_asked_for(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words.split()
    assert run(["--lang=zh", *given]) == 2
    assert capsys.readouterr().err.startswith(f"cli.usage: {told}")
    assert run(["--lang", "en", *given]) == 2
    assert "Cure: tally" in capsys.readouterr().err


def test_the_language_counts_though_it_stands_behind_what_was_misused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["verify", "--nope", "--lang", "zh"]) == 2
    assert capsys.readouterr().err.startswith("cli.usage: 没有这个选项。")

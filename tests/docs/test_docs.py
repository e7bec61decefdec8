"""The pages say what is: links, modules, commands, decisions, error codes."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs.codes import Code, read_codes
from tallystick.api.problem import problem_tree
from tallystick.base import errors
from tallystick.cli.main import tally
from tidy import VENDORS

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "src" / "tallystick"
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("changes/*.md")})
README_LINES_MAX = 150
ARCHITECTURE_LINES_MAX = 250
ADR_LINES_MAX = 60
KINDS = ("Added", "Changed", "Fixed", "Removed", "Security", "Bytes")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Named in the layers, not built: the page says so until they are there.
NOT_BUILT = {"jobs.py", "config.py"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


# ---- links


def test_every_link_of_a_page_leads_somewhere() -> None:
    lost = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text(encoding="utf-8"))):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            if not found.exists():
                lost.append(f"{named(page)}: {target} is not there")
            elif anchor and anchor not in anchors(found.read_text(encoding="utf-8")):
                lost.append(f"{named(page)}: {target}: no heading")
    assert lost == []


# ---- README


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a page's shell blocks and of its `code`."""
    for language, body in _FENCE.findall(text):
        for line in body.splitlines():
            if language == "sh" or (not language and line.startswith(("tally ", "make "))):
                yield shlex.split(line.strip(), comments=True)
    for code in re.findall(r"`([^`\n]+)`", prose(text)):
        yield code.split()


def refusal(words: list[str]) -> str:
    """Return why `tally WORDS` is no command, "" if it is one."""
    command: click.Command = tally
    context = click.Context(tally, info_name="tally")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no verb {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    known = {name for each in command.params for name in each.opts}
    strangers = [each for each in words if each.startswith("--") and each not in known]
    return f"no option {strangers[0]}" if strangers and strangers != ["--help"] else ""


def test_the_readme_keeps_to_its_length() -> None:
    assert len(read("README.md").splitlines()) <= README_LINES_MAX


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/operate.md", "docs/threats.md"],
)
def test_every_command_that_a_page_shows_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    seen = 0
    for words in commands(read(name)):
        if words[:1] == ["tally"]:
            assert not (why := refusal(words[1:])), f"{' '.join(words)}: {why}"
            seen += 1
        if words[:1] == ["make"] and len(words) > 1 and words[1].isalpha() and words[1].islower():
            assert words[1] in targets, " ".join(words)
            seen += 1
    assert seen, "the page shows no command, or the test finds none"


def test_what_is_no_command_is_seen() -> None:
    assert refusal(["party", "add", "--kind", "household"]) == ""
    assert refusal(["party", "sell"]) == "no verb sell"
    assert refusal(["verify", "--gently"]) == "no option --gently"


def read_block(language: str, body: str) -> None:
    """Read a fenced block as what it says it is."""
    if language == "json":
        json.loads(body)
    elif language == "toml":
        tomllib.loads(body)
    elif language == "python":
        compile(body, "block", "exec")
    elif language == "sh":
        for line in body.splitlines():
            shlex.split(line, comments=True)


def test_every_fenced_block_is_what_it_says() -> None:
    wrong = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = _FENCE.findall(text)
        if text.count("\n```") + text.startswith("```") != 2 * len(blocks):
            wrong.append(f"{named(page)}: a fence without its end")
        for language, body in blocks:
            try:
                read_block(language, body)
            except (ValueError, SyntaxError) as error:
                wrong.append(f"{named(page)}: {language}: {error}")
    assert wrong == []


# ---- ARCHITECTURE


def test_the_architecture_keeps_to_its_length() -> None:
    assert len(read("ARCHITECTURE.md").splitlines()) <= ARCHITECTURE_LINES_MAX


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "docs/threats.md", "docs/operate.md"])
def test_every_file_that_a_page_names_exists(name: str) -> None:
    codes = re.findall(r"`([^`\n]+)`", prose(read(name)))
    paths = {each for each in codes if re.fullmatch(r"[\w./-]+(\.py|/)", each)}
    for each in paths - NOT_BUILT:
        is_bare = "/" not in each
        found = any(HOME.rglob(each)) if is_bare else (HOME / each).exists()
        assert found or (ROOT / each).exists(), each
    assert len(paths) > 1 or name == "docs/operate.md"


def test_what_is_said_not_to_be_built_is_not() -> None:
    page = read("ARCHITECTURE.md")
    for each in NOT_BUILT:
        assert f"`{each}`" in page
        assert not (HOME / each).exists(), f"{each} is built: say so in ARCHITECTURE.md"


def test_every_function_that_the_architecture_names_exists() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in HOME.rglob("*.py"))
    made, words = (set(re.findall(form, source)) for form in (r"\b(?:def|class) (\w+)", r"\w+"))
    codes = re.findall(r"`(\w+(?:\.\w+)*)\(\)`", prose(read("ARCHITECTURE.md")))
    for each in codes:
        owner, _, name = each.rpartition(".")
        assert name in made, each
        assert set(owner.split(".") if owner else []) <= words, each
    assert len(codes) > 20


def test_every_room_stands_in_the_architecture() -> None:
    page = read("ARCHITECTURE.md")
    for path in HOME.iterdir():
        room = path.name if path.suffix == ".py" else f"{path.name}/"
        if not path.name.startswith("__") and (path.suffix == ".py" or any(path.glob("*.py"))):
            assert f"`{room}`" in page, room


def test_every_vendor_has_its_place_in_the_laws() -> None:
    stated = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    names = {re.split(r"[<>=\[ ]", each)[0] for each in stated}
    assert names - {"argon2-cffi", "protobuf", "pynacl", "python-lucide", "scikit-learn"} <= set(
        VENDORS
    )


# ---- decisions


def test_decisions_are_numbered_without_gap() -> None:
    numbers = [int(path.name[:4]) for path in ADRS]
    assert numbers == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_on_one_page(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert re.match(rf"# {path.name[:4]} \S", text)
    assert heads == ["Context", "Options", "Choice", "What would reverse it"]
    assert re.search(r"^(Settles|Changes): \S", text, re.MULTILINE)
    assert len(text.splitlines()) <= ADR_LINES_MAX


def test_the_list_of_decisions_links_every_one() -> None:
    page = read("docs/decisions.md")
    for path in ADRS:
        assert f"(adr/{path.name})" in page, path.name


# ---- errors

ROW = re.compile(r"^\| `([a-z0-9_]+\.[a-z0-9_]+)` \| (.*) \|$", re.MULTILINE)
PAGE = {code: cells.split(" | ") for code, cells in ROW.findall(read("docs/errors.md"))}
VERDICTS = {"Conflict": "false", "NotFound": "not checkable"}


@pytest.fixture(scope="module")
def codes() -> dict[str, Code]:
    """Every code of the source."""
    return read_codes(HOME)[0]


def row_of(name: str, code: Code) -> list[str]:
    """Return what the source says of a code: the cells before its meaning."""
    families = sorted(code.families)
    if code.is_verdict:
        return [" / ".join(VERDICTS[family] for family in families)]
    made = [getattr(errors, family)(name, "x") for family in families]
    return [
        " / ".join(families),
        " / ".join(str(problem_tree(each)["status"]) for each in made),
        " / ".join(str(each.exit_status) for each in made),
    ]


def test_the_code_of_every_error_can_be_read_from_the_source() -> None:
    codes, unread = read_codes(HOME)
    assert not unread
    assert len(codes) > 200


def is_documented(name: str, code: Code, cells: list[str]) -> bool:
    """Tell whether the cells of a row have a code's families, statuses, meaning and every cure."""
    stated = row_of(name, code)
    if cells[: len(stated)] != stated or len(cells) != len(stated) + 2:
        return False
    meaning, cure = cells[len(stated) :]
    return bool(meaning.strip() and cure.strip()) and all(each in cure for each in code.cures)


def test_every_error_code_is_documented_with_family_status_and_cure(codes: dict[str, Code]) -> None:
    wanted = []
    for name, code in sorted(codes.items()):
        if not is_documented(name, code, PAGE.get(name, [])):
            cells = [f"`{name}`", *row_of(name, code), "MEANING", " ".join(code.cures) or "CURE"]
            wanted.append(f"| {' | '.join(cells)} | from {code.places[0]}")
    assert not wanted, "docs/errors.md lacks, or says otherwise:\n" + "\n".join(wanted)


def test_a_row_that_lacks_a_part_is_seen(codes: dict[str, Code]) -> None:
    name = "access.four_eyes"
    code, cells = codes[name], PAGE[name]
    assert is_documented(name, code, cells)
    for place in range(len(cells)):
        assert not is_documented(name, code, [*cells[:place], " ", *cells[place + 1 :]])
        assert not is_documented(name, code, cells[:place])


def test_no_code_is_documented_that_nothing_raises(codes: dict[str, Code]) -> None:
    assert sorted(PAGE.keys() - codes.keys()) == []


def test_the_reader_of_codes_sees_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(
        'def f(code: str) -> Error:\n    return Denied(code, "x", cure="y")\nf("a.b")\n'
        'raise Invalid("c.d", "x", cure="z")\nraise Corrupt(some, "x")\n',
        encoding="utf-8",
    )
    codes, unread = read_codes(tmp_path)
    assert {name: each.families for name, each in codes.items()} == {
        "a.b": {"Denied"},
        "c.d": {"Invalid"},
    }
    assert codes["c.d"].cures == ["z"]
    assert len(unread) == 1


# ---- changes


def test_every_change_begins_with_its_kind_and_a_sentence() -> None:
    paths = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]
    assert paths
    for path in paths:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        kind, _, sentence = first.partition(": ")
        assert kind in KINDS, path.name
        assert sentence.endswith("."), path.name
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+\.md", path.name), path.name

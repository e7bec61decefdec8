"""The error codes that the source raises, read from its syntax tree; nothing is imported or run.

A code is the first argument of a family of `base/errors.py` or of a class below one: a literal, or
the parameter of a function, whose calls in the same file then give it. Codes made by a rule stand
in `MADE`; a family called with anything else is a finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

__all__ = ["Code", "read_codes"]

FAMILIES = ("Conflict", "Corrupt", "Denied", "Error", "Invalid", "NotFound", "Unavailable")
# Where a code is made of a reason: (file, function) -> how its calls' first argument becomes one.
MADE: dict[tuple[str, str], Callable[[str], str]] = {
    ("chain/decided.py", "_no"): lambda reason: f"decision.{reason}",
    ("chain/decided.py", "_missing"): lambda reason: f"decision.{reason.partition(' ')[0]}",
    ("chain/proof.py", "_no"): lambda reason: "proof." + reason.replace(" ", "_"),
}
# Calls whose code another line of the source has stated already, or that the two rows below give.
RESTATED = {
    ("sources/applications.py", "self.code"),
    ("kernel/ledger/replica.py", "fault"),
}
# Reasons that stand in a variable or a condition where `MADE` looks.
FOUND = {
    ("chain/decided.py", "_no"): ("outcome", "ranked", "conditions", "figures", "reasons"),
    ("chain/decided.py", "_missing"): ("catalogue", "model", "disclosure of figures"),
    ("chain/proof.py", "_no"): ("bundle path", "log path"),
}
_CLASS = re.compile(r"^ *class (\w+)\(([^()]*)\)", re.MULTILINE)


@dataclass
class Code:
    """One code.

    Attributes:
        families: the names of the families it is raised as.
        cures: the literal cures given with it, without doubles.
        places: file and line of each statement of it.
        is_verdict: whether it is told only as the reason of a verdict on an evidence file.
    """

    families: set[str] = field(default_factory=set)
    cures: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    is_verdict: bool = True


@dataclass(frozen=True)
class _Call:
    path: str
    family: str
    kind: str
    node: ast.Call
    inside: tuple[ast.FunctionDef | ast.ClassDef, ...]


@cache
def read_codes(home: Path) -> tuple[dict[str, Code], list[str]]:
    """Return every code of the package at `home`, and the calls that give none to be read."""
    texts = {
        str(path.relative_to(home)): path.read_text(encoding="utf-8")
        for path in sorted(home.rglob("*.py"))
    }
    kinds = _families(texts.values())
    # A file that makes no error is not parsed.
    making = re.compile(rf"\b(?:{'|'.join(kinds)})\s*\(|\bsuper\b")
    trees = {path: ast.parse(text) for path, text in texts.items() if making.search(text)}
    codes: dict[str, Code] = {}
    unread: list[str] = []
    for path, tree in trees.items():
        for call in _calls(path, tree, kinds):
            found = list(_codes_of(call, tree))
            if not found and (path, _first(call.node)) not in RESTATED:
                unread.append(f"{path}:{call.node.lineno}: {ast.unparse(call.node)[:80]}")
            for code in found:
                _note(codes.setdefault(code, Code()), call)
    return codes, unread


def _note(code: Code, call: _Call) -> None:
    code.families.add(call.family)
    code.places.append(f"{call.path}:{call.node.lineno}")
    code.is_verdict &= call.kind in {"Contradicted", "Missing"}
    cure = next((each.value for each in call.node.keywords if each.arg == "cure"), None)
    told = str(cure.value) if isinstance(cure, ast.Constant) else ""
    if told and told not in code.cures:
        code.cures.append(told)


def _families(texts: Iterable[str]) -> dict[str, str]:
    """Return the family of every error class by name."""
    known = {name: name for name in FAMILIES}
    for text in texts:
        for name, bases in _CLASS.findall(text):
            for base in re.findall(r"\w+", bases) if name not in known else ():
                if base in known:
                    known[name] = known[base]
    return known


def _calls(path: str, tree: ast.Module, kinds: dict[str, str]) -> Iterator[_Call]:
    """Yield every making of an error, with the functions and classes it stands in."""
    waiting: list[tuple[ast.AST, tuple[ast.FunctionDef | ast.ClassDef, ...]]] = [(tree, ())]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.Call) and (kind := _kind(node, inside, kinds)):
            yield _Call(path, kinds[kind], kind, node, inside)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = (*inside, node)
        waiting += [(child, inside) for child in ast.iter_child_nodes(node)]


def _kind(
    node: ast.Call, inside: tuple[ast.FunctionDef | ast.ClassDef, ...], kinds: dict[str, str]
) -> str:
    """Return which error class a call makes, "" for none."""
    if isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
        return node.func.id
    is_super = isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith(
        "super().__init__"
    )
    own = [each.name for each in inside if isinstance(each, ast.ClassDef)]
    return own[-1] if is_super and own and own[-1] in kinds and own[-1] not in FAMILIES else ""


def _first(node: ast.Call) -> str:
    return ast.unparse(node.args[0])


def _codes_of(call: _Call, tree: ast.Module) -> Iterator[str]:
    first = call.node.args[0]
    if isinstance(first, ast.Constant):
        yield str(first.value)
        return
    functions = [each for each in call.inside if isinstance(each, ast.FunctionDef)]
    function = functions[-1] if functions else None
    if function is None:
        return
    here = call.path, function.name
    make = MADE.get(here)
    names = [each.arg for each in function.args.args]
    if make is None and not (isinstance(first, ast.Name) and first.id in names):
        return
    place = 0 if make is not None else names.index(_first(call.node))
    for reason in (*_given(tree, function.name, place), *FOUND.get(here, ())):
        yield make(reason) if make is not None else reason


def _given(tree: ast.Module, name: str, place: int) -> Iterator[str]:
    """Yield the literals that calls of a function of this file give at a place."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        given = node.args[place] if node.func.id == name and len(node.args) > place else None
        if isinstance(given, ast.Constant):
            yield str(given.value)

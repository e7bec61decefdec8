"""A file of the repository as the laws of tests/tidy.py read it: text, tree, names.

Nothing is imported or run; names are resolved from the file's own import statements, so a name
that reaches a file by other ways (a star import, `getattr`) is not seen.
"""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["DECIDING", "HOME", "ROOT", "FunctionNode", "Source", "dotted", "lines_of", "read_tree"]

ROOT = Path(__file__).resolve().parents[1]
HOME = "src/tallystick/"
DECIDING = ("rules", "views", "decide")
# The files of a service that touch kernel, learning and sources; all others are pure.
HANDS = (
    *("service", "acts", "portfolio", "finish", "told", "model", "shadow"),
    *(
        "reporting",
        "modelling",
        "collecting",
        "claims",
        "tending",
        "ending",
        "erasing",
        "survey",
        "checking",
        "readers",
        "doubts",
        "heard",
    ),
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its path from the root of the repository, its text and its size in bytes."""

    path: str
    text: str
    size: int = 0

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; empty for what is not Python."""
        return ast.parse(self.text if self.path.endswith(".py") else "", self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree but operators and contexts, which are fields of others here."""
        found: list[ast.AST] = [self.tree]
        for node in found:
            for name in _fields_of(type(node)):
                value = getattr(node, name, None)
                if type(value) is list:
                    found += [each for each in value if isinstance(each, ast.AST)]
                elif isinstance(value, ast.AST):
                    found.append(value)
        return found

    @property
    def inner(self) -> str:
        """The path inside the package, or nothing for files outside it."""
        return self.path.removeprefix(HOME) if self.path.startswith(HOME) else ""

    @property
    def room(self) -> str:
        """The package's room this file stands in."""
        return self.inner.split("/")[0].removesuffix(".py")

    @property
    def deciding(self) -> bool:
        """Whether this is a service's file that a verifier runs: all but its hands."""
        found = re.fullmatch(r"services/\w+/(\w+)\.py", self.inner)
        return found is not None and found[1] not in {*HANDS, "__init__"}

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Every import as (line, dotted name), relative ones made absolute."""
        found = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                module = self._module(node)
                found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
        return found

    def _module(self, node: ast.ImportFrom) -> str:
        package = self.path.removeprefix("src/").split("/")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])

    @cached_property
    def names(self) -> dict[str, str]:
        """What each imported local name stands for."""
        known: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    known[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    known[alias.asname or alias.name] = f"{self._module(node)}.{alias.name}"
        return known

    @cached_property
    def references(self) -> list[tuple[int, str]]:
        """Every name or attribute used, called or not, as (line, dotted name)."""
        return [
            (node.lineno, dotted(node, self.names))
            for node in self.nodes
            if isinstance(node, (ast.Attribute, ast.Name))
        ]

    @cached_property
    def calls(self) -> list[tuple[int, str, ast.Call]]:
        """Every call as (line, dotted name of what is called, node)."""
        return [
            (node.lineno, dotted(node.func, self.names), node)
            for node in self.nodes
            if isinstance(node, ast.Call)
        ]

    @cached_property
    def functions(self) -> list[FunctionNode]:
        """Every function and method, nested ones too."""
        return [
            node for node in self.nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    found = _FIELDS.get(kind)
    if found is None:
        found = tuple(name for name in kind._fields if name not in {"ctx", "op"})
        _FIELDS[kind] = found
    return found


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """Return `a.b.c` with `a` resolved through `names`; empty for what is not a plain name.

    A local object's attribute reads `?.a.b`: a variable called `random` is not the module.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    if parts and node.id not in names:
        parts += [node.id, "?"]
    else:
        parts.append(names.get(node.id, node.id))
    return ".".join(reversed(parts))


def lines_of(node: FunctionNode) -> int:
    """Return the lines of a function from `def` on, its docstring left out."""
    doc = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
    doc_lines = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - doc_lines


def read_tree(root: Path = ROOT) -> list[Source]:
    """Return every file git tracks or would track under `root`."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    sources = []
    for name in sorted(set(names) - {""}):
        path = root / name
        if path.is_file():
            data = path.read_bytes()
            text = data.decode(errors="ignore") if b"\0" not in data else ""
            sources.append(Source(name, text, len(data)))
    return sources

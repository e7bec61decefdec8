"""A member's keys in their files: a damaged one is told as that, by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from counties import found
from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Corrupt, NotFound
from tallystick.cli.main import run
from tallystick.county.upkeep import verify_member
from tallystick.kernel.access.secrets import Secrets

NAMES = ["finance", "regulator", "newspaper", "village"]
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-1],
    "empty": lambda _: b"",
    "garbled": lambda data: bytes((data[0] ^ 0x40,)) + data[1:],
    "longer": lambda data: data + b"\0",
}


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    return found(folder, SystemClock(), catalogue=False, names=NAMES)


@pytest.mark.parametrize("name", ["member.key", "member.next", "member.old"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_damaged_file_of_keys_is_named_and_its_place_is_not(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    secrets = Secrets.draw(SystemEntropy())
    secrets.write(path)
    assert Secrets.read(path) == secrets
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Corrupt, match=rf"^node\.bad_keys: {name} .* from a backup") as caught:
        Secrets.read(path)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.values == {"file": name}
    path.unlink()
    with pytest.raises(NotFound, match=r"^node\.no_keys: "):
        Secrets.read(path)


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("member.key", ["case", "list"]),
        # While those in force are whole, keys that wait stop nothing but others being drawn.
        ("member.next", ["change", "renew"]),
        ("member.next-3", ["change", "renew"]),
    ],
)
def test_a_verb_names_the_damaged_file_and_so_does_verify(
    county: Path, name: str, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = county / "village" / name
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes((county / "village" / "member.key").read_bytes()[:-2])
    try:
        words = [*verb, "--member", "village", "--county", str(county)]
        assert run(["--lang", "en", *words]) == Corrupt.exit_status
        told = capsys.readouterr().err
        assert told.startswith("node.bad_keys: ")
        assert name in told
        assert "Restore that file from a backup" in told
        (finding,) = verify_member(county, "village").findings
        assert finding.field == name
        assert "only a backup has it" in finding.detail
        assert run(["--lang", "zh", *words]) == Corrupt.exit_status
        assert "钥匙文件坏了" in capsys.readouterr().err
    finally:
        path.write_bytes(before) if before else path.unlink()

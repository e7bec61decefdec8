"""A folder a machine: nothing of another's secrets in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from links import free_ports
from machines import NAMES, await_until
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Invalid, NotFound
from tallystick.county.addressing import set_address
from tallystick.county.founding import found_county, read_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS
from tallystick.county.packing import pack_member
from tallystick.county.serving import serve_house
from tallystick.county.single import find_single, open_single
from tallystick.county.upkeep import verify_member
from tallystick.kernel.access.secrets import USES, Secrets
from tallystick.kernel.link.book import read_book


@pytest.fixture
def county(tmp_path: Path) -> Path:
    found = tmp_path / "county"
    found_county(
        found, clock=SystemClock(), members=[each for each in MEMBERS if each.name in NAMES]
    )
    for name, port in zip(NAMES, free_ports(len(NAMES)), strict=True):
        set_address(found, name, f"https://127.0.0.1:{port}")
    return found


def secrets_of(home: Path) -> list[bytes]:
    found = Secrets.read(home / "member.key")
    return [getattr(found, use) for use in USES]


def test_a_packed_folder_holds_one_members_secrets_alone(county: Path, tmp_path: Path) -> None:
    (county / "token").write_text("of this machine")
    (county / "engine.json").write_text("{}")
    told = pack_member(county, "village", tmp_path / "packed")
    assert {"village/member.key", "village/link.key", "village/peers.json"} <= {*told}
    assert {"county.json", "engine.json", "genesis.cbor"} <= {*told}
    assert not [each for each in told if "token" in each or "lock" in each]
    everything = b"".join(
        each.read_bytes() for each in (tmp_path / "packed").rglob("*") if each.is_file()
    )
    for name in NAMES:
        held = [each in everything for each in secrets_of(county / name)]
        assert held == [name == "village"] * len(USES)
    assert (tmp_path / "packed" / "village" / "member.key").stat().st_mode & 0o777 == 0o600
    assert find_single(tmp_path / "packed", read_county(county)) == "village"


def test_packed_members_find_each_other_over_tls(county: Path, tmp_path: Path) -> None:
    for name in ("finance", "newspaper"):
        pack_member(county, name, tmp_path / name)
    with (
        open_single(tmp_path / "finance", "finance", SystemClock()) as finance,
        serve_house(finance),
        open_single(tmp_path / "newspaper", "newspaper", SystemClock()) as newspaper,
        serve_house(newspaper),
    ):
        newspaper.node("newspaper").publication.publish_news("rain", "en")
        await_until(lambda: finance.node("finance").views.height() == 1)


def test_a_member_that_runs_or_has_no_address_for_all_is_not_packed(
    county: Path, tmp_path: Path
) -> None:
    with (
        open_single(county, "village", SystemClock()),
        pytest.raises(Conflict, match=r"^node\.locked: "),
    ):
        pack_member(county, "village", tmp_path / "a")
    book = json.loads((county / "village" / "peers.json").read_text())
    del book["newspaper"]
    (county / "village" / "peers.json").write_text(json.dumps(book))
    with pytest.raises(Invalid, match=r"^peers\.incomplete: .* newspaper "):
        pack_member(county, "village", tmp_path / "a")
    assert not (tmp_path / "a").exists()
    pack_member(county, "finance", tmp_path / "a")
    for name, code in (("village", "member.elsewhere"), ("insurer", "member.unknown")):
        with pytest.raises(NotFound, match=rf"^{code}: "):
            pack_member(tmp_path / "a", name, tmp_path / "b")
    with pytest.raises(Conflict, match=r"^county\.exists: "):
        pack_member(county, "finance", tmp_path / "a")
    with (
        pytest.raises(NotFound, match=r"^member\.elsewhere: "),
        open_house(tmp_path / "a", SystemClock()),
    ):
        pass


def test_an_address_is_told_to_every_member_of_a_folder(county: Path, tmp_path: Path) -> None:
    pack_member(county, "village", tmp_path / "packed")
    assert set_address(tmp_path / "packed", "finance", "http://127.0.0.1:9") == ["village"]
    book = read_book(tmp_path / "packed" / "village" / "peers.json")
    assert book["finance"].address == "http://127.0.0.1:9"
    with pytest.raises(Invalid, match=r"^peers\.certificate: "):
        set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9")
    pem = county / "finance" / "link.pem"
    set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9", pem)
    with pytest.raises(Invalid, match=r"^peers\.certificate: "):
        set_address(tmp_path / "packed", "finance", "https://10.0.0.2:9", tmp_path / "none")
    with pytest.raises(NotFound, match=r"^member\.unknown: "):
        set_address(county, "stranger", "http://127.0.0.1:9")


def test_a_packed_folder_without_its_keys_is_still_that_members(
    county: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "packed"
    pack_member(county, "village", packed)
    (packed / "village" / "member.key").unlink()
    assert find_single(packed, read_county(packed)) == "village"
    report = verify_member(packed, "village")
    assert [finding.field for finding in report.findings] == ["member.key"]

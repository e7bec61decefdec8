"""The public chain: anybody reads all of it, nobody anything else by it, members write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from counties import CATALOGUE, FITTING, START_MS, take_in
from tallystick.api.app import create_app
from tallystick.api.gate import LOG_BURST
from tallystick.api.token import ensure_token
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import cosign, read_stated, write_note
from tallystick.chain.crossing import find_chain
from tallystick.chain.equivocation import read_lines, verify_equivocation, write_equivocation
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.member import Members
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER
from tallystick.client import Client, in_process
from tallystick.county.chains import (
    COUNTY,
    PUBLIC,
    Chains,
    find_chains,
    found_chains,
    open_chains,
    serve_chains,
)
from tallystick.county.upkeep import verify_county
from tallystick.records.refusal import Refusal
from tallystick.services.positioning.catalogue import catalogue_from_toml

Ask = Callable[..., httpx.Response]
PAPER, DEPARTMENT, BANK = "newspaper", "finance", "credit-union"
TEXTS = {
    "title_zh": "\u5316\u80a5\u8865\u8d34",
    "title_en": "Fertiliser subsidy",
    "text_zh": "\u4e09\u6708\u8d77\u53d7\u7406\uff0c\u7535\u8bdd 0871-63612345\u3002",
    "text_en": "Taken in from March on; telephone 0871-63612345.",
}


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("public") / "county"


@pytest.fixture(scope="module")
def chains(folder: Path, clock: ManualClock) -> Iterator[Chains]:
    """A county's chains, for all tests: what each writes harms no other."""
    found_chains(folder, clock=clock)
    with open_chains(folder, clock) as opened:
        opened.houses[COUNTY].office(PAPER).publish_news("rain", language="en")
        opened.houses[COUNTY].spread()
        yield opened


@pytest.fixture
def ask(chains: Chains) -> Ask:
    """Ask a chain's members for something, with nothing that tells who asks."""
    apps = {kind: _officer(chains, kind, PAPER)._http for kind in chains.houses}

    def asked(kind: str, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        return apps[kind].request(method, path, headers={"Authorization": ""}, **more)

    return asked


def _officer(chains: Chains, kind: str, member: str) -> Client:
    house = chains.houses[kind]
    return in_process(create_app(house), ensure_token(house.folder), member)


def test_it_is_founded_with_the_county_and_kept_by_whoever_serves_the_public(
    chains: Chains, folder: Path
) -> None:
    assert find_chains(folder) == {COUNTY: folder, PUBLIC: folder / "public"}
    public = chains.houses[PUBLIC]
    assert {each.role for each in public.county.members} == {
        *("department", "village", "media", "regulator", "credit_cooperative")
    }
    assert public.leader != chains.houses[COUNTY].leader
    chains.houses[COUNTY].office(PAPER).publish_news("sun", language="en")
    chains.houses[COUNTY].spread()
    assert chains.anchor() == 1
    assert chains.anchor() == 0, "nothing is new"


def test_anybody_reads_all_of_it_and_checks_it_without_asking_a_member(
    chains: Chains, ask: Ask, folder: Path
) -> None:
    chains.anchor()
    office = chains.houses[PUBLIC].office(PAPER)
    said = office.publish_bulletin(**TEXTS)["record"]
    chains.houses[PUBLIC].spread()

    newest = ask(PUBLIC, f"/{PAPER}/log/records").json()["items"][0]
    assert (newest["t"], newest["record"], newest["state"]) == (
        "bulletin.published",
        said,
        "standing",
    )
    assert newest["pub"] == TEXTS
    assert ask(PUBLIC, f"/village/log/records/{said}").json() == newest

    pin = Pin.read(ask(PUBLIC, f"/{PAPER}/log/members.json").content)
    proof = ask(PUBLIC, f"/{DEPARTMENT}/log/records/{said}/proof")
    assert "max-age" in proof.headers["cache-control"]
    verdict = verify_evidence(proof.content, pin, CHARTER)
    assert verdict.status.value == "proven"
    (record,) = verdict.records.values()
    assert record.fields is not None
    assert record.fields["pub"] == TEXTS

    (row,) = ask(PUBLIC, f"/{PAPER}/log/chains").json()["items"]
    county = chains.houses[COUNTY].orderer.replica
    assert (row["name"], row["chain"]) == ("county", county.genesis.chain.hex())
    assert read_stated(row["note"].encode()).root == county.body(row["height"]).root

    checkpoint = read_stated(ask(PUBLIC, f"/{PAPER}/log/checkpoint").content)
    blocks = [
        ask(PUBLIC, f"/{PAPER}/log/blocks/{height}").content
        for height in range(1, checkpoint.height + 1)
    ]
    copy = chains.houses[PUBLIC].node("village").replica
    assert blocks == [copy.block(each) for each in range(1, checkpoint.height + 1)]
    reports = verify_county(folder / "public", [PAPER, "regulator"])
    assert all(each.is_sound for each in reports)


def test_pages_of_records_follow_one_another_to_the_first(chains: Chains, ask: Ask) -> None:
    office = chains.houses[PUBLIC].office(PAPER)
    said = [office.publish_bulletin(**TEXTS)["record"] for _ in range(3)]
    path, found, after = f"/{PAPER}/log/records?t=bulletin.published&limit=2", [], ""
    while True:
        page = ask(PUBLIC, f"{path}&after={after}").json()
        found += [each["record"] for each in page["items"]]
        after = page.get("after", "")
        if not after:
            break
    assert found[:3] == said[::-1]
    assert len(found) == len(set(found))
    whole = ask(PUBLIC, f"/{PAPER}/log/records?limit=100").json()["items"]
    assert [each["height"] for each in whole] == sorted(
        (each["height"] for each in whole), reverse=True
    )
    assert {"change.proposed", "change.voted"} <= {each["t"] for each in whole}


def test_nothing_else_opens_by_it(chains: Chains, ask: Ask) -> None:
    chains.anchor()
    for kind in (COUNTY, PUBLIC):
        for path in ("/v1/blocks", "/v1/chains", "/v1/members", "/v1/cases", "/v1/log/records"):
            assert ask(kind, f"/{PAPER}{path}").status_code == 401, path
    refused = ask(PUBLIC, f"/{PAPER}/v1/bulletins", method="POST", json=TEXTS)
    assert (refused.status_code, refused.json()["code"]) == (401, "api.token")
    for path in ("records", "records/" + "0" * 32, "chains", "members.json", "blocks/1"):
        answer = ask(COUNTY, f"/{PAPER}/log/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "public.none"), path
    assert ask(COUNTY, f"/{PAPER}/log/records/{'0' * 32}/proof").json()["code"] == "public.none"
    posted = ask(PUBLIC, f"/{PAPER}/log/records", method="POST", json={})
    assert posted.status_code == 401


def test_whoever_asks_too_often_waits(chains: Chains, ask: Ask) -> None:
    codes = {ask(PUBLIC, f"/{PAPER}/log/chains").status_code for _ in range(LOG_BURST + 1)}
    assert codes == {200, 429}


def test_a_member_corrects_and_withdraws_its_own_and_no_other(chains: Chains, ask: Ask) -> None:
    paper, village = (_officer(chains, PUBLIC, each) for each in (PAPER, "village"))
    first = paper.publish_bulletin(**TEXTS)["record"]
    with pytest.raises(Invalid, match="146"):
        village.withdraw_bulletin(first)
    second = paper.publish_bulletin(**TEXTS, amends=first)["record"]
    with pytest.raises(Invalid):
        village.publish_bulletin(**TEXTS, amends=second)
    paper.withdraw_bulletin(second)
    rows = ask(PUBLIC, f"/{PAPER}/log/records?t=bulletin.published").json()["items"]
    assert [(each["record"], each["state"]) for each in rows[:2]] == [
        (second, "withdrawn"),
        (first, "superseded"),
    ]
    with pytest.raises(Invalid) as caught:
        paper.publish_bulletin(**{**TEXTS, "text_en": "Ring 13812345678"})
    assert caught.value.values["code_number"] == Refusal.POINTS_AT_ONE
    paper.close()
    village.close()


def test_only_public_statements_stand_on_it_and_stand_nowhere_else(chains: Chains) -> None:
    paper, village = (chains.houses[PUBLIC].office(each) for each in (PAPER, "village"))
    acts: tuple[Callable[[], object], ...] = (
        lambda: paper.publish_news("rain", language="en"),
        lambda: village.give_guidance(topic="aid", text="sow early"),
        lambda: chains.houses[COUNTY].office(PAPER).publish_bulletin(**TEXTS),
    )
    for act in acts:
        with pytest.raises(Invalid) as caught:
            act()
        assert caught.value.values["code_number"] == Refusal.WRONG_CHAIN


def test_a_period_is_counted_from_the_members_own_copy_and_told_once(
    chains: Chains, clock: ManualClock, ask: Ask
) -> None:
    house = chains.houses[COUNTY]
    tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
    house.node(DEPARTMENT).positions.publish_catalogue(tree)
    bank = _officer(chains, COUNTY, BANK)
    for _ in range(5):
        take_in(bank, FITTING)
    bank.close()
    day = house.clock.now_ms() // DAY_MS
    office = chains.houses[PUBLIC].office(DEPARTMENT)
    with pytest.raises(Unavailable, match=r"tally\.not_anchored"):
        office.publish_tally(from_day=day, to_day=day)
    house.spread()
    chains.anchor()
    with pytest.raises(Invalid) as early:
        office.publish_tally(from_day=day, to_day=day)
    assert early.value.values["code_number"] == Refusal.TIME_OUT_OF_RANGE
    clock.advance(2 * DAY_MS)
    told = office.publish_tally(from_day=day, to_day=day)
    applied = next(each for each in told["figures"] if each["figure"] == "case.applied")
    assert applied == {"figure": "case.applied", "count": 5, "cases": 5}
    with pytest.raises(Invalid) as again:
        office.publish_tally(from_day=day - 30, to_day=day)
    assert again.value.values["code_number"] == Refusal.ALREADY_STATED
    with pytest.raises(Invalid, match=r"tally\.empty"):
        office.publish_tally(from_day=day + 1, to_day=day + 1)
    with pytest.raises(NotFound, match=r"tally\.elsewhere"):
        office.publish_tally(from_day=day + 1, to_day=day + 1, chain="00" * 32)
    (row,) = ask(PUBLIC, f"/{PAPER}/log/records?t=tally.published").json()["items"]
    assert row["pub"]["figures"] == told["figures"]
    assert row["pub"]["chain"] == house.orderer.replica.genesis.chain.hex()


def test_who_holds_the_public_chain_alone_proves_that_another_was_forked(
    chains: Chains, ask: Ask
) -> None:
    chains.anchor()
    (row,) = ask(PUBLIC, f"/{PAPER}/log/chains").json()["items"]
    stated = read_stated(row["note"].encode())
    # One member shows somebody else another past of the same size.
    secret = SigningKey.from_seed(chains.houses[COUNTY].node(BANK).secrets.note)
    forged = replace(stated, root=bytes(32))
    shown = write_note(forged, [cosign(forged, secret, member=BANK, time_s=1_700_000_000)])

    proposed = ask(PUBLIC, f"/{PAPER}/log/records?t=change.proposed").json()["items"]
    listed = Members.read(bytes.fromhex(proposed[-1]["pub"]["listed"]))
    own = next(
        (body, each)
        for body, each in read_lines(row["note"].encode())
        if each.startswith(f"\u2014 county/{BANK} ")
    )
    (other,) = read_lines(shown)
    proof = verify_equivocation(
        write_equivocation(BANK, own, other),
        name=row["name"],
        chain=bytes.fromhex(row["chain"]),
        members=lambda _: listed,
    )
    assert proof.member == BANK


def test_served_the_county_anchors_in_it_by_itself(chains: Chains) -> None:
    chains.anchor()
    with serve_chains(chains, every_ms=20):
        county = chains.houses[COUNTY]
        county.office(PAPER).publish_news("rain", language="en")
        node, replica = chains.houses[PUBLIC].node("village"), county.orderer.replica

        def anchored() -> int:
            held = find_chain(node.replica.read, replica.genesis.chain)
            return held.size if held else 0

        for _ in range(200):
            if anchored() == replica.tip.peaks.size:
                break
            node.replica.wait_beyond(node.replica.tip.height, 50)
        assert anchored() == replica.tip.peaks.size

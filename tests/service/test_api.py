"""One story per promise, through the API, over real nodes in a temporary folder."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from counties import FITTING, UNFITTING, Town, found, open_town, take_in
from tallystick.api.token import read_token
from tallystick.base.clock import DAY_MS, ManualClock, SystemClock
from tallystick.base.errors import Conflict, Denied, Error, Invalid, NotFound, Unavailable
from tallystick.chain.block import read_block
from tallystick.client import Client, in_process
from tallystick.county.serving import resend, serve_house

ASKING = (
    "village",
    "agriculture",
    "civil-affairs",
    "cooperative",
    "newspaper",
    "finance",
    "regulator",
)
TALLY = [sys.executable, "-m", "tallystick.cli"]


def test_a_fitting_request_goes_from_intake_to_feedback(town: Town, clock: ManualClock) -> None:
    union = town["credit-union"]
    (opened,) = take_in(union, FITTING)
    case = opened["case"]
    assert opened["stage"] == "reported"
    assert opened["preferred"]

    shown = union.show_case(case)
    assert shown["application"]["application"]["demand"] == FITTING["demand"]
    assert set(shown["decisions"]) == {"scheme", "judgement", "report"}
    assert shown["decisions"]["report"]["reasons"]

    page = union.show_report(case, "en")
    assert page.lower().startswith("<!doctype html>")
    assert case in page

    approved = union.approve(case, notes="seen on the farm")
    assert approved["height"] > opened["height"]
    assert union.answer_offer(case, accepted=True)["case"] == case
    assert union.receive_money(case, amount_minor=3_000_000)["case"] == case

    clock.advance(31 * DAY_MS)
    askers = [
        name for name in ASKING if any(row["case"] == case for row in town[name].due_feedback())
    ]
    assert len(askers) == 1
    assert "credit-union" not in askers
    town[askers[0]].give_feedback(case, felt=5, income_minor=4_200_000, words="good")
    assert not [row for row in town[askers[0]].due_feedback() if row["case"] == case]
    assert [row["stage"] for row in union.list_cases()] == ["reported"]


def test_what_does_not_fit_is_refused_appealed_overridden_or_handed_over_by_people(
    town: Town,
) -> None:
    union, bank, village = town["credit-union"], town["agricultural-bank"], town["village"]
    refused, changed, moved = take_in(union, UNFITTING, UNFITTING, UNFITTING)
    assert {each["stage"] for each in (refused, changed, moved)} == {"matched"}
    with pytest.raises(Conflict) as caught:
        union.approve(refused["case"])
    assert caught.value.code == "case.no_offer"

    union.refuse(refused["case"], code="purpose_refused", words="not for a house")
    page = union.show_report(refused["case"], "zh")
    assert "not for a house" in page
    appeal = village.open_appeal(refused["case"], code="disagree", words="my son pays too")
    assert [row["appeal"] for row in union.list_appeals()] == [appeal["appeal"]]
    union.settle_appeal(appeal["appeal"], outcome="upheld", words="the rule stands")
    assert village.list_appeals(case=refused["case"])[0]["settled_by"] == "credit-union"

    union.override(changed["case"], code="known_well", outcome="village_line", file="visited")

    union.hand_over(moved["case"], to="agricultural-bank", days=5, notes="yours")
    with pytest.raises(Conflict) as caught:
        union.refuse(moved["case"], code="x", words="")
    assert caught.value.code == "case.not_owner"
    bank.refuse(moved["case"], code="no_means", words="come back after harvest")
    stages = {row["case"]: row["stage"] for row in bank.list_cases()}
    assert stages[moved["case"]] == "refused"


def test_a_member_writes_only_what_its_role_may(town: Town) -> None:
    with pytest.raises(Invalid) as news:
        town["village"].publish_news("harvest festival")
    with pytest.raises(Invalid) as money:
        town["credit-union"].allocate_fund(
            fund="f", to="postal-bank", programme="p", amount_minor=1
        )
    for caught in (news, money):
        assert caught.value.code == "record.refused"
        assert caught.value.values["code_number"] == 5
    assert town["newspaper"].publish_news("harvest festival")["height"]
    assert town["finance"].allocate_fund(fund="f", to="postal-bank", programme="p", amount_minor=1)[
        "record"
    ]


def test_a_member_without_the_keys_opens_no_case(town: Town) -> None:
    (opened,) = take_in(town["credit-union"], FITTING)
    with pytest.raises(Denied) as caught:
        town["village"].show_case(opened["case"])
    assert caught.value.code == "access.no_key"
    with pytest.raises(NotFound):
        town["village"].show_case("0" * 32)


def test_reading_leaves_receipts_and_erasure_closes_what_was_sealed(town: Town) -> None:
    union = town["credit-union"]
    party = union.add_party("household", {"name": "x"})
    (opened,) = union.open_cases([{"application": FITTING, "party": party, "defaults": []}])
    before = len(union.list_receipts(party))
    union.show_case(opened["case"])
    assert len(union.list_receipts(party)) > before
    assert union.send_registrations()["sent"] == 1
    assert union.show_party(party)["identity"]["identity"]["name"] == "x"
    assert union.erase_party(party)["objects_closed"] > 0
    with pytest.raises(Denied):
        union.show_case(opened["case"])


def test_a_repetition_gets_the_first_answer_even_after_a_restart(
    county: Path, clock: ManualClock
) -> None:
    with open_town(county, clock) as town:
        union = town["credit-union"]
        (opened,) = take_in(union, FITTING)
        case = opened["case"]
        with union.keyed("k-1"):
            first = union.approve(case, notes="yes")
    with open_town(county, clock) as town:
        union = town["credit-union"]
        with union.keyed("k-1"):
            assert union.approve(case, notes="yes") == first
            with pytest.raises(Conflict) as caught:
                union.approve(case, notes="another body")
        assert caught.value.code == "outbox.key_reused"
        assert town.count("approval.given") == 1
        clock.advance(DAY_MS + 1)
        with union.keyed("k-1"):
            assert union.approve(case, notes="yes") != first
        assert town.count("approval.given") == 2


def test_a_request_signed_before_a_crash_is_answered_from_what_was_signed(
    county: Path, clock: ManualClock
) -> None:
    with open_town(county, clock) as town:
        union = town["credit-union"]
        (opened,) = take_in(union, FITTING)
        with union.keyed("k-2"):
            first = union.approve(opened["case"], notes="yes")
    # As if the node had died after signing and before its answer was kept.
    with sqlite3.connect(county / "credit-union" / "local.db") as database:
        assert database.execute("DELETE FROM answer").rowcount == 1
    database.close()
    with open_town(county, clock) as town:
        union = town["credit-union"]
        with union.keyed("k-2"):
            again = union.approve(opened["case"], notes="yes")
        assert again["recovered"] == 1
        assert {name: again[name] for name in first} == first
        assert town.count("approval.given") == 1


def test_a_refusal_is_repeated_although_it_would_now_succeed(town: Town) -> None:
    union = town["credit-union"]
    (opened,) = take_in(union, UNFITTING)
    with union.keyed("k-3"), pytest.raises(Conflict):
        union.approve(opened["case"])
    response = _post(town, "credit-union", f"/cases/{opened['case']}/approve", {"notes": ""}, "k-3")
    assert response.status_code == 409
    assert response.headers["idempotency-replayed"] == "true"
    assert response.headers["content-type"] == "application/problem+json"


def _post(
    town: Town, member: str, path: str, body: object, key: str = "", **query: str
) -> httpx.Response:
    client = town[member]
    headers = {"Idempotency-Key": key} if key else {}
    return client._http.post(f"/{member}/v1{path}", json=body, headers=headers, params=query)


def test_a_write_can_wait_for_two_thirds_of_the_members(town: Town) -> None:
    union = town["credit-union"]
    (opened,) = take_in(union, FITTING)
    with union.keyed(witnessed=True):
        answer = union.approve(opened["case"])
    assert union.show_transaction(answer["tid"])["state"] == "witnessed"
    assert union.show_health()["witnessed"] >= answer["height"]
    note = union.read_checkpoint(answer["height"]).decode()
    assert note.count("\n\u2014 county/") >= 9


def test_blocks_leave_as_their_own_bytes(town: Town) -> None:
    data = town["village"].read_block(1)
    assert read_block(data)[1]["height"] == 1
    assert data == town["regulator"].read_block(1)
    with pytest.raises(NotFound):
        town["village"].read_block(10**6)


def test_pages_neither_skip_nor_repeat(town: Town) -> None:
    union = town["credit-union"]
    take_in(union, *[FITTING] * 7)
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = union.request("GET", "/cases", params={"limit": 3, "offset": offset}).json()
        seen += [row["case"] for row in page["items"]]
        offset = page.get("next")
    assert len(seen) == len(set(seen)) == 7


def test_providers_and_products_are_published_one_by_one(town: Town) -> None:
    finance, bank = town["finance"], town["agricultural-bank"]
    entry = dict(finance.list_providers()[0]["entry"])
    entry["provider"] = "second_bank"
    assert bank.add_provider(entry)["provider"] == "second_bank"
    assert "second_bank" in {row["provider"] for row in finance.list_providers()}
    product = dict(finance.list_products()[0]["entry"])
    product["version"] += 1
    assert finance.add_product(product)["product"].endswith(f".{product['version']}")
    with pytest.raises(Invalid) as caught:
        finance.add_product({**product, "surprise": 1})
    assert caught.value.code == "positioning.catalogue"


def test_served_members_take_requests_at_the_same_time(tmp_path: Path) -> None:
    county = found(tmp_path, SystemClock())
    with open_town(county, SystemClock()) as town, serve_house(town.house):
        problems: list[Error] = []

        def work(member: str) -> None:
            try:
                with in_process(town.app, town.token, member) as office:
                    party = office.add_party("household", {"name": member})
                    office.add_mandate(party, witness="regulator", days=9, text="t")
                    requests = [{"application": FITTING, "party": party}] * 2
                    for _ in range(2):
                        office.open_cases(requests)
            except Error as error:
                problems.append(error)

        names = ("credit-union", "village", "postal-bank", "finance")
        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert problems == []
        with town["credit-union"].keyed(witnessed=True) as union:
            last = union.add_mandate(
                union.add_party("person", {"name": "z"}), witness="village", days=1, text=""
            )
        assert last
        assert town.count("case.applied") == 16
        height = town["credit-union"].show_health()["witnessed"]
        blocks = {town[name].read_block(height) for name in names}
        assert len(blocks) == 1


def _run(*words: str, county: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*TALLY, *words, "--county", str(county)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done


@pytest.mark.long
def test_a_second_process_goes_through_the_running_server(tmp_path: Path) -> None:
    county = found(tmp_path, SystemClock())
    words = [*TALLY, "serve", str(county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        told: dict[str, Any] = json.loads(server.stdout.readline())
        assert json.loads((county / "run.json").read_text())["address"] == told["address"]

        added = _run("party", "add", "name=x", "--member", "village", "--json", county=county)
        party = json.loads(added.stdout)["party"]
        with Client(told["address"], read_token(county), "village") as client:
            mandate = client.add_mandate(party, witness="regulator", days=3, text="t")
            assert client.end_mandate(mandate)["ended"] == 1
        with Client(told["address"], "0" * 64, "village") as client, pytest.raises(Denied):
            client.list_cases()

        second = _run("serve", "--port", "0", county=county, check=False)
        assert second.returncode == Conflict.exit_status
        assert second.stderr.startswith("node.locked: ")
        assert len(second.stderr.splitlines()) == 1
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors
    assert errors == ""
    assert not (county / "run.json").exists()
    verified = _run("verify", "--json", county=county)
    assert all(json.loads(line)["sound"] for line in verified.stdout.splitlines())


def test_a_killed_server_is_forgotten_and_its_work_is_not(tmp_path: Path) -> None:
    county = found(tmp_path, SystemClock())
    words = [*TALLY, "serve", str(county), "--port", "0", "--json"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    address = json.loads(server.stdout.readline())["address"]
    with Client(address, read_token(county), "village") as client:
        party = client.add_party("household", {"name": "x"})
        with client.keyed("k-9"):
            mandate = client.add_mandate(party, witness="regulator", days=3, text="t")
    os.kill(server.pid, signal.SIGKILL)
    server.wait(timeout=30)
    server.stdout.close()
    with open_town(county, SystemClock()) as town:
        with town["village"].keyed("k-9") as client:
            assert client.add_mandate(party, witness="regulator", days=3, text="t") == mandate
        assert town.count("mandate.given") == 1


@pytest.mark.slow
def test_a_write_cut_off_anywhere_and_repeated_is_recorded_once(tmp_path: Path) -> None:
    county = found(tmp_path, SystemClock())
    with open_town(county, SystemClock()) as town:
        party = town["village"].add_party("household", {"name": "x"})
        before = town.count("mandate.given")

    for number in range(12):
        words = [*TALLY, "serve", str(county), "--port", "0", "--json"]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        killer = threading.Timer(number * 0.004, os.kill, (server.pid, signal.SIGKILL))
        with (
            Client(address, read_token(county), "village") as client,
            client.keyed(f"cut-{number}"),
            contextlib.suppress(Unavailable),
        ):
            killer.start()
            client.add_mandate(party, witness="regulator", days=3, text="t")
        killer.join()
        server.wait(timeout=30)
        server.stdout.close()
        with open_town(county, SystemClock()) as town:
            resend(town.house)
            with town["village"].keyed(f"cut-{number}") as client:
                client.add_mandate(party, witness="regulator", days=3, text="t")
            assert town.count("mandate.given") == before + number + 1

"""Officers at work: log-in, sessions, who stands in records and receipts, four eyes, limits."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from counties import FITTING, START_MS, UNFITTING, Town, found, open_town, take_in
from tallystick.api.gate import LOG_IN_BURST, SESSION_BURST
from tallystick.base.clock import ManualClock
from tallystick.base.codec import RAW, Cid, cid_of
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.client import AsyncClient, Client, in_process
from tallystick.county.officers import list_officers, open_session
from tallystick.kernel.access.acting import owner_id
from tallystick.kernel.access.roles import MATRIX
from tallystick.records.trained import METRICS

MEMBER: Final = "credit-union"
CHOSEN: Final = "rain falls on the terraces"
SHOWN: Final = "\u6b27\u9633\u9759\u9ed8"
MODELS: Final = Path(__file__).resolve().parents[1] / "vectors" / "decisions"


class Bank:
    """A town with officers at its credit union."""

    def __init__(self, town: Town, clock: ManualClock) -> None:
        self.town = town
        self.clock = clock
        self.accounts = town.house.node(MEMBER).accounts
        self._clients: list[Client] = []

    def ask(self, token: str, member: str = MEMBER) -> Client:
        client = in_process(self.town.app, token, member)
        self._clients.append(client)
        return client

    def officer(self, name: str, role: str, member: str = MEMBER) -> Client:
        """Return a client in a session of an officer, made where there is none of the name."""
        accounts = self.town.house.node(member).accounts
        known = {each.name: each for each in accounts.list_all()}
        account = known.get(name) or accounts.add_closed(name, SHOWN, role)
        return self.ask(accounts.begin(account.officer).token.hex(), member)

    def record(self, identifier: str) -> dict[str, Any]:
        return self.town.house.node(MEMBER).find(bytes.fromhex(identifier)).record

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="module")
def bank(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    clock = ManualClock(START_MS)
    copy = shutil.copytree(founded, tmp_path_factory.mktemp("bank") / "county")
    with open_town(copy, clock) as town:
        opened = Bank(town, clock)
        yield opened
        opened.close()


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def me_of(client: Client) -> bytes:
    return bytes.fromhex(client.show_me()["officer"])


# ---- log-in


def test_an_officer_logs_in_changes_the_password_works_and_logs_out(bank: Bank) -> None:
    manager = bank.officer("boss", "manager")
    issued = manager.add_user("wang", shown=SHOWN, role="clerk")
    wang = bank.ask("")
    opened = wang.log_in("wang", issued["password"])
    assert (opened["role"], opened["must_change"]) == ("clerk", 1)
    assert opened["acts"] == sorted(act for act in MATRIX if "clerk" in MATRIX[act])
    assert code_of(wang.list_cases) == "access.must_change"
    changed = wang.change_password(issued["password"], CHOSEN)
    assert (changed["must_change"], changed["token"] == opened["token"]) == (0, False)
    assert code_of(bank.ask(opened["token"]).show_me) == "api.token"
    assert wang.list_cases() == []
    assert wang.show_me()["officer"] == issued["officer"]
    assert wang.log_out() == {"ended": 1}
    assert code_of(wang.show_me) == "api.token"
    assert bank.ask("").log_in("WANG", CHOSEN)["officer"] == issued["officer"]


def test_every_failure_to_log_in_is_one_answer(bank: Bank) -> None:
    manager = bank.officer("boss", "manager")
    password = manager.add_user("closed", shown=SHOWN, role="clerk")["password"]
    manager.disable_user("closed")
    told = set()
    for name, typed in (("closed", password), ("boss", "none"), ("nobody", "x"), ("\u738b", "x")):
        with pytest.raises(Denied) as caught:
            bank.ask("").log_in(name, typed)
        told.add((caught.value.code, caught.value.message, caught.value.cure))
    assert len(told) == 1


def test_a_token_that_a_client_chose_is_never_taken(bank: Bank) -> None:
    issued = bank.officer("boss", "manager").add_user("zhao", shown=SHOWN, role="clerk")
    chosen = "ab" * 32
    client = bank.ask(chosen)
    opened = client.log_in("zhao", issued["password"])
    assert opened["token"] != chosen
    assert code_of(bank.ask(chosen).show_me) == "api.token"
    again = bank.ask(opened["token"]).log_in("zhao", issued["password"])
    assert again["token"] != opened["token"]
    assert code_of(bank.ask(opened["token"]).show_me) == "api.token"


def test_a_cookie_is_no_token(bank: Bank) -> None:
    opened = bank.accounts.begin(bank.accounts.add_closed("cook", SHOWN, "clerk").officer)
    client = bank.ask("")
    for name in ("token", "session", "Authorization", f"tally-{MEMBER}"):
        client._http.cookies.set(name, opened.token.hex())
        client._http.cookies.set(f"{name}-bearer", f"Bearer {opened.token.hex()}")
    assert code_of(client.show_me) == "api.token"
    assert bank.ask(opened.token.hex()).show_me()["name"] == "cook"


def test_an_account_that_is_closed_reset_or_given_another_role_is_out_at_once(bank: Bank) -> None:
    manager = bank.officer("boss", "manager")
    manager.add_user("qian", shown=SHOWN, role="clerk")
    acts: list[Callable[[], object]] = [
        lambda: manager.disable_user("qian"),
        lambda: manager.reset_user("qian"),
        lambda: manager.change_role("qian", "auditor"),
    ]
    for act in acts:
        manager.enable_user("qian")
        officer = bank.officer("qian", "clerk")
        officer.show_me()
        act()
        assert code_of(officer.show_me) == "api.token"
    rows = {row["name"]: row for row in manager.list_users()}
    assert (rows["qian"]["role"], rows["qian"]["must_change"]) == ("auditor", 1)
    assert code_of(lambda: manager.change_role("qian", "emperor")) == "access.unknown_role"


def test_ten_wrong_passwords_lock_the_name_and_a_reset_lifts_it(county: Path) -> None:
    with open_town(county, ManualClock(START_MS)) as town:
        other = Bank(town, ManualClock(START_MS))
        manager = other.officer("boss", "manager")
        manager.add_user("locked", shown=SHOWN, role="clerk")
        client = other.ask("")
        codes = [code_of(lambda: client.log_in("locked", "not it")) for _ in range(11)]
        assert codes == ["access.login"] * 10 + ["access.locked"]
        password = manager.reset_user("locked")["password"]
        assert client.log_in("locked", password)["must_change"] == 1
        other.close()


def test_no_name_password_or_token_is_in_what_is_logged_or_refused(
    bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    manager = bank.officer("boss", "manager")
    password = manager.add_user("secretive", shown=SHOWN, role="clerk")["password"]
    client = bank.ask("")
    told = []
    acts: list[Callable[[], object]] = [
        lambda: client.log_in("secretive", "wrong-password-typed"),
        lambda: client.change_password(password, "secretive-is-in-it"),
        lambda: manager.add_user("secretive", shown=SHOWN, role="clerk"),
        lambda: manager.add_user("Bad Name", shown=SHOWN, role="clerk"),
    ]
    for act in acts:
        with pytest.raises(Error) as caught:
            act()
        told.append(f"{caught.value} {caught.value.values}")
        if len(told) == 1:
            client.log_in("secretive", password)
    token = client._http.headers["Authorization"].split()[1]
    found = json.dumps(told) + caplog.text + "".join(str(each.__dict__) for each in caplog.records)
    for secret in ("secretive", SHOWN, password, "wrong-password", "Bad Name", token):
        assert secret not in found


# ---- limits


@pytest.mark.long
def test_log_ins_of_one_address_are_limited_and_of_another_are_not(county: Path) -> None:
    clock = ManualClock(START_MS)

    async def try_from(town: Town, host: str, name: str) -> tuple[str, object]:
        async with AsyncClient(town.app, "", MEMBER, address=(host, 0)) as client:
            try:
                await client.send("/sessions", {"name": name, "password": "x"})
            except Error as error:
                return error.code, error.values.get("retry_s")
        raise AssertionError

    async def try_many(town: Town) -> None:
        told = [await try_from(town, "10.0.0.1", f"n{at}") for at in range(LOG_IN_BURST + 2)]
        assert [code for code, _ in told] == ["access.login"] * LOG_IN_BURST + ["api.rate"] * 2
        assert told[-1] == ("api.rate", 3)
        assert (await try_from(town, "10.0.0.2", "n"))[0] == "access.login"
        clock.advance(3_000)
        assert (await try_from(town, "10.0.0.1", "n"))[0] == "access.login"

    with open_town(county, clock) as town:
        asyncio.run(try_many(town))


@pytest.mark.long
def test_a_session_asks_as_often_as_is_let_and_the_folders_owner_as_often_as_need_be(
    county: Path,
) -> None:
    clock = ManualClock(START_MS)
    with open_town(county, clock) as town:
        other = Bank(town, clock)
        clerk = other.officer("swift", "clerk")
        for _ in range(SESSION_BURST):
            clerk.show_me()
        with pytest.raises(Unavailable) as caught:
            clerk.show_me()
        assert (caught.value.code, caught.value.values) == ("api.rate", {"retry_s": 1})
        response = clerk._http.get(f"/{MEMBER}/v1/me")
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        for _ in range(SESSION_BURST + 1):
            town[MEMBER].show_me()
        assert other.officer("slow", "clerk").show_me()["role"] == "clerk"
        clock.advance(1_000)
        assert clerk.show_me()["role"] == "clerk"
        other.close()


# ---- who acts


def test_records_and_receipts_name_the_officer_of_the_session(bank: Bank) -> None:
    clerk, manager = bank.officer("li", "clerk"), bank.officer("boss", "manager")
    opened = take_in(clerk, FITTING)[0]
    case = opened["case"]
    mandates = bank.town.house.node(MEMBER).views.rows("record", {"t": "mandate.given"})
    newest = max(mandates, key=lambda row: (row["height"], row["index"]))
    assert bank.record(newest["id"].hex())["pub"]["officer"] == me_of(clerk)
    approved = manager.approve(case)
    assert bank.record(approved["record"])["officer"] == me_of(manager)
    clerk.show_case(case)
    receipts = bank.town.house.node(MEMBER).desk.receipts.of(bytes.fromhex(case))
    assert {me_of(clerk).hex(), me_of(manager).hex()} <= {row["officer"] for row in receipts}


def test_the_folders_owner_acts_under_one_id_that_is_no_officers(bank: Bank) -> None:
    owner = bank.town[MEMBER]
    cases = take_in(owner, FITTING, FITTING)
    ids = {bank.record(owner.approve(each["case"])["record"])["officer"] for each in cases}
    chain = bank.town.house.node(MEMBER).desk.chain
    assert ids == {owner_id(chain, MEMBER)}
    assert me_of(owner) in ids
    assert owner_id(chain, "village") not in ids
    assert owner.show_me()["acts"] == sorted(MATRIX)
    assert owner.log_out() == {"ended": 0}
    assert code_of(lambda: owner.change_password("x", CHOSEN)) == "access.no_password"


def test_an_idempotency_key_is_one_officers_own(bank: Bank) -> None:
    first, second = (bank.officer(name, "manager", "newspaper") for name in ("one", "two"))
    heights = []
    for client in (first, second, first, bank.town["newspaper"]):
        with client.keyed("the-same-key"):
            heights.append(client.publish_news("market day")["height"])
    assert heights[0] == heights[2]
    assert len(set(heights)) == 3


# ---- four eyes


def test_who_approved_may_not_pay_out_and_another_may(bank: Bank) -> None:
    manager, clerk = bank.officer("boss", "manager"), bank.officer("li", "clerk")
    case = take_in(clerk, FITTING)[0]["case"]
    manager.approve(case)
    clerk.answer_offer(case, accepted=True)
    granted = manager.grant_loan(case)
    amount = granted["terms"]["amount_minor"]

    def pay(client: Client) -> Any:
        return client.disburse_loan(granted["loan"], amount_minor=amount)

    assert code_of(lambda: pay(manager)) == "access.four_eyes"
    assert bank.record(pay(clerk)["record"])["officer"] == me_of(clerk)


def test_who_refused_may_not_settle_the_appeal_and_another_may(bank: Bank) -> None:
    reviewer, clerk = bank.officer("reviewer", "reviewer"), bank.officer("li", "clerk")
    case = take_in(clerk, UNFITTING)[0]["case"]
    reviewer.refuse(case, code="too_much", words="not this year")
    appeal = clerk.open_appeal(case, code="figures", words="look again")["appeal"]

    def settle(client: Client) -> Any:
        return client.settle_appeal(appeal, outcome="upheld", words="as before")

    assert code_of(lambda: settle(reviewer)) == "access.four_eyes"
    assert settle(bank.officer("judge", "reviewer", "regulator"))["appeal"] == appeal


def test_who_published_a_model_may_not_approve_it_in_another_role_either(bank: Bank) -> None:
    tree = json.loads((MODELS / "card.json").read_text(encoding="utf-8"))
    model = bank.officer("modeller", "risk").publish_model(tree)["model"]
    bank.accounts.change_role("modeller", "manager")
    promoted = bank.officer("modeller", "manager")
    deeds = bank.town.house.node(MEMBER).desk.deeds
    assert deeds.of(Cid.parse(model).raw) == [("publish_model", me_of(promoted))]
    report = {
        "program": "1",
        "data": str(cid_of(b"loans", RAW)),
        "mapping": "00",
        "metrics": dict.fromkeys(METRICS, 7),
    }

    def approve(client: Client) -> Any:
        return client.approve_model(model, name="m", report=report, force="trial")

    assert code_of(lambda: approve(promoted)) == "access.four_eyes"
    assert approve(bank.officer("boss", "manager"))["model"] == model
    bank.town[MEMBER].retire_model(model, code="old")


# ---- the demonstration


def test_a_seeded_county_has_officers_a_role_and_lets_in_as_them(tmp_path: Path) -> None:
    clock = ManualClock(START_MS)
    county = found(tmp_path, clock, seed="seen", catalogue=False)
    with open_town(county, clock) as town:
        other = Bank(town, clock)
        shown = {node.member: list_officers(node) for node in town.house.nodes()}
        for member, rows in shown.items():
            assert len({name for _, name, _ in rows}) == len(rows) >= 2, member
            for name, _, role in rows:
                token = open_session(town.house.node(member), name)
                me = other.ask(token, member).show_me()
                assert (me["name"], me["role"], me["must_change"]) == (name, role, 0)
        other.close()
    with open_town(county, clock) as town:
        assert {node.member: list_officers(node) for node in town.house.nodes()} == shown


def test_a_real_county_has_no_made_up_officers(bank: Bank) -> None:
    node = bank.town.house.node("village")
    assert code_of(lambda: list_officers(node)) == "county.not_seeded"
    assert code_of(lambda: open_session(node, "manager")) == "county.not_seeded"
    assert node.accounts.list_all() == []

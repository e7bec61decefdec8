"""A request cut off at any durable step and repeated: one party, one erasure, one decided case."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, START_MS, UNFITTING, Town, found, open_town
from service.cuts import DIED, in_a_child, kill_before
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import encode
from tallystick.base.errors import Conflict, Denied, NotFound, Unavailable
from tallystick.client import Client
from tallystick.county.house import open_house
from tallystick.kernel.access.desk import Desk, Recorded
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.sealing import Draft
from tallystick.services.consent.service import Recovered
from tallystick.services.positioning import finish
from tallystick.services.positioning.finish import find_unfinished, finish_cases
from tallystick.services.positioning.service import CHUNK_CASES, Request

KEY = "cut-1"
IDENTITY = {"name": "王秀英", "note": "cut off"}
STEPS_MAX = 120


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of those whom these tests ask: it is opened twice for every step."""
    names = ("finance", "village", "credit-union", "agricultural-bank")
    return found(tmp_path_factory.mktemp("few"), ManualClock(START_MS), names=names)


@pytest.fixture(params=[2, pytest.param(1, marks=pytest.mark.slow)], ids=["half", "all"])
def stride(request: pytest.FixtureRequest) -> int:
    """How many steps on the next cut is: every second one here, each of them among the slow."""
    found: int = request.param
    return found


def cuts(
    start: Path, folder: Path, work: Callable[[Client], object], stride: int
) -> Iterator[tuple[int, Path]]:
    """Yield (step, county) for the steps at which `work` at the credit union can be cut off."""
    for step in range(0, STEPS_MAX, stride):
        county = Path(shutil.copytree(start, folder / f"cut-{step}"))

        def act(county: Path = county, step: int = step) -> None:
            with open_town(county) as town, pytest.MonkeyPatch.context() as patch:
                office = town["credit-union"]
                kill_before(step, patch)
                work(office)

        if in_a_child(act) != DIED:
            assert step > 3, "nothing was cut off"
            return
        yield step, county
        shutil.rmtree(county)
    pytest.fail(f"not ended after {STEPS_MAX} steps")


def ring(town: Town, member: str = "credit-union") -> list[DataKey]:
    return town.house.node(member).keys._select("")


def own_keys(town: Town) -> list[DataKey]:
    return [key for key in ring(town) if key.sealed == "own"]


def waiting(town: Town) -> int:
    return len(town.house.node("credit-union").desk.pending.waiting())


# ---- registrations


def register(office: Client) -> str:
    with office.keyed(KEY):
        return office.add_party("household", IDENTITY, {"phone": "1"})


def test_a_registration_cut_off_anywhere_and_repeated_gives_one_party(
    founded: Path, tmp_path: Path, stride: int
) -> None:
    before = set()
    for step, county in cuts(founded, tmp_path, register, stride):
        with open_town(county) as town:
            union = town["credit-union"]
            # Whether it came to stand or not, nothing is left half done.
            assert len(own_keys(town)) == waiting(town) == len({k.party for k in ring(town)}), step
            before.add(waiting(town))
            party = register(union)
            assert register(union) == party
            assert {key.party.hex() for key in ring(town)} == {party}, step
            assert len(own_keys(town)) == 1
            assert union.send_registrations()["sent"] == 1
            assert town.count("party.registered") == 1, step
            assert union.show_party(party)["identity"]["identity"]["name"] == IDENTITY["name"]
            # The household can sign: its own key is the one its identity names.
            (case,) = union.open_cases([{"application": FITTING, "party": party}])
            assert case["stage"] == "reported"
    assert before == {0, 1}


def test_a_registration_cut_off_and_never_repeated_leaves_no_keys_of_nobody(
    founded: Path, tmp_path: Path, stride: int
) -> None:
    counts = set()
    for step, county in cuts(
        founded, tmp_path, lambda office: office.add_party("household", IDENTITY), stride
    ):
        with open_town(county) as town:
            assert len(own_keys(town)) == waiting(town) == len({k.party for k in ring(town)}), step
            counts.add(waiting(town))
            kept = {key.obj for key in ring(town)}
            node = town.house.node("credit-union")
            assert sum(node.store.has(obj) for obj in kept) == waiting(town)
    assert counts == {0, 1}


def test_a_registration_is_repeated_for_a_day_and_for_the_same_body(
    town: Town, clock: ManualClock
) -> None:
    consent = town.house.node("village").consent
    village = town["village"]
    with village.keyed("day"):
        party = village.add_party("person", {"name": "a"})
    # As if the answer had not been kept.
    town.house.node("village").answers._database.run("DELETE FROM answer")
    with village.keyed("day"):
        assert village.add_party("person", {"name": "a"}) == party
    town.house.node("village").answers._database.run("DELETE FROM answer")
    with village.keyed("day"), pytest.raises(Conflict) as caught:
        village.add_party("person", {"name": "b"})
    assert caught.value.code == "outbox.key_reused"
    clock.advance(DAY_MS + 1)
    with village.keyed("day"):
        assert village.add_party("person", {"name": "b"}) != party
    assert consent.recover() == Recovered(0, 0, 0)


# ---- erasures


@pytest.fixture(scope="module")
def served(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A county in which a party's case has gone to the bank, which sealed something for it."""
    county = Path(shutil.copytree(founded, tmp_path_factory.mktemp("served") / "county"))
    with open_town(county) as town:
        union = town["credit-union"]
        party = union.add_party("household", IDENTITY)
        union.send_registrations()
        (case,) = union.open_cases([{"application": UNFITTING, "party": party}])
        union.hand_over(case["case"], to="agricultural-bank", days=5)
        town["agricultural-bank"].refuse(case["case"], code="no_means", words="after harvest")
        assert len(ring(town, "agricultural-bank")) > 1
    return county, party, case["case"]


@pytest.mark.long
def test_an_erasure_cut_off_anywhere_is_undone_or_done_and_repeated_gives_one_answer(
    served: tuple[Path, str, str], tmp_path: Path, stride: int
) -> None:
    start, party, case = served

    def erase(office: Client) -> dict[str, Any]:
        with office.keyed(KEY):
            return office.erase_party(party)

    whole = Path(shutil.copytree(start, tmp_path / "whole"))
    with open_town(whole) as town:
        objects = [key.obj for key in ring(town)]
        answer = erase(town["credit-union"])
        # One key more than there were: the tombstone's.
        assert answer == {"party": party, "objects_closed": len(objects) + 1}
    found = set()
    for step, county in cuts(start, tmp_path, erase, stride):
        with open_town(county) as town:
            union, node = town["credit-union"], town.house.node("credit-union")
            is_done = not node.keys.of_party(bytes.fromhex(party))
            found.add(is_done)
            if is_done:
                assert waiting(town) == 1, step
                assert node.desk.pending.notices(), step
                assert not any(node.store.has(obj) for obj in objects), step
                with pytest.raises(NotFound):
                    union.show_party(party)
                with pytest.raises(Denied):
                    union.show_case(case)
            else:
                assert waiting(town) == 0, step
                assert not node.desk.pending.notices(), step
                assert union.show_party(party)["cases"] == [case]
            assert erase(union) == answer, step
            assert erase(union) == answer
            assert not [key for key in ring(town) if key.party.hex() == party or key.case]
            assert not any(node.store.has(obj) for obj in objects), step
            assert union.send_registrations()["sent"] == 1
            assert town.count("party.erased") == 1, step
            assert not ring(town, "agricultural-bank"), step
            with pytest.raises(NotFound):
                union.erase_party(party)
    assert found == {True, False}


def test_an_erasure_that_nobody_can_repeat_is_ended_and_leaves_no_mark(
    served: tuple[Path, str, str], tmp_path: Path, stride: int
) -> None:
    start, party, _ = served
    found = set()
    for step, county in cuts(start, tmp_path, lambda office: office.erase_party(party), stride):
        with open_town(county) as town:
            found.add(bool(ring(town)))
            if ring(town):
                assert waiting(town) == 0, step
                town["credit-union"].erase_party(party)
            assert not ring(town), step
            assert waiting(town) == 1, step
    assert found == {True, False}


# ---- cases


def decisions(town: Town, case: str) -> bytes:
    """Return what a case's decisions seal, as bytes, without the ids of their records."""
    found = town.house.node("credit-union").positions.read_case(bytes.fromhex(case))["decisions"]
    plain = {
        name: {field: each for field, each in opened.items() if field != "record"}
        for name, opened in found.items()
    }
    return encode(plain)


@pytest.fixture(scope="module")
def asking(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A county in which a party is about to ask for something."""
    county = Path(shutil.copytree(founded, tmp_path_factory.mktemp("asking") / "county"))
    with open_town(county) as town:
        party = town["credit-union"].add_party("household", IDENTITY)
    return county, party


def ask(office: Client, party: str) -> list[dict[str, Any]]:
    with office.keyed(KEY):
        return office.open_cases(
            [{"application": each, "party": party} for each in (FITTING, UNFITTING)]
        )


@pytest.fixture(scope="module")
def wanted(asking: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the two cases' decisions seal where nothing was cut off."""
    whole = Path(shutil.copytree(asking[0], tmp_path_factory.mktemp("whole") / "county"))
    with open_town(whole) as town:
        return [decisions(town, each["case"]) for each in ask(town["credit-union"], asking[1])]


def take_in_alone(town: Town, party: str, *applications: dict[str, Any]) -> list[str]:
    """Take cases in as if what decides them had been refused, or never signed."""
    node = town.house.node("credit-union")
    drafts = [
        node.positions._intake(
            Request(
                inputs={"v": 1, "application": each, "defaults": []},
                party=bytes.fromhex(party),
                household=node.consent.own_key(bytes.fromhex(party)),
            )
        )
        for each in applications
    ]
    node.desk.record(drafts)
    return [draft.identifier.hex() for draft in drafts]


def stages(town: Town) -> dict[str, str]:
    return {row["case"]: row["stage"] for row in town["credit-union"].list_cases()}


@pytest.mark.long
def test_cases_cut_off_anywhere_stand_decided_or_not_at_all_and_once_when_repeated(
    asking: tuple[Path, str], wanted: list[bytes], tmp_path: Path, stride: int
) -> None:
    start, party = asking
    seen = set()
    for step, county in cuts(start, tmp_path, lambda office: ask(office, party), stride):
        with open_town(county) as town:
            union = town["credit-union"]
            seen.add(tuple(sorted(stages(town).values())))
            repeated = ask(union, party)
            assert [each["stage"] for each in repeated] == ["reported", "matched"], step
            assert [decisions(town, each["case"]) for each in repeated] == wanted, step
            for t in ("case.applied", "case.schemed", "case.judged"):
                assert town.count(t) == 2, step
    assert seen == {(), ("matched", "reported")}


def test_of_a_long_list_cut_off_between_its_transactions_the_rest_is_taken_in_at_the_repetition(
    asking: tuple[Path, str], tmp_path: Path
) -> None:
    start, party = asking
    county = Path(shutil.copytree(start, tmp_path / "county"))
    requests = [{"application": FITTING, "party": party}] * (CHUNK_CASES + 2)
    record = Desk.record
    done: list[int] = []

    def record_once(desk: Desk, *bundles: Sequence[Draft]) -> list[Recorded]:
        if done:
            raise Unavailable("ledger.busy", "the queue is full")
        done.append(1)
        return record(desk, *bundles)

    with open_town(county) as town:
        union = town["credit-union"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Desk, "record", record_once)
            with union.keyed(KEY), pytest.raises(Unavailable):
                union.open_cases(requests)
        assert town.count("case.applied") == CHUNK_CASES
    with open_town(county) as town, town["credit-union"].keyed(KEY) as union:
        opened = union.open_cases(requests)
        assert len({each["case"] for each in opened}) == len(requests)
        assert union.open_cases(requests) == opened
        assert town.count("case.applied") == town.count("case.reported") == len(requests)


def test_cases_taken_in_and_not_decided_are_decided_at_the_next_opening(
    asking: tuple[Path, str],
    wanted: list[bytes],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    start, party = asking
    caplog.set_level(logging.INFO, "tallystick")
    county = Path(shutil.copytree(start, tmp_path / "county"))
    with open_town(county) as town:
        cases = take_in_alone(town, party, FITTING, UNFITTING)
        assert set(stages(town).values()) == {"applied"}
    with open_town(county) as town:
        assert stages(town) == dict(zip(cases, ["reported", "matched"], strict=True))
        assert [decisions(town, each) for each in cases] == wanted
        for each in cases:
            assert f"credit-union decided case {each}" in caplog.text
        assert party not in caplog.text
        assert IDENTITY["name"] not in caplog.text
        height = town.house.orderer.replica.tip.height
        for node in town.house.nodes():
            node.recover()
        assert town.house.orderer.replica.tip.height == height, "again changes nothing"


def test_finishing_cases_can_itself_be_cut_off_anywhere(
    asking: tuple[Path, str], wanted: list[bytes], tmp_path: Path, stride: int
) -> None:
    start, party = asking
    undecided = Path(shutil.copytree(start, tmp_path / "county"))
    with open_town(undecided) as town:
        cases = take_in_alone(town, party, FITTING, UNFITTING)
    for step in range(0, STEPS_MAX, stride):
        county = Path(shutil.copytree(undecided, tmp_path / f"cut-{step}"))

        def act(county: Path = county, step: int = step) -> None:
            with (
                open_house(county, ManualClock(START_MS)) as house,
                pytest.MonkeyPatch.context() as patch,
            ):
                kill_before(step, patch)
                house.node("credit-union").recover()

        is_cut = in_a_child(act) == DIED
        with open_town(county) as town:
            assert [decisions(town, each) for each in cases] == wanted, step
            for t in ("case.applied", "case.schemed", "case.judged"):
                assert town.count(t) == 2, step
        if not is_cut:
            assert step > 3, "nothing was cut off"
            return
    pytest.fail(f"not ended after {STEPS_MAX} steps")


def test_a_decision_that_failed_in_a_running_member_is_made_at_the_repetition(
    asking: tuple[Path, str], tmp_path: Path, wanted: list[bytes]
) -> None:
    start, party = asking
    county = Path(shutil.copytree(start, tmp_path / "county"))
    record = Desk.record

    def record_first(desk: Desk, *bundles: Sequence[Draft]) -> list[Recorded]:
        record(desk, bundles[0])
        raise Unavailable("ledger.busy", "the queue is full")

    with open_town(county) as town:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Desk, "record", record_first)
            with pytest.raises(Unavailable):
                ask(town["credit-union"], party)
        assert set(stages(town).values()) == {"applied"}
        repeated = ask(town["credit-union"], party)
        assert [each["stage"] for each in repeated] == ["reported", "matched"]
        assert [decisions(town, each["case"]) for each in repeated] == wanted
        assert town.count("case.applied") == 2


def test_a_case_that_cannot_be_decided_holds_up_no_other_and_is_named(
    asking: tuple[Path, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start, party = asking
    county = Path(shutil.copytree(start, tmp_path / "county"))
    early = {**FITTING, "demand": {**FITTING["demand"], "as_of_month": 12}}
    broken = {**FITTING, "profile": {**FITTING["profile"], "crops": 1}}
    with open_town(county) as town:
        bad, worse, good = take_in_alone(town, party, early, broken, FITTING)
    with open_town(county) as town:
        assert stages(town) == {bad: "applied", worse: "applied", good: "reported"}
    assert f"left case {bad} undecided: positioning.not_in_force" in caplog.text
    assert f"left case {worse} undecided: " in caplog.text


def test_decisions_that_a_rule_refuses_hold_up_no_other(
    asking: tuple[Path, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start, party = asking
    county = Path(shutil.copytree(start, tmp_path / "county"))
    with open_town(county) as town:
        first, second = take_in_alone(town, party, FITTING, FITTING)
        node = town.house.node("credit-union")
        # As if another process of the same member had decided the first meanwhile.
        finish_cases(node.desk, node.positions, [bytes.fromhex(first)])
        rows = find_unfinished(node.desk)
        row = node.views.rows("case", {"case": bytes.fromhex(first)})[0]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(finish, "find_unfinished", lambda _: [row, *rows])
            found = finish_cases(node.desk, node.positions)
        assert [each.hex() for each in found.decided] == [second]
        assert [(each.case.hex(), each.code) for each in found.left] == [(first, "record.refused")]
        assert town.count("case.schemed") == 2
    assert "left case" not in caplog.text


def test_a_case_handed_over_undecided_is_left_to_people(
    asking: tuple[Path, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start, party = asking
    county = Path(shutil.copytree(start, tmp_path / "county"))
    with open_town(county) as town:
        (case,) = take_in_alone(town, party, FITTING)
        town["credit-union"].hand_over(case, to="agricultural-bank", days=5)
    with open_town(county) as town:
        assert stages(town) == {case: "applied"}
        assert f"agricultural-bank left case {case} undecided: case.not_opener" in caplog.text
        town["agricultural-bank"].close_case(case, code="asked_anew")
        assert stages(town) == {case: "closed"}

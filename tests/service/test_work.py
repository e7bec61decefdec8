"""An officer's day over the API: what is due, finding cases, drafts, estimates, second saves."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, UNFITTING, Town, open_town, take_in
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import cid_of
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound
from tallystick.chain.decided import Asked
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.pin import Pin
from tallystick.charter import CHARTER, replay
from tallystick.client import Client, in_process
from tallystick.text import say

UNION = "credit-union"
MEMBERS = ("village", "agriculture", "civil-affairs", "cooperative", "newspaper", "regulator")
MODELS = Path(__file__).resolve().parents[1] / "vectors" / "decisions"


def _today(town: Town, member: str = UNION, **query: Any) -> dict[str, Any]:
    tree: dict[str, Any] = town[member].request("GET", "/today", params=query).json()
    return tree


def _whys(town: Town, member: str = UNION, **query: Any) -> list[str]:
    return [item["why"] for item in _today(town, member, **query)["items"]]


def test_a_case_is_due_at_each_of_its_steps_until_it_rests(town: Town, clock: ManualClock) -> None:
    union = town[UNION]
    (case,) = take_in(union, FITTING)
    union.send_registrations()
    assert _whys(town) == ["approve"]
    union.approve(case["case"])
    assert _whys(town) == ["answer"]
    union.answer_offer(case["case"], accepted=True)
    assert _whys(town) == ["grant"]
    loan = union.grant_loan(case["case"])
    assert _whys(town) == ["disburse"]
    union.disburse_loan(loan["loan"], amount_minor=loan["terms"]["amount_minor"])
    assert _whys(town) == []
    tree = _today(town)
    assert tree["month"]["paid_out_minor"] == loan["terms"]["amount_minor"]
    assert tree["month"]["opened"] == 1
    assert tree["month"]["late_ppm"] == 0
    clock.advance(400 * DAY_MS)
    late = next(item for item in _today(town)["items"] if item["kind"] == "loan")
    assert late["why"] == "payment_late"
    assert late["loan"] == loan["loan"]
    assert "逾期" in say(f"due.{late['why']}", late["values"], "zh")
    assert _today(town)["month"]["late_ppm"] == 1_000_000
    # Until all of it has come back: principal, then the interest of a year.
    union.repay_loan(loan["loan"], principal_minor=3_000_000, interest_minor=3_000_000)
    assert not [item for item in _today(town)["items"] if item["kind"] == "loan"]


def test_an_officer_sees_what_its_role_can_end(town: Town, clock: ManualClock) -> None:
    union = town[UNION]
    fit, misfit = take_in(union, FITTING, UNFITTING)
    tree = json.loads((MODELS / "card.json").read_text("utf-8"))
    model = union.publish_model(tree)["model"]
    union.approve(fit["case"])
    # A household's answer is taken down by who serves it, a model let decide by a manager.
    assert sorted(_whys(town, role="clerk")) == ["answer", "registration"]
    assert sorted(_whys(town, role="manager")) == ["misfit", "model"]
    assert _whys(town, role="auditor") == []
    (item,) = [each for each in _today(town)["items"] if each["kind"] == "model"]
    assert item["model"] == model
    counts = _today(town, limit=1)["counts"]
    assert (counts["cases"], counts["models"], counts["registrations"]) == (2, 1, 1)
    assert len(_today(town, limit=1)["items"]) == 1
    # Who took an appeal in does not answer it; the case's owner and the overseers may.
    union.refuse(misfit["case"], code="purpose_refused", words="")
    town["village"].open_appeal(misfit["case"], code="disagree", words="")
    assert "appeal" in _whys(town)
    assert "appeal" in _whys(town, "regulator")
    assert "appeal" not in _whys(town, "village")
    # Mandates end, and what was decided is asked about.
    clock.advance(390 * DAY_MS)
    assert "mandate_ends" in _whys(town)
    asked = [member for member in MEMBERS if "feedback" in _whys(town, member)]
    assert asked


def test_a_new_look_after_new_records_tells_the_same_feedback_as_a_fresh_start(
    county: Path, clock: ManualClock
) -> None:
    def due(town: Town) -> dict[str, list[Any]]:
        return {each.name: town[each.name].due_feedback() for each in town.house.county.members}

    with open_town(county, clock) as town:
        cases = take_in(town[UNION], FITTING, UNFITTING)
        clock.advance(4 * DAY_MS)
        first = due(town)
        (asker,) = [name for name, rows in first.items() if _has(rows, cases[0])]
        town[asker].give_feedback(cases[0]["case"], felt=4)
        town[UNION].refuse(cases[1]["case"], code="papers", words="")
        take_in(town[UNION], FITTING)
        clock.advance(4 * DAY_MS)
        seen = due(town)
        assert not _has(seen[asker], cases[0])
        town[asker].rebuild_views()
        assert due(town) == seen
    with open_town(county, clock) as town:
        assert due(town) == seen


def _has(rows: list[Any], case: dict[str, Any]) -> bool:
    return any(row["case"] == case["case"] for row in rows)


# ---- drafts

DRAFT = "5" * 32
SECRET = "王秀英的草稿"


def _save(
    town: Town, tree: dict[str, Any], revision: int = 0, member: str = UNION
) -> dict[str, Any]:
    headers = {"If-Match": f'"{revision}"'} if revision else {}
    body = {"label": SECRET, "tree": tree}
    response = town[member].request("PUT", f"/drafts/{DRAFT}", json=body, headers=headers)
    found: dict[str, Any] = response.json()
    return found


def test_a_draft_survives_a_restart_and_lies_sealed(county: Path, clock: ManualClock) -> None:
    with open_town(county, clock) as town:
        assert _save(town, {"profile": {"persons": 4}})["revision"] == 1
        begun = town[UNION].request("POST", "/drafts", json={"tree": {}}).json()
        assert begun["revision"] == 1
    with open_town(county, clock) as town:
        read = town[UNION].request("GET", f"/drafts/{DRAFT}").json()
        assert (read["label"], read["tree"]) == (SECRET, {"profile": {"persons": 4}})
        listed = town[UNION].request("GET", "/drafts").json()["items"]
        assert {row["draft"] for row in listed} == {DRAFT, begun["draft"]}
        # An erasure replaces the master key; drafts are still read after it.
        union = town[UNION]
        party = union.add_party("person", {"name": "x"})
        _save(town, {"party": party}, revision=1)
        union.request("DELETE", f"/drafts/{begun['draft']}")
        union.erase_party(party)
        # The draft named the party, so it went with it.
        assert union.request("GET", "/drafts").json()["items"] == []
        _save(town, {"other": 1})
        assert len(union.request("GET", "/drafts").json()["items"]) == 1
    for file in (county / UNION).iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name


def test_who_saves_from_an_older_revision_is_told_what_changed(town: Town) -> None:
    _save(town, {"profile": {"persons": 4, "workers": 2}})
    first = _save(town, {"profile": {"persons": 5, "workers": 2}}, revision=1)
    assert first["revision"] == 2
    # The same saving again is a repetition.
    assert _save(town, {"profile": {"persons": 5, "workers": 2}}, revision=1) == first
    with pytest.raises(Conflict) as caught:
        _save(town, {"profile": {"persons": 6, "workers": 2}}, revision=1)
    assert caught.value.code == "draft.changed"
    assert caught.value.values["revision"] == 2
    assert caught.value.values["changed"] == ["tree.profile.persons"]
    with pytest.raises(Conflict, match=r"draft\.changed"):
        _save(town, {})
    assert _save(town, {}, revision=2)["revision"] == 3


def test_drafts_are_bounded_and_go_after_thirty_days(town: Town, clock: ManualClock) -> None:
    with pytest.raises(Invalid, match=r"draft\.size"):
        _save(town, {"text": "x" * 70_000})
    _save(town, {})
    clock.advance(31 * DAY_MS)
    with pytest.raises(NotFound, match=r"draft\.unknown"):
        town[UNION].request("GET", f"/drafts/{DRAFT}")


# ---- finding cases


def test_cases_are_found_page_by_page_by_kind_stage_owner_and_how_their_id_begins(
    town: Town,
) -> None:
    union = town[UNION]
    cases = take_in(union, *([FITTING] * 3 + [UNFITTING] * 2))
    seen, after = [], ""
    while True:
        query: dict[str, Any] = {"limit": 2, **({"after": after} if after else {})}
        tree = union.request("GET", "/cases", params=query).json()
        seen += [row["case"] for row in tree["items"]]
        after = tree.get("after", "")
        if not after:
            break
        # What comes meanwhile is on no later page.
        if len(seen) == 2:
            take_in(union, FITTING)
    assert sorted(seen) == sorted(each["case"] for each in cases)
    assert len(set(seen)) == 5
    for case in cases:
        for digits in (4, 5, 32):
            rows = union.request("GET", "/cases", params={"q": case["case"][:digits]}).json()
            assert case["case"] in [row["case"] for row in rows["items"]]
    assert union.request("GET", "/cases", params={"q": "f" * 32}).json() == {"items": []}
    where = {"kind": "borrow", "stage": "matched", "owner": UNION}
    assert len(union.request("GET", "/cases", params=where).json()["items"]) == 2
    assert union.request("GET", "/cases", params={"kind": "save"}).json() == {"items": []}
    counts = union.request("GET", "/cases/counts", params={"owner": UNION}).json()
    assert (counts["reported"], counts["matched"], counts["all"]) == (4, 2, 6)
    for query in ({"q": "abc"}, {"q": "王秀英"}, {"after": "1.2"}):
        with pytest.raises(Invalid):
            union.request("GET", "/cases", params=query)


# ---- estimates


def test_an_estimate_is_the_decision_that_would_be_recorded_and_records_nothing(
    town: Town,
) -> None:
    union = town[UNION]
    height = union.show_health()["height"]
    for application, fits in ((FITTING, 1), (UNFITTING, 0)):
        body = {"application": application}
        estimate = union.request("POST", "/estimate", json=body).json()
        assert estimate["fits"] == fits
        assert len(estimate["calendar"]["bad_minor"]) == len(estimate["calendar"]["middle_minor"])
        assert estimate["lowest_minor"] == min(estimate["calendar"]["bad_minor"])
        assert union.show_health()["height"] == height
        (case,) = take_in(union, application)
        height = union.show_health()["height"]
        decisions = union.show_case(case["case"])["decisions"]
        judgement = decisions["judgement"]
        assert estimate["thresholds"] == judgement["figures"].get("thresholds", [])
        assert estimate["gaps"] == judgement.get("ranked", [])
        result = decisions.get("report") or decisions["match"]
        assert estimate["outcome"] == result["outcome"]
        assert estimate["reasons"] == result["reasons"]
        if fits:
            assert estimate["calendar"] == result["figures"]["calendar"]


def test_an_unfinished_application_is_told_what_is_missing(town: Town) -> None:
    def ask(**application: Any) -> dict[str, Any]:
        body = {"application": application}
        tree: dict[str, Any] = town[UNION].request("POST", "/estimate", json=body).json()
        return tree

    empty = ask()
    assert empty["missing"][:3] == ["profile.persons", "profile.savings_minor", "demand.kind"]
    assert "profile.income" in empty["missing"]
    some = ask(profile={"persons": 3, "wage_minor_month": 500_000}, demand={"kind": "borrow"})
    assert not {"profile.persons", "demand.kind", "profile.income"} & set(some["missing"])
    assert max(some["calendar"]["middle_minor"]) > 0
    with pytest.raises(Invalid, match=r"application\.form"):
        ask(profile={"persons": 3_000})


# ---- what a party told before


def test_what_a_party_told_before_is_offered_with_its_day_and_leaves_receipts(
    town: Town, clock: ManualClock
) -> None:
    union = town[UNION]
    party = union.add_party("household", {"name": "x"})
    for profile, defaults in (
        ({**FITTING["profile"], "age_years": 41}, []),
        ({"persons": 5, "workers": 1, "category": "ordinary"}, ["profile.workers"]),
    ):
        application = {**FITTING, "profile": profile}
        request = {"application": application, "party": party, "defaults": defaults}
        union.open_cases([request])
        # An hour more: a block's time may be some ms after the clock's.
        clock.advance(10 * DAY_MS + DAY_MS // 24)
    tree = union.request("GET", f"/parties/{party}/prefill").json()
    leaves = {leaf["path"]: leaf for leaf in tree["leaves"]}
    assert leaves["profile.persons"]["value"] == 5
    assert leaves["profile.persons"]["days"] == 10
    # Nobody said how many work: the older case is the newest in which somebody did.
    assert (leaves["profile.workers"]["value"], leaves["profile.workers"]["days"]) == (2, 20)
    assert leaves["profile.crops"]["value"] == FITTING["profile"]["crops"]
    assert len(union.list_receipts(party)) >= 2
    with pytest.raises(NotFound, match=r"party\.unknown"):
        town["village"].request("GET", f"/parties/{party}/prefill")


# ---- second saves


def test_an_act_on_a_case_that_changed_is_told_what_came_since(town: Town) -> None:
    union = town[UNION]
    (case,) = take_in(union, FITTING)
    path = f"/cases/{case['case']}"
    seen = union.show_case(case["case"])["seen"]
    headers = {"If-Match": f'"{seen}"'}
    keyed = {**headers, "Idempotency-Key": "first-save"}
    first = union.request("POST", f"{path}/approve", json={"notes": "a"}, headers=keyed).json()
    with pytest.raises(Conflict, match=r"case\.changed") as caught:
        union.request("POST", f"{path}/refuse", json={"code": "x"}, headers=headers)
    since: Any = caught.value.values["since"]
    assert [(each["type"], each["member"]) for each in since] == [("approval.given", UNION)]
    # A repetition of what was done is answered as it was; so is an act without the header.
    again = union.request("POST", f"{path}/approve", json={"notes": "a"}, headers=keyed)
    assert again.json() == first
    union.refuse(case["case"], code="papers", words="")


def test_of_two_officers_who_act_at_once_on_what_both_saw_one_is_told(town: Town) -> None:
    union = town[UNION]
    (case,) = take_in(union, FITTING)
    headers = {"If-Match": f'"{union.show_case(case["case"])["seen"]}"'}
    acts = (("approve", {"notes": "a"}), ("approve", {"notes": "b"}), ("close", {"code": "gone"}))

    def act(path: str, body: dict[str, Any]) -> str:
        try:
            union.request("POST", f"/cases/{case['case']}/{path}", json=body, headers=headers)
        except Conflict as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(lambda each: act(*each), acts))
    assert sorted(ends) == ["case.changed", "case.changed", "done"]


# ---- a case's page, replay, evidence


def test_a_case_page_tells_figures_beside_thresholds_and_what_happened(town: Town) -> None:
    union = town[UNION]
    fit, misfit = take_in(union, FITTING, UNFITTING)
    page = union.show_case(fit["case"])
    assert [step["t"] for step in page["steps"]] == [
        *("case.applied", "case.schemed", "case.judged", "case.reported")
    ]
    assert page["due"]["why"] == "approve"
    assert all(figure["holds"] for figure in page["result"]["figures"])
    assert page["result"]["preferred"]
    cid = page["steps"][0]["cid"]
    node = town.house.node(UNION)
    record = node.find(bytes.fromhex(fit["case"]))
    data = node.transaction(record.height, record.index).records[record.place]
    assert cid == str(cid_of(data))
    other = union.show_case(misfit["case"])
    assert other["result"]["gaps"]
    assert other["due"]["why"] == "misfit"
    union.hand_over(misfit["case"], to="agricultural-bank", days=5)
    (moved,) = union.show_case(misfit["case"])["hand_overs"]
    assert (moved["from"], moved["to"]) == (UNION, "agricultural-bank")
    assert "misfit" in _whys(town, "agricultural-bank")


def test_a_case_is_run_again_in_place_and_its_evidence_holds(town: Town) -> None:
    union = town[UNION]
    (case,) = take_in(union, FITTING)
    found = union.request("GET", f"/cases/{case['case']}/replay").json()
    assert found["equal"] == 1
    assert [each["question"] for each in found["decisions"]] == ["scheme", "judgement", "report"]
    town.house.spread()
    path = f"/cases/{case['case']}/evidence"
    response = union.request("GET", path)
    members = (town.house.folder / "members.json").read_bytes()
    verdict = verify_evidence(response.content, Pin.read(members), CHARTER, replay)
    assert verdict.status.value == "proven"
    less = union.request("GET", path, params={"redact": ["profile", "reasons"]})
    assert b"bad_year_lives" in response.content
    assert b"bad_year_lives" not in less.content


def test_a_replay_that_differs_says_where(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    union = town[UNION]
    (case,) = take_in(union, FITTING)

    def shifted(asked: Asked, inputs: bytes, objects: Any) -> dict[str, Any]:
        return {**replay(asked, inputs, objects), "outcome": "another"}

    monkeypatch.setattr("tallystick.county.replaying.replay", shifted)
    found = union.request("GET", f"/cases/{case['case']}/replay").json()
    assert found["equal"] == 0
    assert {name for each in found["decisions"] for name in each["differs"]} == {"outcome"}


# ---- officers


def _officer(town: Town, name: str, role: str) -> Client:
    accounts = town.house.node(UNION).accounts
    account = accounts.add_closed(name, "张三", role)
    return in_process(town.app, accounts.begin(account.officer).token.hex(), UNION)


def test_each_officer_has_its_own_drafts_and_sees_its_own_acts(town: Town) -> None:
    take_in(town[UNION], FITTING)
    clerk, manager = _officer(town, "li", "clerk"), _officer(town, "wang", "manager")
    loan_officer = _officer(town, "zhao", "loan_officer")
    try:
        draft = clerk.begin_draft({"persons": 3}, label=SECRET)["draft"]
        assert [row["label"] for row in clerk.list_drafts()] == [SECRET]
        assert loan_officer.list_drafts() == town[UNION].list_drafts() == []
        with pytest.raises(NotFound, match=r"draft\.unknown"):
            loan_officer.read_draft(draft)
        loan_officer.drop_draft(draft)
        assert clerk.read_draft(draft)["tree"] == {"persons": 3}
        # Who takes no case in keeps no draft.
        with pytest.raises(Denied, match=r"access\.role"):
            manager.list_drafts()
        # What is asked for does not widen what a session may see.
        assert [each["why"] for each in clerk.list_today(role="manager")["items"]] == [
            "registration"
        ]
        assert [each["why"] for each in manager.list_today()["items"]] == ["approve"]
        # Whose acts these were is in the receipts.
        case = manager.list_today()["items"][0]["case"]
        with manager.keyed(if_match=str(manager.show_case(case)["seen"])):
            manager.approve(case)
        with (
            clerk.keyed(if_match="1"),
            pytest.raises(Conflict, match=r"case\.changed"),
        ):
            clerk.answer_offer(case, accepted=True)
    finally:
        for client in (clerk, manager, loan_officer):
            client.close()

"""Every route answers what the description of the API says, problems and recoveries too."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, START_MS, UNFITTING, Town, found, open_town
from lies import sign_wrong
from service.answering import Listener, faults
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.codec import RAW, Cid, cid_of
from tallystick.base.errors import Error
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import cosign, write_note
from tallystick.chain.tile import WIDTH, Tile
from tallystick.client import Client, in_process
from tallystick.county.chains import COUNTY, PUBLIC, Chains
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.member import MEMBERS
from tallystick.kernel.store.ipns.moment import MOMENT_MAX
from tallystick.kernel.store.ipns.names import Names, open_names
from tallystick.kernel.store.ipns.record import Pointer, sign_record
from tallystick.kernel.store.spread.reading import Liar
from tallystick.kernel.store.unixfs.cid import DAG_PB, name_inline
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import import_directory
from tallystick.records.trained import METRICS
from tallystick.services.credit.integrity import START

MODELS = Path(__file__).resolve().parents[1] / "vectors" / "decisions"

ASKING = (
    *("village", "agriculture", "civil-affairs", "cooperative", "newspaper"),
    *("finance", "regulator"),
)


class Heard:
    """A town all of whose answers are listened to."""

    def __init__(self, town: Town, listener: Listener) -> None:
        self._town = town
        self._listener = listener
        self._known: set[str] = set()
        self.house = town.house

    def __getitem__(self, member: str) -> Client:
        client = self._town[member]
        if member not in self._known:
            self._known.add(member)
            self._listener.listen(client._http)
        return client


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, clock: ManualClock) -> Path:
    return found(tmp_path_factory.mktemp("answers"), clock, catalogue=False)


def test_every_route_answers_as_it_is_described(
    county: Path, clock: ManualClock, listener: Listener
) -> None:
    with open_town(county, clock) as town:
        heard = Heard(town, listener)
        _publish(heard)
        cases = _serve_households(heard)
        _tell(heard, cases, clock)
        _score(heard)
        _keep_books(heard)
        _collect_dues(heard)
        _look(heard, cases)
        _work(heard, cases)
        _give(heard)
        _oversee(heard)
        _forget(heard)
        _store(heard, town)
        _log_in(heard, listener)
        _tell_everybody(town, listener, clock)
    assert not listener.faults
    done = {operation for operation, status in listener.heard if status < 300}
    assert done == listener.operations


def _store(heard: Heard, town: Town) -> None:
    """Put an object among the members, let another read it, and erase it."""
    village, data = heard["village"], bytes(range(256)) * 1_000
    cid = village.put_object(io.BytesIO(data), len(data), name="map", code="rs-2+1")["cid"]
    village.grant_object(cid, to="finance", days=1)
    sink = io.BytesIO()
    assert heard["finance"].read_object(cid, sink) == len(data)
    assert sink.getvalue() == data
    assert village.list_objects(limit=1)[0] == {
        name: value
        for name, value in village.show_object(cid).items()
        if name not in {"readers", "receipts"}
    }
    village.scrub_store()
    village.repair_store()
    assert village.show_store()["whole"] == 1
    assert sum(each["shards"] for each in village.list_store_peers()) == 3
    _accuse(heard, town, cid)
    assert not village.erase_object(cid)["waiting"]


def _accuse(heard: Heard, town: Town, cid: str) -> None:
    """Have a member be proven to have given wrong bytes."""
    node, other = town.house.node("village"), town.house.node("finance")
    manifest = node.spreading.find_manifest(Cid.parse(cid))
    exchange = sign_wrong(node, other, manifest, 0)
    node.spreading.heard.hear(manifest, [Liar("finance", 0, 0, 0, exchange)])
    (row,) = heard["village"].list_liars()
    assert len(heard["village"].read_liar(row["digest"])) == row["bytes"]


def _tell_everybody(town: Town, listener: Listener, clock: ManualClock) -> None:
    """Let a public chain of two members stand beside the town's, and read all of it."""
    folder = town.house.folder / PUBLIC
    members = [each for each in MEMBERS if each.name in {"finance", "newspaper"}]
    found_county(folder, name="all", clock=clock, members=members, orderer="finance", kind=PUBLIC)
    with open_house(folder, clock) as house:
        chains = Chains({COUNTY: town.house, PUBLIC: house})
        chains.link()
        town.house.spread()
        assert chains.anchor() == 1
        clock.advance(DAY_MS)
        with in_process(create_app(house), ensure_token(folder), "finance") as office:
            listener.listen(office._http)
            texts = dict.fromkeys(("title_zh", "title_en", "text_zh", "text_en"), "rain")
            record = office.publish_bulletin(**texts)["record"]
            until = clock.now_ms() // DAY_MS - 1
            told = office.publish_tally(from_day=START_MS // DAY_MS, to_day=until)
            assert "case.applied" in {each["figure"] for each in told["figures"]}
            house.spread()
            assert len(office.list_public(limit=1)) == 1
            for path in (f"records/{record}", f"records/{record}/proof", "chains", "blocks/1"):
                assert office.read_log(path)
            assert office.read_log("members.json")
            office.withdraw_bulletin(record)


def _publish(heard: Heard) -> None:
    from counties import CATALOGUE
    from tallystick.services.positioning.catalogue import catalogue_from_toml

    finance = heard["finance"]
    finance.publish_catalogue(catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8")))
    entry = {**finance.list_providers()[0]["entry"], "provider": "second_bank"}
    heard["agricultural-bank"].add_provider(entry)
    product = dict(finance.list_products()[0]["entry"])
    finance.add_product({**product, "version": product["version"] + 1})
    assert finance.list_rules()
    finance.allocate_fund(fund="f", to="postal-bank", programme="p", amount_minor=1)
    finance.give_guidance(topic="weather", text="sow early")
    heard["newspaper"].publish_news("harvest festival")


def _score(heard: Heard) -> None:
    """Lead two models through their lives; a card and trees are shown otherwise."""
    union = heard["credit-union"]
    report = {
        "program": "1",
        "data": str(cid_of(b"loans", RAW)),
        "mapping": "00",
        "metrics": dict.fromkeys(METRICS, 7),
    }
    for name in ("card", "trees"):
        tree = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
        cid = union.publish_model(tree)["model"]
        union.approve_model(cid, name=name, report=report, force="trial")
        assert union.shadow_model(cid)["items"]
        assert union.shadow_model(cid, limit=1)["next"] == 1
        assert union.show_model(cid)["features"]
        assert union.list_models()
        union.retire_model(cid, code="old")
        assert union.show_model(cid)["state"] == "retired"


def _collect_dues(heard: Heard) -> None:
    village, begin = heard["village"], 2025 * 12
    day = 20_089  # 1 January 2025
    rows: dict[str, Any] = {"rent": {}}
    rows["water"] = {"opened": 1, "rows": [[1, day, day + 2], [1, day + 40, 0]]}
    told = village.report_dues(begin, months=3, rows=rows, readers=["credit-union"])
    assert (told["first"], len(told["records"])) == ({"rent": 1, "water": 1}, 2)
    rows = {"water": {"rows": [[1, day + 40, day + 100]]}}
    again = village.report_dues(begin + 3, months=1, rows=rows, readers=[])
    assert again["first"] == {"water": 2}
    faults: tuple[Any, ...] = ({"rows": [[1]]}, {"rows": [["1", 2]]}, [])
    for wrong in faults:
        with pytest.raises(Error, match=r"dues\.rows"):
            village.report_dues(begin + 4, months=1, rows={"water": wrong}, readers=[])


def _keep_books(heard: Heard) -> None:
    """Tell of one short loan until it is over; then there is something to learn from."""
    lender, reader = heard["agricultural-bank"], heard["finance"]
    begin = 2025 * 12
    loan = {"amount_minor": 100_000, "term_months": 1}
    told = lender.report_loans(begin, rows={"granted": [loan]}, readers=["finance"])
    assert (told["first"], told["granted"], len(told["records"])) == (1, 1, 1)
    for month in range(begin + 1, begin + 6):
        rows = {"repaid": [[1, 100_000]]} if month == begin + 1 else {}
        lender.report_loans(month, rows=rows, readers=["finance"])
    books = reader.read_books()
    assert [each["month"] for each in books] == list(range(begin, begin + 6))
    assert books[0]["rows"]["features"] == {name: [each] for name, each in loan.items()}
    assert reader.read_books(limit=1, offset=1) == books[1:2]
    assert all("rows" not in each for each in heard["postal-bank"].read_books())
    assert reader.due_model()["reasons"] == [{"reason": "no_model", "found": 1, "limit": 1}]
    with pytest.raises(Error, match="lists of granted"):
        lender.report_loans(begin + 6, rows={"repaid": [[1]]}, readers=[])


def _serve_households(heard: Heard) -> list[str]:
    union = heard["credit-union"]
    party = union.add_party("household", {"name": "x"})
    assert union.send_registrations()["sent"] == 1
    mandate = union.add_mandate(party, witness="village", days=400, text="to apply and answer")
    cases = union.open_cases(
        [
            {"application": each, "party": party, "mandate": mandate, "defaults": []}
            for each in (FITTING, UNFITTING, UNFITTING, UNFITTING)
        ]
    )
    grant = union.give_grant(
        party, recipient="agricultural-bank", classes=["profile"], purpose="credit", days=9
    )
    union.end_grant(grant["grant"])
    union.show_party(party)
    assert union.show_standing(party)["points"] == START
    return [each["case"] for each in cases]


def _tell(heard: Heard, cases: list[str], clock: ManualClock) -> None:
    union, (fit, refused, other, moved) = heard["credit-union"], cases
    union.approve(fit)
    union.answer_offer(fit, accepted=True)
    granted = union.grant_loan(fit)
    union.disburse_loan(granted["loan"], amount_minor=granted["terms"]["amount_minor"])
    union.repay_loan(granted["loan"], principal_minor=100_000, interest_minor=1_000)
    assert [row["loan"] for row in union.list_loans(case=fit)] == [granted["loan"]]
    told = union.show_loan(str(granted["loan"]))
    assert sum(each["payment_minor"] for each in told["schedule"]) > told["terms"]["amount_minor"]
    union.receive_money(fit, amount_minor=3_000_000)
    union.refuse(refused, code="purpose_refused", words="not for a house")
    appeal = heard["village"].open_appeal(refused, code="disagree", words="my son pays too")
    assert union.list_appeals()
    union.settle_appeal(appeal["appeal"], outcome="upheld", words="the rule stands")
    union.override(other, code="known_well", outcome="village_line", file="visited")
    union.hand_over(moved, to="agricultural-bank", days=5)
    heard["agricultural-bank"].show_case(moved)
    heard["agricultural-bank"].close_case(moved, code="withdrawn")
    heard["regulator"].evaluate_project(fit, score=80, text="sound")
    clock.advance(31 * DAY_MS)
    asker = next(
        name for name in ASKING if any(row["case"] == fit for row in heard[name].due_feedback())
    )
    heard[asker].give_feedback(fit, felt=5)
    assert heard[asker].sum_feedback("scheme")["cells"] == []


def _look(heard: Heard, cases: list[str]) -> None:
    union = heard["credit-union"]
    for case in cases[:3]:
        union.show_case(case)
    union.show_report(cases[0], "en")
    assert len(union.list_cases(limit=2)) == 2
    assert union.list_members()
    assert union.show_charter()
    assert [row["kind"] for row in union.list_chains()] == ["county"]
    heard["finance"].approve_subsidy(cases[0], programme="p", amount_minor=1)
    change = union.propose_limit("block_transactions", 500)["change"]
    heard["finance"].vote_change(change, yes=True)
    assert [row["change"] for row in union.list_changes()] == [change]
    assert union.show_limits()["vote_ppm"] == 666_667
    assert union.show_change(change)["yes"] == ["credit-union", "finance"]
    height = union.show_health()["height"]
    union.ask("GET", "/healthz")
    union.read_block(height)
    union.read_checkpoint()
    tid = union.approve(cases[0])["tid"]
    assert union.show_transaction(tid)["state"] == "ordered"
    with union.keyed(witnessed=True):
        union.approve(cases[0])
    assert union.list_differences() == []
    _convict(heard)
    assert union.read_log("checkpoint")
    size = int(union.read_log("checkpoint").split(b"\n")[1])
    assert len(union.read_log(Tile(0, 0, min(size, WIDTH)).path())) == 32 * min(size, WIDTH)
    union.rebuild_views()


def _convict(heard: Heard) -> None:
    """Let a member sign another body of a height, and the others find it."""
    house = heard.house
    node = house.node("newspaper")
    height = node.replica.tip.height
    body = replace(node.replica.body(height), root=bytes(32), header=cid_of(b"another"))
    key = SigningKey.from_seed(node.secrets.note)
    note = write_note(body, [cosign(body, key, member="newspaper", time_s=1)])
    union = house.seat("credit-union").checker.equivocations
    own = house.seat("newspaper").pen.sign(height)
    assert len(union.look(write_note(node.replica.body(height), [own]), note)) == 1
    (row,) = heard["credit-union"].list_equivocations()
    texts = [write_note(node.replica.body(height), [own]).decode(), note.decode()]
    assert heard["village"].prove_equivocation(*texts)[0]["digest"] == row["digest"]
    assert heard["credit-union"].read_equivocation(row["digest"])


def _work(heard: Heard, cases: list[str]) -> None:
    """Go through an officer's day."""
    union = heard["credit-union"]
    assert union.list_today(role="manager")["items"]
    page = union.find_cases(limit=2, owner="credit-union")
    assert union.find_cases(limit=2, owner="credit-union", after=page["after"])["items"]
    assert union.count_cases(owner="credit-union")["all"] == 3
    assert union.estimate(FITTING)["fits"] == 1
    assert "profile.persons" in union.estimate({})["missing"]
    assert union.replay_case(cases[0])["equal"] == 1
    with union.keyed(witnessed=True):
        union.approve(cases[0], notes="once more")
    assert union.export_evidence(cases[0])
    draft = union.begin_draft({"persons": 3}, label="x")
    saved = union.save_draft(draft["draft"], {"persons": 4}, label="x", revision=1)
    assert union.read_draft(draft["draft"])["tree"] == {"persons": 4}
    assert union.list_drafts() == [{**saved, "label": "x"}]
    union.drop_draft(draft["draft"])


def _give(heard: Heard) -> None:
    """Give public content to whoever asks: the probe, a folder within its own CID, a name of it."""
    union, inside = heard["credit-union"], name_inline(b"x", RAW)
    ((_, block),) = import_directory([Entry("x", inside, 1)])
    folder = name_inline(block, DAG_PB)
    said = Pointer(value=f"/ipfs/{folder}".encode(), sequence=1, ends_ns=MOMENT_MAX, ttl_ns=0)
    record = sign_record(SigningKey.from_seed(bytes(32)), said)
    store = heard.house.node("credit-union").folder / "store.db"
    with contextlib.closing(open_names(store).database) as database:
        Names(database).keep(record)
    for method in ("GET", "HEAD"):
        for form in ("raw", "car"):
            union.ask(method, f"/ipfs/bafkqaaa?format={form}")
        for form in ("raw", "car", "ipns-record"):
            union.ask(method, f"/ipns/{record.name}?format={form}")
        for above in (f"/ipfs/{folder}", f"/ipns/{record.name}"):
            union.ask(method, f"{above}/x?format=car")
    with pytest.raises(Error, match=r"gateway\.request"):
        union.ask("GET", "/ipfs/bafkqaaa")


def _oversee(heard: Heard) -> None:
    """Look at the ledger, at a programme, and at who offers what."""
    union, bureau = heard["credit-union"], heard["civil-affairs"]
    page = union.list_blocks(limit=2)
    assert page["next"] == page["items"][-1]["height"]
    assert union.list_block_records(page["items"][0]["height"])
    assert union.prove_block(1)
    assert union.verify_chain(4)["state"] in {"running", "done"}
    union.show_check()
    assert union.show_state()["members"]
    union.repair_chain()
    villages = [{"code": "v1", "zh": "\u6751", "en": "V", "lon": 104_000_000, "lat": 31_000_000}]
    counts = {"households": 60, "poor": 20, "held": 18, "missed": 10, "wrong": 8}
    bureau.measure_programme(
        "p", cycle=202_601, villages=villages, areas=[{"villages": ["v1"], **counts}], groups=[]
    )
    assert [row["programme"] for row in union.list_programmes()] == ["p"]
    assert union.show_programme("p")["villages"][0]["exclusion"]["ppm"] == 500_000
    assert len(union.show_map()["features"]) == 1
    assert union.show_provider("rural_credit_coop")["products"]
    assert union.sum_provider("rural_credit_coop")["cells"] == []
    assert union.show_product("village_line")["versions"]


def _forget(heard: Heard) -> None:
    union = heard["credit-union"]
    party = union.add_party("person", {"name": "y"})
    mandate = union.add_mandate(party, witness="village", days=4, text="t")
    assert union.list_receipts(party) == []
    union.end_mandate(mandate)
    (case,) = union.open_cases([{"application": FITTING, "party": party}])
    union.show_case(case["case"])
    assert union.prefill(party)["leaves"]
    assert union.list_receipts(party)
    union.erase_party(party)


def _log_in(heard: Heard, listener: Listener) -> None:
    """Lead an account through its life, and its officer in and out."""
    owner = heard["credit-union"]
    issued = owner.add_user("wang", shown="x", role="manager")
    assert owner.list_users()[0]["shown"] == "x"
    officer = Client("http://127.0.0.1", "", "credit-union", transport=owner._http._transport)
    listener.listen(officer._http)
    officer.log_in("wang", issued["password"])
    officer.change_password(issued["password"], "rain falls on the terraces")
    assert officer.show_me()["role"] == "manager"
    assert owner.show_me()["role"] == "owner"
    assert officer.log_out() == {"ended": 1}
    for act in (owner.disable_user, owner.enable_user, owner.reset_user):
        assert act("wang")["name"] == "wang"
    assert owner.change_role("wang", "clerk")["role"] == "clerk"


def test_every_refusal_is_one_of_the_problems_that_are_told(
    county: Path, clock: ManualClock, listener: Listener
) -> None:
    del listener.faults[:]
    with open_town(county, clock) as town:
        heard = Heard(town, listener)
        union, nobody = heard["credit-union"], "0" * 32
        stranger = Client("http://127.0.0.1", "0" * 64, "village", transport=union._http._transport)
        listener.listen(stranger._http)
        fit = next(row["case"] for row in union.list_cases() if row["stage"] == "reported")
        acts: list[Callable[[], object]] = [
            stranger.list_cases,
            lambda: union.show_case(nobody),
            lambda: union.erase_party(nobody),
            lambda: union.approve(nobody),
            lambda: heard["village"].approve(fit),
            lambda: heard["village"].show_case(fit),
            lambda: heard["village"].refuse(fit, code="x", words=""),
            lambda: heard["village"].publish_news("x"),
            lambda: union.add_mandate(nobody, witness="VILLAGE", days=0, text="t"),
            lambda: union.add_party("household", {"name": "x" * 2**21}),
            lambda: union.ask("GET", "/nobody/healthz"),
            lambda: union.request("GET", "/members", headers={"Host": "example.org"}),
        ]
        for act in acts:
            with pytest.raises(Error):
                act()
    assert not listener.faults
    assert {status for _, status in listener.heard} >= {401, 403, 404, 409, 413, 421, 422}


def test_an_answer_from_what_was_signed_is_described_too(
    county: Path, clock: ManualClock, listener: Listener
) -> None:
    del listener.faults[:]

    def act(union: Client, case: str, party: str) -> list[Any]:
        with union.keyed("known-1"):
            approved = union.approve(case, notes="again")
        with union.keyed("known-2"):
            mandate = union.add_mandate(party, witness="village", days=4, text="t")
        with union.keyed("known-3"):
            opened = union.open_cases([{"application": FITTING, "party": party}])
        return [approved, mandate, opened]

    with open_town(county, clock) as town:
        union = Heard(town, listener)["credit-union"]
        # The newest one's party has been erased.
        case = [row["case"] for row in union.list_cases() if row["stage"] == "reported"][-1]
        party = union.add_party("person", {"name": "z"})
        first = act(union, case, party)
    # As if the node had died after signing and before its answers were kept.
    with contextlib.closing(sqlite3.connect(county / "credit-union" / "local.db")) as database:
        database.execute("DELETE FROM answer")
        database.commit()
    with open_town(county, clock) as town:
        union = Heard(town, listener)["credit-union"]
        again = act(union, case, party)
    assert again[0] == {**first[0], "recovered": 1}
    assert again[1] == first[1]
    assert again[2][0]["case"] == first[2][0]["case"]
    assert not listener.faults


def test_an_answer_that_is_not_as_described_is_seen() -> None:
    tree: dict[str, Any] = {"components": {"schemas": {"Id": {"type": "string", "pattern": "^a$"}}}}
    one = {"type": "object", "required": ["id"], "properties": {"id": {"$ref": "#/c/s/Id"}}}
    assert not list(faults({"id": "a"}, one, tree))
    assert list(faults({"id": "b"}, one, tree)) == [".id: 'b' is not ^a$"]
    assert list(faults({}, one, tree)) == [".id: missing"]
    assert list(faults({"id": "a", "more": 1}, one, tree)) == [".more: not told"]
    assert list(faults([], one, tree)) == [": list is none of ['object']"]
    assert list(faults(None, {"anyOf": [one, {"type": "null"}]}, tree)) == []
    assert list(faults(True, {"type": "integer"}, tree)) == [": bool is none of ['integer']"]

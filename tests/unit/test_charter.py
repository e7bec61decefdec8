"""The charter as a table, and its folds: views tell what the state and the records tell."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from rulings import CATALOGUE, MODEL, Floor
from strangers import open_town
from tallystick.base.codec import cid_of, encode, read_admitted
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.decided import Asked
from tallystick.charter import (
    CHARTER,
    ROLES,
    STATEMENTS,
    TABLES,
    codes_of,
    fold_record,
    record_types,
    replay,
)
from tallystick.kernel.views.engines.sqlite import SqliteViews
from tallystick.records.base import spec_of
from tallystick.records.held import HeldCase, Stage
from tallystick.records.refusal import Refusal
from tallystick.records.view import Admitted
from tallystick.services.positioning import rules


def _views(folder: Path, log: list[Admitted]) -> SqliteViews:
    views = SqliteViews(folder / "views.db", TABLES)
    for height, admitted in enumerate(log, start=1):
        views.apply(height, fold_record(admitted))
    return views


# ---- the table


def test_every_type_is_written_by_roles_there_are() -> None:
    for row in STATEMENTS.values():
        assert row.roles <= set(ROLES)
        assert row.statement.t in STATEMENTS
    assert {t for t, _ in CHARTER} == {"member.joined", *STATEMENTS}
    assert record_types().keys() == CHARTER.keys()


def test_sealed_fields_of_a_type_have_one_name_each() -> None:
    for row in STATEMENTS.values():
        spec = spec_of(row.statement)
        sealed = [*spec.of_class("case"), *spec.of_class("party")]
        assert len(set(sealed)) == len(sealed)


def test_who_runs_a_node_only_decides_nothing() -> None:
    named = {t for t, row in STATEMENTS.items() if "operator" in row.roles}
    assert not named
    open_to_all = {t for t, row in STATEMENTS.items() if not row.roles}
    said_of_others = {"endorsed", "feedback.given", "appeal.opened"}
    decided_by_all = {"change.proposed", "change.voted"}
    decided_by_all |= {"chain.linked", "chain.listed", "chain.anchored"}
    for_oneself = {"mandate.given", "mandate.ended", "object.kept", "object.erased"}
    assert open_to_all == said_of_others | decided_by_all | for_oneself


def test_the_codes_of_a_rule_are_read_from_its_program() -> None:
    codes = codes_of(STATEMENTS["case.handed_over"].admit)
    assert {Refusal.CANNOT_HOLD, Refusal.NOT_OWNER, Refusal.NEVER_AMENDED} <= set(codes)
    assert Refusal.FUND_TOO_SMALL not in codes
    assert min(codes) >= 100


# ---- folds


def test_views_agree_with_the_state_whatever_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that lacked a version of the rules would stop at it, by design.
    monkeypatch.setattr(rules, "_VERSION_OF_RULES", dict.fromkeys(range(1, 2**16), 1))
    town = open_town(random.Random(7))
    for _ in range(3_000):
        town.step()
    views = _views(tmp_path, town.log)
    state = town.floor.state
    cases = {row["case"]: row for row in views.rows("case")}
    assert cases.keys() == town.owners.keys()
    for case, row in cases.items():
        held = HeldCase._make(read_admitted(state[b"case/" + case]))
        assert (row["owner"], row["opener"]) == (held.owner, held.opener)
        assert row["stage"] == Stage(held.stage).name.lower()
        assert (row["decision"] or b"") == held.decision
        assert (row["programme"] or "") == held.programme
    loans = {row["loan"]: row for row in views.rows("loan")}
    assert loans.keys() == {key[5:] for key in state if key.startswith(b"loan/")}
    waiting = {row["appeal"] for row in views.rows("appeal") if row["settled_at"] is None}
    assert waiting == {key[7:] for key in state if key.startswith(b"appeal/")}
    for space in ("provider", "product"):
        for row in views.rows(space):
            held_entry = read_admitted(state[f"{space}/{row[space]}".encode()])
            assert row["record"] == held_entry[1]
    models = {(row["service"].encode(), row["model"]): row["state"] for row in views.rows("model")}
    for (service, link), standing in models.items():
        key = service + b"/" + link
        assert b"model/" + key in state
        assert (b"retired/" + key in state) == (standing == "retired")
    for service in (b"positioning", b"risk"):
        deciding = sum(each == "approved" for (of, _), each in models.items() if of == service)
        key = b"models/" + service
        assert (read_admitted(state[key]) if key in state else 0) == deciding
    assert {"approved", "retired"} >= set(models.values()) != set()
    assert views.count("record") == len(town.log)
    for table, t in (("feedback", "feedback.given"), ("model", "model.approved")):
        assert views.count(table) == town.admitted[t]
    assert (
        sum(row["amount"] for row in views.rows("allocation"))
        == sum(town.allocated.values()) - 1_000
    )  # what the town was opened with was allocated before the log
    views.close()


@pytest.fixture
def folded(tmp_path: Path) -> Any:
    def fold(*records: tuple[str, dict[str, Any]], time: int = 7) -> SqliteViews:
        floor, log = Floor(), []
        for place, (t, more) in enumerate(records):
            record = {"t": t, "rv": 1, "id": more.pop("id", None) or floor.new_id(), **more}
            log.append(Admitted(record, "bank-a", place + 1, 0, place, time + place, b"t" * 32))
        return _views(tmp_path, log)

    return fold


CASE: dict[str, Any] = {"id": b"c" * 16, "pub": {"kind": "borrow", "programme": "relief"}}
OF: dict[str, Any] = {"case": b"c" * 16}


def _case(folded: Any, *records: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    views = folded(("case.applied", dict(CASE)), *records)
    (row,) = views.rows("case")
    views.close()
    return dict(row)


@pytest.mark.parametrize(
    ("t", "stage", "column"),
    [
        ("case.schemed", "schemed", None),
        ("case.judged", "judged", None),
        ("case.reported", "reported", "decided_at"),
        ("case.matched", "matched", "decided_at"),
        ("case.refused", "refused", "refused_at"),
        ("case.closed", "closed", "closed_at"),
        ("money.received", "applied", "money_at"),
        ("feedback.given", "applied", "feedback_at"),
    ],
)
def test_a_case_shows_its_stage_and_when_it_came_to_it(
    folded: Any,
    t: str,
    stage: str,
    column: str | None,
) -> None:
    row = _case(folded, (t, {"id": b"r" * 16, "pub": {}, **OF}))
    assert (row["stage"], row["opened_at"], row["kind"]) == (stage, 7, "borrow")
    if column:
        assert row[column] == 8
    assert (row["decision"] == b"r" * 16) == (column == "decided_at")


def test_a_hand_over_shows_the_new_owner_and_when_it_is_due(folded: Any) -> None:
    pub = {"from_member": "bank-a", "to": "bank-b", "due": 99}
    row = _case(folded, ("case.handed_over", {"pub": pub, **OF}))
    assert (row["opener"], row["owner"], row["handed_over_due"]) == ("bank-a", "bank-b", 99)


def test_an_appeal_shows_who_took_it_in_and_who_answered(folded: Any) -> None:
    views = folded(
        ("appeal.opened", {"id": b"a" * 16, "pub": {"against": b"r" * 16}, **OF}),
        ("appeal.settled", {"pub": {"appeal": b"a" * 16}, **OF}),
    )
    assert views.rows("appeal") == [
        {
            "appeal": b"a" * 16,
            **OF,
            "against": b"r" * 16,
            "taken_by": "bank-a",
            "opened_at": 7,
            "settled_at": 8,
            "settled_by": "bank-a",
        }
    ]


def test_money_shows_publicly_where_it_is_public(folded: Any) -> None:
    pub = {"loan": b"l" * 16, "approval": b"p" * 16, "programme": "relief", "amount": 5}
    fund = {"fund": "fund", "to": "bank-a", "programme": "relief", "amount": 9}
    views = folded(
        ("fund.allocated", {"id": b"f" * 16, "pub": fund}),
        ("loan.granted", {"pub": pub, **OF}),
        ("loan.disbursed", {"pub": {"loan": b"l" * 16}, **OF}),
        ("loan.repaid", {"pub": {"loan": b"l" * 16}, **OF}),
        ("loan.granted", {"pub": {"loan": b"m" * 16, "approval": b"p" * 16}, **OF}),
    )
    assert views.rows("allocation") == [{"record": b"f" * 16, **fund, "at": 7}]
    first, second = views.rows("loan")
    assert (first["amount"], first["granted_at"]) == (5, 8)
    assert (first["disbursed_at"], first["repaid_at"]) == (9, 10)
    assert (second["amount"], second["programme"], second["granted_at"]) == (None, None, 11)


def test_catalogue_models_and_rules_show_the_latest(folded: Any) -> None:
    def provider(word: str) -> dict[str, Any]:
        return {"provider": "union", "services": [], "expertise": [], "entry": {"word": word}}

    figures = {"name": "reference", "version": 1, "from_height": 5, "figures": CATALOGUE}
    model = {"model": MODEL, "service": "positioning", "name": "card", "metrics": {}}
    views = folded(
        ("provider.registered", {"pub": provider("first")}),
        ("provider.registered", {"pub": provider("then")}),
        ("product.published", {"pub": {"product": "seed.1", "entry": {"version": 1}}}),
        ("model.approved", {"id": b"m" * 16, "pub": model}),
        ("rules.activated", {"pub": figures}),
    )
    (row,) = views.rows("provider")
    assert row["entry"] == encode({"word": "then"})
    assert views.rows("product")[0]["product"] == "seed.1"
    (shown,) = views.rows("model")
    expected = {"record": b"m" * 16, "model": MODEL.raw, "service": "positioning", "name": "card"}
    assert shown.items() >= {**expected, "height": 4, "state": "approved"}.items()
    assert shown["metrics"] == encode({})
    assert views.rows("rules") == [{**figures, "figures": CATALOGUE.raw}]


def test_every_record_has_a_row_of_its_own(folded: Any) -> None:
    views = folded(("case.applied", dict(CASE)), ("news.published", {"pub": {}}))
    rows = views.rows("record", order="place")
    assert [row["t"] for row in rows] == ["case.applied", "news.published"]
    assert [row["case"] for row in rows] == [b"c" * 16, None]


# ---- replay


@pytest.mark.parametrize("changes", [{"version": 2}, {"rules": 2}, {"service": "credit"}])
def test_a_decision_of_another_version_is_not_known(changes: dict[str, Any]) -> None:
    asked = {"service": "positioning", "version": 1, "question": "scheme", "rules": 1, **changes}
    with pytest.raises(NotFound, match=r"decision\.version"):
        replay(Asked(**asked, catalogue=CATALOGUE, model=None), b"", {})


def test_inputs_that_no_decision_could_have_read_are_invalid() -> None:
    catalogue = encode({"v": 1})
    asked = Asked("positioning", 1, "scheme", 1, cid_of(catalogue), None)
    with pytest.raises(Invalid):
        replay(asked, encode({"v": 1}), {cid_of(catalogue): catalogue})

"""Evidence proves what it states to someone who holds a pin, and nothing that was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chains import CHARTER, Named, SmallChain
from decisions import Case, decide, make_case
from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.car import read_car, write_car
from tallystick.chain.checkpoint import cosign, origin_of, write_note
from tallystick.chain.decided import Asked
from tallystick.chain.evidence import Verdict, verify_evidence
from tallystick.chain.evidence_file import Kind, admitted, build_evidence, decided
from tallystick.chain.pin import Pin
from tallystick.chain.record import Charter
from tallystick.chain.verdict import Status


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case()


def verdict(case: Case, data: bytes, pin: Pin | None = None, charter: Charter = CHARTER) -> Verdict:
    return verify_evidence(data, pin or case.pin(), charter, decide)


def test_a_decision_is_replayed_to_the_same_bytes(case: Case) -> None:
    found = verdict(case, case.file())
    assert (found.status, found.reason) == (Status.PROVEN, "as of size 3")
    assert found.kind is Kind.DECISION
    shown = {each.field: each.value for each in found.findings if each.claim == "disclosed"}
    assert shown["outcome"] == "fits"
    assert shown["conditions"] is None
    assert found.records[1].fields is not None
    assert found.records[1].fields["t"] == "case.schemed"
    assert found.checkpoint is not None
    assert found.checkpoint.body.height == 2


def test_a_decision_with_conditions_is_replayed_too() -> None:
    other = make_case(asked=7_000_000)
    assert verdict(other, other.file()).status == Status.PROVEN


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"outcome": "not"}, "outcome"),
        ({"ranked": []}, "ranked"),
        ({"conditions": [{"lower_by": 1}]}, "conditions"),
        ({"figures": {"room": 0}}, "figures"),
        ({"reasons": []}, "reasons"),
        ({"inputs_com": bytes(32)}, "inputs_com"),
    ],
)
def test_a_decision_that_does_not_follow_from_its_inputs_is_false(
    lie: dict[str, Any], reason: str
) -> None:
    found = verdict(case := make_case(**lie), case.file())
    assert (found.status, found.reason) == (Status.FALSE, reason)
    assert found.findings[0].status == Status.PROVEN


def test_a_decision_is_not_checkable_without_what_it_was_made_from(case: Case) -> None:
    rows = case.disclosures(1)
    for at, row in enumerate(rows):
        found = verdict(case, case.file(disclosures=[*rows[:at], *rows[at + 1 :]]))
        assert found.status == Status.NOT_CHECKABLE
        assert found.reason == f"disclosure of {row['row'][0]}"
    cbor = [cid for cid in case.objects if cid.codec == codec.DAG_CBOR]
    for gone in cbor:
        kept = {cid: block for cid, block in case.objects.items() if cid != gone}
        assert verdict(case, case.file(objects=kept)).status == Status.NOT_CHECKABLE
    assert verify_evidence(case.file(), case.pin(), CHARTER).status == Status.NOT_CHECKABLE


def test_a_version_the_verifier_lacks_is_not_checkable_never_false(case: Case) -> None:
    def lacking(asked: Asked, inputs: bytes, objects: Mapping[Cid, bytes]) -> dict[str, Value]:
        del asked, inputs, objects
        raise NotFound("decision.version", "needs a later version")

    found = verify_evidence(case.file(), case.pin(), CHARTER, lacking)
    assert (found.status, found.reason) == (Status.NOT_CHECKABLE, "version")
    types = {key: kind for key, kind in CHARTER.items() if key[0] != "case.schemed"}
    assert verdict(case, case.file(), charter=types).status == Status.NOT_CHECKABLE


def test_a_record_that_is_no_decision_was_not_decided(case: Case) -> None:
    found = verdict(case, case.file(claims=[decided(0), admitted(1)]))
    assert (found.status, found.reason) == (Status.FALSE, "type")


def test_a_file_about_a_case_holds_records_of_that_case_only(case: Case) -> None:
    assert verdict(case, case.file("case")).status == Status.PROVEN
    claims = [admitted(0), admitted(1), admitted(2)]
    found = verdict(case, case.file("case", named=case.named[:3], claims=claims))
    assert (found.status, found.reason) == (Status.FALSE, "case")
    swapped = [case.named[1], case.named[0]]
    found = verdict(case, case.file("case", named=swapped, claims=[admitted(0)], disclosures=[]))
    assert (found.status, found.reason) == (Status.FALSE, "case")


def test_the_kind_of_a_file_bounds_its_claims(case: Case) -> None:
    for kind, claims in (("record", [decided(1)]), ("decision", [admitted(1)])):
        with pytest.raises(Invalid, match=r"codec\.form"):
            case.file(kind, claims=claims)
    faults: list[dict[str, Any]] = [
        {"claims": []},
        {"claims": [admitted(2)]},
        {"disclosures": [{**case.disclosures(1)[0], "record": 2}]},
    ]
    for changes in faults:
        with pytest.raises(Invalid, match=r"codec\.form"):
            case.file("case", **changes)


def test_a_refused_record_was_not_admitted(case: Case) -> None:
    changes = {"named": [case.named[3]], "claims": [admitted(0)], "disclosures": []}
    found = verdict(case, case.file("record", 3, **changes))
    assert (found.status, found.reason) == (Status.FALSE, "refused record")


def test_what_is_missing_is_not_checkable(case: Case) -> None:
    faults: list[tuple[dict[str, Any], str]] = [
        ({"checkpoints": []}, "checkpoint"),
        ({"checkpoints": [case.chain.note(2, ["bank-a", "bank-b"])]}, "quorum"),
        ({"paths": []}, "consistency"),
        ({"headers": []}, "header before the record"),
        ({"members": []}, "members list"),
    ]
    for changes, reason in faults:
        found = verdict(case, case.file(**changes))
        assert (found.status, found.reason) == (Status.NOT_CHECKABLE, reason)


def test_what_contradicts_is_false(case: Case) -> None:
    wrong = case.disclosures(1)[0]
    wrong["row"][2] = "not"
    for changes, reason in (
        ({"chain": bytes(32)}, "chain"),
        ({"paths": [[bytes(32)]]}, "consistency"),
        ({"disclosures": [wrong]}, "com"),
    ):
        found = verdict(case, case.file(**changes))
        assert (found.status, found.reason) == (Status.FALSE, reason)
    stranger = verdict(case, case.file(chain=bytes(32)))
    assert {each.code for each in stranger.findings} == {"evidence.chain"}


def test_another_pin_proves_nothing(case: Case) -> None:
    strangers = SmallChain(["bank-c", "bank-d", "bureau-b", "operator-b"])
    pin = case.pin()
    for other in (
        replace(pin, chain=bytes(32)),
        replace(pin, name="other"),
        replace(pin, members=strangers.lists[0]),
        replace(pin, root=bytes(32)),
        replace(pin, size=2),
        replace(pin, size=100),
    ):
        assert verdict(case, case.file(), other).status != Status.PROVEN


def pin_origin(pin: Pin) -> bytes:
    return origin_of(pin.name, pin.chain).encode()


def test_a_block_linked_twice_in_one_list_refuses_the_file(case: Case) -> None:
    car = read_car(case.file())
    root = codec.decode(car.blocks[car.root], codec.value)
    for name in ("headers", "members", "objects"):
        twice = codec.encode({**root, name: [*root[name], root[name][0]]})
        with pytest.raises(Invalid, match=name):
            verdict(case, _relinked(car.root, car.blocks, car.root, twice))


def test_a_pin_is_written_and_read_back(case: Case) -> None:
    pin = case.pin()
    data = pin.write()
    assert Pin.read(data) == pin
    origin = pin_origin(pin)
    for old, new in (
        (origin, origin[:-2] + (b"aq" if origin[-2:] != b"aq" else b"ba")),
        (b'"size": 1', b'"size": true'),
        (b'"size": 1', b'"size": -1'),
        (b'"size": 1', b'"more": 1, "size": 1'),
        (b"county/", b"Country/"),
        (b"=", b""),
        (b"{", b"["),
    ):
        with pytest.raises(Invalid, match=r"codec\.form"):
            Pin.read(data.replace(old, new))
    with pytest.raises(Invalid, match=r"codec\.form"):
        replace(pin, size=0)


# --- lists of members that change ----------------------------------------------------------------


@pytest.fixture(scope="module")
def changing() -> SmallChain:
    """Three lists after genesis: every member but one replaces its note key, and one joins."""
    chain = SmallChain()
    chain.cut(("bank-a", [chain.rotation("bank-a", "note")]))
    chain.cut(("bank-b", [chain.rotation("bank-b", "note")]))
    bundles = [
        ("bureau", [chain.rotation("bureau", "note")]),
        ("operator", [chain.joining("fund")]),
    ]
    chain.cut(*bundles)
    assert chain.cut(("fund", [chain.record("fund.allocated", {"amount": 7})])) == [0]
    return chain


def later(chain: SmallChain, heights: list[int], **changes: Any) -> bytes:
    named = [Named(len(chain.leaves) - 1, 0)]
    headers, lists = chain.context(named)
    given: dict[str, Any] = {
        "kind": "record",
        "chain": chain.chain,
        "claims": [admitted(0)],
        "records": [chain.proof(each, 4) for each in named],
        "headers": dict.fromkeys([*headers, *(chain.headers[height] for height in heights[:-1])]),
        "members": dict.fromkeys([*lists, *(chain.lists[height].data for height in heights[:-1])]),
        "checkpoints": [chain.note(height) for height in heights],
        "paths": [],
        **changes,
    }
    return build_evidence(**given)


def test_four_lists_are_followed_from_genesis_alone(changing: SmallChain) -> None:
    pin = changing.pin(0)
    assert len({each.cid for each in changing.lists}) == 4
    found = verify_evidence(later(changing, [1, 2, 3, 4]), pin, CHARTER)
    assert found.status == Status.PROVEN
    assert found.checkpoint is not None
    assert found.checkpoint.voices == 5


def test_a_list_left_out_leaves_the_next_without_authority(changing: SmallChain) -> None:
    found = verify_evidence(later(changing, [4]), changing.pin(0), CHARTER)
    assert (found.status, found.reason) == (Status.NOT_CHECKABLE, "quorum")
    headers = [changing.headers[3]]
    found = verify_evidence(
        later(changing, [1, 2, 3, 4], headers=headers), changing.pin(0), CHARTER
    )
    assert (found.status, found.reason) == (Status.NOT_CHECKABLE, "header of the checkpoint")
    lists = [changing.lists[3].data]
    found = verify_evidence(later(changing, [1, 2, 3, 4], members=lists), changing.pin(0), CHARTER)
    assert (found.status, found.reason) == (Status.NOT_CHECKABLE, "members list")


def test_a_checkpoint_whose_header_says_otherwise_is_false(changing: SmallChain) -> None:
    """A quorum of genesis's list signed, for height 1, the header of height 2."""
    body = replace(changing.body(1), header=changing.body(2).header)
    first = SmallChain()
    lines = [
        cosign(body, first.keys[name, "note"], member=name, time_s=1)
        for name in changing.lists[0].by_name
    ]
    notes = [write_note(body, lines), changing.note(2), changing.note(3), changing.note(4)]
    found = verify_evidence(
        later(changing, [1, 2, 3, 4], checkpoints=notes), changing.pin(0), CHARTER
    )
    assert (found.status, found.reason) == (Status.FALSE, "header of the checkpoint")


def test_checkpoints_that_do_not_ascend_refuse_the_file(changing: SmallChain) -> None:
    for heights in ([1, 1], [1, 2, 1]):
        with pytest.raises(Invalid, match="checkpoint order"):
            verify_evidence(later(changing, heights), changing.pin(0), CHARTER)


def test_each_checkpoint_may_be_tied_to_the_one_before(changing: SmallChain) -> None:
    pin = changing.pin(1)
    ties = [changing.paths(changing.sizes[height], height + 1)[0] for height in (1, 2, 3)]
    direct = changing.paths(changing.sizes[1], 4)
    for paths, status in (
        (ties, Status.PROVEN),
        (direct, Status.PROVEN),
        (ties[:2], Status.FALSE),
        ([], Status.NOT_CHECKABLE),
    ):
        found = verify_evidence(later(changing, [2, 3, 4], paths=paths), pin, CHARTER)
        assert found.status == status


def test_a_history_forged_with_retired_keys_is_not_proven(changing: SmallChain) -> None:
    """Whoever holds the note keys of genesis forks the chain after they were replaced."""
    forged = SmallChain()
    forged.cut(("bank-a", [forged.record("fund.allocated", {"amount": 99})]))
    named = [Named(0, 0)]
    headers, lists = forged.context(named)
    given: dict[str, Any] = {
        "kind": "record",
        "chain": forged.chain,
        "claims": [admitted(0)],
        "records": [forged.proof(each, 1) for each in named],
        "headers": headers,
        "members": lists,
        "checkpoints": [forged.note(1)],
    }
    assert forged.chain == changing.chain
    for paths in ([], [[bytes(32)]]):
        data = build_evidence(**given, paths=paths)
        assert verify_evidence(data, changing.pin(4), CHARTER).status != Status.PROVEN
        assert verify_evidence(data, changing.pin(3), CHARTER).status != Status.PROVEN


# --- mutation ------------------------------------------------------------------------------------


def test_a_flip_of_any_byte_of_the_file_refuses_it(case: Case) -> None:
    data = case.file()
    for at in range(len(data)):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        with pytest.raises(Invalid, match=r"codec\.form"):
            verdict(case, bytes(altered))


def _relinked(car_root: Cid, blocks: Mapping[Cid, bytes], changed: Cid, block: bytes) -> bytes:
    """Return the archive with one block replaced and every link to it made to fit."""
    fresh = cid_of(block, changed.codec)
    root = blocks[car_root]
    rest = {cid: each for cid, each in blocks.items() if cid not in {car_root, changed}}
    if changed == car_root:
        root = block
    else:
        root = root.replace(changed.raw, fresh.raw)
        rest[fresh] = block
    cbor = [each for cid, each in rest.items() if cid.codec == codec.DAG_CBOR]
    raw = [each for cid, each in rest.items() if cid.codec == codec.RAW]
    return write_car(cid_of(root), (root, *cbor), raw)


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_no_rehashed_change_of_any_byte_makes_another_statement_proven(
    case: Case, stride: int
) -> None:
    """Whoever can rewrite the file can fit its hashes; what it then proves must still be true."""
    data = case.file()
    car = read_car(data)
    truth = {case.chain.transactions[1].records[index] for index in range(2)}
    shown = {name: value for each in case.openings.values() for name, value in each.values.items()}
    proven = 0
    for cid, block in car.blocks.items():
        # The sealed objects are ciphertext handed over; no statement rests on them here.
        for at in range(0, len(block), stride if cid.codec == codec.DAG_CBOR else 97):
            altered = bytearray(block)
            altered[at] ^= 1 << at % 8
            try:
                found = verdict(case, _relinked(car.root, car.blocks, cid, bytes(altered)))
            except Invalid:
                continue
            for each in found.findings:
                if each.status != Status.PROVEN:
                    continue
                proven += 1
                record = found.records[each.record]
                assert record.data in truth
                if each.claim == "disclosed":
                    assert each.value == shown.get(each.field)
                if each.claim == "decided":
                    assert record.fields is not None
                    assert record.fields["t"] == "case.schemed"
    assert proven > 0

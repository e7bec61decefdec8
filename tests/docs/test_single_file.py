"""The single file of docs/spec, written from the pages alone, says what the product says."""

from __future__ import annotations

import ast
import base64
import csv
import importlib.util
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from chains import CHARTER, SmallChain
from decisions import Case, make_case
from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Invalid
from tallystick.chain import decided, schema
from tallystick.chain.block import Genesis, apply_block, genesis_state, read_block, start
from tallystick.chain.car import read_car, write_car
from tallystick.chain.checkpoint import origin_of
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.evidence_file import admitted
from tallystick.chain.export import NODE, read_export, write_export, write_parts
from tallystick.chain.pin import Pin
from tallystick.chain.record import Charter
from tallystick.records.table import words_of
from vectors.charter import CHARTER as VECTOR_CHARTER

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docs" / "spec" / "verify.py"
KEPT: Final = ROOT / "tests" / "vectors" / "evidence"
LINES_MAX: Final = 400
ORDER: Final = ("proven", "not checkable", "false", "refused")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("single_file", FILE)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


SINGLE: Final[Any] = load()
"""Untyped on purpose: it is a program of its own, read without the product."""


def types_of(charter: Charter) -> dict[tuple[str, int], Any]:
    """Return a charter's types as the single file reads them from docs/spec/records.csv."""
    return {
        place: {
            sealed: {name: SINGLE.shape(words_of(check)) for name, check in fields.items()}
            for sealed, fields in (("case", kind.case), ("party", kind.party))
        }
        for place, kind in charter.items()
    }


TYPES: Final = types_of(CHARTER)
"""Read once: thousands of files are judged by them."""


def say(data: bytes, pin: Pin | bytes, charter: Charter = CHARTER, notes: Any = ()) -> str:
    """Return the worst verdict of the single file."""
    told = pin if isinstance(pin, bytes) else pin.write()
    try:
        types = TYPES if charter is CHARTER else types_of(charter)
        found = SINGLE.verify(data, told, notes, types)
    except ValueError:
        return "refused"
    assert found
    return str(max((status for _, status, _ in found), key=ORDER.index))


def say_product(data: bytes, pin: Pin, charter: Charter = CHARTER) -> str:
    try:
        return str(verify_evidence(data, pin, charter).status)
    except Invalid:
        return "refused"


def test_the_file_is_short_and_imports_nothing_of_the_product() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count("\n") <= LINES_MAX
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    assert names - set(sys.stdlib_module_names) == {"nacl"}


# --- golden vectors ------------------------------------------------------------------------------


def cases(shared: Path, name: str, op: str) -> Iterator[dict[str, Any]]:
    found = json.loads((shared / "vectors" / f"{name}.json").read_text())
    chosen = [case for case in found["cases"] if case["op"] == op]
    assert chosen
    yield from chosen


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def refuses(call: Any, *given: Any) -> bool:
    try:
        call(*given)
    except (ValueError, SINGLE.Doubt):
        return True
    return False


def test_the_golden_evidence_comes_out_as_stated(shared: Path) -> None:
    for case in cases(shared, "evidence", "evidence"):
        given = case["pin"]
        pin = {
            "chain": base64.urlsafe_b64encode(raw(given["chain"])).decode(),
            "origin": origin_of(given["name"], raw(given["chain"])),
            "list": base64.urlsafe_b64encode(raw(given["list"])).decode(),
            "size": given["size"],
            "root": base64.urlsafe_b64encode(raw(given["root"])).decode(),
        }
        found = say(raw(case["car"]), json.dumps(pin).encode(), VECTOR_CHARTER)
        assert found == case["expect"]["status"], case["name"]


def test_the_golden_signatures_trees_and_paths_come_out_as_stated(shared: Path) -> None:
    for case in cases(shared, "ed25519", "ed25519"):
        given = (raw(case[name]) for name in ("pub", "message", "sig"))
        assert SINGLE.is_signed(*given) == case["expect"]["valid"], case["name"]
    for case in cases(shared, "codec", "tree"):
        assert SINGLE.tree_of([*map(raw, case["items"])]).hex() == case["expect"]["root"]
    for case in cases(shared, "proof", "consistency"):
        ends = [(case[name], raw(case[f"{name}_root"])) for name in ("old", "new")]
        found = SINGLE.extends(*ends, [*map(raw, case["path"])])
        assert found == case["expect"]["extends"], case["name"]


def test_the_golden_bytes_are_read_or_refused_as_stated(shared: Path) -> None:
    shapes = {**SINGLE.S, "tx_header": SINGLE.S["transaction header"]}
    sizes = " | ".join(str(1024 << j) for j in range(1, 7))
    shapes["seal"] = SINGLE.shape(f"{{com: b32, obj: CID, size: {sizes}}}")
    for case in cases(shared, "codec", "read"):
        shape = shapes.get(case["schema"], lambda _: True)
        found = refuses(SINGLE.decode, raw(case["hex"]), shape)
        assert found == ("refused" in case["expect"]), case["name"]
    for case in cases(shared, "members", "list"):
        found = refuses(SINGLE.read_members, raw(case["list"]))
        assert found == ("refused" in case["expect"]), case["name"]


def test_the_golden_checkpoints_count_or_not_as_stated(shared: Path) -> None:
    for case in cases(shared, "checkpoint", "checkpoint"):
        origin = origin_of(case["name_of_chain"], raw(case["chain"]))
        members = SINGLE.read_members(raw(case["list"]))
        if "refused" in case["expect"]:
            assert refuses(SINGLE.read_note, case["note"].encode(), origin, members), case["name"]
        else:
            (size, _), height, header, _ = SINGLE.read_note(case["note"].encode(), origin, members)
            found = {"size": size, "height": height, "header": header.hex()}
            assert found == {name: case["expect"][name] for name in found}, case["name"]


def test_the_golden_chain_is_proven_and_its_invalid_blocks_are_not(shared: Path) -> None:
    found = json.loads((shared / "vectors" / "block.json").read_text())
    members = {cid_of(raw(found["members"])): raw(found["members"])}
    genesis = raw(found["genesis"])
    blocks = [raw(each["hex"] if isinstance(each, dict) else each) for each in found["blocks"]]
    results = []
    first = codec.decode(genesis, codec.value)
    tip = start(Genesis.read(genesis, raw(found["members"])))
    state = genesis_state(tip.genesis)
    for block in blocks:
        effects = apply_block(block, tip, state.get, VECTOR_CHARTER)
        tip = effects.tip
        results.append(b"".join(code.to_bytes(2, "big") for code in effects.codes))
        for key, value in effects.changes.items():
            if value is None:
                del state[key]
            else:
                state[key] = value
        members[tip.members.cid] = tip.members.data
    pin = Pin(tip.genesis.chain, first["name"], tip.genesis.members)
    whole = [*zip(blocks, results, strict=True)]
    data = archive(genesis, members, whole)
    assert say(data, pin, VECTOR_CHARTER) == "proven"
    bare = write_export(genesis, members.values(), blocks)
    assert say(bare, pin, VECTOR_CHARTER) == "not checkable"
    lie = [*whole[:3], (blocks[3], bytes(len(results[3]))), *whole[4:]]
    assert say(archive(genesis, members, lie), pin, VECTOR_CHARTER) == "false"
    for case in found["cases"]:
        if case["op"] == "chain.invalid":
            block = raw(case["hex"])
            if not _is_block(block):
                continue
            bad = archive(genesis, members, [*whole[: case["after"]], (block, b"")])
            # What only a rule or the state tells is not this file's to see.
            seen = case["expect"].get("refused", "")
            if seen not in {"state_root", "members"}:
                assert say(bad, pin, VECTOR_CHARTER) != "proven", case["name"]


def archive(genesis: bytes, lists: dict[Cid, bytes], blocks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(write_parts(genesis, lists.get, lambda: blocks))


def _is_block(data: bytes) -> bool:
    try:
        read_block(data)
    except Invalid:
        return False
    return True


# --- evidence ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case()


def statements(data: bytes, pin: Pin) -> tuple[list[Any], list[Any]]:
    ours = [status for _, status, _ in SINGLE.verify(data, pin.write(), (), TYPES)]
    theirs = [str(each.status) for each in verify_evidence(data, pin, CHARTER).findings]
    return ours, theirs


@pytest.mark.parametrize("kind", ["decision", "case"])
def test_each_statement_of_the_kept_files_is_judged_as_by_the_product(kind: str) -> None:
    pin = Pin.read((KEPT / "pin.json").read_bytes())
    ours, theirs = statements((KEPT / f"{kind}.car").read_bytes(), pin)
    assert ours == theirs
    assert set(ours) == {"proven", "not checkable"}


def test_what_is_false_or_missing_is_judged_as_by_the_product(case: Case) -> None:
    wrong = case.disclosures(1)[0]
    wrong["row"][2] = "not"
    changes: list[dict[str, Any]] = [
        {},
        {"chain": bytes(32)},
        {"paths": [[bytes(32)]]},
        {"paths": []},
        {"checkpoints": []},
        {"headers": []},
        {"members": []},
        {"checkpoints": [case.chain.note(2, ["bank-a", "bank-b"])]},
        {"disclosures": [wrong]},
        {"claims": [admitted(0)], "disclosures": []},
    ]
    for change in changes:
        data = case.file("case", **change)
        ours, theirs = statements(data, case.pin())
        assert ours == theirs, change
    refused = case.file("record", 3, named=[case.named[3]], claims=[admitted(0)], disclosures=[])
    assert statements(refused, case.pin()) == (["false"], ["false"])


@pytest.mark.long
def test_a_changed_byte_of_a_file_never_proves_what_the_product_does_not(case: Case) -> None:
    data, pin = case.file("record", claims=[admitted(0)]), case.pin()
    assert say(data, pin) == say_product(data, pin) == "proven"
    for at in range(len(data)):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        assert say(bytes(altered), pin) == say_product(bytes(altered), pin) == "refused"


def relinked(data: bytes, at: int, bit: int) -> bytes:
    """Return a file whose root has one bit changed, and whose CIDs fit it again."""
    car = read_car(data)
    root = bytearray(car.blocks[car.root])
    root[at] ^= 1 << bit
    others = [(cid, block) for cid, block in car.blocks.items() if cid != car.root]
    cbor = [block for cid, block in others if cid.codec == codec.DAG_CBOR]
    raws = [block for cid, block in others if cid.codec == codec.RAW]
    return write_car(cid_of(bytes(root)), (bytes(root), *cbor), raws)


@pytest.mark.long
@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_changed_byte_under_a_fitting_digest_is_judged_as_by_the_product(
    case: Case, every: int
) -> None:
    data, pin = case.file("record", claims=[admitted(0), admitted(1)]), case.pin()
    root = read_car(data).blocks[read_car(data).root]
    seen = set()
    for at in range(0, len(root), every):
        altered = relinked(data, at, at % 8)
        ours, theirs = say(altered, pin), say_product(altered, pin)
        assert ours == theirs or (ours != "proven" and theirs != "proven"), at
        assert (ours == "proven") == (theirs == "proven"), at
        seen.add(theirs)
    assert {"false", "refused"} <= seen


def test_wrong_pins_prove_nothing(case: Case) -> None:
    pin, data = case.pin(), case.file("record", claims=[admitted(0)])
    strangers = SmallChain(["bank-c", "bank-d", "bureau-b", "operator-b"])
    told = json.loads(pin.write())
    other = Pin(pin.chain, pin.name, strangers.lists[0], pin.size, pin.root)
    assert say(data, other) != "proven"
    for change in (
        {"size": 2},
        {"size": 100},
        {"root": base64.urlsafe_b64encode(bytes(32)).decode()},
        {"origin": told["origin"][:-1] + "a"},
        {"more": 1},
        {"size": True},
        {"list": ""},
    ):
        assert say(data, json.dumps({**told, **change}).encode()) != "proven", change


# --- chains --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    """Refusals of a rule, of an id held and of a form; a rotation and a new member."""
    found = SmallChain()
    again = found.record("fund.allocated", {"amount": 5})
    found.cut(("operator", [again]), ("bank-a", [found.record("fund.allocated", {"amount": 0})]))
    found.cut(("operator", [again]), ("bank-b", [found.rotation("bank-b", "note")]))
    found.cut(("operator", [found.joining("fund-a")]))
    found.cut(("bank-a", [{"t": "fund.allocated", "rv": 1, "id": b"short", "pub": {}}]))
    found.cut(
        ("fund-a", [found.record("news.published", {"language": "zh", "object": cid_of(b"")})])
    )
    return found


def archive_of(chain: SmallChain, blocks: list[bytes] | None = None) -> bytes:
    """Return the archive of a chain, or of other blocks with the chain's results."""
    codes = [codec.decode(leaf, schema.LEAF)[3].to_bytes(2, "big") for leaf in chain.leaves]
    results = [b"".join(codes[first:last]) for first, last in itertools.pairwise(chain.sizes)]
    given = blocks or chain.blocks
    lists = {each.cid: each.data for each in chain.lists}
    return archive(chain.genesis.data, lists, [*zip(given, results, strict=False)])


def test_a_chain_is_proven_with_its_refusals_lists_and_notes(chain: SmallChain) -> None:
    data = archive_of(chain)
    size = chain.sizes[2]
    for pin in (chain.pin(0), Pin(chain.chain, "county", chain.lists[0], size, chain.root(size))):
        notes = [chain.note(2), chain.note(3), chain.note(5)]
        assert say(data, pin, notes=notes) == "proven"
    signers = ["bank-a", "bank-b", "bureau", "fund-a"]
    path = [chain.note(2), chain.note(3), chain.note(5, signers)]
    assert say(data, chain.pin(0), notes=path) == "proven"
    assert say(data, chain.pin(0), notes=path[2:]) == "not checkable"
    few = chain.note(2, ["bank-a", "bank-b"])
    assert say(data, chain.pin(0), notes=[few]) == "not checkable"


def test_a_chain_of_another_pin_is_not_proven(chain: SmallChain) -> None:
    data, name = archive_of(chain), "county"
    strangers = SmallChain(["bank-c", "bank-d", "bureau-b", "operator-b"])
    assert say(data, Pin(bytes(32), name, chain.lists[0])) == "false"
    assert say(data, Pin(chain.chain, "other", chain.lists[0])) == "false"
    assert say(data, Pin(chain.chain, name, strangers.lists[0])) == "false"
    assert say(data, Pin(chain.chain, name, chain.lists[0], 2, bytes(32))) == "false"
    assert say(data, Pin(chain.chain, name, chain.lists[0], 99, bytes(32))) == "not checkable"
    short = archive_of(chain, chain.blocks[:2])
    assert say(short, chain.pin(0), notes=[chain.note(2), chain.note(3)]) == "not checkable"


def test_a_changed_byte_of_a_chain_s_archive_is_refused(chain: SmallChain) -> None:
    data, pin = archive_of(chain), chain.pin(0)
    for at in range(0, len(data), 3):
        altered = bytearray(data)
        altered[at] ^= 1 << at % 8
        assert say(bytes(altered), pin) == "refused", at


@pytest.mark.long
def test_a_changed_header_or_transaction_under_fitting_digests_is_not_proven(
    chain: SmallChain,
) -> None:
    pin, last = chain.pin(0), chain.blocks[-1]
    header, rows = codec.decode(last, codec.value)
    fields = codec.decode(header, codec.value)
    changes: dict[str, Any] = {
        "height": 9,
        "prev": cid_of(b"x"),
        "time": 1,
        "target": bytes(32),
        "merkle_root": bytes(32),
        "tx_count": 2,
        "log_size": 1,
        "log_root": bytes(32),
        "members": cid_of(b"x"),
        "proposer": "nobody",
        "chain": bytes(32),
    }
    for name, value in changes.items():
        block = codec.encode([codec.encode({**fields, name: value}), rows])
        assert say(archive_of(chain, [*chain.blocks[:-1], block]), pin) != "proven", name
    for at in range(len(rows[0])):
        altered = bytearray(rows[0])
        altered[at] ^= 1
        block = codec.encode([header, [bytes(altered)]])
        assert say(archive_of(chain, [*chain.blocks[:-1], block]), pin) != "proven", at


def test_an_archive_that_the_product_refuses_is_not_proven(chain: SmallChain) -> None:
    car = read_car(archive_of(chain))
    for gone in car.blocks:
        kept = [(cid, block) for cid, block in car.blocks.items() if cid != gone]
        if gone == car.root:
            continue
        cbor = [block for cid, block in kept if cid.codec == codec.DAG_CBOR]
        raws = [block for cid, block in kept if cid.codec == codec.RAW]
        data = write_car(car.root, cbor, raws)
        with pytest.raises(Invalid, match=r"codec\.form"):
            read_export(data, len(data))
        assert say(data, chain.pin(0)) != "proven"


def test_the_command_ends_with_the_status_of_its_verdict(chain: SmallChain, tmp_path: Path) -> None:
    files = {"c.car": archive_of(chain), "pin.json": chain.pin(0).write(), "bad.car": b"\x00"}
    files["2.note"] = chain.note(2)
    files |= {"3.note": chain.note(3)}
    files["5.note"] = chain.note(5, ["bank-a", "bank-b", "bureau", "fund-a"])
    files["few.note"] = chain.note(2, ["bank-a"])
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    base = ["--pin", "pin.json"]
    for given, status, said in (
        (["c.car", *base], 0, "chain: proven"),
        (["c.car", *base, "--note", "2.note"], 0, "1 notes"),
        (["c.car", *base, "--note", "5.note", "3.note", "2.note"], 0, "3 notes"),
        (["c.car", *base, "--note", "3.note", "--note", "2.note"], 0, "2 notes"),
        (["c.car", *base, "--note", "5.note"], 1, "up to height 2,"),
        (["c.car", *base, "--note", "few.note"], 1, "not checkable"),
        (["bad.car", *base], 2, "refused"),
        (["gone.car", *base], 2, "refused"),
    ):
        command = [sys.executable, str(FILE), *given]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (run.returncode, said in run.stdout) == (status, True), (given, run)


def test_every_check_of_the_table_of_fields_has_a_reading() -> None:
    assert len(SINGLE.TYPES) > 10
    assert SINGLE.TYPES["member.joined", 1].keys() == {"public"}
    for text, good, bad in (
        ("1..5", [1, 5], [0, 6, "1", True]),
        ("empty or str3", ["", "abc", "中"], ["abcd", b"", "中文"]),
        ("borrow | save", ["save"], ["lend", 1]),
        ("[{id3: int}<=2]1..2", [[{"a": -1}], [{}, {}]], [[], [{"abcd": 1}], [{"a": "b"}]]),
        ("{a: b16, b?: CID}", [{"a": bytes(16)}], [{}, {"a": bytes(16), "b": bytes(36)}]),
        ("bytes 1..2", [b"a"], [b"", b"abc", "a"]),
        ("-3..3", [-3], [-4]),
    ):
        check = SINGLE.shape(text)
        assert [each for each in good if not check(each)] == [], text
        assert [each for each in bad if check(each)] == [], text


def test_the_table_of_structures_is_what_the_product_checks() -> None:
    checks = {
        "genesis": schema.GENESIS,
        "members": schema.MEMBERS,
        "transaction header": schema.TX_HEADER,
        "header": schema.HEADER,
        "export node": NODE,
        "decision": decided._PUBLIC,
    }
    with (FILE.parent / "structures.csv").open(encoding="utf-8") as file:
        table = {row["structure"]: row["check"] for row in csv.DictReader(file)}
    assert table.keys() == SINGLE.S.keys()
    assert {name: table[name] for name in checks} == {
        name: words_of(check) for name, check in checks.items()
    }


def test_links_are_36_bytes_of_two_forms() -> None:
    link = Cid(cid_of(b"x").raw)
    assert SINGLE.decode(codec.encode(link), lambda _: True) == link.raw
    for first, second in itertools.pairwise(range(4)):
        altered = bytearray(codec.encode(link))
        altered[5 + first] ^= 1 << second
        assert refuses(SINGLE.decode, bytes(altered), lambda _: True)

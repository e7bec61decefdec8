"""Planted names, numbers, reasons and words are in clear in no file, no log and no error."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tallystick.base.codec import encode
from tallystick.base.errors import Error
from tallystick.county.county import planted_secrets
from tallystick.county.house import House
from tallystick.county.words import FELT, REFUSALS, SENTENCES
from tallystick.kernel.access.answers import Answer
from tallystick.kernel.access.sealing import Draft
from tallystick.records.party import PartyRegistered

DECISIONS = ("case.schemed", "case.judged", "case.reported", "case.matched")
HEAD = 8
SECRET = "欧阳静默13988887777"


def hidden(house: House) -> dict[str, list[bytes]]:
    """Return what only its custodian may read, as bytes, by what it is."""
    found: dict[str, list[bytes]] = {
        name: [] for name in ("party", "party hex", "key", "profile", "reasons", "figures")
    }
    cases = {row["case"] for row in house.node("finance").views.rows("case")}
    for node in house.nodes():
        node.catch_up()
        for key in node.keys._select(""):
            found["key"].append(key.key)
            # A member that does not know the party keeps its keys under the case's public id.
            if key.party and key.party not in cases:
                found["party"].append(key.party)
                found["party hex"].append(key.party.hex().encode())
        for row in node.views.rows("case", {"opener": node.member}):
            values = _opened(house, row["case"])
            for name in ("profile", "reasons", "figures"):
                found[name] += [encode(tree) for tree in values[name]]
    return found


def _opened(house: House, case: bytes) -> dict[str, list[Any]]:
    node = house.node("finance")
    rows = node.views.rows("record", {"case": case})
    custodian = house.node(node.views.rows("case", {"case": case})[0]["opener"])
    permit = custodian.desk.permit("report", case)
    opened = [
        custodian.desk.open(permit, row["id"], "party").values
        for row in rows
        if row["t"] in (*DECISIONS, "case.applied")
    ]
    names = ("profile", "reasons", "figures")
    return {name: [each[name] for each in opened if each.get(name)] for name in names}


def spoken() -> list[bytes]:
    """Return every sentence that households and officers say in private."""
    pairs = [*SENTENCES.values(), *REFUSALS.values(), *FELT.values()]
    return [sentence.encode() for pair in pairs for sentence in pair if len(sentence) > 5]


def finds(folder: Path, sought: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield (file, what it holds in clear) for every file under a folder."""
    assert sought
    heads: defaultdict[int, set[bytes]] = defaultdict(set)
    for each in sought:
        assert len(each) >= HEAD, "too short to be sought"
        heads[int.from_bytes(each[:HEAD], "little")].add(each)
    wanted = np.array(sorted(heads), dtype="<u8")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            for head in _heads_in(data, wanted):
                yield from ((path.name, each) for each in heads[head] if each in data)


def _heads_in(data: bytes, wanted: Any) -> set[int]:
    """Return which 8-byte numbers stand anywhere in the data, at whatever offset."""
    found: set[int] = set()
    for offset in range(min(HEAD, max(0, len(data) - HEAD + 1))):
        count = (len(data) - offset) // HEAD
        numbers = np.frombuffer(data, "<u8", count, offset)
        places = np.searchsorted(wanted, numbers).clip(max=len(wanted) - 1)
        found.update(int(each) for each in numbers[wanted[places] == numbers])
    return found


def sought_in(acted: Any, house: House) -> dict[str, list[bytes]]:
    planted = [secret.encode() for secret in planted_secrets(acted.county)]
    found = {"planted": planted, "spoken": spoken(), **hidden(house)}
    assert all(found.values()), "a list is empty: nothing would be sought"
    return found


@pytest.mark.long
def test_nothing_that_is_private_is_in_clear_in_any_file(
    acted: Any, reopen: Callable[[], AbstractContextManager[Any]], copied: Path
) -> None:
    with reopen() as opened:
        sought = sought_in(acted, opened.house)
        # While open: journals and what has not been written back are searched too.
        every = [each for values in sought.values() for each in values]
        assert not list(finds(copied, every))
        parties = sorted(set(sought["party"]))[:9]
        for node in opened.house.nodes():
            for party in parties:
                if node.keys.of_party(party):
                    opened.house.office(node.member).erase_party(party.hex())
        opened.end_day()
        assert not list(finds(copied, every)), "after an erasure"
    assert not list(finds(copied, every)), "after the end"


def test_the_search_finds_what_is_in_clear(
    acted: Any, reopen: Callable[[], AbstractContextManager[Any]], copied: Path
) -> None:
    with reopen() as opened:
        sought = sought_in(acted, opened.house)
        # What is public stands in clear, in the file where it is expected.
        case = opened.house.node("village").views.rows("case", limit=1)[0]["case"]
        assert {name for name, _ in finds(copied, [case])} >= {"ledger.db", "views.db"}
    for values in sought.values():
        for name in ("ledger.db", "local.db", "keys.db", "store.db", "views.db"):
            spoiled = copied.parent / "spoiled" / name
            spoiled.parent.mkdir(exist_ok=True)
            shutil.copy(copied / "village" / name, spoiled)
            with spoiled.open("ab") as file:
                file.write(b"\0" + values[-1] + b"\0")
            assert name in {found for found, _ in finds(spoiled.parent, values[-1:])}
            spoiled.unlink()


def test_nothing_private_is_logged_while_a_county_is_acted_out(acted: Any) -> None:
    secrets = planted_secrets(acted.county)
    for line in acted.logged:
        assert not [secret for secret in secrets if secret in line]


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def told_by(error: Error) -> str:
    """Return all that an error, and what it came from, tells."""
    parts = [f"{each!s} {each!r} {vars(each)!r} {each.args!r}" for each in chain_of(error)]
    return " ".join(parts)


def test_errors_repeat_nothing_of_what_they_refuse(opened: Any) -> None:
    office = opened.house.office("village")
    party = office.add_party("household", {"name": SECRET}, {"phone": SECRET})
    demand = {"kind": "borrow", "purpose": SECRET, "amount_minor": SECRET}
    bad: list[Callable[[], object]] = [
        lambda: office.add_party(SECRET, {"name": "x"}),
        lambda: office.add_party("household", {"name": SECRET, "age": 1.5}),
        lambda: office.add_party("household", {SECRET * 9: SECRET}),
        lambda: office.add_party("household", {"name": SECRET * 9_000}),
        lambda: office.add_mandate(party, witness="village", days=1, text=SECRET),
        lambda: office.add_mandate(party, witness="credit-union", days=1, text=SECRET * 900),
        lambda: office.open_cases(
            [{"application": {"profile": {"name": SECRET}, "demand": demand}, "party": party}]
        ),
        lambda: office.give_grant(
            party, recipient="credit-union", classes=[SECRET], purpose="credit", days=3
        ),
        lambda: office.show_party(SECRET.encode().hex()[:32]),
        lambda: opened.house.office("insurer").show_party(party),
    ]
    for act in bad:
        with pytest.raises(Error) as caught:
            act()
        assert SECRET not in told_by(caught.value)
        assert SECRET.encode().hex() not in told_by(caught.value)
    assert SECRET in told_by(Error("x", SECRET)), "the search sees what an error tells"


def test_what_holds_plain_text_shows_none_of_it() -> None:
    statement = PartyRegistered(
        kind="household", custodian="village", party=bytes(16), identity={"name": SECRET}
    )
    draft = Draft(identifier=bytes(16), statement=statement, party=b"P" * 16)
    assert SECRET not in repr(draft)
    assert repr(b"P" * 16) not in repr(draft)
    assert SECRET not in repr(Answer(201, SECRET.encode()))
    assert SECRET.encode().hex() not in repr(Answer(201, SECRET.encode()))

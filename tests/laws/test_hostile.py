"""Whatever reads bytes from outside refuses what it cannot read by an error with a name.

Each gets what an honest member wrote, damaged in every way that bytes are damaged: flipped, cut,
repeated, put in; and what is nested without end, empty or too large. It returns something, or
raises one of our own errors, and nothing else. Archives, exports, evidence and the ledger's own
file have tests of their own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.chain import CHARTER, Chain
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Error
from tallystick.chain.block import Genesis, read_block
from tallystick.chain.checkpoint import cosign, read_note, write_note
from tallystick.chain.equivocation import verify_equivocation, write_equivocation
from tallystick.chain.member import Members
from tallystick.chain.pin import Pin
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.engines.comet_home import EngineKeys, Peer
from tallystick.kernel.ledger.engines.manifest import Manifest, Names
from tallystick.kernel.ledger.engines.seats import read_seats, write_seats
from tallystick.kernel.ledger.fault import BlockFault
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.book import read_book
from tallystick.kernel.link.problem import read_problem

DEEP = 20_000


@dataclass(frozen=True)
class Sample:
    """What an honest member wrote, and who reads it."""

    data: bytes
    read: Callable[[bytes], Any]


def _from_file(folder: Path, name: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    def work(data: bytes) -> Any:
        path = folder / name
        path.write_bytes(data)
        return read(path)

    return work


def _samples(folder: Path) -> dict[str, Sample]:
    chain = Chain("hostile")
    replica = Replica.create(folder / "ledger.db", chain.genesis.data, chain.list.data, CHARTER)
    signed = chain.sign(1, [chain.news(1), chain.news(2)])
    block = chain.extend(replica, [signed])
    body = replica.body(1)
    other = replace(body, root=bytes(32))
    line, other_line = (
        cosign(each, chain.notes["bank"], member="bank", time_s=1) for each in (body, other)
    )
    note = write_note(body, [line])
    genesis, members = chain.genesis, chain.list
    name, chain_id = genesis.fields["name"], genesis.chain
    replica.close()
    keys = EngineKeys.draw(SeededEntropy("hostile"))
    keys.write(folder / "own.key")
    write_seats(folder / "own.json", {"bank": Peer(keys.node_id, "127.0.0.1", 26_656)})
    book = {"bank": {"address": "http://127.0.0.1:8521", "certificate": ""}}
    return {
        "transaction": Sample(signed, Transaction.read),
        "block": Sample(block, read_block),
        "genesis": Sample(genesis.data, lambda data: Genesis.read(data, members.data)),
        "members": Sample(members.data, Members.read),
        "note": Sample(
            note,
            lambda data: read_note(data, name=name, chain=chain_id, members=members),
        ),
        "equivocation": Sample(
            write_equivocation("bank", (body, line), (other, other_line)),
            lambda data: verify_equivocation(
                data, name=name, chain=chain_id, members=lambda _: members
            ),
        ),
        "pin": Sample(Pin(chain_id, name, members).write(), Pin.read),
        "fault": Sample(BlockFault(1, -1, "state_root", "a", "b").data(), BlockFault.read),
        "manifest": Sample(Manifest(1, 1, (bytes(32), bytes(32))).data, Manifest.read),
        "names": Sample(Names({1: note}, note, ()).data, Names.read),
        "bft.key": Sample(
            (folder / "own.key").read_bytes(), _from_file(folder, "bft.key", EngineKeys.read)
        ),
        "seats": Sample(
            (folder / "own.json").read_bytes(), _from_file(folder, "seats.json", read_seats)
        ),
        "book": Sample(json.dumps(book).encode(), _from_file(folder, "peers.json", read_book)),
        "problem": Sample(
            b'{"code": "ledger.busy", "detail": "", "cure": ""}',
            lambda data: read_problem("bank", 503, data),
        ),
    }


READERS = (
    "transaction",
    "block",
    "genesis",
    "members",
    "note",
    "equivocation",
    "pin",
    "fault",
    "manifest",
    "names",
    "bft.key",
    "seats",
    "book",
    "problem",
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    found = _samples(tmp_path_factory.mktemp("hostile"))
    assert tuple(found) == READERS
    for each in found.values():
        each.read(each.data)
    return found


def _read(sample: Sample, data: bytes) -> None:
    with contextlib.suppress(Error):
        sample.read(data)


@st.composite
def _damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Draw a way to damage bytes: at most four wounds, each at a place drawn for any length."""
    wounds = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["flip", "cut", "repeat", "put in", "end"]),
                st.integers(0, 2**16),
                st.integers(0, 2**16),
                st.binary(min_size=1, max_size=40),
            ),
            min_size=1,
            max_size=4,
        )
    )

    def work(data: bytes) -> bytes:
        for kind, first, second, put in wounds:
            at, to = sorted((first % (len(data) + 1), second % (len(data) + 1)))
            flipped = bytes(byte ^ put[0] for byte in data[at : at + 1])
            changed = {
                "flip": data[:at] + flipped + data[at + 1 :],
                "cut": data[:at] + data[to:],
                "repeat": data[:to] + data[at:],
                "put in": data[:at] + put + data[at:],
                "end": data[:at],
            }
            data = changed[kind]
        return data

    return work


@pytest.mark.parametrize("name", READERS)
@given(damage=_damage())
def test_damaged_bytes_are_read_or_refused_by_an_error_of_ours(
    samples: dict[str, Sample], name: str, damage: Callable[[bytes], bytes]
) -> None:
    _read(samples[name], damage(samples[name].data))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "deep",
    [b"\x81" * DEEP, b"\xa1\x61a" * DEEP, b"[" * DEEP, b'{"a":' * DEEP, b"\xd8\x2a" * DEEP],
    ids=["lists", "maps", "json lists", "json maps", "tags"],
)
def test_what_is_nested_without_end_is_refused(
    samples: dict[str, Sample], name: str, deep: bytes
) -> None:
    _read(samples[name], deep)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("data", [b"", b"\x00" * 300_000, b"\xff" * 300_000, b"null", b"1" * 9_000])
def test_what_is_empty_or_too_large_is_refused(
    samples: dict[str, Sample], name: str, data: bytes
) -> None:
    _read(samples[name], data)

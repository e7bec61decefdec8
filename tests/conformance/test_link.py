from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from links import open_pair
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import Denied, Invalid, NotFound, Unavailable
from tallystick.kernel.link.base import PAYLOAD_BYTES_MAX, Link
from tallystick.kernel.link.engines.memory import Faults, MemoryLink, Network

Pair = tuple[Link, Link]


@contextmanager
def _memory(_: Path) -> Iterator[Pair]:
    network = Network()
    yield network.join("bank"), network.join("coop")


@contextmanager
def _http(folder: Path) -> Iterator[Pair]:
    with open_pair(folder) as (bank, coop):
        yield bank.link, coop.link


@contextmanager
def _https(folder: Path) -> Iterator[Pair]:
    with open_pair(folder, tls=True) as (bank, coop):
        yield bank.link, coop.link


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Pair]]] = {
    "memory": _memory,
    "http": _http,
    "https": _https,
}


@pytest.fixture(params=sorted(ENGINES))
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    with ENGINES[request.param](tmp_path) as found:
        yield found


def test_the_handler_is_told_who_asks_and_its_answer_comes_back(pair: Pair) -> None:
    bank, coop = pair
    coop.serve({"echo": lambda caller, payload: caller.encode() + b":" + payload})
    assert bank.call("coop", "echo", b"hello") == b"bank:hello"
    assert coop.call("coop", "echo", b"") == b"coop:"


def test_an_error_of_the_handler_reaches_the_caller(pair: Pair) -> None:
    bank, coop = pair

    def refuse(caller: str, payload: bytes) -> bytes:
        raise Denied("test.no", f"{caller} asked {len(payload)} bytes")

    coop.serve({"refuse": refuse})
    with pytest.raises(Denied) as error:
        bank.call("coop", "refuse", b"xy")
    assert (error.value.code, error.value.message) == ("test.no", "bank asked 2 bytes")


def test_a_method_nobody_registered_is_not_found(pair: Pair) -> None:
    bank, _ = pair
    with pytest.raises(NotFound, match=r"link\.method"):
        bank.call("coop", "nothing", b"")


def test_a_member_that_is_not_there_is_unavailable(pair: Pair) -> None:
    bank, coop = pair
    with pytest.raises(Unavailable, match=r"link\.lost"):
        bank.call("nobody", "echo", b"")
    coop.close()
    coop.close()
    with pytest.raises(Unavailable, match=r"link\.lost"):
        bank.call("coop", "echo", b"")


def test_a_message_too_large_is_refused_both_ways(pair: Pair) -> None:
    bank, coop = pair
    coop.serve(
        {"echo": lambda _, payload: payload, "much": lambda *_: bytes(PAYLOAD_BYTES_MAX + 1)}
    )
    assert len(bank.call("coop", "echo", bytes(PAYLOAD_BYTES_MAX))) == PAYLOAD_BYTES_MAX
    with pytest.raises(Invalid, match=r"link\.size"):
        bank.call("coop", "echo", bytes(PAYLOAD_BYTES_MAX + 1))
    with pytest.raises(Invalid, match=r"link\.size"):
        bank.call("coop", "much", b"")


def test_serving_again_replaces_one_method_and_keeps_the_others(pair: Pair) -> None:
    bank, coop = pair
    coop.serve({"a": lambda *_: b"1", "b": lambda *_: b"2"})
    coop.serve({"a": lambda *_: b"3"})
    assert (bank.call("coop", "a", b""), bank.call("coop", "b", b"")) == (b"3", b"2")


def test_each_end_knows_its_name_and_its_peers(pair: Pair) -> None:
    bank, coop = pair
    assert (bank.member, bank.peers()) == ("bank", ["coop"])
    assert (coop.member, coop.peers()) == ("coop", ["bank"])


def _faulty(faults: Faults) -> tuple[Network, MemoryLink, list[bytes]]:
    network = Network(faults, SeededEntropy("faults"))
    heard: list[bytes] = []

    def hear(_: str, payload: bytes) -> bytes:
        heard.append(payload)
        return payload

    network.join("coop").serve({"hear": hear})
    return network, network.join("bank"), heard


def _ask(link: MemoryLink, count: int) -> list[bytes | None]:
    found: list[bytes | None] = []
    for number in range(count):
        try:
            found.append(link.call("coop", "hear", b"%04d" % number))
        except Unavailable:
            found.append(None)
    return found


def test_a_lost_message_is_unavailable_though_some_were_heard() -> None:
    _, link, heard = _faulty(Faults(lost_ppm=400_000))
    answers = _ask(link, 200)
    lost, unheard = answers.count(None), 200 - len(heard)
    assert 0 < unheard < lost < 200


def test_a_duplicated_message_is_heard_twice() -> None:
    _, link, heard = _faulty(Faults(duplicated_ppm=500_000))
    assert None not in _ask(link, 100)
    assert 100 < len(heard) < 200


def test_a_delayed_message_is_heard_after_later_ones() -> None:
    network, link, heard = _faulty(Faults(delayed_ppm=300_000))
    answers = _ask(link, 100)
    network.deliver_late()
    assert None in answers
    assert sorted(heard) == [b"%04d" % number for number in range(100)]
    assert heard != sorted(heard)


def test_a_torn_message_is_shorter_than_it_was() -> None:
    _, link, heard = _faulty(Faults(torn_ppm=300_000))
    answers = _ask(link, 100)
    assert any(len(payload) < 4 for payload in heard)
    assert any(answer is not None and len(answer) < 4 for answer in answers)


def test_one_seed_gives_the_same_faults_again() -> None:
    faults = Faults(200_000, 200_000, 200_000, 200_000)
    runs = []
    for _ in range(2):
        _, link, heard = _faulty(faults)
        runs.append((_ask(link, 100), heard))
    assert runs[0] == runs[1]


def test_members_apart_do_not_hear_each_other_until_the_network_heals() -> None:
    network, link, heard = _faulty(Faults())
    network.partition(["bank"], ["coop"])
    assert _ask(link, 3) == [None] * 3
    network.partition()
    assert None not in _ask(link, 3)
    assert len(heard) == 3

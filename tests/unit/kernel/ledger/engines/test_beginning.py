"""How an engine begins: whose word it trusts, what it asks by the link, when it begins anew."""

from __future__ import annotations

import http.client
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation.far_engines import BLOCK, OTHERS, PROPOSER, SEED, Far, told
from simulation.validators import engine_keys, later_keys
from tallystick.base.clock import SeededEntropy
from tallystick.base.codec import encode
from tallystick.base.errors import Error, Invalid, NotFound, Unavailable
from tallystick.kernel.ledger.engines import beginning as begins
from tallystick.kernel.ledger.engines.application import Offer
from tallystick.kernel.ledger.engines.beginning import LOST_FILE, NEW_FILE, Beginning
from tallystick.kernel.ledger.engines.comet_home import STATE, note_unsigned
from tallystick.kernel.ledger.engines.introducing import (
    Word,
    ask_others,
    introduce,
    read_far,
    serve_words,
)
from tallystick.kernel.ledger.engines.marks import Mark
from tallystick.kernel.ledger.engines.relay import Relay
from tallystick.kernel.ledger.voting import (
    NEXT_FILE,
    EngineKeys,
    draw_vote,
    list_used,
    list_waiting,
    take_vote,
)
from tallystick.kernel.link.engines.memory import MemoryLink, Network


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Far]:
    (tmp_path / "bank").mkdir()
    found = Far(tmp_path / "bank")
    yield found
    found.close()


# ---- whose word is trusted


def test_more_than_a_third_must_tell_the_same_block() -> None:
    words = {
        "a": Word(1, 99, {10: b"x" * 32, 20: b"y" * 32}),
        "b": Word(1, 99, {10: b"x" * 32, 20: b"z" * 32}),
        "c": Word(1, 99, {30: b"w" * 32}),
    }
    found = introduce(words, 2)
    assert found is not None
    assert (found.height, found.block, found.members) == (10, b"x" * 32, ["a", "b"])
    assert introduce(words, 3) is None
    assert introduce({}, 2) is None


def test_members_tell_what_their_own_nodes_keep_and_who_is_away_is_left_out(town: Far) -> None:
    town.nodes.pop("coop").close()
    town.network.leave("operator")
    found = ask_others(town.link, OTHERS)
    assert found == {"bureau": Word(500, 900, {600: BLOCK})}
    assert town.nodes["bureau"].asked[-1] == ("commit", {"height": "600"})


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("broadcast_tx_sync", {}),
        ("unsafe_dial_peers", {}),
        ("commit", {"height": "1", "peers": "x"}),
    ],
)
def test_nothing_but_what_a_light_client_reads_is_passed_on(
    town: Far, method: str, given: dict[str, str]
) -> None:
    with pytest.raises(Invalid, match=r"engine\.not_told"):
        read_far(town.link, "bureau", method, given)
    assert town.nodes["bureau"].asked == []


@pytest.mark.parametrize("payload", [b"", b"x", encode(["commit"]), encode(["commit", [["h", 1]]])])
def test_a_question_without_a_reading_is_refused(town: Far, payload: bytes) -> None:
    with pytest.raises(Error):
        town.link.call("bureau", "engine.read", payload)
    assert town.nodes["bureau"].asked == []


def _post(address: str, body: bytes) -> tuple[int, dict[str, Any]]:
    host, path = address.removeprefix("http://").split("/")
    with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        connection.request("POST", f"/{path}", body)
        told = connection.getresponse()
        data = told.read()
        return told.status, json.loads(data) if told.status == 200 else {}


def test_a_light_client_reads_members_nodes_through_the_link(town: Far) -> None:
    with closing(Relay(town.link, ["bureau", "coop"])) as relay:
        call = {"jsonrpc": "2.0", "id": 7, "method": "commit", "params": {"height": "600"}}
        status, told = _post(relay.servers[1], json.dumps(call).encode())
        assert (status, told["id"], "result" in told) == (200, 7, True)
        assert town.nodes["coop"].asked == [("commit", {"height": "600"})]
        assert town.nodes["bureau"].asked == []
        bad: list[tuple[str, bytes]] = [
            (relay.servers[0], b"{"),
            (relay.servers[0], b"[]"),
            (relay.servers[0], b'{"method": "commit", "params": 3, "id": 1}'),
            (relay.servers[0], b'{"method": "broadcast_tx_sync", "id": 1}'),
            (relay.servers[0].replace("bureau", "operator"), json.dumps(call).encode()),
        ]
        for address, body in bad:
            assert "error" in _post(address, body)[1]
        assert _post(relay.servers[0], bytes(100_000))[0] == 413
        assert town.nodes["bureau"].asked == []


# ---- how it begins


def test_an_engine_that_holds_nothing_begins_by_a_snapshot_that_enough_tell_of(
    town: Far,
) -> None:
    town.begin().prepare()
    found = town.settings()
    assert found["enable"] is True
    assert (found["trust_height"], found["trust_hash"]) == (600, BLOCK.hex())
    assert found["rpc_servers"].count("http://127.0.0.1:") == 3
    assert (town.folder / NEW_FILE).exists()


def test_where_too_few_tell_of_one_it_asks_for_all_blocks(town: Far) -> None:
    for name in ("coop", "operator"):
        town.network.leave(name)
    town.begin().prepare()
    assert town.settings() == {"enable": False}
    town.begin(alone=True).prepare()
    assert town.settings() == {"enable": False}


def test_a_crash_before_the_engine_has_caught_up_begins_anew_and_keeps_what_was_signed(
    town: Far,
) -> None:
    town.begin().prepare()
    data = town.keep()
    # Between its last chunk and its first block the engine is killed, and started again.
    town.begin().prepare()
    assert [path.name for path in data.iterdir()] == ["priv_validator_state.json"]
    assert (data / "priv_validator_state.json").read_text() == "signed"
    assert town.settings()["enable"] is True
    # Once it has gone on by itself, it goes on with what it keeps.
    town.keep()
    town.application.finalize(Offer(1, town.chain.clock.now_ms(), bytes(20), (bytes(16),)))
    town.application.commit()
    assert not (town.folder / NEW_FILE).exists()
    town.begin().prepare()
    assert (data / "blockstore.db").exists()
    assert town.settings() == {"enable": False}
    assert town.application.height == 1


def test_an_engine_walking_through_kept_blocks_is_new_until_it_has_passed_them(town: Far) -> None:
    chain = town.chain
    data = chain.sign(1, [chain.news(1)])
    asked = Offer(1, chain.clock.now_ms(), PROPOSER, (bytes(16), data))
    town.application.finalize(asked)
    town.application.commit()
    for name in ("coop", "operator"):
        town.network.leave(name)
    town.begin().prepare()
    assert (town.application.height, town.replica.tip.height) == (0, 1)
    town.application.finalize(asked)
    town.application.commit()
    assert (town.folder / NEW_FILE).exists()
    town.application.finalize(Offer(2, chain.clock.now_ms() + 1, PROPOSER, (bytes(16),)))
    town.application.commit()
    assert not (town.folder / NEW_FILE).exists()


@pytest.mark.parametrize("words", begins.MISFITS)
def test_an_engine_whose_application_stands_elsewhere_begins_anew(town: Far, words: bytes) -> None:
    begun = town.begin()
    begun.prepare()
    begun.settled()
    data = town.keep()
    begun.prepare(b"some other trouble")
    assert (data / "blockstore.db").exists()
    begun.prepare(b"app block height (7) " + words + b" (9)")
    assert not (data / "blockstore.db").exists()
    assert town.settings()["enable"] is True


# ---- whether it votes


def test_a_key_of_which_is_lost_what_it_signed_never_votes_again(town: Far) -> None:
    keys, later = engine_keys(SEED, "operator"), later_keys(SEED, "bank")
    state = town.folder / "cometbft" / "data" / "priv_validator_state.json"
    (town.folder / "bft.used").write_text(keys.public.hex())
    for _ in range(3):
        begun = town.begin(keys)
        begun.prepare()
        assert begun.trouble is not None
        assert begun.trouble.code == "engine.forgotten"
        assert not town.is_own(keys)
        assert (town.folder / "bft.used").read_text() == keys.public.hex()
        # What nobody's key signs is kept; it does not make the lost one whole.
        assert state.exists()
    assert (town.folder / LOST_FILE).read_text() == keys.public.hex()
    begun = town.begin(later)
    begun.prepare()
    assert begun.trouble is None
    assert town.is_own(later)
    assert list_used(town.folder) == [keys.public.hex(), later.public.hex()]


def test_a_first_validators_key_from_a_copy_does_not_vote_where_the_others_are_far(
    town: Far,
) -> None:
    old = engine_keys(SEED, "bank")
    begun = town.begin(old)
    begun.prepare()
    assert not town.is_own(old)
    assert begun.trouble is not None


def test_at_the_founding_every_key_votes(town: Far) -> None:
    for link in town.links.values():
        link.close()
    old = engine_keys(SEED, "bank")
    begun = town.begin(old)
    begun.prepare()
    assert town.is_own(old)
    assert begun.trouble is None


# ---- how a key that was voted in takes its place


def test_a_key_that_was_voted_in_takes_the_place_of_the_old_when_it_counts(town: Far) -> None:
    old, later = town.found_alone()
    begun, restarts = town.begin(old), queue.Queue[int]()
    begun.prepare()
    begun.start(lambda: restarts.put(town.application.height))
    state = town.keep() / STATE
    town.order(1)
    begun.look_at_list()
    begun.prepare()
    assert town.is_own(old)
    assert state.read_text() == "signed"
    town.order(2)
    begun.look_at_list()
    # It stands in the list and counts two heights later: the old one votes once more, and does so
    # after a crash as well.
    begun.prepare()
    assert town.is_own(old)
    assert state.read_text() == "signed"
    assert restarts.empty()
    town.application.finalize(Offer(3, town.chain.clock.now_ms() + 3, PROPOSER, (bytes(16),)))
    town.application.commit()
    assert restarts.get(timeout=10) == 3
    # While the engine runs nothing of it is touched.
    assert town.is_own(old)
    assert EngineKeys.read(town.folder / "bft.key") == old
    begun.prepare()
    assert town.is_own(later)
    assert json.loads(state.read_text())["height"] == "0"
    assert EngineKeys.read(town.folder / "bft.key") == later
    assert not (town.folder / NEXT_FILE).exists()
    assert list_used(town.folder) == [old.public.hex(), later.public.hex()]
    begun.look_at_list()
    assert restarts.empty()
    # What the new key signed is kept from then on; the old one, brought back, votes no more.
    state.write_text("signed by the new one")
    begun.prepare()
    assert state.read_text() == "signed by the new one"
    begun.close()
    begun = town.begin(old)
    begun.prepare()
    assert begun.trouble is not None
    assert not town.is_own(old)


def test_a_crash_while_a_key_takes_its_place_leaves_neither_two_nor_none(town: Far) -> None:
    old, later = town.found_alone()
    town.begin(old).prepare()
    state = town.keep() / STATE
    for height in (1, 2):
        town.order(height)
    tip = town.replica.tip
    # Killed once the key's file was changed, and before the engine's folder was.
    assert take_vote(town.folder, tip) == later
    assert town.is_own(old)
    assert state.read_text() == "signed"
    begun = town.begin(later)
    begun.prepare()
    assert begun.trouble is None
    assert town.is_own(later)
    assert json.loads(state.read_text())["height"] == "0"
    # Killed before either was: the same.
    assert take_vote(town.folder, tip) == later


def test_who_was_away_while_its_key_came_to_count_begins_by_it(town: Far) -> None:
    old, later = town.found_alone()
    town.begin(old).prepare()
    for height in (1, 2, 3):
        town.order(height)
    town.begin(old).prepare()
    assert town.is_own(later)


def test_a_damaged_key_that_waits_stops_nothing_and_another_is_drawn(town: Far) -> None:
    old, later = town.found_alone()
    path = town.folder / NEXT_FILE
    path.write_bytes(path.read_bytes()[:-1])
    begun, restarts = town.begin(old), list[int]()
    begun.prepare()
    begun.start(lambda: restarts.append(1))
    for height in (1, 2, 3):
        town.order(height)
        begun.look_at_list()
    begun.prepare()
    assert restarts == []
    assert town.is_own(old)
    fresh = draw_vote(town.folder, SeededEntropy("another"))
    assert fresh not in (old.bft, later.bft)
    draw_vote(town.folder, SeededEntropy("a third"))
    # One that is voted in is taken, be it set aside by now.
    path.with_name(f"{NEXT_FILE}-1").unlink()
    later.write(path.with_name(f"{NEXT_FILE}-1"))
    assert take_vote(town.folder, town.replica.tip) == later
    assert {each.name for each in list_waiting(path)} == {NEXT_FILE, f"{NEXT_FILE}-2"}


def test_a_later_key_from_a_copy_does_not_vote_in_an_empty_folder(town: Far) -> None:
    _, later = town.found_alone()
    (town.folder / NEXT_FILE).unlink()
    begun = town.begin(later)
    begun.prepare()
    assert begun.trouble is not None
    assert begun.trouble.code == "engine.forgotten"
    assert not town.is_own(later)


def test_a_key_drawn_for_a_chain_that_stands_votes_though_the_others_are_far(town: Far) -> None:
    later = later_keys(SEED, "bank")
    note_unsigned(town.folder / "cometbft")
    begun = town.begin(later)
    for _ in range(2):
        begun.prepare()
        assert begun.trouble is None
        assert town.is_own(later)
    assert list_used(town.folder) == [later.public.hex()]
    # Back from a copy of what its member drew, without that, it is as any other.
    (town.folder / "cometbft" / "data" / STATE).unlink()
    begun.prepare()
    assert begun.trouble is not None


# ---- whether it moves


def _watch(town: Far, monkeypatch: pytest.MonkeyPatch) -> tuple[Beginning, threading.Event]:
    monkeypatch.setattr(begins, "LOOK_MS", 5)
    begun, restarted = town.begin(), threading.Event()
    begun.prepare()
    begun.start(restarted.set)
    return begun, restarted


def test_an_engine_that_waits_for_blocks_that_nobody_keeps_begins_anew(
    town: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("coop", "operator"):
        town.links[name].serve({"engine.word": _refuse})
    begun, restarted = _watch(town, monkeypatch)
    assert town.settings() == {"enable": False}
    begun.settled()
    town.keep()
    assert not restarted.wait(0.1)
    # One who says so may lie; two do not both.
    serve_words(town.links["coop"], told(), town.nodes["coop"].port)
    assert restarted.wait(10)
    begun.prepare()
    assert town.settings()["enable"] is True
    begun.close()


def _refuse(*_: object) -> bytes:
    raise Unavailable("test.away", "it is away", cure="None.")


@pytest.mark.parametrize("height", [550, 900])
def test_an_engine_that_the_others_can_still_give_blocks_to_is_left_alone(
    town: Far, monkeypatch: pytest.MonkeyPatch, height: int
) -> None:
    begun, restarted = _watch(town, monkeypatch)
    begun.settled()
    town.application.restoring._restored(Mark(0, height))
    assert not restarted.wait(0.2)
    begun.close()


def test_an_engine_to_which_no_snapshot_comes_is_started_again(
    town: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, restarted = _watch(town, monkeypatch)
    assert town.settings()["enable"] is True
    assert restarted.wait(10)
    begun.close()


def test_a_link_without_such_methods_is_as_one_that_is_away(tmp_path: Path) -> None:
    network = Network()
    link: MemoryLink = network.join("bank")
    network.join("bureau")
    assert ask_others(link, ["bureau", "nobody"]) == {}
    with pytest.raises((NotFound, Unavailable)):
        read_far(link, "bureau", "commit", {})

"""Link keys renewed by vote among members on machines of their own: nobody is locked out.

Whoever is renewed has the block that says so from others, who know its new key alone by then; and
who orders gives that block to others, who know its old key alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from machines import NAMES, Machines, await_until, is_known, open_machines, renew
from tallystick.base.errors import Invalid
from tallystick.cli.main import run
from tallystick.county.alarms import find_alarm
from tallystick.county.link_keys import hold_links
from tallystick.records.refusal import Refusal


@pytest.mark.parametrize("member", ["village", "finance"])
def test_a_member_whose_link_key_is_renewed_stays_in_step(tmp_path: Path, member: str) -> None:
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        renew(machines, member)
        for name in NAMES:
            await_until(partial(hears_all, machines, name))
        # Twice, and then another: each once had only the old key of the one before.
        renew(machines, member)
        renew(machines, "newspaper")
        machines.houses["village"].office("village").propose_limit("block_transactions", 900)
        await_until(machines.is_level)


def hears_all(machines: Machines, name: str) -> bool:
    return not any(machines.is_away(name, other) for other in NAMES if other != name)


def test_a_member_that_was_away_for_its_own_renewal_is_back_with_the_key_that_waits(
    tmp_path: Path,
) -> None:
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        village = machines.houses["village"].office("village")
        change = village.propose_renewal(["link"])["change"]
        for name in ("finance", "credit-union", "newspaper"):
            office = machines.houses[name].office(name)
            await_until(partial(is_known, office, change))
        machines.end("village")
        for name in ("finance", "credit-union", "newspaper"):
            office = machines.houses[name].office(name)
            await_until(machines.is_level)
            if office.show_change(change)["state"] == "open":
                office.vote_change(change, yes=True)
        await_until(machines.is_level)
        machines.begin("village")
        await_until(machines.is_level)
        home = machines.county / "village"
        await_until((home / "member.old").is_file)
        await_until(lambda: not (home / "member.next").exists())
        node = machines.node("village")
        chain = node.replica
        held = hold_links(
            home, node.secrets.link, chain.tip.members, chain.read, chain.genesis.chain
        )
        keys = [key for key in chain.tip.members.by_name["village"].keys if key.use == "link"]
        assert [(key.public, number) for key, number in held[:1]] == [(keys[0].pub, keys[0].number)]
        assert [number for _, number in held[1:]] == [3]


def agree(machines: Machines, change: str, names: Sequence[str]) -> None:
    """Let members say yes to a change, each once it knows of it and while it is open."""
    for name in names:
        office = machines.houses[name].office(name)
        await_until(partial(is_known, office, change))
        if office.show_change(change)["state"] != "open":
            continue
        try:
            office.vote_change(change, yes=True)
        except Invalid as refused:
            # By the votes of the others, which its own copy does not have yet.
            if f"code {Refusal.NO_CHANGE:d}:" not in str(refused):
                raise


@pytest.mark.long
def test_a_renewal_goes_on_though_the_link_key_it_replaces_is_revoked_meanwhile(
    tmp_path: Path,
) -> None:
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        offices = {name: machines.houses[name].office(name) for name in NAMES}
        renewal = offices["village"].propose_renewal(["link", "tx", "note"])["change"]
        await_until(machines.is_level)
        (key,) = machines.node("finance").replica.tip.members.keys("village", "link", 2)
        stolen = offices["newspaper"].propose_revocation("village", key.number)["change"]
        agree(machines, stolen, ["finance", "credit-union"])
        assert offices["finance"].show_change(stolen)["state"] == "in_force"
        # It is heard by nobody, whether it has heard that its key is revoked or not.
        seat = machines.houses["village"].seat("village")
        await_until(lambda: find_alarm(machines.houses["village"], seat) is not None)
        agree(machines, renewal, ["finance", "credit-union", "newspaper"])
        await_until(machines.is_level)
        offices["village"].propose_limit("block_transactions", 901)
        await_until(machines.is_level)


def test_whose_renewed_keys_are_gone_comes_back_by_an_archive_and_a_card(tmp_path: Path) -> None:
    lost, carrier = "village", "finance"
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        home = machines.county / lost
        before = (home / "member.key").read_bytes()
        renew(machines, lost)
        machines.end(lost)
        # Its folder's keys are from before that.
        (home / "member.key").write_bytes(before)
        (home / "member.old").unlink()
        machines.begin(lost)
        seat = machines.houses[lost].seat(lost)
        await_until(lambda: find_alarm(machines.houses[lost], seat) is not None)
        alarm = find_alarm(machines.houses[lost], seat)
        assert alarm is not None
        assert alarm.code in {"member.key_ended", "link.no_key"}
        machines.houses["newspaper"].office("newspaper").publish_news("news")
        others = [name for name in NAMES if name != lost]
        level = machines.height(carrier)
        await_until(lambda: all(machines.height(name) == level for name in others))
        machines.end(lost, carrier)
        archive = tmp_path / "all.car"
        tell("chain", "export", str(archive), "--county", str(machines.county), "--member", carrier)
        tell("chain", "import", str(archive), "--to", str(home))
        (home / "member.key").rename(home / "member.old")
        tell("member", "renew", lost, "--county", str(machines.county))
        card = json.loads((machines.county / f"{lost}.card.json").read_text(encoding="utf-8"))
        machines.begin(carrier, lost)
        change = machines.houses[carrier].office(carrier).propose_join(card)["change"]
        agree(machines, change, others[1:])
        await_until(machines.is_level)
        machines.houses[lost].office(lost).propose_limit("block_transactions", 900)
        await_until(machines.is_level)


def tell(*words: str) -> None:
    assert run(["--lang", "en", *words]) == 0, words

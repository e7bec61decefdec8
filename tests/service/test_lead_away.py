"""A member that was away while another came to order: it learns so, and its records go on.

On machines of their own, with the one that ordered before still up and following like all others.
"""

from __future__ import annotations

import time
from pathlib import Path

from machines import NAMES, Machines, await_until, open_machines, renew
from tallystick.base.clock import SystemClock
from tallystick.county.leading import agree, lead_alone
from tallystick.kernel.ledger.learning import learn_term

OLD, NEXT, OTHER, AWAY = NAMES


def hand_over(machines: Machines) -> None:
    """Let all but one make another of them order, and serve."""
    machines.end(*NAMES)
    for name in (OLD, NEXT, OTHER):
        agree(machines.county, name, NEXT, clock=SystemClock())
    machines.begin(OLD, OTHER)
    assert lead_alone(machines.county, NEXT, clock=SystemClock()).leader == NEXT
    machines.begin(NEXT)
    machines.end(OLD)
    machines.begin(OLD)
    await_until(lambda: leader_at(machines, OLD) == NEXT)


def leader_at(machines: Machines, name: str) -> str:
    return machines.houses[name].seat(name).terms.leader


def learn(machines: Machines, name: str) -> bool:
    seat = machines.houses[name].seat(name)
    return learn_term(seat.terms, seat.node.replica, seat.link, seat.link.peers())


def test_who_was_away_learns_from_the_one_that_ordered_before(tmp_path: Path) -> None:
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        hand_over(machines)
        machines.begin(AWAY)
        machines.houses[AWAY].office(AWAY).publish_news("here again", language="en")
        assert leader_at(machines, AWAY) == NEXT
        await_until(machines.is_level)


def test_a_certificate_by_keys_renewed_since_counts_by_the_word_of_more_than_a_third(
    tmp_path: Path,
) -> None:
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        hand_over(machines)
        machines.begin(AWAY)
        await_until(lambda: leader_at(machines, AWAY) == NEXT)
        renew(machines, OTHER)
        renew(machines, OLD)
        machines.end(AWAY, OLD, OTHER)
        (machines.county / AWAY / "term.cbor").unlink()
        machines.begin(AWAY)
        # One of four may be a liar, or a thief of keys that count no more.
        for _ in range(3):
            assert not learn(machines, AWAY)
            time.sleep(0.5)
        assert leader_at(machines, AWAY) == OLD
        machines.begin(OLD, OTHER)
        await_until(lambda: leader_at(machines, AWAY) == NEXT)
        machines.houses[AWAY].office(AWAY).publish_news("here again", language="en")
        await_until(machines.is_level)

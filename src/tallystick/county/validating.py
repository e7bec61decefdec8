"""A county whose members order together: who validates, and one member's part in it.

Laws: validators are the members with a `bft` key in the list; each runs its own engine beside its
own node, believes what its own state machine says of a block, and cosigns what it kept. The others
follow any of them and verify all of it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, Entropy, SystemEntropy
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST, Peer, note_unsigned
from tallystick.kernel.ledger.engines.cosigner import Cosigner
from tallystick.kernel.ledger.engines.seats import (
    SEATS_FILE,
    place_of,
    read_seat,
    read_seats,
    with_seat,
    write_seats,
)
from tallystick.kernel.ledger.engines.validator import HOME, Validator
from tallystick.kernel.ledger.engines.validators import list_validators
from tallystick.kernel.ledger.install import find_engine
from tallystick.kernel.ledger.peer import serve_ledger
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.voting import KEY_FILE, EngineKeys
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.ports import find_free_ports

__all__ = [
    "COMETBFT",
    "DEFAULT",
    "FAST",
    "KEY_FILE",
    "SEATS_FILE",
    "EngineKeys",
    "Peer",
    "Validating",
    "draw_engine",
    "draw_validators",
    "list_validators",
    "name_validators",
    "not_listed",
    "read_seat",
    "read_seats",
    "with_seat",
    "write_seats",
    "write_validators",
]

COMETBFT: Final = "cometbft"
_CLOCK: Final = frozenset({"ledger.clock_ahead", "link.future", "link.expired"})


def draw_validators(names: Sequence[str], entropy: Entropy) -> dict[str, EngineKeys]:
    """Return fresh keys for the engines of some members."""
    return {name: EngineKeys.draw(entropy) for name in names}


def draw_engine(home: Path, entropy: Entropy, *, is_later: bool) -> EngineKeys:
    """Draw the keys of a member's engine in its folder.

    For a chain that stands it is written, before they are, that they are new, and no copy's
    (`Beginning`): keys that stand here alone have signed nothing.
    """
    keys = EngineKeys.draw(entropy)
    if is_later:
        note_unsigned(home / HOME)
    keys.write(home / KEY_FILE)
    return keys


def write_validators(folder: Path, keys: dict[str, EngineKeys]) -> None:
    """Write each validator's keys into its folder, and where all of them are into the county's."""
    for name, each in keys.items():
        each.write(folder / name / KEY_FILE)
    ports = find_free_ports(len(keys))
    places = {
        name: Peer(each.node_id, "127.0.0.1", port)
        for (name, each), port in zip(keys.items(), ports, strict=True)
    }
    write_seats(folder / SEATS_FILE, places)


def name_validators(folder: Path) -> list[str]:
    """Return the members whose engines order, by name."""
    return sorted(read_seats(folder / SEATS_FILE))


def not_listed(member: str, height: int) -> Unavailable:
    """Return the error for a member whose engine has no key in the list after a height."""
    return Unavailable(
        "engine.not_listed",
        f"the list after height {height} holds no bft key of {member}: it does not vote",
        cure="Have it voted in, and the other engines told of its node: tally member address"
        " --card. It then catches up by itself.",
    )


class Validating:
    """One validator: its engine, and its cosignatures for those outside.

    Args:
        home: the member's folder, in the county's.
        replica: its copy; from now on only the engine writes it.
        witnesses: where cosignatures are counted.
        pen: its note key.
        link: to the other members.
        clock: tells what has ended.
        profile: `DEFAULT` or `FAST`: who keeps what waits, the engine or the member.
        host: where its engine listens for the others'; "" where they are told that it is.
    """

    def __init__(
        self,
        home: Path,
        replica: Replica,
        witnesses: Witnesses,
        *,
        pen: Pen,
        link: Link,
        clock: Clock,
        profile: str = DEFAULT,
        host: str = "",
    ) -> None:
        self._replica = replica
        self._member = home.name
        self._cosigner = Cosigner(replica, witnesses, link, pen)
        place = place_of(home, read_seats(home.parent / SEATS_FILE), find_engine(COMETBFT))
        self._validator = Validator.open(
            replica,
            replace(place, profile=profile, host=host or place.host),
            clock,
            SystemEntropy(),
            committed=self._cosigner.told,
            link=link,
        )
        self.ledger = self._validator.ledger
        serve_ledger(link, self.ledger)
        self._cosigner.start()

    @property
    def trouble(self) -> Error | None:
        """What is wrong with its engine now, the gravest first, or with its clock; else None."""
        found = self._validator.health().trouble
        told = self._cosigner.trouble
        # A peer that is away is shown as such; a clock that is wrong is this member's to set.
        is_clock = told is not None and told.code in _CLOCK
        return found[0] if found else told if is_clock else self._find_absence()

    def _find_absence(self) -> Error | None:
        """Return that the list holds no key of its engine: it is yet to be voted in, or has left.

        Also while the own copy has not reached the list that holds one.
        """
        tip = self._replica.tip
        if self._member in list_validators(tip.members, tip.height + 1):
            return None
        return not_listed(self._member, tip.height)

    def has_waited(self, before_ms: int) -> bool:
        """Tell whether a record that its engine let in before a moment stands in no block yet."""
        return self.ledger.gate.has_waited(before_ms)

    @property
    def engine_pid(self) -> int:
        """The process of its engine, 0 while none runs."""
        return self._validator.keeper.pid or 0

    def close(self) -> None:
        """End engine and cosigner; a second call does nothing."""
        self._validator.close()
        self._cosigner.close()

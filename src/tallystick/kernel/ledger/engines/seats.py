"""Where the validators' nodes are: one public file of a county, the same at every member.

`engine.json`: by member, the node's id (no key of the chain, so it stands here) and the address its
peers connect to. A wrong entry costs a connection and nothing else: nodes prove their ids to each
other, and what they agree on is signed by keys of the members list. Laws: a member has one node for
good, and no two have the same, or one at the same place. An engine reads it at its start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tallystick.base.errors import Conflict, Invalid, NotFound
from tallystick.kernel.ledger.engines.comet_home import Peer
from tallystick.kernel.ledger.engines.validator import Place

__all__ = ["SEATS_FILE", "place_of", "read_seat", "read_seats", "with_seat", "write_seats"]

SEATS_FILE: Final = "engine.json"
SEATS_BYTES_MAX: Final = 1024 * 1024
_NODE_ID: Final = re.compile(r"[0-9a-f]{40}")
# No sign that would end an address within the engine's settings; IPv6 in brackets.
_HOST: Final = re.compile(r"[0-9A-Za-z._-]{1,253}|\[[0-9a-f:.]{2,45}\]")
_PORT_MAX: Final = 65_535


def write_seats(path: Path, seats: Mapping[str, Peer]) -> None:
    """Write who validates where, whole or not at all."""
    rows = {
        name: {"node": each.node_id, "host": each.host, "port": each.port}
        for name, each in sorted(seats.items())
    }
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_seats(path: Path) -> dict[str, Peer]:
    """Return each validator's node by member.

    Raises:
        NotFound: `engine.no_seats`, there is no such file.
        Invalid: `engine.bad_seats`, it has no reading.
    """
    try:
        text = path.read_bytes()[: SEATS_BYTES_MAX + 1].decode()
    except FileNotFoundError as error:
        raise NotFound(
            "engine.no_seats",
            f"{path.name} is missing: nobody knows where the validators are",
            cure="Take it from another member: it is the same at each.",
        ) from error
    except UnicodeDecodeError as error:
        raise _bad("it is no text") from error
    try:
        rows = json.loads(text)
        return {name: read_seat(name, row) for name, row in rows.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _bad(str(error)) from error


def read_seat(name: str, row: Mapping[str, object]) -> Peer:
    """Return where a member's node is; ValueError or KeyError if the row does not tell."""
    node, host, port = row["node"], row["host"], row["port"]
    known = isinstance(node, str) and isinstance(host, str) and type(port) is int
    if not known or not _NODE_ID.fullmatch(str(node)) or not _HOST.fullmatch(str(host)):
        raise ValueError(f"the entry of {name} names no node and host")
    if type(port) is not int or not 0 < port <= _PORT_MAX:
        raise ValueError(f"the entry of {name} has no port")
    return Peer(str(node), str(host), port)


def with_seat(seats: Mapping[str, Peer], name: str, seat: Peer) -> dict[str, Peer]:
    """Return where the nodes are, one member's among them.

    Args:
        seats: those that are known; the member's own may be at another place there.
        name: the member.
        seat: its node, and where that is.

    Raises:
        Conflict: `engine.taken`, the member has another node there, or another member has this
            one, or one at its place.
    """
    for other, each in seats.items():
        is_node, is_place = each.node_id == seat.node_id, _is_at(each, seat)
        if is_node != (other == name) or (is_place and other != name):
            what = "another node" if other == name else "this node" if is_node else "its place"
            raise Conflict(
                "engine.taken",
                f"engine.json gives {other} {what}, and the node of {name} is to be written there",
                cure="Compare engine.json with another member's, and the card with its member.",
            )
    return {**seats, name: seat}


def _is_at(one: Peer, other: Peer) -> bool:
    return (one.host, one.port) == (other.host, other.port)


def place_of(home: Path, seats: Mapping[str, Peer], binary: Path) -> Place:
    """Return where a member's engine is: its own entry's port, and the others as peers.

    Raises:
        NotFound: `engine.no_seats`, the member has no entry.
    """
    own = seats.get(home.name)
    if own is None:
        raise NotFound(
            "engine.no_seats",
            f"{home.name} has no entry among the validators' places",
            cure="Add its node to engine.json at every member, or let it follow.",
        )
    peers = [each for name, each in sorted(seats.items()) if name != home.name]
    return Place(home, binary, 0, own.port, peers=peers, host=own.host)


def _bad(why: str) -> Invalid:
    return Invalid(
        "engine.bad_seats",
        f"engine.json has no reading: {why}",
        cure="Take it from another member: it is the same at each.",
    )

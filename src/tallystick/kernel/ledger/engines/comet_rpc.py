"""Hands transactions to a CometBFT node: JSON-RPC over loopback, many in one request.

`broadcast_tx_async` and not `_sync`: whoever hands over has judged each transaction as the node's
own application will, so that waiting for the same answer again would only cost time. One connection
is kept; a node that does not answer is `Unavailable`, whatever it had taken in.
Source: CometBFT 0.38, rpc/openapi; rpc/jsonrpc/server/http_json_handler.go.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, Protocol

from tallystick.base.errors import Unavailable
from tallystick.kernel.ledger.engines.abci_server import HOST

__all__ = ["BATCH_BYTES_MAX", "BATCH_MAX", "CometPool", "Pool", "Taken", "ask_node", "away"]

BATCH_MAX: Final = 200
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of transactions; a third more in base64, within the node's 8 MB."""
TIMEOUT_S: Final = 10
_KNOWN: Final = "tx already exists in cache"


class Taken(Enum):
    """What a pool did with a transaction."""

    IN = "it waits there, or did so already"
    FULL = "there is no room; nothing of it was kept"


class Pool(Protocol):
    """Where transactions wait for the engine's next block."""

    def offer(self, txs: Sequence[bytes]) -> list[Taken]:
        """Hand over transactions, at most `BATCH_MAX`; return what became of each.

        Raises:
            Unavailable: `engine.away`, nobody can tell what was taken in.
        """

    def close(self) -> None:
        """End the connection; a later offer opens another."""


class CometPool:
    """The pool of one node, behind its JSON-RPC port on loopback; for one thread."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)

    def offer(self, txs: Sequence[bytes]) -> list[Taken]:
        """Hand over transactions and return what became of each."""
        answers = self._ask([("broadcast_tx_async", {"tx": _base64(data)}) for data in txs])
        return [_read(answer) for answer in answers]

    def waiting(self) -> int:
        """Return how many transactions wait at the node."""
        (answer,) = self._ask([("num_unconfirmed_txs", {})])
        try:
            return int(answer["result"]["n_txs"])
        except (KeyError, TypeError, ValueError) as error:
            raise away("its answer has no reading") from error

    def _ask(self, calls: Sequence[tuple[str, dict[str, str]]]) -> list[dict[str, Any]]:
        body = json.dumps(
            [
                {"jsonrpc": "2.0", "id": index, "method": method, "params": params}
                for index, (method, params) in enumerate(calls)
            ]
        )
        try:
            self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
            found = json.loads(self._connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise away(repr(error)) from error
        # A batch of one is answered by the bare object.
        rows = found if isinstance(found, list) else [found]
        by_id = {row.get("id"): row for row in rows if isinstance(row, dict)}
        if by_id.keys() != set(range(len(calls))):
            raise away(f"{len(rows)} answers to {len(calls)} calls")
        return [by_id[index] for index in range(len(calls))]

    def close(self) -> None:
        """End the connection; a later offer opens another."""
        self._connection.close()


def ask_node(port: int, method: str, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a node answers one JSON-RPC call: its result or its error, as it tells them.

    Raises:
        Unavailable: `engine.away`, it does not answer.
    """
    body = {"jsonrpc": "2.0", "id": 0, "method": method, "params": dict(given or {})}
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        found = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise away(repr(error)) from error
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise away("its answer has no reading")
    return found


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(answer: dict[str, Any]) -> Taken:
    error = answer.get("error")
    if not error:
        return Taken.IN
    told = f"{error.get('message', '')} {error.get('data', '')}"
    return Taken.IN if _KNOWN in told else Taken.FULL


def away(why: str) -> Unavailable:
    """Return the error for a node that cannot be reached."""
    return Unavailable(
        "engine.away",
        f"the engine's node does not answer: {why}",
        cure="Nothing to do: it is asked again, and nothing that was taken in is lost.",
    )

"""A member whose engine begins among three whose engines are far."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from simulation.chain import CHARTER, Chain
from simulation.validators import engine_keys, later_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.beginning import Beginning
from tallystick.kernel.ledger.engines.comet_home import Seat
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.introducing import serve_words
from tallystick.kernel.ledger.engines.manifest import Manifest
from tallystick.kernel.ledger.engines.offering import Offered, Offering
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.voting import NEXT_FILE, EngineKeys
from tallystick.kernel.link.engines.memory import Network

__all__ = ["BLOCK", "OTHERS", "PROPOSER", "SEED", "Far", "told"]

SEED: Final = "rotating"
"""The first member's vote goes over to another key at height 3."""
OTHERS: Final = ("bureau", "coop", "operator")
BLOCK: Final = bytes(range(32))
PROPOSER: Final = address_of(engine_keys(SEED, "operator").public)


class Node:
    """What answers in a CometBFT node's place: three calls, over HTTP on loopback."""

    def __init__(self, base: int, height: int) -> None:
        self.base, self.height = base, height
        self.asked: list[tuple[str, dict[str, str]]] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                data = json.dumps(node.answer(call["method"], call["params"])).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Tell nobody."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        self.asked.append((method, given))
        if method == "status":
            held = {
                "earliest_block_height": str(self.base),
                "latest_block_height": str(self.height),
            }
            return {"jsonrpc": "2.0", "id": 0, "result": {"sync_info": held}}
        signed = {"commit": {"block_id": {"hash": BLOCK.hex().upper()}}}
        return {"jsonrpc": "2.0", "id": 0, "result": {"signed_header": signed}}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Far:
    """Three validators whose engines are far, and a fourth member with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain: Chain = validated(SEED)
        self.network = Network()
        self.nodes = {name: Node(500, 900) for name in OTHERS}
        self.replica = Replica.create(
            folder / "ledger.db", self.chain.genesis.data, self.chain.list.data, CHARTER
        )
        self.link = self.network.join("bank")
        self.links = {name: self.network.join(name) for name in OTHERS}
        for name, link in self.links.items():
            serve_words(link, self.offering(name), self.nodes[name].port)
        self.application = self.make()
        self.begun: list[Beginning] = []

    def make(self) -> Application:
        gate = Gate(self.replica, self.chain.clock)
        return Application(self.replica, gate, SeededEntropy("begins"))

    def offering(self, name: str) -> Offering:
        folder = self.folder / name
        folder.mkdir()
        replica = Replica.create(
            folder / "ledger.db", self.chain.genesis.data, self.chain.list.data, CHARTER
        )
        replica.close()
        found = Offering(replica)
        found.offered = told().offered  # type: ignore[method-assign]
        return found

    def begin(self, keys: EngineKeys | None = None, *, alone: bool = False) -> Beginning:
        path = self.folder / "bft.key"
        path.unlink(missing_ok=True)
        (keys or later_keys(SEED, "bank")).write(path)
        found = Beginning(
            self.folder / "cometbft",
            Seat("bank", 1, 2, 3),
            application=self.application,
            link=None if alone else self.link,
            entropy=SeededEntropy("nobody's"),
        )
        self.begun.append(found)
        return found

    def settings(self) -> Mapping[str, Any]:
        text = (self.folder / "cometbft" / "config" / "config.toml").read_text()
        found: Mapping[str, Any] = tomllib.loads(text)["statesync"]
        return found

    def keep(self) -> Path:
        """Have the engine keep something, and something signed."""
        data = self.folder / "cometbft" / "data"
        (data / "blockstore.db").mkdir()
        (data / "priv_validator_state.json").write_text("signed")
        return data

    def private(self) -> Any:
        """Return the key file that the engine votes by."""
        path = self.folder / "cometbft" / "config" / "priv_validator_key.json"
        return json.loads(path.read_text())

    def is_own(self, keys: EngineKeys) -> bool:
        """Tell whether the engine votes by these keys."""
        return bool(self.private()["address"] == address_of(keys.public).hex().upper())

    def found_alone(self) -> tuple[EngineKeys, EngineKeys]:
        """Have the county begin with this member's first key, and its next one wait."""
        for link in self.links.values():
            link.close()
        old = engine_keys(SEED, "bank")
        later = EngineKeys(later_keys(SEED, "bank").bft, old.node)
        later.write(self.folder / NEXT_FILE)
        return old, later

    def order(self, height: int) -> None:
        """Have the member take over a block with one record."""
        chain = self.chain
        data = chain.sign(height, [chain.news(height)])
        asked = Offer(height, chain.clock.now_ms() + height, PROPOSER, (bytes(16), data))
        self.application.finalize(asked)
        self.application.commit()

    def close(self) -> None:
        for each in self.begun:
            each.close()
        for node in self.nodes.values():
            node.close()
        self.replica.close()


def told() -> Offering:
    class Told:
        def offered(self, height: int) -> list[Offered]:
            del height
            return [Offered(600, Manifest(1, 1, (bytes(32),) * 2))]

    return Told()  # type: ignore[return-value]

"""The folder of a member's CometBFT node: its keys, its genesis, its settings.

The validator's key is the member's `bft` key, in `bft.key` beside `member.key`; the node's own key,
by which peers know each other's connections, stands there too and is on no chain. Settings, genesis
and keys are written anew at each start, from what the member holds; what the engine itself keeps
(`data`) is touched only to begin anew, and what its validator signed last is never: a validator
that forgets it can be made to sign twice. So a folder that lost it is not begun anew with a key
that has voted: `bft.used`, beside the folder, remembers which have. What one key signed last says
nothing of another's, so a key that follows begins without it, and the one before never returns.
Beside a key that is drawn for a chain that stands it is written that it has signed nothing, which
tells it from one that was brought back from a copy.
Settings not named here are the engine's own. Those named were measured: docs/adr/0022.
Source: CometBFT 0.38, config/toml.go, types/genesis.go, privval/file.go.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tallystick.base.errors import Conflict, Invalid
from tallystick.base.keys import SigningKey
from tallystick.chain import schema
from tallystick.chain.block import Tip
from tallystick.kernel.ledger.engines.abci_server import HOST
from tallystick.kernel.ledger.engines.application import genesis_time_ms, network_name
from tallystick.kernel.ledger.engines.offering import KEPT, SPACING
from tallystick.kernel.ledger.engines.validators import address_of, validators
from tallystick.kernel.ledger.voting import EngineKeys, list_used, note_used, replace_file

__all__ = [
    "DEFAULT",
    "FAST",
    "STATE",
    "EngineKeys",
    "Peer",
    "Seat",
    "Sync",
    "clear_data",
    "forgotten",
    "holds_data",
    "note_unsigned",
    "write_home",
]

DEFAULT: Final = "default"
"""The engine keeps what waits, and its nodes tell each other."""
FAST: Final = "fast"
"""The member keeps what waits (`pool`), and members tell each other (`spreading`)."""
IDLE_INTERVAL: Final = "200ms"
"""An engine that keeps nothing cannot know when there is something to propose: it asks so often."""
EVIDENCE_HEIGHTS: Final = KEPT * SPACING
"""So old may proof be of a validator that voted twice: what is older than that, no engine keeps.
At most ten blocks a second are made, so these heights take longer than `EVIDENCE_NS`."""
EVIDENCE_NS: Final = 600 * 1_000_000_000
TRUST_PERIOD: Final = "87600h"
"""The block to trust was told a moment ago, however old it is."""
DISCOVERY: Final = "5s"
"""The shortest that the engine waits to hear of snapshots."""
STATE: Final = "priv_validator_state.json"
"""What the validator's key signed last."""
_NOTHING: Final = json.dumps({"height": "0", "round": 0, "step": 0})
ENGINE_BLOCK_BYTES: Final = 4 * 1024 * 1024
"""A block of ours is smaller, so that none is cut by the engine."""
RPC_BODY_BYTES_MAX: Final = 8 * 1024 * 1024
BATCH_MAX: Final = 1_000
POOL_MAX: Final = 50_000
POOL_BYTES_MAX: Final = 64 * 1024 * 1024
SEEN_MAX: Final = 200_000
RATE_BYTES: Final = 512 * 1024 * 1024
PACKET_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Peer:
    """Another validator's node."""

    node_id: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a node listens and whom it knows.

    Attributes:
        member: its name.
        app_port: where its application listens, on loopback.
        rpc_port: where it takes transactions, on loopback.
        p2p_port: where its peers connect.
        peers: the other validators' nodes.
        host: the address it listens on for peers.
        profile: `DEFAULT` or `FAST`: who keeps what waits.
    """

    member: str
    app_port: int
    rpc_port: int
    p2p_port: int
    peers: Sequence[Peer] = ()
    host: str = HOST
    profile: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Sync:
    """How an engine that holds nothing takes a snapshot over.

    Attributes:
        servers: nodes that its light client asks, at least two, as addresses.
        height: of the block it trusts.
        block: that one's digest, 32 bytes.
    """

    servers: Sequence[str]
    height: int
    block: bytes


def holds_data(folder: Path) -> bool:
    """Tell whether the engine has kept blocks there."""
    return (folder / "data" / "blockstore.db").is_dir()


def clear_data(folder: Path) -> None:
    """Have the engine begin anew: all that it keeps goes, but what its validator signed last."""
    for path in (folder / "data").glob("*"):
        if path.name == STATE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def note_unsigned(folder: Path) -> None:
    """Write that a key that is drawn now has signed nothing.

    Args:
        folder: the engine's home; no key stands beside it that has voted.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    replace_file(data / STATE, _NOTHING)


def forgotten() -> Conflict:
    """Return the error for a key that has voted, of which nobody knows what it signed last."""
    return Conflict(
        "engine.forgotten",
        "the engine's folder lost what this bft key signed last, and the key has voted",
        cure="Have the members vote a new bft key in, while more than two thirds of the validators"
        " still order: tally change renew --use bft. Where fewer do, nothing can be voted: see"
        " Restore in docs/operate.md.",
    )


def write_home(
    folder: Path,
    keys: EngineKeys,
    tip: Tip,
    seat: Seat,
    *,
    sync: Sync | None = None,
    votes: bool = True,
) -> None:
    """Write a node's folder, or write its settings anew.

    Args:
        folder: the engine's home.
        keys: the member's.
        tip: of the chain; only what genesis says is used.
        seat: where it listens.
        sync: how it takes a snapshot over where it holds nothing; None to ask for all blocks.
        votes: whether the key is the member's; False for one that is nobody's, to follow by.

    Raises:
        Invalid: `engine.no_validators`, the chain's genesis has no `bft` key.
        Conflict: `engine.forgotten`, the key has voted, and what it signed last is lost; or
            another has voted since.
        Corrupt: `engine.bad_used`, which keys have voted is not known.
    """
    config, data = folder / "config", folder / "data"
    state, own = data / STATE, keys.public.hex()
    used = list_used(folder.parent) if votes else []
    if votes and own in used and (own != used[-1] or not state.exists()):
        raise forgotten()
    config.mkdir(parents=True, exist_ok=True)
    data.mkdir(exist_ok=True)
    replace_file(config / "config.toml", _settings(seat, sync))
    replace_file(config / "genesis.json", json.dumps(_genesis(tip), indent=1))
    replace_file(config / "priv_validator_key.json", json.dumps(_validator_key(keys.bft)))
    replace_file(config / "node_key.json", json.dumps({"priv_key": _private(keys.node)}))
    if not state.exists() or (votes and used and own != used[-1]):
        replace_file(state, _NOTHING)
    # Only after the state stands: a crash between the two leaves a folder that may be begun.
    if votes:
        note_used(folder.parent, keys.public)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _public(public: bytes) -> dict[str, str]:
    return {"type": "tendermint/PubKeyEd25519", "value": _base64(public)}


def _private(seed: bytes) -> dict[str, str]:
    public = SigningKey.from_seed(seed).public
    return {"type": "tendermint/PrivKeyEd25519", "value": _base64(seed + public)}


def _validator_key(seed: bytes) -> dict[str, Any]:
    public = SigningKey.from_seed(seed).public
    return {
        "address": address_of(public).hex().upper(),
        "pub_key": _public(public),
        "priv_key": _private(seed),
    }


def _genesis(tip: Tip) -> dict[str, Any]:
    powers = validators(tip.genesis.members, 1)
    if not powers:
        raise Invalid(
            "engine.no_validators",
            "no member of the genesis list has a bft key",
            cure="Found the chain with validators: tally county init --engine cometbft.",
        )
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=genesis_time_ms(tip))
    return {
        "genesis_time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "chain_id": network_name(tip),
        "initial_height": "1",
        "consensus_params": {
            "block": {"max_bytes": str(ENGINE_BLOCK_BYTES), "max_gas": "-1"},
            "evidence": {
                "max_age_num_blocks": str(EVIDENCE_HEIGHTS),
                "max_age_duration": str(EVIDENCE_NS),
                "max_bytes": str(schema.TRANSACTION_BYTES_MAX),
            },
            "validator": {"pub_key_types": ["ed25519"]},
            "version": {"app": "0"},
            "abci": {"vote_extensions_enable_height": "0"},
        },
        "validators": [
            {
                "address": address_of(public).hex().upper(),
                "pub_key": _public(public),
                "power": str(power),
                "name": "",
            }
            for public, power in powers.items()
        ],
        "app_hash": "",
    }


def _settings(seat: Seat, sync: Sync | None) -> str:
    """Return `config.toml`; whatever it does not name is the engine's default."""
    peers = ",".join(f"{each.node_id}@{each.host}:{each.port}" for each in seat.peers)
    known = ",".join(each.node_id for each in seat.peers)
    tables: dict[str, dict[str, str | int | bool]] = {
        "": {
            "moniker": seat.member,
            "proxy_app": f"tcp://{HOST}:{seat.app_port}",
            "abci": "socket",
            "log_level": "error",
        },
        "rpc": {
            "laddr": f"tcp://{HOST}:{seat.rpc_port}",
            "max_request_batch_size": BATCH_MAX,
            "max_body_bytes": RPC_BODY_BYTES_MAX,
        },
        "p2p": {
            "laddr": f"tcp://{seat.host}:{seat.p2p_port}",
            "persistent_peers": peers,
            # Nobody else is let in: of nodes that are not named here it takes none.
            "unconditional_peer_ids": known,
            "max_num_inbound_peers": 0,
            "pex": False,
            "addr_book_strict": False,
            "allow_duplicate_ip": True,
            # Votes and proposals are small: at the default of 100 ms each hop waits for it.
            "flush_throttle_timeout": "10ms",
            "send_rate": RATE_BYTES,
            "recv_rate": RATE_BYTES,
            "max_packet_msg_payload_size": PACKET_BYTES,
        },
        "mempool": _waiting(seat),
        "consensus": {
            "timeout_commit": "100ms",
            "timeout_propose": "500ms",
            # What a round waits for votes beyond two thirds, which is also what it waits when two
            # thirds voted for nothing: at the default of 1 s each, most of a dead proposer's turn.
            "timeout_prevote": "250ms",
            "timeout_precommit": "250ms",
            "peer_gossip_sleep_duration": "10ms",
            **_emptiness(seat),
        },
        "statesync": _syncing(sync),
        "storage": {"discard_abci_responses": True},
        "tx_index": {"indexer": "null"},
    }
    return "\n".join(_table(name, rows) for name, rows in tables.items())


def _waiting(seat: Seat) -> dict[str, str | int | bool]:
    """Return what the engine keeps of what waits."""
    if seat.profile == FAST:
        return {"type": "nop"}
    return {
        # What lost its number or its time while it waited must leave, or it fills every
        # proposal; asking again costs a lookup, no signature.
        "recheck": True,
        "size": POOL_MAX,
        "max_txs_bytes": POOL_BYTES_MAX,
        "cache_size": SEEN_MAX,
        "max_tx_bytes": schema.TRANSACTION_BYTES_MAX,
    }


def _syncing(sync: Sync | None) -> dict[str, str | int | bool]:
    """Return whether the engine begins by a snapshot, and what it trusts."""
    if sync is None:
        return {"enable": False}
    return {
        "enable": True,
        "rpc_servers": ",".join(sync.servers),
        "trust_height": sync.height,
        "trust_hash": sync.block.hex(),
        "trust_period": TRUST_PERIOD,
        "discovery_time": DISCOVERY,
    }


def _emptiness(seat: Seat) -> dict[str, str | int | bool]:
    """Return when a block without transactions is made."""
    if seat.profile == FAST:
        # After a block of ours the next follows at once, since the app hash has changed.
        return {"create_empty_blocks": True, "create_empty_blocks_interval": IDLE_INTERVAL}
    return {"create_empty_blocks": False}


def _table(name: str, rows: dict[str, str | int | bool]) -> str:
    # JSON's strings, numbers and booleans are TOML's, as long as no text holds a control sign.
    lines = [f"{key} = {json.dumps(value)}" for key, value in rows.items()]
    return "\n".join([*([f"[{name}]"] if name else []), *lines, ""])

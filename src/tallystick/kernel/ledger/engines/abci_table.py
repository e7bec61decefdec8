"""The messages of ABCI 2.0 as CometBFT 0.38 sends them, as a table of our own and its classes.

Every message that a socket carries, with each field's name, number and type: a text that a person
can compare with the specification, and a test compares with the engine's own `types.proto`. The
classes come from a private pool of descriptors, so that no other package's messages of the same
names can clash with them. What the ledger never looks into (consensus parameters, commit info) is
declared as bytes: the wire type is the same, and it is kept as it came.
Source: CometBFT 0.38, spec/abci/abci++_methods.md; proto/tendermint/abci/types.proto.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["KINDS", "OPAQUE", "TABLE", "Request", "Response", "message_class"]

PACKAGE: Final = "tallystick.abci"
"""The socket protocol names no package."""

_Fields = Mapping[str, tuple[int, str]]

_BLOCK: Final[dict[str, tuple[int, str]]] = {
    "txs": (1, "*bytes"),
    "misbehavior": (3, "*Misbehavior"),
    "hash": (4, "bytes"),
    "height": (5, "int64"),
    "time": (6, "Timestamp"),
    "next_validators_hash": (7, "bytes"),
    "proposer_address": (8, "bytes"),
}
_RESULT: Final[dict[str, tuple[int, str]]] = {
    "code": (1, "uint32"),
    "data": (2, "bytes"),
    "log": (3, "string"),
    "info": (4, "string"),
    "gas_wanted": (5, "int64"),
    "gas_used": (6, "int64"),
    "events": (7, "*bytes"),
    "codespace": (8, "string"),
}

TABLE: Final[Mapping[str, _Fields]] = {
    "Timestamp": {"seconds": (1, "int64"), "nanos": (2, "int32")},
    "PublicKey": {"ed25519": (1, "bytes"), "secp256k1": (2, "bytes")},
    "Validator": {"address": (1, "bytes"), "power": (3, "int64")},
    "ValidatorUpdate": {"pub_key": (1, "PublicKey"), "power": (2, "int64")},
    "Misbehavior": {
        "type": (1, "enum"),
        "validator": (2, "Validator"),
        "height": (3, "int64"),
        "time": (4, "Timestamp"),
        "total_voting_power": (5, "int64"),
    },
    "Snapshot": {
        "height": (1, "uint64"),
        "format": (2, "uint32"),
        "chunks": (3, "uint32"),
        "hash": (4, "bytes"),
        "metadata": (5, "bytes"),
    },
    "ExecTxResult": _RESULT,
    "RequestEcho": {"message": (1, "string")},
    "RequestFlush": {},
    "RequestInfo": {
        "version": (1, "string"),
        "block_version": (2, "uint64"),
        "p2p_version": (3, "uint64"),
        "abci_version": (4, "string"),
    },
    "RequestInitChain": {
        "time": (1, "Timestamp"),
        "chain_id": (2, "string"),
        "consensus_params": (3, "bytes"),
        "validators": (4, "*ValidatorUpdate"),
        "app_state_bytes": (5, "bytes"),
        "initial_height": (6, "int64"),
    },
    "RequestQuery": {
        "data": (1, "bytes"),
        "path": (2, "string"),
        "height": (3, "int64"),
        "prove": (4, "bool"),
    },
    "RequestCheckTx": {"tx": (1, "bytes"), "type": (2, "enum")},
    "RequestCommit": {},
    "RequestListSnapshots": {},
    "RequestOfferSnapshot": {"snapshot": (1, "Snapshot"), "app_hash": (2, "bytes")},
    "RequestLoadSnapshotChunk": {
        "height": (1, "uint64"),
        "format": (2, "uint32"),
        "chunk": (3, "uint32"),
    },
    "RequestApplySnapshotChunk": {
        "index": (1, "uint32"),
        "chunk": (2, "bytes"),
        "sender": (3, "string"),
    },
    "RequestPrepareProposal": {
        "max_tx_bytes": (1, "int64"),
        "txs": (2, "*bytes"),
        "local_last_commit": (3, "bytes"),
        "misbehavior": (4, "*Misbehavior"),
        "height": (5, "int64"),
        "time": (6, "Timestamp"),
        "next_validators_hash": (7, "bytes"),
        "proposer_address": (8, "bytes"),
    },
    "RequestProcessProposal": {**_BLOCK, "proposed_last_commit": (2, "bytes")},
    "RequestExtendVote": {
        "hash": (1, "bytes"),
        "height": (2, "int64"),
        "time": (3, "Timestamp"),
        "txs": (4, "*bytes"),
        "proposed_last_commit": (5, "bytes"),
        "misbehavior": (6, "*Misbehavior"),
        "next_validators_hash": (7, "bytes"),
        "proposer_address": (8, "bytes"),
    },
    "RequestVerifyVoteExtension": {
        "hash": (1, "bytes"),
        "validator_address": (2, "bytes"),
        "height": (3, "int64"),
        "vote_extension": (4, "bytes"),
    },
    "RequestFinalizeBlock": {**_BLOCK, "decided_last_commit": (2, "bytes")},
    "ResponseException": {"error": (1, "string")},
    "ResponseEcho": {"message": (1, "string")},
    "ResponseFlush": {},
    "ResponseInfo": {
        "data": (1, "string"),
        "version": (2, "string"),
        "app_version": (3, "uint64"),
        "last_block_height": (4, "int64"),
        "last_block_app_hash": (5, "bytes"),
    },
    "ResponseInitChain": {
        "consensus_params": (1, "bytes"),
        "validators": (2, "*ValidatorUpdate"),
        "app_hash": (3, "bytes"),
    },
    "ResponseQuery": {
        "code": (1, "uint32"),
        "log": (3, "string"),
        "info": (4, "string"),
        "index": (5, "int64"),
        "key": (6, "bytes"),
        "value": (7, "bytes"),
        "proof_ops": (8, "bytes"),
        "height": (9, "int64"),
        "codespace": (10, "string"),
    },
    "ResponseCheckTx": _RESULT,
    "ResponseCommit": {"retain_height": (3, "int64")},
    "ResponseListSnapshots": {"snapshots": (1, "*Snapshot")},
    "ResponseOfferSnapshot": {"result": (1, "enum")},
    "ResponseLoadSnapshotChunk": {"chunk": (1, "bytes")},
    "ResponseApplySnapshotChunk": {
        "result": (1, "enum"),
        "refetch_chunks": (2, "*uint32"),
        "reject_senders": (3, "*string"),
    },
    "ResponsePrepareProposal": {"txs": (1, "*bytes")},
    "ResponseProcessProposal": {"status": (1, "enum")},
    "ResponseExtendVote": {"vote_extension": (1, "bytes")},
    "ResponseVerifyVoteExtension": {"status": (1, "enum")},
    "ResponseFinalizeBlock": {
        "events": (1, "*bytes"),
        "tx_results": (2, "*ExecTxResult"),
        "validator_updates": (3, "*ValidatorUpdate"),
        "consensus_param_updates": (4, "bytes"),
        "app_hash": (5, "bytes"),
    },
}
"""By message: number and type by field; a star stands for repeated, a capital for a message."""

OPAQUE: Final = frozenset(
    {"ConsensusParams", "CommitInfo", "ExtendedCommitInfo", "Event", "ProofOps"}
)
"""The engine's messages that stand as bytes here."""

KINDS: Final[Mapping[str, int]] = {
    "echo": 1,
    "flush": 2,
    "info": 3,
    "init_chain": 5,
    "query": 6,
    "check_tx": 8,
    "commit": 11,
    "list_snapshots": 12,
    "offer_snapshot": 13,
    "load_snapshot_chunk": 14,
    "apply_snapshot_chunk": 15,
    "prepare_proposal": 16,
    "process_proposal": 17,
    "extend_vote": 18,
    "verify_vote_extension": 19,
    "finalize_block": 20,
}
"""By kind of request: its number in `Request`; its answer's in `Response` is one more."""

_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_TYPES: Final = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "int64": _FIELD.TYPE_INT64,
    "uint64": _FIELD.TYPE_UINT64,
    "int32": _FIELD.TYPE_INT32,
    "uint32": _FIELD.TYPE_UINT32,
    "bool": _FIELD.TYPE_BOOL,
    # An open enumeration is an int32 on the wire; a number nobody knows is kept and refused.
    "enum": _FIELD.TYPE_INT32,
}


def _title(kind: str) -> str:
    return kind.title().replace("_", "")


def _add_message(
    file: descriptor_pb2.FileDescriptorProto, name: str, fields: _Fields, *, one_of: bool = False
) -> None:
    message = file.message_type.add(name=name)
    if one_of:
        message.oneof_decl.add(name="value")
    for field_name, (number, kind) in fields.items():
        field = message.field.add(name=field_name, number=number)
        field.label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
        plain = kind.removeprefix("*")
        if plain in _TYPES:
            field.type = _TYPES[plain]
        else:
            field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{PACKAGE}.{plain}"
        if one_of:
            field.oneof_index = 0


def _make_pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="abci", package=PACKAGE, syntax="proto3")
    for name, fields in TABLE.items():
        _add_message(file, name, fields)
    asked = {kind: (number, f"Request{_title(kind)}") for kind, number in KINDS.items()}
    told = {kind: (number + 1, f"Response{_title(kind)}") for kind, number in KINDS.items()}
    told["exception"] = (1, "ResponseException")
    _add_message(file, "Request", asked, one_of=True)
    _add_message(file, "Response", told, one_of=True)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL: Final = _make_pool()


def message_class(name: str) -> Any:  # noqa: ANN401 - made at run time, no checker can know it
    """Return the class of a message of the table, of `Request` or of `Response`."""
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


Request: Final = message_class("Request")
Response: Final = message_class("Response")

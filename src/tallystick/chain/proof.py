"""The proof that a record stands in a chain's log, and with which result.

`{v, record, index, path, header, sig, leaf, position, log_path}`: the record is one of a bundle
under its transaction header's root; the transaction's leaf is one of the log under a checkpoint's
root. The header that the leaf's `prev` names (genesis at height 1) gives the members list that the
writer's key is looked up in: chain, key and validity are compared, never assumed.
A proof without record, list and checkpoint takes at most 4 KiB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, Value, sha256
from tallystick.base.errors import Invalid
from tallystick.base.keys import verify
from tallystick.chain import schema
from tallystick.chain.digest import domain
from tallystick.chain.member import Members
from tallystick.chain.merkle import PATH_MAX, includes, inclusion_path, leaf_hash
from tallystick.chain.transaction import Transaction
from tallystick.chain.verdict import Contradicted, Missing

__all__ = ["PROOF", "ProvenRecord", "prove_record", "verify_record"]

_PATH: Final = codec.list_of(schema.b32, PATH_MAX)
PROOF: Final = codec.shape(
    {
        "v": schema.version,
        "record": codec.octets(schema.TRANSACTION_BYTES_MAX),
        "index": schema.u16,
        "path": _PATH,
        "header": codec.octets(schema.TRANSACTION_BYTES_MAX),
        "sig": codec.exact_bytes(64),
        "leaf": codec.octets(schema.RECORD_BYTES_MAX),
        "position": codec.integer(),
        "log_path": _PATH,
    }
)


@dataclass(frozen=True, slots=True)
class ProvenRecord:
    """A record that stands in the log.

    Attributes:
        data: the record's bytes.
        fields: the decoded record; None if it has not the form of one, which code 1 says.
        member: its writer.
        tid: its transaction, 32 bytes; with `index` the record's name.
        index: its place in the bundle.
        height: of its block.
        time_ms: of its block, milliseconds since 1970 UTC.
        code: the transaction's result; 0 = admitted.
    """

    data: bytes
    fields: dict[str, Any] | None
    member: str
    tid: bytes
    index: int
    height: int
    time_ms: int
    code: int


def prove_record(
    transaction: Transaction, index: int, *, leaf: bytes, position: int, log_path: Sequence[bytes]
) -> dict[str, Any]:
    """Return the decoded proof of one record of a transaction.

    Args:
        transaction: as it stands in its block.
        index: the record's place in the bundle.
        leaf: the transaction's leaf in the log.
        position: that leaf's place in the log.
        log_path: the leaf's inclusion path at the size of the checkpoint to prove under.
    """
    hashes = [leaf_hash(record) for record in transaction.records]
    proof: dict[str, Value] = {
        "v": 1,
        "record": transaction.records[index],
        "index": index,
        "path": inclusion_path(hashes, index),
        "header": transaction.header,
        "sig": transaction.signature,
        "leaf": leaf,
        "position": position,
        "log_path": list(log_path),
    }
    found: dict[str, Any] = codec.decode(codec.encode(proof), PROOF)
    return found


def verify_record(
    proof: Mapping[str, Any],
    *,
    chain: bytes,
    size: int,
    root: bytes,
    headers: Mapping[Cid, bytes],
    lists: Mapping[Cid, Members],
) -> ProvenRecord:
    """Return the record that a proof shows to stand in the log, whatever its result.

    Args:
        proof: the decoded proof, of the form `PROOF`.
        chain: the chain's digest, 32 bytes.
        size: leaves in the log, by a checkpoint.
        root: the log's root, by the same checkpoint.
        headers: headers, and genesis, by CID: the caller has hashed them.
        lists: members lists by CID.

    Raises:
        Invalid: `codec.form`, a part has not its form.
        Contradicted: a path, the chain, the key or the signature does not fit.
        Missing: the header before the record, or its members list, is not supplied.
    """
    PROOF(proof)
    header: dict[str, Any] = codec.decode(proof["header"], schema.TX_HEADER)
    height, _, time_ms, code, tid, prev = codec.decode(proof["leaf"], schema.LEAF)
    if header["chain"] != chain:
        raise _no("chain")
    if tid != sha256(proof["header"]):
        raise _no("tid")
    bundle = _Tree("bundle path", header["count"], header["root"])
    bundle.check(proof["record"], proof["index"], proof["path"])
    _Tree("log path", size, root).check(proof["leaf"], proof["position"], proof["log_path"])
    members = _find_list(_list_named_by(prev, height, chain, headers), lists)
    key = members.key(header["member"], header["key"], "tx", height)
    if key is None or not verify(key.pub, domain("tx", tid), proof["sig"]):
        raise _no("key or signature")
    fields = _record_fields(proof["record"])
    if code == 0 and fields is None:
        raise _no("record form")
    return ProvenRecord(
        data=proof["record"],
        fields=fields,
        member=header["member"],
        tid=tid,
        index=proof["index"],
        height=height,
        time_ms=time_ms,
        code=code,
    )


def _no(reason: str) -> Contradicted:
    code = "proof." + reason.replace(" ", "_")
    return Contradicted(code, reason, cure="Ask for a proof of this record on this chain.")


@dataclass(frozen=True, slots=True)
class _Tree:
    """A tree by size and root; `name` is the reason given when a leaf is not in it."""

    name: str
    size: int
    root: bytes

    def check(self, item: bytes, index: int, path: Sequence[bytes]) -> None:
        if index >= self.size or len(path) != _path_length(index, self.size):
            raise _no("path")
        leaf = leaf_hash(item)
        if not includes(leaf=leaf, index=index, size=self.size, path=path, root=self.root):
            raise _no(self.name)


def _path_length(index: int, size: int) -> int:
    """Return how many siblings a leaf has; RFC 9162 section 2.1.3: inner part and right border."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def _list_named_by(prev: Cid, height: int, chain: bytes, headers: Mapping[Cid, bytes]) -> Cid:
    """Return the CID of the list in force at `height`: the header before it names it."""
    before = headers.get(prev)
    if before is None:
        raise Missing("proof.header", "header before the record", cure="Supply that header.")
    fields = codec.decode(before, schema.GENESIS if height == 1 else schema.HEADER)
    if height == 1:
        belongs = sha256(before) == chain
    else:
        belongs = fields["chain"] == chain and fields["height"] == height - 1
    if not belongs:
        raise _no("header before the record")
    found: Cid = fields["members"]
    return found


def _find_list(cid: Cid, lists: Mapping[Cid, Members]) -> Members:
    found = lists.get(cid)
    if found is None:
        raise Missing("proof.members", "members list", cure="Supply the list in force then.")
    return found


def _record_fields(data: bytes) -> dict[str, Any] | None:
    if len(data) > schema.RECORD_BYTES_MAX:
        return None
    try:
        found: dict[str, Any] = codec.decode(data, schema.RECORD)
    except Invalid:
        return None
    return found

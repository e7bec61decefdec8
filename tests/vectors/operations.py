"""What each operation of the golden vectors means in the product: a case goes in, a result out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from tallystick.base import codec, keys
from tallystick.base.codec import Cid, cid_of, sha256
from tallystick.base.errors import Invalid
from tallystick.chain import assent, checkpoint, export, membership, proof, schema, wrap
from tallystick.chain.block import Effects, Genesis, Tip, apply_block, genesis_state, start
from tallystick.chain.car import read_car
from tallystick.chain.digest import domain
from tallystick.chain.disclosure import Opening, verify_disclosure
from tallystick.chain.evidence import verify_evidence
from tallystick.chain.member import Members, quorum
from tallystick.chain.merkle import extends, root_of
from tallystick.chain.pin import Pin
from tallystick.chain.record import Admission
from tallystick.chain.seal import Place, derive_keys, open_sealed
from tallystick.chain.state import Overlay, lanes_of
from tallystick.chain.transaction import Transaction, check_envelope, next_window
from tallystick.chain.verdict import Contradicted, Missing
from vectors.charter import CHARTER

__all__ = ["CHAIN", "OPERATIONS", "Case"]

Case: TypeAlias = dict[str, Any]
Tree: TypeAlias = Any


def _raw(text: str) -> bytes:
    return bytes.fromhex(text)


def _tree(text: str) -> Tree:
    return codec.decode(bytes.fromhex(text), codec.value)


# --- codec ---------------------------------------------------------------------------------------

SCHEMAS: Final[dict[str, codec.Check]] = {
    "record": schema.RECORD,
    "seal": schema.SEAL,
    "tx_header": schema.TX_HEADER,
    "header": schema.HEADER,
    "genesis": schema.GENESIS,
    "members": schema.MEMBERS,
    "leaf": schema.LEAF,
    "transaction": schema.TRANSACTION,
    "block": schema.BLOCK,
    "value": codec.value,
    "any": codec.value,
    "proof": proof.PROOF,
    "window": schema.WINDOW,
}


def _plain(found: Tree) -> Tree:
    """Return a decoded tree as the vectors write it in JSON."""
    if isinstance(found, Cid):
        return {"$cid": found.raw.hex()}
    if isinstance(found, bytes):
        return {"$bytes": found.hex()}
    if isinstance(found, list):
        return [_plain(each) for each in found]
    if isinstance(found, dict):
        return {name: _plain(each) for name, each in found.items()}
    return found


def _value(found: Tree) -> Tree:
    """Return a tree written in JSON as the codec's values."""
    if isinstance(found, dict) and found.keys() == {"$bytes"}:
        return _raw(found["$bytes"])
    if isinstance(found, dict) and found.keys() == {"$cid"}:
        return Cid(_raw(found["$cid"]))
    if isinstance(found, list):
        return [_value(each) for each in found]
    if isinstance(found, dict):
        return {name: _value(each) for name, each in found.items()}
    return found


def run_read(case: Case) -> Case:
    check = SCHEMAS[case["schema"]]
    return {"ok": _plain(codec.decode(_raw(case["hex"]), check))}


def run_encode(case: Case) -> Case:
    return {"hex": codec.encode(_value(case["value"])).hex()}


def run_domain(case: Case) -> Case:
    return {"hex": domain(case["use"], *map(_raw, case["parts"])).hex()}


def run_tree(case: Case) -> Case:
    return {"root": root_of(map(_raw, case["items"])).hex()}


def run_ed25519(case: Case) -> Case:
    pub, message, sig = (_raw(case[name]) for name in ("pub", "message", "sig"))
    return {"valid": keys.verify(pub, message, sig)}


# --- chain ---------------------------------------------------------------------------------------

CHAIN: Final[dict[str, Any]] = {}


@lru_cache(maxsize=1)
def _history(
    genesis: str, members: str, blocks: tuple[str, ...]
) -> list[tuple[Tip, dict[bytes, bytes], Effects | None]]:
    """Return (tip, state, effects) after genesis and after every block."""
    first = Genesis.read(_raw(genesis), _raw(members))
    state = genesis_state(first)
    steps: list[tuple[Tip, dict[bytes, bytes], Effects | None]] = [(start(first), state, None)]
    for block in blocks:
        tip, before, _ = steps[-1]
        effects = apply_block(_raw(block), tip, before.get, CHARTER)
        after = {**before, **{k: v for k, v in effects.changes.items() if v is not None}}
        for key, value in effects.changes.items():
            if value is None:
                del after[key]
        steps.append((effects.tip, after, effects))
    return steps


def _at(height: int) -> tuple[Tip, dict[bytes, bytes], Effects | None]:
    blocks = [each["hex"] if isinstance(each, dict) else each for each in CHAIN["blocks"]]
    return _history(CHAIN["genesis"], CHAIN["members"], tuple(blocks))[height]


def _pairs(found: Iterable[tuple[bytes, bytes | None]]) -> list[list[str]]:
    return [[key.hex(), value.hex()] for key, value in found if value is not None]


def run_start(case: Case) -> Case:
    del case
    tip, state, _ = _at(0)
    return {
        "chain": tip.genesis.chain.hex(),
        "prev": tip.cid.raw.hex(),
        "lanes": sha256(tip.lanes).hex(),
        "state": _pairs(sorted(state.items())),
    }


def run_apply(case: Case) -> Case:
    tip, _, effects = _at(case["height"])
    assert effects is not None
    found = {
        "codes": effects.codes,
        "tids": [tid.hex() for tid in effects.tids],
        "leaves": [leaf.hex() for leaf in effects.leaves],
        "log_size": tip.peaks.size,
        "log_root": tip.peaks.root().hex(),
        "writes": _pairs(sorted(effects.changes.items())),
        "writes_root": effects.writes_root.hex(),
        "lanes": sha256(tip.lanes).hex(),
        "header_cid": tip.cid.raw.hex(),
        "members": tip.members.cid.raw.hex(),
    }
    header, _ = codec.decode(_raw(_block(case["height"])), schema.BLOCK)
    return {**found, "state_root": codec.decode(header, schema.HEADER)["state_root"].hex()}


def _block(height: int) -> str:
    found = CHAIN["blocks"][height - 1]
    return str(found["hex"] if isinstance(found, dict) else found)


def run_invalid(case: Case) -> Case:
    tip, state, _ = _at(case["after"])
    apply_block(_raw(case["hex"]), tip, state.get, CHARTER)
    return {}


def run_one(case: Case) -> Case:
    genesis = Genesis.read(_raw(case["genesis"]), _raw(case["members"]))
    state = genesis_state(genesis)
    effects = apply_block(_raw(case["hex"]), start(genesis), state.get, CHARTER)
    return {"codes": effects.codes, "header_cid": effects.tip.cid.raw.hex()}


def run_lanes(case: Case) -> Case:
    lanes = lanes_of((_raw(key), _raw(value)) for key, value in case["pairs"])
    found = {"digest": sha256(lanes).hex()}
    return {**found, "head": lanes[:8].hex()} if "head" in case["expect"] else found


def run_transaction(case: Case) -> Case:
    genesis = Genesis.read(_raw(case["genesis"]), _raw(case["members"]))
    found = Transaction.read(_raw(case["hex"]))
    window = check_envelope(
        found,
        chain=genesis.chain,
        members=genesis.members,
        height=case["height"],
        time=case["time"],
        window=_raw(case["window"]),
    )
    return {"tid": found.tid.hex(), "window": window.hex()}


def run_window(case: Case) -> Case:
    return {"window": next_window(_raw(case["window"]), case["seq"]).hex()}


# --- members -------------------------------------------------------------------------------------


def run_list(case: Case) -> Case:
    return {"cid": Members.read(_raw(case["list"])).cid.raw.hex()}


def run_valid(case: Case) -> Case:
    members = Members.read(_raw(case["list"]))
    found = members.keys(case["member"], case["use"], case["height"])
    return {"keys": [key.number for key in found]}


def run_pop(case: Case) -> Case:
    key = _tree(case["key"])
    message = membership.pop_message(_raw(case["chain"]), case["member"], key)
    return {"message": message.hex(), "valid": keys.verify(key["pub"], message, key["pop"])}


def run_join(case: Case) -> Case:
    pub = _tree(case["pub"])
    state = {_raw(key): _raw(value) for key, value in case["state"]}
    overlay = Overlay(state.get)
    membership.MEMBER_JOINED.pub(pub)
    offered = Admission(
        record={"pub": pub},
        member=case["writer"],
        role=case["role"],
        chain=_raw(case["chain"]),
        height=case["height"],
        time=0,
        members=Members.read(state[membership.MEMBERS_KEY]),
        state=overlay,
    )
    if membership.admit_member(offered):
        raise codec.refuse("join")
    writes = overlay.net()
    after = writes.pop(membership.MEMBERS_KEY)
    assert after is not None
    return {"list": after.hex(), "writes": _pairs(writes.items())}


# --- proofs and checkpoints ----------------------------------------------------------------------


def run_proof(case: Case) -> Case:
    before = _raw(case.get("before", ""))
    lists = [Members.read(_raw(case["list"]))] if "list" in case else []
    try:
        found = proof.verify_record(
            codec.decode(_raw(case["proof"]), proof.PROOF),
            chain=_raw(case["chain"]),
            size=case["size"],
            root=_raw(case["root"]),
            headers={cid_of(before): before},
            lists={each.cid: each for each in lists},
        )
    except Contradicted as error:
        return {"false": error.message}
    except Missing as error:
        return {"missing": error.message}
    record = found.fields["id"].hex() if found.fields else ""
    return {"record": record, "height": found.height, "code": found.code}


def run_consistency(case: Case) -> Case:
    found = extends(
        old=case["old"],
        old_root=_raw(case["old_root"]),
        new=case["new"],
        new_root=_raw(case["new_root"]),
        path=[_raw(each) for each in case["path"]],
    )
    return {"extends": found}


def _note(case: Case, name: str) -> checkpoint.Checkpoint:
    return checkpoint.read_note(
        case[name].encode(),
        name=case["name_of_chain"],
        chain=_raw(case["chain"]),
        members=Members.read(_raw(case["list"])),
    )


def run_checkpoint(case: Case) -> Case:
    found = checkpoint.verify_checkpoint(
        case["note"].encode(),
        name=case["name_of_chain"],
        chain=_raw(case["chain"]),
        members=Members.read(_raw(case["list"])),
    )
    return {
        "size": found.body.size,
        "height": found.body.height,
        "header": found.body.header.raw.hex(),
        "signers": list(found.signers),
    }


def run_equivocation(case: Case) -> Case:
    return {"members": checkpoint.equivocators(_note(case, "a"), _note(case, "b"))}


def run_quorum(case: Case) -> Case:
    return {"quorum": quorum(case["n"])}


def run_cosigned(case: Case) -> Case:
    return {"hex": checkpoint.cosigned_message(case["text"], case["time"]).hex()}


# --- seals ---------------------------------------------------------------------------------------


def _place(case: Case) -> Place:
    return Place(
        _raw(case["chain"]),
        case["member"],
        _raw(case["id"]),
        case["t"],
        case["rv"],
        case["class"],
    )


def _open(case: Case) -> Opening:
    return open_sealed(
        _raw(case["obj"]),
        place=_place(case),
        fields=CHARTER[case["t"], case["rv"]].fields(case["class"]),
        stated=codec.decode(_raw(case["seal"]), schema.SEAL),
        data_key=_raw(case["data_key"]),
    )


def run_open(case: Case) -> Case:
    return {"fields": codec.encode(_open(case).slots).hex()}


def run_leaves(case: Case) -> Case:
    opening = _open(case)
    return {"leaves": [leaf.hex() for leaf in opening.leaves()], "com": opening.com().hex()}


def run_derive(case: Case) -> Case:
    info = _raw(case["info"]) if "info" in case else _place(case).info()
    k, kc = derive_keys(_raw(case["data_key"]), _raw(case["n"]), info)
    found = {"k": k.hex(), "kc": kc.hex(), "info": info.hex()}
    return {name: found[name] for name in case["expect"]}


def run_disclosure(case: Case) -> Case:
    found = verify_disclosure(
        _tree(case["row"]),
        record=_raw(case["id"]),
        sealed=case["class"],
        fields=CHARTER[case["t"], case["rv"]].fields(case["class"]),
        com=_raw(case["com"]),
    )
    return {
        "name": found.name,
        "value": [codec.encode(found.value).hex()] if found.filled else [],
    }


def run_assent(case: Case) -> Case:
    record = {**codec.decode(_raw(case["record"]), schema.RECORD), "pub": _tree(case["pub"])}
    slots = {
        name: slot for fields in _tree(case["sealed"]).values() for name, slot in fields.items()
    }
    values = {name: slot[1] for name, slot in slots.items() if len(slot) > 1}
    if not assent.is_assented(
        record,
        chain=_raw(case["chain"]),
        member=case["member"],
        values=values,
        registered=values["assent"]["pub"],
    ):
        raise codec.refuse("assent")
    return {"ok": True}


def run_wrap(case: Case) -> Case:
    found = wrap.unwrap(
        _raw(case["wire"]),
        alg=case.get("alg", wrap.X25519),
        private=_raw(case["private"]),
        info=_raw(case["info"]),
    )
    return dict.fromkeys(case["expect"], found.hex())


# --- evidence ------------------------------------------------------------------------------------


def run_evidence(case: Case) -> Case:
    stated = case["pin"]
    pin = Pin(
        _raw(stated["chain"]),
        stated["name"],
        Members.read(_raw(stated["list"])),
        stated["size"],
        _raw(stated["root"]),
    )
    try:
        found = verify_evidence(_raw(case["car"]), pin, CHARTER)
    except Invalid:
        # The reason of a refusal is a hint, not compared.
        return {"status": "refused", "reason": case["expect"]["reason"]}
    return {"status": str(found.status), "reason": found.reason}


def run_export(case: Case) -> Case:
    data = _raw(case["car"])
    car = read_car(data)
    found = export.read_export(data, len(data))
    again = export.write_export(found.genesis, found.lists.values(), found.blocks)
    assert read_car(again) == car
    return {"root": car.root.raw.hex(), "blocks": len(car.blocks)}


OPERATIONS: Final[dict[str, Callable[[Case], Case]]] = {
    "read": run_read,
    "encode": run_encode,
    "d": run_domain,
    "tree": run_tree,
    "lanes": run_lanes,
    "ed25519": run_ed25519,
    "tx": run_transaction,
    "window": run_window,
    "chain.start": run_start,
    "chain.apply": run_apply,
    "chain.invalid": run_invalid,
    "chain.one": run_one,
    "proof": run_proof,
    "consistency": run_consistency,
    "checkpoint": run_checkpoint,
    "equivocation": run_equivocation,
    "quorum": run_quorum,
    "cosign.message": run_cosigned,
    "open": run_open,
    "derive": run_derive,
    "leaves": run_leaves,
    "disclosure": run_disclosure,
    "assent": run_assent,
    "wrap": run_wrap,
    "list": run_list,
    "valid": run_valid,
    "pop": run_pop,
    "join": run_join,
    "evidence": run_evidence,
    "export": run_export,
}

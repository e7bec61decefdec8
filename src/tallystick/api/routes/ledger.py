"""The chain as a member keeps it, and whether all copies agree."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Height, Tid
from tallystick.api.turn import LookDep, Turn, TurnDep, ViewDep, answer_json
from tallystick.base.codec import INTEGER_MAX, decode
from tallystick.base.errors import Corrupt, NotFound
from tallystick.chain import schema
from tallystick.county.agreement import show_agreement
from tallystick.county.charter_table import charter_table
from tallystick.county.checking import SAMPLE_MAX, Check
from tallystick.county.evidence import export_block
from tallystick.kernel.ledger.browse import list_lines, summarise_block

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["ledger"])
BLOCK_TYPE = "application/vnd.ipld.dag-cbor"
PROOF_TYPE = "application/vnd.ipld.car"
BLOCKS_MAX: Final = 100
"""Most blocks of a page: each is read and checked."""
WAIT_MS: Final = 2_000
"""How long a check is waited for; a longer one goes on and is asked for."""
BlockLimit = Annotated[int, Query(ge=1, le=BLOCKS_MAX, description="Most blocks of this page.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """How many blocks to look at: a sample, or 0 for the whole chain from genesis."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    blocks: Annotated[int, Body(strict=True, ge=0, le=SAMPLE_MAX)] = 0


@router.get("/blocks", summary="Blocks, the newest first", dependencies=[act("verify_chain")])
def list_blocks(
    turn: ViewDep,
    limit: BlockLimit = 20,
    before: Annotated[
        int, Query(ge=0, le=INTEGER_MAX, description="Below this height; 0: from the newest.")
    ] = 0,
) -> Response:
    """Answers `{items, next?}`; an item: height, time, cid, what is in it, who cosigned it.

    `cosigned` names whoever signed this block or a later one, for each header names all before it.
    A block of the own file that is not what was written is told by `fault`, its error's code.
    """
    replica = turn.seat.node.replica
    top = min(before - 1, replica.tip.height) if before else replica.tip.height
    cosigned = replica.cosigned()
    rows = [_block(turn, height, cosigned) for height in range(top, max(top - limit, 0), -1)]
    last = rows[-1]["height"] if rows else 0
    return answer_json({"items": rows, **({"next": last} if last > 1 else {})})


def _block(turn: Turn, height: int, cosigned: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "height": height,
        "is_witnessed": int(height <= turn.seat.witnesses.height),
        "cosigned": sorted(name for name, until in cosigned.items() if until >= height),
    }
    try:
        found = summarise_block(turn.seat.node.replica, height)
    except Corrupt as error:
        return {**row, "fault": error.code}
    return {
        **row,
        "time": found.time_ms,
        "cid": str(found.cid),
        "proposer": found.proposer,
        "transactions": found.transactions,
        "refused": found.refused,
        "record_types": dict(found.records),
        "records": sum(found.records.values()),
        "writers": list(found.writers),
        "bytes": found.size_bytes,
    }


@router.get("/blocks/{height}", summary="A block's bytes", dependencies=[act("verify_chain")])
def read_block(turn: LookDep, height: Height) -> Response:
    """Answers the block's canonical DAG-CBOR bytes, as docs/spec tells them."""
    return Response(turn.seat.node.replica.block(height), media_type=BLOCK_TYPE)


@router.get(
    "/blocks/{height}/records", summary="What stands in a block", dependencies=[act("verify_chain")]
)
def list_block_records(turn: ViewDep, height: Height) -> Response:
    """Answers `{items}`: each admitted record's type, member, case and time; never a party."""
    replica = turn.seat.node.replica
    lines = list(list_lines(replica, height))
    time = decode(replica.header(height), schema.HEADER)["time"]
    rows = [
        {"t": each.t, "member": each.member, "time": time, "index": each.index}
        | {"place": each.place}
        | ({"case": each.case} if each.case else {})
        for each in lines
    ]
    return answer_json({"items": rows})


@router.get("/blocks/{height}/proof", summary="A block's proof", dependencies=[act("verify_chain")])
def prove_block(turn: ViewDep, height: Height) -> Response:
    """Answers an evidence file: every admitted record of the block under what members cosigned.

    `tally evidence verify FILE --members members.json` checks it on a machine that knows nothing.
    """
    data = export_block(turn.seat.node, turn.seat.witnesses, height)
    name = f'attachment; filename="block-{height}.car"'
    return Response(data, media_type=PROOF_TYPE, headers={"Content-Disposition": name})


@router.get("/state", summary="Whether all copies agree", dependencies=[act("verify_chain")])
def show_state(turn: ViewDep) -> Response:
    """Answers each member's copy as this member sees it, and what differs: `alarms`.

    An alarm: whose copy, chain's height and field, `expected` and `got`, when it was first and
    last seen, and by whom (others on their own word). `settled` are the latest that are gone.
    """
    return answer_json(show_agreement(turn.house, turn.seat))


@router.get(
    "/verify", summary="The check that runs, or the last one", dependencies=[act("verify_chain")]
)
def show_check(turn: ViewDep) -> Response:
    """Answers how far the check or repair of this member's copy is; 404 before the first."""
    found = turn.seat.checker.check
    if found is None:
        raise NotFound(
            "ledger.no_check", "nothing was checked since the start", cure="POST /verify."
        )
    return _check(found)


@router.post("/verify", summary="Check the own copy now", dependencies=[act("verify_chain")])
def verify_chain(turn: ViewDep, body: Verifying | None = None) -> Response:
    """Reads the own file afresh and compares with all others; a check that runs is not doubled.

    Answers 200 once it has ended, 202 where it goes on: then `GET /verify` tells how far it is.
    """
    return _check(turn.seat.checker.verify((body or Verifying()).blocks, WAIT_MS))


@router.post("/repair", summary="Make the own copy whole again", dependencies=[act("repair_chain")])
def repair_chain(turn: ViewDep) -> Response:
    """Takes what does not hold from the other members, checks it, and keeps the damaged file.

    Answers as `POST /verify`. The orderer's own copy is repaired at rest: `tally repair`.
    """
    return _check(turn.seat.checker.repair(WAIT_MS))


def _check(found: Check) -> Response:
    is_running = found.state == "running"
    tree = {name: each for name, each in asdict(found).items() if each is not None}
    tree["ms"] = (found.ended_ms or found.started_ms) - found.started_ms
    tree["sound"] = int(found.state == "done" and not found.findings)
    return answer_json(tree, 202 if is_running else 200)


@router.get("/checkpoint", summary="A cosigned checkpoint", dependencies=[act("verify_chain")])
def read_checkpoint(
    turn: LookDep, height: Annotated[int, Query(ge=0, le=INTEGER_MAX)] = 0
) -> Response:
    """Answers a C2SP signed note: of `height`, or of the newest witnessed one."""
    seat = turn.seat
    found = height or seat.witnesses.height or seat.node.replica.tip.height
    if not 0 < found <= seat.node.replica.tip.height:
        raise NotFound(
            "ledger.no_note", f"no checkpoint at height {height}", cure="Ask a lower one."
        )
    return Response(seat.witnesses.note(found), media_type="text/plain; charset=utf-8")


@router.get(
    "/differences",
    summary="Where other members' chains differ from this one's",
    dependencies=[act("verify_chain")],
)
def list_differences(turn: LookDep) -> Response:
    """Answers `{items}` of what this member found by comparing and stands, the newest last.

    An item: `{member, height, field, ours, theirs}`.
    """
    names = ("member", "height", "field", "ours", "theirs")
    rows = turn.seat.checker.sightings.open()
    return answer_json({"items": [{name: getattr(row, name) for name in names} for row in rows]})


@router.get(
    "/transactions/{tid}",
    summary="What became of a transaction",
    dependencies=[act("verify_chain")],
)
def show_transaction(turn: LookDep, tid: Tid) -> Response:
    """Answers `{tid, state}` and, once it stands in a block, `{height, index, code, position}`.

    States: `pending`, `ordered`, `witnessed`.
    """
    return answer_json(_transaction(turn, bytes.fromhex(tid)))


def _transaction(turn: Turn, tid: bytes) -> dict[str, Any]:
    node = turn.seat.node
    found = node.replica.find(tid)
    if found is None:
        if any(each.tid == tid for each in node.outbox.pending()):
            return {"tid": tid, "state": "pending"}
        raise NotFound(
            "ledger.unknown", "no such transaction waits or is ordered", cure="Check its id."
        )
    witnessed = turn.seat.witnesses.height >= found.height
    return {
        "tid": tid,
        "state": "witnessed" if witnessed else "ordered",
        "height": found.height,
        "index": found.index,
        "code": found.code,
        "position": found.position,
    }


@router.post(
    "/views/rebuild",
    status_code=201,
    summary="Make the views anew",
    dependencies=[act("rebuild_views")],
)
def rebuild_views(turn: TurnDep) -> Response:
    """Folds the chain again; answers `{member, height, tables: {name: digest}}`."""
    return turn.write(turn.office.rebuild_views)


@router.get("/members", summary="The members in force", dependencies=[act("verify_chain")])
def list_members(turn: LookDep) -> Response:
    """Answers `{items: [{member, role, keys}]}`: the list in force for the next height."""
    return answer_json({"items": turn.office.list_members()})


@router.get("/charter", summary="Who may write what", dependencies=[act("verify_chain")])
def show_charter(turn: LookDep) -> Response:
    """Answers `{items}`: each record type, its names, its writers, and its fields by class."""
    del turn
    return answer_json({"items": charter_table()})

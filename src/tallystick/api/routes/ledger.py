"""The chain as a member keeps it: blocks, checkpoints, transactions, members, the charter."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from tallystick.api.shape import Height, Tid
from tallystick.api.turn import LookDep, Turn, TurnDep, answer_json
from tallystick.base.codec import INTEGER_MAX
from tallystick.base.errors import NotFound
from tallystick.county.charter_table import charter_table

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["ledger"])
BLOCK_TYPE = "application/vnd.ipld.dag-cbor"


@router.get("/blocks/{height}", summary="A block's bytes")
def read_block(turn: LookDep, height: Height) -> Response:
    """Answers the block's canonical DAG-CBOR bytes, as docs/spec tells them."""
    return Response(turn.seat.node.replica.block(height), media_type=BLOCK_TYPE)


@router.get("/checkpoint", summary="A cosigned checkpoint")
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


@router.get("/differences", summary="Where other members' chains differ from this one's")
def list_differences(turn: LookDep) -> Response:
    """Answers `{items}` of what this member found by comparing, unasked, the newest last.

    An item: `{member, height, field, ours, theirs}`.
    """
    return answer_json({"items": [asdict(each) for each in turn.seat.differences]})


@router.get("/transactions/{tid}", summary="What became of a transaction")
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


@router.post("/views/rebuild", status_code=201, summary="Make the views anew")
def rebuild_views(turn: TurnDep) -> Response:
    """Folds the chain again; answers `{member, height, tables: {name: digest}}`."""
    return turn.write(turn.office.rebuild_views)


@router.get("/members", summary="The members in force")
def list_members(turn: LookDep) -> Response:
    """Answers `{items: [{member, role}]}`."""
    rows = [{"member": name, "role": role} for name, role in sorted(turn.seat.node.roles().items())]
    return answer_json({"items": rows})


@router.get("/charter", summary="Who may write what")
def show_charter(turn: LookDep) -> Response:
    """Answers `{items}`: each record type, its names, its writers, and its fields by class."""
    del turn
    return answer_json({"items": charter_table()})

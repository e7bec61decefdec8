"""Members that signed two bodies of one height or size, each with the file that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT
from tallystick.api.turn import ViewDep, answer_json
from tallystick.chain import checkpoint
from tallystick.kernel.ledger.equivocation import Kept

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1/ledger/equivocations", tags=["ledger"])
FILE_TYPE: Final = "application/vnd.ipld.dag-cbor"
Digest = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file: 64 hex digits.")
]


@router.get("", summary="Members that signed twice", dependencies=[act("verify_chain")])
def list_equivocations(turn: ViewDep) -> Response:
    """Answers `{items}`: who signed which two bodies, since when it is known, the file's digest."""
    return answer_json({"items": [_row(each) for each in turn.seat.checker.equivocations.known()]})


@dataclass(frozen=True, slots=True)
class Shown:
    """Two checkpoints that somebody was shown."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    notes: Annotated[
        list[str],
        Body(
            min_length=2,
            max_length=2,
            description="Two C2SP signed notes of one size or height, of different roots.",
        ),
    ]


@router.post(
    "",
    status_code=201,
    summary="Prove that a member signed twice",
    dependencies=[act("verify_chain")],
)
def prove_equivocation(turn: ViewDep, body: Shown) -> Response:
    """Keeps what two notes prove of each member that signed both, and tells all members.

    Answers `{items}` as the list does. Keys are those in force at the notes' heights. Notes that
    prove nothing are refused and kept nowhere.
    """
    one, other = (each.encode() for each in body.notes)
    found = turn.seat.checker.convict(one, other)
    return answer_json({"items": [_row(each) for each in found]}, 201)


@router.get("/{digest}", summary="The file that proves it", dependencies=[act("verify_chain")])
def read_equivocation(turn: ViewDep, digest: Digest) -> Response:
    """Answers the file, as docs/spec/checkpoint.md tells it.

    `tally evidence verify FILE --trust members.json` checks it on a machine that knows nothing.
    """
    kept = turn.seat.checker.equivocations.read(bytes.fromhex(digest))
    name = f'attachment; filename="equivocation-{kept.proof.member}-{digest[:16]}.cbor"'
    return Response(kept.proof.data, 200, {"Content-Disposition": name}, FILE_TYPE)


def _row(kept: Kept) -> dict[str, Any]:
    proof = kept.proof
    return {
        "digest": kept.digest,
        "member": proof.member,
        "known_ms": kept.first_ms,
        "bodies": [_body(proof.first, proof.first_s), _body(proof.second, proof.second_s)],
    }


def _body(body: checkpoint.Body, time_s: int) -> dict[str, Any]:
    return {
        "size": body.size,
        "root": body.root,
        "height": body.height,
        "header": str(body.header),
        "signed_s": time_s,
    }

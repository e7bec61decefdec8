"""The engine's requests as calls of an application, and what it says as answers.

Answers that are always the same are encoded once. Of vote extensions this application makes no use,
and says so in the engine's own words. Query tells the height alone: whoever asks about records asks
the member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tallystick import __version__
from tallystick.base.errors import Error, Invalid
from tallystick.kernel.ledger.engines.abci_server import Answer
from tallystick.kernel.ledger.engines.abci_table import Response
from tallystick.kernel.ledger.engines.abci_wire import frame_of
from tallystick.kernel.ledger.engines.application import Application, Offer
from tallystick.kernel.ledger.engines.manifest import FORMAT
from tallystick.kernel.ledger.engines.marks import Misbehaviour
from tallystick.kernel.ledger.engines.restoring import Snapshot

__all__ = ["answer_for"]

APPLICATION_VERSION: Final = 1
_ACCEPT: Final = 1
_REJECT: Final = 2
_AGAIN: Final = 1
_REFUSED: Final = 1
_LOG_CHARACTERS_MAX: Final = 200
_NS_IN_MS: Final = 1_000_000


def _told(**found: object) -> bytes:
    return frame_of(Response(**found).SerializeToString())


_FLUSH: Final = _told(flush={})
_MAY_WAIT: Final = _told(check_tx={})
_ACCEPTED: Final = _told(process_proposal={"status": _ACCEPT})
_REJECTED: Final = _told(process_proposal={"status": _REJECT})
_COMMITTED: Final = _told(commit={})


def answer_for(application: Application) -> Answer:
    """Return what answers an engine's requests for an application."""
    calls: Mapping[str, Callable[[Application, Any], bytes]] = _CALLS

    def answer(kind: str, asked: Any) -> bytes:  # noqa: ANN401 - a message of the table
        return calls[kind](application, asked)

    return answer


def _echo(_: Application, asked: Any) -> bytes:  # noqa: ANN401 - a message of the table, as below
    return _told(echo={"message": asked.message})


def _flush(_: Application, __: Any) -> bytes:  # noqa: ANN401
    return _FLUSH


def _info(application: Application, _: Any) -> bytes:  # noqa: ANN401
    application.resume()
    return _told(
        info={
            "data": "tallystick",
            "version": __version__,
            "app_version": APPLICATION_VERSION,
            "last_block_height": application.height,
            "last_block_app_hash": application.app_hash,
        }
    )


def _init_chain(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    found = application.begin(asked.chain_id, _milliseconds(asked.time))
    return _told(init_chain={"validators": _updates(found.validators), "app_hash": found.app_hash})


def _updates(powers: Mapping[bytes, int]) -> list[dict[str, object]]:
    return [{"pub_key": {"ed25519": key}, "power": power} for key, power in powers.items()]


def _query(application: Application, _: Any) -> bytes:  # noqa: ANN401
    return _told(query={"height": application.height, "value": application.app_hash})


def _check_tx(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    error = application.check(asked.tx, again=asked.type == _AGAIN)
    if error is None:
        return _MAY_WAIT
    return _told(check_tx={"code": _REFUSED, "codespace": error.code, "log": _log(error)})


def _log(error: Error) -> str:
    return error.message[:_LOG_CHARACTERS_MAX]


def _milliseconds(time: Any) -> int:  # noqa: ANN401
    return int(time.seconds) * 1_000 + int(time.nanos) // _NS_IN_MS


def _offer(asked: Any) -> Offer:  # noqa: ANN401
    time_ms = _milliseconds(asked.time)
    if time_ms < 0 or asked.height < 1:
        raise Invalid(
            "abci.request",
            f"a block of height {asked.height} at {time_ms} ms cannot be",
            cure="Let only CometBFT 0.38 connect to this port.",
        )
    return Offer(asked.height, time_ms, asked.proposer_address, tuple(asked.txs))


def _misbehaviour(asked: Any) -> Sequence[Misbehaviour]:  # noqa: ANN401
    return [
        Misbehaviour(each.height, each.validator.address, each.type, _milliseconds(each.time))
        for each in asked.misbehavior
    ]


def _prepare_proposal(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    txs = application.prepare(_offer(asked), asked.max_tx_bytes)
    return _told(prepare_proposal={"txs": txs})


def _process_proposal(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    return _ACCEPTED if application.judge(_offer(asked)) is None else _REJECTED


def _finalize_block(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    found = application.finalize(_offer(asked), _misbehaviour(asked))
    return _told(
        finalize_block={
            "tx_results": [{"code": code} for code in found.codes],
            "validator_updates": _updates(found.validators),
            "app_hash": found.app_hash,
        }
    )


def _commit(application: Application, _: Any) -> bytes:  # noqa: ANN401
    retained = application.commit()
    return _told(commit={"retain_height": retained}) if retained else _COMMITTED


def _list_snapshots(application: Application, _: Any) -> bytes:  # noqa: ANN401
    found = [
        {
            "height": each.height,
            "format": FORMAT,
            "chunks": each.manifest.chunks,
            "hash": each.manifest.hash,
            "metadata": each.manifest.data,
        }
        for each in application.offering.offered(application.height)
    ]
    return _told(list_snapshots={"snapshots": found})


def _load_snapshot_chunk(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    is_known = asked.format == FORMAT
    found = application.offering.chunk(asked.height, asked.chunk) if is_known else b""
    return _told(load_snapshot_chunk={"chunk": found})


def _offer_snapshot(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    told = asked.snapshot
    offered = Snapshot(told.height, told.format, told.chunks, told.hash, told.metadata)
    result = application.restoring.offer(offered, asked.app_hash)
    return _told(offer_snapshot={"result": int(result)})


def _apply_snapshot_chunk(application: Application, asked: Any) -> bytes:  # noqa: ANN401
    found = application.restoring.apply(asked.index, asked.chunk, asked.sender)
    return _told(
        apply_snapshot_chunk={
            "result": int(found.result),
            "refetch_chunks": found.refetch,
            "reject_senders": found.rejected,
        }
    )


def _fixed(**found: object) -> Callable[[Application, Any], bytes]:
    told = _told(**found)
    return lambda _, __: told


_CALLS: Final[Mapping[str, Callable[[Application, Any], bytes]]] = {
    "echo": _echo,
    "flush": _flush,
    "info": _info,
    "init_chain": _init_chain,
    "query": _query,
    "check_tx": _check_tx,
    "commit": _commit,
    "prepare_proposal": _prepare_proposal,
    "process_proposal": _process_proposal,
    "finalize_block": _finalize_block,
    "list_snapshots": _list_snapshots,
    "offer_snapshot": _offer_snapshot,
    "load_snapshot_chunk": _load_snapshot_chunk,
    "apply_snapshot_chunk": _apply_snapshot_chunk,
    "extend_vote": _fixed(extend_vote={}),
    "verify_vote_extension": _fixed(verify_vote_extension={"status": _ACCEPT}),
}

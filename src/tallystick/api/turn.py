"""One request at one member: its office, and how what it did is answered.

Laws: an answer to a request with an Idempotency-Key is kept before it is given, and a repetition
gets the same bytes for 24 hours, also after a restart; where the node died between signing and
answering, the repetition is answered from what was signed, and nothing is recorded twice. What is
answered 201 is durable; with `?wait=witnessed` it is cosigned by more than two thirds of the
members, or answered 202 with the address of its status.
Source: IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Header, Path, Query, Request
from starlette.responses import Response

from tallystick.api.guest import Guest
from tallystick.api.problem import problem_tree
from tallystick.api.served import Settings
from tallystick.base.codec import decode
from tallystick.base.errors import Error, Unavailable
from tallystick.chain import schema
from tallystick.chain.transaction import Transaction
from tallystick.county.house import Seat
from tallystick.county.local import LocalOffice, told
from tallystick.county.serving import await_witnessed
from tallystick.kernel.access.answers import ASKING, Answer, Asking
from tallystick.kernel.access.desk import refused
from tallystick.kernel.ledger.courier import Courier
from tallystick.kernel.ledger.outbox import Entry
from tallystick.kernel.ledger.outbox import Request as Keyed

__all__ = ["LookDep", "Member", "Settings", "Turn", "TurnDep", "ViewDep", "answer_json"]

WITNESS_MS: Final = 10_000
OWNER: Final = "local"
"""Who asks without a session: whoever holds the county folder's token."""
_OPENED: Final = {
    "mandate.given": "mandate",
    "grant.given": "grant",
    "appeal.opened": "appeal",
    "loan.granted": "loan",
}
Member = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,24}$", description="The member's name.")]
_KEY = r"^[\x21-\x7e]{1,200}$"


def answer_json(
    tree: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response; bytes as hex, links as text."""
    return Response(_bytes(tree), status, dict(headers or {}), "application/json")


def _bytes(tree: object) -> bytes:
    return json.dumps(told(tree), ensure_ascii=False, separators=(",", ":")).encode()


class Turn:
    """One request at one member.

    Attributes:
        house: the open members.
        seat: the member's place in it.
        office: what the member's officers can do.
        guest: the officer whose session it came in; None for the folder's owner.
    """

    def __init__(self, settings: Settings, seat: Seat, request: Request) -> None:
        self.house = settings.house
        self.seat = seat
        self.office = LocalOffice(seat.node)
        self.guest: Guest | None = request.scope["guest"]
        # Without an act beside its route nobody has asked whether this officer may.
        assert self.guest is None or (
            self.guest.member == seat.node.member and "act" in request.scope
        )
        self._path = request.url.path
        self._route = f"{request.method} {request.url.path}?{request.url.query}"
        self._body: bytes = request.scope.get("body", b"")
        self._key = ""
        self._is_waiting = False

    @property
    def officer(self) -> str:
        """The id that stands in what is recorded in this turn, in hex."""
        return self.seat.node.desk.officer().hex()

    @property
    def role(self) -> str:
        """The officer's role; "" for the folder's owner, who may do every act."""
        return self.guest.account.role if self.guest else ""

    @property
    def user(self) -> str:
        """Whose Idempotency-Keys these are."""
        return self.officer if self.guest else OWNER

    def expect(self, key: str, *, witnessed: bool) -> None:
        """Note the request's Idempotency-Key, and whether it waits for witnesses."""
        self._key, self._is_waiting = key, witnessed

    def write(self, act: Callable[..., object], /, *given: Any, **named: Any) -> Response:  # noqa: ANN401 - an office's verb
        """Do what the request asks, once, and answer it."""
        return self._once(lambda keyed: self._first(keyed, lambda: act(*given, **named)))

    def write_list(
        self, act: Callable[[list[Any]], object], rows: list[Any], most: int
    ) -> Response:
        """Do what the request asks for a list of rows, once each, and answer all of it.

        Args:
            act: an office's verb, that records its rows at once or none of them.
            rows: what the verb is given.
            most: how many of them at a time: what one transaction takes, so that a repetition
                knows which were recorded before the node died.
        """
        parts = [rows[at : at + most] for at in range(0, len(rows), most)]
        return self._once(lambda keyed: self._first_parts(keyed, act, parts))

    def _first_parts(
        self, keyed: Keyed | None, act: Callable[[list[Any]], object], parts: list[list[Any]]
    ) -> tuple[Response, bool]:
        items: list[Any] = []
        tree: dict[str, Any] = {"items": items}
        for at, part in enumerate(parts):
            # The first goes by the request's own name, as a request of one part does.
            named = keyed and (replace(keyed, route=f"{keyed.route} {at}") if at else keyed)
            answer, is_final = self._first(named, partial(act, part))
            if not is_final or len(parts) == 1:
                return answer, is_final
            part_tree = json.loads(bytes(answer.body))
            items += part_tree.pop("items")
            tree |= part_tree
        return answer_json(tree, 201), True

    def _once(self, first: Callable[[Keyed | None], tuple[Response, bool]]) -> Response:
        """Answer a request from its first answer, where there is one; else do it, and keep that."""
        if not self._key:
            answer, _ = first(None)
            return self._respond(answer)
        keyed = Keyed(self.user, f"{self.seat.node.member} {self._route}", self._key, self._body)
        answers = self.seat.node.answers
        with answers.hold(keyed):
            known = answers.find(keyed)
            if known is not None:
                return _repeat(known)
            try:
                answer, is_final = first(keyed)
            except Error as error:
                if _is_final(error):
                    tree = problem_tree(error)
                    answers.keep(keyed, Answer(tree["status"], _bytes(tree)))
                raise
            if is_final:
                answers.keep(keyed, Answer(answer.status_code, bytes(answer.body)))
        return self._respond(answer)

    def _first(self, keyed: Keyed | None, act: Callable[[], object]) -> tuple[Response, bool]:
        """Do it, or finish what was signed for it before the node died."""
        entry = None if keyed is None else self.seat.node.outbox.known(keyed)
        if entry is not None:
            return self._recover(entry), True
        return self._do(Asking(keyed), act)

    def _do(self, asking: Asking, act: Callable[[], object]) -> tuple[Response, bool]:
        token = ASKING.set(asking)
        try:
            found = act()
        except Unavailable as error:
            tid = error.values.get("tid")
            if error.code != "ledger.late" or not isinstance(tid, str):
                raise
            return self._pending(tid, {}), False
        finally:
            ASKING.reset(token)
        tree = dict(found) if isinstance(found, Mapping) else {"items": found}
        if not asking.settled:
            return answer_json(tree, 201), True
        last = max(asking.settled, key=lambda each: (each.height, each.index))
        tree |= {"height": last.height, "tid": last.tid.hex()}
        return answer_json(tree, 201), True

    def _recover(self, entry: Entry) -> Response:
        """Answer from a transaction that was signed before the node died."""
        node = self.seat.node
        result = entry.result
        if result is None:
            self.seat.ledger.submit(entry.data)
            self.seat.settle()
            result = Courier(node.outbox, self.seat.ledger).finish(entry)
            node.fold()
        if result.code:
            raise refused(result.code, ())
        records = [decode(data, schema.RECORD) for data in Transaction.read(entry.data).records]
        tree: dict[str, Any] = {"height": result.height, "tid": result.tid.hex(), "recovered": 1}
        cases = [each["id"].hex() for each in records if each["t"] == "case.applied"]
        if cases:
            # Where the stop came between intake and decision.
            node.finish_cases([bytes.fromhex(case) for case in cases])
            return answer_json({**tree, "items": [self._stage_of(case) for case in cases]}, 201)
        last = records[-1]
        tree |= {_OPENED.get(each["t"], "record"): each["id"].hex() for each in records}
        if "case" in last:
            tree["case"] = last["case"].hex()
        return answer_json(tree, 201)

    def _stage_of(self, case: str) -> dict[str, Any]:
        row = self.seat.node.positions.find_case(bytes.fromhex(case))
        return {"case": case, "kind": row["kind"], "stage": row["stage"]}

    def _respond(self, answer: Response) -> Response:
        """Wait for witnesses, where the request asks for them."""
        if answer.status_code != 201 or not self._is_waiting:  # noqa: PLR2004 - created
            return answer
        tree = json.loads(bytes(answer.body))
        height = tree.get("height", 0)
        if not height or await_witnessed(self.house, self.seat, height, WITNESS_MS):
            return answer
        return self._pending(tree["tid"], tree)

    def _pending(self, tid: str, tree: Mapping[str, Any]) -> Response:
        status = f"/{self.seat.node.member}/v1/transactions/{tid}"
        return answer_json({**tree, "tid": tid, "status": status}, 202, {"Location": status})


def _repeat(known: Answer) -> Response:
    kind = "application/json" if known.status < 400 else "application/problem+json"  # noqa: PLR2004 - errors
    return Response(known.body, known.status, {"Idempotency-Replayed": "true"}, kind)


def _is_final(error: Error) -> bool:
    """Tell whether an error is this request's answer for good, not the moment's."""
    passing = {"outbox.key_reused", "request.running", "node.locked"}
    return 400 <= error.http_status < 500 and error.code not in passing  # noqa: PLR2004 - client errors


def _take_turn(
    request: Request,
    member: Member,
    idempotency_key: Annotated[
        str | None,
        Header(pattern=_KEY, description="A repetition within 24 h gets the first answer."),
    ] = None,
    wait: Annotated[
        Literal["durable", "witnessed"],
        Query(description="What a write waits for: its block, or two thirds of the members."),
    ] = "durable",
) -> Turn:
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    seat.node.catch_up()
    turn = Turn(settings, seat, request)
    turn.expect(idempotency_key or "", witnessed=wait == "witnessed")
    return turn


def _look(request: Request, member: Member) -> Turn:
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    seat.node.catch_up()
    return Turn(settings, seat, request)


def _view(request: Request, member: Member) -> Turn:
    """Return a turn at a member whose own copy may be damaged: then it is looked at as it is."""
    settings: Settings = request.app.state.settings
    seat = settings.seat(member)
    with contextlib.suppress(Error):
        seat.node.catch_up()
    return Turn(settings, seat, request)


TurnDep = Annotated[Turn, Depends(_take_turn)]
"""A request that writes."""
LookDep = Annotated[Turn, Depends(_look)]
"""A request that reads."""
ViewDep = Annotated[Turn, Depends(_view)]
"""A look at what a damaged copy must not hide: the ledger itself, and the officers' accounts."""

"""Python client of the API: a member's office over HTTP, or over the application in this process.

Law: what the API refuses is raised as the same error family with the same code, whatever carries
the request; a write is sent with an Idempotency-Key when its caller names one.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import httpx

from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)

__all__ = ["App", "Client", "in_process"]

TIMEOUT_S: Final = 30
HOME: Final = "http://127.0.0.1"
App = Callable[..., Awaitable[None]]
"""An ASGI application."""
Tree = dict[str, Any]
_FAMILIES: Final[dict[str, type[Error]]] = {
    each.__name__: each
    for each in (Conflict, Corrupt, Denied, Error, Invalid, NotFound, Unavailable)
}


class Client:
    """One member's office, at an address.

    Args:
        address: such as `http://127.0.0.1:8420`.
        token: the county folder's.
        member: whose office it is.
        transport: carries the requests; None for the network.
    """

    def __init__(
        self,
        address: str,
        token: str,
        member: str,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.member = member
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=False,
        )
        self._key = ""
        self._wait = ""

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection."""
        self.close()

    @contextmanager
    def keyed(self, key: str = "", *, witnessed: bool = False) -> Iterator[Client]:
        """Send the block's one write with an Idempotency-Key, or wait for its witnesses."""
        self._key, self._wait = key, "witnessed" if witnessed else ""
        try:
            yield self
        finally:
            self._key = self._wait = ""

    # ---- requests

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the response to a request under `/{member}/v1`; raises what the API refuses.

        Raises:
            Unavailable: `client.unreachable`, nobody answers at the address.
            Error: as the API names it.
        """
        return self.ask(method, f"/{self.member}/v1{path}", **more)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Return the response to a request at a path of its own; raises as `request`."""
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise Unavailable(
                "client.unreachable",
                "the node does not answer at its address",
                cure="Is it running? tally county serve.",
            ) from error
        if response.is_error:
            raise _read_problem(response)
        return response

    def _get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - a tree
        named = {name: value for name, value in query.items() if value not in ("", None)}
        return self.request("GET", path, params=named).json()

    def _send(self, path: str, body: object = None, method: str = "POST") -> Tree:
        headers = {"Idempotency-Key": self._key} if self._key else {}
        query = {"wait": self._wait} if self._wait else {}
        response = self.request(
            method, path, headers=headers, params=query, **({} if body is None else {"json": body})
        )
        tree: Tree = response.json()
        if response.status_code == httpx.codes.ACCEPTED and "height" not in tree:
            raise Unavailable(
                "ledger.late",
                f"transaction {tree['tid']} has no result yet",
                cure="Ask for its status, or repeat with the same key.",
                tid=tree["tid"],
            )
        return tree

    # ---- consent

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> str:
        """Register a person, household, firm or project and return its id."""
        body = {"kind": kind, "identity": dict(identity), "contacts": contacts}
        found: str = self._send("/parties", _present(body))["party"]
        return found

    def send_registrations(self) -> Tree:
        """Let registrations and erasures that wait leave now, in their shuffled bundle."""
        return self._send("/registrations")

    def show_party(self, party: str) -> Tree:
        """Return a party's identity and cases, at its custodian."""
        found: Tree = self._get(f"/parties/{party}")
        return found

    def erase_party(self, party: str) -> Tree:
        """Forget a party's keys for good."""
        return self._send(f"/parties/{party}", method="DELETE")

    def list_receipts(self, party: str) -> list[Any]:
        """Return who read what of a party at this member, oldest first."""
        found: list[Any] = self._get(f"/parties/{party}/receipts")["items"]
        return found

    def add_mandate(self, party: str, *, witness: str, days: int, text: str) -> str:
        """Record that the party lets this member's officer act for it, before `witness`."""
        body = {"party": party, "witness": witness, "days": days, "text": text}
        found: str = self._send("/mandates", body)["mandate"]
        return found

    def end_mandate(self, mandate: str) -> Tree:
        """Take a mandate back."""
        return self._send(f"/mandates/{mandate}/end")

    def give_grant(
        self, party: str, *, recipient: str, classes: Sequence[str], purpose: str, days: int
    ) -> Tree:
        """Record a party's consent."""
        body = {"party": party, "recipient": recipient, "purpose": purpose, "days": days}
        return self._send("/grants", {**body, "classes": list(classes)})

    def end_grant(self, grant: str) -> Tree:
        """Take a grant back."""
        return self._send(f"/grants/{grant}/end")

    # ---- cases

    def open_cases(self, requests: Sequence[Mapping[str, Any]]) -> list[Tree]:
        """Take requests in and run the five steps on each; as `Office.open_cases`."""
        body = {"requests": [_present(each) for each in requests]}
        found: list[Tree] = self._send("/cases", body)["items"]
        return found

    def list_cases(
        self, *, stage: str = "", owner: str = "", limit: int = 100, offset: int = 0
    ) -> list[Any]:
        """Return cases as this member's views have them, newest first."""
        return self._list("/cases", limit, offset, stage=stage, owner=owner)

    def _list(self, path: str, limit: int, offset: int, **query: str) -> list[Any]:
        found: list[Any] = self._get(path, limit=limit, offset=offset, **query)["items"]
        return found

    def show_case(self, case: str) -> Tree:
        """Return the case with what this member may open."""
        found: Tree = self._get(f"/cases/{case}")
        return found

    def show_report(self, case: str, language: str = "zh") -> str:
        """Return the household's report as one HTML page."""
        query = {"language": language}
        return self.request("GET", f"/cases/{case}/report", params=query).text

    def hand_over(self, case: str, *, to: str, days: int, notes: str = "") -> Tree:
        """Give the case to another member."""
        return self._send(f"/cases/{case}/hand-over", {"to": to, "days": days, "notes": notes})

    def approve(self, case: str, *, notes: str = "") -> Tree:
        """Approve what the report offered."""
        return self._send(f"/cases/{case}/approve", {"notes": notes})

    def grant_loan(self, case: str) -> Tree:
        """Grant what was approved and accepted, on the report's terms."""
        return self._send(f"/cases/{case}/loan", {})

    def list_loans(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return loans as this member's views have them, newest first."""
        return self._list("/loans", limit, offset, case=case)

    def disburse_loan(self, loan: str, *, amount_minor: int) -> Tree:
        """Record that money of a loan was paid out."""
        return self._send(f"/loans/{loan}/disburse", {"amount_minor": amount_minor})

    def repay_loan(self, loan: str, *, principal_minor: int, interest_minor: int = 0) -> Tree:
        """Record that money of a loan came back; fees count as interest."""
        body = {"principal_minor": principal_minor, "interest_minor": interest_minor}
        return self._send(f"/loans/{loan}/repay", body)

    def show_standing(self, party: str) -> Tree:
        """Return a party's integrity record as this member can know it."""
        found: Tree = self._get(f"/parties/{party}/standing")
        return found

    def refuse(self, case: str, *, code: str, words: str) -> Tree:
        """Refuse in person."""
        return self._send(f"/cases/{case}/refuse", {"code": code, "words": words})

    def close_case(self, case: str, *, code: str, words: str = "") -> Tree:
        """Close the case."""
        return self._send(f"/cases/{case}/close", {"code": code, "words": words})

    def override(self, case: str, *, code: str, outcome: str, file: str) -> Tree:
        """Decide otherwise than the decision."""
        body = {"code": code, "outcome": outcome, "file": file}
        return self._send(f"/cases/{case}/override", body)

    def answer_offer(self, case: str, *, accepted: bool, words: str = "") -> Tree:
        """Record the household's answer to its offer."""
        return self._send(f"/cases/{case}/offer", {"accepted": accepted, "words": words})

    def receive_money(self, case: str, *, amount_minor: int, words: str = "") -> Tree:
        """Record how much the household says it received."""
        return self._send(f"/cases/{case}/money", {"amount_minor": amount_minor, "words": words})

    def sum_feedback(self, by: str = "provider") -> Tree:
        """Return what feedback says, by `provider` or `scheme`; leaves receipts."""
        found: Tree = self._get("/feedback/summary", by=by)
        return found

    def due_feedback(self) -> list[Tree]:
        """Return cases of other members whose feedback is due now."""
        found: list[Tree] = self._get("/feedback/due")["items"]
        return found

    def give_feedback(
        self, case: str, *, felt: int, income_minor: int | None = None, words: str = ""
    ) -> Tree:
        """Record what the household says became of it."""
        body = {"felt": felt, "income_minor": income_minor, "words": words}
        return self._send(f"/cases/{case}/feedback", _present(body))

    def open_appeal(self, case: str, *, code: str, words: str) -> Tree:
        """Take in an appeal against the case's decision or refusal."""
        return self._send(f"/cases/{case}/appeals", {"code": code, "words": words})

    def list_appeals(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return appeals, newest first."""
        return self._list("/appeals", limit, offset, case=case)

    def settle_appeal(self, appeal: str, *, outcome: str, words: str) -> Tree:
        """Answer an appeal."""
        return self._send(f"/appeals/{appeal}/settle", {"outcome": outcome, "words": words})

    # ---- what positioning chooses from

    def list_providers(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return service subjects by name."""
        return self._list("/providers", limit, offset)

    def list_products(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return published products by name and version."""
        return self._list("/products", limit, offset)

    def list_rules(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return which versions of which rules are in force from which height on."""
        return self._list("/rules", limit, offset)

    def publish_catalogue(self, tree: Mapping[str, Any]) -> Tree:
        """Publish providers, products and reference figures."""
        return self._send("/catalogue", dict(tree))

    def add_provider(self, entry: Mapping[str, Any]) -> Tree:
        """Publish one service subject."""
        return self._send("/providers", dict(entry))

    def add_product(self, entry: Mapping[str, Any]) -> Tree:
        """Publish one version of a product."""
        return self._send("/products", dict(entry))

    # ---- models

    def list_models(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return models ever approved, the latest first; the one `in_force` decides."""
        return self._list("/models", limit, offset)

    def show_model(self, model: str) -> Tree:
        """Return a model's approval, figures and features, by its CID."""
        found: Tree = self._get(f"/models/{model}")
        return found

    def publish_model(self, tree: Mapping[str, Any]) -> Tree:
        """Keep a model as a public object, by which nothing decides yet; tells its CID."""
        return self._send("/models", {"model": dict(tree)})

    def approve_model(
        self, model: str, *, name: str, report: Mapping[str, Any], force: str | None = None
    ) -> Tree:
        """Let a published model decide; `force` says by code why, where its figures forbid it."""
        body = {"name": name, "report": dict(report), "force": force}
        return self._send(f"/models/{model}/approve", _present(body))

    def retire_model(self, model: str, *, code: str | None = None) -> Tree:
        """Let a model decide no more."""
        return self._send(f"/models/{model}/retire", _present({"code": code}))

    def shadow_model(self, model: str, *, days: int = 0, limit: int = 200, offset: int = 0) -> Tree:
        """Return a page of what a model would have decided of this member's own cases."""
        query = {"days": days, "limit": limit, "offset": offset}
        found: Tree = self._get(f"/models/{model}/shadow", **query)
        return found

    # ---- money and public statements

    def allocate_fund(self, *, fund: str, to: str, programme: str, amount_minor: int) -> Tree:
        """Put public money at a member's disposal."""
        body = {"fund": fund, "to": to, "programme": programme, "amount_minor": amount_minor}
        return self._send("/allocations", body)

    def publish_news(self, text: str, *, language: str = "zh") -> Tree:
        """Publish as the newspaper."""
        return self._send("/news", {"text": text, "language": language})

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> Tree:
        """Advise on a topic or a case."""
        return self._send("/guidance", _present({"topic": topic, "text": text, "case": case}))

    def evaluate_project(self, project: str, *, score: int, text: str) -> Tree:
        """Score a project's case or record, 0..100."""
        return self._send("/evaluations", {"project": project, "score": score, "text": text})

    # ---- the chain

    def show_health(self) -> Tree:
        """Return height, head, witnessed height and alarm."""
        found: Tree = self.ask("GET", f"/{self.member}/healthz").json()
        return found

    def list_differences(self) -> list[Tree]:
        """Return where other members' chains differ from this one's, by its own comparing."""
        found: list[Tree] = self.request("GET", "/differences").json()["items"]
        return found

    def read_block(self, height: int) -> bytes:
        """Return a block's canonical bytes."""
        return self.request("GET", f"/blocks/{height}").content

    def read_checkpoint(self, height: int = 0) -> bytes:
        """Return a cosigned note: of `height`, or of the newest witnessed one."""
        return self.request("GET", "/checkpoint", params={"height": height}).content

    def show_transaction(self, tid: str) -> Tree:
        """Return what became of a transaction."""
        found: Tree = self._get(f"/transactions/{tid}")
        return found

    def rebuild_views(self) -> Tree:
        """Make the member's views anew from its chain."""
        return self._send("/views/rebuild")

    def list_members(self) -> list[Any]:
        """Return the members in force with their roles."""
        found: list[Any] = self._get("/members")["items"]
        return found

    def show_charter(self) -> list[Any]:
        """Return who may write which record type, and who may read which field."""
        found: list[Any] = self._get("/charter")["items"]
        return found


def _present(tree: Mapping[str, Any]) -> Tree:
    """Return the tree without what is absent: nothing is null."""
    return {name: value for name, value in tree.items() if value is not None}


def _read_problem(response: httpx.Response) -> Error:
    """Return the error that a problem tells: of its family, with its code and cure."""
    try:
        tree = response.json()
        family = _FAMILIES[tree["family"]]
        values = {str(name): value for name, value in tree.get("values", {}).items()}
        for taken in ("code", "message", "cure"):
            values.pop(taken, None)
        return family(tree["code"], tree["detail"], cure=tree.get("cure", ""), **values)
    except (KeyError, TypeError, AttributeError, ValueError):
        return Unavailable(
            "client.answer",
            f"the answer of status {response.status_code} is no problem of this API",
            cure="Is another program listening at this address?",
        )


class _AppTransport(httpx.BaseTransport):
    """Carries requests to an application in this process, in an event loop of its own thread."""

    def __init__(self, app: App) -> None:
        self._carrier = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's response, read whole."""
        return asyncio.run_coroutine_threadsafe(self._carry(request), self._loop).result()

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        response = await self._carrier.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        """End the loop and its thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self._carrier.aclose()
        await self._loop.shutdown_default_executor()


def in_process(app: App, token: str, member: str) -> Client:
    """Return a client of an application in this process: the same routes, auth and errors."""
    return Client(HOME, token, member, transport=_AppTransport(app))

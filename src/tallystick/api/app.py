"""The application: a house's members under `/{member}/v1`, behind one gate.

Laws: bound to this machine unless told; a seeded county, whose keys anybody can make, never leaves
it; every error is a problem of one shape.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fastapi import FastAPI

from tallystick import __version__
from tallystick.api.answers import answers_of, problems, schemas
from tallystick.api.gate import LOOPBACK, Gate
from tallystick.api.gateway import Rest
from tallystick.api.problem import add_handlers
from tallystick.api.routes import (
    book,
    chain,
    change,
    consent,
    credit,
    draft,
    equivocation,
    health,
    ipfs,
    ipns,
    ledger,
    log,
    model,
    officer,
    positioning,
    programme,
    provider,
    public,
    publication,
    store,
    work,
)
from tallystick.api.served import Settings
from tallystick.api.token import ensure_token
from tallystick.county.house import House

__all__ = ["create_app", "describe_api"]


def create_app(
    house: House, *, members: Collection[str] = (), hosts: Collection[str] = LOOPBACK
) -> FastAPI:
    """Return the application that serves a house, after what a stop had cut off is finished.

    Args:
        house: its open members.
        members: those to be reached; empty for all.
        hosts: names a request may be sent to, without ports.

    Raises:
        NotFound: `member.unknown`, a member is none of the county's.
        Denied: the county's token may be read by others.
    """
    names = frozenset(members) or frozenset(seat.node.member for seat in house.seats())
    for name in names:
        house.seat(name)
    for node in house.nodes():
        node.recover()
    app = _bare_app()
    app.state.settings = settings = Settings(house, names)
    token = ensure_token(house.folder)
    app.add_middleware(Gate, settings=settings, token=token, hosts=frozenset(hosts))
    return app


def _bare_app() -> FastAPI:
    app = FastAPI(
        title="Tallystick",
        version=__version__,
        description="One member's node: cases, consent, credit, publication and the chain.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    add_handlers(app)
    # Before all others: whatever is asked below it needs no token, so it ends there.
    app.include_router(ipfs.router)
    app.include_router(ipns.router)
    app.router.routes.append(Rest())
    for part in (
        health,
        officer,
        consent,
        positioning,
        # Before the models: `/models/due` is no model's address.
        book,
        model,
        credit,
        publication,
        ledger,
        equivocation,
        change,
        chain,
        log,
        public,
        programme,
        provider,
        work,
        draft,
        store,
    ):
        app.include_router(part.router)
    return app


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI description of every route."""
    found = _bare_app().openapi()
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    found["components"]["schemas"] |= schemas()
    found["components"]["responses"] = problems()
    for unused in ("HTTPValidationError", "ValidationError"):
        # Every problem has the one shape of RFC 9457.
        found["components"]["schemas"].pop(unused, None)
    for path, methods in found["paths"].items():
        for route in methods.values():
            route["responses"] = answers_of(route["operationId"])
            is_open = (
                path.endswith("healthz") or "/log/" in path or path.startswith(("/ipfs/", "/ipns/"))
            )
            if is_open or route["operationId"] == "log_in":
                route["security"] = []
    return found

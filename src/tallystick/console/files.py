"""What the console hands out as files: the household's page, evidence, proofs.

Law: a file is asked of the API with the visitor's token, and is never kept by a browser's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from tallystick.base.errors import Error
from tallystick.client import AsyncClient
from tallystick.console.visit import SESSION_OVER, Office

__all__ = ["make_files"]

_PRIVATE: Final = {"cache-control": "no-store"}
MemberPath = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,24}$")]
Case = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Lang = Literal["zh", "en"]


def make_files(office: Office, ask: Callable[[str, str], AsyncClient]) -> APIRouter:
    """Return the routes of files."""
    router = APIRouter(include_in_schema=False)

    async def hand_out(
        request: Request, member: str, path: str, *, kind: str, name: str = "", **query: str
    ) -> Response:
        if member not in office.members:
            return RedirectResponse("/", 303)
        token = request.cookies.get(office.cookie(member), "")
        try:
            found = (await ask(member, token).request("GET", path, params=query)).content
        except Error as error:
            if error.code in SESSION_OVER:
                return RedirectResponse(f"/{member}/zh/enter", 303)
            return Response(error.code, error.http_status, _PRIVATE, "text/plain")
        headers = dict(_PRIVATE)
        if name:
            headers["content-disposition"] = f'attachment; filename="{name}"'
        return Response(found, 200, headers, kind)

    @router.get("/{member}/file/report/{case}/{language}")
    async def report(request: Request, member: MemberPath, case: Case, language: Lang) -> Response:
        path = f"/cases/{case}/report"
        return await hand_out(request, member, path, kind="text/html", language=language)

    @router.get("/{member}/file/evidence/{case}")
    async def evidence(request: Request, member: MemberPath, case: Case) -> Response:
        path, name = f"/cases/{case}/evidence", f"{case}.car"
        kind = "application/vnd.ipld.car"
        return await hand_out(request, member, path, kind=kind, name=name)

    @router.get("/{member}/file/proof/{height}")
    async def proof(request: Request, member: MemberPath, height: int) -> Response:
        path, name = f"/blocks/{height}/proof", f"block-{height}.car"
        return await hand_out(request, member, path, kind="application/vnd.ipld.car", name=name)

    @router.get("/{member}/file/equivocation/{digest}")
    async def equivocation(request: Request, member: MemberPath, digest: Digest) -> Response:
        path, name = f"/ledger/equivocations/{digest}", f"equivocation-{digest[:16]}.cbor"
        kind = "application/vnd.ipld.dag-cbor"
        return await hand_out(request, member, path, kind=kind, name=name)

    return router

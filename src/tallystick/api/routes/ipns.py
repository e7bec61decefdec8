"""The trustless gateway's routes of names: their signed records, and what they lead to.

What is at an address changes, as often as who has the name's key likes. Laws and source:
`api/gateway.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from tallystick.api.gateway import serve_name

__all__ = ["router"]

router = APIRouter(prefix="/ipns", tags=["ipfs"])
Name = Annotated[str, Path(description="The IPNS name of an Ed25519 key.")]
Names = Annotated[str, Path(description="Names below what it leads to; for a CAR alone.")]


@router.get("/{name}", summary="A name's record, or a block or CAR of what it leads to")
def read_name(request: Request, name: Name) -> Response:
    """Answers the signed record, a raw block or a CAR, as `format` or else `Accept` says."""
    return serve_name(request, name, "")


@router.head("/{name}", summary="Whether a name leads to something public here")
def look_at_name(request: Request, name: Name) -> Response:
    """Answers as GET does, without the content."""
    return serve_name(request, name, "")


@router.get("/{name}/{path:path}", summary="A CAR of what is at a path below a name")
def read_name_path(request: Request, name: Name, path: Names) -> Response:
    """Answers as below the CID that the name leads to; a record has no path."""
    return serve_name(request, name, "/" + path)


@router.head("/{name}/{path:path}", summary="Whether something public is at a path below a name")
def look_at_name_path(request: Request, name: Name, path: Names) -> Response:
    """Answers as GET does, without the content."""
    return serve_name(request, name, "/" + path)

"""The trustless gateway's routes: public files by their CID, for any IPFS tool.

What is at an address never changes. Laws and source: `api/gateway.py`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from tallystick.api.gateway import serve_content

__all__ = ["router"]

router = APIRouter(prefix="/ipfs", tags=["ipfs"])
Cid = Annotated[str, Path(description="The CID of a root, or of a block under it.")]
Names = Annotated[str, Path(description="Names below the root; for a CAR alone.")]


@router.get("/{cid}", summary="A public block, or a CAR of all under it")
def read_content(request: Request, cid: Cid) -> Response:
    """Answers a raw block or a CAR, as `format` or else `Accept` says; without either, 400."""
    return serve_content(request, cid, "")


@router.head("/{cid}", summary="Whether a block is public here")
def look_at_content(request: Request, cid: Cid) -> Response:
    """Answers as GET does, without the content."""
    return serve_content(request, cid, "")


@router.get("/{cid}/{path:path}", summary="A CAR of what is at a path below a public root")
def read_content_path(request: Request, cid: Cid, path: Names) -> Response:
    """Answers the blocks of the path, then those that it leads to, by `dag-scope`."""
    return serve_content(request, cid, "/" + path)


@router.head("/{cid}/{path:path}", summary="Whether something public is at a path")
def look_at_content_path(request: Request, cid: Cid, path: Names) -> Response:
    """Answers as GET does, without the content."""
    return serve_content(request, cid, "/" + path)

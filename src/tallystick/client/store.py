"""Objects that members hold for one another over the API: bytes in and out as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from typing import IO, Any, Final, Protocol

import httpx

from tallystick.base.errors import Unavailable
from tallystick.client.carrying import Carrier, Tree, read_options
from tallystick.client.problem import check_answer, read_answer, unreachable

__all__ = ["Source", "StoreVerbs", "Told"]

PIECE_BYTES: Final = 1024 * 1024
Told = Callable[[int, int], None]
"""Told how many bytes have gone or come, of how many."""


class Source(Protocol):
    """What is put: something to read from, as an open file is."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


def _unheard(_: int, __: int) -> None:
    """Listen to nothing."""


class _Sent(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A file's bytes as they are sent, over the network or within this process.

    They are as many as were announced, or they break off: a piece goes when it is known whether
    another follows, so whoever takes them never has all that was announced of a file that changed.
    The first is read before anything is sent.

    Raises:
        Unavailable: `spread.source`, the file gives more or fewer bytes, or cannot be read.
    """

    def __init__(self, source: Source, size: int, told: Told) -> None:
        self._size = size
        self._told = told
        pieces = _read_whole(source, size)
        first = next(pieces, b"")
        self._pieces = chain((first,) if first else (), pieces)

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        for piece in self._pieces:
            yield piece
            done += len(piece)
            self._told(done, self._size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def _read_whole(source: Source, size: int) -> Iterator[bytes]:
    """Yield a source's bytes, the last of them once it is known that no more follow."""
    done, held = 0, b""
    while piece := _read_piece(source):
        done += len(piece)
        if done > size:
            raise _changed(f"the file gives more than the {size} bytes it had")
        if held:
            yield held
        held = piece
    if done < size:
        raise _changed(f"the file ends after {done} of its {size} bytes")
    if held:
        yield held


def _read_piece(source: Source) -> bytes:
    try:
        return source.read(PIECE_BYTES)
    except OSError as error:
        raise Unavailable(
            "spread.source",
            f"the file cannot be read: {error.strerror}",
            cure="Check the file and its disk, then put it again.",
        ) from error


def _changed(found: str) -> Unavailable:
    return Unavailable(
        "spread.source",
        f"{found}: it changes while it is read",
        cure="Put it again when nothing writes it, or put a copy of it.",
    )


class StoreVerbs(Carrier):
    """Verbs of objects that members hold for one another."""

    def put_object(
        self,
        source: Source,
        size: int,
        *,
        told: Told = _unheard,
        **wanted: str | int,
    ) -> Tree:
        """Put the `size` bytes of a file; `wanted` as the route's query: name, code, and so on.

        Raises:
            Unavailable: `spread.source`, the file gives more or fewer bytes, or cannot be read:
                nothing of it is kept.
        """
        request = self._http.build_request(
            "POST",
            f"/{self.member}/v1/store/objects",
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(size),
                **({"Idempotency-Key": self._key} if self._key else {}),
            },
            params={
                **read_options(wanted)["params"],
                **({"wait": "witnessed"} if self._is_waiting else {}),
            },
        )
        request.stream = _Sent(source, size, told)
        try:
            response = self._http.send(request)
        except httpx.HTTPError as error:
            raise unreachable() from error
        return read_answer(check_answer(response))

    def read_object(self, cid: str, sink: IO[bytes], *, told: Told = _unheard) -> int:
        """Write an object's bytes to a file as they come, and return how many.

        Raises:
            Unavailable: `client.unreachable`, they broke off before their end.
        """
        done = 0
        try:
            with self._http.stream(
                "GET", f"/{self.member}/v1/store/objects/{cid}/content"
            ) as response:
                if response.is_error:
                    response.read()
                size = int(check_answer(response).headers["content-length"])
                for piece in response.iter_bytes(PIECE_BYTES):
                    sink.write(piece)
                    done += len(piece)
                    told(done, size)
        except httpx.HTTPError as error:
            raise unreachable() from error
        if done != size:
            raise unreachable()
        return done

    def list_objects(
        self, *, limit: int = 100, offset: int = 0, weakest: bool = False
    ) -> list[Any]:
        """Return the objects that are to be kept, and how each stands; maybe the weakest first."""
        query = {"weakest": "1"} if weakest else {}
        return self._list("/store/objects", limit, offset, **query)

    def show_object(self, cid: str) -> Tree:
        """Return how an object stands and who holds it."""
        found: Tree = self._get(f"/store/objects/{cid}")
        return found

    def grant_object(self, cid: str, *, to: str, days: int) -> Tree:
        """Let a member read an object for some days; 0 ends it."""
        return self._send(f"/store/objects/{cid}/readers", {"to": to, "days": days})

    def erase_object(self, cid: str) -> Tree:
        """Destroy an object's key and have all drop it."""
        return self._send(f"/store/objects/{cid}", method="DELETE")

    def show_store(self) -> Tree:
        """Return how all objects stand."""
        found: Tree = self._get("/store/health")
        return found

    def list_store_peers(self) -> list[Tree]:
        """Return what each member says it holds for the others."""
        found: list[Tree] = self._get("/store/peers")["items"]
        return found

    def list_liars(self) -> list[Tree]:
        """Return who gave wrong bytes, and the digest of the file that proves it."""
        found: list[Tree] = self._get("/store/liars")["items"]
        return found

    def read_liar(self, digest: str) -> bytes:
        """Return the file that proves wrong bytes; `digest` as `list_liars` names it."""
        return self.request("GET", f"/store/liars/{digest}").content

    def scrub_store(self, after: str = "") -> Tree:
        """Read own shards again for a stretch."""
        return self._stretch("scrub", after)

    def repair_store(self, after: str = "") -> Tree:
        """Make lost shards anew for a stretch."""
        return self._stretch("repair", after)

    def _stretch(self, what: str, after: str) -> Tree:
        return read_answer(self.request("POST", f"/store/{what}", **read_options({"after": after})))

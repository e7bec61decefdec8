"""A member's static log over HTTP, as any transparency log is read; without a token."""

from __future__ import annotations

import time
from typing import Final, Self

import httpx

from tallystick.base.errors import Unavailable
from tallystick.client.problem import check_answer, unreachable

__all__ = ["LogReader"]

TIMEOUT_S: Final = 30.0
WAITS_MAX: Final = 5
WAIT_S_MAX: Final = 10
"""A log that is asked too often tells how long to wait."""
BYTES_MAX: Final = 16 * 1024 * 1024
"""256 entries of 64 KiB, the most that an entry bundle has."""


class LogReader:
    """Reads what stands below a log's prefix.

    Args:
        address: the prefix, such as `http://127.0.0.1:8420/village/log`.
    """

    def __init__(self, address: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=address.rstrip("/") + "/", timeout=TIMEOUT_S, transport=transport
        )

    def read(self, path: str) -> bytes:
        """Return the bytes at a path: `checkpoint`, or a tile's; waits where it is told to.

        Raises:
            Unavailable: `client.unreachable`; `client.log_size`, it sends more than any tile has.
            Error: as the API names it.
        """
        for _ in range(WAITS_MAX):
            try:
                return self._read(path)
            except Unavailable as error:
                wait_s = error.values.get("retry_s")
                if error.code != "api.rate" or not isinstance(wait_s, int):
                    raise
            time.sleep(min(max(wait_s, 1), WAIT_S_MAX))
        return self._read(path)

    def _read(self, path: str) -> bytes:
        parts, size = [], 0
        try:
            with self._http.stream("GET", path) as response:
                for part in response.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > BYTES_MAX:
                        raise Unavailable(
                            "client.log_size",
                            f"{path} sends more than {BYTES_MAX} bytes",
                            cure="Ask another member's log.",
                        )
                # A problem is read from the whole body.
                whole = httpx.Response(response.status_code, content=b"".join(parts))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable() from error
        return check_answer(whole).content

    def close(self) -> None:
        """Let go of the connection; a second call does nothing."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection."""
        self.close()

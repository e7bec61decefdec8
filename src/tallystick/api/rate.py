"""How often one may ask: token buckets in memory, one a session and one a log-in address.

Laws: integers alone; a bucket holds `burst` asks and fills by `per_minute`; the least recently used
are forgotten beyond `KEPT_MAX`, so that many addresses fill no memory. What is forgotten is full
again, and so is everything after a restart.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from tallystick.base.clock import Clock
from tallystick.base.errors import Unavailable

__all__ = ["Buckets"]

KEPT_MAX: Final = 10_000
_MINUTE_MS: Final = 60_000


class Buckets:
    """One kind of ask; safe to share between threads.

    Args:
        clock: fills the buckets; set back, it fills nothing.
        burst: asks at once, >= 1.
        per_minute: asks in the long run, >= 1.
    """

    def __init__(self, clock: Clock, *, burst: int, per_minute: int) -> None:
        self._clock = clock
        self._full = burst * _MINUTE_MS
        self._per_minute = per_minute
        self._lock = threading.Lock()
        # By key: what is left, in 1/60000 of an ask, and when that was.
        self._left: OrderedDict[bytes, tuple[int, int]] = OrderedDict()

    def take(self, key: bytes) -> None:
        """Take one ask of a key.

        Raises:
            Unavailable: `api.rate`, none is left; `values.retry_s` tells when one will be.
        """
        with self._lock:
            now = self._clock.now_ms()
            left, then = self._left.pop(key, (self._full, now))
            left = min(self._full, left + max(0, now - then) * self._per_minute)
            lacking = _MINUTE_MS - left
            self._left[key] = (left if lacking > 0 else left - _MINUTE_MS, now)
            if len(self._left) > KEPT_MAX:
                self._left.popitem(last=False)
        if lacking > 0:
            raise Unavailable(
                "api.rate",
                f"more than {self._full // _MINUTE_MS} at once and {self._per_minute} a minute",
                cure="Wait as long as `Retry-After` says, in seconds.",
                retry_s=-(-lacking // (self._per_minute * 1_000)),
            )

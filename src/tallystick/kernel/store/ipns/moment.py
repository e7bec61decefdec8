"""Moments to the nanosecond, as records write them: text of RFC 3339, whole nanoseconds here.

Read is the one form that all tools read: upper-case T and Z, or an offset, at most nine digits of a
second, no leap second. Written is the shortest in UTC, without zeros at the end of the fraction.
Source: RFC 3339, section 5.6; IPNS record specification, "Validity".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tallystick.kernel.store.ipns.fault import refuse_record

__all__ = ["MOMENT_MAX", "SECOND_NS", "read_moment", "write_moment"]

SECOND_NS: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_HOURS: Final = 24
_MINUTES: Final = 60


def _since(moment: datetime) -> int:
    passed = moment - _EPOCH
    return passed.days * 86_400 + passed.seconds


MOMENT_MAX: Final = _since(datetime.max.replace(tzinfo=UTC)) * SECOND_NS + SECOND_NS - 1
"""The last moment that has a text, ns since 1970 UTC."""


def read_moment(text: bytes) -> int:
    """Return a moment, ns since 1970 UTC; negative before it.

    Raises:
        Invalid: `ipns.record`.

    >>> read_moment(b"1970-01-01T00:00:00.000000001Z"), read_moment(b"1970-01-01T08:00:01+08:00")
    (1, 1000000000)
    """
    found = _FORM.fullmatch(text.decode("ascii", "replace"))
    if found is None:
        raise refuse_record("its end is no moment of RFC 3339")
    _, fraction, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(found[1] + "+00:00")
    except ValueError as error:
        raise refuse_record("its end is no moment of RFC 3339") from error
    east = 0
    if sign:
        if int(hours) >= _HOURS or int(minutes) >= _MINUTES:
            raise refuse_record("its end is no moment of RFC 3339")
        east = (int(hours) * 60 + int(minutes)) * (60 if sign == "+" else -60)
    return (_since(moment) - east) * SECOND_NS + int((fraction or "").ljust(9, "0"))


def write_moment(moment_ns: int) -> bytes:
    """Return the text of a moment, 0 to `MOMENT_MAX` ns since 1970 UTC.

    >>> write_moment(1), write_moment(1_500_000_000)
    (b'1970-01-01T00:00:00.000000001Z', b'1970-01-01T00:00:01.5Z')
    """
    assert 0 <= moment_ns <= MOMENT_MAX
    seconds, rest = divmod(moment_ns, SECOND_NS)
    whole = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{whole}{fraction}Z".encode()

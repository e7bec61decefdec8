"""One range of a block's bytes, as HTTP asks for it.

What is asked for in another unit or form is passed over, as RFC 9110 allows; of more ranges than
one the first that can be given is, which a 206 says of itself.
Source: RFC 9110, sections 13.1.5, 14.1.2, 14.2 and 15.3.7.
"""

from __future__ import annotations

import re
from typing import Final

from tallystick.base.errors import Invalid

__all__ = ["find_range"]

_UNIT: Final = "bytes="
_RANGE: Final = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


def find_range(text: str, size: int) -> tuple[int, int] | None:
    """Return where the range begins and stops; None where the whole is to be given.

    Args:
        text: the value of `Range`; "" for none.
        size: bytes there are; of nothing no range is refused.

    Raises:
        Invalid: `gateway.range`, none of what is asked for is within.

    >>> find_range("bytes=6-16,0-4", 31), find_range("bytes=-5", 31), find_range("lines=1-2", 31)
    ((6, 17), (26, 31), None)
    """
    if not size or not text.lower().startswith(_UNIT):
        return None
    found = [_RANGE.fullmatch(each.strip()) for each in text[len(_UNIT) :].split(",")]
    asked = [(each[1], each[2]) for each in found if each and each[0] != "-"]
    if len(asked) != len(found) or any(a and b and int(a) > int(b) for a, b in asked):
        return None
    for first, last in asked:
        begin = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if begin < stop:
            return begin, stop
    raise Invalid(
        "gateway.range",
        f"the range lies outside a block of {size} bytes",
        cure="Ask for a range within the block, or for all of it.",
        size=size,
    )

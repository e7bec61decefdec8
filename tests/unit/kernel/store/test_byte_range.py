"""Ranges of HTTP over a block, from the text of RFC 9110, section 14."""

from __future__ import annotations

import pytest

from tallystick.base.errors import Invalid
from tallystick.kernel.store.byte_range import find_range


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes=6-16", (6, 17)),
        ("bytes=0-0", (0, 1)),
        ("bytes=30-", (30, 31)),
        ("bytes=-1", (30, 31)),
        ("bytes=-31", (0, 31)),
        ("bytes=-99", (0, 31)),
        ("bytes=5-99", (5, 31)),
        ("Bytes=5-6", (5, 7)),
        ("bytes=6-16,0-4", (6, 17)),
        ("bytes=31-, 0-4", (0, 5)),
        ("bytes=40-50 , -2", (29, 31)),
    ],
)
def test_the_first_range_that_can_be_given_is(text: str, found: tuple[int, int]) -> None:
    assert find_range(text, 31) == found


@pytest.mark.parametrize(
    "text",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=x", "bytes=3-1", "bytes=1-2,", "bytes=1-2,5-4"),
        *("lines=1-2", "bytes=1-2-3", "bytes=+1-2", "bytes=0x1-2", "bytes=" + "9" * 19 + "-"),
    ],
)
def test_what_has_no_form_or_another_unit_is_passed_over(text: str) -> None:
    assert find_range(text, 31) is None


@pytest.mark.parametrize("text", ["bytes=31-", "bytes=31-40", "bytes=-0", "bytes=99-,40-"])
def test_a_range_wholly_outside_is_refused_with_the_size(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        find_range(text, 31)
    assert (caught.value.code, caught.value.values["size"]) == ("gateway.range", 31)
    assert find_range(text, 0) is None

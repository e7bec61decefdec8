"""Checks put into words: each kind once, and never a guess."""

from __future__ import annotations

import pytest

from tallystick.base import codec
from tallystick.base.codec import Check
from tallystick.records.base import ID, Spec
from tallystick.records.table import shape_of, table_of, words_of


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (codec.cid, "CID"),
        (codec.value, "value"),
        (codec.integer(), "uint"),
        (codec.integer(0, 255), "u8"),
        (codec.integer(0, 2**32 - 1), "u32"),
        (codec.integer(-codec.INTEGER_MAX), "int"),
        (codec.integer(1, 5), "1..5"),
        (codec.integer(1), "1..2^53-1"),
        (codec.choice("a", 2), "a | 2"),
        (ID, "b16"),
        (codec.octets(9), "bytes <=9"),
        (codec.ident(24), "id24"),
        (codec.text(40), "str40"),
        (codec.text(40, 0), "empty or str40"),
        (codec.list_of(ID, 16, 1), "[b16]1..16"),
        (codec.map_of(codec.value, 64), "{id40: value}<=64"),
        (codec.shape({"a": ID}, {"b": codec.cid}), "{a: b16, b?: CID}"),
    ],
)
def test_a_check_is_said_in_the_notation_of_the_specification(check: Check, words: str) -> None:
    assert words_of(check) == words


def test_a_check_without_words_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        words_of(lambda found: None)


def test_the_fields_of_a_shape_are_found_again() -> None:
    fields, required = shape_of(codec.shape({"a": ID}, {"b": codec.cid}))
    assert (list(fields), required) == (["a", "b"], frozenset({"a"}))


def test_a_cell_with_a_comma_is_quoted_and_a_type_without_fields_has_a_line() -> None:
    both = codec.shape({"a": ID, "b": ID})
    spec = Spec("a.b", 2, {"x": ("case", both)}, frozenset({"x"}))
    expected = 'a.b,2,case,0,x,no,"{a: b16, b: b16}"\n'
    assert table_of([spec]).endswith("\n" + expected)
    assert table_of([Spec("a.c", 1, {}, frozenset())]).endswith("\na.c,1,,,,,\n")

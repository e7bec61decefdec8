"""A survey's CSV: what it says, and that a fault names a line and nobody."""

from __future__ import annotations

import pytest

from tallystick.base.errors import Invalid
from tallystick.services.publication.reach import Surveyed, Village
from tallystick.services.publication.survey import (
    FILE_BYTES_MAX,
    decode_file,
    read_survey,
    read_villages,
)

HEAD = "village,group,poor,held\n"
PLACES = "code,zh,en,lon_micro,lat_micro\n"


def test_a_row_is_a_household_and_a_village() -> None:
    assert list(read_survey(HEAD + "v1,grain,1,0\r\nv2,shop,0,1\n")) == [
        Surveyed("v1", "grain", is_poor=True, is_held=False),
        Surveyed("v2", "shop", is_poor=False, is_held=True),
    ]
    text = PLACES + 'v1,"石桥, 上",Shiqiao,104848018,-31529351\n'
    assert read_villages(text) == [Village("v1", "石桥, 上", "Shiqiao", 104_848_018, -31_529_351)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("village,group,poor\n", 1),
        (HEAD + "v1,secret,1,2\n", 2),
        (HEAD + "v1,a,1,0\nv1,secret,1\n", 3),
        (HEAD + "v1,a,1,0\nv1,secret,1,0,9\n", 3),
        (HEAD + "v1,a,1,0\nv1,,1,0\n", 3),
    ],
)
def test_a_household_without_a_reading_is_named_by_its_line_alone(text: str, line: int) -> None:
    with pytest.raises(Invalid) as caught:
        list(read_survey(text))
    assert caught.value.code == "programme.row"
    assert caught.value.values["line"] == line
    assert f"line {line}:" in caught.value.message
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "row",
    ["v1,石桥,Shiqiao,1.5,2", "v1,石桥,Shiqiao,１,2", "v1,石桥,Shiqiao,1,9999999999", "v1,,S,1,2"],
)
def test_a_village_without_a_place_or_name_is_refused(row: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_villages(PLACES + row + "\n")
    assert caught.value.values["line"] == 2


def test_a_village_stands_once_in_its_list() -> None:
    with pytest.raises(Invalid) as caught:
        read_villages(PLACES + "v1,甲,A,1,2\nv1,乙,B,3,4\n")
    assert caught.value.values["line"] == 3


def test_a_file_that_is_no_small_text_is_refused_whole() -> None:
    assert decode_file("\ufeffvillage".encode()) == "village"
    for data in (b"x" * (FILE_BYTES_MAX + 1), b"\xff\xfe", b"village\0"):
        with pytest.raises(Invalid) as caught:
            decode_file(data)
        assert caught.value.code == "programme.file"
    assert len(decode_file(b"x" * FILE_BYTES_MAX)) == FILE_BYTES_MAX

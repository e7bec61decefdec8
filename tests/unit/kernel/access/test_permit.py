"""Permits: made behind the door alone, for one subject, one purpose and a short time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tallystick.base.errors import Denied
from tallystick.kernel.access.permit import PERMIT_LIFE_MS, PURPOSES, Permit, grant_permit
from tidy_source import Source, read_tree

_DOOR = "kernel/access/"
_MAKERS = ("kernel.access.permit.Permit", "kernel.access.permit.grant_permit")
_UNSEALS = (".unseal", "chain.seal.open_sealed")
_WORDS = re.compile(r"Permit|grant_permit|unseal|open_sealed|dataclasses")
"""One of them stands in any file that names what is forbidden, under whatever other name."""


def forgeries(source: Source) -> Iterator[tuple[int, str]]:
    """Yield where a file outside the door makes a permit, or opens a sealed part without one."""
    if not source.inner or source.inner.startswith((_DOOR, "chain/")):
        return
    if not _WORDS.search(source.text):
        return
    for line, name in source.references:
        if name.endswith((*_MAKERS, *_UNSEALS)):
            yield line, name
    for line, name, call in source.calls:
        if name == "dataclasses.replace" and any(
            keyword.arg in {"officer", "purpose", "subject"} for keyword in call.keywords
        ):
            yield line, name


@pytest.mark.parametrize(
    "text",
    [
        "from tallystick.kernel.access.permit import Permit\nPermit('o', 'report', b'', 0)\n",
        "from tallystick.kernel.access import permit\npermit.grant_permit(officer='o')\n",
        "from tallystick.kernel.access.permit import Permit as P\nP('o', 'report', b'', 0)\n",
        "from tallystick.chain.seal import open_sealed\nopen_sealed(b'')\n",
        "import dataclasses\ndef f(p):\n    return dataclasses.replace(p, subject=b'x')\n",
        "def f(desk):\n    return desk.unseal(1, 'party', b'', b'')\n",
    ],
)
def test_a_forgery_is_seen(text: str) -> None:
    assert list(forgeries(Source("src/tallystick/services/credit/service.py", text)))


@pytest.mark.long
def test_no_permit_is_made_and_nothing_sealed_is_opened_outside_the_door() -> None:
    sources = read_tree()
    assert any(source.inner == _DOOR + "permit.py" for source in sources)
    assert [(each.path, *hit) for each in sources for hit in forgeries(each)] == []


def make(purpose: str = "report") -> Permit:
    return grant_permit(officer="o", purpose=purpose, subject=b"s", now_ms=1_000)


def test_a_permit_opens_its_subject_alone() -> None:
    make().check({"id": b"s"}, 1_000)
    make().check({"id": b"r", "case": b"s"}, 1_000)
    for record in ({"id": b"r"}, {"id": b"r", "case": b"t"}, {"id": b"r", "refs": [b"s"]}):
        with pytest.raises(Denied) as caught:
            make().check(record, 1_000)
        assert caught.value.code == "access.other_subject"


def test_a_permit_is_over_after_ten_minutes() -> None:
    make().check({"id": b"s"}, 1_000 + PERMIT_LIFE_MS)
    with pytest.raises(Denied) as caught:
        make().check({"id": b"s"}, 1_001 + PERMIT_LIFE_MS)
    assert caught.value.code == "access.permit_over"


def test_a_purpose_that_is_none_gets_no_permit() -> None:
    assert {make(each).purpose for each in PURPOSES} == set(PURPOSES)
    for purpose in ("", "curiosity", "case"):
        with pytest.raises(Denied):
            make(purpose)

"""Which officer of the demonstration opens a place, and at which address: real ids, by the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx

from console.served import Served
from tallystick.console.places import Place
from tallystick.kernel.access.roles import may

__all__ = ["OFFICERS", "may_open", "open_places", "place_id"]

OFFICERS: Final = (
    ("credit-union", "manager"),
    ("credit-union", "loan_officer"),
    ("credit-union", "risk"),
    ("credit-union", "clerk"),
    ("credit-union", "auditor"),
    ("agricultural-bank", "manager"),
    ("village", "village_officer"),
    ("finance", "manager"),
    ("finance", "reviewer"),
    ("regulator", "auditor"),
    ("newspaper", "manager"),
)
"""In the order in which they are asked to open a place."""
Find = Callable[[httpx.Client], Iterator[str]]
_BLANK: Final = re.compile(r"\{([a-z_]+)\}")


def place_id(place: Place) -> str:
    """Return how a test names a place."""
    return place.path or "/"


def may_open(place: Place, role: str) -> bool:
    """Tell whether a role may open a place, by the tables of roles."""
    return not place.acts or any(may(role, act) for act in place.acts)


def open_places(
    served: Served, place: Place, only: tuple[str, str] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Return (member, log-in name, address) at which a place shows something, best first.

    A place whose address names something is opened by whoever has it: the ids are asked of the
    API, and a blank that this table does not know fails the test that meets it.

    Args:
        served: the county.
        place: what is opened.
        only: the one officer who is asked, (member, log-in name); None for all.
    """
    blanks = _BLANK.findall(place.path)
    for member, name in OFFICERS:
        if not may_open(place, name) or only not in {None, (member, name)}:
            continue
        if not blanks:
            yield member, name, place.path
            continue
        with served.api(member, served.choose(member, name)) as client:
            for found in _FINDERS[blanks[0]](client):
                yield member, name, place.path.replace("{" + blanks[0] + "}", found)


def _list(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    answer = client.get(path, params={"limit": 200})
    return answer.json()["items"] if answer.is_success else []


def _cases(client: httpx.Client) -> Iterator[str]:
    """Return a case of every stage that there is."""
    met: set[str] = set()
    for row in _list(client, "cases"):
        if row["stage"] not in met:
            met.add(row["stage"])
            yield row["case"]


def _firsts(path: str, key: str) -> Find:
    def first(client: httpx.Client) -> Iterator[str]:
        for row in _list(client, path)[:1]:
            yield str(row[key])

    return first


def _schemes(client: httpx.Client) -> Iterator[str]:
    """Return a product without its version: all versions stand on one page."""
    for row in _list(client, "products")[:1]:
        yield row["entry"]["scheme"]


def _height(client: httpx.Client) -> Iterator[str]:
    del client
    yield "12"


def _draft(client: httpx.Client) -> Iterator[str]:
    """Begin a draft: the demonstration's officers have none, and each sees the own alone."""
    answer = client.post("drafts", json={"tree": {}})
    if answer.is_success:
        yield answer.json()["draft"]


def _object(client: httpx.Client) -> Iterator[str]:
    """Put an object where nobody has: the demonstration's members have none."""
    rows = _list(client, "store/objects")
    if rows:
        yield str(rows[0]["cid"])
        return
    answer = client.post("store/objects", params={"name": "账.pdf"}, content=b"paper" * 1_000)
    if answer.is_success:
        yield answer.json()["cid"]


_FINDERS: Final[dict[str, Find]] = {
    "case": _cases,
    "loan": _firsts("loans", "loan"),
    "model": _firsts("models", "model"),
    "provider": _firsts("providers", "provider"),
    "product": _schemes,
    "appeal": _firsts("appeals", "appeal"),
    "programme": _firsts("programmes", "programme"),
    "draft": _draft,
    "height": _height,
    "cid": _object,
}

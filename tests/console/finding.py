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
_BLANK: Final = re.compile(r"\{([a-z_]+)\}")
Ask = Callable[..., dict[str, Any]]


def place_id(place: Place) -> str:
    """Return how a test names a place."""
    return place.path or "/"


def may_open(place: Place, role: str) -> bool:
    """Tell whether a role may open a place, by the tables of roles."""
    return not place.acts or any(may(role, act) for act in place.acts)


def open_places(served: Served, place: Place) -> Iterator[tuple[str, str, str]]:
    """Return (member, log-in name, address) at which a place shows something, best first.

    A place whose address names something is opened by whoever has it: the ids are asked of the
    API, and a blank that this table does not know fails the test that meets it.
    """
    blanks = _BLANK.findall(place.path)
    for member, name in OFFICERS:
        if not may_open(place, name):
            continue
        if not blanks:
            yield member, name, place.path
            continue
        with served.api(member, served.choose(member, name)) as client:
            for found in _FINDERS[blanks[0]](_asking(client)):
                yield member, name, place.path.replace("{" + blanks[0] + "}", found)


def _asking(client: httpx.Client) -> Ask:
    def ask(path: str, **query: Any) -> dict[str, Any]:
        answer = client.get(path, params=query)
        return answer.json() if answer.is_success else {"items": []}

    return ask


def _cases(ask: Ask) -> Iterator[str]:
    """Return a case of every stage that there is."""
    met: set[str] = set()
    for row in ask("cases", limit=200)["items"]:
        if row.get("stage") not in met:
            met.add(row.get("stage"))
            yield row["case"]


def _firsts(path: str, key: str) -> Callable[[Ask], Iterator[str]]:
    def first(ask: Ask) -> Iterator[str]:
        for row in ask(path)["items"][:1]:
            yield str(row[key])

    return first


def _height(ask: Ask) -> Iterator[str]:
    del ask
    yield "12"


_FINDERS: Final[dict[str, Callable[[Ask], Iterator[str]]]] = {
    "case": _cases,
    "loan": _firsts("loans", "loan"),
    "model": _firsts("models", "model"),
    "provider": _firsts("providers", "provider"),
    "product": _firsts("products", "product"),
    "appeal": _firsts("appeals", "appeal"),
    "programme": _firsts("programmes", "programme"),
    "draft": _firsts("drafts", "draft"),
    "height": _height,
}

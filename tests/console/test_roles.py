"""Who may open what: the navigation shows it, the address obeys it, and the API decides it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import replace
from typing import Final

import httpx
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page, expect

from console.conftest import Open, give_session
from console.finding import may_open
from console.served import Served
from tallystick.api import routes as api_routes
from tallystick.api.act import Act
from tallystick.console.places import PLACES, Place

OFFICERS: Final = {
    "clerk": "credit-union",
    "loan_officer": "credit-union",
    "reviewer": "credit-union",
    "risk": "credit-union",
    "manager": "credit-union",
    "auditor": "credit-union",
    "village_officer": "village",
}
LONG: Final = {"loan_officer", "reviewer", "manager", "risk"}
"""A clerk, an auditor and a village officer are of three members, and between them open most."""
REFUSED: Final = "This page is not for your role"
_BLANK: Final = re.compile(r"\{[a-z_]+\}")
_IDS: Final = {"model": "b" + "a" * 58, "height": "1", "name": "nobody", "provider": "nobody"}


def _fill(path: str) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda found: _IDS.get(found[1], "0" * 32), path)


def _follow(page: Page, path: str) -> None:
    """Go to a place as a link on the page would, without loading the console again."""
    page.evaluate(
        """path => {
          const link = Object.assign(document.createElement('a'), {href: path});
          document.querySelector('main h1').id = 'before';
          document.querySelector('main').append(link);
          link.click();
          link.remove();
        }""",
        path,
    )
    page.locator("main h1:not(#before)").wait_for()


@pytest.mark.parametrize(
    "role",
    [pytest.param(role, marks=[pytest.mark.long] if role in LONG else []) for role in OFFICERS],
)
def test_a_role_opens_what_is_for_it_and_no_other_place(role: str, reader: Open) -> None:
    opened = reader(OFFICERS[role], role)
    # A place that names what is not there is told as a problem, and not as a refusal.
    page = opened.open()
    home = f"/{opened.member}/en"
    # A page that is open already is not built again: the first place comes last.
    for place in (*PLACES[1:], *PLACES[:1]):
        _follow(page, home + _fill(place.path))
        title = page.locator("main h1").inner_text()
        assert (title == REFUSED) == (not may_open(place, role)), f"{place.path}: {title}"


@pytest.mark.parametrize("role", OFFICERS)
def test_the_navigation_lists_what_a_role_may_open(role: str, reader: Open) -> None:
    opened = reader(OFFICERS[role], role)
    page = opened.open()
    page.locator(".k-nav a.item").first.wait_for()
    shown = page.locator(".k-nav a.item").evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    expected = [each.path for each in PLACES if each.group and may_open(each, role)]
    assert sorted(shown) == sorted(f"/{opened.member}/en{path}" for path in expected)


@pytest.mark.parametrize("place", [each for each in PLACES if each.acts], ids=lambda p: p.path)
def test_what_a_place_refuses_the_api_refuses_too(place: Place, county: Served) -> None:
    routes = [each for each in _guarded_routes() if each[2] in place.acts]
    assert routes, f"no route of the API is one of {sorted(place.acts)}"
    for role, member in OFFICERS.items():
        if may_open(place, role):
            continue
        with county.api(member, county.choose(member, role)) as client:
            for method, path, name in routes:
                answer = client.request(method, _fill(path.removeprefix("/{member}/v1/")))
                assert answer.status_code == httpx.codes.FORBIDDEN, f"{role} {method} {path} {name}"
                assert answer.json()["code"] == "access.role"


def _guarded_routes() -> list[tuple[str, str, str]]:
    """Return (method, path, act) of the API's routes."""
    return [
        (method, route.path, asked.dependency.name)
        for module in pkgutil.iter_modules(api_routes.__path__)
        for route in importlib.import_module(f"{api_routes.__name__}.{module.name}").router.routes
        if isinstance(route, APIRoute)
        for asked in route.dependencies
        if isinstance(asked.dependency, Act)
        for method in sorted(route.methods or ())
    ]


def test_an_officer_of_one_member_is_a_stranger_to_another(county: Served, officer: Open) -> None:
    opened = officer("village", "manager")
    cookie = opened.context.cookies()[0]
    give_session(replace(opened, member="credit-union"), cookie["value"])
    page = opened.page()
    page.goto(f"{county.address}/credit-union/en")
    expect(page).to_have_url(f"{county.address}/credit-union/en/enter")
    with county.api("credit-union", cookie["value"]) as client:
        assert client.get("cases").status_code in {401, 403}

"""A small real county for tests: every member's node in a temporary folder, two applications.

Everything is the product's own; the clock alone is moved by hand where a test needs days to pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import Clock, ManualClock
from tallystick.client import Client, in_process
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS
from tallystick.kernel.access.sealing import Draft, prepare
from tallystick.kernel.ledger.outbox import Entry
from tallystick.node import Node
from tallystick.records.catalogue import ProviderRegistered
from tallystick.services.positioning.catalogue import catalogue_from_toml

__all__ = [
    "CATALOGUE",
    "FITTING",
    "START_MS",
    "UNFITTING",
    "Town",
    "found",
    "open_town",
    "sign_unsent",
    "take_in",
]

START_MS: Final = 1_790_000_000_000
CATALOGUE: Final = Path(__file__).resolve().parents[1] / "examples" / "products.toml"
_PROFILE: Final = {
    "category": "ordinary",
    "age_years": 41,
    "persons": 4,
    "workers": 2,
    "able_to_work": 1,
    "village": "V03",
    "land_own_centimu": 900,
    "crops": [
        {
            "crop": "rice",
            "area_centimu": 800,
            "yield_kg_per_mu": 550,
            "price_minor_per_kg": 270,
            "cost_minor_per_mu": 65_500,
            "sale_months": [10],
            "outlay_months": [4, 6],
        }
    ],
    "wage_minor_month": 480_000,
    "wage_months": 12,
    "credit_record": "good",
}
FITTING: Final[dict[str, Any]] = {
    "profile": _PROFILE,
    "demand": {
        "kind": "borrow",
        "as_of_month": 24_315,
        "purpose": "seed",
        "amount_minor": 3_000_000,
        "terms_asked": {"term_months": 12},
    },
    "features": {},
}
"""Seed money that a year of wages and rice can pay."""
UNFITTING: Final[dict[str, Any]] = {
    "profile": {**_PROFILE, "wage_minor_month": 60_000, "crops": [], "credit_record": "none"},
    "demand": {
        "kind": "borrow",
        "as_of_month": 24_315,
        "purpose": "house",
        "amount_minor": 60_000_000,
        "terms_asked": {"term_months": 12},
    },
    "features": {},
}
"""A house, on credit, beyond any means."""


class Town:
    """An open house with its application, and a client a member."""

    def __init__(self, house: House, clock: Clock) -> None:
        self.house = house
        self.clock = clock
        self.app = create_app(house)
        self.token = ensure_token(house.folder)
        self._clients: dict[str, Client] = {}

    def __getitem__(self, member: str) -> Client:
        found = self._clients.get(member)
        if found is None:
            found = self._clients[member] = in_process(self.app, self.token, member)
        return found

    def count(self, t: str) -> int:
        """Return how many records of a type stand on the chain."""
        node = self.house.node(self.house.county.orderer)
        node.fold()
        return node.views.count("record", {"t": t})

    def close(self) -> None:
        for each in self._clients.values():
            each.close()


def found(
    folder: Path,
    clock: Clock,
    *,
    seed: str = "",
    catalogue: bool = True,
    names: Collection[str] = (),
) -> Path:
    """Found a county in a folder, with its products where they are wanted.

    `names` are those of its members, finance among them, all of `MEMBERS` where none is given.
    """
    county = folder / "county"
    members = [each for each in MEMBERS if not names or each.name in names]
    found_county(county, clock=clock, seed=seed, members=members)
    if catalogue:
        with open_house(county, clock) as house:
            tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
            house.node("finance").positions.publish_catalogue(tree)
    return county


@contextmanager
def open_town(county: Path, clock: Clock | None = None) -> Iterator[Town]:
    """Open a county and its application."""
    clock = clock or ManualClock(START_MS)
    with open_house(county, clock) as house:
        town = Town(house, clock)
        try:
            yield town
        finally:
            town.close()


def take_in(office: Client, *applications: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Register a household with a mandate and open its cases, each with what more it asks."""
    party = office.add_party("household", {"name": "\u738b\u79c0\u82f1"})
    mandate = office.add_mandate(party, witness="village", days=400, text="to apply and answer")
    requests = [
        {"application": each, "party": party, "mandate": mandate, "defaults": [], **more}
        for each in applications
    ]
    return office.open_cases(requests)


def sign_unsent(node: Node) -> Entry:
    """Leave a transaction in a member's outbox that nobody was asked to order."""
    statement = ProviderRegistered(provider="p", services=["s"], expertise=["e"], entry={"x": 1})
    bundle = prepare(
        [Draft(identifier=node.desk.new_id(), statement=statement)],
        charter=node.replica.charter,
        chain=node.replica.genesis.chain,
        member=node.member,
        entropy=node.entropy,
    )
    (entry,) = node.outbox.put([bundle.records])
    return entry

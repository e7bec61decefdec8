"""Python client of the API: a member's office over HTTP, or over the application in this process.

Law: what the API refuses is raised as the same error family with the same code, whatever carries
the request; a write is sent with an Idempotency-Key when its caller names one.
"""

from __future__ import annotations

from tallystick.client.book import BookVerbs
from tallystick.client.carrying import HOME, App, AppTransport
from tallystick.client.chain import ChainVerbs
from tallystick.client.change import ChangeVerbs
from tallystick.client.consent import ConsentVerbs
from tallystick.client.credit import CreditVerbs
from tallystick.client.ledger import LedgerVerbs
from tallystick.client.model import ModelVerbs
from tallystick.client.officer import OfficerVerbs
from tallystick.client.positioning import PositioningVerbs
from tallystick.client.programme import ProgrammeVerbs
from tallystick.client.publication import PublicationVerbs
from tallystick.client.store import StoreVerbs
from tallystick.client.waiting import AsyncClient
from tallystick.client.work import WorkVerbs

__all__ = ["App", "AsyncClient", "Client", "in_process"]


class Client(
    ConsentVerbs,
    PositioningVerbs,
    CreditVerbs,
    ModelVerbs,
    BookVerbs,
    PublicationVerbs,
    ProgrammeVerbs,
    ChangeVerbs,
    ChainVerbs,
    LedgerVerbs,
    OfficerVerbs,
    WorkVerbs,
    StoreVerbs,
):
    """One member's office, at an address; its verbs stand by concept in this package."""


def in_process(app: App, token: str, member: str) -> Client:
    """Return a client of an application in this process: the same routes, auth and errors."""
    return Client(HOME, token, member, transport=AppTransport(app))

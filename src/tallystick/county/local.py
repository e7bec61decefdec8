"""A node's desk as an `Office`: ids in hex, trees of the codec's values out.

Its verbs stand by concept in `local_*.py`; this is the one office they make.
"""

from __future__ import annotations

from tallystick.county.local_book import BookOffice
from tallystick.county.local_case import CaseOffice
from tallystick.county.local_catalogue import CatalogueOffice
from tallystick.county.local_chain import ChainOffice
from tallystick.county.local_change import ChangeOffice
from tallystick.county.local_consent import ConsentOffice
from tallystick.county.local_credit import CreditOffice
from tallystick.county.local_model import ModelOffice
from tallystick.county.local_programme import ProgrammeOffice
from tallystick.county.local_public import PublicOffice
from tallystick.county.local_store import StoreOffice
from tallystick.county.local_work import WorkOffice
from tallystick.county.telling import read_id, read_link, told

__all__ = ["LocalOffice", "read_id", "read_link", "told"]


class LocalOffice(
    CaseOffice,
    ConsentOffice,
    CreditOffice,
    CatalogueOffice,
    ModelOffice,
    BookOffice,
    ProgrammeOffice,
    ChangeOffice,
    ChainOffice,
    PublicOffice,
    WorkOffice,
    StoreOffice,
):
    """The office of a node in this process."""

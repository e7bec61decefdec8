"""Which of a member's parties named which accounts of small dues as their own.

Two parties that name one account cannot both owe on it, so it counts for neither. What a party
named stands in its sealed applications: each is opened once while the node runs, with a receipt,
and nothing of it is kept on a disk.

Limits: a party can spoil another's account by naming it, until an officer has seen both bills. A
member knows the claims of its own parties alone. At another custodian a household may
name a good stranger's account as its own, or one of its kin's; nothing in the records tells
whose an account is, on purpose. The officer therefore sees the bill when the account is named,
and the standing shows which accounts it counts.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from tallystick.base.errors import Denied, NotFound
from tallystick.kernel.access.desk import Desk
from tallystick.services.credit.payee import Account

__all__ = ["Claims", "read_accounts"]

_PURPOSE: Final = "credit"


def read_accounts(profile: Mapping[str, Any]) -> frozenset[Account]:
    """Return the accounts that a sealed profile names, as intake took them in."""
    stated = profile.get("application", {}).get("profile", {}).get("accounts", ())
    return frozenset(
        Account(each["payee"], each["kind"], each["account"])
        for each in stated
        if each.keys() >= {"payee", "kind", "account"}
    )


class Claims:
    """The accounts that parties of one member named; safe to share between threads."""

    def __init__(self) -> None:
        self._parties: defaultdict[Account, set[bytes]] = defaultdict(set)
        self._read: set[bytes] = set()
        self._lock = threading.Lock()

    def find_twice(
        self, desk: Desk, party: bytes, accounts: Collection[Account]
    ) -> frozenset[Account]:
        """Return those of a party's accounts that another party of this member named too.

        Args:
            desk: the member's, its views up to date.
            party: whose accounts they are.
            accounts: what it named.
        """
        if not accounts:
            return frozenset()
        with self._lock:
            for case in _list_cases(desk):
                if case not in self._read:
                    self._take(desk, case)
            return frozenset(account for account in accounts if self._others(desk, account, party))

    def _take(self, desk: Desk, case: bytes) -> None:
        """Read what a case's party named; where its keys are gone, nothing."""
        self._read.add(case)
        try:
            party = desk.party_of(case)
            profile = desk.open(desk.permit(_PURPOSE, case), case, "party").values["profile"]
        except (Denied, NotFound):
            return
        for account in read_accounts(profile):
            self._parties[account].add(party)

    def _others(self, desk: Desk, account: Account, party: bytes) -> bool:
        """Tell whether another party, not erased since, named an account."""
        others = self._parties[account] - {party}
        return any(desk.keys.of_party(each) for each in others)


def _list_cases(desk: Desk) -> Iterator[bytes]:
    """Yield the cases whose parties this member is custodian of, the earliest first."""
    last: dict[str, Any] | None = None
    while rows := desk.views.rows("case", order="opened_height", after=last):
        yield from (row["case"] for row in rows if row["opener"] == desk.member)
        last = rows[-1]

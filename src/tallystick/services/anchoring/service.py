"""Links to other chains, anchors of them, and what one chain approves for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from tallystick.base.codec import sha256
from tallystick.base.errors import NotFound
from tallystick.chain import schema
from tallystick.chain.checkpoint import read_stated
from tallystick.chain.crossing import DEMAND_KEY, Anchored, find_chain, split_list
from tallystick.kernel.access.desk import Desk, Found
from tallystick.kernel.access.sealing import ID_SIZE, Draft
from tallystick.kernel.ledger.replica import Replica
from tallystick.records.base import Statement
from tallystick.records.chains import ChainAnchored, ChainLinked, SubsidyApproved
from tallystick.records.change import ChangeProposed
from tallystick.services.anchoring.rules import subsidy_key

__all__ = ["Anchoring"]

ANCHORS_TOLD: Final = 1_000
"""The newest anchors, of all chains together, among which each chain's are looked for."""


class Anchoring:
    """What a member does about other chains.

    Args:
        desk: the member's.
        replica: its copy of this chain.
    """

    def __init__(self, desk: Desk, replica: Replica) -> None:
        self._desk = desk
        self._replica = replica

    def _record(
        self, statement: Statement, before: Sequence[Statement] = (), officer: bytes | None = None
    ) -> bytes:
        identifier = self._desk.new_id()
        drafts = [Draft(identifier=self._desk.new_id(), statement=each) for each in before]
        draft = Draft(identifier=identifier, statement=statement, officer=officer)
        self._desk.record([*drafts, draft])
        return identifier

    def link_own(self, genesis: bytes, listed: bytes) -> bytes:
        """Make a chain of this member's own known; return the record's id.

        Args:
            genesis: its genesis.
            listed: its members list: this member alone.
        """
        before, rest = split_list(listed)
        return self._record(ChainLinked(genesis=genesis, listed=rest), before)

    def anchor(self, chain: bytes, given: Anchored) -> bytes:
        """Record how far a linked chain has come; return the record's id.

        Raises:
            Invalid: `record.refused`, 192 or 193: not linked, or the checkpoint does not count.
        """
        anchored = ChainAnchored(
            chain=chain,
            note=given.note,
            path=list(given.path) or None,
            header=given.header or None,
        )
        if not given.listed:
            return self._record(anchored)
        before, rest = split_list(given.listed, self._find_room(anchored))
        return self._record(replace(anchored, listed=rest), before)

    def _find_room(self, anchored: ChainAnchored) -> int:
        """Return how many bytes of a list the record of an anchor has room for."""
        draft = Draft(identifier=bytes(ID_SIZE), statement=replace(anchored, listed=b"."))
        (record,) = self._desk.prepare([draft]).records
        # The head of a longer byte string has two bytes more.
        return max(1, schema.RECORD_BYTES_MAX - len(record) - 1)

    def approve_subsidy(self, case: bytes, *, programme: str, amount_minor: int) -> bytes:
        """Approve public money for a case of another chain: a department's officer's act."""
        statement = SubsidyApproved(approved_case=case, programme=programme, amount=amount_minor)
        return self._record(statement, officer=self._desk.officer())

    def find_approval(self, case: bytes) -> bytes:
        """Return the id of the approval of a case's public money that stands on this chain.

        Raises:
            NotFound: `subsidy.none`.
        """
        found = self._replica.read(subsidy_key(case))
        if found is not None:
            return found
        raise NotFound(
            "subsidy.none",
            f"no department has approved public money for case {case.hex()}",
            cure="Ask the department to approve it on the administrative chain.",
        )

    def demanded(self) -> bytes:
        """Return the chain on which departments approve public money paid out here, or nothing."""
        return self._replica.read(DEMAND_KEY) or b""

    def list_chains(self) -> list[dict[str, Any]]:
        """Return the chains linked here, with their last anchors, the newest first."""
        found = []
        for chain in self.list_linked():
            held = find_chain(self._replica.read, chain)
            if held is not None:
                anchors = [self._tell(row) for row in self._anchors(chain)]
                found.append(
                    {
                        "chain": chain,
                        "name": held.name,
                        "kind": held.kind,
                        "size": held.size,
                        "demanded": int(chain == self.demanded()),
                        "anchors": anchors,
                    }
                )
        return found

    def list_linked(self) -> list[bytes]:
        """Return the chains that records here link or proposed to link, in their order."""
        return list(dict.fromkeys(self._linked()))

    def _linked(self) -> Iterator[bytes]:
        views, find = self._desk.views, self._desk.records.find
        for t in (ChangeProposed.t, ChainLinked.t):
            for row in views.rows("record", {"t": t}, order="height"):
                genesis = find(row["id"]).record["pub"].get("genesis")
                if genesis is not None:
                    yield sha256(genesis)

    def _anchors(self, chain: bytes) -> list[Found]:
        rows = self._desk.views.rows(
            "record", {"t": ChainAnchored.t}, order="-height", limit=ANCHORS_TOLD
        )
        found = [self._desk.records.find(row["id"]) for row in rows]
        return [each for each in found if each.record["pub"]["chain"] == chain]

    def _tell(self, found: Found) -> dict[str, Any]:
        body = read_stated(found.record["pub"]["note"])
        return {
            "height": body.height,
            "size": body.size,
            "root": body.root,
            "anchored_height": found.height,
            "by": found.member,
            "time": found.time,
        }

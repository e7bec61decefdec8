"""The chain, its members and its rules over the API."""

from __future__ import annotations

from typing import Any

from tallystick.client.carrying import Carrier, Tree

__all__ = ["LedgerVerbs"]


class LedgerVerbs(Carrier):
    """Verbs of the chain."""

    def show_health(self) -> Tree:
        """Return height, head, witnessed height and alarm."""
        found: Tree = self.ask("GET", f"/{self.member}/healthz").json()
        return found

    def list_differences(self) -> list[Tree]:
        """Return where other members' chains differ from this one's, by its own comparing."""
        found: list[Tree] = self.request("GET", "/differences").json()["items"]
        return found

    def list_equivocations(self) -> list[Tree]:
        """Return the members that are proven to have signed two bodies of one height or size."""
        found: list[Tree] = self._get("/ledger/equivocations")["items"]
        return found

    def read_equivocation(self, digest: str) -> bytes:
        """Return the file that proves one; `digest` as `list_equivocations` names it."""
        return self.request("GET", f"/ledger/equivocations/{digest}").content

    def prove_equivocation(self, one: str, other: str) -> list[Tree]:
        """Have two checkpoints that were shown to somebody convict who signed both.

        The member keeps the proof and tells all others; answers rows of `list_equivocations`.
        """
        tree = {"notes": [one, other]}
        found: list[Tree] = self.request("POST", "/ledger/equivocations", json=tree).json()["items"]
        return found

    def read_log(self, path: str) -> bytes:
        """Return what stands at a path of the member's static log: `checkpoint`, `tile/0/000`."""
        return self.ask("GET", f"/{self.member}/log/{path}").content

    def list_blocks(self, *, limit: int = 20, before: int = 0) -> Tree:
        """Return a page of blocks, the newest first: `{items, next?}`; `next` is a `before`."""
        found: Tree = self._get("/blocks", limit=limit, before=before)
        return found

    def list_block_records(self, height: int) -> list[Tree]:
        """Return type, member, case and time of each admitted record of a block."""
        found: list[Tree] = self._get(f"/blocks/{height}/records")["items"]
        return found

    def prove_block(self, height: int) -> bytes:
        """Return the evidence file of a block's records."""
        return self.request("GET", f"/blocks/{height}/proof").content

    def show_state(self) -> Tree:
        """Return whether all copies agree, as this member sees it, and the alarms."""
        found: Tree = self._get("/state")
        return found

    def show_check(self) -> Tree:
        """Return the check that runs, or the last one."""
        found: Tree = self._get("/verify")
        return found

    def verify_chain(self, blocks: int = 0) -> Tree:
        """Check the member's own copy: a sample of blocks, or 0 for all of it."""
        found: Tree = self.request("POST", "/verify", json={"blocks": blocks}).json()
        return found

    def repair_chain(self) -> Tree:
        """Make the member's own copy whole again from the others."""
        found: Tree = self.request("POST", "/repair").json()
        return found

    def read_block(self, height: int) -> bytes:
        """Return a block's canonical bytes."""
        return self.request("GET", f"/blocks/{height}").content

    def read_checkpoint(self, height: int = 0) -> bytes:
        """Return a cosigned note: of `height`, or of the newest witnessed one."""
        return self.request("GET", "/checkpoint", params={"height": height}).content

    def show_transaction(self, tid: str) -> Tree:
        """Return what became of a transaction."""
        found: Tree = self._get(f"/transactions/{tid}")
        return found

    def rebuild_views(self) -> Tree:
        """Make the member's views anew from its chain."""
        return self._send("/views/rebuild")

    def list_members(self) -> list[Any]:
        """Return the members in force with their roles and keys."""
        found: list[Any] = self._get("/members")["items"]
        return found

    def show_charter(self) -> list[Any]:
        """Return who may write which record type, and who may read which field."""
        found: list[Any] = self._get("/charter")["items"]
        return found

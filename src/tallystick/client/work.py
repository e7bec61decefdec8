"""An officer's day over the API: what is due, drafts, estimates, what is known of a party."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tallystick.client.carrying import Carrier, Tree, write_options

__all__ = ["WorkVerbs"]


class WorkVerbs(Carrier):
    """Verbs of what an officer asks for before it does anything."""

    def list_today(self, *, role: str = "", limit: int = 100) -> Tree:
        """Return what needs this member now, and its month so far."""
        found: Tree = self._get("/today", role=role, limit=limit)
        return found

    def find_cases(self, *, limit: int = 100, **where: str) -> Tree:
        """Return a page of cases, `{items, next?, after?}`.

        Args:
            limit: most rows.
            **where: `stage`, `owner`, `kind`, `q` (how ids begin), `after` (of the page before).
        """
        found: Tree = self._get("/cases", limit=limit, **where)
        return found

    def count_cases(self, *, owner: str = "", kind: str = "") -> Tree:
        """Return how many cases stand at each stage, and in all."""
        found: Tree = self._get("/cases/counts", owner=owner, kind=kind)
        return found

    def estimate(self, application: Mapping[str, object], *, defaults: Sequence[str] = ()) -> Tree:
        """Return what an application, finished or not, would come to."""
        body = {"application": dict(application), "defaults": list(defaults)}
        found: Tree = self.request("POST", "/estimate", json=body).json()
        return found

    def prefill(self, party: str) -> Tree:
        """Return what a party told before, each part with its day; leaves receipts."""
        found: Tree = self._get(f"/parties/{party}/prefill")
        return found

    def replay_case(self, case: str) -> Tree:
        """Run a case's decisions again; leaves receipts."""
        found: Tree = self._get(f"/cases/{case}/replay")
        return found

    def export_evidence(self, case: str, *, redact: Sequence[str] = ()) -> bytes:
        """Return a case's evidence file, without some sealed fields."""
        query = {"redact": list(redact)}
        return self.request("GET", f"/cases/{case}/evidence", params=query).content

    # ---- drafts

    def begin_draft(self, tree: Mapping[str, object], *, label: str = "") -> Tree:
        """Keep a first draft; tells its id."""
        return self._send("/drafts", {"tree": dict(tree), "label": label})

    def save_draft(
        self, draft: str, tree: Mapping[str, object], *, label: str = "", revision: int = 0
    ) -> Tree:
        """Keep a draft made from a revision; 0 for a new one."""
        body = {"tree": dict(tree), "label": label}
        more = write_options(body, if_match=str(revision) if revision else "")
        found: Tree = self.request("PUT", f"/drafts/{draft}", **more).json()
        return found

    def list_drafts(self) -> list[Tree]:
        """Return this officer's drafts, the one saved last first."""
        found: list[Tree] = self._get("/drafts")["items"]
        return found

    def read_draft(self, draft: str) -> Tree:
        """Return a draft with what it says."""
        found: Tree = self._get(f"/drafts/{draft}")
        return found

    def drop_draft(self, draft: str) -> Tree:
        """Forget a draft."""
        return self._send(f"/drafts/{draft}", method="DELETE")

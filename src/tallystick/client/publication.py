"""News, guidance and evaluations over the API."""

from __future__ import annotations

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["PublicationVerbs"]


class PublicationVerbs(Carrier):
    """Verbs of public statements."""

    def publish_news(self, text: str, *, language: str = "zh") -> Tree:
        """Publish as the newspaper."""
        return self._send("/news", {"text": text, "language": language})

    def publish_bulletin(
        self, *, title_zh: str, title_en: str, text_zh: str, text_en: str, amends: str | None = None
    ) -> Tree:
        """Tell everybody something on the public chain."""
        texts = {"title_zh": title_zh, "title_en": title_en, "text_zh": text_zh, "text_en": text_en}
        return self._send("/bulletins", present({**texts, "amends": amends}))

    def withdraw_bulletin(self, bulletin: str) -> Tree:
        """Say that an own bulletin no longer holds."""
        return self._send(f"/bulletins/{bulletin}/withdraw")

    def list_public(self, t: str = "", limit: int = 20) -> list[Tree]:
        """Return records of the public chain, the newest first; asks for no token."""
        path = f"/{self.member}/log/records"
        found: list[Tree] = self.ask("GET", path, params={"t": t, "limit": limit}).json()["items"]
        return found

    def publish_tally(self, *, from_day: int, to_day: int, chain: str = "") -> Tree:
        """Publish what another chain recorded in a period."""
        return self._send("/tallies", {"from_day": from_day, "to_day": to_day, "chain": chain})

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> Tree:
        """Advise on a topic or a case."""
        return self._send("/guidance", present({"topic": topic, "text": text, "case": case}))

    def evaluate_project(self, project: str, *, score: int, text: str) -> Tree:
        """Score a project's case or record, 0..100."""
        return self._send("/evaluations", {"project": project, "score": score, "text": text})

"""News, guidance and evaluations over the API."""

from __future__ import annotations

from tallystick.client.carrying import Carrier, Tree, present

__all__ = ["PublicationVerbs"]


class PublicationVerbs(Carrier):
    """Verbs of public statements."""

    def publish_news(self, text: str, *, language: str = "zh") -> Tree:
        """Publish as the newspaper."""
        return self._send("/news", {"text": text, "language": language})

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> Tree:
        """Advise on a topic or a case."""
        return self._send("/guidance", present({"topic": topic, "text": text, "case": case}))

    def evaluate_project(self, project: str, *, score: int, text: str) -> Tree:
        """Score a project's case or record, 0..100."""
        return self._send("/evaluations", {"project": project, "score": score, "text": text})

"""The draft of a new case: saved a moment after each change, never over somebody else's saving.

Laws: what is typed is saved `PAUSE_S` after the last key, and at once when the page is left; each
saving names the revision it was made from; what another window saved meanwhile is told and neither
is overwritten until the officer chooses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import background_tasks

from tallystick.base.errors import Conflict, Error, NotFound
from tallystick.console.pages.new_case_questions import STEPS
from tallystick.console.pages.new_case_tree import clean_answers
from tallystick.console.visit import Visit

__all__ = ["Keeper", "label_of"]

PAUSE_S: Final = 0.8
AGAIN_S: Final = 5.0
LABEL_MAX: Final = 120


def label_of(answers: Mapping[str, Any]) -> str:
    """Return what a draft is called in its officer's own list; sealed like the rest of it."""
    name = str(answers.get("person_name", "")).strip()
    number = str(answers.get("party_number", "")).strip()[:8]
    return (name if answers.get("party_known") != "yes" else number)[:LABEL_MAX]


class Keeper:
    """One draft as it stands in this window.

    Args:
        v: the visit.
        found: the draft as `GET /drafts/{draft}` tells it.

    Attributes:
        tree: what is kept: `answers`, `step`, `party`, `sent`.
        saved_ms: when it was saved last, ms since 1970 UTC.
        conflict: another window's saving that stands in the way.
        trouble: why the last saving failed otherwise.
        told: called when any of these changed.
    """

    def __init__(self, v: Visit, found: Mapping[str, Any]) -> None:
        self.draft: str = found["draft"]
        held = found["tree"]
        step = held.get("step")
        self.tree: dict[str, Any] = {
            **held,
            "v": 1,
            "answers": clean_answers(held.get("answers")),
            "step": step if step in range(len(STEPS)) else 0,
        }
        self.saved_ms: int = found["saved_at"]
        self.made_ms: int = found["made_at"]
        self.conflict: Conflict | None = None
        self.trouble: Error | None = None
        self.told: Callable[[], None] = lambda: None
        self._v = v
        self._revision: int = found["revision"]
        self._turn = 0
        self._saved_turn = 0
        self._lock = asyncio.Lock()
        self._is_gone = False

    @property
    def answers(self) -> dict[str, Any]:
        """What was typed."""
        found: dict[str, Any] = self.tree["answers"]
        return found

    @property
    def is_saved(self) -> bool:
        """Whether all that was typed is kept."""
        return self._turn == self._saved_turn

    def touch(self) -> None:
        """Note that something changed; it is saved after a pause."""
        self._turn += 1
        self._wait(PAUSE_S)

    def _wait(self, pause_s: float) -> None:
        turn = self._turn

        async def later() -> None:
            await asyncio.sleep(pause_s)
            if turn == self._turn:
                await self.save()

        background_tasks.create(later(), name="draft")

    async def save(self) -> bool:
        """Save what is not saved yet; tells whether all of it is."""
        async with self._lock:
            if self.is_saved or self.conflict is not None or self._is_gone:
                return self.is_saved
            turn = self._turn
            body = {"tree": self.tree, "label": label_of(self.answers)}
            try:
                found = await self._v.client.send(
                    f"/drafts/{self.draft}",
                    body,
                    method="PUT",
                    if_match=str(self._revision or ""),
                )
            except Conflict as error:
                self.conflict = error
            except Error as error:
                self.trouble = error
                self._wait(AGAIN_S)
            else:
                self.trouble = None
                self._revision, self.saved_ms = found["revision"], found["saved_at"]
                self._saved_turn = turn
        self.told()
        return self.is_saved

    async def keep_mine(self) -> None:
        """Save over what another window saved, now that the officer has seen it."""
        if self.conflict is not None:
            held = self.conflict.values.get("revision")
            self._revision = held if isinstance(held, int) else 0
            self.conflict = None
            self._turn += 1
            await self.save()

    async def drop(self) -> None:
        """Forget the draft; one that is gone already is forgotten."""
        async with self._lock:
            self._is_gone = True
            try:
                await self._v.client.send(f"/drafts/{self.draft}", method="DELETE")
            except NotFound:
                return

"""Members drawn, founded and joined by the verbs of an operator, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Tally", "draw_card", "found_by_cards"]

Tally = Callable[..., Any]
"""Runs a verb, and returns what it told."""


def draw_card(
    tally: Tally,
    home: Path,
    ports: Sequence[int],
    *words: str,
    role: str,
    host: str = "127.0.0.1",
) -> str:
    """Draw a member's keys and return its card's path.

    Args:
        tally: runs a verb.
        home: a folder for the member, named as it.
        ports: of its link, of that for the public chain, and of its engine.
        words: more options.
        role: what it is to be.
        host: where it tells others that it is.
    """
    link, public, engine = (str(port) for port in ports)
    at = ("--address", f"https://{host}:{link}", "--engine-port", engine, "--public-port", public)
    words = ("--name", home.name, "--role", role, *at, *words)
    (row,) = tally("member", "new", str(home), *words)
    return str(row["card"])


def found_by_cards(
    tally: Tally, founded: Path, cards: Mapping[Path, str], *words: str
) -> list[dict[str, Any]]:
    """Found a county of members' cards and have each join it; return what was told of each.

    Args:
        tally: runs a verb.
        founded: where its public files are made.
        cards: by the member's folder.
        words: more options.
    """
    shown = [each for card in cards.values() for each in ("--card", card)]
    rows: list[dict[str, Any]] = tally("county", "found", str(founded), *words, *shown)
    for home in cards:
        tally("member", "join", home.name, "--from", str(founded), "--county", str(home))
    return rows

"""Words of models: their kinds, states, features, and how a share of a million is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.kit import fill, tag
from tallystick.console.visit import Visit
from tallystick.text import PHRASES
from tallystick.text.column import MODEL_STATES
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import MINUS

__all__ = [
    "ECE_BORNE_PPM",
    "name_feature",
    "say_kind",
    "say_share",
    "say_text",
    "state_tag",
    "write_ppm",
]

ECE_BORNE_PPM: Final = 5_000
"""How much more than chance a model's probabilities may be off before approval asks for a reason;
the API decides, this only says so beforehand."""

_KINDS: Final[Mapping[str, Phrase]] = phrase_table(
    "", {"card": ("评分卡", "Scorecard"), "trees": ("决策树组", "Trees")}
)
_TONES: Final = {"in_force": "ok", "approved": "info", "retired": ""}
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def name_feature(v: Visit, name: str) -> Markup:
    """Return what a feature is called; one that only its file names, as it stands."""
    found = PHRASES.get(f"field.{name}")
    return fill("{}", v.say(found)) if found else fill('<span class="mono">{}</span>', name)


def say_text(text: str) -> Markup:
    """Return text of somebody's file; Chinese is marked as such."""
    return fill('<span lang="zh">{}</span>' if _HAN.search(text) else "{}", text)


def say_kind(v: Visit, kind: str | None) -> str:
    """Return what kind of model it is."""
    found = _KINDS.get(kind or "")
    return v.say(found) if found else v.t("模型", "Model")


def state_tag(v: Visit, state: str) -> Markup:
    """Return how a model stands, as a tag."""
    return tag(v.say(MODEL_STATES[f"model_state.{state}"]), _TONES.get(state, ""))


def write_ppm(ppm: int | None, places: int = 3) -> str:
    """Write parts per million as a figure from 0 to 1; a dash for none.

    >>> write_ppm(847_533), write_ppm(-5_000), write_ppm(None)
    ('0.848', '−0.005', '–')
    """
    if ppm is None:
        return "\u2013"
    text = f"{abs(ppm) / 1_000_000:.{places}f}"
    return MINUS + text if ppm < 0 else text


def say_share(found: Mapping[str, Any]) -> str:
    """Write a share with its interval, in percent: 63.7 (60.6 to 66.6)."""
    return (
        f"{found['ppm'] / 10_000:.1f} ({found['low_ppm'] / 10_000:.1f}"
        f"\u2013{found['high_ppm'] / 10_000:.1f})"
    )

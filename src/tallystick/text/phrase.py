"""A phrase: one thing said in Chinese and in English, with the same blanks in both.

A blank is `{name}` or `{name:form}`; forms: `money`, `cents`, `percent`, `rate`, `ratio`, `month`,
`months`, `years`, `area`, and the names of tables (`scheme`, `field`, ...) whose word is put in.
Law: a phrase without one of its halves, or with different blanks in them, fails at import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BLANK", "NUMBER_FORMS", "Phrase", "phrase_table"]

BLANK = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
NUMBER_FORMS = frozenset(
    {"", "money", "cents", "percent", "rate", "ratio", "month", "months", "years", "area"}
)
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two equal halves."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        """Refuse a phrase that is only half there."""
        if not self.zh.strip() or not self.en.strip():
            raise ValueError(f"a half is missing: {self.zh!r}, {self.en!r}")
        if _HAN.search(self.en):
            raise ValueError(f"the English half is Chinese: {self.en!r}")
        if sorted(BLANK.findall(self.zh)) != sorted(BLANK.findall(self.en)):
            raise ValueError(f"the blanks differ: {self.zh!r}, {self.en!r}")


def phrase_table(prefix: str, pairs: Mapping[str, tuple[str, str]]) -> dict[str, Phrase]:
    """Return phrases by full code; an empty prefix leaves the codes as they are.

    Raises:
        ValueError: a phrase is not whole; its code is named.
    """
    found = {}
    for name, (zh, en) in pairs.items():
        try:
            found[f"{prefix}.{name}" if prefix else name] = Phrase(zh, en)
        except ValueError as error:
            raise ValueError(f"{prefix} {name}: {error}") from error
    return found

"""What can be seen to be wrong with a page: layout, words, accessibility; each finding a line.

Laws of words: no Chinese in an English page but in an element of `lang="zh"` (names of people and
places), no English in a Chinese page but proper terms; no code, key or blank of ours where a
person reads, but where it is set as code (`.mono`, `pre`, `kbd`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page

__all__ = [
    "FEW",
    "check_axe",
    "check_layout",
    "check_look",
    "check_words",
    "find_word_faults",
    "settle",
]

_SCRIPT: Final = Path(__file__).with_name("screens.js").read_text(encoding="utf-8")
FEW: Final[tuple[tuple[Literal["light", "dark"], int], ...]] = (("light", 1440), ("dark", 390))
"""Both themes and both widths, once each: what the quick suite looks at."""

QUIET_MS: Final = 150
MOST_MS: Final = 5_000

_CHINESE: Final = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9'\u2019-]*")
_ID: Final = re.compile(
    r"[0-9a-f]{6,64}|bafy[a-z2-7]{4,}|[a-z2-7]{12}|[a-f0-9]*\d[a-f0-9]*|[A-Za-z]\d+"
)
PROPER: Final = frozenset(
    {
        *("AUC", "KS", "PSI", "CSV", "JSON", "PDF", "CAR", "SHA-256", "CID", "IPFS", "P20", "P50"),
        *("P80", "IV", "ECE", "ROC", "WOE", "QR", "ID", "IP", "API", "UTC", "HTTP", "A4", "Ctrl"),
        *("km", "kg", "GB", "MB", "KB", "EN", "Brier", "Tallystick"),
    }
)
"""What Chinese texts write in Latin letters."""
_RAW: Final = (
    (
        re.compile(r"\b(?:undefined|NaN|null|(?:None|True|False)(?! [a-z]))\b"),
        "a value of a program",
    ),
    (re.compile(r"\[object \w+\]|<[a-z/][^>]*>|&(?:lt|gt|amp|quot|#\d+);"), "markup"),
    (re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)s"), "a blank that nothing filled"),
    (re.compile(r"\b[a-z]{2,}(?:\.[a-z_]{2,})+\b"), "a code"),
    (re.compile(r"\b[a-z]+(?:_[a-z]+)+\b"), "a key"),
)
_QUOTED: Final = re.compile(r"[\w-]+\.(?:csv|car|json|pdf|toml|txt|html|xlsx)|tally(?: [a-z-]+)+")
"""Names of files, and commands: they are what they are in every language."""


def _install(page: Page) -> None:
    if not page.evaluate("'screens' in window"):
        page.evaluate(_SCRIPT)


def settle(page: Page) -> None:
    """Wait until nothing on a page changes any more, for a while at most."""
    _install(page)
    page.evaluate("([quiet, most]) => screens.settle(quiet, most)", [QUIET_MS, MOST_MS])


def check_layout(page: Page) -> list[str]:
    """Return what is clipped, overlaps, hangs out, has no name, leads nowhere or is too pale."""
    _install(page)
    found: list[str] = page.evaluate("screens.checkLayout()")
    return found


def check_words(page: Page, language: str) -> list[str]:
    """Return texts that are in the other language, or in none."""
    _install(page)
    found: list[tuple[str, str, bool, str]] = page.evaluate("screens.readWords()")
    faults = [
        f"{fault}: {place}"
        for words, spoken, is_code, place in found
        for fault in find_word_faults(words, spoken, language, is_code=is_code)
    ]
    return list(dict.fromkeys(faults))


def find_word_faults(words: str, spoken: str, language: str, *, is_code: bool) -> Iterator[str]:
    """Tell what is wrong with one text.

    Args:
        words: the text.
        spoken: `lang` of what holds it, by the nearest element that says it.
        language: what the page speaks.
        is_code: whether it is set as code.
    """
    is_other = not spoken.startswith(language)
    if language == "en" and not is_other and (chinese := _CHINESE.search(words)):
        yield f"Chinese in an English page, {chinese[0]!r}"
    if is_code:
        return
    plain = _QUOTED.sub(" ", words)
    for pattern, what in _RAW:
        if raw := pattern.search(plain):
            yield f"{what}, {raw[0]!r}"
    if language == "zh" and not is_other:
        for word in _WORD.findall(plain):
            if len(word) > 1 and word not in PROPER and not _ID.fullmatch(word):
                yield f"English in a Chinese page, {word!r}"


def check_look(page: Page, theme: str, width: int, language: str, source: str | None) -> list[str]:
    """Return what is wrong with a page in one of its looks: layout, words, and what axe hears.

    Words do not depend on the theme; without its source axe is not asked.
    """
    found = list(check_layout(page))
    found += check_words(page, language) if theme == "light" else ()
    found += check_axe(page, source) if source is not None else ()
    return found


def check_axe(page: Page, source: str) -> list[str]:
    """Return what axe-core finds: WCAG A and AA of all versions, and best practice."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate(
        # Its own requests for style sheets would show the frame's loading bar.
        "axe.run(document, {resultTypes: ['violations'], preload: false,"
        " rules: {'target-size': {enabled: true}}}).then(told => told.violations)"
    )
    return [
        f"axe {rule['id']} ({rule['help']}): {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]

"""Words of a county's chains: what each is called, and how long ago something was."""

from __future__ import annotations

from typing import Final

from tallystick.base.clock import DAY_MS
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase, phrase_table

__all__ = ["count_entries", "count_records", "name_chain", "say_ago", "say_chain"]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_KINDS: Final = phrase_table(
    "",
    {
        "county": ("全县共享链", "Shared chain"),
        "administrative": ("行政链", "Administrative chain"),
        "financial": ("金融链", "Financial chain"),
        "private": ("成员自己的链", "A member's own chain"),
        "public": ("公开链", "Public chain"),
    },
)
_IN_SENTENCE: Final = phrase_table(
    "",
    {
        "county": ("全县共享链", "the shared chain"),
        "administrative": ("行政链", "the administrative chain"),
        "financial": ("金融链", "the financial chain"),
        "private": ("成员自己的链", "a member's own chain"),
        "public": ("公开链", "the public chain"),
    },
)
_OTHER: Final = (Phrase("另一条链", "Another chain"), Phrase("另一条链", "another chain"))


def name_chain(v: Visit, kind: str) -> str:
    """Return what a chain of a kind is called, as a title."""
    return v.say(_KINDS.get(kind, _OTHER[0]))


def say_chain(v: Visit, kind: str) -> str:
    """Return what a chain of a kind is called inside a sentence."""
    return v.say(_IN_SENTENCE.get(kind, _OTHER[1]))


def count_entries(v: Visit, count: int) -> str:
    """Return how many entries of a log, in words."""
    return v.t(f"{count:,} 笔", f"{count:,} {'entry' if count == 1 else 'entries'}")


def count_records(v: Visit, count: int) -> str:
    """Return how many records, in words."""
    return v.t(f"{count:,} 条记录", f"{count:,} {'record' if count == 1 else 'records'}")


def say_ago(v: Visit, past_ms: int, now_ms: int) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    passed = max(0, now_ms - past_ms)
    if passed < _MINUTE_MS:
        return v.t("不到 1 分钟前", "less than a minute ago")
    for unit_ms, zh, en in ((DAY_MS, "天", "day"), (_HOUR_MS, "小时", "hour")):
        if passed >= unit_ms:
            return _ago(v, passed // unit_ms, zh, en)
    return _ago(v, passed // _MINUTE_MS, "分钟", "minute")


def _ago(v: Visit, count: int, zh: str, en: str) -> str:
    return v.t(f"{count} {zh}前", f"{count} {en}{'' if count == 1 else 's'} ago")

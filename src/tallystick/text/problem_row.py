"""What a person reads of one error: title, what is safe, cure; and the sentences that recur.

Laws: every part is a whole pair; a title has at most 40 Chinese or 90 English signs and no blank,
so that it can be said of any error of its code; a row that breaks one of these fails at import.
What is said to be safe is what the code's meaning allows, no more: what is uncertain is called so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.text.phrase import BLANK, Phrase

__all__ = [
    "ACCOUNT_SAME",
    "DAMAGE_UNUSED",
    "LEDGER_SAME",
    "LOOK_UP",
    "NOTHING_CHANGED",
    "NOTHING_LOST",
    "NOT_RECORDED",
    "NOT_STARTED",
    "OTHERS_HOLD_IT",
    "TITLE_EN_MAX",
    "TITLE_ZH_MAX",
    "TYPED_KEPT",
    "UNSURE",
    "WAITS",
    "ProblemRow",
    "problem_table",
]

TITLE_ZH_MAX: Final = 40
TITLE_EN_MAX: Final = 90

TYPED_KEPT: Final = Phrase(
    "什么都没有记入账本，您填写的内容还在。",
    "Nothing was recorded; what you typed is still here.",
)
NOT_RECORDED: Final = Phrase("什么都没有记入账本。", "Nothing was recorded.")
NOTHING_CHANGED: Final = Phrase("什么都没有改动。", "Nothing was changed.")
LOOK_UP: Final = Phrase(
    "这只是查询，什么都没有改动。", "This was only a look-up; nothing was changed."
)
NOTHING_LOST: Final = Phrase("已经入账的内容一条不少。", "Nothing that was recorded is lost.")
WAITS: Final = Phrase(
    "您的记录已签名保存，系统会自动重发，只记一次。",
    "Your record is signed and kept; it is sent again by itself and counts once.",
)
UNSURE: Final = Phrase(
    "是否已经入账还不确定；已有的记录不受影响。",
    "Whether it was recorded is uncertain; what stood before is untouched.",
)
ACCOUNT_SAME: Final = Phrase("账号和数据都没有变化。", "The account and all data are unchanged.")
LEDGER_SAME: Final = Phrase("账本没有动。", "The ledger is untouched.")
OTHERS_HOLD_IT: Final = Phrase(
    "其他成员各有一份完整的账本，可以据此修复。",
    "The other members each hold the whole ledger; this copy can be made whole from theirs.",
)
DAMAGE_UNUSED: Final = Phrase(
    "坏的内容没有采用，账本不受影响。",
    "The damaged content was not used; the ledger is untouched.",
)
NOT_STARTED: Final = Phrase(
    "程序没有启动，数据原样未动。", "The program did not start; the data is as it was."
)


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """What is said of one code: what happened, what is safe, what to do."""

    title: Phrase
    safe: Phrase
    cure: Phrase

    def __post_init__(self) -> None:
        """Refuse a title that is too long, and blanks, which nothing fills here."""
        if len(self.title.zh) > TITLE_ZH_MAX or len(self.title.en) > TITLE_EN_MAX:
            raise ValueError(f"the title is too long: {self.title}")
        parts = (self.title, self.safe, self.cure)
        if any(BLANK.search(each.zh) for each in parts):
            raise ValueError(f"a blank is not filled: {self.title}")


def problem_table(
    prefix: str, rows: Mapping[str, tuple[str, str, Phrase, str, str]]
) -> dict[str, ProblemRow]:
    """Return rows by full code.

    Args:
        prefix: the part of the codes before the dot.
        rows: by the part after it: title in Chinese and English, what is safe, cure in both.

    Raises:
        ValueError: a half is missing, a title too long, or a blank not filled; the code is named.
    """
    found = {}
    for name, (title_zh, title_en, safe, cure_zh, cure_en) in rows.items():
        try:
            title, cure = Phrase(title_zh, title_en), Phrase(cure_zh, cure_en)
            found[f"{prefix}.{name}"] = ProblemRow(title, safe, cure)
        except ValueError as error:
            raise ValueError(f"{prefix}.{name}: {error}") from error
    return found

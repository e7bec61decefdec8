"""What is typed as a value of a leaf, and what is wrong with it in words that say the cure.

Laws: pure; what can not be read is never guessed; the same words stand in the field and in the
summary. Money is fen, areas 1/100 mu, percents parts per million, months counted from year 0.
Source: GB 11643-1999 (identity numbers: ISO 7064, MOD 11-2).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tallystick.console.acts import parse_money
from tallystick.console.pages.new_case_question import Given, Question
from tallystick.text.phrase import Phrase

__all__ = ["Wrong", "find_wrong", "read_identity", "read_value"]

Value = int | str | list[int] | list[str]
_HEX: Final = re.compile(r"[0-9a-f]{32}")
_IDENTITY: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_DECIMAL: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,4}))?")
_PLAIN: Final = str.maketrans("０１２３４５６７８９．，－−", "0123456789.,--")
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]")
_ONE_IS: Final = {"area": 100, "percent": 10_000}


class Wrong(ValueError):
    """What was typed is no value.

    Attributes:
        said: what to do, in both languages.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.said = Phrase(zh, en)


def read_value(question: Question, given: Given) -> Value | None:
    """Return what an answer comes to; None where nothing was typed.

    Raises:
        Wrong: it is no value of its kind, or outside its range.
    """
    if given in (None, "", []):
        return None
    if question.kind in {"months", "crops"}:
        return _read_places(question, given)
    if question.kind == "members":
        return [str(each) for each in given] if isinstance(given, list) else None
    text = str(given).translate(_PLAIN).strip()
    if question.kind in {"text", "words"}:
        return _read_text(question, text)
    if question.kind in {"choice", "yes", "tick"}:
        if question.choices and text not in question.choices:
            raise Wrong("选一个", "Choose one")
        return text if question.kind == "choice" else int(text == "yes")
    if question.kind == "month":
        return _in_range(question, _read_whole(text))
    return _in_range(question, _read_figure(question, text))


def _read_places(question: Question, given: Given) -> list[int] | None:
    """Return months 1..12, or places of fields from 0; what is neither is left out."""
    texts = [str(each) for each in given] if isinstance(given, list) else []
    low, high = (1, 12) if question.kind == "months" else (0, 15)
    found = {int(each) for each in texts if _WHOLE.fullmatch(each)}
    return sorted(each for each in found if low <= each <= high) or None


def _read_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise Wrong("写一个整数", "Write a whole number")
    return int(text)


def _read_text(question: Question, text: str) -> str | None:
    if not text:
        return None
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Wrong("有的字认不出，重写一遍", "A sign cannot be read; write it again") from error
    if size > question.high:
        raise Wrong("太长了，写短一些", "Too long; make it shorter")
    if question.path and question.kind == "text" and _BLANK.search(text):
        raise Wrong("中间不要有空格", "Leave out the spaces")
    if question.name == "party_number" and not _HEX.fullmatch(text.lower()):
        raise Wrong("户号是 32 位，由 0–9 和 a–f 组成", "It has 32 signs, 0–9 and a–f")
    if question.name == "id_number":
        read_identity(text)
    return text


def _read_figure(question: Question, text: str) -> int:
    plain = text.replace(",", "").replace(" ", "")
    if question.kind in {"money", "signed"}:
        is_loss = question.kind == "signed" and plain.startswith("-")
        found = parse_money(plain[1:] if is_loss else plain)
        if found is None:
            raise Wrong("写一个金额，例如 50,000", "Write a sum, such as 50,000")
        return -found if is_loss else found
    if question.kind == "count":
        return _read_whole(plain)
    parts = _DECIMAL.fullmatch(plain.removesuffix("%"))
    one = _ONE_IS[question.kind]
    places = len(str(one)) - 1
    if parts is None or len(parts[2] or "") > places:
        raise Wrong("写一个数，例如 2.5", "Write a number, such as 2.5")
    return int(parts[1]) * one + int((parts[2] or "").ljust(places, "0"))


def _in_range(question: Question, found: int) -> int:
    if question.low <= found <= question.high:
        return found
    one = _ONE_IS.get(question.kind, 100 if question.kind in {"money", "signed"} else 1)
    bound, zh, en = (
        (question.low, "至少", "at least")
        if found < question.low
        else (question.high, "最多", "at most")
    )
    figure = f"{bound / one:,g}" if bound % one else f"{bound // one:,}"
    raise Wrong(f"{zh} {figure}", f"It is {en} {figure}")


def read_identity(text: str) -> tuple[date, str]:
    """Return the birthday and the sex (`f` or `m`) of an identity number.

    >>> read_identity("11010519491231002X")
    (datetime.date(1949, 12, 31), 'f')

    Raises:
        Wrong: it has not 18 signs, no such day, or its last sign does not fit the others.
    """
    plain = text.strip().upper()
    if not _IDENTITY.fullmatch(plain):
        raise Wrong("身份证号是 18 位，末位可以是 X", "It has 18 digits; the last may be X")
    total = sum(int(sign) * weight for sign, weight in zip(plain, _WEIGHTS, strict=False))
    try:
        born = date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError as error:
        raise Wrong(
            "出生日期那几位不对，对照身份证再看一遍", "Its birthday is no day; compare the card"
        ) from error
    if plain[17] != _CHECKS[total % 11]:
        raise Wrong("有一位抄错了，对照身份证再看一遍", "One sign is wrong; compare the card")
    return born, "m" if int(plain[16]) % 2 else "f"


def find_wrong(question: Question, given: Given) -> Phrase | None:
    """Return what is wrong with an answer, None if nothing is."""
    try:
        found = read_value(question, given)
    except Wrong as wrong:
        return wrong.said
    if question.is_needed and (found is None or (question.kind == "tick" and not found)):
        if question.kind == "money" and question.low:
            return _SUM
        return _NEEDED.get(question.kind, _EMPTY)
    return None


_SUM: Final = Phrase("写一个金额", "Write a sum")
_EMPTY: Final = Phrase("这里要填", "Fill this in")
_NEEDED: Final = {
    "choice": Phrase("选一个", "Choose one"),
    "yes": Phrase("选一个", "Choose one"),
    "month": Phrase("选一个月份", "Choose a month"),
    "crops": Phrase(
        "选一块；没有就先在第 2 步加上", "Choose one; if it is missing, add it in step 2"
    ),
    "tick": Phrase("念给农户听，同意后再打勾", "Read it aloud; tick it once the household agrees"),
    "money": Phrase("写一个金额，没有就写 0", "Write a sum, 0 if there is none"),
}

"""`tally position --score`: decisions beside what an officer expected, for programs and people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tallystick.cli.spoken import Words
from tallystick.services.positioning.scoring import (
    Agreement,
    Comparison,
    Label,
    compare,
    measure_agreement,
    need_labels,
    need_settled,
    read_label,
)
from tallystick.text.words import WORDS

if TYPE_CHECKING:
    from tallystick.services.positioning.portfolio import Row
    from tallystick.services.positioning.share import Share
    from tallystick.sources import Application
    from tallystick.sources import Mapping as Meaning
    from tallystick.text.wording import Language

__all__ = [
    "Scorer",
    "print_score",
    "read_labels",
    "say_name",
    "tell_share",
    "tree_score",
    "tree_share",
]

_DIGITS: Final = 4
_FIGURES: Final = {
    "fit": Words("判断：合适与否", "judgement: fits or not"),
    "gaps_recall": Words("应指出的缺口，指出了", "gaps to be named that were"),
    "gaps_precision": Words("指出的缺口，成立", "gaps named that hold"),
    "expertise": Words("首选的专长", "preferred field of expertise"),
    "ends": Words("最终去处", "where the household ends"),
    "ends_misfits": Words("最终去处（不合适的案件）", "the same, of misfits"),
}
_TITLE: Final = Words(
    "与人工判断一致：{n} 个无争议案件，95 % 区间（Wilson）",
    "Agreement with the officer: {n} undisputed cases, 95 % intervals (Wilson)",
)
_DISPUTED: Final = Words(
    "另有 {count} 个有争议的案件不计在内，其中 {hits} 个的判断可以接受",
    "{count} disputed cases are left out; {hits} of them are judged acceptably",
)
_DIFFERING: Final = Words("不一致的案件：{count}", "Cases that differ: {count}")
_FIT: Final = Words("判断 {found}，应为 {due}", "judged {found}, expected {due}")
_END: Final = Words("去处 {found}，应为 {due}", "ends at {found}, expected {due}")
_FIELD: Final = Words("专长 {found}，应为 {due}", "prefers {found}, expected {due}")
_MISSED: Final = Words("缺口未指出：{gaps}", "gaps not named: {gaps}")
_BEYOND: Final = Words("缺口不成立：{gaps}", "gaps beyond: {gaps}")
_FITS: Final = {True: Words("合适", "fits"), False: Words("不合适", "does not fit")}


def read_labels(path: Path, meaning: Meaning) -> dict[int, Label]:
    """Return the officer's labels of a file by row; rows that are rejected or have none are absent.

    Limits: all labels are kept, for they are written by hand.

    Raises:
        Invalid: `score.no_expected`, the mapping hands none through or no row has one;
            `score.label`, one is not of its form, with its row.
    """
    from tallystick.sources import Application, read_applications

    need_labels(each.name for each in meaning.keep)
    found = {}
    with closing(read_applications(path, meaning, training=False)) as reading:
        for row in reading:
            label = _label_of(row) if isinstance(row, Application) else None
            if label is not None:
                found[row.row] = label
    need_settled(list(found.values()))
    return found


def _label_of(row: Application) -> Label | None:
    from tallystick.base.errors import Invalid

    try:
        return read_label(row.expected)
    except Invalid as fault:
        fact = f"row {row.row}: {fault.message}"
        raise Invalid("score.label", fact, cure=fault.cure, row=row.row) from None


class Scorer:
    """Compares decisions with labels as they pass."""

    def __init__(self, labels: Mapping[int, Label]) -> None:
        """Take labels by row of the file."""
        self._labels = labels
        self._found: list[Comparison] = []

    def follow(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield every row as it is, once it has been compared."""
        for row in rows:
            label = self._labels.get(row.row)
            if label is not None:
                key = row.key or str(row.row)
                self._found.append(compare(key, label, row.case.positioning))
            yield row

    def measure(self) -> Agreement:
        """Return how far the rows that passed agree."""
        return measure_agreement(self._found)


def _figures(agreement: Agreement) -> dict[str, Share]:
    return {name: getattr(agreement, name) for name in _FIGURES}


def tree_score(agreement: Agreement) -> dict[str, Any]:
    """Return the agreement as a program reads it: shares 0..1, four digits; None of nothing."""
    found = _figures(agreement)
    told: dict[str, Any] = {name: _number(share.ppm) for name, share in found.items()}
    told["n"] = agreement.n
    told["score"] = {name: tree_share(share) for name, share in found.items()}
    told["score"]["disputed_fit"] = tree_share(agreement.disputed_fit)
    told["differing"] = [_tree_of_difference(each) for each in agreement.differing]
    return told


def tree_share(share: Share) -> dict[str, Any]:
    """Return a share with its interval, each 0..1 with four digits; None of nothing."""
    low, high = share.interval_ppm
    return {
        "hits": share.hits,
        "count": share.count,
        "share": _number(share.ppm),
        "low": _number(low),
        "high": _number(high),
    }


def _number(ppm: int | None) -> float | None:
    return None if ppm is None else round(ppm / 1_000_000, _DIGITS)


def _tree_of_difference(each: Comparison) -> dict[str, Any]:
    told: dict[str, Any] = {"key": each.key}
    if not each.fit_agrees:
        told["fits"] = {"found": each.fits, "expected": each.label.fits}
    if not each.end_agrees:
        told["ends"] = {"found": each.scheme, "expected": each.label.scheme}
    if not each.expertise_agrees:
        told["expertise"] = {"found": each.expertise, "expected": each.label.expertise}
    if each.missed:
        told["missed"] = list(each.missed)
    if each.beyond:
        told["beyond"] = list(each.beyond)
    return told


def print_score(agreement: Agreement, language: Language) -> None:
    """Print the agreement for people: each figure, then each case that differs and in what."""
    print("\n" + _TITLE.in_(language).format(n=agreement.n))
    for name, share in _figures(agreement).items():
        print(f"{tell_share(share)}  {_FIGURES[name].in_(language)} ({name})")
    disputed = agreement.disputed_fit
    if disputed.count:
        print(_DISPUTED.in_(language).format(count=disputed.count, hits=disputed.hits))
    print(_DIFFERING.in_(language).format(count=len(agreement.differing)))
    for each in agreement.differing:
        mark = "; " if language == "en" else "；"
        print(f"  {each.key}  {mark.join(_say_differences(each, language))}")


def tell_share(share: Share) -> str:
    """Return a share and its interval in a column of its own: ` 94.4 % ( 84.9- 98.1)  51/54`."""
    if share.ppm is None:
        return f"{'-':>7} {'':<14} {'0/0':>9}"
    value, low, high = (f"{ppm / 10_000:5.1f}" for ppm in (share.ppm, *share.interval_ppm))
    return f"{value} % ({low}-{high}) {f'{share.hits}/{share.count}':>9}"


def _say_differences(each: Comparison, language: Language) -> Iterator[str]:
    label = each.label
    if not each.fit_agrees:
        found, due = (_FITS[fits].in_(language) for fits in (each.fits, label.fits))
        yield _FIT.in_(language).format(found=found, due=due)
    pairs = (
        (each.end_agrees, _END, "scheme", each.scheme, label.scheme),
        (each.expertise_agrees, _FIELD, "expertise", each.expertise, label.expertise),
    )
    for agrees, words, table, found, due in pairs:
        if not agrees:
            said = [say_name(table, name, language) for name in (found, due)]
            yield words.in_(language).format(found=said[0], due=said[1])
    for words, gaps in ((_MISSED, each.missed), (_BEYOND, each.beyond)):
        if gaps:
            yield words.in_(language).format(gaps=", ".join(gaps))


def say_name(table: str, code: str, language: Language) -> str:
    """Return what people call a code of a table of the texts; the code itself if none do."""
    phrase = WORDS.get(f"{table}.{code}")
    if phrase is None:
        return code or "-"
    return phrase.zh if language == "zh" else phrase.en

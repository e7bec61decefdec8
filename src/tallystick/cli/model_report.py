"""What a training found: one tree for programs; words, tables and a picture for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tallystick.cli.showing import show
from tallystick.cli.spoken import Words

if TYPE_CHECKING:
    from tallystick.cli.training import Sample
    from tallystick.learning.evaluation import CalibrationBin, Figures, Share
    from tallystick.learning.fairness import ColumnAudit, Group, GroupAudit
    from tallystick.learning.leakage import Leak
    from tallystick.learning.screening import Idle
    from tallystick.learning.training import Trained
    from tallystick.text.wording import Language

__all__ = ["NAMES", "print_report", "tree_report"]

_DIGITS: Final = 6
_BAR: Final = 40
NAMES: Final = {"card": Words("评分卡", "card"), "challenger": Words("挑战者", "challenger")}
"""What each kind of model is called."""

_WHY: Final = {
    "after": Words("映射声明：决定之后才知道", "the mapping says: known only after the decision"),
    "alone": Words(
        "未声明何时可知，单独一列的 AUC 就有 {auc}",
        "nobody says when it is known, and alone its AUC is {auc}",
    ),
    "copy": Words(
        "未声明何时可知，与 {of} 的排序相关为 {auc}",
        "nobody says when it is known; its ranks follow {of} at {auc}",
    ),
    "function": Words(
        "未声明何时可知，可由 {of} 推出，或反过来",
        "nobody says when it is known; it follows from {of}, or {of} from it",
    ),
}
_DOUBT: Final = {
    "copy": Words(
        "声明为当时已知，但与泄漏的 {of} 排序相关 {auc}：请核对",
        "declared as known in time, yet its ranks follow the leaking {of} at {auc}: check it",
    ),
    "function": Words(
        "声明为当时已知，但可由泄漏的 {of} 推出，或反过来：请核对",
        "declared as known in time, yet it follows from the leaking {of}, or that from it: check",
    ),
}
_IDLE: Final = {
    "missing": Words("每行都是空的，不用", "no row knows it; left out"),
    "constant": Words("只有一个值，不用", "one value only; left out"),
    "duplicate": Words("与 {of} 完全相同，不用", "the very entries of {of}; left out"),
    "many_levels": Words(
        "有 {count} 种取值，少见的合为一组", "{count} levels; the rarest share one bin"
    ),
}


def tree_report(sample: Sample, trained: Sequence[Trained]) -> dict[str, Any]:
    """Return everything a training found, as a program reads it."""
    return {
        "rows": sample.rows,
        "unlabelled": sample.unlabelled,
        "rejected": sample.rejected,
        "columns": [column.name for column in sample.table.columns],
        "unmapped": list(sample.unmapped),
        "models": [_tree_of_model(each) for each in trained],
        "leakage": [
            _tree_of_leak(leak, sample) | {"forced": leak.column in sample.forced}
            for leak in sample.leakage.leaks
        ],
        "doubts": [_tree_of_leak(doubt, sample) for doubt in sample.leakage.doubts],
        "idle": [
            {"column": sample.titles[each.column], "feature": each.column, "why": each.why}
            | ({"of": sample.titles[each.of]} if each.of else {})
            for each in sample.idle
        ],
        "fairness": [
            {"model": each.name} | _tree_of_audit(audit, sample)
            for each in trained
            for audit in each.audits
        ],
    }


def _tree_of_model(trained: Trained) -> dict[str, Any]:
    figures = trained.figures
    return {
        "name": trained.name,
        "auc": {"mean": _round(figures.auc_mean), "sd": _round(figures.auc_sd)},
        "gini": _round(figures.gini),
        "ks": _round(figures.ks),
        "brier": _round(figures.brier),
        "ece": _round(figures.ece),
        "ece_null95": _round(figures.ece_null95),
        "calibration": [
            {"expected": _round(each.expected), "observed": _tree_of_share(each.observed)}
            for each in figures.bins
        ],
    }


def _tree_of_leak(leak: Leak, sample: Sample) -> dict[str, Any]:
    column = sample.titles[leak.column]
    found: dict[str, Any] = {"column": column, "feature": leak.column, "why": leak.why}
    if leak.of:
        found["of"] = sample.titles[leak.of]
    if leak.why in ("alone", "copy"):
        found["auc" if leak.why == "alone" else "rank_correlation"] = _round(leak.strength)
    return found


def _tree_of_audit(audit: ColumnAudit, sample: Sample) -> dict[str, Any]:
    return {
        "column": sample.titles[audit.column],
        "feature": audit.column,
        "ordered": audit.ordered,
        "groups": [
            {
                "group": _say_group(each.group, sample.levels.get(audit.column, ()), "en"),
                "rows": each.rows,
                "selected": _tree_of_share(each.selected),
                "true_positive": _tree_of_share(each.true_positive),
                "expected": _round(each.expected),
                "observed": _tree_of_share(each.observed),
                "ratio": None if each.ratio is None else _round(each.ratio),
            }
            for each in audit.groups
        ],
    }


def _tree_of_share(share: Share) -> dict[str, float]:
    return {"value": _round(share.value), "low": _round(share.low), "high": _round(share.high)}


def _round(value: float) -> float:
    return round(value, _DIGITS)


def print_report(
    sample: Sample, trained: Sequence[Trained], written: Mapping[str, Any], language: Language
) -> None:
    """Print what a training found, for a person."""
    _print_sample(sample, trained[0], language)
    _print_columns(sample, language)
    _title(
        Words("模型（五折，每行由没见过它的模型评分）", "Models (5 folds, unseen rows)"), language
    )
    show([_row_of_model(each, language) for each in trained], is_json=False, language=language)
    for each in trained:
        for words in _say_figures(each.name, each.figures):
            print(words.in_(language))
    for each in trained:
        _print_calibration(each, language)
        _print_fairness(each, sample, language)
    if written:
        name, out = NAMES[written["published"]], written["out"]
        size, cid = written["bytes"], written["cid"]
        words = Words(
            f"已把{name.zh}写到 {out}（{size} 字节），CID 是 {cid}",
            f"The {name.en} is in {out} ({size} bytes), CID {cid}",
        )
        _title(words, language)


def _print_sample(sample: Sample, trained: Trained, language: Language) -> None:
    bad = trained.report.bad
    part = f"{100 * bad / sample.rows:.1f} %"
    rejected = sum(sample.rejected.values())
    words = Words(
        f"{sample.rows} 笔有结果，其中 {bad} 笔变坏（{part}）；{sample.unlabelled} 笔结果未知，"
        f"{rejected} 行读不出",
        f"{sample.rows} loans with an outcome, {bad} ended badly ({part}); {sample.unlabelled} of"
        f" unknown outcome, {rejected} rows rejected",
    )
    print(words.in_(language))
    for code, count in sample.rejected.items():
        print(f"  {count}  {code}")


def _print_columns(sample: Sample, language: Language) -> None:
    """Print what leaks, what is doubtful and what tells nothing."""
    _title(Words("泄漏", "Leakage"), language)
    if not sample.leakage.leaks:
        print(Words("没有发现", "none found").in_(language))
    for leak in sample.leakage.leaks:
        end = (
            Words("；按要求仍然使用，下列数字因此偏好", "; used as asked, so the figures flatter")
            if leak.column in sample.forced
            else Words("；不用", "; left out")
        )
        print(f"  {_say_leak(leak, _WHY, sample, language)}{end.in_(language)}")
    for doubt in sample.leakage.doubts:
        print(f"  {_say_leak(doubt, _DOUBT, sample, language)}")
    if sample.idle:
        _title(Words("没有帮助的列", "Columns that do not help"), language)
    for idle in sample.idle:
        print(f"  {_say_idle(idle, sample, language)}")
    if sample.unmapped:
        _title(Words("映射没有读的列", "Columns the mapping does not read"), language)
        print("  " + ", ".join(sample.unmapped))


def _say_leak(leak: Leak, table: Mapping[str, Words], sample: Sample, language: Language) -> str:
    of = sample.titles.get(leak.of, "")
    why = table[leak.why].in_(language).format(of=of, auc=f"{leak.strength:.3f}")
    return f"{_say_column(leak.column, sample)}: {why}"


def _say_idle(idle: Idle, sample: Sample, language: Language) -> str:
    of = sample.titles.get(idle.of, "")
    why = _IDLE[idle.why].in_(language).format(of=of, count=idle.count)
    return f"{_say_column(idle.column, sample)}: {why}"


def _say_column(feature: str, sample: Sample) -> str:
    """Return the file's column, and the feature's name where it is another."""
    title = sample.titles[feature]
    return title if title == feature else f"{title} ({feature})"


def _row_of_model(trained: Trained, language: Language) -> dict[str, Any]:
    figures = trained.figures
    return {
        Words("模型", "model").in_(language): NAMES[trained.name].in_(language),
        "AUC": f"{figures.auc_mean:.4f} ± {figures.auc_sd:.4f}",
        "Gini": f"{figures.gini:.3f}",
        "KS": f"{figures.ks:.3f}",
        "Brier": f"{figures.brier:.4f}",
        "ECE": f"{figures.ece:.4f}",
        Words("完美模型的 ECE（95 %）", "ECE of a perfect model (95 %)").in_(language): (
            f"{figures.ece_null95:.4f}"
        ),
    }


def _say_figures(name: str, figures: Figures) -> Iterator[Words]:
    """Yield sentences for someone who does not know the measures."""
    pairs = round(100 * figures.auc_mean)
    zh, en = NAMES[name].zh, NAMES[name].en
    yield Words(
        f"{zh}：一笔变坏、一笔正常的贷款配成对，100 对里它约认出 {pairs} 对（瞎猜是 50）。",
        f"{en}: of 100 pairs of a loan that ended badly and one that ended well, it puts the bad"
        f" one first in about {pairs} (guessing: 50).",
    )
    gap, chance = 100 * figures.ece, 100 * figures.ece_null95
    if figures.ece <= figures.ece_null95:
        yield Words(
            f"{zh}：概率可信。平均差 {gap:.2f} 个百分点；概率全对也会偶然差到 {chance:.2f}。",
            f"{en}: its probabilities hold. They are off by {gap:.2f} points on average; even true"
            f" probabilities would be off by up to {chance:.2f}.",
        )
    else:
        yield Words(
            f"{zh}：概率平均差 {gap:.2f} 个百分点，超出偶然的 {chance:.2f}；排序比概率可信。",
            f"{en}: its probabilities are off by {gap:.2f} points on average, more than the"
            f" {chance:.2f} that chance explains; trust the order more than the figure.",
        )


def _print_calibration(trained: Trained, language: Language) -> None:
    """Print a bar per tenth of the loans: what came, and `|` where it was expected."""
    bins = trained.figures.bins
    name = NAMES[trained.name]
    _title(
        Words(
            f"{name.zh}：预计与实际变坏的比例，按风险分十组（# 实际，| 预计）",
            f"{name.en}: share that ended badly by tenths of risk (# came, | expected)",
        ),
        language,
    )
    most = max(max(each.expected, each.observed.value) for each in bins)
    for each in bins:
        came = each.observed
        print(
            f"  {100 * each.expected:5.1f} %  {_bar(each, most)}  {100 * came.value:5.1f} %"
            f"  ({100 * came.low:.1f} - {100 * came.high:.1f})"
        )


def _bar(each: CalibrationBin, most: float) -> str:
    scale = _BAR / most if most > 0 else 0.0
    length, mark = round(each.observed.value * scale), round(each.expected * scale)
    bar = ("#" * length).ljust(_BAR + 1)
    return bar[:mark] + "|" + bar[mark + 1 :]


def _print_fairness(trained: Trained, sample: Sample, language: Language) -> None:
    if trained.audits:
        words = Words(
            "公平（入选：风险最低的贷款，取正常结清那么多笔）",
            "Fairness (selected: the safest loans, as many as ended well)",
        )
        _title(words, language)
    for audit in trained.audits:
        name, title = NAMES[trained.name], sample.titles[audit.column]
        words = Words(
            f"{name.zh}：{title}（受保护，模型没有用它；括号内为 95 % 区间）",
            f"{name.en}: {title} (protected, so the model has not seen it; 95 % intervals)",
        )
        _title(words, language)
        if audit.ordered:
            words = Words(
                "注意：这一列在文件里是排好序的，多半与各行不对应，下面的数字不可信。",
                "Beware: this column stands sorted in the file. It was most likely sorted apart"
                " from its rows, so the figures below mean nothing.",
            )
            print(words.in_(language))
        levels = sample.levels.get(audit.column, ())
        rows = [_row_of_group(each, levels, language) for each in audit.groups]
        show(rows, is_json=False, language=language)


def _row_of_group(each: GroupAudit, levels: tuple[str, ...], language: Language) -> dict[str, Any]:
    headings = (
        Words("组", "group"),
        Words("笔数", "loans"),
        Words("入选", "selected"),
        Words("正常贷款入选", "selected of the good"),
        Words("预计变坏", "expected bad"),
        Words("实际变坏", "came bad"),
        Words("说明", "remark"),
    )
    remarks = []
    if each.ratio is None:
        remarks.append(Words("太少，不比较", "too few to compare"))
    if each.is_selected_less:
        remarks.append(Words("入选明显偏少", "selected markedly less"))
    if not each.is_calibrated:
        remarks.append(Words("概率偏离", "probabilities off"))
    cells = (
        _say_group(each.group, levels, language),
        str(each.rows),
        _say_share(each.selected),
        _say_share(each.true_positive),
        f"{100 * each.expected:.1f} %",
        _say_share(each.observed),
        ("；" if language == "zh" else "; ").join(words.in_(language) for words in remarks),
    )
    return {words.in_(language): cell for words, cell in zip(headings, cells, strict=True)}


def _say_group(group: Group, levels: tuple[str, ...], language: Language) -> str:
    if group.kind == "missing":
        return Words("未填", "missing").in_(language)
    if group.kind == "level":
        return levels[group.low] if group.low < len(levels) else str(group.low)
    return str(group.low) if group.low == group.high else f"{group.low} - {group.high}"


def _say_share(share: Share) -> str:
    if share.rows == 0:
        return "-"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} - {100 * share.high:.0f})"


def _title(words: Words, language: Language) -> None:
    print(f"\n{words.in_(language)}")

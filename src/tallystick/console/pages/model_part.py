"""What is known of a model, as markup: figures, what it looks at, how groups fare, what leaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.icons import icon
from tallystick.console.kit import (
    card,
    fill,
    item,
    join,
    scrolled,
    table,
    tag,
)
from tallystick.console.pages.model_words import (
    ECE_BORNE_PPM,
    name_feature,
    say_share,
    say_text,
    write_ppm,
)
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import MINUS, format_count

__all__ = [
    "draw_fairness",
    "draw_features",
    "draw_leakage",
    "draw_points",
    "draw_reasons",
    "is_calibrated",
    "tell_figures",
]

FEATURES_SHOWN: Final = 12
REASONS_SHOWN: Final = 8
_MILLI: Final = 1_000
Tree = Mapping[str, Any]

_STATES: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "missing": ("没有一行知道，不用", "no row knows it; left out"),
        "constant": ("只有一个值，不用", "one value only; left out"),
        "weak": ("说明不了什么，不用", "tells too little; left out"),
        "sign": ("与其他信息重复，不用", "says what others say; left out"),
        "unasked": ("树没有问到", "no tree asks for it"),
    },
)
_LEAKS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "after": ("决定之后才知道", "known only after the decision"),
        "alone": (
            "没有说明何时可知，单独一列的 AUC 就有 {strength}",
            "nobody says when it is known, and alone its AUC is {strength}",
        ),
        "copy": (
            "没有说明何时可知，与 {of} 的排序相关为 {strength}",
            "nobody says when it is known; its ranks follow {of} at {strength}",
        ),
        "function": (
            "没有说明何时可知，可由 {of} 推出，或反过来",
            "nobody says when it is known; either follows from the other, {of}",
        ),
    },
)


def is_calibrated(metrics: Mapping[str, int]) -> bool:
    """Tell whether approval will take a model without a stated reason."""
    found, chance = metrics.get("ece_ppm"), metrics.get("ece_null95_ppm")
    return found is not None and chance is not None and found <= chance + ECE_BORNE_PPM


def tell_figures(
    v: Visit, metrics: Mapping[str, int]
) -> Iterable[tuple[str, str, str, str | Markup]]:
    """Yield a model's figures, each beside what it is compared with."""
    spread = metrics.get("auc_sd_ppm")
    yield (
        "AUC",
        write_ppm(metrics.get("auc_ppm")),
        f"± {write_ppm(spread)}" if spread is not None else "",
        v.t("瞎猜是 0.5，五折检验", "guessing: 0.5; five folds"),
    )
    yield (
        "KS",
        write_ppm(metrics.get("ks_ppm"), 2),
        "",
        v.t("瞎猜是 0，五折平均", "guessing: 0; mean of folds"),
    )
    sound = is_calibrated(metrics)
    chance = write_ppm(metrics.get("ece_null95_ppm"))
    yield (
        v.t("校准误差 ECE", "Calibration error"),
        write_ppm(metrics.get("ece_ppm")),
        "",
        fill(
            "{} {}",
            v.t(f"机会所致至多 {chance}", f"by chance up to {chance}"),
            "" if sound else tag(v.t("超出", "beyond"), "warn"),
        ),
    )
    yield (
        v.t("布里尔得分", "Brier score"),
        write_ppm(metrics.get("brier_ppm")),
        "",
        v.t("越小越好", "less is better"),
    )
    rows, bad = metrics.get("rows", 0), metrics.get("bad", 0)
    share = f"{100 * bad / rows:.1f}%" if rows else "\u2013"
    yield (
        v.t("训练数据", "Trained on"),
        format_count(rows),
        v.t("笔", "loans"),
        v.t(f"变坏 {format_count(bad)}，{share}", f"{format_count(bad)} ended badly, {share}"),
    )


# ---- what it looks at


def draw_features(v: Visit, charts: Tree) -> Markup:
    """Return the features by weight, and what became of those that are not used."""
    used = [each for each in charts["features"] if each["state"] == "used"]
    rest = [each for each in charts["features"] if each["state"] != "used"]
    is_card = any("value_micro" in each for each in charts["features"])
    top = max((_weight(each) for each in used), default=0) or 1
    rows = join(
        fill(
            '<span>{}</span><span class="bar"><i style="width:{}%"></i></span><span>{}</span>',
            name_feature(v, each["name"]),
            100 * _weight(each) // top,
            write_ppm(_weight(each), 2) if is_card else f"{_weight(each) / 10_000:.0f}%",
        )
        for each in used[:FEATURES_SHOWN]
    )
    body = fill('<div class="weights">{}</div>', rows)
    hidden = used[FEATURES_SHOWN:]
    if hidden:
        names = join((name_feature(v, each["name"]) for each in hidden), v.t("、", ", "))
        body += fill('<p class="soft small">{}{}</p>', v.t("还有：", "Also: "), names)
    if rest:
        lines = join(_left_out(v, each) for each in rest)
        body += fill(
            '<details><summary class="note12 dim">{}</summary>{}</details>',
            v.t(f"{len(rest)} 项没有用", f"{len(rest)} left out"),
            lines,
        )
    right = v.t("信息值 IV", "Information value") if is_card else v.t("所减损失", "Loss removed")
    return card(v.t("哪些信息起作用", "What it looks at"), body, right=right)


def _weight(each: Tree) -> int:
    found: int = each.get("value_micro", each.get("gain_ppm", 0))
    return found


def _left_out(v: Visit, each: Tree) -> Markup:
    why = _STATES.get(each["state"])
    said = v.say(why) if why else each["state"]
    return item("minus", fill("{}{}{}", name_feature(v, each["name"]), v.t("：", ": "), said))


def draw_reasons(v: Visit, reasons: Tree) -> Markup:
    """Return how often each feature is the first reason against a request."""
    found, whole = reasons["features"], reasons["rows"] or 1
    heads = [
        v.t("原因", "Reason"),
        ">" + v.t("排第一 %", "First %"),
        ">" + v.t("前三名里 %", "Among three %"),
    ]
    rows = [
        (
            name_feature(v, each["name"]),
            f"{100 * each['first'] / whole:.0f}",
            f"{100 * each['among'] / whole:.0f}",
        )
        for each in found[:REASONS_SHOWN]
    ]
    title = v.t("不利的原因有哪些", "What it names against requests")
    right = v.t(f"{format_count(whole)} 笔", f"{format_count(whole)} loans")
    return card(
        title, scrolled(table(heads, rows, title, classes="tight"), title), right=right, pad=False
    )


def draw_points(v: Visit, features: Sequence[Tree]) -> Markup:
    """Return what every value counts in a card, or how often trees ask for each feature."""
    if any("splits" in each for each in features):
        title = v.t("树问了几次", "How often trees ask")
        heads = [v.t("信息", "Feature"), ">" + v.t("次数", "Times")]
        ordered = sorted(features, key=lambda each: (-each["splits"], each["name"]))
        rows = [(name_feature(v, each["name"]), format_count(each["splits"])) for each in ordered]
        return card(title, scrolled(table(heads, rows, title, classes="tight"), title), pad=False)
    title = v.t("每个值记多少分", "What each value counts")
    body = join(
        fill(
            '<details><summary>{}{}</summary><div class="scroll">{}</div></details>',
            icon("chevron-right", "dim"),
            name_feature(v, each["name"]),
            _draw_bins(v, each),
        )
        for each in features
    )
    note = v.t(
        "对数几率的千分之一：正数使变坏的概率上升，负数使它下降。",
        "In thousandths of log odds: above zero makes a bad end likelier, below less likely.",
    )
    return card(title, fill('<div class="folds">{}</div>', body), note=note)


def _draw_bins(v: Visit, feature: Tree) -> Markup:
    edges = [*feature.get("levels", ()), *feature.get("cuts", ())]
    if "levels" in feature:
        signs = [f"= {edge}" for edge in edges]
    else:
        signs = [f"≤ {format_count(edge)}" for edge in edges]
        signs.append(f"> {format_count(edges[-1])}" if edges else v.t("任何值", "any value"))
    rows = [(sign, _signed(points)) for sign, points in zip(signs, feature["points"], strict=False)]
    rows.append((v.t("不知道时", "where unknown"), _signed(feature["missing"])))
    if "other" in feature:
        rows.append((v.t("其他", "other"), _signed(feature["other"])))
    heads = [v.t("值", "Value"), ">" + v.t("分", "Points")]
    return table(heads, rows, v.t("每个值的分", "Points by value"), classes="tight")


def _signed(micro: int) -> str:
    points = round(micro / _MILLI)
    return f"+{points}" if points > 0 else f"{MINUS}{-points}" if points < 0 else "0"


# ---- fairness, leakage


def draw_fairness(v: Visit, audits: Sequence[Tree]) -> Markup:
    """Return how groups of protected facts fare, each with its intervals."""
    title = v.t("对谁都公平吗", "Is it fair to everyone?")
    if not audits:
        why = v.t(
            "训练数据里没有受保护的信息，无法检查。",
            "The training data held no protected facts, so it could not be checked.",
        )
        return card(title, item("info", why))
    heads = [
        v.t("人群", "Group"),
        ">" + v.t("笔数", "Loans"),
        ">" + v.t("会选中 %（95% 区间）", "Selected % (95%)"),
        ">" + v.t("与最高之比", "Ratio to the highest"),
        ">" + v.t("预测变坏 %", "Said bad %"),
        ">" + v.t("实际变坏 %（95% 区间）", "Seen bad % (95%)"),
        v.t("状态", "Status"),
    ]
    rows = [
        _group_row(v, audit, group, is_first=place == 0)
        for audit in audits
        for place, group in enumerate(audit["groups"])
    ]
    note = v.t(
        "受保护的信息从不作为输入，只用来检查结果。与最高之比低于 0.80 的要说明原因。"
        "这些数字既不证明也不排除歧视，只说该看哪里。",
        "Protected facts are never inputs; they only check the result. A ratio below 0.80 asks for"
        " an explanation. These figures neither prove nor exclude discrimination; they say where"
        " to look.",
    )
    return card(
        title,
        scrolled(table(heads, rows, title, classes="tight"), title),
        note=fill('<span class="li">{}<span>{}</span></span>', icon("info"), note),
        pad=False,
    )


def _group_row(v: Visit, audit: Tree, group: Tree, *, is_first: bool) -> Sequence[str | Markup]:
    name = name_feature(v, audit["column"])
    label = fill("{}", _say_group(v, group))
    ratio = group.get("ratio_ppm")
    return (
        fill('<b class="small">{}</b><br>{}', name, label) if is_first else label,
        format_count(group["rows"]),
        fill('<span class="nowrap">{}</span>', say_share(group["selected"])),
        f"{ratio / 1_000_000:.2f}" if ratio is not None else "\u2013",
        f"{group['expected_ppm'] / 10_000:.1f}",
        fill('<span class="nowrap">{}</span>', say_share(group["observed"])),
        _group_state(v, audit, group),
    )


def _say_group(v: Visit, group: Tree) -> Markup:
    if group["kind"] == "missing":
        return fill("{}", v.t("不知道", "unknown"))
    if group["kind"] == "number":
        low, high = format_count(group["low"]), format_count(group["high"])
        return fill("{}", low if low == high else f"{low}\u2013{high}")
    return say_text(group.get("text") or str(group["low"]))


def _group_state(v: Visit, audit: Tree, group: Tree) -> Markup:
    if audit["ordered"]:
        return tag(v.t("次序可疑，不作数", "Order in doubt"), "warn", "circle-help")
    if "ratio_ppm" not in group:
        return tag(v.t("太少", "Too few"))
    if group["selected_less"]:
        return tag(v.t("需说明", "Must explain"), "warn")
    if not group["calibrated"]:
        return tag(v.t("概率有偏", "Off its figure"), "warn")
    return tag(v.t("在限内", "Within limits"), "ok")


def draw_leakage(v: Visit, leaks: Sequence[Tree], used: int) -> Markup:
    """Return the columns that know too much.

    Args:
        v: the visit.
        leaks: `leakage` of the curves.
        used: how many were used all the same.
    """
    title = v.t("疑似泄漏", "Suspected leakage")
    if not leaks:
        return card(title, item("circle-check", v.t("没有发现", "Nothing found"), "ok"))
    lines = join(
        item(
            "octagon-alert",
            fill(
                "{}{}",
                fill('<span class="mono">{}</span><br>', each["column"]),
                _say_leak(v, each),
            ),
            "alarm" if each["forced"] else "dim",
        )
        for each in leaks
    )
    left = len(leaks) - used
    right = (
        tag(v.t(f"用了 {used} 列", f"{used} used all the same"), "alarm")
        if used
        else tag(v.t(f"已排除 {left} 列", f"{left} left out"), "ok")
    )
    return card(title, lines, right=right)


def _say_leak(v: Visit, leak: Tree) -> str:
    why = _LEAKS.get(leak["why"])
    strength = write_ppm(leak["strength_ppm"])
    said = v.say(why).format(of=leak.get("of", ""), strength=strength) if why else leak["why"]
    if leak["forced"]:
        return said + v.t("；按要求仍然使用", "; used all the same, as asked")
    return said + v.t("；不用", "; left out")

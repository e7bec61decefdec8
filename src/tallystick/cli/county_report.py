"""What a county's fast history turned out to be: one tree for programs, pictures for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tallystick.cli.showing import progress
from tallystick.cli.spoken import Words

if TYPE_CHECKING:
    from rich.console import Console

    from tallystick.county.history import History
    from tallystick.county.history.findings import Count, Targeting
    from tallystick.county.history.judging import Gain, Judgement
    from tallystick.learning.evaluation import Share
    from tallystick.text.wording import Language

__all__ = ["print_report", "report_history"]

_DIGITS: Final = 6
_BAR: Final = 40
_MAP_COLUMNS: Final = 20
_WORST: Final = 8
_SHADES: Final = "·░▒▓█"
_SHADE_FROM: Final = (0.0, 0.2, 0.35, 0.5, 0.65)
_POOR_LEAST: Final = 5
_CAPTURE_USUAL: Final = 50
_RECORDED_MOST: Final = 2_000

_FIGURES: Final = {
    "default": Words("全部申请违约", "default, all candidates"),
    "default_granted": Words("已批贷款违约", "default, granted loans"),
    "default_diverted": Words("挪用贷款违约", "default, diverted loans"),
    "default_poorest_fifth": Words("最穷五分之一违约", "default, poorest fifth"),
    "default_richest_fifth": Words("最富五分之一违约", "default, richest fifth"),
    "default_straw": Words("冒名贷款违约", "default, borrowed names"),
    "granted": Words("获批", "granted"),
    "violation": Words("贴息贷款违规使用", "violations, subsidised loans"),
    "fungible_loans": Words("部分用于家用的贷款", "loans partly used at home"),
    "fungible_value": Words("其中用于家用的金额", "their value used at home"),
    "straw": Words("冒名贷款", "borrowed names"),
    "exclusion": Words("真贫困而未登记", "poor, not on the register"),
    "inclusion": Words("已登记而不贫困", "on the register, not poor"),
    "reach_poorest_twentieth": Words("最穷百分之五获批", "granted, poorest 5 %"),
    "reach_poor": Words("贫困户获批", "granted, poor"),
    "reach_others": Words("其他户获批", "granted, others"),
}
_MODELS: Final = {
    "card": Words("评分卡", "card"),
    "card_granted": Words("评分卡（只用已批贷款）", "card, granted loans only"),
    "challenger": Words("提升树", "boosted trees"),
    "truth": Words("提升树，看得见真相", "boosted trees that see the truth"),
}
_GAIN: Final = Words("诚信记录带来的 AUC 提升", "AUC gained by integrity records")
_GAIN_ROWS: Final = {
    "thin": Words("AUC 提升，诚信记录，薄档案", "AUC gain, integrity records, thin files"),
    "all": Words("AUC 提升，诚信记录，全部", "AUC gain, integrity records, all"),
}
_RECORDED: Final = Words("由收费方记录重算的诚信分", "Points worked out from payees' records")
_KINDS: Final = {
    "elder_grain": Words("老人种粮", "elders' grain"),
    "orchard": Words("果园", "orchard"),
    "greenhouse": Words("大棚", "greenhouse"),
    "livestock": Words("养殖", "livestock"),
    "migrant": Words("外出务工", "migrant work"),
    "shop": Words("小店", "shop"),
    "no_labour": Words("无劳动力", "no labour"),
    "family_farm": Words("家庭农场", "family farm"),
}
_SEXES: Final = (Words("男户主", "headed by a man"), Words("女户主", "headed by a woman"))


def report_history(
    seed: str, *, loans: int, difficulty: int, capture: int, language: Language
) -> dict[str, Any]:
    """Return everything that a history of a seed turned out to be, as a program reads it.

    Args:
        seed: of the history.
        loans: candidates; a few hundred at least.
        difficulty: 0..100.
        capture: 0..100.
        language: of the progress bar.

    Raises:
        Invalid: `history.size`, `history.dial`, or a code beginning `learning.` where loans are
            too few to judge a model by.
    """
    from tallystick.base.clock import SeededEntropy
    from tallystick.county.history import draw_history
    from tallystick.county.history.judging import JUDGED, judge, judge_integrity

    with progress(Words("造历史", "drawing").in_(language)) as told:
        history = draw_history(
            SeededEntropy(seed), loans=loans, difficulty=difficulty, capture=capture, told=told
        )
    judgements = []
    for name in JUDGED:
        with progress(_MODELS[name].in_(language)) as told:
            judgements.append(judge(name, history, told))
    with progress(_GAIN.in_(language)) as told:
        gains = judge_integrity(history, told)
    settings = {"seed": seed, "difficulty": difficulty, "capture": capture}
    return (
        settings
        | {"loans": loans, "months": history.length_months}
        | _tree_of_figures(history, capture)
        | {"models": [_tree_of_judgement(each) for each in judgements]}
        | {"integrity": [_tree_of_gain(each) for each in gains]}
        | {"recorded": _compare_recorded(history)}
        | _tree_of_targeting(history)
        | {"records": _count_records(history)}
    )


def _tree_of_figures(history: History, capture: int) -> dict[str, Any]:
    from tallystick.county.history.findings import (
        FAVOUR_BAND_PPM,
        find_favour,
        find_figures,
        find_reach,
    )
    from tallystick.county.history.judging import ratio_interval

    favour = find_favour(history)
    low, high = ratio_interval(favour)
    bands = {0: (1_000_000, 1_000_000), _CAPTURE_USUAL: FAVOUR_BAND_PPM}
    ratio = {"value": _round(favour.ratio_ppm / 1e6), "low": low, "high": high}
    if capture in bands:
        ratio = _in_band(ratio, *(end / 1e6 for end in bands[capture]))
    return {
        "figures": [
            {"name": each.name}
            | _in_band(_tree_of_count(each.count), each.low_ppm / 1e6, each.high_ppm / 1e6)
            for each in find_figures(history)
        ],
        "favour": ratio
        | {"kin": _tree_of_count(favour.kin), "others": _tree_of_count(favour.others)},
        "reach": [_tree_of_count(each) for each in find_reach(history)],
    }


def _in_band(share: dict[str, Any], low: float, high: float) -> dict[str, Any]:
    """Return a share with its band, and whether its interval meets the band."""
    met = share["low"] <= high and share["high"] >= low
    return share | {"band_low": low, "band_high": high, "in_band": met}


def _tree_of_judgement(judged: Judgement) -> dict[str, Any]:
    from tallystick.county.history.judging import AUC_BANDS

    figures = judged.figures
    interval = {"value": figures.auc_mean, "low": judged.auc_low, "high": judged.auc_high}
    return {
        "name": judged.name,
        "rows": judged.rows,
        "bad": judged.bad,
        "auc": _in_band(
            {name: _round(value) for name, value in interval.items()}, *AUC_BANDS[judged.name]
        ),
        "ece": _round(figures.ece),
        "ece_null95": _round(figures.ece_null95),
        "calibration": [
            {"expected": _round(each.expected), "observed": _tree_of_share(each.observed)}
            for each in figures.bins
        ],
    }


def _tree_of_gain(gain: Gain) -> dict[str, Any]:
    """Return a gain; what is promised is promised on thin files alone."""
    from tallystick.county.history.judging import GAIN_PROMISED

    found: dict[str, Any] = {"name": gain.name, "rows": gain.rows, "bad": gain.bad}
    for name in ("auc_without", "auc_with", "gain", "low", "high"):
        found[name] = _round(getattr(gain, name))
    if gain.name == "thin":
        found |= {"promised": GAIN_PROMISED, "met": gain.gain >= GAIN_PROMISED}
    return found


def _compare_recorded(history: History) -> dict[str, int]:
    """Return of how many thin-file candidates payees' records give the points of the history."""
    from tallystick.county.county import START_MONTH
    from tallystick.county.history.recorded import compare_recorded

    return asdict(compare_recorded(history, most=_RECORDED_MOST, start_month=START_MONTH))


def _tree_of_targeting(history: History) -> dict[str, Any]:
    from tallystick.county.history.findings import find_targeting
    from tallystick.county.history.season import KINDS

    groups: dict[str, tuple[list[int], Callable[[int], str]]] = {
        "villages": ([loan.village for loan in history.loans], str),
        "livelihoods": ([loan.livelihood for loan in history.loans], lambda code: KINDS[code]),
        "heads": ([loan.woman for loan in history.loans], lambda code: ("man", "woman")[code]),
    }
    return {
        name: [
            _tree_of_group(each) | {"group": title(each.group)}
            for each in find_targeting(history, codes)
        ]
        for name, (codes, title) in groups.items()
    }


def _tree_of_group(each: Targeting) -> dict[str, Any]:
    return {"missed": _tree_of_count(each.missed), "wrong": _tree_of_count(each.wrong)}


def _count_records(history: History) -> dict[str, int]:
    """Return how many thin records of each kind lenders would have put on a chain, and bundles."""
    found = {"bundles": 0, "granted": 0, "disbursed": 0, "repaid": 0, "overdue": 0}
    for _, bundles in history.months():
        found["bundles"] += len(bundles)
        for bundle in bundles:
            for record in bundle.records:
                found[record.kind] += 1
    return found


def _tree_of_count(count: Count) -> dict[str, Any]:
    from tallystick.learning.evaluation import share

    return _tree_of_share(share(count.hits, count.rows)) | {"hits": count.hits, "rows": count.rows}


def _tree_of_share(share: Share) -> dict[str, Any]:
    return {"value": _round(share.value), "low": _round(share.low), "high": _round(share.high)}


def _round(value: float) -> float:
    return round(value, _DIGITS)


def print_report(tree: Mapping[str, Any], language: Language) -> None:
    """Print what a history turned out to be, for a person: bars, a map, and what they mean."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    loans, months = tree["loans"], tree["months"]
    head = Words(
        f"{loans} 笔申请，{months} 个月；难度 {tree['difficulty']}，关系影响 {tree['capture']}"
        "（95 % 区间；参考范围来自 30000 笔的历史，区间够得着记 ✓）",
        f"{loans} candidates, {months} months; difficulty {tree['difficulty']}, capture"
        f" {tree['capture']} (95 % intervals; bands are of histories of 30000, ✓ where the"
        " interval meets the band)",
    )
    console.print(head.in_(language), markup=False)
    _print_figures(console, tree, language)
    _print_calibration(console, tree["models"][0], language)
    _print_reach(console, tree["reach"], language)
    _print_groups(console, tree, language)
    _print_map(console, tree["villages"], language)


def _print_figures(console: Console, tree: Mapping[str, Any], language: Language) -> None:
    from rich.table import Table

    heads = (
        *(Words("数字", "figure"), Words("得到", "found"), Words("区间", "interval")),
        *(Words("参考范围", "band"), Words("合", "fits")),
    )
    table = Table(*(each.in_(language) for each in heads), box=None, pad_edge=False)
    for each in tree["figures"]:
        table.add_row(_FIGURES[each["name"]].in_(language), *_cells(each))
    favour = tree["favour"]
    name = Words("干部亲属获批倍数（已登记者）", "favour of officials' kin, registered")
    found = (f"{favour['value']:.2f} x", f"{favour['low']:.2f} - {favour['high']:.2f}")
    known = "band_low" in favour
    band = f"{favour['band_low']:.1f} - {favour['band_high']:.1f}" if known else "-"
    table.add_row(name.in_(language), *found, band, _mark(favour) if known else "")
    for each in tree["models"]:
        title = f"AUC {_MODELS[each['name']].in_(language)}"
        auc = each["auc"]
        found = (f"{auc['value']:.3f}", f"{auc['low']:.3f} - {auc['high']:.3f}")
        band = f"{auc['band_low']:.2f} - {auc['band_high']:.2f}"
        table.add_row(title, *found, band, _mark(auc))
    for each in tree["integrity"]:
        table.add_row(_GAIN_ROWS[each["name"]].in_(language), *_gain_cells(each))
    table.add_row(_RECORDED.in_(language), *_recorded_cells(tree["recorded"]))
    console.print(table, markup=False)


def _cells(each: Mapping[str, Any]) -> tuple[str, str, str, str]:
    interval = f"{100 * each['low']:.2f} - {100 * each['high']:.2f}"
    band = f"{100 * each['band_low']:.1f} - {100 * each['band_high']:.1f}"
    return f"{100 * each['value']:.2f} %", interval, band, _mark(each)


def _gain_cells(each: Mapping[str, Any]) -> tuple[str, str, str, str]:
    interval = f"{each['low']:+.3f} - {each['high']:+.3f}"
    if "promised" not in each:
        return f"{each['gain']:+.3f}", interval, "-", ""
    least = f">= {each['promised']:.2f}"
    return f"{each['gain']:+.3f}", interval, least, "✓" if each["met"] else "✗"


def _recorded_cells(each: Mapping[str, int]) -> tuple[str, str, str, str]:
    """Return the cells of a row: what is promised is that all are equal."""
    found, of = each["equal"], each["candidates"]
    return f"{found} / {of}", "-", "= 100 %", "✓" if found == of else "✗"


def _mark(each: Mapping[str, Any]) -> str:
    return "✓" if each["in_band"] else "✗"


def _print_calibration(console: Console, model: Mapping[str, Any], language: Language) -> None:
    """Print a bar per tenth of risk, and whether chance alone explains the distance."""
    gap, null = 100 * model["ece"], 100 * model["ece_null95"]
    title = Words(
        f"评分卡校准（折外）：预计 → 实际；平均差 {gap:.2f} 点，完美模型 95 % 不超过 {null:.2f} 点",
        f"Calibration of the card, out of fold: expected -> came; off by {gap:.2f} points, a"
        f" perfect model by up to {null:.2f} in 19 of 20 draws",
    )
    console.print("\n" + title.in_(language), markup=False)
    most = max(each["observed"]["high"] for each in model["calibration"])
    for each in model["calibration"]:
        came = each["observed"]
        label = f"{100 * each['expected']:6.2f} % -> {100 * came['value']:6.2f} %"
        _print_bar(console, label, came, most)


def _print_reach(console: Console, reach: Sequence[Mapping[str, Any]], language: Language) -> None:
    title = Words("获批比例，按真实人均收入分十组（上为最穷）", "Granted by tenth of true income")
    console.print("\n" + title.in_(language), markup=False)
    most = max(each["high"] for each in reach)
    for number, each in enumerate(reach, 1):
        _print_bar(console, f"{number:4d}  {100 * each['value']:6.2f} %", each, most)


def _print_bar(console: Console, label: str, share: Mapping[str, Any], most: float) -> None:
    """Print a bar to the value, with the interval's end behind it."""
    from rich.text import Text

    scale = _BAR / most if most > 0 else 0.0
    sure, value, end = (round(share[name] * scale) for name in ("low", "value", "high"))
    bar = Text(f"  {label}  ")
    bar.append("█" * sure, style="cyan")
    bar.append("▓" * (value - sure), style="cyan")
    bar.append("░" * (end - value), style="dim cyan")
    bar.append(f"  ({100 * share['low']:.1f} - {100 * share['high']:.1f})")
    console.print(bar)


def _print_groups(console: Console, tree: Mapping[str, Any], language: Language) -> None:
    from rich.table import Table

    heads = (
        *(Words("登记瞄准：组", "Targeting: group"), Words("漏掉户数", "missed")),
        *(Words("漏评率", "exclusion error"), Words("错评率", "inclusion error")),
    )
    table = Table(*(each.in_(language) for each in heads), box=None, pad_edge=False)
    for each in tree["livelihoods"]:
        table.add_row(_KINDS[each["group"]].in_(language), *_targeting_cells(each))
    for words, each in zip(_SEXES, tree["heads"], strict=False):
        table.add_row(words.in_(language), *_targeting_cells(each))
    console.print()
    console.print(table, markup=False)


def _targeting_cells(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(each["missed"]["hits"]), _say_share(each["missed"]), _say_share(each["wrong"])


def _say_share(share: Mapping[str, Any]) -> str:
    if not share["rows"]:
        return "-"
    low, high = 100 * share["low"], 100 * share["high"]
    return f"{100 * share['value']:.0f} % ({low:.0f} - {high:.0f})"


def _print_map(console: Console, villages: Sequence[Mapping[str, Any]], language: Language) -> None:
    """Print a grid of villages by how many of their poor the register misses, and the worst."""
    missed = sum(each["missed"]["hits"] for each in villages)
    poor = sum(each["missed"]["rows"] for each in villages)
    title = Words(
        f"各村漏评率：{poor} 户贫困户漏掉 {missed} 户（· 少于 20 %，█ 65 % 以上，? 不足"
        f" {_POOR_LEAST} 户）",
        f"Exclusion error by village: {missed} of {poor} poor households missed (· below 20 %,"
        f" █ 65 % and more, ? fewer than {_POOR_LEAST} poor)",
    )
    console.print("\n" + title.in_(language), markup=False)
    shades = "".join(_shade(each["missed"]) for each in villages)
    for start in range(0, len(shades), _MAP_COLUMNS):
        console.print(
            f"  {start + 1:4d}  " + " ".join(shades[start : start + _MAP_COLUMNS]), markup=False
        )
    surely = sorted(villages, key=lambda each: (-each["missed"]["low"], int(each["group"])))
    for each in surely[:_WORST]:
        village = Words(f"第 {int(each['group']) + 1} 村", f"village {int(each['group']) + 1}")
        missed_of = f"{each['missed']['hits']}/{each['missed']['rows']}"
        words = f"  {village.in_(language)}  {missed_of}  {_say_share(each['missed'])}"
        console.print(words, markup=False)


def _shade(missed: Mapping[str, Any]) -> str:
    if missed["rows"] < _POOR_LEAST:
        return "?"
    return _SHADES[sum(missed["value"] >= start for start in _SHADE_FROM) - 1]

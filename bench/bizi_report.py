"""What the bench of the four ways found, for people: tables in Chinese and English, and plots.

Labels of plots are English, as matplotlib's own fonts have no Chinese.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["DEFINED", "PAPER", "WORDS_OF_WAYS", "draw_plots", "tell", "write_report"]

Row = Mapping[str, Any]

PAPER: Final = {
    "en": (
        "The paper (Financial Data Sharing Mechanism Based on Blockchain Technology, table 1)"
        " gives blockchain, IPFS and Zigzag 87, 52 and 36 % of “fault tolerance”, 34, 44 and 89"
        " % of “save storage space”, 56, 79 and 45 % of “scalability”, from “experiments ... on"
        " the fault tolerance rate, storage space saving ability, and scalability”. It names no"
        " number of members, of losses, of copies, no k and r of the code, no object, no load,"
        " no unit, and not what any percentage is a share of; so they can be neither reproduced"
        " nor refuted, and fitting values prove nothing: 87.5 % is (n-1)/n of a chain of 8, and"
        " also what {code} saves against 12 copies. One comparison it does fix, “under the same"
        " fault tolerance rate, Zigzag can effectively save storage space”; that one is"
        " measured here. The paper has no figure for the three together."
    ),
    "zh": (
        "论文（Financial Data Sharing Mechanism Based on Blockchain Technology）表 1 "
        "给出区块链、IPFS、Zigzag 的“fault tolerance”为 87%、52%、36%，"
        "“save storage space”为 34%、44%、89%，“scalability”为 56%、79%、45%，"
        "只说来自对三者的实验；没有说明成员数、丢失数、副本数、编码的 k 与 r、对象、负载和单位，"
        "也没有说明百分数以什么为整体，因此既不能复现，也不能反驳。凑出相同的数字不说明什么："
        "8 个成员的账本可丢 (n-1)/n = 87.5%，{code} 相对 12 份副本节省的也是 87.5%。"
        "论文只确定了一项比较：“under the same fault tolerance rate, Zigzag can effectively"
        " save storage space”（容错相同时 Zigzag 节省存储），这里测量的就是它。"
        "三者合用，论文没有给出数字。"
    ),
}
DEFINED: Final = {
    "en": (
        "Fault tolerance: the share of objects still readable, byte for byte, after f of n"
        " members lost their disks at once, all sets of f equally likely; “sure” is the largest"
        " f at which it is 100 %, at once or lost one by one with repairs between (nobody pins"
        " anew). Of the three together this is told of the bytes; the record that proves what"
        " was put survives as the ledger does. Storage: the bytes that all members hold more"
        " for a byte that was put, manifests, hashes, heads and databases counted, compared"
        " where ways are equally sure. Saving: 1 - storage / that of another way. Scalability:"
        " the bytes of objects a second that n members put together until one member's"
        " processor or line of 1 Gbit/s is full, and each member's load; reckoned in closed"
        " form from costs measured in this run."
    ),
    "zh": (
        "容错：n 个成员中有 f 个同时丢失磁盘（每种 f 个成员的组合同样可能）之后，"
        "仍能逐字节读出的对象所占的比例；“必保”是该比例仍为 100% 的最大 f，"
        "分同时丢失与逐个丢失、其间修复两种（固定的副本没有人补）。"
        "三者合用一行说的是对象的字节；证明存过什么的那条记录与账本一样耐丢失。"
        "存储：每存入 1 字节，全体成员多保存的字节数，清单、哈希、消息头和数据库都计入，"
        "在必保相同的方式之间比较。节省：1 - 存储 / 另一方式的存储。"
        "扩展性：n 个成员一起存入，直到某个成员的处理器或 1 Gbit/s 线路用满时，"
        "每秒存入的对象字节数，以及每个成员的负担；由本次运行测得的成本按公式推算，不是实测网络。"
    ),
}
WORDS_OF_WAYS: Final = {
    "en": {
        "ledger": "ledger, every member",
        "ipfs": "IPFS, r + 1 pins",
        "zigzag": "Zigzag",
        "together": "the three together",
    },
    "zh": {
        "ledger": "账本，每个成员一份",
        "ipfs": "IPFS，r + 1 份固定",
        "zigzag": "Zigzag 编码",
        "together": "三者合用",
    },
}
_HEADS: Final = {
    "en": {
        "fault": "Fault tolerance, % of objects readable after f losses, {n} members, counted",
        "storage": "Storage, bytes held by all members for a byte put",
        "scale": "Scalability, MB/s that all members put together (what is full), and loads",
        "way": "way",
        "code": "as sure as",
        "sure": "sure",
        "mended": "sure, repaired between",
        "size": "object",
        "members": "members",
        "stored": "bytes a byte",
        "saving": "saves, vs ledger",
        "load": "at {n}: ns of processor, bytes passed, bytes kept, a member and byte put",
        "few": "too few",
        "read": "Read from real members that were lost one by one: {read} of {told} as defined",
        "costs": "Costs measured, ns of processor",
    },
    "zh": {
        "fault": "容错：丢失 f 个成员后可读对象的百分比，{n} 个成员，精确计数",
        "storage": "存储：每存入 1 字节，全体成员保存的字节数",
        "scale": "扩展性：全体成员每秒存入的 MB（用满的是什么），以及负担",
        "way": "方式",
        "code": "容错等同",
        "sure": "必保",
        "mended": "逐个丢失并修复时必保",
        "size": "对象",
        "members": "成员",
        "stored": "字节/字节",
        "saving": "相对账本节省",
        "load": "{n} 个成员时，每成员每存入 1 字节：处理器纳秒、过线字节、保存字节",
        "few": "成员不足",
        "read": "从逐个丢失的真实成员读取：{told} 次中 {read} 次与定义一致",
        "costs": "测得的成本，处理器纳秒",
    },
}
_LIMITS: Final = {
    "en": {"processor": "processor", "line": "line"},
    "zh": {"processor": "处理器", "line": "线路"},
}


def _find(rows: Sequence[Row], name: str) -> Row:
    return next(row for row in rows if row["name"] == name)


def _table(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")


def _fault_table(rows: Sequence[Row], words: Row, ways: Row) -> str:
    n = max(row["lost"] for row in rows)
    lines = []
    for code, way in dict.fromkeys((row["code"], row["way"]) for row in rows):
        own = [row for row in rows if (row["code"], row["way"]) == (code, way)]
        shares = [_percent(row["share"]) for row in own]
        lines.append([ways[way], code, own[0]["sure"], own[0]["mended"], *shares])
    heads = [words[head] for head in ("way", "code", "sure", "mended")]
    return _table([*heads, *map(str, range(n + 1))], lines)


def _storage_table(rows: Sequence[Row], words: Row, ways: Row) -> str:
    lines = []
    for row in rows:
        same = [
            each["stored"]
            for each in rows
            if (each["way"], each["code"], each["size"], each["sure"])
            == ("ledger", row["code"], row["size"], row["sure"])
        ]
        saving = f"{_percent(1 - row['stored'] / same[0])} %" if same else ""
        size = f"{row['size'] // 1024} KiB"
        told = [ways[row["way"]], row["code"], row["sure"], row["members"]]
        lines.append([*told, size, f"{row['stored']:.3f}", saving])
    heads = ("way", "code", "sure", "members", "size", "stored", "saving")
    return _table([words[head] for head in heads], lines)


def _scale_table(rows: Sequence[Row], words: Row, ways: Row, limits: Row) -> str:
    counts = sorted({row["members"] for row in rows})
    lines = []
    for way in dict.fromkeys(row["way"] for row in rows):
        own = {row["members"]: row for row in rows if row["way"] == way}
        rates = [
            f"{own[n]['rate'] / 1e6:.0f} ({limits[own[n]['limit']]})" if n in own else words["few"]
            for n in counts
        ]
        last = own[counts[-1]]
        load = "; ".join(
            f"{last[what][0]:.3g} (max {last[what][1]:.3g})"
            for what in ("spent_ns", "passed", "kept")
        )
        lines.append([ways[way], *rates, load])
    head = [words["way"], *map(str, counts), words["load"].format(n=counts[-1])]
    return _table(head, lines)


def tell(rows: Sequence[Row], language: str) -> str:
    """Return definitions, tables and what can be said of the paper, in a language."""
    words, ways = _HEADS[language], WORDS_OF_WAYS[language]
    fault = _find(rows, "bizi.fault_sampled")["rows"]
    scale = _find(rows, "bizi.scale")
    real = [
        row for row in rows if row["name"].startswith("bizi.fault_") and "agreed" in row["rows"][0]
    ]
    read = [
        words["read"].format(read=row["value"], told=sum(each["put"] for each in row["rows"]))
        for row in real
    ]
    costs = ", ".join(
        f"{name} {1e9 * cost:.3g}"
        for name, cost in scale["costs"].items()
        if name.split("_")[0] not in {"head", "chain", "note"} and not name.endswith("_kept")
    )
    parts = [
        DEFINED[language],
        "## " + words["fault"].format(n=max(row["lost"] for row in fault)),
        _fault_table(fault, words, ways),
        *read,
        "## " + words["storage"],
        _storage_table(_find(rows, "bizi.storage_4+2")["rows"], words, ways),
        "## " + words["scale"],
        _scale_table(scale["rows"], words, ways, _LIMITS[language]),
        f"{words['costs']}: {costs}",
        PAPER[language].format(code="zz-4+2"),
    ]
    return "\n\n".join(parts) + "\n"


def write_report(rows: Sequence[Row], folder: Path) -> None:
    """Write the tables in both languages, and everything as JSON, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in ("zh", "en"):
        (folder / f"bizi.{language}.md").write_text(tell(rows, language), encoding="utf-8")
    paper = {language: text.format(code="zz-4+2") for language, text in PAPER.items()}
    tree = {"defined": DEFINED, "paper": paper, "ways": WORDS_OF_WAYS, "rows": rows}
    text = json.dumps(tree, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "bizi.json").write_text(text + "\n", encoding="utf-8")


# ---- plots

_COLOURS: Final = {
    "ledger": "#4C6A92",
    "ipfs": "#C17C2F",
    "zigzag": "#2F8F6B",
    "together": "#8A3F6C",
}


def draw_plots(rows: Sequence[Row], folder: Path) -> None:
    """Draw what survives, what is held, and how it grows, into three PNGs of a folder."""
    import matplotlib as mpl  # noqa: PLC0415 - only to draw

    mpl.use("Agg")
    _draw_fault(_find(rows, "bizi.fault_sampled")["rows"], folder / "bizi-fault.png")
    _draw_storage(_find(rows, "bizi.storage_4+2")["rows"], folder / "bizi-storage.png")
    _draw_scale(_find(rows, "bizi.scale")["rows"], folder / "bizi-scale.png")


def _draw_fault(rows: Sequence[Row], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415 - only to draw

    codes = list(dict.fromkeys(row["code"] for row in rows))
    figure, panels = pyplot.subplots(
        1, len(codes), figsize=(11, 4), sharey=True, layout="constrained"
    )
    for axes, code in zip(panels, codes, strict=True):
        for way in ("ledger", "ipfs", "together"):
            own = [row for row in rows if (row["code"], row["way"]) == (code, way)]
            lost = [row["lost"] for row in own]
            label = (
                "Zigzag, and the three together" if way == "together" else WORDS_OF_WAYS["en"][way]
            )
            axes.plot(lost, [row["share"] for row in own], color=_COLOURS[way], label=label)
            error = [
                [max(0, row["drawn"] - row["low"]) for row in own],
                [max(0, row["high"] - row["drawn"]) for row in own],
            ]
            drawn = [row["drawn"] for row in own]
            axes.errorbar(lost, drawn, yerr=error, fmt="o", ms=3, lw=1, color=_COLOURS[way])
        axes.set(title=f"as sure as {code}", xlabel="members lost at once", ylim=(-0.03, 1.03))
    panels[0].set_ylabel("objects readable: counted, and drawn")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    _save(figure, path)


def _draw_storage(rows: Sequence[Row], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415 - only to draw

    codes = list(dict.fromkeys(row["code"] for row in rows))
    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    for place, way in enumerate(_COLOURS):
        own = [
            next(
                row["stored"]
                for row in rows
                if (row["code"], row["way"], row["size"]) == (code, way, 2**20)
            )
            for code in codes
        ]
        where = [number + 0.2 * (place - 1.5) for number in range(len(codes))]
        bars = axes.bar(where, own, 0.19, color=_COLOURS[way], label=WORDS_OF_WAYS["en"][way])
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    labels = [f"as sure as {code}" for code in codes]
    axes.set_xticks(range(len(codes)), labels)
    axes.set(
        ylabel="bytes held for a byte put", title="Objects of 1 MiB; the ledger of r + 1 members"
    )
    axes.legend(fontsize=7, ncols=2)
    axes.margins(y=0.25)
    _save(figure, path)


def _draw_scale(rows: Sequence[Row], path: Path) -> None:
    from matplotlib import pyplot  # noqa: PLC0415 - only to draw

    figure, panels = pyplot.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    for way, colour in _COLOURS.items():
        own = [row for row in rows if row["way"] == way]
        members = [row["members"] for row in own]
        style = {"color": colour, "marker": ".", "ls": "--" if way == "together" else "-"}
        style["label"] = WORDS_OF_WAYS["en"][way]
        panels[0].plot(members, [row["rate"] / 1e6 for row in own], **style)
        panels[1].plot(members, [row["spent_ns"][1] for row in own], **style)
        panels[2].plot(members, [row["passed"][1] for row in own], **style)
    titles = (
        "MB/s put by all",
        "ns of processor, busiest, a byte",
        "bytes passed, busiest, a byte",
    )
    for axes, title in zip(panels, titles, strict=True):
        axes.set(xscale="log", yscale="log", xlabel="members", title=title)
        axes.set_xticks([3, 6, 12, 24, 64], ["3", "6", "12", "24", "64"])
        axes.minorticks_off()
    panels[0].legend(fontsize=7)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401 - matplotlib's
    from matplotlib import pyplot  # noqa: PLC0415 - only to draw

    figure.savefig(path, dpi=150)
    pyplot.close(figure)

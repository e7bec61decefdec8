"""Acts on the catalogue: a service subject is registered or changed, a product's version published.

Law: what a form does not ask for stays as the version before has it; the API checks every leaf.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.pages.catalogue_words import (
    name_kind,
    name_scheme,
    name_word,
    say_rate,
)
from tallystick.console.visit import Visit
from tallystick.console.words import KINDS
from tallystick.text.saying import PHRASES
from tallystick.text.wording import format_count

__all__ = [
    "change_entry",
    "open_product",
    "open_provider",
    "parse_code",
    "parse_month",
    "parse_rate",
]

MONTHS: Final = 12
_CODE: Final = re.compile(r"[a-z0-9._-]{1,40}")
_MONTH: Final = re.compile(r"(\d{4})-(\d{1,2})")
_RATE: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,4}))?\s*[%％]?")
Tree = Mapping[str, Any]


def parse_code(text: str) -> str | None:
    """Return a code as records name things, None if it is none.

    >>> parse_code("village_line"), parse_code("整村")
    ('village_line', None)
    """
    return text if _CODE.fullmatch(text) else None


def parse_month(text: str) -> int | None:
    """Return the number of a month as people type it: year * 12 + month - 1.

    >>> parse_month("2026-11"), parse_month("2026-13"), parse_month("Nov 2026")
    (24322, None, None)
    """
    found = _MONTH.fullmatch(text)
    if found is None or not text.isascii() or not 1 <= int(found[2]) <= MONTHS:
        return None
    return int(found[1]) * MONTHS + int(found[2]) - 1


def parse_rate(text: str) -> int | None:
    """Return ppm of a rate in percent as people type it, None if it is none.

    >>> parse_rate("3.5"), parse_rate("100%"), parse_rate("101"), parse_rate("a")
    (35000, 1000000, None, None)
    """
    found = _RATE.fullmatch(text)
    if found is None:
        return None
    ppm = int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0"))
    return ppm if ppm <= 1_000_000 else None  # noqa: PLR2004 - the whole


# ---- a service subject


def open_provider(v: Visit, products: Mapping[str, Tree], entry: Tree | None = None) -> None:
    """Open the form of a service subject; with an entry, the form that changes it.

    Args:
        v: the visit.
        products: rows of products by scheme: what it may offer.
        entry: as it stands; None for a new one.
    """
    known = entry or {"feel_milli": 0, "feel_count": 0}

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        lists = {"services": sorted(filled["services"]), "expertise": sorted(filled["expertise"])}
        body = {**known, "crops": [], "villages": [], **filled, **lists}
        return await v.client.send("/providers", body, key=key)

    def then(answer: Mapping[str, Any]) -> None:
        # Its own page is redrawn by the block; going where one is would only stop that.
        if entry is None:
            ui.navigate.to(v.link(f"/providers/{answer['provider']}"))

    open_act(
        v,
        title=v.t("登记机构", "Register a provider")
        if entry is None
        else v.t("更改登记", "Change the entry"),
        says=v.t(
            "登记公开写进账本，各成员都看得到，以后可以更改，原来的也留着。评分不能自己填，只来自回访。",
            "The entry stands on the ledger for all members to read; it may be changed, and what it"
            " said before stays. Praise cannot be typed in: it comes from feedback alone.",
        ),
        blanks=[*_names(v, "provider", entry), *_offer(v, products, known), *_limits(v, known)],
        send=send,
        then=then,
    )


def _names(v: Visit, name: str, entry: Tree | None) -> list[Blank]:
    known = entry or {}
    code = Blank(
        name,
        v.t("代码", "Code"),
        hint=v.t(
            "小写字母、数字、点和横线，以后不能改", "Small letters, digits, dots, dashes; for good"
        ),
        read=parse_code,
        fault=v.t("只用小写字母、数字、点和横线", "Small letters, digits, dots and dashes alone"),
    )
    return [
        *([code] if entry is None else []),
        Blank("name_zh", v.t("中文名称", "Name in Chinese"), value=known.get("name_zh")),
        Blank("name_en", v.t("英文名称", "Name in English"), value=known.get("name_en")),
    ]


def _offer(v: Visit, products: Mapping[str, Tree], known: Tree) -> list[Blank]:
    entries = {scheme: row["entry"] for scheme, row in products.items()}
    services = {each: name_scheme(v, each, entries) for each in sorted({*products, "aid"})}
    services |= {each: name_scheme(v, each, entries) for each in known.get("services", ())}
    return [
        Blank(
            "services",
            v.t("提供什么", "What it offers"),
            "choices",
            choices=services,
            value=list(known.get("services", ())),
        ),
        Blank(
            "expertise",
            v.t("擅长什么", "What it is good at"),
            "choices",
            choices=_choices(v, "expertise", known.get("expertise", ()), without=("review",)),
            value=list(known.get("expertise", ())),
        ),
    ]


def _limits(v: Visit, known: Tree) -> list[Blank]:
    return [
        _money(v, "ticket_min_minor", v.t("一笔最少（元）", "Least sum (¥)"), known),
        _money(v, "ticket_max_minor", v.t("一笔最多（元）", "Largest sum (¥)"), known),
        _money(v, "capacity_minor", v.t("还能办多少（元）", "What it can take on (¥)"), known),
        Blank(
            "days_to_yes",
            v.t("几天答复", "Answers within (days)"),
            "count",
            value=str(known["days_to_yes"]) if "days_to_yes" in known else None,
        ),
    ]


def _money(v: Visit, name: str, label: str, known: Tree, *, is_needed: bool = True) -> Blank:
    del v
    value = format_count(known[name] // 100) if known.get(name) else None
    return Blank(name, label, "money", is_needed=is_needed, value=value)


def _choices(
    v: Visit, table: str, known: Sequence[str], *, without: Sequence[str] = ()
) -> dict[str, str]:
    """Return the words of a table, and what an entry has besides."""
    codes = [each.partition(".")[2] for each in PHRASES if each.startswith(f"{table}.")]
    wanted = {*codes, *known} - set(without)
    return {each: name_word(v, table, each) for each in sorted(wanted)}


# ---- a product


def change_entry(entry: Tree, asked: Collection[str], filled: Tree) -> dict[str, Any]:
    """Return an entry as a form leaves it: what was asked for and left empty is gone.

    >>> change_entry({"fee_ppm": 1, "subsidy_ppm": 2}, {"subsidy_ppm", "rate_ppm"}, {"rate_ppm": 3})
    {'fee_ppm': 1, 'rate_ppm': 3}
    """
    return {**{name: each for name, each in entry.items() if name not in asked}, **filled}


def open_product(v: Visit, entry: Tree | None, month: int) -> None:
    """Open the form of a product; with an entry, that of its next version.

    Args:
        v: the visit.
        entry: the version before; None for a new product.
        month: the county's, in which the new version begins.
    """
    base = {} if entry is None else {**entry, "version": entry["version"] + 1}

    blanks = [
        *_names(v, "scheme", entry),
        *_what(v, entry),
        *_when(v, base, month),
        *_sums(v, base),
        *_rates(v, base),
        *_uses(v, base),
    ]

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        body = {"version": 1, **change_entry(base, {each.name for each in blanks}, filled)}
        return await v.client.send("/products", body, key=key)

    def then(answer: Mapping[str, Any]) -> None:
        if entry is None:
            ui.navigate.to(v.link(f"/products/{str(answer['product']).rpartition('.')[0]}"))

    open_act(
        v,
        title=v.t("公布产品", "Publish a product")
        if entry is None
        else v.t(f"公布第 {base['version']} 版", f"Publish version {base['version']}"),
        says=v.t(
            "条款公开写进账本，各成员都看得到。已受理的案件按受理时的版本判断，新案件按新版本。",
            "The terms stand on the ledger for all members to read. Cases taken in before keep the"
            " version they were judged by; new ones take the new.",
        ),
        blanks=blanks,
        send=send,
        then=then,
    )


def _what(v: Visit, entry: Tree | None) -> list[Blank]:
    if entry is not None:
        return []
    kinds = {each: name_kind(v, each) for each in KINDS}
    fields = _choices(v, "expertise", (), without=("review",))
    return [
        Blank("kind", v.t("种类", "Kind"), "choice", choices=kinds),
        Blank("expertise", v.t("需要的专长", "Expertise it needs"), "choice", choices=fields),
    ]


def _when(v: Visit, base: Tree, month: int) -> list[Blank]:
    until = base.get("until_month", month + 5 * MONTHS)
    fault = v.t("写成 2026-11", "Write it as 2026-11")
    return [
        Blank(name, label, value=_write_month(value), read=parse_month, fault=fault)
        for name, label, value in (
            ("from_month", v.t("从哪个月起", "From month"), month),
            ("until_month", v.t("到哪个月止", "Until month"), until),
        )
    ]


def _write_month(month: int) -> str:
    return f"{month // MONTHS}-{month % MONTHS + 1:02d}"


def _sums(v: Visit, base: Tree) -> list[Blank]:
    least, most = v.t("最少（元）", "Least sum (¥)"), v.t("最多（元）", "Largest sum (¥)")
    return [
        _money(v, "amount_min_minor", least, base, is_needed=False),
        _money(v, "amount_max_minor", most, base, is_needed=False),
        _months(v, "term_min_months", v.t("最短（月）", "Shortest (months)"), base),
        _months(v, "term_max_months", v.t("最长（月）", "Longest (months)"), base),
    ]


def _months(v: Visit, name: str, label: str, base: Tree) -> Blank:
    del v
    value = str(base[name]) if base.get(name) else None
    return Blank(name, label, "count", is_needed=False, value=value)


def _rates(v: Visit, base: Tree) -> list[Blank]:
    fault = v.t("写一个百分数，例如 3.5", "A percentage, such as 3.5")
    return [
        Blank(
            name,
            label,
            is_needed=False,
            value=say_rate({"rate_ppm": base[name]}).removesuffix("%") if base.get(name) else None,
            read=parse_rate,
            fault=fault,
        )
        for name, label in (
            ("rate_ppm", v.t("年利率（%）", "Rate a year (%)")),
            ("rate_max_ppm", v.t("年利率最高（%）", "Highest rate (%)")),
            ("subsidy_ppm", v.t("贴息（占利息或保费的 %）", "Subsidy (% of interest or premium)")),
        )
    ]


def _uses(v: Visit, base: Tree) -> list[Blank]:
    return [
        Blank(
            name,
            label,
            "choices",
            choices=_choices(v, table, base.get(name, ())),
            is_needed=False,
            value=list(base.get(name, ())),
        )
        for name, table, label in (
            ("repayments", "repayment", v.t("怎么还", "How it is repaid")),
            ("purposes", "purpose", v.t("能用来做什么", "What it may be used for")),
        )
    ]

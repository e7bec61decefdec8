"""What programmes, groups and errors of reach are called; what a measure's figures say in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from markupsafe import Markup

from tallystick.console.kit import fill, join, tag
from tallystick.console.pages.catalogue_words import name_word
from tallystick.console.pages.share import is_apart
from tallystick.console.visit import Visit
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import format_count, format_money, format_month, format_rate

__all__ = [
    "ERRORS",
    "ErrorKind",
    "apart_tag",
    "draw_spent",
    "find_areas",
    "list_lenders",
    "name_area",
    "name_group",
    "name_programme",
    "say_cycle",
]

ErrorKind = Literal["exclusion", "inclusion"]
ERRORS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "exclusion": ("漏了（贫困而不在册）", "Missed: poor, not held"),
        "inclusion": ("错了（在册而不贫困）", "Wrong: held, not poor"),
    },
)
_GROUPS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "elder_grain": ("老人种粮", "Elders growing grain"),
        "orchard": ("果园", "Orchards"),
        "greenhouse": ("大棚", "Greenhouses"),
        "livestock": ("养殖", "Livestock"),
        "migrant": ("外出务工", "Migrant work"),
        "shop": ("开店", "Shops"),
        "no_labour": ("没有劳力", "No labour"),
        "family_farm": ("家庭农场", "Family farms"),
        "other": ("其他（合并）", "Others, together"),
    },
)
_CENTURY: Final = 100
_MONTHS: Final = 12
_NAMES_MAX: Final = 3
_LETTERS: Final = 26
Tree = Mapping[str, Any]


def name_programme(v: Visit, code: str) -> str:
    """Return what a programme is called: many are named as the scheme they pay for."""
    return name_word(v, "scheme", code)


def name_group(v: Visit, code: str) -> str:
    """Return what a group of households is called; one that only its survey names, as it stands."""
    found = _GROUPS.get(code)
    return v.say(found) if found else code


def say_cycle(v: Visit, cycle: int) -> str:
    """Return which month a cycle is of, yyyymm."""
    return format_month(cycle // _CENTURY * _MONTHS + cycle % _CENTURY - 1, v.language)


def find_areas(villages: Sequence[Tree]) -> list[Tree]:
    """Return each area once: `letter`, `area`, its villages' `names`, and the area's figures.

    Letters go from A on in the order of the areas' first villages: A, B, ... Z, AA.
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for each in villages:
        first = {**each, "names": [], "letter": _letter(len(found))}
        area = found.setdefault(tuple(each["area"]), first)
        area["names"].append({name: each[name] for name in ("code", "zh", "en")})
    return list(found.values())


def _letter(number: int) -> str:
    """Return the letter of an area by its number.

    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'AA')
    """
    more, rest = divmod(number, _LETTERS)
    return (_letter(more - 1) if more else "") + chr(ord("A") + rest)


def name_area(v: Visit, area: Tree) -> Markup:
    """Return what an area is called: its villages, the first of them where there are many."""
    names = [v.t(each["zh"], each["en"]) for each in area["names"]]
    first = v.t("、", ", ").join(names[:_NAMES_MAX])
    if len(names) <= _NAMES_MAX:
        return fill("<b>{}</b> {}", area["letter"], first)
    rest = v.t("、", ", ").join(names[_NAMES_MAX:])
    more = v.t(f"和另外 {len(names) - _NAMES_MAX} 个村", f"and {len(names) - _NAMES_MAX} more")
    return fill(
        '<b>{}</b> {}<details class="inline"><summary class="note12 dim">{}</summary>'
        '<span class="small">{}</span></details>',
        area["letter"],
        first,
        more,
        rest,
    )


def apart_tag(v: Visit, share: Tree, whole_ppm: int | None) -> Markup:
    """Return whether a part is told apart from the whole county, as a tag."""
    if "ppm" not in share:
        return fill('<span class="unsure">\u2013</span>')
    kind = is_apart(share, whole_ppm)
    if kind > 0:
        return tag(v.t("高于全县", "Above the county"), "warn", "triangle-alert")
    if kind < 0:
        return tag(v.t("低于全县", "Below the county"), "ok")
    return tag(v.t("分不出", "Not told apart"), "", "circle-help")


def draw_spent(v: Visit, name: str | Markup, sums: Tree) -> Markup:
    """Return money lent beside what was allocated for it: a bar, both figures.

    Args:
        v: the visit.
        name: whose.
        sums: allocated_minor, lent_minor, loans.
    """
    allocated, lent = sums["allocated_minor"], sums["lent_minor"]
    part = lent * 1_000_000 // allocated if allocated else 0
    loans, given = format_count(sums["loans"]), format_money(allocated, v.language)
    return fill(
        '<div class="spent"><span>{}</span><b>{}</b><span class="track" aria-hidden="true">'
        '<i style="width:{}%"></i></span><span class="dim">{}</span></div>',
        name,
        format_money(lent, v.language),
        min(100, part // 10_000),
        v.t(
            f"拨款 {given}的 {format_rate(part)} · {loans} 笔贷款",
            f"{format_rate(part)} of {given} allocated ·"
            f" {loans} {'loan' if sums['loans'] == 1 else 'loans'}",
        ),
    )


def list_lenders(v: Visit, lenders: Sequence[Tree]) -> Markup:
    """Return each lender's money."""
    return join(draw_spent(v, v.name_of(each["member"]), each) for each in lenders)

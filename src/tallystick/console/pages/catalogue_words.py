"""What the catalogue's codes, terms and service subjects are called on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import Markup

from tallystick.charter import CHARTER
from tallystick.console.kit import fill
from tallystick.console.visit import Visit
from tallystick.console.words import COUNTY_MS, KINDS
from tallystick.text.saying import PHRASES
from tallystick.text.wording import format_count, format_month, format_percent, format_rate

__all__ = [
    "DASH",
    "block_link",
    "find_in_force",
    "find_writers",
    "list_words",
    "may_record",
    "month_now",
    "name_entry",
    "name_kind",
    "name_scheme",
    "name_word",
    "name_writers",
    "say_amount",
    "say_from_to",
    "say_rate",
    "say_subsidy",
    "say_term",
    "state_of",
]

DASH: Final = "\u2013"
Tree = Mapping[str, Any]


def name_word(v: Visit, table: str, code: str) -> str:
    """Return what a code of a table is called; one that the text does not know, as it stands."""
    found = PHRASES.get(f"{table}.{code}")
    said = v.say(found) if found else code
    return said[:1].upper() + said[1:]


def list_words(v: Visit, table: str, codes: Iterable[str]) -> str:
    """Return what codes are called, as a list in a sentence."""
    return v.t("、", ", ").join(name_word(v, table, code) for code in codes) or DASH


def name_entry(v: Visit, entry: Tree) -> str:
    """Return what an entry of the catalogue calls itself."""
    return str(v.t(entry["name_zh"], entry["name_en"]))


def name_scheme(v: Visit, scheme: str, entries: Mapping[str, Tree]) -> str:
    """Return what a scheme is called: by its newest product, else by its code's words."""
    return name_entry(v, entries[scheme]) if scheme in entries else name_word(v, "scheme", scheme)


def name_kind(v: Visit, kind: str) -> str:
    """Return what a kind of need is called."""
    return v.say(KINDS[kind]) if kind in KINDS else name_word(v, "scheme", kind)


# ---- terms


def say_amount(entry: Tree) -> str:
    """Return the range of sums in yuan; a dash where the terms name none.

    >>> say_amount({"amount_min_minor": 1_000_000, "amount_max_minor": 30_000_000})
    '10,000–300,000'
    >>> say_amount({"amount_max_minor": 30_000_000}), say_amount({})
    ('≤ 300,000', '–')
    """
    low = entry.get("amount_min_minor", 0) or entry.get("sum_min_minor", 0)
    high = entry.get("amount_max_minor", 0) or entry.get("sum_max_minor", 0)
    return _range(low // 100, high // 100)


def say_term(entry: Tree) -> str:
    """Return the range of terms in months.

    >>> say_term({"term_min_months": 6, "term_max_months": 12}), say_term({})
    ('6–12', '–')
    """
    low = entry.get("term_min_months", 1)
    return _range(low if low > 1 else 0, entry.get("term_max_months", 0))


def _range(low: int, high: int) -> str:
    if not high:
        return f"\u2265 {format_count(low)}" if low else DASH
    if not low:
        return f"\u2264 {format_count(high)}"
    both = f"{format_count(low)}\u2013{format_count(high)}"
    return both if low < high else format_count(low)


def say_rate(entry: Tree) -> str:
    """Return the yearly rate, and the highest it may be.

    >>> say_rate({"rate_ppm": 50_000, "rate_max_ppm": 80_000}), say_rate({"rate_ppm": 35_000})
    ('5%–8%', '3.5%')
    """
    low, high = entry.get("rate_ppm", 0), entry.get("rate_max_ppm", 0)
    if not low and not high:
        return DASH
    return format_rate(low) if high <= low else f"{format_rate(low)}\u2013{format_rate(high)}"


def say_subsidy(v: Visit, entry: Tree) -> str:
    """Return what part of the interest or premium is paid publicly, and up to which sum."""
    part = entry.get("subsidy_ppm", 0)
    if not part:
        return DASH
    most = entry.get("subsidised_max_minor", 0)
    said = format_percent(part)
    if not most:
        return said
    figure = format_count(most // 100)
    return v.t(f"{said}（{figure} 元以内）", f"{said} (up to ¥{figure})")


def say_from_to(v: Visit, entry: Tree) -> str:
    """Return from which month to which month a version is in force."""
    start, end = entry["from_month"], entry["until_month"]
    return f"{format_month(start, v.language)} {DASH} {format_month(end, v.language)}"


def state_of(entry: Tree, month: int) -> str:
    """Return whether terms are in force in a month: `now`, `later` or `past`."""
    if month < entry["from_month"]:
        return "later"
    return "now" if month <= entry["until_month"] else "past"


def find_in_force(rows: Iterable[Tree], month: int) -> dict[str, Tree]:
    """Return by scheme the row in force in a month, else the newest; higher versions win."""
    found: dict[str, Tree] = {}
    for row in rows:
        entry = row["entry"]
        known = found.get(entry["scheme"])
        if known is None or _rank(entry, month) > _rank(known["entry"], month):
            found[entry["scheme"]] = row
    return found


def _rank(entry: Tree, month: int) -> tuple[bool, int]:
    return state_of(entry, month) == "now", entry["version"]


def month_now(v: Visit) -> int:
    """Return the county's month: year * 12 + month - 1."""
    day = datetime.fromtimestamp((v.office.now_ms() + COUNTY_MS) / 1_000, UTC)
    return day.year * 12 + day.month - 1


# ---- who may publish


async def may_record(v: Visit, act: str, kind: str) -> bool:
    """Tell whether this officer may do an act, and this member may write the record it makes.

    Args:
        v: the visit.
        act: of the table of roles.
        kind: the record's type, such as `provider.registered`.
    """
    if not v.may(act):
        return False
    roles = CHARTER[kind, 1].roles
    found = await v.client.get("/members")
    mine = next((each["role"] for each in found["items"] if each["member"] == v.member), "")
    return not roles or mine in roles


async def find_writers(v: Visit, height: int, kind: str) -> list[str]:
    """Return who recorded entries of a type in a block: one member, but where several did."""
    found = await v.client.get(f"/blocks/{height}/records")
    return sorted({each["member"] for each in found["items"] if each["t"] == kind})


def name_writers(v: Visit, writers: Iterable[str]) -> str:
    """Return who recorded an entry, in words."""
    return v.t(" 或 ", " or ").join(v.name_of(each) for each in writers) or DASH


def block_link(v: Visit, height: int) -> Markup:
    """Return a link to the block in which something was recorded."""
    return fill(
        '<a class="link" href="{}">#{}</a>', v.link(f"/ledger/{height}"), format_count(height)
    )

"""The figures of the household's page: card, schedule, limits, the cash of each month, the receipt.

Laws: integers in, markup out; every figure that a picture shows stands in a table too; bars are
told apart by width and words, not by colour alone. Limits: the picture shows three years.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import segno

from tallystick.services.positioning.page_markup import (
    Html,
    Voice,
    escape_text,
    join,
    write_table,
)
from tallystick.text import format_money, format_percent, format_ratio

__all__ = [
    "encode_receipt",
    "find_tightest",
    "list_cells",
    "list_likely",
    "name_fields",
    "tell_stale",
    "write_calendar",
    "write_figure",
    "write_limit",
    "write_measures",
    "write_receipt_code",
    "write_schedule",
]

_NAMED = 6

Cell: TypeAlias = tuple[Html, Html, Html]
"""A name, its value and a note under it, which may be empty."""

_PPM = 1_000_000
_YEAR = 12
_BEYOND = 99 * _PPM
_PUT_BY = ("save", "invest")
_PART_ROWS = 12
_PICTURE_MONTHS = 37
_PICTURE_MONTHS_MIN = 13
_HEIGHT, _STRIP = 100, 6
_COLUMNS = (
    ("principal", "principal_minor"),
    ("interest", "interest_minor"),
    ("subsidy", "subsidy_minor"),
    ("fee", "fee_minor"),
    ("payment", "payment_minor"),
)
_ALWAYS = frozenset({"principal", "interest", "payment"})


# ---- the card


def list_cells(
    voice: Voice, kind: str, terms: Mapping[str, Any], demand: Mapping[str, Any]
) -> list[Cell]:
    """Return the few figures that matter most, as (name, value, note).

    Args:
        kind: what is asked for: borrow, lease, save, invest or insure.
        terms: figures of what was judged.
        demand: what was asked for.
    """
    if kind in _PUT_BY:
        return _list_saving(voice, demand)
    if kind == "insure":
        return _list_insurance(voice, demand.get("insure", {}))
    if "schedule" not in terms:
        return _list_asked(voice, terms)
    label = voice.tell("cell.term_lease" if kind == "lease" else "cell.term")
    return [(label, _write_term(voice, terms), Html("")), *_list_loan(voice, terms)]


def _list_loan(voice: Voice, terms: Mapping[str, Any]) -> list[Cell]:
    """Cost in a year, cost in all, what government pays, the largest payment."""
    schedule, nothing = terms["schedule"], Html("")
    found: list[Cell] = []
    if "yearly_cost_ppm" in terms:
        # A millionth of 10,000 yuan is one fen.
        note = voice.tell("per_ten_thousand", amount=voice.money(terms["yearly_cost_ppm"]))
        found.append((voice.tell("cell.year"), voice.rate(terms["yearly_cost_ppm"]), note))
    cost = voice.money(terms["cost_minor"], cents=True)
    found.append((voice.tell("cell.cost"), cost, nothing))
    if subsidy := sum(row["subsidy_minor"] for row in schedule):
        found.append((voice.tell("cell.subsidy"), voice.money(subsidy, cents=True), nothing))
    most = max(schedule, key=lambda row: (row["payment_minor"], -row["month"]))
    paid = voice.money(most["payment_minor"], cents=True)
    found.append((voice.tell("cell.most"), paid, voice.month(most["month"])))
    return found


def _write_term(voice: Voice, terms: Mapping[str, Any]) -> Html:
    count = sum(1 for row in terms["schedule"] if row["payment_minor"])
    name = "term.once" if count == 1 else "term.many"
    return voice.tell(name, term=voice.months(terms["term_months"]), count=Html(str(count)))


def _list_asked(voice: Voice, terms: Mapping[str, Any]) -> list[Cell]:
    """The terms that do not fit, as they were asked."""
    nothing = Html("")
    if "term_months" not in terms:
        return []
    repayment = voice.word("repayment", terms["repayment"])
    return [
        (voice.tell("cell.asked_term"), voice.months(terms["term_months"]), nothing),
        (voice.tell("cell.asked_rate"), voice.rate(terms["rate_ppm"]), nothing),
        (voice.tell("cell.asked_repayment"), repayment, nothing),
    ]


def _list_saving(voice: Voice, demand: Mapping[str, Any]) -> list[Cell]:
    """When the money is needed and bound, what it yields and may lose."""
    held, nothing = demand.get("product", {}), Html("")
    found: list[Cell] = []
    if "date_needed_month" in demand:
        needed = voice.month(demand["date_needed_month"])
        found.append((voice.say("field.date_needed_month"), needed, nothing))
    if "lockup_months" in held:
        locked = voice.months(held["lockup_months"])
        found.append((voice.say("field.lockup_months"), locked, nothing))
    for name in ("yield_ppm", "worst_loss_ppm"):
        if name in held:
            each = voice.tell("per_ten_thousand", amount=voice.money(held[name]))
            note = each if held[name] else nothing
            found.append((voice.say(f"field.{name}"), voice.rate(held[name]), note))
    return found


def _list_insurance(voice: Voice, insure: Mapping[str, Any]) -> list[Cell]:
    """The own premium and government's, the sum of each unit, and when cover holds."""
    nothing = Html("")
    found: list[Cell] = []
    if "own_premium_minor" in insure:
        own = insure["own_premium_minor"]
        paid = voice.money(own, cents=True)
        found.append((voice.say("field.own_premium_minor"), paid, nothing))
        if (government := insure.get("premium_total_minor", own) - own) > 0:
            paid = voice.money(government, cents=True)
            found.append((voice.tell("cell.government"), paid, nothing))
    if "sum_minor_per_unit" in insure:
        each = voice.money(insure["sum_minor_per_unit"], cents=True)
        found.append((voice.say("field.sum_minor_per_unit"), each, nothing))
    begin, end = insure.get("cover_from_month"), insure.get("cover_to_month")
    if begin and end:
        span = voice.tell("span", first=voice.month(begin), last=voice.month(end))
        found.append((voice.tell("cell.cover"), span, nothing))
    return found


# ---- the schedule


def write_schedule(voice: Voice, figures: Mapping[str, Any]) -> Html:
    """Return every payment to the fen, in two or three tables where there are more than twelve.

    What government pays is written with a minus, so that a row adds up.
    """
    rows: Sequence[Mapping[str, int]] = figures["schedule"]
    shown = [(n, key) for n, key in _COLUMNS if n in _ALWAYS or any(row[key] for row in rows)]
    columns = [voice.tell(f"column.{name}") for name in ("month", *(name for name, _ in shown))]
    total = [voice.tell("column.total"), *_write_sums(shown, _total(rows))]
    terms = voice.tell(
        "caption.schedule",
        repayment=voice.word("repayment", figures["repayment"]),
        rate=voice.rate(figures["rate_ppm"]),
    )
    # Beside a picture of the cash, three narrow tables leave the sheet its room.
    count = 3 if "calendar" in figures else 2
    if len(rows) <= _PART_ROWS:
        lines = [[voice.month(row["month"]), *_write_sums(shown, row)] for row in rows]
        return write_table(terms, columns, lines, total)
    lines = [[_write_date(row["month"]), *_write_sums(shown, row)] for row in rows]
    size = -(-len(rows) // count)
    tables = []
    for part in range(count):
        place = {"part": Html(str(part + 1)), "parts": Html(str(count))}
        some, last = lines[part * size : (part + 1) * size], part == count - 1
        caption = voice.tell("caption.part", **place)
        tables.append(write_table(caption, columns, some, total if last else ()))
    return Html(f'<p class="note">{terms}</p><div class="parts p{count}">{"".join(tables)}</div>')


def _write_date(month: int) -> Html:
    """A month as narrow columns have it: 2027-06."""
    return Html(f"{month // _YEAR}-{month % _YEAR + 1:02d}")


def _total(rows: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {key: sum(row[key] for row in rows) for _, key in _COLUMNS}


def _write_sums(shown: Sequence[tuple[str, str]], row: Mapping[str, int]) -> list[Html]:
    return [_write_yuan(-row[key] if name == "subsidy" else row[key]) for name, key in shown]


def _write_yuan(minor: int) -> Html:
    """A sum in yuan and cents without its sign, for a column whose caption names the unit."""
    return escape_text(format_money(minor, "en", cents=True).replace("\u00a5", ""))


# ---- figures beside their limits


def write_measures(voice: Voice, rows: Sequence[Mapping[str, Any]]) -> Html:
    """Return each figure beside its limit; nothing where there are none."""
    if not rows:
        return Html("")
    return write_table(
        voice.tell("caption.measured"),
        [voice.tell(f"column.{name}") for name in ("figure", "have", "need")],
        [
            [
                voice.say(f"figure.{row['figure']}"),
                write_figure(voice, row["figure"], row["have"]),
                write_limit(voice, row),
            ]
            for row in rows
        ],
    )


def write_limit(voice: Voice, row: Mapping[str, Any]) -> Html:
    """Return the limit of a figure: at least or at most so much."""
    need = write_figure(voice, row["figure"], row["need"])
    return voice.tell(f"side.{row['side']}", need=need)


def write_figure(voice: Voice, figure: str, value: int) -> Html:
    """Return a figure in its own unit: a sum, a part of income, or how many times."""
    if figure == "bearable_instalment":
        return voice.money(value, cents=True)
    if value < 0:
        return voice.tell("nothing_left")
    if value >= _BEYOND:
        return voice.tell("beyond")
    if figure == "instalment_share":
        return escape_text(format_percent(value))
    return escape_text(format_ratio(value, voice.language))


def find_tightest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the figure with the least room to its limit, as a part of the limit."""

    def room_ppm(row: Mapping[str, Any]) -> int:
        room = row["have"] - row["need"] if row["side"] == "least" else row["need"] - row["have"]
        return int(room * _PPM // max(1, row["need"]))

    return min(rows, key=room_ppm, default=None)


def list_likely(voice: Voice, figures: Mapping[str, Any], demand: Mapping[str, Any]) -> list[Html]:
    """Return between which sums the income and the money needed most likely lie.

    Args:
        figures: of the scheme; the page says nothing of an interval that they lack.
        demand: what was asked for, whose income is a season's or a year's.
    """
    once = demand.get("working_capital") or demand.get("kind") == "insure"
    income = "income_once" if once else "income_year"
    found = []
    for name, figure in ((income, "income_interval"), ("need", "need_interval")):
        interval = figures.get(figure)
        if interval is None:
            continue
        low, high = interval["low_minor"], interval["high_minor"]
        if name == "need" and low == high > 0:
            # It says no more than the sum asked for.
            continue
        code = f"likely.{_choose_words(name, low, high)}"
        found.append(voice.say(code, {"low": low, "high": high}))
    return found


def _choose_words(name: str, low: int, high: int) -> str:
    if name != "need" or low > 0:
        return name if low < high else f"{name}_about"
    return "need_most" if high else "need_none"


def name_fields(voice: Voice, paths: Sequence[str]) -> tuple[int, Html]:
    """Return how many facts paths name, and the first few of them in words."""
    names = dict.fromkeys(voice.word("field", path.rpartition(".")[2]) for path in paths)
    shown = join(list(names)[:_NAMED], voice.tell("comma"))
    more = voice.tell("sure.more") if len(names) > _NAMED else ""
    return len(names), Html(shown + more)


def tell_stale(voice: Voice, stale: Sequence[Mapping[str, Any]]) -> Html:
    """Return which facts are more than a year old, the oldest first, and how old the oldest is."""
    oldest = sorted(stale, key=lambda each: (-each["months"], each["path"]))
    _, names = name_fields(voice, [each["path"] for each in oldest])
    return voice.tell("sure.stale", names=names, months=Html(str(oldest[0]["months"])))


# ---- cash by month


def write_calendar(voice: Voice, figures: Mapping[str, Any]) -> Html:
    """Return the cash of each month as bars, in words and as a table."""
    calendar = figures["calendar"]
    begin, life = calendar["from_month"], figures["term_months"] + 1
    count = min(len(calendar["bad_minor"]), _PICTURE_MONTHS, max(_PICTURE_MONTHS_MIN, life))
    middle, bad = calendar["middle_minor"][:count], calendar["bad_minor"][:count]
    due = {row["month"] - begin for row in figures["schedule"] if row["payment_minor"]}
    first, last = voice.month(begin), voice.month(begin + count - 1)
    axis = f'<div class="axis note"><span>{first}</span><span>{last}</span></div>'
    picture = (
        f'<svg class="bars" viewBox="0 0 {count * 10} {_HEIGHT + _STRIP}" role="img" '
        f'preserveAspectRatio="none" '
        f'aria-label="{voice.tell("cash.picture", first=first, last=last)}">'
        f"{_draw_bars(middle, bad)}{_draw_due(due, count)}</svg>"
    )
    words = f"<p>{_tell_cash(voice, figures, (begin + count - 1, middle[-1], bad[-1]))}</p>"
    tallest = voice.money(max(*middle, *bad))
    key = _write_key(voice, tallest)
    return Html(words + picture + axis + key + _write_months(voice, begin, middle, bad))


def _tell_cash(voice: Voice, figures: Mapping[str, Any], end: tuple[int, int, int]) -> str:
    """The bad year's least, and where both years have come to at the picture's end."""
    month, middle, bad = end
    lowest = voice.tell(
        "cash.lowest",
        month=voice.month(figures["lowest_month"]),
        amount=voice.money(figures["lowest_minor"]),
    )
    told = voice.tell(
        "cash.end", month=voice.month(month), middle=voice.money(middle), bad=voice.money(bad)
    )
    return f"{lowest} {told}" if voice.language == "en" else lowest + told


def _draw_bars(middle: Sequence[int], bad: Sequence[int]) -> str:
    """A wide bar for the middle year and a narrow one before it for the bad year."""
    top, bottom = max(0, *middle, *bad), min(0, *middle, *bad)
    span = max(1, top - bottom)
    zero = top * _HEIGHT // span
    drawn = []
    for offset, pair in enumerate(zip(middle, bad, strict=True)):
        for style, inset, value in (("m", 1, pair[0]), ("b", 3, pair[1])):
            tall = abs(value) * _HEIGHT // span
            drawn.append(
                f'<rect class="{style}" x="{offset * 10 + inset}" width="{10 - 2 * inset}" '
                f'y="{zero - tall if value > 0 else zero}" height="{tall}"/>'
            )
    return "".join(drawn)


def _draw_due(due: set[int], count: int) -> str:
    return "".join(
        f'<rect class="d" x="{offset * 10 + 1}" width="8" y="{_HEIGHT + 2}" height="{_STRIP - 2}"/>'
        for offset in sorted(due)
        if 0 <= offset < count
    )


def _write_key(voice: Voice, tallest: Html) -> str:
    names = (("middle", "column.middle"), ("bad", "column.bad"), ("due", "cash.due"))
    items = "".join(f'<span><i class="{c}"></i>{voice.tell(name)}</span>' for c, name in names)
    items += f"<span>{voice.tell('cash.tallest', amount=tallest)}</span>"
    return f'<div class="key">{items}</div>'


def _write_months(voice: Voice, begin: int, middle: Sequence[int], bad: Sequence[int]) -> str:
    table = write_table(
        voice.tell("caption.cash"),
        [voice.tell(f"column.{name}") for name in ("month", "middle", "bad")],
        [
            [voice.month(begin + offset), _write_yuan(pair[0]), _write_yuan(pair[1])]
            for offset, pair in enumerate(zip(middle, bad, strict=True))
        ],
    )
    return f"<details><summary>{voice.tell('cash.details')}</summary>{table}</details>"


# ---- the receipt


def encode_receipt(case: Mapping[str, Any], record: str) -> str:
    """Return what the receipt's code says: chain, height, case and the decision's record.

    Capitals, digits and colons alone, which a QR code packs closest:
    `TALLY:1:<chain>:<height>:<case>:<record>`.
    """
    return f"TALLY:1:{case['chain']}:{case['height']}:{case['case']}:{record}".upper()


def write_receipt_code(voice: Voice, text: str) -> Html:
    """Return the receipt's QR code: level M, with the quiet zone of four modules."""
    code = segno.make(text, error="m", micro=False, boost_error=False)
    drawn: str = code.svg_inline(omitsize=True, border=4, svgclass=None, lineclass=None)
    label = voice.tell("receipt.picture")
    return Html(drawn.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1))

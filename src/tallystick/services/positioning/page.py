"""The household's own report: one page, on a phone or one sheet of A4, in Chinese or English.

How much, when and what it costs; why it fits or not and what would change it; who can help, how
sure this is, how to appeal, who decided, and a receipt that can be checked without a network.
Laws: every reason, gap, payment and subject of the decision is on the page; nothing is said that
the decision does not hold; what comes from data is escaped.
Source: the county's practice (words to households); PIPL 24 (explanation, no machine-only refusal).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallystick.base.errors import Conflict
from tallystick.services.positioning.page_figures import (
    encode_receipt,
    find_tightest,
    list_cells,
    list_likely,
    name_fields,
    tell_stale,
    write_calendar,
    write_figure,
    write_limit,
    write_measures,
    write_receipt_code,
    write_schedule,
)
from tallystick.services.positioning.page_markup import (
    Html,
    Voice,
    escape_text,
    find_voice,
    join,
    write_cells,
    write_document,
    write_list,
    write_section,
)
from tallystick.text import PHRASES

__all__ = ["render_report"]

_OPTIONS_SHOWN = 2
_FULL_ROWS = 12
_DENSE_ROWS = 6
_NOTE_ROWS = 3
_LENT = ("borrow", "lease")
# Told in sections of their own.
_ELSEWHERE = frozenset({"person_reviewed", "less_would_pass"})
# Reasons whose words leave out a figure that no table shows, and the gap that holds it.
_COMPLETED_BY = {
    "yield_above_p80": "income_implausible",
    "price_drop_fails": "price_drop_30",
    "old_loan_open": "old_loan_open",
}


@dataclass(frozen=True, slots=True)
class _Page:
    """A case as the page reads it."""

    case: Mapping[str, Any]
    voice: Voice
    scheme: Mapping[str, Any]
    judgement: Mapping[str, Any]
    result: Mapping[str, Any]

    @property
    def fits(self) -> bool:
        return bool(self.judgement["outcome"] == "fits")

    @property
    def refusal(self) -> Mapping[str, str] | None:
        return self.case.get("refusal")

    @property
    def demand(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.case["application"].get("demand", {})
        return found

    @property
    def kind(self) -> str:
        """What is asked for; an application that names no kind asks to borrow."""
        return str(self.demand.get("kind", "borrow"))

    @property
    def member(self) -> Html:
        return self.voice.name(self.case["member"])

    @property
    def terms(self) -> Mapping[str, Any]:
        """What was judged; a report holds the same with its schedule."""
        found: Mapping[str, Any] = (self.result if self.fits else self.judgement)["figures"]
        return found


def render_report(case: Mapping[str, Any], language: str) -> str:
    """Return the household's page as one HTML document that fetches nothing.

    Args:
        case: `case` and `chain` in hex, `height`, `time` (ms since 1970 UTC), `member`
            (`{"zh", "en"}`), `application`, `defaults`, `decisions` (`scheme`, `judgement` and
            `report` or `match`, each with `outcome, ranked, conditions, figures, reasons, record`),
            where there is one `refusal` (`{"code", "words"}`); may hold `providers`, names of
            service subjects by id (`{"zh", "en"}`), and `not_after` (ms), the offer's last moment.
        language: `zh` or `en`.

    Raises:
        Conflict: `case.undecided` where no report and no match is there yet.
        Invalid: `text.language`; `text.value` where a reason lacks a value of its phrase.
        NotFound: `text.code` where a reason or gap has no words.
    """
    voice = find_voice(language)
    page = _read_page(case, voice)
    title = _write_title(page)
    body = [
        _write_head(page, title),
        _write_summary(page),
        _write_refusal(page),
        _beside(_write_why(page), _write_measured(page)),
        _write_money(page),
        _beside(_write_change(page), _write_helpers(page)),
        _beside(_write_sure(page), _write_disagree(page), _write_decided(page)),
        _write_asked_again(page),
        _write_receipt(page),
    ]
    kind = "fit" if page.fits and page.refusal is None else "not"
    rows = len(page.terms.get("schedule", ()))
    # What is told of spans and ages takes the room of some rows more.
    figures = page.scheme["figures"]
    told = sum(name in figures for name in ("income_interval", "need_interval", "stale"))
    weighed = sum(each["code"] == "model_weighs" for each in page.scheme.get("reasons", ()))
    full = rows + _NOTE_ROWS * told + 2 * weighed
    kind += " dense" if full > _DENSE_ROWS else "" if full else " roomy"
    kind += " long" if full > _FULL_ROWS else ""
    kind += " told" if told else ""
    return write_document(voice, title, body, kind=kind)


def _read_page(case: Mapping[str, Any], voice: Voice) -> _Page:
    decisions = case["decisions"]
    result = decisions.get("report") or decisions.get("match")
    if result is None or "judgement" not in decisions:
        raise Conflict(
            "case.undecided",
            f"a report needs a judgement and a report or match; found {sorted(decisions)}",
            cure="Decide the case first.",
        )
    return _Page(case, voice, decisions["scheme"], decisions["judgement"], result)


def _beside(*sections: Html) -> Html:
    """Sections side by side where the page is wide enough."""
    kind = "pair" if len(sections) == 2 else "trio"  # noqa: PLR2004 - two columns or three
    return Html(f'<div class="{kind}">{join(sections)}</div>' if any(sections) else "")


# ---- head and summary


def _write_title(page: _Page) -> Html:
    voice = page.voice
    if page.refusal is not None:
        return voice.tell("title.refused", member=page.member)
    amount = voice.money(_amount(page))
    if page.fits:
        return voice.tell(f"title.{page.kind}", amount=amount)
    if page.result["outcome"] in ("aid", "review"):
        return voice.say(f"outcome.{page.result['outcome']}")
    return voice.tell("title.not" if _amount(page) else "title.not_insure", amount=amount)


def _amount(page: _Page) -> int:
    """The sum asked for, or granted where it fits, in fen; 0 for a policy."""
    return int(page.terms.get("amount_minor", page.demand.get("amount_minor", 0)))


def _write_head(page: _Page, title: Html) -> Html:
    voice = page.voice
    by = [page.member, voice.day(page.case["time"])]
    if page.fits and page.refusal is None and "not_after" in page.case:
        by.append(voice.tell("until", date=voice.day(page.case["not_after"])))
    lead = "" if page.refusal is not None else f'<p class="lead">{_write_lead(page)}</p>'
    return Html(f'<header><p class="by">{join(by, " · ")}</p><h1>{title}</h1>{lead}</header>')


def _write_lead(page: _Page) -> Html:
    voice = page.voice
    scheme = voice.word("scheme", page.judgement["figures"]["scheme"])
    if not page.fits:
        outcome = page.result["outcome"]
        name = f"lead.{outcome}" if outcome in ("aid", "review") else "lead.not"
        return voice.tell(name, scheme=scheme)
    lent = "lead.lent" if page.kind in _LENT else "lead.plain"
    return voice.tell(lent, scheme=scheme, member=page.member)


def _write_summary(page: _Page) -> Html:
    """The card: verdict, sum and purpose, and the four figures that matter most."""
    voice = page.voice
    icon = "ok" if page.fits and page.refusal is None else "warn"
    told = voice.say(f"outcome.{page.judgement['outcome']}")
    if page.refusal is not None:
        told = voice.tell("refused.tag")
    mark = write_list([(icon, told)])
    tag = mark.replace("<ul><li>", '<p class="tag">').replace("</li></ul>", "</p>")
    amount = voice.money(_amount(page)) if _amount(page) else Html("")
    if insured := page.demand.get("insure", {}).get("sum_insured_minor", 0):
        amount = voice.tell("insured", amount=voice.money(insured))
    head = f'<p class="amount">{amount}</p>' if amount else ""
    cells = list_cells(voice, page.kind, page.terms, page.demand)
    top = f'<div class="top">{head}{tag}{_write_purpose(page)}</div>'
    return Html(f'<div class="sum">{top}{write_cells(cells)}</div>')


def _write_purpose(page: _Page) -> str:
    """What it is for: our word, and the household's own where they are read in its language."""
    purpose, words = page.demand.get("purpose", ""), page.demand.get("purpose_text", "")
    told = []
    if purpose:
        told.append(page.voice.tell("purpose", purpose=page.voice.word("purpose", purpose)))
    if words:
        told.append(Html(f'<q lang="{_tongue(words)}">{escape_text(words)}</q>'))
    return f'<p class="for">{join(told, " ")}</p>' if told else ""


def _tongue(words: str) -> str:
    return "en" if words.isascii() else "zh-CN"


# ---- why


def _write_refusal(page: _Page) -> Html:
    if page.refusal is None:
        return Html("")
    words = escape_text(page.refusal["words"])
    code = page.refusal["code"]
    known = next((c for c in (code, f"gap.{code}") if c in PHRASES), "")
    plain = page.voice.say(known) if known and "{" not in PHRASES[known].zh else Html("")
    told = plain or page.voice.tell("refused.code", code=escape_text(code))
    body = Html(f'<blockquote>{words}</blockquote><p class="note">{told}</p>')
    return write_section("refused", page.voice.tell("refused.words"), [body])


def _write_why(page: _Page) -> Html:
    """Every reason of the judgement, with the gap's figure where its words leave it out."""
    heading = page.voice.tell("head.why_fits" if page.fits else "head.why_not")
    return write_section("why", heading, [write_list(_list_why(page))])


def _list_why(page: _Page) -> list[tuple[str, Html]]:
    voice, icon = page.voice, "ok" if page.fits else "warn"
    gaps = {row["gap"]: row for row in page.judgement["ranked"]}
    found = []
    for reason in page.judgement["reasons"]:
        code = reason["code"]
        if code in _ELSEWHERE:
            continue
        told = voice.say(code, reason["values"])
        if gap := gaps.get(_COMPLETED_BY.get(code, "")):
            told = Html(f"{told}<small>{_say_gap(voice, gap)}</small>")
        found.append((icon, told))
    found += _say_scheme(page, ("aid_suits", "other_scheme"))
    return list({text: (icon, text) for icon, text in reversed(found)}.values())[::-1]


def _say_scheme(page: _Page, codes: Sequence[str]) -> list[tuple[str, Html]]:
    """The reasons of the scheme that have one of these codes."""
    reasons = [reason for reason in page.scheme["reasons"] if reason["code"] in codes]
    return [("note", page.voice.say(reason["code"], reason["values"])) for reason in reasons]


def _say_gap(voice: Voice, gap: Mapping[str, Any]) -> Html:
    """A gap in words; sides that are zero are left out of its tree."""
    return voice.say(f"gap.{gap['gap']}", {"have": 0, "need": 0, "month": 0, **gap})


def _write_measured(page: _Page) -> Html:
    rows = page.terms.get("thresholds", ())
    heading = page.voice.tell("head.measured")
    return write_section("measured", heading, [write_measures(page.voice, rows)])


# ---- payments and cash


def _write_money(page: _Page) -> Html:
    """Payments and cash: on paper side by side where the schedule is short."""
    rows = page.terms.get("schedule", ())
    if not rows or page.refusal is not None:
        return Html("")
    kind = "wide" if len(rows) > _FULL_ROWS else "paper"
    return Html(f'<div class="{kind}">{_write_payments(page)}{_write_cash(page)}</div>')


def _write_payments(page: _Page) -> Html:
    """When the household pays how much, in one sentence and to the fen."""
    voice, figures = page.voice, page.terms
    rows = [row for row in figures["schedule"] if row["payment_minor"]]
    first, last = rows[0], rows[-1]
    paid = voice.money(first["payment_minor"], cents=True)
    if len(rows) == 1:
        told = voice.tell("pay.once", month=voice.month(first["month"]), amount=paid)
    else:
        told = voice.tell(
            "pay.first",
            month=voice.month(first["month"]),
            amount=paid,
            last_month=voice.month(last["month"]),
            last=voice.money(last["payment_minor"], cents=True),
        )
    heading = voice.tell("head.pay_lease" if page.kind == "lease" else "head.pay")
    return write_section("pay", heading, [Html(f"<p>{told}</p>"), write_schedule(voice, figures)])


def _write_cash(page: _Page) -> Html:
    if "calendar" not in page.terms:
        return Html("")
    body = [write_calendar(page.voice, page.terms)]
    return write_section("cash", page.voice.tell("head.cash"), body)


# ---- what would change it


def _write_change(page: _Page) -> Html:
    voice = page.voice
    rows = _list_fit_changes(page) if page.fits else _list_changes(page)
    heading = voice.tell("head.change_fits" if page.fits else "head.change_not")
    return write_section("change", heading, [write_list(rows)])


def _list_changes(page: _Page) -> list[tuple[str, Html]]:
    """Each change that would make it fit, with the terms it would then have."""
    voice = page.voice
    found = []
    for row in page.result["conditions"]:
        told = voice.say(f"change.{row['change']}", row)
        if row["change"] == "scheme" and "term_months" in row:
            told = Html(told + voice.tell("change.terms", **_write_terms(voice, row)))
        found.append(("go", told))
    return found or [("note", voice.tell("change.none"))]


def _write_terms(voice: Voice, row: Mapping[str, Any]) -> dict[str, Html]:
    return {
        "amount": voice.money(row["amount_minor"]),
        "rate": voice.rate(row["rate_ppm"]),
        "term": voice.months(row["term_months"]),
    }


def _list_fit_changes(page: _Page) -> list[tuple[str, Html]]:
    """What is still to be shown, the figure nearest its limit, and what would fit as well."""
    voice = page.voice
    found = [("note", voice.say(f"show.{row['show']}")) for row in page.scheme["conditions"]]
    tight = find_tightest(page.terms.get("thresholds", ()))
    if tight is None:
        found.append(("note", voice.tell("change.plain")))
    else:
        name = tight["figure"]
        told = voice.tell(
            "change.tight",
            figure=voice.say(f"figure.{name}"),
            have=write_figure(voice, name, tight["have"]),
            need=write_limit(voice, tight),
        )
        found.append(("note", told))
    for row in [row for row in page.scheme["ranked"] if _is_option(page, row)][:_OPTIONS_SHOWN]:
        scheme = voice.word("scheme", row["scheme"])
        found.append(("go", voice.tell("change.option", scheme=scheme, **_write_terms(voice, row))))
    return found


def _is_option(page: _Page, row: Mapping[str, Any]) -> bool:
    same = row["scheme"] == page.judgement["figures"]["scheme"]
    return bool(row["fits"] and not same and "term_months" in row)


# ---- who helps, how sure, appeal, who decided


def _write_helpers(page: _Page) -> Html:
    """The preferred subject and the alternatives, what they are good at and how fast."""
    voice = page.voice
    rows = [("go", _write_helper(page, row)) for row in page.result["ranked"]]
    if not rows:
        rows = [("note", voice.tell("helper.none", member=page.member))]
    heading = voice.tell("head.where" if page.fits else "head.others")
    return write_section("helpers", heading, [write_list(rows)])


def _write_helper(page: _Page, row: Mapping[str, Any]) -> Html:
    voice = page.voice
    skill = voice.word("expertise", row["expertise"])
    known = page.case.get("providers", {}).get(row.get("provider", ""))
    if "provider" not in row:
        name, notes = Html(f"{page.member}{voice.tell('colon')}{skill}"), []
    else:
        name = voice.name(known) if known else escape_text(row["provider"])
        notes = [skill]
    if row.get("days_to_yes"):
        days = "helper.day" if row["days_to_yes"] == 1 else "helper.days"
        notes.append(voice.tell(days, days=Html(str(row["days_to_yes"]))))
    role = voice.word("role", row["role"])
    small = f"<small>{join(notes, ' · ')}</small>" if notes else ""
    return Html(f"{role}{voice.tell('colon')}<b>{name}</b>{small}")


def _write_sure(page: _Page) -> Html:
    voice = page.voice
    rows = _say_scheme(page, ("no_model", "model_says", "model_weighs"))
    rows += [("note", told) for told in list_likely(voice, page.scheme["figures"], page.demand)]
    if page.terms.get("thresholds"):
        rows.append(("note", voice.tell("sure.bad_year")))
    rows.append(("note", _tell_assumed(page)))
    if stale := page.scheme["figures"].get("stale"):
        rows.append(("note", tell_stale(voice, stale)))
    return write_section("sure", voice.tell("head.sure"), [write_list(rows)])


def _tell_assumed(page: _Page) -> Html:
    """Which facts were assumed; the first few by name, and how many in all."""
    voice = page.voice
    paths = [*page.scheme["figures"].get("assumed", ()), *page.case.get("defaults", ())]
    count, names = name_fields(voice, paths)
    if not count:
        return voice.tell("sure.stated")
    return voice.tell("sure.assumed", count=Html(str(count)), names=names)


def _write_disagree(page: _Page) -> Html:
    told = page.voice.tell("disagree", member=page.member)
    return write_section("disagree", page.voice.tell("head.disagree"), [Html(f"<p>{told}</p>")])


def _write_decided(page: _Page) -> Html:
    voice = page.voice
    name = "decided.rules" if page.refusal is None else "decided.refused"
    told = voice.tell(name, member=page.member, date=voice.day(page.case["time"]))
    return write_section("decided", voice.tell("head.decided"), [Html(f"<p>{told}</p>")])


def _write_asked_again(page: _Page) -> Html:
    """When the household is asked what became of it, and what it is asked."""
    voice = page.voice
    rows = [
        f"<span>{_write_when(voice, row)}{voice.tell('colon')}"
        f"{voice.word('feedback', row['ask'])}</span>"
        for row in page.result["figures"].get("feedback", ())
    ]
    body = [Html(f'<p class="asks">{"".join(rows)}</p>')] if rows else []
    return write_section("asked", voice.tell("head.asked_again"), body)


def _write_when(voice: Voice, row: Mapping[str, Any]) -> Html:
    event = voice.say(f"event.{row['after']}")
    if not row["days"]:
        return event
    return voice.tell("feedback.days", event=event, days=Html(str(row["days"])))


def _write_receipt(page: _Page) -> Html:
    """The receipt: what proves this page, in figures and as a code."""
    voice, case = page.voice, page.case
    record = page.result["record"]
    command = Html(f"<code>tally evidence verify {voice.tell('file')}</code>")
    kept = voice.tell("receipt.kept")
    space = " " if voice.language == "en" else ""
    check = voice.tell("receipt.check", member=page.member, command=command)
    ids = (
        ("height", "short", f"{case['height']:,}"),
        ("case", "short", case["case"]),
        ("record", "long", record),
        ("chain", "long", case["chain"]),
    )
    lines = "".join(
        f'<span class="{size}">{voice.tell(f"receipt.{name}")}{voice.tell("colon")}'
        f"{escape_text(value)}</span>"
        for name, size, value in ids
    )
    words = f'<h2 id="head-receipt">{voice.tell("head.receipt")}</h2><p>{kept}{space}{check}</p>'
    code = write_receipt_code(voice, encode_receipt(case, record))
    return Html(
        f'<section class="receipt" aria-labelledby="head-receipt">'
        f'<div>{words}<p class="ids">{lines}</p></div>{code}</section>'
    )

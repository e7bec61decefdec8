"""How the household's page is written: escaped words, plain tables and lists, one style sheet.

Laws: whatever comes from data passes `escape_text`; markup is of type `Html`, so that mypy tells
it from text; nothing names another host, and the page's own policy would refuse it anyway.
Limits: one light theme; fonts are those of the reader's machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NewType

from tallystick.base.errors import Invalid
from tallystick.text import (
    PHRASES,
    Language,
    format_day,
    format_money,
    format_month,
    format_months,
    format_rate,
    format_years,
    say,
)
from tallystick.text.page import PAGE
from tallystick.text.phrase import BLANK

__all__ = [
    "Html",
    "Voice",
    "escape_text",
    "find_voice",
    "join",
    "write_cells",
    "write_document",
    "write_list",
    "write_section",
    "write_table",
]

Html = NewType("Html", str)
"""Text that is markup already: whatever it holds of data is escaped."""

_YEAR = 12
_DAY_MS = 86_400_000
_CHINA_MS = 8 * 3_600_000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_ICONS = {
    "ok": '<circle cx="12" cy="12" r="9"/><path d="m8.5 12 2.5 2.5 5-5"/>',
    "warn": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>',
    "note": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>',
    "go": '<path d="M5 12h14M13 6l6 6-6 6"/>',
}


def escape_text(text: str) -> Html:
    """Return text of any origin as markup that shows it and nothing else."""
    return Html(escape(text, quote=True))


def join(parts: Sequence[Html], between: str = "") -> Html:
    """Return parts one after the other; `between` is markup of ours."""
    return Html(between.join(parts))


@dataclass(frozen=True, slots=True)
class Voice:
    """One language of the page; every method returns escaped markup."""

    language: Language

    def tell(self, name: str, /, **parts: Html) -> Html:
        """Return a sentence of the page with its blanks filled."""
        phrase = PAGE[f"page.{name}"]
        template = escape_text(phrase.zh if self.language == "zh" else phrase.en)
        return Html(BLANK.sub(lambda match: parts[match[1]], template))

    def say(self, code: str, values: Mapping[str, int | str] | None = None) -> Html:
        """Return what a code says; see `tallystick.text.say`."""
        return escape_text(say(code, values, self.language))

    def word(self, table: str, ident: str) -> Html:
        """Return the word of a table, or the ident as it stands where the table has none."""
        code = f"{table}.{ident}"
        return self.say(code) if code in PHRASES else escape_text(ident)

    def name(self, names: Mapping[str, str]) -> Html:
        """Return the name that a member or subject has in this language."""
        return escape_text(names[self.language])

    def money(self, minor: int, *, cents: bool = False) -> Html:
        """Return a sum in fen; cents are written only where they are asked for and not zero."""
        exact = cents and minor % 100 != 0
        return escape_text(format_money(minor, self.language, cents=exact))

    def rate(self, ppm: int) -> Html:
        """Return a yearly rate."""
        return escape_text(format_rate(ppm))

    def month(self, month: int) -> Html:
        """Return a month number as a date."""
        return escape_text(format_month(month, self.language))

    def months(self, count: int) -> Html:
        """Return a length of time, in years where it is whole years from two on."""
        if count >= 2 * _YEAR and count % _YEAR == 0:
            return escape_text(format_years(count // _YEAR, self.language))
        return escape_text(format_months(count, self.language))

    def day(self, time_ms: int) -> Html:
        """Return the day in China of a time in milliseconds since 1970 UTC."""
        return escape_text(format_day((time_ms + _CHINA_MS) // _DAY_MS, self.language))


def find_voice(language: str) -> Voice:
    """Return the voice of a language.

    Raises:
        Invalid: `text.language`.
    """
    if language == "zh":
        return Voice("zh")
    if language == "en":
        return Voice("en")
    raise Invalid("text.language", f"{language!r} is neither zh nor en", cure="Choose one.")


def write_section(kind: str, heading: Html, body: Sequence[Html]) -> Html:
    """Return a section under its heading; nothing where it would be empty."""
    inner = "".join(body)
    if not inner:
        return Html("")
    label = f"head-{kind}"
    return Html(
        f'<section class="{kind}" aria-labelledby="{label}">'
        f'<h2 id="{label}">{heading}</h2>{inner}</section>'
    )


def write_list(rows: Sequence[tuple[str, Html]]) -> Html:
    """Return a list of (icon, markup); the icon repeats what the words say."""
    if not rows:
        return Html("")
    items = "".join(
        f'<li><svg class="icon {icon}" viewBox="0 0 24 24" aria-hidden="true">{_ICONS[icon]}</svg>'
        f"<span>{text}</span></li>"
        for icon, text in rows
    )
    return Html(f"<ul>{items}</ul>")


def write_cells(rows: Sequence[tuple[Html, Html, Html]]) -> Html:
    """Return terms with their values and a note under each (may be empty)."""
    cells = "".join(
        f"<div><dt>{term}</dt><dd>{value}{f'<small>{note}</small>' if note else ''}</dd></div>"
        for term, value, note in rows
    )
    return Html(f"<dl>{cells}</dl>" if cells else "")


def write_table(
    caption: Html,
    columns: Sequence[Html],
    rows: Sequence[Sequence[Html]],
    total: Sequence[Html] = (),
) -> Html:
    """Return a table: the first column names the row, the others hold figures."""
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(f"<tr>{_write_row(row)}</tr>" for row in rows)
    foot = f"<tfoot><tr>{_write_row(total)}</tr></tfoot>" if total else ""
    return Html(
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody>{foot}</table>"
    )


def _write_row(row: Sequence[Html]) -> str:
    return f'<th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:])


def write_document(voice: Voice, title: Html, body: Sequence[Html], *, kind: str) -> Html:
    """Return the whole page: one file, no script, nothing fetched.

    Args:
        kind: class of the article: how much stands on it.
    """
    tongue = "zh-CN" if voice.language == "zh" else "en"
    return Html(
        f'<!doctype html>\n<html lang="{tongue}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light">'
        '<meta name="format-detection" content="telephone=no">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f'<body><main class="{kind}">{"".join(body)}</main></body></html>\n'
    )


_STYLE = """
@font-face{font-family:"Tally";src:local("Inter Variable"),local("Inter"),local("Inter Regular");
font-weight:400;unicode-range:U+20-7E,U+A5,U+B7,U+D7,U+2212}
@font-face{font-family:"Tally";src:local("Inter SemiBold"),local("Inter Semi Bold");
font-weight:600;unicode-range:U+20-7E,U+A5,U+B7,U+D7,U+2212}
:root{--line:#e5e5df;--line2:#cdcdc5;--ink:#17202a;--ink2:#47525e;--ink3:#626c77;--brand:#2a4bb8;
--ok:#007358;--okt:#e1f3ed;--warn:#865200;--warnt:#fcf0da;--c1:#2a4bb8;--c5:#6b90eb;--c2:#cc8200;
--sans:Tally,-apple-system,"PingFang SC","Microsoft YaHei UI","Noto Sans CJK SC",sans-serif}
html:lang(en){--sans:Inter,"Segoe UI",-apple-system,"PingFang SC","Noto Sans CJK SC",sans-serif}
*{box-sizing:border-box;margin:0;padding:0}
html{background:#f7f7f4;-webkit-text-size-adjust:100%}
body{font:16px/26px var(--sans);color:var(--ink);-webkit-print-color-adjust:exact;
print-color-adjust:exact}
main{max-width:760px;margin:0 auto;padding:20px 20px 40px;background:#fff;display:flex;
flex-direction:column;gap:20px}
h1{font-size:24px;line-height:32px;font-weight:600;overflow-wrap:anywhere}
h2{font-size:17px;line-height:26px;font-weight:600;margin-bottom:4px}
.by,.lead,dt,caption,small,.note,.key,details{color:var(--ink2)}
.by,small,.note,.key,details,caption{font-size:14px;line-height:21px}
.lead{margin-top:6px;overflow-wrap:anywhere}
.sum{border:1px solid var(--line2);border-radius:10px;overflow:hidden}
.top{padding:12px 18px 14px;background:var(--okt);border-left:6px solid var(--ok)}
.not .top{background:var(--warnt);border-left-color:var(--warn)}
.tag{font-size:14px;line-height:22px;font-weight:600;color:var(--ok);display:flex;gap:6px;
align-items:center}
.not .tag{color:var(--warn)}
.amount{font-size:34px;line-height:44px;font-weight:600}
.for{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:1fr 1fr}
dl>div{padding:10px 18px;border-top:1px solid var(--line)}
dl>div:nth-child(even){border-left:1px solid var(--line)}
dl>div:last-child:nth-child(odd){grid-column:1/-1}
dt{font-size:14px;line-height:20px}
dd{font-weight:600;overflow-wrap:anywhere}
small{display:block;font-weight:400}
ul{list-style:none}
li{display:flex;gap:10px;padding:4px 0}
li span{min-width:0;overflow-wrap:anywhere}
.icon{flex:none;width:20px;height:20px;margin-top:3px;fill:none;stroke:currentColor;
stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.tag .icon{margin:0;width:18px;height:18px}
.ok{color:var(--ok)}.warn{color:var(--warn)}.note.icon,.go{color:var(--brand)}
table{width:100%;border-collapse:collapse;font-size:14px;line-height:20px}
caption{text-align:left;padding:2px 0 4px}
th,td{padding:6px 0 6px 6px;border-bottom:1px solid var(--line);text-align:right;font-weight:400;
vertical-align:bottom}
thead th{color:var(--ink2);font-size:13px;line-height:18px}
th:first-child{text-align:left;padding-left:0}
td{font-variant-numeric:tabular-nums;white-space:nowrap}
tbody td:last-child,tfoot th,tfoot td{font-weight:600}
tfoot th,tfoot td{border-bottom:0}
.measured tbody th{overflow-wrap:anywhere}
.measured td:nth-child(2){font-weight:600}.measured tbody td:last-child{font-weight:400}
.measured caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.pay tbody th{white-space:nowrap}
.asks span{display:block}
.pair,.trio,.paper,.wide{display:grid;gap:20px}
dd::first-letter{text-transform:uppercase}
.parts{display:grid;gap:14px}
.bars{display:block;width:100%;height:128px;margin-top:6px}
.axis{display:flex;justify-content:space-between;border-top:1px solid var(--line2)}
.key{display:flex;flex-wrap:wrap;gap:2px 16px}
.key i{display:inline-block;width:12px;height:12px;margin-right:6px;vertical-align:-1px}
.middle{background:var(--c5)}.bad{background:var(--c1)}.due{background:var(--c2)}
.bars .m{fill:var(--c5)}.bars .b{fill:var(--c1)}.bars .d{fill:var(--c2)}
summary{cursor:pointer;min-height:28px;color:var(--brand)}
summary:focus-visible{outline:2px solid var(--brand)}
blockquote{border-left:3px solid var(--line2);padding-left:12px;overflow-wrap:anywhere;
white-space:pre-line}
.receipt{border-top:1px solid var(--line2);padding-top:12px;display:grid;gap:16px;
grid-template-columns:1fr 128px;align-items:start;font-size:13px;line-height:20px;color:var(--ink2)}
.receipt h2{color:var(--ink)}
.receipt svg{display:block;width:128px;height:128px;background:#fff}
.ids{overflow-wrap:anywhere;margin-top:4px}
.ids span{display:block}
.ids,code{font-family:ui-monospace,"DejaVu Sans Mono",Consolas,monospace;font-size:12px;
line-height:18px}
@media (max-width:480px){main{padding:16px 16px 32px}
table{font-size:13px}thead th{font-size:12px}
.pay table{font-size:12px}.pay th,.pay td{padding-left:4px}
.pay th:first-child{padding-left:0}
.receipt{grid-template-columns:1fr}.receipt svg{width:168px;height:168px}}
@media (min-width:640px){main{padding:32px 44px 40px}
dl{grid-template-columns:repeat(auto-fit,minmax(120px,1fr))}
dl>div,dl>div:last-child:nth-child(odd){grid-column:auto;border-left:1px solid var(--line)}
dl>div:first-child{border-left:0}
.pair{grid-template-columns:1fr 1fr;gap:24px}
.trio{grid-template-columns:1fr 1fr 1fr;gap:24px}
.pair>:only-child{grid-column:1/-1}
.parts{grid-template-columns:1fr 1fr;gap:24px}
.asks span+span::before{content:"\\00b7";margin:0 8px}}
@page{size:A4;margin:8mm 13mm}
@media print{html{background:none}body{font-size:9.4pt;line-height:13pt}
main{max-width:none;padding:0;gap:6pt}
h1{font-size:15.5pt;line-height:19pt}h2{font-size:11pt;line-height:14pt;margin:0}
.by,small,.note,.key,caption,dt,.tag{font-size:8.4pt;line-height:11pt}
.lead{margin-top:2pt}
.top{padding:4pt 12pt;display:grid;grid-template-columns:auto 1fr;column-gap:12pt;
align-items:center}.amount{font-size:20pt;line-height:24pt}.for{grid-column:1/-1}
.amount+.tag{justify-self:end}
dl{grid-template-columns:repeat(auto-fit,minmax(80pt,1fr))}
dl>div,dl>div:last-child:nth-child(odd){padding:4pt 10pt;grid-column:auto;
border-left:1px solid var(--line)}
dl>div:first-child{border-left:0}
li{padding:1pt 0;gap:5pt}.icon{width:11pt;height:11pt;margin-top:1.4pt}
.pair,.parts{display:grid;grid-template-columns:1fr 1fr;gap:14pt}
.pair{grid-template-columns:10fr 11fr}
.trio{display:grid;grid-template-columns:1fr 1fr 1fr;gap:12pt}
.paper{grid-template-columns:11fr 9fr;gap:14pt}.wide{gap:4pt}.wide .bars{height:34pt}
.paper .bars{height:74pt}
.pair>:only-child{grid-column:1/-1}
.helpers small{display:inline;margin-left:5pt}
.asks{font-size:8.4pt;line-height:11pt}
.asks span{display:inline}.asks span+span::before{content:"\\00b7";margin:0 5pt}
table{font-size:8.8pt;line-height:11pt}thead th{font-size:8pt;line-height:10pt}
th,td{padding:1.3pt 0 1.3pt 4pt}
.bars{height:46pt;margin-top:2pt}
details{display:none}
.receipt{padding-top:5pt;gap:10pt;grid-template-columns:1fr 25mm;font-size:8.4pt;line-height:11pt}
.receipt svg{width:25mm;height:25mm}
.ids,code{font-size:7.2pt;line-height:9pt}
.ids .short{display:inline-block;margin-right:10pt}
html:lang(en) main{font-size:8.8pt;line-height:11.8pt;gap:4.5pt}
.roomy,html:lang(en) .roomy{font-size:10.6pt;line-height:15pt;gap:9pt}
.roomy table{font-size:9.6pt;line-height:12.4pt}.roomy .by,.roomy .asks,.roomy dt,.roomy small,
.roomy .receipt{font-size:9.2pt;line-height:12.4pt}
.dense{font-size:8.6pt;line-height:11.5pt;gap:4pt}
html:lang(en) .dense{font-size:8.4pt;line-height:11pt;gap:3.4pt}
.dense table{line-height:10.2pt}.dense th,.dense td{padding:.8pt 0 .8pt 4pt}
html:lang(en) .long{font-size:8.1pt;line-height:10.6pt;gap:3pt}
.long h2{font-size:9.8pt;line-height:12pt}
.long .wide .bars{height:26pt}
.long .by,.long small,.long .note,.long .key,.long .asks,.long .receipt{
font-size:7.8pt;line-height:10pt}
.told,html:lang(en) .told{gap:2.6pt}
html:lang(en) .told.dense{font-size:7.9pt;line-height:9.8pt;gap:2pt}
.told.long,html:lang(en) .told.long{font-size:7.5pt;line-height:9.4pt;gap:1.8pt}
.told.long h2{font-size:9pt;line-height:11pt}.told.long .note{font-size:7.3pt;line-height:9pt}
.told.dense .receipt svg{width:21mm;height:21mm}.told.dense h1{font-size:13.5pt;line-height:16pt}
.p3{grid-template-columns:1fr 1fr 1fr;gap:10pt}main .p3 table{font-size:7.4pt;line-height:8.6pt}
main .p3 th,main .p3 td{padding:.3pt 0 .5pt 3pt}
.p3 caption,.p3 thead th{font-size:7.2pt;line-height:9pt}
main th:first-child{padding-left:0}
section,table{break-inside:avoid}}
"""

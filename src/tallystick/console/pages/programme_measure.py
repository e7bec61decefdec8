"""A survey brought as CSV: counted here, looked at, and published as counts.

Laws: the file is read in this process and never kept; a row without a reading is named by its line
alone; what the officer sees before the act is what the record will hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from nicegui import events, run, ui

from tallystick.base.clock import SystemEntropy
from tallystick.base.errors import Error, Invalid
from tallystick.console.acts import put_field, tell_recorded
from tallystick.console.icons import icon
from tallystick.console.kit import button, fill, pairs, show
from tallystick.console.pages.catalogue_acts import parse_code, parse_month
from tallystick.console.pages.programme_words import name_programme
from tallystick.console.pages.share import say_interval
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.console.words import COUNTY_MS
from tallystick.services.positioning.share import Share
from tallystick.services.publication.reach import Village, count_reach, list_villages, sum_counts
from tallystick.services.publication.survey import (
    FILE_BYTES_MAX,
    SURVEY_HEAD,
    VILLAGES_HEAD,
    decode_file,
    read_survey,
    read_villages,
)
from tallystick.text.wording import format_count, format_percent

__all__ = ["Counted", "count_files", "open_measure", "parse_day"]

_MONTHS: Final = 12
_YEAR: Final = 100
_SERVER_FAULT: Final = 500
_EPOCH: Final = date(1970, 1, 1).toordinal()
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a survey comes to: all that leaves the office.

    Attributes:
        villages: by code, as the record lists them.
        areas: villages counted together, with counts.
        groups: likewise, of groups.
        whole: counts of all households.
    """

    villages: Sequence[Tree]
    areas: Sequence[Tree]
    groups: Sequence[Tree]
    whole: Mapping[str, int]


def count_files(survey: bytes, villages: bytes | Sequence[Village]) -> Counted:
    """Count a survey's file by the villages of another, or by those of the cycle before.

    Raises:
        Invalid: `programme.file`, `programme.row`, `programme.village` or `programme.too_few`.
    """
    listed = read_villages(decode_file(villages)) if isinstance(villages, bytes) else list(villages)
    areas, groups = count_reach(listed, read_survey(decode_file(survey)))
    return Counted(list_villages(listed), areas, groups, sum_counts(areas))


def _new_key() -> str:
    return SystemEntropy().draw("key", 16).hex()


@dataclass(slots=True)
class _Brought:
    """What the officer has brought so far."""

    survey: bytes | None = None
    villages: bytes | Sequence[Village] | None = None
    counted: Counted | None = None
    key: str = field(default_factory=_new_key)


async def open_measure(v: Visit, codes: Sequence[str], *, here: str = "") -> None:
    """Open the dialog in which a survey is counted and published.

    Args:
        v: the visit.
        codes: programmes that are known; another can be typed.
        here: the programme whose page it is opened on; "" for another page.
    """
    brought = _Brought(villages=await _known_villages(v))
    dialog = _Dialog(v, codes, brought, here)
    dialog.open()


async def _known_villages(v: Visit) -> Sequence[Village] | None:
    """Return the villages of the newest measure; None where nobody has measured yet."""
    found = await v.client.get("/map")
    rows = [each["properties"] for each in found["features"]]
    if not rows:
        return None
    return [
        Village(each["code"], each["zh"], each["en"], each["lon_micro"], each["lat_micro"])
        for each in rows
    ]


def parse_day(text: str) -> int | None:
    """Return days since 1970 of a date as people type it, None if it is none.

    >>> parse_day("1970-01-02"), parse_day("2026-02-30"), parse_day("1969-12-31")
    (1, None, None)
    """
    try:
        day = date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return None
    return day if day >= 0 else None


class _Dialog:
    """The dialog: which programme and cycle, two files, what they come to, publish."""

    def __init__(self, v: Visit, codes: Sequence[str], brought: _Brought, here: str) -> None:
        self._v = v
        self._here = here
        self._brought = brought
        title = v.t("公布一期测算", "Publish a measure")
        # Outside the page's own part, which a block may draw anew while somebody types here.
        with ui.context.client.content:
            self._dialog = ui.dialog().props("persistent")
        with self._dialog, ui.element("div").classes("dialog"):
            section = ui.element("section").classes("card")
            section.props["role"] = "dialog"
            section.props["aria-label"] = title
        with section:
            show(fill("<h2>{}</h2>", title), "h")
            show(fill('<div class="body soft">{}</div>', self._says()))
            with ui.element("div").classes("fields"):
                self._put_fields(codes)
            with ui.element("div").classes("upload-lines"):
                self._put_file("survey", v.t("调查", "Survey"), SURVEY_HEAD)
                self._put_file("villages", v.t("村庄", "Villages"), VILLAGES_HEAD)
            self._told = show(fill("")).props("role=status")
            with ui.element("div").classes("form-foot"):
                button(v.t("取消", "Cancel"), self._dialog.close)
                self._act = button(v.t("公布", "Publish"), self._publish, "send", "first")
        self._act.disable()
        self._dialog.on("hide", self._dialog.delete)

    def open(self) -> None:
        """Show it."""
        self._dialog.open()

    def _says(self) -> str:
        return self._v.t(
            "逐户的表在本单位数完就丢，不存、不外传。账本只记各片区、各组的数，"
            "全体成员和公众可见，公布后不能改。",
            "The households' file is counted here and thrown away. The ledger records counts by"
            " area and group alone, for everybody to read; a cycle cannot be changed afterwards.",
        )

    def _put_fields(self, codes: Sequence[str]) -> None:
        v = self._v
        known = v.t("、", ", ").join(f"{each} {name_programme(v, each)}" for each in codes)
        hint = v.t(f"代码：{known}", f"Its code: {known}") if codes else v.t("代码", "Its code")
        with put_field("programme", v.t("项目", "Programme"), hint):
            self._programme = ui.input(value=codes[0] if codes else "", autocomplete=list(codes))
            self._programme.props("outlined dense for=field-programme")
            self._programme.props["aria-describedby"] = "hint-programme"
        hint = v.t("例如 2026-11", "Such as 2026-11")
        with put_field("cycle", v.t("哪一期", "Cycle"), hint):
            now = datetime.fromtimestamp((v.office.now_ms() + COUNTY_MS) / 1_000, UTC)
            self._cycle = ui.input(value=f"{now.year}-{now.month:02d}")
            self._cycle.props("outlined dense for=field-cycle aria-describedby=hint-cycle")
        with put_field(
            "day", v.t("调查日", "Surveyed on"), v.t("例如 2026-11-18", "Such as 2026-11-18")
        ):
            # Days of records are UTC's: before eight in the morning today's has not begun.
            day = datetime.fromtimestamp(v.office.now_ms() / 1_000, UTC).date()
            self._day = ui.input(value=day.isoformat())
            self._day.props("outlined dense for=field-day aria-describedby=hint-day")

    def _put_file(self, name: str, title: str, head: Sequence[str]) -> None:
        v = self._v
        with ui.element("div").classes("upload-line"):
            form = v.t(f"CSV，表头 {','.join(head)}", f"CSV with the head {','.join(head)}")
            state = show(self._file_state(name), "grow")
            box = ui.upload(auto_upload=True, max_files=1, max_file_size=FILE_BYTES_MAX)
            box.props["accept"] = ".csv,text/csv"
            words = v.t(f"选{title}文件", f"Choose: {title.lower()}")
            button(words, lambda: box.run_method("pickFiles"), "upload", "short")

        async def took(event: events.UploadEventArguments) -> None:
            data = await event.file.read()
            setattr(self._brought, name, data)
            box.reset()
            state.set_content(self._file_state(name, event.file.name, len(data)))
            await self._count()

        def refused() -> None:
            fact = f"larger than {FILE_BYTES_MAX} bytes, or no CSV"
            cure = "Save it as CSV in UTF-8, or use the command line."
            self._tell(Invalid("programme.file", fact, cure=cure))

        box.on_upload(took)
        box.on_rejected(refused)
        show(fill('<div class="note12 dim mono">{}</div>', form))

    def _file_state(self, name: str, file: str = "", size: int = 0) -> Any:  # noqa: ANN401 - markup
        v = self._v
        title = v.t("调查", "Survey") if name == "survey" else v.t("村庄", "Villages")
        if file:
            said = f"{file} · {format_count(size)} B"
        elif name == "villages" and self._brought.villages:
            count = len(self._brought.villages)
            said = v.t(f"用上一期的 {count} 个村", f"the {count} villages of the cycle before")
        else:
            said = v.t("还没有选", "not chosen yet")
        return fill("<b>{}</b> <span>{}</span>", title, said)

    async def _count(self) -> None:
        """Count what was brought, and show what it comes to."""
        brought = self._brought
        brought.counted = None
        self._act.disable()
        if brought.survey is None or brought.villages is None:
            return
        try:
            brought.counted = await run.io_bound(count_files, brought.survey, brought.villages)
        except Error as error:
            self._tell(error)
            return
        assert brought.counted is not None
        self._told.set_content(_draw_counted(self._v, brought.counted))
        self._act.enable()

    def _tell(self, error: Error) -> None:
        line = error.values.get("line")
        where = self._v.t(f"第 {line} 行", f"Line {line}") if line else ""
        problem = draw_problem(self._v, error)
        self._told.set_content(
            fill(
                '<div style="padding:0 18px 14px"><p class="b t-alarm">{}</p>{}</div>',
                where,
                problem,
            )
        )

    async def _publish(self) -> None:
        counted, month = self._brought.counted, parse_month((self._cycle.value or "").strip())
        programme = parse_code(str(self._programme.value or "").strip())
        day = parse_day((self._day.value or "").strip())
        if counted is None or month is None or programme is None or day is None:
            words = self._v.t(
                "写明项目、期（2026-11）和调查日（2026-11-18）",
                "Name the programme, the cycle (2026-11) and the day of the survey (2026-11-18)",
            )
            note = fill('<div class="body li t-alarm">{}{}</div>', icon("octagon-alert"), words)
            self._told.set_content(note)
            return
        self._act.disable()
        body = {
            "programme": programme,
            "cycle": month // _MONTHS * _YEAR + month % _MONTHS + 1,
            "day": day,
            "villages": counted.villages,
            "areas": counted.areas,
            "groups": counted.groups,
        }
        try:
            answer = await self._v.client.send("/programmes", body, key=self._brought.key)
        except Error as error:
            self._tell(error)
            if error.http_status < _SERVER_FAULT:
                # What was refused is not recorded: what is sent next is another request.
                self._brought.key = _new_key()
            self._act.enable()
            return
        self._dialog.close()
        tell_recorded(self._v, answer)
        # Its own page is redrawn by the block; going where one is would only stop that.
        if programme != self._here:
            ui.navigate.to(self._v.link(f"/programmes/{programme}"))


def _draw_counted(v: Visit, counted: Counted) -> Any:  # noqa: ANN401 - markup
    whole = counted.whole
    joined = sum(1 for each in counted.areas if len(each["villages"]) > 1)
    shares = {
        v.t("漏了", "Missed"): Share(whole["missed"], whole["poor"]),
        v.t("错了", "Wrong"): Share(whole["wrong"], whole["held"]),
    }
    rows = [
        (
            v.t("调查", "Surveyed"),
            v.t(f"{whole['households']} 户", f"{whole['households']} households"),
        ),
        (
            v.t("片区", "Areas"),
            v.t(
                f"{len(counted.areas)} 片，{joined} 片由几个村合成",
                f"{len(counted.areas)}, {joined} of several villages together",
            ),
        ),
        (v.t("分组", "Groups"), format_count(len(counted.groups))),
        *((name, _say(share)) for name, share in shares.items()),
    ]
    return fill('<div class="body">{}</div>', pairs(rows))


def _say(share: Share) -> str:
    if share.ppm is None:
        return "\u2013"
    low, high = share.interval_ppm
    spread = say_interval({"low_ppm": low, "high_ppm": high})
    return f"{format_percent(share.ppm)} ({spread}) · {share.hits}/{share.count}"

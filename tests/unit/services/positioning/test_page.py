"""The household's page: whole in both languages, every figure on it, nothing let through raw."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages import Reader
from tallystick.base.errors import Conflict, Invalid
from tallystick.services.positioning.catalogue import catalogue_from_toml
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.page import render_report
from tallystick.services.positioning.page_figures import encode_receipt, find_tightest
from tallystick.services.positioning.thresholds import RULES_V1
from tallystick.sources import Application, load_mapping, read_applications
from tallystick.text import Language, format_money, format_month, say
from tallystick.text.page import PAGE

ROOT = Path(__file__).resolve().parents[4]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
NOVEMBER_2026 = 2026 * 12 + 10
Tree = dict[str, Any]


@cache
def catalogue() -> Tree:
    return catalogue_from_toml((ROOT / "examples/products.toml").read_text())


@cache
def decider() -> Decider:
    return Decider(None, catalogue(), RULES_V1)


def make_case(application: Tree, defaults: tuple[str, ...] = ()) -> Tree:
    """A decided case as the service reads it back from the chain."""
    inputs = {"v": 1, "application": application, "defaults": list(defaults)}
    tree = decider().decide(inputs).tree()
    return {
        "case": digest("case")[:32],
        "chain": digest("chain"),
        "height": 18_053,
        "time": 1_794_800_000_000,
        "not_after": 1_802_576_000_000,
        "member": {"zh": "农商银行", "en": "Rural Bank"},
        "providers": {
            row["provider"]: {"zh": row["name_zh"], "en": row["name_en"]}
            for row in catalogue()["providers"]
        },
        "application": application,
        "defaults": list(defaults),
        "decisions": {
            (tree[part]["question"]): {**tree[part], "record": digest(part)[:32]}
            for part in ("scheme", "judgement", "result")
        },
    }


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def make_application(amount_minor: int = 3_000_000, **more: int) -> Tree:
    """A maize household that asks for a seasonal loan, due after its harvest."""
    profile = {
        "category": "ordinary",
        "persons": 4,
        "workers": 2,
        "wage_minor_month": 500_000,
        "wage_months": 10,
        "living_minor_person_year": 700_000,
        "savings_minor": 2_000_000,
        "credit_record": "good",
        "crops": [{"crop": "maize", "area_centimu": 4_000, "in_project": 1}],
    }
    demand = {
        "kind": "borrow",
        "as_of_month": NOVEMBER_2026,
        "scheme_asked": "village_line",
        "purpose": "crop_inputs",
        "purpose_text": "四十亩玉米的种子化肥",
        "amount_minor": amount_minor,
        "needed_by_month": NOVEMBER_2026 + 2,
        "first_outlay_month": NOVEMBER_2026 + 2,
        "first_sale_month": NOVEMBER_2026 + 11,
        "last_sale_month": NOVEMBER_2026 + 11,
        "income_low_minor": 2_000_000,
        "income_likely_minor": 3_000_000,
        "revenue_likely_minor": 6_000_000,
        "terms_asked": {"rate_ppm": 60_000, "term_months": 24, "repayment": "monthly"},
        **more,
    }
    return {"profile": profile, "demand": demand, "features": {}}


def fitting() -> Tree:
    case = make_case(make_application())
    assert case["decisions"]["judgement"]["outcome"] == "fits"
    return case


def unfitting() -> Tree:
    case = make_case(make_application(30_000_000, bearable_instalment_minor=100_000))
    assert case["decisions"]["judgement"]["outcome"] == "does_not_fit"
    return case


def real_cases(shared: Path) -> Iterator[Tree]:
    """The county's hand-judged applications, read, decided and ready to be shown."""
    mapping = load_mapping(ROOT / "examples/mappings/county_cases.toml")
    for row in read_applications(shared / "data/county_cases/cases.jsonl", mapping):
        assert isinstance(row, Application)
        application = {"profile": row.profile, "demand": row.demand, "features": row.features}
        yield make_case(application, row.defaults)


@cache
def real_pages(shared: Path, language: str) -> tuple[tuple[Tree, str, Reader], ...]:
    """Each of these with its page, drawn and read once; who looks at them changes none."""
    pages = [(case, render_report(case, language)) for case in real_cases(shared)]
    return tuple((case, page, Reader(page)) for case, page in pages)


def result_of(case: Mapping[str, Any]) -> Tree:
    decisions = case["decisions"]
    return dict(decisions.get("report") or decisions["match"])


# ---- whole in both languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_real_case_gives_a_whole_page(shared: Path, language: str) -> None:
    pages = real_pages(shared, language)
    for case, _, reader in pages:
        check_whole(case, reader, language)
    assert len(pages) == 60


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [fitting, unfitting])
def test_a_page_is_whole_without_the_real_cases(make: Callable[[], Tree], language: str) -> None:
    case = make()
    check_whole(case, Reader(render_report(case, language)), language)


def check_whole(case: Tree, reader: Reader, language: str) -> None:
    check_structure(reader, language)
    check_told(case, reader.text, language)


def check_structure(reader: Reader, language: str) -> None:
    """One title, one h1, named sections, captioned tables with scoped heads, unique ids."""
    assert reader.values("lang")[0] == ("zh-CN" if language == "zh" else "en")
    assert [reader.tags.count(tag) for tag in ("main", "h1", "title")] == [1, 1, 1]
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    assert set(reader.values("aria-labelledby")) == set(ids)
    assert reader.tags.count("h2") == reader.tags.count("section")
    assert reader.tags.count("table") == reader.tags.count("caption")
    assert reader.tags.count("th") == len(reader.values("scope"))
    assert "script" not in reader.tags
    pictures = [value for tag, key, value in reader.attributes if tag == "svg" and key == "role"]
    assert set(pictures) == {"img"}
    assert len([label for label in reader.values("aria-label") if label]) == len(pictures)


def check_told(case: Tree, text: str, language: str) -> None:
    """Every reason, gap, change, subject and the receipt's four numbers stand on the page."""
    result = result_of(case)
    judgement = case["decisions"]["judgement"]
    for reason in (*judgement["reasons"], *case["decisions"]["scheme"]["reasons"]):
        if reason["code"] not in {"person_reviewed", "less_would_pass", "asked_scheme"}:
            assert plain(say(reason["code"], reason["values"], language)) in text, reason
    codes = {reason["code"] for reason in judgement["reasons"]}
    for gap in judgement["ranked"]:
        if f"gap.{gap['gap']}" in codes:
            values = {"have": 0, "need": 0, "month": 0, **gap}
            assert plain(say(f"gap.{gap['gap']}", values, language)) in text
    for change in result["conditions"]:
        assert plain(say(f"change.{change['change']}", change, language)) in text
    for row in result["ranked"]:
        if "provider" in row:
            assert case["providers"][row["provider"]][language] in text
    numbers = (case["case"], case["chain"], result["record"], f"{case['height']:,}")
    for known in (*numbers, "tally evidence verify", case["member"][language]):
        assert known in text


def plain(words: str) -> str:
    return re.sub(r"\s+", " ", words)


def test_an_english_page_has_no_chinese_but_the_households_own_words() -> None:
    for make in (fitting, unfitting):
        text = Reader(render_report(make(), "en")).text
        assert re.findall(r"[\u3400-\u9fff]+", text) == ["四十亩玉米的种子化肥"]


def test_a_chinese_page_has_no_english_but_commands_and_numbers() -> None:
    for make in (fitting, unfitting):
        case = make()
        text = Reader(render_report(case, "zh")).text
        for number in (case["case"], case["chain"], result_of(case)["record"]):
            text = text.replace(number, "")
        assert re.findall(r"[A-Za-z]{2,}", text) == ["tally", "evidence", "verify"]


def test_every_sentence_of_the_page_is_used_somewhere() -> None:
    folder = ROOT / "src/tallystick/services/positioning"
    source = "".join(path.read_text() for path in sorted(folder.glob("page*.py")))
    stems = ("column.", "side.", "title.", "lead.", "receipt.", "cell.")
    unused = [
        code
        for code in (name.removeprefix("page.") for name in PAGE)
        if not re.search(f"[\"']{re.escape(code)}[\"']", source) and not code.startswith(stems)
    ]
    assert unused == []


# ---- figures


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sum_of_the_schedule_stands_in_its_row(shared: Path, language: str) -> None:
    case = fitting()
    seen = check_schedule(case, Reader(render_report(case, language)))
    for each, _, reader in real_pages(shared, language):
        seen += check_schedule(each, reader)
    assert seen > 100


def check_schedule(case: Tree, reader: Reader) -> int:
    """Compare the page's rows with the decision's; return how many there were."""
    rows = result_of(case)["figures"].get("schedule", [])
    found = [line for table in reader.tables for line in table if sums_of(line)]
    shown = {tuple(sums_of(line)) for line in found}
    for row in rows:
        whole = (row["principal_minor"], row["interest_minor"], row["payment_minor"])
        assert any(set(whole) <= set(line) and line[-1] == whole[-1] for line in shown), row
    if rows:
        total = sum(row["payment_minor"] for row in rows)
        assert any(line[-1] == total for line in shown)
    return len(rows)


def sums_of(line: list[str]) -> list[int]:
    """The sums of a table row in fen; empty where it is no row of sums."""
    if not all(re.fullmatch(r"\u2212?[\d,]+\.\d\d", cell) for cell in line[1:]):
        return []
    figures = [cell.replace(",", "").replace(".", "").replace("\u2212", "-") for cell in line[1:]]
    return [int(figure) for figure in figures]


def test_a_row_of_the_schedule_adds_up_to_what_is_paid(shared: Path) -> None:
    checked = 0
    for case, _, reader in real_pages(shared, "zh"):
        for row in result_of(case)["figures"].get("schedule", []):
            parts = row["principal_minor"] + row["interest_minor"] + row["fee_minor"]
            assert parts - row["subsidy_minor"] == row["payment_minor"]
        for table in reader.tables:
            if "本金" in table[0] and "您还" in table[0]:
                for line in table[1:]:
                    *parts_shown, paid = sums_of(line)
                    assert sum(parts_shown) == paid
                    checked += 1
    assert checked > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cash_of_every_month_in_the_picture_is_also_text(language: Language) -> None:
    case = fitting()
    figures = result_of(case)["figures"]
    reader = Reader(render_report(case, language))
    bars = [value for tag, key, value in reader.attributes if tag == "rect" and key == "class"]
    rows = [line for table in reader.tables for line in table if len(sums_of(line)) == 2]
    middle, bad = figures["calendar"]["middle_minor"], figures["calendar"]["bad_minor"]
    assert [sums_of(row) for row in rows] == [list(pair) for pair in zip(middle, bad, strict=True)][
        : len(rows)
    ]
    assert len(rows) == figures["term_months"] + 1 == bars.count("m") == bars.count("b")
    assert bars.count("d") == len(figures["schedule"])
    assert plain(format_month(figures["lowest_month"], language)) in reader.text
    assert format_money(figures["lowest_minor"], language) in reader.text


def test_a_bar_below_nothing_hangs_from_the_line_that_others_stand_on() -> None:
    case = fitting()
    calendar = result_of(case)["figures"]["calendar"]
    calendar["bad_minor"] = [-value for value in calendar["middle_minor"]]
    reader = Reader(render_report(case, "zh"))
    rects: list[Tree] = []
    for tag, key, value in reader.attributes:
        if tag == "rect" and key == "class":
            rects.append({})
        if tag == "rect":
            rects[-1][key] = value
    standing = {int(r["y"]) + int(r["height"]) for r in rects if r["class"] == "m"}
    hanging = {int(r["y"]) for r in rects if r["class"] == "b"}
    assert standing == hanging
    assert len(standing) == 1


def test_the_tightest_figure_is_the_one_with_the_least_room() -> None:
    rows = [
        {"figure": "dscr_p50", "have": 2_000_000, "need": 1_250_000, "side": "least"},
        {"figure": "instalment_share", "have": 380_000, "need": 400_000, "side": "most"},
        {"figure": "debt_ratio", "have": 300_000, "need": 1_500_000, "side": "most"},
    ]
    assert find_tightest(rows) == rows[1]
    assert find_tightest([]) is None


def test_cost_is_told_in_a_year_on_ten_thousand_yuan_and_in_all() -> None:
    case = fitting()
    figures = result_of(case)["figures"]
    text = Reader(render_report(case, "en")).text
    each = figures["yearly_cost_ppm"] * 10_000 * 100 // 1_000_000
    assert f"{format_money(each, 'en')} on each ¥10,000" in text
    exact = figures["cost_minor"] % 100 != 0
    assert format_money(figures["cost_minor"], "en", cents=exact) in text


# ---- hostile data


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;</title></style>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_people_write_is_shown_and_never_run(language: str) -> None:
    case = unfitting()
    case["member"] = {"zh": HOSTILE, "en": HOSTILE}
    case["providers"] = dict.fromkeys(case["providers"], case["member"])
    case["application"]["demand"]["purpose_text"] = HOSTILE
    case["application"]["demand"]["purpose"] = HOSTILE
    case["defaults"] = [HOSTILE]
    case["refusal"] = {"code": HOSTILE, "words": HOSTILE}
    reader = Reader(render_report(case, language))
    check_structure(reader, language)
    assert "img" not in reader.tags
    assert reader.text.count(plain(HOSTILE)) >= 6
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]


@given(st.text(max_size=60))
def test_no_words_change_the_elements_of_a_page(words: str) -> None:
    case = copy.deepcopy(_REFUSED)
    case["refusal"]["words"] = words
    case["member"] = {"zh": words, "en": words}
    assert Reader(render_report(case, "zh")).tags == tags_of_refused()


def _refuse(case: Tree) -> Tree:
    case["refusal"] = {"code": "own_share", "words": "先存够自己的一份。"}
    return case


_REFUSED = _refuse(unfitting())


@cache
def tags_of_refused() -> list[str]:
    return Reader(render_report(_REFUSED, "zh")).tags


def test_a_page_names_no_other_host_and_forbids_fetching(shared: Path) -> None:
    pages = [render_report(each, "en") for each in (fitting(), unfitting())]
    for page in [*pages, *(page for _, page, _ in real_pages(shared, "en"))]:
        assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|href=", page)
        assert "default-src 'none'" in page


# ---- the receipt, the decision, refusals


def test_the_receipt_code_says_chain_height_case_and_record() -> None:
    case = fitting()
    record = result_of(case)["record"]
    told = encode_receipt(case, record)
    assert re.fullmatch(r"[0-9A-Z:]+", told)
    mark, version, chain, height, identifier, named = told.split(":")
    assert (mark, version, height) == ("TALLY", "1", "18053")
    assert (chain, identifier, named) == tuple(
        part.upper() for part in (case["chain"], case["case"], record)
    )


def test_another_record_gives_another_code() -> None:
    case = fitting()
    page = render_report(case, "zh")
    case["decisions"]["report"]["record"] = digest("another")[:32]
    changed = render_report(case, "zh")
    assert qr_path(page) != qr_path(changed)


def qr_path(page: str) -> str:
    return str(re.findall(r'<path stroke="#000" d="([^"]+)"', page)[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refusal_tells_the_officers_words_and_that_a_person_signed(language: str) -> None:
    text = Reader(render_report(_REFUSED, language)).text
    signed = "由人作出决定" if language == "zh" else "decided and signed"
    assert all(words in text for words in ("先存够自己的一份。", signed))


def test_a_refused_offer_shows_no_payments_and_does_not_call_itself_fitting() -> None:
    case = _refuse(fitting())
    text = Reader(render_report(case, "en")).text
    assert [w for w in ("When you pay", "suits you", "Holds until") if w in text] == []


def test_without_a_persons_act_the_page_claims_none() -> None:
    for make in (fitting, unfitting):
        text = Reader(render_report(make(), "en")).text
        assert "takes a person's signature" in text
        assert "An officer" not in text


def test_a_case_that_is_not_decided_has_no_page() -> None:
    case = fitting()
    del case["decisions"]["report"]
    with pytest.raises(Conflict, match=r"case\.undecided"):
        render_report(case, "zh")


def test_a_page_in_a_third_language_is_refused() -> None:
    with pytest.raises(Invalid, match=r"text\.language"):
        render_report(fitting(), "ii")


def test_what_was_assumed_is_named_and_counted() -> None:
    paths = ("profile.persons", "profile.crops[].yield_kg_per_mu")
    case = make_case(make_application(), paths)
    case["decisions"]["scheme"]["figures"]["stale"] = [{"path": "profile.crops", "months": 26}]
    text = Reader(render_report(case, "en")).text
    for words in ("were assumed", say("field.persons", {}, "en"), "Kilograms per mu", "26 months"):
        assert words in text
    assert "nothing was assumed" in Reader(render_report(fitting(), "en")).text


def test_the_same_case_gives_the_same_page_to_the_byte() -> None:
    assert render_report(fitting(), "zh") == render_report(fitting(), "zh")


def test_the_day_on_the_page_is_the_day_in_china() -> None:
    case = fitting()
    del case["not_after"]
    case["time"] = 1_794_844_799_999  # one millisecond before midnight in China
    assert "Mon 16 Nov 2026" in Reader(render_report(case, "en")).text
    case["time"] += 1
    assert "Tue 17 Nov 2026" in Reader(render_report(case, "en")).text

"""The checks of screens are shown what they must see, and what they must let pass."""

from __future__ import annotations

import re
from typing import Final

import pytest

from console.conftest import Open
from console.screens import check_axe, check_layout, check_words, find_word_faults
from console.served import Served

FRAME: Final = (
    '<!doctype html><html lang="{}"><head><title>T</title><style>body {{ margin: 0; color: #111;'
    " background: #fff; }}</style></head><body><main><h1>{}</h1>{}</main></body></html>"
)
WRONG: Final[dict[str, str]] = {
    "text is clipped": '<div style="width:60px;overflow:hidden;white-space:nowrap">'
    "far too long a line</div>",
    '"onetwo"': '<div style="height:8px;overflow:hidden">one<br>two</div>',
    "texts overlap": '<div style="position:relative;height:40px">'
    '<p style="position:absolute;top:0;margin:0">one and two</p>'
    '<p style="position:absolute;top:4px;margin:0">three and four</p></div>',
    "outside the viewport": '<p style="position:absolute;left:-40px">hangs out</p>',
    "scrolls sideways": '<div style="width:3000px">wide</div>',
    "no name": "<button></button>",
    "leads nowhere": '<a href="#">More</a>',
    "leads to nothing": '<a href="#gone">More</a>',
    "contrast 2.85": '<p style="color:#999">pale</p>',
    "contrast 1.": '<p style="opacity:.2">faint</p>',
}
RIGHT: Final = (
    '<div class="ellipsis" style="width:60px;overflow:hidden;white-space:nowrap;'
    'text-overflow:ellipsis">far too long a line</div>'
    '<div style="width:90px;overflow-x:auto" tabindex="0"><p style="width:400px">scrolls here</p>'
    '</div><p style="position:relative">one</p><p>two</p><a href="#there">There</a>'
    '<p id="there">t</p>'
    '<button aria-label="Close"></button><span class="heard" style="position:absolute;left:-99px">x'
    '</span><p style="color:#666">grey</p>'
)


@pytest.mark.parametrize("what", WRONG)
def test_a_fault_of_layout_is_seen(what: str, county: Served, visitor: Open) -> None:
    page = visitor(county).context.new_page()
    page.set_content(FRAME.format("en", "Title", WRONG[what]))
    assert [each for each in check_layout(page) if what in each]


def test_a_sound_layout_is_let_pass(county: Served, visitor: Open) -> None:
    page = visitor(county).context.new_page()
    page.set_content(FRAME.format("en", "Title", RIGHT))
    assert check_layout(page) == []


def test_axe_sees_a_field_without_a_label_and_lets_one_with_a_label_pass(
    county: Served, visitor: Open, axe: str
) -> None:
    page = visitor(county).context.new_page()
    page.set_content(FRAME.format("en", "Title", '<input id="a">'))
    assert [each for each in check_axe(page, axe) if each.startswith("axe label ")]
    page.set_content(FRAME.format("en", "Title", '<label for="a">A</label><input id="a">'))
    assert check_axe(page, axe) == []


def test_words_are_read_where_people_read_and_hear_them(county: Served, visitor: Open) -> None:
    page = visitor(county).context.new_page()
    body = (
        '<p title="标题">text</p><img alt="undefined"><p>due.approve</p><p class="mono">ok_key</p>'
        '<p lang="zh">王芳</p><span class="heard">读出来</span><p style="display:none">藏</p>'
    )
    page.set_content(FRAME.format("en-US", "Title", body))
    found = "\n".join(check_words(page, "en"))
    for expected in ("标题", "undefined", "due.approve", "读出来"):
        assert expected in found
    assert not re.search("王芳|藏|ok_key", found)


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("None", "en"),
        ("NaN%", "zh"),
        ("Due: None", "en"),
        ("due.approve", "en"),
        ("a remote_ppm of 3", "en"),
        ("{count} cases", "en"),
        ("[object Object]", "zh"),
        ("&lt;b&gt;", "en"),
        ("等待 approval", "zh"),
        ("全角，逗号", "en"),
    ],
)
def test_a_wrong_word_is_seen(words: str, language: str) -> None:
    assert list(find_word_faults(words, language, language, is_code=False))


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("¥50,000 \u2212 3.12 million, 62%\u201381%", "en"),
        ("区块 18,053，AUC 0.71，SHA-256", "zh"),
        ("案件 1c6823ea", "zh"),
        ("Case 1c6823ea was approved. Next: pay out", "en"),
        ("None found", "en"),
        ("请用 tally user add 开一个，导出 report.csv", "zh"),
    ],
)
def test_a_right_word_is_let_pass(words: str, language: str) -> None:
    assert not list(find_word_faults(words, language, language, is_code=False))


def test_a_page_that_asks_another_host_or_fails_is_caught(county: Served, visitor: Open) -> None:
    opened = visitor(county)
    page = opened.context.new_page()
    page.goto(f"{county.address}/robots.txt")
    page.set_content('<img src="http://fonts.example/a.png">')
    page.evaluate("console.error('broken')")
    page.evaluate("setTimeout(() => { throw new Error('lost') })")
    page.wait_for_timeout(300)
    faults = "\n".join(opened.watch.faults())
    for each in ("another host: http://fonts.example/a.png", "error: broken", "lost"):
        assert each in faults
    # It was meant: the fixture need not blame this test for it.
    opened.watch.asked.clear()
    opened.watch.expect(".")

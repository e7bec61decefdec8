"""The doors in a real browser: log-in, a new password, log-out, the demonstration's link."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Page, expect

from console import failing
from console.conftest import REAL_MEMBER, Language, Open, Real
from console.screens import FEW, check_look, settle
from console.served import Served, copy_demonstration, serve

CHOSEN: Final = "rain falls on the terraces"
TRIES_MAX: Final = 10
SUBMIT: Final = "main form button"


def _log_in(page: Page, name: str, password: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")


@pytest.mark.parametrize(
    ("language", "name", "today", "leave"),
    [
        pytest.param("zh", "li.mei", "李梅", "退出登录", marks=pytest.mark.long),
        ("en", "zhang.wei", "张伟", "Log out"),
    ],
)
def test_who_comes_with_a_one_time_password_chooses_another_and_comes_and_goes_with_it(
    language: Language, name: str, today: str, leave: str, real: Real, visitor: Open
) -> None:
    opened = visitor(real.served, language, member=REAL_MEMBER)
    page = opened.page()
    opened.watch.expect("status of 422")  # The short password is meant to be refused.
    page.goto(opened.address())
    expect(page).to_have_url(opened.address("/enter"))
    _log_in(page, name, real.accounts[name].password)
    expect(page).to_have_url(opened.address("/password"))
    page.goto(opened.address())
    expect(page).to_have_url(opened.address("/password"))

    page.locator("#old").fill(real.accounts[name].password)
    page.locator("#new").fill("short")
    page.locator(SUBMIT).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.locator("#old").fill(real.accounts[name].password)
    page.locator("#new").fill(CHOSEN)
    page.locator(SUBMIT).click()
    expect(page.locator("main h1")).to_contain_text(today)

    token = _session(opened.context.cookies())["value"]
    page.goto(opened.address("/settings"))
    page.get_by_role("button", name=leave).click()
    expect(page).to_have_url(opened.address("/enter"))
    assert not opened.context.cookies()
    with real.served.api(REAL_MEMBER, token) as client:
        assert client.get("me").status_code == httpx.codes.UNAUTHORIZED

    _log_in(page, name, CHOSEN)
    expect(page.locator("main h1")).to_contain_text(today)
    expect(page).to_have_url(opened.address())


@pytest.mark.long
def test_ten_wrong_passwords_lock_a_name_and_both_languages_say_so(
    real: Real, visitor: Open
) -> None:
    opened = visitor(real.served, "en", member=REAL_MEMBER)
    opened.watch.expect("status of 403|status of 401")
    page = opened.page()
    page.goto(opened.address("/enter"))
    said = []
    for _ in range(TRIES_MAX + 1):
        _log_in(page, "chen.jing", "not this one, not at all")
        said.append(page.get_by_role("alert").inner_text())
        page.goto(opened.address("/enter"))
    assert len(set(said[:TRIES_MAX])) == 1, said
    assert said[-1] != said[0]
    assert "15 minutes" in said[-1]

    page.goto(f"{real.served.address}/{REAL_MEMBER}/zh/enter")
    _log_in(page, "chen.jing", real.accounts["chen.jing"].password)
    expect(page.get_by_role("alert")).to_contain_text("15 分钟")
    expect(page).to_have_url(re.compile("/zh/enter$"))


def test_a_session_is_drawn_at_log_in_and_its_cookie_goes_to_its_member_alone(
    real: Real, visitor: Open
) -> None:
    opened = visitor(real.served, "en", member=REAL_MEMBER)
    planted = "ab" * 32
    opened.context.add_cookies(
        [{"name": f"tally_{REAL_MEMBER}", "value": planted, "url": opened.address()}]
    )
    page = opened.page()
    page.goto(opened.address("/enter"))
    _log_in(page, "wang.fang", real.accounts["wang.fang"].password)
    expect(page).to_have_url(opened.address("/password"))
    found = [each for each in opened.context.cookies() if each["httpOnly"]]
    assert len(found) == 1
    assert found[0]["value"] != planted
    assert found[0]["path"] == f"/{REAL_MEMBER}"
    assert found[0]["sameSite"] == "Strict"
    assert found[0]["value"] not in page.evaluate("document.cookie")
    with real.served.api(REAL_MEMBER, planted) as client:
        assert client.get("me").status_code == httpx.codes.UNAUTHORIZED


def test_who_has_not_chosen_a_password_yet_is_refused_by_the_api_too(real: Real) -> None:
    with real.served.api(REAL_MEMBER) as client:
        made = client.post(
            "users", json={"name": "new.comer", "shown": "钱多", "role": "manager"}
        ).json()
        sent = {"name": "new.comer", "password": made["password"]}
        token = client.post("sessions", json=sent).json()["token"]
    with real.served.api(REAL_MEMBER, token) as client:
        assert client.get("me").json()["must_change"] == 1
        assert client.get("cases").status_code == httpx.codes.FORBIDDEN
        assert client.post("users/li.mei/disable").status_code == httpx.codes.FORBIDDEN


def test_no_link_and_no_choice_opens_a_real_county(real: Real) -> None:
    assert real.served.link == "/"
    with real.served.ask(origin=real.served.address) as client:
        assert client.get("/open/anything").status_code == httpx.codes.GONE
        for answer in (
            client.get("/choose/en"),
            client.post("/choose/en", data={"who": f"{REAL_MEMBER}/manager"}),
        ):
            assert answer.status_code == httpx.codes.SEE_OTHER
            assert answer.headers["location"] == "/"
            assert "set-cookie" not in answer.headers


@pytest.mark.long
def test_the_demonstrations_link_opens_once_and_whoever_opened_it_becomes_any_officer(
    own_county: Served, visitor: Open
) -> None:
    first = visitor(own_county, "en", member="village")
    page = first.page()
    page.goto(own_county.address + own_county.link)
    expect(page).to_have_url(f"{own_county.address}/choose/en")
    page.locator('button[value="village/village_officer"]').click()
    expect(page).to_have_url(first.address())
    page.locator("main h1").wait_for()

    second = visitor(own_county, "en", member="village")
    second.watch.expect("status of 410")
    late = second.page()
    told = late.goto(own_county.address + own_county.link)
    assert told is not None
    assert told.status == httpx.codes.GONE
    expect(late.locator("h1")).to_have_text("This link has been used")
    late.goto(f"{own_county.address}/choose/en")
    assert "/choose" not in late.url
    assert late.locator('button[name="who"]').count() == 0
    assert not second.context.cookies()


def test_an_address_without_its_language_leads_on_and_one_of_nothing_says_so(real: Real) -> None:
    with real.served.ask(**{"accept-language": "en"}) as client:
        for asked, to in (("", ""), ("/cases", "/cases"), ("/a b?c=d", "/a%20b")):
            answer = client.get(f"/{REAL_MEMBER}{asked}")
            assert answer.status_code == httpx.codes.SEE_OTHER
            assert answer.headers["location"] == f"/{REAL_MEMBER}/en{to}"
        for nothing in ("/nobody", "//example.org/a", f"/{REAL_MEMBER}/en/../../nobody", "/a/b/c"):
            answer = client.get(nothing)
            assert answer.status_code == httpx.codes.NOT_FOUND
            assert "There is no such page" in answer.text
            assert "Exception" not in answer.text


def test_a_page_that_fails_says_so_in_both_languages_and_its_reason_stands_in_the_log(
    tmp_path: Path,
) -> None:
    folder = copy_demonstration(tmp_path / "county")
    with serve(folder, program=(failing.__file__,)) as served:
        who = next(iter(served.officers()["village"]))
        token = served.choose("village", who)
        for language in ("zh", "en"):
            cookie = f"{served.cookie('village')}={token}"
            with served.ask(cookie=cookie, **{"accept-language": _other(language)}) as client:
                check_failed(client.get(f"/village/{language}{failing.PLACE}"), language)
        told = served.logged()
        assert told.count(f"LookupError: {failing.SAID}") >= len(("zh", "en"))

        # An account that was closed: another can be chosen.
        chosen = f"tally-demonstration={served.open_link()}"
        gone = next(name for name in served.officers()["village"] if name != who)
        with closing(sqlite3.connect(folder / "village" / "local.db")) as database, database:
            database.execute("UPDATE account SET enabled = 0 WHERE name = ?", (gone,))
        for language, said in (("zh", "这个账号已经停用"), ("en", "This account is closed")):
            with served.ask(cookie=chosen, origin=served.address) as client:
                refused = client.post(f"/choose/{language}", data={"who": f"village/{gone}"})
            assert refused.status_code == httpx.codes.FORBIDDEN
            assert said in refused.text
            assert f'value="village/{who}"' in refused.text

        # A door, which asks no API: its member's sessions are lost under the running console.
        with closing(sqlite3.connect(folder / "village" / "local.db")) as database, database:
            database.execute("DROP TABLE session")
        sent = {"who": f"village/{who}"}
        for language in ("zh", "en"):
            with served.ask(cookie=chosen, origin=served.address) as client:
                check_failed(client.post(f"/choose/{language}", data=sent), language)
        more = served.logged().removeprefix(told)
        assert more.count("no such table: session") >= len(("zh", "en"))
        for secret in (token, served.chosen, served.token):
            assert secret not in served.logged()


FAILED: Final = {"zh": ("这一页出错了", "This page failed"), "en": ("This page failed", "出错")}


def check_failed(answer: httpx.Response, language: str) -> None:
    """See that a page says in one language that it failed, and nothing of why."""
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    own, foreign = FAILED[language]
    assert f'<h1 tabindex="-1">{own}</h1>' in answer.text
    assert foreign not in answer.text
    for reason in ("Error", "Traceback", failing.SAID, "table", ".py"):
        assert reason not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff", "a failure passes the guard too"


def _other(language: str) -> str:
    return "en" if language == "zh" else "zh"


def test_a_cookie_that_no_session_has_leads_to_the_log_in(real: Real) -> None:
    cookie = (b"cookie", f"tally_{REAL_MEMBER}=\u00e9".encode("latin-1"))
    with real.served.ask() as client:
        for place in (f"/{REAL_MEMBER}/en", f"/{REAL_MEMBER}/en/cases"):
            answer = client.get(place, headers=[cookie])
            assert answer.status_code == httpx.codes.SEE_OTHER
            assert answer.headers["location"] == f"/{REAL_MEMBER}/en/enter"
        origin = (b"origin", real.served.address.encode())
        answer = client.post(f"/{REAL_MEMBER}/en/leave", headers=[cookie, origin])
        assert answer.headers["location"] == f"/{REAL_MEMBER}/en/enter"


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_the_doors_are_sound_to_look_at_to_read_and_to_hear(
    language: Language, county: Served, real: Real, visitor: Open, axe: str
) -> None:
    demonstration = visitor(county, language)
    demonstration.context.add_cookies(
        [
            {
                "name": "tally-demonstration",
                "value": county.open_link(),
                "url": county.address,
            }
        ]
    )
    outside = visitor(real.served, language, member=REAL_MEMBER)
    outside.watch.expect("status of 410")
    outside.watch.expect("status of 404")
    faults = []
    for opened, address in (
        (demonstration, f"{county.address}/choose/{language}"),
        (outside, f"{real.served.address}/"),
        (outside, f"{real.served.address}/open/used"),
        (outside, f"{real.served.address}/nowhere/at/all"),
        (outside, outside.address("/enter")),
        (outside, outside.address("/password")),
    ):
        page = opened.page()
        page.goto(address)
        for theme, width in FEW:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": 844})
            # The doors ask for the theme when they open.
            page.reload()
            settle(page)
            found = check_look(page, theme, width, language, axe)
            faults += [f"{page.url} {theme} {width}: {each}" for each in found]
        opened.leave(page)
    assert not faults, "\n".join(faults)


def _session(cookies: list) -> dict:  # type: ignore[type-arg]
    return next(each for each in cookies if each["name"] == f"tally_{REAL_MEMBER}")

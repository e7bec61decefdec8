"""Accounts in a real browser: made, told once, closed, by whoever may."""

from __future__ import annotations

import re
from typing import Final

import httpx
from playwright.sync_api import expect

from console.conftest import Open
from console.served import Served

MEMBER: Final = "credit-union"
HOSTILE: Final = '<script>x</script>"><img onerror=1>'


def test_a_new_colleague_gets_a_password_that_is_shown_once_and_logs_in(
    county: Served, officer: Open
) -> None:
    page = officer(MEMBER, "manager").open("/users")
    page.get_by_role("button", name="Add an account").click()
    page.locator("#field-name").fill("sun.lei")
    page.locator("#field-shown").fill(HOSTILE)
    page.locator("#field-role").click()
    page.get_by_role("option", name="Clerk").click()
    page.get_by_role("button", name="Add", exact=True).click()
    box = page.get_by_role("dialog", name="One-time password")
    password = box.locator("code").inner_text().strip()
    assert len(password) >= 8
    box.get_by_role("button", name="Handed over").click()
    expect(box).to_be_hidden()
    assert password not in page.content()
    row = page.get_by_role("row").filter(has_text="sun.lei")
    expect(row).to_contain_text("Must set a password")
    expect(row).to_contain_text(HOSTILE)
    with county.ask() as client:
        sent = client.post(f"/{MEMBER}/v1/sessions", json={"name": "sun.lei", "password": password})
    assert sent.status_code == httpx.codes.CREATED
    row.get_by_role("button", name=re.compile("^Close")).click()
    page.get_by_role("button", name="Close", exact=True).last.click()
    expect(row).to_contain_text("Closed")
    with county.ask(authorization=f"Bearer {sent.json()['token']}") as client:
        assert client.get(f"/{MEMBER}/v1/me").status_code == httpx.codes.UNAUTHORIZED


def test_what_the_api_refuses_is_told_in_the_dialog_and_what_was_typed_stays(
    officer: Open,
) -> None:
    page = officer(MEMBER, "manager").open("/users")
    page.get_by_role("button", name="Add an account").click()
    page.locator("#field-name").fill("clerk")
    page.locator("#field-shown").fill("孙磊")
    page.locator("#field-role").click()
    page.get_by_role("option", name="Clerk").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert").first).to_be_visible()
    expect(page.locator("#field-shown")).to_have_value("孙磊")


def test_an_auditor_sees_accounts_and_can_change_none(officer: Open) -> None:
    page = officer(MEMBER, "auditor").open("/users")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    expect(page.locator("main").get_by_role("button")).to_have_count(0)

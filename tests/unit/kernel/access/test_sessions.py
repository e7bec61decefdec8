"""A session lets its officer in for as long as the law says, and its file lets in nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.clock import ManualClock
from tallystick.base.codec import sha256
from tallystick.base.errors import Denied
from tallystick.kernel.access.sessions import (
    ABSOLUTE_MS,
    IDLE_MS,
    NOTE_MS,
    SESSION_SCHEMA,
    Sessions,
)
from tallystick.kernel.store.database import Database

START_MS = 1_790_000_000_000
ONE, OTHER = b"\x01" * 16, b"\x02" * 16


@contextmanager
def opened(path: Path) -> Iterator[tuple[Sessions, ManualClock, Database]]:
    clock = ManualClock(START_MS)
    database = Database.write(path, "session", SESSION_SCHEMA, 1)
    yield Sessions(database, clock), clock, database
    database.close()


def is_open(sessions: Sessions, token: bytes) -> bool:
    try:
        sessions.read(token)
    except Denied as error:
        if error.code != "access.session":
            raise
        return False
    return True


@given(st.lists(st.integers(0, IDLE_MS + NOTE_MS), max_size=30))
def test_a_session_lives_by_use_and_never_past_twelve_hours(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int]
) -> None:
    with opened(tmp_path_factory.mktemp("session") / "local.db") as (sessions, clock, _):
        token = sessions.open(ONE).token
        used = START_MS
        for gap in gaps:
            clock.advance(gap)
            now = clock.now_ms()
            live = is_open(sessions, token)
            if now - used >= IDLE_MS or now - START_MS >= ABSOLUTE_MS:
                assert not live
            elif now - used < IDLE_MS - NOTE_MS:
                assert live
            if not live:
                return
            used = now


def test_twelve_hours_of_use_end_to_the_millisecond(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, clock, _):
        token = sessions.open(ONE).token
        for _step in range(47):
            clock.advance(15 * 60_000)
            sessions.read(token)
        clock.advance(15 * 60_000 - 1)
        assert is_open(sessions, token)
        fresh = sessions.replace(token).token
        clock.advance(1)
        assert not is_open(sessions, fresh)


def test_replacing_a_token_ends_the_old_one_and_all_others(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, _, _):
        first, second, foreign = (sessions.open(each).token for each in (ONE, ONE, OTHER))
        fresh = sessions.replace(first).token
        assert [is_open(sessions, each) for each in (first, second, fresh, foreign)] == [
            *(False, False, True, True)
        ]


def test_sessions_are_listed_and_ended_one_by_one_and_together(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, clock, _):
        first = sessions.open(ONE)
        clock.advance(1)
        second = sessions.open(ONE)
        sessions.open(OTHER)
        assert sessions.list_open(ONE) == [first.session, second.session]
        assert len(sessions.list_open()) == 3
        assert sessions.end(first.session.hash)
        assert not sessions.end(first.session.hash)
        assert not is_open(sessions, first.token)
        assert sessions.end_all(ONE) == 1
        assert [each.officer for each in sessions.list_open()] == [OTHER]
        clock.advance(IDLE_MS)
        assert sessions.list_open() == []


def test_what_is_over_leaves_the_file_at_the_next_log_in(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, clock, database):
        sessions.open(ONE)
        clock.advance(IDLE_MS)
        sessions.open(OTHER)
        assert database.value("SELECT count(*) FROM session") == 1


def test_the_file_holds_the_hash_of_a_token_and_not_the_token(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, _, _):
        found = sessions.open(ONE)
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert sha256(found.token) in stored
        assert found.token not in stored
        assert found.csrf not in stored
        assert found.token.hex() not in repr(found)
        assert not is_open(sessions, found.session.hash)


def test_a_form_needs_the_secret_of_its_own_session(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, _, _):
        found, other = sessions.open(ONE), sessions.open(ONE)
        assert len(found.token) == len(found.csrf) == 32
        sessions.check_csrf(found.token, found.csrf)
        for wrong in (b"", other.csrf, found.token):
            with pytest.raises(Denied) as caught:
                sessions.check_csrf(found.token, wrong)
            assert caught.value.code == "access.csrf"


def test_a_session_outlives_the_program(tmp_path: Path) -> None:
    with opened(tmp_path / "local.db") as (sessions, _, _):
        token = sessions.open(ONE).token
    with opened(tmp_path / "local.db") as (again, _, _):
        assert again.read(token).officer == ONE

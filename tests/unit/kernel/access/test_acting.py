"""Who acts: an officer at the own member alone, else the folder's owner; deeds that are kept."""

from __future__ import annotations

import contextvars
import threading
from pathlib import Path

from tallystick.kernel.access.acting import ACTING, Acting, acting_at, owner_id
from tallystick.kernel.access.deeds import Deeds
from tallystick.kernel.store.database import Database

OFFICER = bytes(range(16))
CHAIN = bytes(32)


def test_an_officer_acts_at_the_own_member_alone() -> None:
    token = ACTING.set(Acting("credit-union", OFFICER))
    try:
        assert acting_at("credit-union") == OFFICER
        assert acting_at("village") is None
    finally:
        ACTING.reset(token)
    assert acting_at("credit-union") is None


def test_another_threads_session_is_not_this_ones() -> None:
    token = ACTING.set(Acting("village", OFFICER))
    try:
        seen: list[bytes | None] = []
        thread = threading.Thread(
            target=lambda: seen.append(contextvars.Context().run(acting_at, "village"))
        )
        thread.start()
        thread.join()
        assert seen == [None]
    finally:
        ACTING.reset(token)


def test_the_owners_id_is_one_of_chain_and_member() -> None:
    found = owner_id(CHAIN, "village")
    assert len(found) == 16
    assert found == owner_id(CHAIN, "village")
    assert len({found, owner_id(CHAIN, "finance"), owner_id(b"\1" * 32, "village")}) == 3


def test_a_deed_is_kept_once_and_for_its_subject_alone(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    for _ in ("first", "again"):
        database = Database.write(path, "desk", "CREATE TABLE desk_row (id BLOB PRIMARY KEY)", 1)
        deeds = Deeds(database)
        deeds.note(b"model", "publish_model", OFFICER)
        deeds.note(b"model", "publish_model", bytes(16))
        assert deeds.of(b"model") == [("publish_model", bytes(16)), ("publish_model", OFFICER)]
        assert deeds.of(b"other") == []
        database.close()

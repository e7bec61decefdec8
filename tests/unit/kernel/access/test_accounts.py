"""Officers log in by name and password, and by nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy, SystemEntropy
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, Invalid, NotFound
from tallystick.kernel.access.accounts import LOCK_MS, TRIES_MAX, WINDOW_MS, Accounts
from tallystick.kernel.access.password import Hashing, check_password, draw_password
from tallystick.kernel.access.roles import FOUR_EYES, MATRIX, ROLES, acts_of, check_eyes, may
from tallystick.kernel.store.database import Database

START_MS = 1_790_000_000_000
CHEAP = Hashing(time_cost=1, memory_kib=8, lanes=1)
CHOSEN = "rain falls on the terraces"
SHOWN = "\u6b27\u9633\u9759\u9ed8"
DESK = "CREATE TABLE desk_row (id BLOB PRIMARY KEY)"


@dataclass
class Office:
    """Accounts with the clock that is moved and the file they stand in."""

    accounts: Accounts
    clock: ManualClock
    database: Database
    path: Path

    def fail(self, name: str, times: int) -> list[str]:
        """Try wrong passwords and return the codes they were answered."""
        return [code_of(lambda: self.accounts.log_in(name, "not the one")) for _ in range(times)]

    def settle(self, name: str, role: str = "clerk") -> bytes:
        """Make an account with a chosen password and return its session's token."""
        first = self.accounts.add(name, SHOWN, role).password
        token = self.accounts.log_in(name, first).token
        return self.accounts.change_password(token, first, CHOSEN).token


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Error) as caught:
        act()
    return caught.value.code


def open_office(path: Path, hashing: Hashing = CHEAP) -> Office:
    clock = ManualClock(START_MS)
    database = Database.write(path, "desk", DESK, 1)
    accounts = Accounts(database, clock, SeededEntropy("a"), hashing=hashing)
    return Office(accounts, clock, database, path)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    found = open_office(tmp_path / "local.db")
    yield found
    found.database.close()


def test_a_one_time_password_lets_in_to_be_changed_and_to_nothing_else(office: Office) -> None:
    issued = office.accounts.add("wang", SHOWN, "manager")
    token = office.accounts.log_in("WANG", issued.password).token
    assert code_of(lambda: office.accounts.enter(token, "approve")) == "access.must_change"
    assert office.accounts.read_session(token) == issued.account
    fresh = office.accounts.change_password(token, issued.password, CHOSEN).token
    assert office.accounts.enter(fresh, "approve").officer == issued.account.officer
    assert code_of(lambda: office.accounts.enter(token, "approve")) == "access.session"
    assert code_of(lambda: office.accounts.log_in("wang", issued.password)) == "access.login"
    assert not office.accounts.find("wang").must_change


def test_a_one_time_password_is_over_after_seven_days(office: Office) -> None:
    first = office.accounts.add("wang", SHOWN, "clerk").password
    office.clock.advance(7 * DAY_MS - 1)
    office.accounts.log_in("wang", first)
    office.clock.advance(1)
    assert code_of(lambda: office.accounts.log_in("wang", first)) == "access.login"
    again = office.accounts.reset("wang").password
    office.accounts.log_in("wang", again)


def test_unknown_closed_and_wrong_are_one_answer(office: Office) -> None:
    office.settle("wang")
    office.settle("li")
    office.accounts.disable("li")
    told = set()
    for name, word in (("wang", "x"), ("li", CHOSEN), ("nobody", CHOSEN), ("\ud800\0", CHOSEN)):
        with pytest.raises(Denied) as caught:
            office.accounts.log_in(name, word)
        told.add(str(caught.value))
    assert len(told) == 1


@pytest.mark.parametrize("name", ["wang", "li", "sun", "nobody"])
def test_every_wrong_log_in_costs_one_hash(
    office: Office, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.settle("wang")
    office.settle("li")
    office.accounts.disable("li")
    office.accounts.add_closed("sun", SHOWN, "clerk")
    worked: list[str] = []
    for method in ("hash", "verify"):
        real = getattr(PasswordHasher, method)

        def count(*given: object, real: Callable[..., object] = real, **more: object) -> object:
            worked.append("one")
            return real(*given, **more)

        monkeypatch.setattr(PasswordHasher, method, count)
    assert office.fail(name, 1) == ["access.login"]
    assert worked == ["one"]


def test_ten_wrong_tries_lock_a_name_whether_or_not_it_is_an_accounts(office: Office) -> None:
    office.settle("wang")
    for name in ("wang", "nobody"):
        assert office.fail(name, TRIES_MAX + 1) == ["access.login"] * TRIES_MAX + ["access.locked"]
    assert code_of(lambda: office.accounts.log_in("wang", CHOSEN)) == "access.locked"
    office.clock.advance(LOCK_MS - 1)
    assert code_of(lambda: office.accounts.log_in("wang", CHOSEN)) == "access.locked"
    office.clock.advance(1)
    office.accounts.log_in("wang", CHOSEN)


def test_a_right_password_at_the_tenth_try_opens_and_forgives(office: Office) -> None:
    office.settle("wang")
    office.fail("wang", TRIES_MAX - 1)
    office.accounts.log_in("wang", CHOSEN)
    assert office.fail("wang", TRIES_MAX) == ["access.login"] * TRIES_MAX


def test_a_lock_outlives_the_program_and_a_reset_lifts_it(office: Office) -> None:
    office.settle("wang")
    office.fail("wang", TRIES_MAX)
    office.database.close()
    again = open_office(office.path)
    assert code_of(lambda: again.accounts.log_in("wang", CHOSEN)) == "access.locked"
    again.accounts.log_in("wang", again.accounts.reset("wang").password)
    again.database.close()


def test_many_tries_at_once_are_no_way_around_the_lock(office: Office) -> None:
    office.settle("wang")
    codes: list[str] = []

    def attack() -> None:
        codes.extend(office.fail("wang", 4))

    threads = [threading.Thread(target=attack) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(codes) == ["access.locked"] * (24 - TRIES_MAX) + ["access.login"] * TRIES_MAX


@given(st.lists(st.integers(0, WINDOW_MS), max_size=40))
def test_no_fifteen_minutes_see_more_than_ten_wrong_tries_judged(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int]
) -> None:
    office = open_office(tmp_path_factory.mktemp("lock") / "local.db")
    judged: list[int] = []
    locked_until = 0
    for gap in gaps:
        office.clock.advance(gap // 8)
        now = office.clock.now_ms()
        code = office.fail("nobody", 1)[0]
        assert code == ("access.locked" if now < locked_until else "access.login")
        if code == "access.login":
            judged.append(now)
            recent = [at for at in judged if at > now - WINDOW_MS]
            assert len(recent) <= TRIES_MAX
            if len(recent) == TRIES_MAX:
                locked_until = now + LOCK_MS
    office.database.close()


class Slow(Hashing):
    """Real hashing, during which something else happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(time_cost=1, memory_kib=8, lanes=1)
        self._meanwhile = meanwhile

    def matches(self, stored: str, password: str) -> bool:
        """Tell whether they match, and let the other thing happen."""
        is_right = super().matches(stored, password)
        self._meanwhile()
        return is_right


def test_a_log_in_under_way_does_not_outrun_a_reset_or_a_closing(office: Office) -> None:
    office.settle("wang")
    office.clock.advance(1)
    acts: list[Callable[[], object]] = [
        lambda: office.accounts.disable("wang"),
        lambda: office.accounts.reset("wang"),
    ]
    for act in acts:
        slow = Accounts(office.database, office.clock, SeededEntropy("b"), hashing=Slow(act))
        assert code_of(lambda slow=slow: slow.log_in("wang", CHOSEN)) == "access.login"  # type: ignore[misc]
        assert office.accounts.sessions.list_open() == []
        office.accounts.enable("wang")


def test_a_session_of_a_closed_account_lets_nobody_in(office: Office) -> None:
    officer = office.accounts.add("wang", SHOWN, "clerk").account.officer
    office.accounts.disable("wang")
    token = office.accounts.sessions.open(officer).token
    assert code_of(lambda: office.accounts.read_session(token)) == "access.session"


def test_disable_reset_and_a_change_of_role_end_every_session(office: Office) -> None:
    office.settle("wang", "reviewer")
    accounts = office.accounts
    acts: list[Callable[[], object]] = [
        lambda: accounts.disable("wang"),
        lambda: accounts.change_role("wang", "clerk"),
        lambda: accounts.reset("wang"),
    ]
    for act in acts:
        tokens = [accounts.log_in("wang", CHOSEN).token for _ in range(2)]
        act()
        for token in tokens:
            assert code_of(lambda token=token: accounts.enter(token, "read_case")) == (  # type: ignore[misc]
                "access.session"
            )
        accounts.enable("wang")
    assert accounts.find("wang").role == "clerk"
    assert code_of(lambda: accounts.log_in("wang", CHOSEN)) == "access.login"


def test_a_closed_account_keeps_its_officer_and_comes_back(office: Office) -> None:
    officer = office.accounts.add("wang", SHOWN, "clerk").account.officer
    assert not office.accounts.disable("wang").is_enabled
    assert office.accounts.enable("wang").officer == officer
    assert office.accounts.name_officer(officer) == SHOWN
    assert office.accounts.name_officer(b"\0" * 16) == ""
    assert len(officer) == 16


def test_a_log_in_ends_the_session_that_the_browser_held(office: Office) -> None:
    token = office.settle("wang")
    other = office.accounts.log_in("wang", CHOSEN).token
    third = office.accounts.log_in("wang", CHOSEN, token).token
    assert code_of(lambda: office.accounts.enter(token, "read_case")) == "access.session"
    for each in (other, third):
        office.accounts.enter(each, "read_case")


def test_a_password_change_needs_the_old_one_and_another_new_one(office: Office) -> None:
    token = office.settle("wang")
    other = office.accounts.log_in("wang", CHOSEN).token
    change = office.accounts.change_password
    assert code_of(lambda: change(token, "not it", "the river is high")) == "access.login"
    assert code_of(lambda: change(token, CHOSEN, CHOSEN)) == "access.same_password"
    assert code_of(lambda: change(token, CHOSEN, "short")) == "access.password"
    fresh = change(token, CHOSEN, "the river is high").token
    assert code_of(lambda: office.accounts.enter(other, "read_case")) == "access.session"
    office.accounts.enter(fresh, "read_case")
    office.accounts.log_in("wang", "the river is high")


def test_guessing_the_old_password_in_a_stolen_session_is_locked_too(office: Office) -> None:
    token = office.settle("wang")
    change = office.accounts.change_password
    codes = [code_of(lambda: change(token, "guess", "the river is high")) for _ in range(11)]
    assert codes == ["access.login"] * 10 + ["access.locked"]


def test_an_account_without_a_password_is_begun_and_never_logged_in_to(office: Office) -> None:
    account = office.accounts.add_closed("sun", SHOWN, "reviewer")
    assert office.fail("sun", 1) == ["access.login"]
    token = office.accounts.begin(account.officer).token
    assert office.accounts.enter(token, "approve") == account
    assert code_of(lambda: office.accounts.change_password(token, "none", CHOSEN)) == "access.login"
    office.accounts.disable("sun")
    assert code_of(lambda: office.accounts.begin(account.officer)) == "access.login"
    assert code_of(lambda: office.accounts.begin(bytes(16))) == "access.login"
    office.accounts.enable("sun")
    issued = office.accounts.reset("sun")
    assert office.accounts.log_in("sun", issued.password).session.officer == account.officer


def test_a_hash_of_other_parameters_is_made_anew_at_log_in(office: Office) -> None:
    office.settle("wang")
    stronger = Hashing(time_cost=2, memory_kib=16, lanes=1)
    later = Accounts(office.database, office.clock, SeededEntropy("b"), hashing=stronger)
    later.log_in("wang", CHOSEN)
    stored = office.database.value("SELECT hash FROM account").decode()
    assert stored.startswith("$argon2id$v=19$m=16,t=2,p=1$")
    later.log_in("wang", CHOSEN)
    assert office.database.value("SELECT hash FROM account").decode() == stored


def test_the_parameters_in_service_are_those_of_the_second_recommended_option() -> None:
    assert Hashing().make(CHOSEN).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_that_is_none_is_told_as_corrupt(office: Office) -> None:
    office.settle("wang")
    office.database.run("UPDATE account SET hash = 'x'")
    with pytest.raises(Corrupt) as caught:
        office.accounts.log_in("wang", CHOSEN)
    assert caught.value.code == "access.hash"


def test_no_password_and_no_token_is_in_any_file_nor_a_name_in_an_error(office: Office) -> None:
    issued = office.accounts.add("wangxiuying", SHOWN, "clerk")
    first = office.accounts.log_in("wangxiuying", issued.password)
    second = office.accounts.change_password(first.token, issued.password, CHOSEN)
    office.fail("passwordinthewrongfield", 1)
    stored = b"".join(path.read_bytes() for path in office.path.parent.iterdir())
    # Nor a plain hash of it, which could be tried at leisure.
    assert blake2b(b"passwordinthewrongfield", digest_size=16).digest() not in stored
    assert office.database.value("SELECT count(*) FROM attempt") == 1
    # The account itself is found: the search reads what was written.
    assert issued.account.officer in stored
    assert SHOWN.encode() in stored
    for secret in (
        *(issued.password.encode(), CHOSEN.encode(), b"passwordinthewrongfield"),
        *(first.token, second.token, first.csrf, second.csrf),
    ):
        assert secret not in stored
        assert secret.hex().encode() not in stored
    told = [repr(issued), repr(issued.account), repr(first), repr(second)]
    for act in (
        lambda: office.accounts.add("wangxiuying", SHOWN, "clerk"),
        lambda: office.accounts.log_in("wangxiuying", "no"),
        lambda: office.accounts.add("\u6b27\u9633wangxiuying", SHOWN, "clerk"),
        lambda: office.accounts.find("wangxiuying2"),
        lambda: office.accounts.add("b2", "\u6b27\u9633\n", "clerk"),
    ):
        with pytest.raises(Error) as caught:
            act()
        told.append(str(caught.value) + repr(caught.value.values))
    assert not [each for each in told if "wangxiuying" in each or "\u6b27\u9633" in each]


def test_what_is_no_account_is_refused_by_a_code(office: Office) -> None:
    add = office.accounts.add
    office.settle("wang")
    with pytest.raises(Conflict) as taken:
        add("wang", SHOWN, "clerk")
    assert taken.value.code == "access.name_taken"
    for name in ("", "w", "Wang", "1wang", "wang li", "w" * 33, "wang\n"):
        assert code_of(lambda name=name: add(name, SHOWN, "clerk")) == "access.login_name"  # type: ignore[misc]
    assert code_of(lambda: add("li", " ", "clerk")) == "access.shown_name"
    assert code_of(lambda: add("li", SHOWN, "owner")) == "access.unknown_role"
    assert code_of(lambda: office.accounts.change_role("wang", "owner")) == "access.unknown_role"
    with pytest.raises(NotFound):
        office.accounts.disable("nobody")
    assert [each.name for each in office.accounts.list_all()] == ["wang"]


@pytest.mark.parametrize(
    "word",
    [
        *("short one", "x" * 129, "1234567890", "QwertyUIOP", "woaini1314520"),
        *("wangwangwang", "my wang secret", "ababababab", "\uff11\uff12\uff13\uff14567890"),
    ],
)
def test_a_weak_password_is_refused_and_not_repeated(word: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_password(word, "wang")
    assert word not in str(caught.value)


def test_a_sentence_is_a_password_in_any_writing() -> None:
    for word in (
        CHOSEN,
        "\u6625\u5929\u6765\u4e86\u4e61\u4e0b\u7684\u8def\u5f88\u957f",
        "x7-Kq!m2Zp",
    ):
        check_password(word, "wang")
    stored = CHEAP.make("caf\u00e9 in the rain")
    assert CHEAP.matches(stored, "cafe\u0301 in the rain")
    assert not CHEAP.matches(stored, "cafe in the rain")


def test_a_drawn_password_is_fresh_and_meets_the_rules() -> None:
    drawn = {draw_password(SystemEntropy()) for _ in range(50)}
    assert len(drawn) == 50
    for each in drawn:
        check_password(each, "wang")


# ---- what roles may do


def test_an_act_is_of_the_roles_in_its_row_alone(office: Office) -> None:
    token = office.settle("wang", "clerk")
    allowed = {act for act in MATRIX if "clerk" in MATRIX[act]}
    for act in MATRIX:
        if act in allowed:
            office.accounts.enter(token, act)
        else:
            assert code_of(lambda act=act: office.accounts.enter(token, act)) == "access.role"  # type: ignore[misc]
    assert code_of(lambda: office.accounts.enter(token, "fly")) == "access.act"


def test_the_table_of_acts_is_whole_and_no_role_may_do_everything() -> None:
    for act, roles in MATRIX.items():
        assert roles, act
        assert roles <= set(ROLES), act
    for role in ROLES:
        allowed = [act for act in MATRIX if may(role, act)]
        assert allowed
        assert len(allowed) < len(MATRIX)
    for act, others in FOUR_EYES.items():
        assert {act, *others} <= set(MATRIX)
        assert act not in others


def test_an_auditor_changes_nothing() -> None:
    reading = {"export_evidence", "verify_chain", "sum_feedback"}
    changing = {act for act in acts_of("auditor") if not act.startswith(("read_", "list_"))}
    assert changing - reading == {"evaluate_project"}


def test_who_approved_may_not_pay_out() -> None:
    one, other = b"\x01" * 16, b"\x02" * 16
    done = [("open_case", other), ("approve", one)]
    check_eyes("disburse", other, done)
    check_eyes("repay", one, done)
    with pytest.raises(Denied) as caught:
        check_eyes("disburse", one, done)
    assert caught.value.code == "access.four_eyes"

"""The officers of a member: who they are, how they log in; tables of the member's `local.db`.

Laws: an officer's id is 16 random bytes, for ever: it stands in the records the officer makes, and
no name does. Names and passwords are in no error and no log. A wrong name, a wrong password, a
closed account and an expired one-time password are one answer after the same work, so that nobody
learns who has an account; ten tries within 15 minutes lock the name for 15, whether it is an
account's or not. A try is counted before it is judged: many at once are no way around.
Limits: tries at names that are no account's are forgotten when the program ends; between a change
of parameters and an account's next log-in its check costs what the old ones cost.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import DAY_MS, Clock, Entropy, SystemEntropy
from tallystick.base.codec import sha256
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound
from tallystick.kernel.access.password import Hashing, check_password, draw_password
from tallystick.kernel.access.roles import ROLES, check_role, is_role
from tallystick.kernel.access.sessions import SESSION_SCHEMA, Opened, Sessions
from tallystick.kernel.store.database import Database, Row

__all__ = ["ACCOUNT_SCHEMA", "ACCOUNT_VERSION", "Account", "Accounts", "Issued", "check_act"]

ACCOUNT_VERSION: Final = 1
ACCOUNT_SCHEMA: Final = f"""
CREATE TABLE account (
    officer BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, shown TEXT NOT NULL, role TEXT NOT NULL,
    enabled INTEGER NOT NULL, must_change INTEGER NOT NULL, made_ms INTEGER NOT NULL,
    password_ms INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE attempt (subject BLOB NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX attempt_subject ON attempt (subject);
CREATE TABLE lock_out (subject BLOB PRIMARY KEY, until_ms INTEGER NOT NULL) WITHOUT ROWID;
{SESSION_SCHEMA}
"""
TRIES_MAX: Final = 10
WINDOW_MS: Final = 15 * 60_000
LOCK_MS: Final = 15 * 60_000
ONE_TIME_MS: Final = 7 * DAY_MS
OFFICER_SIZE: Final = 16
SHOWN_MAX: Final = 40
_UNOPENED: Final = "none"
"""Stands where a hash does for an account that no password opens."""
_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{1,31}")


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """One officer's account.

    Attributes:
        officer: the id that stands in records, 16 bytes.
        name: what is typed at log-in.
        shown: the name that colleagues read.
        role: one of `ROLES`.
        is_enabled: whether it may log in.
        must_change: whether its password is a one-time one.
        made_ms: when it was made, ms since 1970 UTC.
        password_ms: when its password was set.
    """

    officer: bytes
    name: str
    shown: str
    role: str
    is_enabled: bool
    must_change: bool
    made_ms: int
    password_ms: int

    def __repr__(self) -> str:
        """Return the officer's id and role: a repr ends in logs, where no name may stand."""
        return f"Account({self.officer.hex()}, {self.role})"


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """An account with the one-time password it was just given: the only time it is told."""

    account: Account
    password: str


class Accounts:
    """The accounts of one member; safe to share between threads.

    Args:
        database: `local.db`, with the tables of `ACCOUNT_SCHEMA`.
        clock: tells when locks and one-time passwords end.
        entropy: draws officers' ids, which stand in records.
        hashing: how passwords are kept; a test names a cheaper one.
        secret: draws passwords and tokens: the machine's own unless a test says otherwise.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        entropy: Entropy,
        *,
        hashing: Hashing | None = None,
        secret: Entropy | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._hashing = hashing or Hashing()
        self._secret = secret or SystemEntropy()
        self._pepper = self._secret.draw("pepper", 32)
        self.sessions = Sessions(database, clock, self._secret)
        database.prepare("accounts", ACCOUNT_SCHEMA, ACCOUNT_VERSION)

    # ---- kept by a manager

    def add(self, name: str, shown: str, role: str) -> Issued:
        """Make an account with a one-time password, which is told once.

        Args:
            name: for log-in: 2 to 32 of a-z, 0-9, dot, line, underscore; begins with a letter.
            shown: for colleagues, 1 to 40 printable signs.
            role: one of `ROLES`.

        Raises:
            Invalid: `access.login_name`, `access.shown_name`, `access.unknown_role`.
            Conflict: `access.name_taken`.
        """
        _check_names(name, shown)
        _check_is_role(role)
        password = draw_password(self._secret)
        account = self._insert(name, shown, role, self._hashing.make(password))
        return Issued(account, password)

    def add_closed(self, name: str, shown: str, role: str) -> Account:
        """Make an account that no password opens, only `begin`; as `add`, until it is reset."""
        _check_names(name, shown)
        _check_is_role(role)
        return self._insert(name, shown, role, _UNOPENED)

    def _insert(self, name: str, shown: str, role: str, stored: str) -> Account:
        now = self._clock.now_ms()
        officer = self._entropy.draw("officer", OFFICER_SIZE)
        must_change = int(stored != _UNOPENED)
        row = (officer, name, shown, role, 1, must_change, now, now, stored)
        with self._database.transaction():
            if self._find(name) is not None:
                raise Conflict(
                    "access.name_taken",
                    "an account of that log-in name is there already",
                    cure="Choose another name, or reset that account: tally user reset.",
                )
            self._database.run("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        return self.find(name)

    def list_all(self) -> list[Account]:
        """Return all accounts by log-in name."""
        rows = self._database.rows("SELECT * FROM account ORDER BY name")
        return [_account(row[:-1]) for row in rows]

    def find(self, name: str) -> Account:
        """Return an account by its log-in name.

        Raises:
            NotFound: `access.no_account`.
        """
        found = self._find(name)
        if found is None:
            raise NotFound(
                "access.no_account",
                "this member has no account of that log-in name",
                cure="List them: tally user list.",
            )
        return found[0]

    def name_officer(self, officer: bytes) -> str:
        """Return the name colleagues read for an officer's id, "" for none of this member's."""
        found = self._database.value("SELECT shown FROM account WHERE officer = ?", (officer,))
        return "" if found is None else str(found, "utf-8")

    def disable(self, name: str) -> Account:
        """Close an account and end its sessions; NotFound if there is none."""
        return self._set(name, "UPDATE account SET enabled = ? WHERE officer = ?", 0)

    def enable(self, name: str) -> Account:
        """Open an account again and lift its lock; NotFound if there is none."""
        return self._set(name, "UPDATE account SET enabled = ? WHERE officer = ?", 1)

    def change_role(self, name: str, role: str) -> Account:
        """Give an account another role and end its sessions.

        Raises:
            Invalid: `access.unknown_role`.
            NotFound: `access.no_account`.
        """
        _check_is_role(role)
        return self._set(name, "UPDATE account SET role = ? WHERE officer = ?", role)

    def reset(self, name: str) -> Issued:
        """Give an account a one-time password, end its sessions and lift its lock.

        Raises:
            NotFound: `access.no_account`.
        """
        password = draw_password(self._secret)
        values = (1, self._clock.now_ms(), self._hashing.make(password))
        account = self._set(
            name,
            "UPDATE account SET must_change = ?, password_ms = ?, hash = ? WHERE officer = ?",
            *values,
        )
        return Issued(account, password)

    def _set(self, name: str, statement: str, *values: object) -> Account:
        with self._database.transaction():
            account = self.find(name)
            self._database.run(statement, (*values, account.officer))
            self._forgive(account.officer)
            self.sessions.end_all(account.officer)
            return self.find(name)

    # ---- used by officers

    def log_in(self, name: str, password: str, token: bytes = b"") -> Opened:
        """Open a session for a right name and password.

        Args:
            name: as typed; capitals do not count.
            password: as typed.
            token: of a session this browser held before; it is ended.

        Raises:
            Denied: `access.login`, not right; `access.locked`, too many were not right.
        """
        name = name.lower()
        found = self._find(name)
        subject = found[0].officer if found else self._hide(name)
        self._count_try(subject)
        account = self._judge(found, password)
        if account is None:
            raise _not_right()
        with self._database.transaction():
            # A reset or a closing may have come while the password was worked on.
            if self.find(name) != account:
                raise _not_right()
            self._forgive(subject)
            self.sessions.end(sha256(token))
            return self.sessions.open(account.officer)

    def begin(self, officer: bytes) -> Opened:
        """Open a session of an officer without a password.

        For this process alone: whoever may call it holds the member's folder, or is the
        demonstration that serves it. No route does.

        Raises:
            Denied: `access.login`, there is no open account of that id.
        """
        with self._database.transaction():
            if not self._database.row(
                "SELECT 1 FROM account WHERE officer = ? AND enabled = 1", (officer,)
            ):
                raise _not_right()
            return self.sessions.open(officer)

    def _judge(self, found: tuple[Account, str] | None, password: str) -> Account | None:
        """Return the account if it may log in with the password; the work is always one hash."""
        if found is None:
            self._hashing.make(password)
            return None
        account, stored = found
        if stored == _UNOPENED:
            self._hashing.make(password)
            return None
        is_right = self._hashing.matches(stored, password)
        age = self._clock.now_ms() - account.password_ms
        is_over = account.must_change and age >= ONE_TIME_MS
        if not is_right or is_over or not account.is_enabled:
            return None
        if self._hashing.is_old(stored):
            fresh = self._hashing.make(password)
            self._database.run(
                "UPDATE account SET hash = ? WHERE officer = ? AND hash = ?",
                (fresh, account.officer, stored),
            )
        return account

    def change_password(self, token: bytes, old: str, new: str) -> Opened:
        """Set the password of a session's officer; the session gets another token, others end.

        Raises:
            Denied: `access.session`; `access.login`, the old one is not right; `access.locked`.
            Invalid: `access.password`, the new one breaks a rule; `access.same_password`.
        """
        account, stored = self._of_session(token)
        check_password(new, account.name)
        if old == new:
            raise Invalid(
                "access.same_password",
                "the new password is the old one",
                cure="Choose another one.",
            )
        self._count_try(account.officer)
        if stored == _UNOPENED or not self._hashing.matches(stored, old):
            raise Denied(
                "access.login", "the old password is not right", cure="Type the old one again."
            )
        fresh = self._hashing.make(new)
        with self._database.transaction():
            self._forgive(account.officer)
            self._replace_hash(account.officer, stored, fresh)
            return self.sessions.replace(token)

    def _replace_hash(self, officer: bytes, stored: str, fresh: str) -> None:
        """Set a password unless it was reset meanwhile."""
        changed = self._database.run(
            "UPDATE account SET hash = ?, must_change = 0, password_ms = ?"
            " WHERE officer = ? AND hash = ?",
            (fresh, self._clock.now_ms(), officer, stored),
        )
        if not changed:
            raise Denied("access.session", "the account was reset meanwhile", cure="Log in.")

    def enter(self, token: bytes, act: str) -> Account:
        """Return the officer of a session who may do an act: its id goes into the act's record.

        Raises:
            Denied: `access.session`, nobody is logged in; `access.must_change`, the password is a
                one-time one; `access.role`, the act is not of the officer's role.
            Invalid: `access.act`, there is no such act.
        """
        account = self.read_session(token)
        check_act(account, act)
        return account

    def read_session(self, token: bytes) -> Account:
        """Return whose a session is, for a greeting or a page to change the password.

        Raises:
            Denied: `access.session`, nobody is logged in.
        """
        return self._of_session(token)[0]

    def _of_session(self, token: bytes) -> tuple[Account, str]:
        officer = self.sessions.read(token).officer
        row = self._database.row(
            "SELECT * FROM account WHERE officer = ? AND enabled = 1", (officer,)
        )
        if row is None:
            raise Denied("access.session", "the session's account is closed", cure="Log in.")
        return _account(row[:-1]), str(row[-1], "utf-8")

    # ---- tries

    def _count_try(self, subject: bytes) -> None:
        """Count a try before it is judged.

        Raises:
            Denied: `access.locked`.
        """
        now = self._clock.now_ms()
        with self._database.transaction():
            self._database.run("DELETE FROM lock_out WHERE until_ms <= ?", (now,))
            self._database.run("DELETE FROM attempt WHERE at_ms <= ?", (now - WINDOW_MS,))
            if self._database.row("SELECT 1 FROM lock_out WHERE subject = ?", (subject,)):
                raise Denied(
                    "access.locked",
                    f"{TRIES_MAX} tries within 15 minutes were not right",
                    cure="Wait 15 minutes, or have the account reset: tally user reset.",
                )
            self._database.run("INSERT INTO attempt VALUES (?, ?)", (subject, now))
            tries = self._database.value(
                "SELECT count(*) FROM attempt WHERE subject = ?", (subject,)
            )
            if tries >= TRIES_MAX:
                self._forgive(subject)
                self._database.run("INSERT INTO lock_out VALUES (?, ?)", (subject, now + LOCK_MS))

    def _forgive(self, subject: bytes) -> None:
        self._database.run("DELETE FROM attempt WHERE subject = ?", (subject,))
        self._database.run("DELETE FROM lock_out WHERE subject = ?", (subject,))

    def _hide(self, name: str) -> bytes:
        """Return under what tries at a name without an account are counted.

        It may be a password typed in the wrong field, so it is kept under a key that no file holds.
        """
        data = name.encode(errors="replace")
        return hashlib.blake2b(data, digest_size=OFFICER_SIZE, key=self._pepper).digest()

    def _find(self, name: str) -> tuple[Account, str] | None:
        # What is no log-in name is nobody's; it may hold what a database cannot take.
        if not _NAME.fullmatch(name):
            return None
        row = self._database.row("SELECT * FROM account WHERE name = ?", (name,))
        return None if row is None else (_account(row[:-1]), str(row[-1], "utf-8"))


def check_act(account: Account, act: str) -> None:
    """Deny an act to an officer whose password is a one-time one, or of whose role it is not.

    Raises:
        Denied: `access.must_change`, `access.role`.
        Invalid: `access.act`, there is no such act.
    """
    if account.must_change:
        raise Denied(
            "access.must_change",
            "the password is a one-time one and must be changed first",
            cure="Change the password.",
        )
    check_role(account.role, act)


def _account(row: Row) -> Account:
    officer, name, shown, role, enabled, must_change, made_ms, password_ms = row
    return Account(
        officer=officer,
        name=str(name, "utf-8"),
        shown=str(shown, "utf-8"),
        role=str(role, "utf-8"),
        is_enabled=bool(enabled),
        must_change=bool(must_change),
        made_ms=made_ms,
        password_ms=password_ms,
    )


def _not_right() -> Denied:
    return Denied(
        "access.login",
        "name and password are not those of an open account",
        cure="Try again, or have the account reset: tally user reset.",
    )


def _check_names(name: str, shown: str) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            "access.login_name",
            "a log-in name has 2 to 32 of a-z, 0-9 and . _ - and begins with a letter; this not",
            cure="Choose another name.",
        )
    if not (1 <= len(shown.strip()) <= SHOWN_MAX and shown.isprintable()):
        raise Invalid(
            "access.shown_name",
            f"a shown name has 1 to {SHOWN_MAX} printable signs; this not",
            cure="Choose another name.",
        )


def _check_is_role(role: str) -> None:
    if not is_role(role):
        raise Invalid(
            "access.unknown_role",
            f"an account's role is one of {', '.join(ROLES)}; this not",
            cure="Name one of them.",
        )

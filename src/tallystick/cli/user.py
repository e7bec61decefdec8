"""`tally user`: the accounts of a member's officers.

Whoever may write the county's folder keeps its accounts, so these verbs work in this process alone
and wait for nobody: a served folder is refused. A one-time password is told once and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

if TYPE_CHECKING:
    from tallystick.kernel.access.accounts import Account, Accounts, Issued

__all__ = ["user"]

_ROLES: Final = (
    "clerk",
    "village_officer",
    "loan_officer",
    "reviewer",
    "risk",
    "manager",
    "auditor",
)
"""As `kernel.access.roles` has them; that module waits until a verb is used."""


@click.group(
    "user",
    cls=Group,
    words=Words("经办人账号：设立、停用、重置", "Make, close and reset officers' accounts"),
)
@lang_option
def user() -> None:
    """Let a verb follow."""


@contextmanager
def _accounts(place: Place) -> Iterator[Accounts]:
    """Open the member's accounts; the folder is this process's meanwhile."""
    from tallystick.base.clock import SystemClock
    from tallystick.county.house import open_house

    member = place.need_member()
    with open_house(place.county, SystemClock()) as house:
        yield house.node(member).accounts


def _tell(account: Account) -> dict[str, Any]:
    return {
        "officer": account.officer.hex(),
        "name": account.name,
        "shown": account.shown,
        "role": account.role,
        "enabled": account.is_enabled,
        "must_change": account.must_change,
        "made_at": account.made_ms,
        "password_at": account.password_ms,
    }


def _tell_issued(issued: Issued) -> dict[str, Any]:
    return {**_tell(issued.account), "password": issued.password}


@user.verb(
    "add",
    zh="设立账号；一次性密码只显示一次",
    en="Make an account; its one-time password is shown once.",
)
@argument("name", zh="登录名", en="Log-in name.")
@option("--shown", required=True, metavar="TEXT", zh="同事看到的姓名", en="Name colleagues read.")
@option("--role", required=True, type=click.Choice(_ROLES), zh="岗位", en="What it may do.")
@at_member()
def add(place: Place, *, name: str, shown: str, role: str) -> dict[str, Any]:
    """Make an account."""
    with _accounts(place) as accounts:
        return _tell_issued(accounts.add(name, shown, role))


@user.verb("list", zh="列出账号", en="List the accounts.")
@at_member()
def list_(place: Place) -> list[dict[str, Any]]:
    """List the accounts."""
    with _accounts(place) as accounts:
        return [_tell(account) for account in accounts.list_all()]


@user.verb("disable", zh="停用账号并结束其登录", en="Close an account and end its sessions.")
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def disable(place: Place, *, name: str) -> dict[str, Any]:
    """Close an account."""
    with _accounts(place) as accounts:
        return _tell(accounts.disable(name))


@user.verb("enable", zh="恢复账号并解除锁定", en="Open an account again and lift its lock.")
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def enable(place: Place, *, name: str) -> dict[str, Any]:
    """Open an account again."""
    with _accounts(place) as accounts:
        return _tell(accounts.enable(name))


@user.verb(
    "reset",
    zh="换发一次性密码并结束其登录",
    en="Give an account a one-time password and end its sessions.",
)
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def reset(place: Place, *, name: str) -> dict[str, Any]:
    """Give a one-time password."""
    with _accounts(place) as accounts:
        return _tell_issued(accounts.reset(name))

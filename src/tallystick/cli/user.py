"""`tally user`: the accounts of a member's officers.

Whoever may write the county's folder keeps its accounts, also while it is served. A one-time
password is told once and kept nowhere.
"""

from __future__ import annotations

from typing import Any, Final

import click

from tallystick.cli.place import Place, at_member
from tallystick.cli.spoken import Group, Words, argument, lang_option, option

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
    with place.office() as office:
        return office.add_user(name, shown=shown, role=role)


@user.verb("list", zh="列出账号", en="List the accounts.")
@at_member()
def list_(place: Place) -> list[Any]:
    """List the accounts."""
    with place.office() as office:
        return office.list_users()


@user.verb("disable", zh="停用账号并结束其登录", en="Close an account and end its sessions.")
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def disable(place: Place, *, name: str) -> dict[str, Any]:
    """Close an account."""
    with place.office() as office:
        return office.disable_user(name)


@user.verb("enable", zh="恢复账号并解除锁定", en="Open an account again and lift its lock.")
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def enable(place: Place, *, name: str) -> dict[str, Any]:
    """Open an account again."""
    with place.office() as office:
        return office.enable_user(name)


@user.verb(
    "reset",
    zh="换发一次性密码并结束其登录",
    en="Give an account a one-time password and end its sessions.",
)
@argument("name", zh="登录名", en="Log-in name.")
@at_member()
def reset(place: Place, *, name: str) -> dict[str, Any]:
    """Give a one-time password."""
    with place.office() as office:
        return office.reset_user(name)


@user.verb(
    "role",
    zh="换岗位并结束其登录",
    en="Give an account another role and end its sessions.",
)
@argument("name", zh="登录名", en="Log-in name.")
@option("--role", required=True, type=click.Choice(_ROLES), zh="岗位", en="What it may do.")
@at_member()
def change_role(place: Place, *, name: str, role: str) -> dict[str, Any]:
    """Give another role."""
    with place.office() as office:
        return office.change_role(name, role)

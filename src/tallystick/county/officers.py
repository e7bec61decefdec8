"""The officers of a demonstration: made-up people, one a role that their member's office needs.

Laws: a seeded county alone has them; names follow from its chain; no password opens their accounts,
so only this process lets anybody in as one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.base.codec import sha256
from tallystick.base.errors import Denied
from tallystick.county.draws import Draws
from tallystick.node import Node

__all__ = ["ensure_officers", "list_officers", "open_session"]

_LENDER: Final = ("clerk", "loan_officer", "reviewer", "risk", "manager", "auditor")
_SELLER: Final = ("clerk", "loan_officer", "reviewer", "manager")
_POSTS: Final[Mapping[str, tuple[str, ...]]] = {
    "bank": _LENDER,
    "credit_cooperative": _LENDER,
    "guarantor": _SELLER,
    "insurer": _SELLER,
    "cooperative": ("clerk", "manager"),
    "village": ("village_officer", "manager"),
    "department": ("clerk", "reviewer", "manager"),
    "media": ("clerk", "manager"),
    "regulator": ("clerk", "reviewer", "manager", "auditor"),
}
"""By the member's role in the charter: the roles of its officers."""
_SURNAMES: Final = (
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"), ("陈", "Chen"),
    ("杨", "Yang"), ("赵", "Zhao"), ("黄", "Huang"), ("周", "Zhou"), ("吴", "Wu"),
    ("徐", "Xu"), ("孙", "Sun"), ("马", "Ma"), ("朱", "Zhu"), ("胡", "Hu"),
    ("郭", "Guo"), ("何", "He"), ("林", "Lin"), ("罗", "Luo"), ("高", "Gao"),
)  # fmt: skip
_GIVEN: Final = (
    ("建国", "Jianguo"), ("秀兰", "Xiulan"), ("志强", "Zhiqiang"), ("晓梅", "Xiaomei"),
    ("永平", "Yongping"), ("海燕", "Haiyan"), ("文涛", "Wentao"), ("丽华", "Lihua"),
    ("春生", "Chunsheng"), ("玉珍", "Yuzhen"), ("国庆", "Guoqing"), ("雪芳", "Xuefang"),
    ("德明", "Deming"), ("思雨", "Siyu"), ("浩然", "Haoran"), ("静怡", "Jingyi"),
    ("天佑", "Tianyou"), ("桂英", "Guiying"), ("子轩", "Zixuan"), ("若琳", "Ruolin"),
)  # fmt: skip


def ensure_officers(node: Node) -> None:
    """Make the accounts that a seeded county's member has none of yet; log-in name = role.

    Raises:
        Denied: `county.not_seeded`, the county is a real one.
    """
    genesis = node.replica.genesis
    if not genesis.fields["seeded"]:
        raise Denied(
            "county.not_seeded",
            "the county is a real one: its officers are not made up",
            cure="Make accounts: tally user add.",
        )
    known = {account.name for account in node.accounts.list_all()}
    draws = Draws(sha256(genesis.chain)).under(f"officers of {node.member}")
    taken: set[str] = set()
    for role in _POSTS[node.desk.role]:
        shown = _draw_name(draws.under(role), taken)
        taken.add(shown)
        if role not in known:
            node.accounts.add_closed(role, shown, role)


def _draw_name(draws: Draws, taken: set[str]) -> str:
    """Return a name in both scripts that no colleague has."""
    attempt = 0
    while True:
        surname = draws.pick(f"surname {attempt}", _SURNAMES)
        given = draws.pick(f"given {attempt}", _GIVEN)
        shown = f"{surname[0]}{given[0]} {surname[1]} {given[1]}"
        if shown not in taken:
            return shown
        attempt += 1


def list_officers(node: Node) -> list[tuple[str, str, str]]:
    """Return (log-in name, shown name, role) of a seeded county's officers at a member.

    Raises:
        Denied: `county.not_seeded`.
    """
    ensure_officers(node)
    posts = _POSTS[node.desk.role]
    found = [each for each in node.accounts.list_all() if each.name in posts]
    found.sort(key=lambda each: posts.index(each.name))
    return [(each.name, each.shown, each.role) for each in found]


def open_session(node: Node, name: str) -> str:
    """Return the token of a new session of a seeded county's officer, in hex.

    Raises:
        Denied: `county.not_seeded`; `access.login`, the account was closed.
        NotFound: `access.no_account`.
    """
    ensure_officers(node)
    return node.accounts.begin(node.accounts.find(name).officer).token.hex()

"""A department approves public money for a case of another chain: the form and its laws.

Laws: once a case, for good; the sum is at least the loan's, or nothing is paid out on it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.kit import fill
from tallystick.console.visit import Visit

__all__ = ["can_approve", "open_approval", "read_case", "read_programme"]

_CASE: Final = re.compile(r"[0-9a-f]{32}")
_PROGRAMME: Final = re.compile(r"[a-z0-9._-]{1,40}")


def can_approve(v: Visit, chains: Sequence[Mapping[str, Any]], role: str) -> bool:
    """Tell whether approvals are given here, and by whoever visits.

    Args:
        v: the visit.
        chains: as `GET /chains` tells them, this one first.
        role: of the visitor's member on this chain.
    """
    is_here = len(chains) > 1 and chains[0]["kind"] == "administrative"
    return is_here and role == "department" and v.may("approve_subsidy")


def read_case(text: str) -> str | None:
    """Return a case's id as people paste it, None if it is none.

    >>> read_case("0F0F 0f0f 0f0f 0f0f 0f0f 0f0f 0f0f 0f0f ")
    '0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f'
    """
    plain = re.sub(r"\s", "", text).lower()
    return plain if _CASE.fullmatch(plain) else None


def read_programme(text: str) -> str | None:
    """Return a programme's code, None if it is none."""
    plain = text.strip()
    return plain if _PROGRAMME.fullmatch(plain) else None


def open_approval(v: Visit, draw: Callable[[], Awaitable[None]]) -> None:
    """Open the form of an approval.

    Args:
        v: the visit.
        draw: shows the page anew.
    """

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        return await v.client.send("/subsidies", dict(filled), key=key)

    open_act(
        v,
        title=v.t("批准财政资金", "Approve public money"),
        says=_says(v),
        blanks=_blanks(v),
        send=send,
        then=lambda _: draw(),
        confirm=v.t("批准", "Approve"),
    )


def _blanks(v: Visit) -> list[Blank]:
    return [
        Blank(
            "case",
            v.t("案件编号", "Case number"),
            hint=v.t(
                "32 位，在金融链上承办单位的案件页顶端",
                "32 digits, at the top of the case's page on the financial chain",
            ),
            read=read_case,
            fault=v.t("编号是 32 位 0–9、a–f", "A number is 32 digits: 0\u20139 and a\u2013f"),
        ),
        Blank(
            "programme",
            v.t("项目代码", "Programme"),
            hint=v.t("与案件受理时写的相同", "As the case was taken in under"),
            read=read_programme,
            fault=v.t(
                "小写字母、数字、点和横线，最多 40 个",
                "Small letters, digits, dots and dashes, at most 40",
            ),
        ),
        Blank(
            "amount_minor",
            v.t("金额（元）", "Amount (¥)"),
            "money",
            v.t("不少于贷款金额，否则放不了款", "At least the loan's, or it cannot be paid out"),
        ),
    ]


def _says(v: Visit) -> Markup:
    lines = (
        v.t(
            f"以{v.name_of(v.member)}的名义记入行政链，各成员可见：这个案件可以用这个项目的钱，"
            "至多这么多。记下经办人编号，不记姓名。",
            f"Recorded on the administrative chain for {v.name_of(v.member)}, for all members to"
            " read: the case may use the programme's money, up to this sum. Your number as an"
            " officer stands in it, not your name.",
        ),
        v.t(
            "下一次锚定以后，放款成员凭它放款。",
            "After the next anchor the lender can pay out on it.",
        ),
        fill(
            "<b>{}</b>",
            v.t(
                "一个案件只批准一次，记下就不能改、不能撤回。",
                "A case is approved once. It stands for good: it cannot be changed or taken back.",
            ),
        ),
    )
    return fill('<div class="says">{}</div>', fill("").join(fill("<p>{}</p>", x) for x in lines))

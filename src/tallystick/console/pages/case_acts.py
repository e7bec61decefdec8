"""What an officer can do on a case now: by role, and by what the case waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.visit import Visit
from tallystick.text.phrase import phrase_table
from tallystick.text.wording import format_money

__all__ = ["list_acts"]

Tree = Mapping[str, Any]
Offered = tuple[str, str, Callable[[], None]]
"""Words, icon, what it opens."""

REFUSED: Final = phrase_table(
    "",
    {
        "not_fitting": ("方案不合适", "It does not fit"),
        "papers": ("材料不符", "Papers do not agree"),
        "purpose": ("用途不合规定", "The purpose is not allowed"),
        "no_member_serves": ("本县没有成员能办", "No member here serves it"),
    },
)
OVERRIDDEN: Final = phrase_table(
    "",
    {
        "household_visit": ("上门看过", "The household was visited"),
        "papers_seen": ("看了补交的材料", "Further papers were seen"),
        "figures_corrected": ("数字有误，已核对", "Figures were wrong and were checked"),
    },
)
_OUTCOMES: Final = phrase_table(
    "",
    {
        "offer": ("可以办", "It may be served"),
        "refuse": ("不能办", "It may not be served"),
    },
)


def list_acts(v: Visit, found: Tree) -> list[Offered]:
    """Return what the officer may do now, the next step first."""
    row, due = found["row"], found.get("due") or {}
    if row["owner"] != v.member or row["stage"] in {"refused", "closed"}:
        return []
    offered = {
        name: make
        for name, make in _MAKERS.items()
        if v.may(name) and (name == due.get("act") or _is_open(name, due))
    }
    first = due.get("act")
    order = sorted(offered, key=lambda name: (name != first, list(_MAKERS).index(name)))
    return [_MAKERS[name](v, found) for name in order[:3]]


def _is_open(name: str, due: Tree) -> bool:
    """Tell whether an act that is not the next step is open all the same."""
    waits = due.get("why")
    if name in {"refuse", "override"}:
        return waits in {"approve", "misfit", "overruled", "undecided"}
    if name == "hand_over":
        return waits in {"approve", "misfit", "undecided"}
    return name == "close_case" and waits in {"declined", "expired"}


def _send(v: Visit, found: Tree, path: str, **fixed: Any) -> Callable[[Filled, str], Any]:  # noqa: ANN401 - an API's body
    case, seen = found["row"]["case"], str(found["seen"])

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        body = {**fixed, **filled}
        return await v.client.send(f"/cases/{case}{path}", body, key=key, if_match=seen)

    return send


def _done(_: Tree) -> None:
    """Leave it to the block: the page shows the case anew when it comes."""


def _words(v: Visit, name: str, label: str, *, is_needed: bool = False, hint: str = "") -> Blank:
    del v
    return Blank(name, label, "words", hint, is_needed=is_needed)


def _make(
    v: Visit,
    found: Tree,
    path: str,
    title: str,
    says: str,
    *,
    blanks: Sequence[Blank] = (),
    **more: Any,  # noqa: ANN401 - of `open_act`
) -> Callable[[], None]:
    return lambda: open_act(
        v,
        title=title,
        says=says,
        blanks=blanks,
        send=_send(v, found, path, **more.pop("fixed", {})),
        then=_done,
        **more,
    )


def _approve(v: Visit, found: Tree) -> Offered:
    title = v.t("批准方案", "Approve the offer")
    says = v.t(
        "将记下本单位同意这个方案。改判过这个案件的人不能再批准它。",
        "It will be recorded that this member agrees to the offer. Whoever overrode the case"
        " cannot approve it.",
    )
    blanks = [_words(v, "notes", v.t("批注", "Notes"))]
    return title, "circle-check", _make(v, found, "/approve", title, says, blanks=blanks)


def _answer(v: Visit, found: Tree) -> Offered:
    title = v.t("记家庭的答复", "Record the answer")
    says = v.t("家庭自己说接受还是不接受。", "The household itself says whether it accepts.")
    choices = {"yes": v.t("接受", "Accepts"), "no": v.t("不接受", "Declines")}
    blanks = [
        Blank("accepted", v.t("答复", "Answer"), "choice", choices=choices),
        _words(v, "words", v.t("家庭的话", "The household's words")),
    ]

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        body = {**filled, "accepted": filled["accepted"] == "yes"}
        path = f"/cases/{found['row']['case']}/offer"
        return await v.client.send(path, body, key=key, if_match=str(found["seen"]))

    return (
        title,
        "handshake",
        lambda: open_act(v, title=title, says=says, blanks=blanks, send=send, then=_done),
    )


def _grant_loan(v: Visit, found: Tree) -> Offered:
    title = v.t("签贷款", "Grant the loan")
    says = v.t(
        "按报告里的条件签下贷款；钱还没有放出。",
        "The loan is granted on the report's terms; no money is paid out yet.",
    )
    return title, "file-check", _make(v, found, "/loan", title, says)


def _disburse(v: Visit, found: Tree) -> Offered:
    title = v.t("放款", "Pay out")
    loan = found["loans"][-1] if found.get("loans") else {}
    amount = found["decisions"].get("report", {}).get("figures", {}).get("amount_minor", 0)
    says = v.t(
        f"把 {format_money(amount, 'zh')} 付给合同写明的收款方。批准的人不能放款。",
        f"{format_money(amount, 'en')} is paid to whom the contract names. Whoever approved it"
        " cannot pay it out.",
    )
    value = f"{amount // 100:,}"
    blanks = [Blank("amount_minor", v.t("金额（元）", "Amount (¥)"), "money", value=value)]

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        return await v.client.send(f"/loans/{loan['loan']}/disburse", dict(filled), key=key)

    return (
        title,
        "hand-coins",
        lambda: open_act(v, title=title, says=says, blanks=blanks, send=send, then=_done),
    )


def _hand_over(v: Visit, found: Tree) -> Offered:
    title = v.t("移交", "Hand over")
    says = v.t(
        "案件和看它的钥匙一起交给另一个成员，由它在期限内办。",
        "The case goes to another member, with the keys to read it; it is to act within the days.",
    )
    choices = {name: v.name_of(name) for name in v.office.names if name != v.member}
    blanks = [
        Blank("to", v.t("交给", "To"), "choice", choices=choices),
        Blank("days", v.t("几天内办", "Within days"), "count", value="10"),
        _words(v, "notes", v.t("交代", "Notes")),
    ]
    return title, "send", _make(v, found, "/hand-over", title, says, blanks=blanks)


def _override(v: Visit, found: Tree) -> Offered:
    title = v.t("改判", "Override")
    says = v.t(
        "写明为什么、凭什么。原来的决定仍在账本上，另一个人批准后才放款。",
        "Say why and on what grounds. The first decision stays in the ledger, and another person"
        " approves before any money moves.",
    )
    blanks = [
        Blank("code", v.t("理由", "Reason"), "choice", choices=_say_all(v, OVERRIDDEN)),
        Blank("outcome", v.t("结论", "Outcome"), "choice", choices=_say_all(v, _OUTCOMES)),
        Blank(
            "file",
            v.t("尽职调查", "Due diligence"),
            "words",
            v.t("看了什么，谁看的，一两句话", "What was seen, and by whom, in a sentence or two"),
        ),
        Blank(
            "paper",
            v.t("尽职调查文件", "Due-diligence file"),
            "paper",
            v.t(
                "记下它的指纹；文件由本单位自己保管",
                "Its digest is recorded; the file stays with this member",
            ),
            is_needed=False,
        ),
    ]
    send = _send(v, found, "/override")

    async def with_paper(filled: Filled, key: str) -> Mapping[str, Any]:
        body = {name: value for name, value in filled.items() if name != "paper"}
        if "paper" in filled:
            body["file"] = f"{body['file']} [{filled['paper']}]"
        answer: Mapping[str, Any] = await send(body, key)
        return answer

    return (
        title,
        "scale",
        lambda: open_act(v, title=title, says=says, blanks=blanks, send=with_paper, then=_done),
    )


def _refuse(v: Visit, found: Tree) -> Offered:
    title = v.t("当面拒绝", "Refuse in person")
    says = v.t(
        "只有人能拒绝。请当面说明理由和申诉办法；家庭会在报告里看到同样的话。",
        "Only a person refuses. Tell the household why, and how to appeal; its page will say the"
        " same.",
    )
    blanks = [
        Blank("code", v.t("理由", "Reason"), "choice", choices=_say_all(v, REFUSED)),
        _words(v, "words", v.t("对家庭说的话", "Words to the household"), is_needed=True),
    ]
    return title, "x", _make(v, found, "/refuse", title, says, blanks=blanks, is_grave=True)


def _close(v: Visit, found: Tree) -> Offered:
    title = v.t("结案", "Close the case")
    says = v.t(
        "结案后不再办理；回访照常。", "Nothing more is done on it; feedback still comes due."
    )
    codes = {
        "declined": v.t("家庭没有接受", "The household declined"),
        "expired": v.t("报价过期", "The offer lapsed"),
        "done": v.t("已办完", "It is done"),
    }
    blanks = [
        Blank("code", v.t("理由", "Reason"), "choice", choices=codes),
        _words(v, "words", v.t("说明", "Words")),
    ]
    return title, "check", _make(v, found, "/close", title, says, blanks=blanks)


def _say_all(v: Visit, table: Mapping[str, Any]) -> dict[str, str]:
    return {code: v.say(phrase) for code, phrase in table.items()}


_MAKERS: Final[Mapping[str, Callable[[Visit, Tree], Offered]]] = {
    "approve": _approve,
    "answer_offer": _answer,
    "grant_loan": _grant_loan,
    "disburse": _disburse,
    "hand_over": _hand_over,
    "override": _override,
    "refuse": _refuse,
    "close_case": _close,
}

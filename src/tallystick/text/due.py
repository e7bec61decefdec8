"""Why something needs a member now. Source: the county's practice, an officer's day."""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["DUE"]

DUE = phrase_table(
    "due",
    {
        "undecided": ("已受理，还没有判断", "Taken in and not decided yet"),
        "approve": ("方案合适，等您批准", "It fits and waits for your approval"),
        "answer": ("已批准，等家庭答复", "Approved; the household has yet to answer"),
        "grant": ("家庭已接受，等签下贷款", "Accepted; the loan is to be granted"),
        "disburse": ("贷款已签，等放款", "Granted; the money is to be paid out"),
        "declined": ("家庭没有接受，等结案", "The household declined; close the case"),
        "expired": ("报价已过期，等结案", "The offer has lapsed; close the case"),
        "misfit": (
            "方案不合适，等人来定：移交、另定或拒绝",
            "It does not fit: hand it over, decide otherwise, or refuse",
        ),
        "overruled": ("原方案已改判，等拒绝或结案", "Its offer was overruled: refuse or close it"),
        "payment": ("{x:money}快到期", "{x:money} falls due soon"),
        "payment_late": ("{x:money}已逾期 {n} 天", "{x:money} is {n} days late"),
        "appeal": ("申诉等答复", "An appeal waits for its answer"),
        "feedback": ("该回访了", "It is time to ask how it went"),
        "mandate_ends": ("委托还有 {n} 天到期", "A mandate ends in {n} days"),
        "grant_ends": ("授权还有 {n} 天到期", "A consent ends in {n} days"),
        "model": ("模型已发布，等您批准", "A model was published and waits for approval"),
        "registration": ("{n} 份登记等今天送出", "{n} registrations are to leave today"),
    },
)
"""By `due.Item.why`."""

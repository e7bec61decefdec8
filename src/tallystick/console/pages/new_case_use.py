"""What a new case asks about the need: what for, how much, when; and how the household agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tallystick.console.pages.new_case_question import (
    BORROWED,
    MONTH_MAX,
    MONTHS,
    YUAN,
    Question,
    name_words,
    one_of,
    pair_words,
)
from tallystick.console.pages.new_case_special import SPECIAL
from tallystick.text.phrase import Phrase

__all__ = ["CONSENT", "USE", "WORKING", "list_purposes"]

WORKING: Final = one_of("crop_inputs orchard_upkeep greenhouse_inputs shop_stock")
"""Purposes whose money comes back with one season's sale."""
_CROPS: Final = one_of("crop_inputs orchard_upkeep greenhouse_inputs")
_EARNING: Final = one_of(
    "greenhouse_build livestock_buy machine_buy machine_leaseback drying_storage processing"
    " agritourism shop_stock shop_open"
)
_SEASONS: Final = _CROPS | one_of("greenhouse_build livestock_buy processing")
_ALL_PURPOSES: Final[Mapping[str, str]] = {
    "borrow": (
        "crop_inputs orchard_upkeep greenhouse_inputs greenhouse_build livestock_buy machine_buy"
        " drying_storage processing agritourism shop_stock shop_open tuition medical living"
        " renew_after_shock wedding house goods consumer wealth"
    ),
    "lease": "machine_buy greenhouse_build drying_storage machine_leaseback",
    "save": "save_goal",
    "invest": "invest_goal",
    "insure": "insure_crop",
}


def list_purposes(kind: str) -> dict[str, Phrase]:
    """Return the purposes a kind of need may have, in the order they are offered."""
    return name_words("purpose", _ALL_PURPOSES[kind])


_COMMON: Final = (
    Question(
        "kind",
        2,
        Phrase("要办什么", "What is needed"),
        "choice",
        path="demand.kind",
        choices=name_words("kind", "borrow lease insure save invest"),
        is_needed=True,
    ),
    Question(
        "purpose",
        2,
        Phrase("用来做什么", "What for"),
        "choice",
        path="demand.purpose",
        when={"kind": BORROWED},
        is_needed=True,
    ),
    Question(
        "project_crops",
        2,
        Phrase("为哪些地", "For which fields"),
        "crops",
        Phrase("产量和价格按全县中等来算", "Yields and prices are the county's middle"),
        when={"purpose": _CROPS},
        is_needed=True,
        is_wide=True,
    ),
    Question(
        "amount",
        2,
        Phrase("要多少钱", "How much"),
        "money",
        Phrase("够用就好，多借多付息", "Enough is enough: more costs more"),
        "demand.amount_minor",
        when={"kind": one_of("borrow lease save invest")},
        is_needed=True,
        low=100,
        unit=YUAN,
    ),
    Question(
        "cost",
        2,
        Phrase("一共要投入多少", "What it costs in all"),
        "money",
        Phrase("包括自己出的钱", "With what you pay yourself"),
        "demand.cost_minor",
        when={"kind": BORROWED},
        is_needed=True,
        low=100,
        unit=YUAN,
    ),
    Question(
        "needed",
        2,
        Phrase("几月要用钱", "When the money is needed"),
        "month",
        path="demand.needed_by_month",
        when={"kind": BORROWED},
        is_needed=True,
        high=MONTH_MAX,
    ),
    Question(
        "term",
        2,
        Phrase("用多久", "For how long"),
        "count",
        Phrase("从拿到钱到还清", "From the money to the last payment"),
        "demand.terms_asked.term_months",
        when={"kind": BORROWED},
        is_needed=True,
        low=1,
        high=480,
        unit=MONTHS,
    ),
    Question(
        "sale_first",
        2,
        Phrase("头一次卖在几月", "First sale"),
        "month",
        path="demand.first_sale_month",
        when={"purpose": _SEASONS},
        is_needed=True,
        high=MONTH_MAX,
    ),
    Question(
        "sale_last",
        2,
        Phrase("最后一次卖在几月", "Last sale"),
        "month",
        Phrase("一次卖完就不填", "Empty if all is sold at once"),
        path="demand.last_sale_month",
        when={"purpose": _SEASONS},
        high=MONTH_MAX,
    ),
    Question(
        "gain",
        2,
        Phrase("一年能多挣多少", "Expected gain a year"),
        "signed",
        Phrase("扣掉成本，一般年景", "After costs, in a usual year"),
        "demand.income_likely_minor",
        when={"purpose": _EARNING},
        low=-(10**12),
        unit=YUAN,
    ),
    Question(
        "gain_low",
        2,
        Phrase("差年景能挣多少", "In a bad year"),
        "signed",
        Phrase("五年里最差的那年", "The worst year of five"),
        "demand.income_low_minor",
        when={"purpose": _EARNING},
        low=-(10**12),
        unit=YUAN,
    ),
    Question(
        "repayment",
        2,
        Phrase("想怎么还", "How to repay"),
        "choice",
        Phrase("不选就按办法里最合适的", "The scheme's most fitting if none is chosen"),
        "demand.terms_asked.repayment",
        name_words("repayment", "bullet monthly quarterly semiannual annual"),
        when={"kind": BORROWED},
    ),
    Question(
        "bearable",
        2,
        Phrase("一次最多能还多少", "The most one payment may be"),
        "money",
        Phrase("不清楚就不填", "Empty if not known"),
        "demand.bearable_instalment_minor",
        when={"kind": BORROWED},
        unit=YUAN,
    ),
    Question(
        "payable",
        2,
        Phrase("哪几个月能还", "Months in which you can pay"),
        "months",
        Phrase("不选就是每个月都行", "Every month if none is chosen"),
        "demand.payable_months",
        when={"kind": BORROWED},
        is_wide=True,
    ),
    Question(
        "user",
        2,
        Phrase("谁用这笔钱", "Who will use the money"),
        "choice",
        Phrase("替别人借的，责任仍在借款人", "Who borrows for others still owes it"),
        "demand.user_of_money",
        pair_words(
            self=("自家", "The household itself"),
            relative=("亲戚朋友", "Relatives or friends"),
            firm=("公司", "A firm"),
        ),
        when={"kind": BORROWED},
        is_needed=True,
    ),
    Question(
        "elsewhere",
        2,
        Phrase("别处也在申请吗", "Asked elsewhere too?"),
        "yes",
        when={"kind": BORROWED},
    ),
    Question(
        "elsewhere_amount",
        2,
        Phrase("别处申请多少", "How much elsewhere"),
        "money",
        when={"elsewhere": one_of("yes")},
        is_needed=True,
        unit=YUAN,
    ),
    Question(
        "purpose_text",
        2,
        Phrase("用途说明", "In your own words"),
        "words",
        Phrase("写具体：两座番茄大棚、滴灌", "Be exact: two tomato greenhouses, drip lines"),
        "demand.purpose_text",
        high=400,
        is_wide=True,
    ),
)

USE: Final = (*_COMMON, *SPECIAL)

CONSENT: Final = (
    Question(
        "assent",
        3,
        Phrase("农户怎样同意", "How the household agrees"),
        "choice",
        choices=pair_words(
            mandate=("当着见证人委托我办", "Lets me act, before a witness"),
            own=("用自己的钥匙签", "Signs with its own key"),
        ),
        is_needed=True,
        is_wide=True,
    ),
    Question(
        "witness",
        3,
        Phrase("见证人是哪个单位", "Institution of the witness"),
        "choice",
        when={"assent": one_of("mandate")},
        is_needed=True,
    ),
    Question(
        "days",
        3,
        Phrase("委托多久", "How long the mandate lasts"),
        "choice",
        choices={
            "90": Phrase("90 天", "90 days"),
            "365": Phrase("一年", "One year"),
            "1095": Phrase("三年", "Three years"),
        },
        when={"assent": one_of("mandate")},
        is_needed=True,
    ),
    Question(
        "readers",
        3,
        Phrase("还让谁看这份申请", "Who else may read the application"),
        "members",
        Phrase("可以不选；随时可以收回", "May stay empty; can be taken back at any time"),
        is_wide=True,
    ),
    Question(
        "agreed",
        3,
        Phrase("已念给农户听，农户同意", "Read aloud to the household, which agrees"),
        "tick",
        is_needed=True,
        is_wide=True,
    ),
)

"""Gaps between a demand and a service, each with its size, in a villager's words."""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["GAPS"]

GAPS = phrase_table(
    "gap",
    {
        "due_before_harvest": (
            "到期比卖完收成早 {size:months}",
            "Due {size:months} before the harvest is sold",
        ),
        "term_shorter_than_cycle": (
            "期限比种养周期短 {size:months}，至少要 {need:months}",
            "The term is {size:months} shorter than the cycle; it needs {need:months}",
        ),
        "due_long_after_harvest": (
            "到期比收获晚太久，超出 {size:months}",
            "Due too long after harvest, by {size:months}",
        ),
        "grace_missing": (
            "有收成前 {size:months}就要还本金",
            "Principal is due {size:months} before the first sale",
        ),
        "term_over_scheme": (
            "期限超出 {size:months}，最长 {need:months}",
            "The term is {size:months} too long; the most is {need:months}",
        ),
        "payable_month": (
            "有 {size} 次还款落在您没钱的月份，最早是{month:month}",
            "Payments in months you cannot pay: {size}, the first in {month:month}",
        ),
        "bearable_instalment": (
            "每次要还 {have:money}，比您能承受的 {need:money}多 {size:money}",
            "A payment is {have:money}, {size:money} above the {need:money} you can bear",
        ),
        "dscr_p50": (
            "中等年景的余钱是还款的 {have:ratio}，要有 {need:ratio}",
            "In a middle year you have {have:ratio} the payments; {need:ratio} is needed",
        ),
        "dscr_p20": (
            "差年景的余钱是还款的 {have:ratio}，要有 {need:ratio}",
            "In a bad year you have {have:ratio} the payments; {need:ratio} is needed",
        ),
        "floor_month": (
            "差年景从{month:month}起钱不够，最多缺 {size:money}",
            "In a bad year cash runs out in {month:month}, at worst {size:money} short",
        ),
        "instalment_share": (
            "还款占收入 {have:percent}，最多 {need:percent}",
            "Payments are {have:percent} of income; the most is {need:percent}",
        ),
        "debt_ratio": (
            "总负债是年收入的 {have:ratio}，最多 {need:ratio}",
            "Debts are {have:ratio} a year's income; the most is {need:ratio}",
        ),
        "guarantees_given": (
            "您替别人担保了 {size:money}",
            "You guarantee {size:money} for others",
        ),
        "own_share": (
            "自己出的钱少 {size:money}，要出 {need:money}",
            "Your own share is {size:money} short of {need:money}",
        ),
        "price_drop_30": (
            "跌价三成就缺 {size:money}",
            "If the price falls 30% you are {size:money} short",
        ),
        "income_implausible": (
            "您估的收入 {have:money}，八成农户不到 {need:money}",
            "You state {have:money}; 80% of farmers get less than {need:money}",
        ),
        "no_income_basis": ("看不出靠什么收入还款", "No income to repay from is shown"),
        "amount_over_cap": (
            "多了 {size:money}，最多 {need:money}",
            "{size:money} above the limit of {need:money}",
        ),
        "amount_below_min": (
            "少了 {size:money}，最少 {need:money}",
            "{size:money} below the least of {need:money}",
        ),
        "purpose_not_allowed": ("这笔钱不能用在这上面", "This loan may not be used for that"),
        "ineligible_age": (
            "年龄 {have} 岁，界限是 {need} 岁",
            "You are {have}; the limit is {need}",
        ),
        "ineligible_category": ("不属于这个办法的对象", "You are not among those it is for"),
        "ineligible_means": (
            "您有存款 {have:money}，不需要这个补贴",
            "You have {have:money} saved; this subsidy is for others",
        ),
        "borrowed_name": ("用钱的不是您本人", "Someone else would use the money"),
        "firm_in_household_name": (
            "公司用钱要以公司名义申请",
            "A firm must apply in its own name",
        ),
        "duplicate_application": (
            "同一用途已在别处办了 {size:money}",
            "{size:money} is granted elsewhere for the same purpose",
        ),
        "cost_too_dear": (
            "年费率 {have:rate} 太贵，比上限 {need:rate} 高 {size:rate}",
            "{have:rate} a year is too dear, {size:rate} above {need:rate}",
        ),
        "land_lease_short": (
            "地的租期比贷款短 {size:months}",
            "Your land lease ends {size:months} before the loan",
        ),
        "asset_life": (
            "设备寿命比期限短 {size:months}",
            "The machine lasts {size:months} less than the term",
        ),
        "leaseback_ratio": (
            "回租多了 {size:money}，最多 {need:money}",
            "Leaseback is {size:money} above the most, {need:money}",
        ),
        "order_coverage": (
            "超过订单可贷额 {size:money}，最多 {need:money}",
            "{size:money} more than the order carries; the most is {need:money}",
        ),
        "related_buyer": ("买方是您的关系人", "The buyer is related to you"),
        "no_order": ("没有签下的订单", "There is no signed order"),
        "buyer_unproven": (
            "买方头一年收购，定金要有 {need:percent}，现在 {have:percent}",
            "The buyer is new here; a deposit of {need:percent} is needed, you have {have:percent}",
        ),
        "merchant_flows": (
            "店里的流水还撑不起这笔钱",
            "The shop's flows do not carry this sum",
        ),
        "aid_first": ("应先申请救助，不该借债", "Ask for aid first, not debt"),
        "insure_first": ("先给牲畜投保", "Insure the animals first"),
        "not_covered": ("这个产品不包括它", "This product does not cover it"),
        "window_missed": (
            "投保期已过 {size:months}",
            "Enrolment closed {size:months} ago",
        ),
        "area_mismatch": (
            "投保面积比自家种的多 {size:area}",
            "{size:area} more than you grow yourself",
        ),
        "sum_out_of_range": (
            "每亩保额差 {size:money}，界限是 {need:money}",
            "The sum per mu is {size:money} off the limit of {need:money}",
        ),
        "shock_not_shown": ("受灾还没有证明", "Nobody has confirmed the shock"),
        "not_viable_after_shock": (
            "灾后一年还缺 {size:money}，展期也还不上",
            "After the shock a year is {size:money} short; more time does not help",
        ),
        "already_extended": ("已经展期 {size} 次", "Extensions already used: {size}"),
        "old_loan_open": ("旧贷逾期 {size} 天", "Days that an old loan is overdue: {size}"),
        "lockup": (
            "取钱比用钱晚 {size:months}",
            "The money is locked {size:months} past the day you need it",
        ),
        "risk_tolerance": (
            "可能亏 {have:rate}，您最多能亏 {need:rate}",
            "It may lose {have:rate}; you can bear {need:rate}",
        ),
        "yield_unrealistic": (
            "想要 {have:rate} 的收益不现实，稳妥的不超过 {need:rate}",
            "{have:rate} is not realistic; safe products stay below {need:rate}",
        ),
        "debt_first": (
            "先还清 {size:money}高息债再存钱",
            "Repay {size:money} of dear debt before saving",
        ),
        "repayment_unlikely": (
            "评分估计还不上的可能有 {have:percent}，超过 {need:percent}，要人来定",
            "The score expects {have:percent} not to repay, above {need:percent}; a person decides",
        ),
    },
)

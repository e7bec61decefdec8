"""Reasons of a positioning, in a villager's words. Source: the county's practice (20 reasons)."""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["REASONS"]

REASONS = phrase_table(
    "",
    {
        "due_after_harvest": ("还款月在收获之后", "Due after harvest"),
        "due_before_harvest": ("收获前 {n:months}就到期", "Due {n:months} before harvest"),
        "bad_year_lives": ("差年景仍能生活", "You can live even in a bad year"),
        "bad_year_short": (
            "差年景到{month:month}缺 {x:money}",
            "Bad year: short {x:money} by {month:month}",
        ),
        "share_of_income": ("一年还款占收入 {p:percent}", "Payments are {p:percent} of income"),
        "debts_too_heavy": ("现有的债加上这笔太重", "Present debts and this one are too heavy"),
        "yield_above_p80": (
            "您估的收入高于八成农户，按全县中等来算",
            "Your stated income is above 80% of farmers; the county's middle is used",
        ),
        "middle_price_pays": ("按中等价格还款后仍有余", "Pays at the middle price with some left"),
        "price_drop_fails": ("跌价三成就还不上", "Cannot repay if the price falls 30%"),
        "subsidy_split": (
            "利息政府贴 {x:money}，您付 {y:money}",
            "Of the interest, government pays {x:money} and you {y:money}",
        ),
        "purpose_refused": ("不能用于建房、婚嫁", "Not for a house or a wedding"),
        "own_use_only": (
            "钱须自家使用，不能替别人或公司借",
            "For your own use, not for others or a firm",
        ),
        "no_record": ("没有记录不是坏记录", "No record is not a bad record"),
        "limit_raised": ("按时还款两年，额度提高", "Two good years raised your limit"),
        "old_loan_open": ("一笔旧贷逾期未结，请先核对", "An old loan is overdue; check it first"),
        "insure_first": ("先投保，再贷款", "Insure, then borrow"),
        "aid_suits": ("救助比借债适合您", "Aid suits you better than debt"),
        "orchard_grace": (
            "果树挂果前只付利息",
            "Interest only until the trees bear",
        ),
        "less_would_pass": ("少借 {x:money}可通过", "{x:money} less would pass"),
        "person_reviewed": ("由人复核，您可申诉", "A person reviews it; you may appeal"),
        "asked_scheme": (
            "按您申请的{scheme:scheme}办",
            "The {scheme:scheme} you asked for serves you",
        ),
        "other_scheme": ("{scheme:scheme}更适合您", "The {scheme:scheme} suits you better"),
        "no_model": (
            "没有用评分模型，只看收支",
            "No scoring model was used, only income and spending",
        ),
        "model_says": (
            "情况相近的农户有 {p:percent} 按时还清",
            "Of households like yours {p:percent} repay in time",
        ),
        "model_weighs": (
            "评分里最不利的一项：{field:field}",
            "It weighs against you: {field:field}",
        ),
        "fits.save": (
            "取钱日子、风险和收益都合您的要求",
            "Date, risk and yield are as you need them",
        ),
        "fits.insure": (
            "保的作物、时间和保额都合适，自付不多",
            "Crop, time and sum insured are right, and your own part is small",
        ),
        "fits.study": (
            "在校利息国家付，毕业后再还本金",
            "The state pays interest while you study; principal comes after",
        ),
    },
)

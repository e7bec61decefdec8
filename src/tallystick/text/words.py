"""Names of schemes, expertise, outcomes, changes and units: short, as on a card."""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["WORDS"]

WORDS = {
    **phrase_table(
        "scheme",
        {
            "poverty_microcredit": ("脱贫人口小额信贷", "poverty microcredit"),
            "village_line": ("整村授信", "village-graded line"),
            "seasonal_crop": ("春耕备耕贷", "seasonal crop loan"),
            "startup_guarantee": ("创业担保贷款", "start-up guarantee loan"),
            "farm_guarantee": ("农业担保贷款", "farm guarantee loan"),
            "equipment_lease": ("农机设施租赁", "machine and greenhouse lease"),
            "coop_order": ("订单贷", "co-op order finance"),
            "merchant": ("商户流水贷", "merchant loan"),
            "crop_insurance": ("种植业保险", "crop insurance"),
            "livestock_insurance": ("养殖业保险", "livestock insurance"),
            "student": ("生源地助学贷款", "student loan"),
            "disaster_bridge": ("受灾续贷展期", "disaster bridge"),
            "savings_wealth": ("储蓄与稳健理财", "savings or low-risk wealth product"),
            "aid": ("救助", "aid"),
        },
    ),
    **phrase_table(
        "expertise",
        {
            "village_line": ("整村授信", "village lines"),
            "seasonal": ("农时贷款", "seasonal loans"),
            "policy": ("政策性贷款", "policy loans"),
            "medium_term": ("一到三年贷款", "loans of one to three years"),
            "savings": ("储蓄理财", "savings"),
            "student": ("助学贷款", "student loans"),
            "first_loan": ("首贷", "first loans"),
            "entity_guarantee": ("经营主体担保", "guarantees for farm firms"),
            "startup": ("创业扶持", "start-ups"),
            "crop_insurance": ("种植保险", "crop insurance"),
            "livestock_insurance": ("养殖保险", "livestock insurance"),
            "machines": ("农机设备", "machines"),
            "merchant_flows": ("看流水放款", "lending on shop flows"),
            "orders": ("订单收购", "orders"),
            "aid": ("社会救助", "social aid"),
            "review": ("人工复核", "review by a person"),
        },
    ),
    **phrase_table(
        "outcome",
        {
            "fits": ("合适", "Fits"),
            "does_not_fit": ("暂不合适", "Does not fit yet"),
            "matched": ("已为您匹配其他办法", "Others who can serve you"),
            "aid": ("先申请救助", "Aid first"),
            "review": ("由人复核", "A person will review it"),
        },
    ),
    **phrase_table(
        "question",
        {
            "scheme": ("哪种办法适合", "Which scheme"),
            "judgement": ("合不合适", "Does it fit"),
            "report": ("报告", "Report"),
            "match": ("谁能帮上", "Who can help"),
        },
    ),
    **phrase_table(
        "change",
        {
            "amount": (
                "借 {amount_minor:money}，少借 {less_minor:money}",
                "Borrow {amount_minor:money}, {less_minor:money} less",
            ),
            "scale": (
                "做小一些：总投入 {cost_minor:money}，借 {amount_minor:money}",
                "Begin smaller: cost {cost_minor:money}, borrow {amount_minor:money}",
            ),
            "term": (
                "期限改为 {term_months:months}，{due_month:month}还清",
                "Make the term {term_months:months}, paid by {due_month:month}",
            ),
            "repayment": (
                "改为{repayment:repayment}，从{due_month:month}起",
                "Change to {repayment:repayment}, from {due_month:month}",
            ),
            "scheme": ("改用{scheme:scheme}", "Use the {scheme:scheme} instead"),
            "sum": (
                "每亩保 {sum_minor_per_unit:money}",
                "Insure {sum_minor_per_unit:money} per mu",
            ),
            "lockup": (
                "选 {lockup_months:months}以内的",
                "Choose at most {lockup_months:months}",
            ),
            "risk": (
                "选最多亏 {worst_loss_ppm:rate} 的产品",
                "Choose a product that loses at most {worst_loss_ppm:rate}",
            ),
            "repay_debt": (
                "先还清 {amount_minor:money}高息债",
                "First repay {amount_minor:money} of dear debt",
            ),
            "withdraw_other": (
                "撤回另一笔 {size:money}的申请",
                "Withdraw the other {size:money} application",
            ),
            "extend_land_lease": (
                "土地租期再续 {size:months}",
                "Extend the land lease by {size:months}",
            ),
            "buyer_deposit": (
                "定金再加 {size:percent}",
                "Have the buyer add {size:percent} of deposit",
            ),
            "settle_old_loan": (
                "先结清逾期 {size} 天的旧贷",
                "Settle the old loan first; days overdue: {size}",
            ),
            "insure": ("先给牲畜投保", "Insure the animals first"),
            "show_shock": ("请村里或单位开受灾证明", "Have the shock confirmed"),
            "insure_own_area": (
                "只投自家种的，少 {size:area}",
                "Insure only what you grow, {size:area} less",
            ),
        },
    ),
    **phrase_table(
        "repayment",
        {
            "bullet": ("到期一次还清", "one payment at the end"),
            "interest_then_bullet": (
                "按季付息、到期还本",
                "quarterly interest, principal at the end",
            ),
            "monthly": ("按月等额本金", "equal principal each month"),
            "quarterly": ("按季等额本金", "equal principal each quarter"),
            "semiannual": ("半年还一次", "equal principal each half-year"),
            "annual": ("一年还一次", "equal principal each year"),
            "level": ("按月等额还款", "equal monthly payments"),
            "int_after_study": ("毕业后还款", "repayment after study"),
        },
    ),
    **phrase_table(
        "part",
        {
            "fit": ("合适", "fits"),
            "asked": ("您申请的", "asked for"),
            "special": ("专为这个用途", "made for this purpose"),
            "cost": ("便宜", "cost"),
            "sum": ("金额够用", "covers the sum"),
            "service": ("有这项服务", "offers the service"),
            "expertise": ("擅长", "expertise"),
            "ticket": ("金额在范围内", "sum in range"),
            "capacity": ("还有额度", "capacity left"),
            "village": ("服务到村", "serves the village"),
            "crop": ("懂这种作物", "knows the crop"),
            "speed": ("办得快", "quick answer"),
            "feel": ("服务评价", "how it felt"),
        },
    ),
    **phrase_table(
        "feedback",
        {
            "understood": ("讲清楚了吗", "Was it understood?"),
            "money_used": (
                "足额到账了吗，收费了吗，花在哪里",
                "Full sum? Any fee asked? Spent on what?",
            ),
            "shock": ("遇到灾病了吗", "Any shock?"),
            "harvest": (
                "产量、价格、收入和打算的比",
                "Yield, price and income against plan",
            ),
            "repaid": ("用什么钱还的，感觉如何", "Paid from what? How did it feel?"),
            "what_happened": ("一年后怎么样了", "What happened after a year?"),
        },
    ),
    **phrase_table(
        "event",
        {
            "decision": ("决定后", "after the decision"),
            "money": ("到账后", "after the money"),
            "middle": ("期中", "mid-cycle"),
            "sale": ("卖完后", "after the sale"),
            "maturity": ("到期后", "after the last payment"),
        },
    ),
    **phrase_table(
        "show",
        {
            "flows": ("放款前要看店里流水", "Show the shop's flows before payout"),
            "asset": ("要看设备的价值和年限", "Show the machine's value and age"),
            "order": ("要看签好的订单", "Show the signed order"),
            "old_loan": ("要看旧贷的合同", "Show the old loan's contract"),
            "shock": ("要看受灾证明", "Show the proof of the shock"),
            "study": ("要看录取或在读证明", "Show the proof of study"),
        },
    ),
    **phrase_table(
        "role",
        {"preferred": ("首选", "Preferred"), "alternative": ("备选", "Alternative")},
    ),
    **phrase_table(
        "until",
        {"0": ("已结束", "ended")},
    ),
    **phrase_table(
        "end_told",
        {
            "0": (
                "还没答复，等它连上再告诉它；读过的内容它可能留有副本",
                "no answer yet: it learns so when it is back; what it has read it may have kept",
            ),
            "1": (
                "对方答复：钥匙已删去；读过的内容它可能留有副本",
                "its node answers that it keeps no key; what it has read it may have kept",
            ),
        },
    ),
    **phrase_table(
        "kind",
        {
            "borrow": ("借款", "Borrow"),
            "save": ("存款", "Save"),
            "invest": ("理财", "Invest"),
            "insure": ("投保", "Insure"),
            "lease": ("租赁", "Lease"),
        },
    ),
    **phrase_table(
        "likely",
        {
            "income_once": (
                "这一季的净收入多半在 {low:money} 到 {high:money} 之间（十回里约有八回）",
                (
                    "This season's net income is most likely between {low:money} and {high:money} "
                    "(about eight times in ten)"
                ),
            ),
            "income_once_about": (
                "这一季的净收入大约是 {low:money}",
                "This season's net income is about {low:money}",
            ),
            "income_year": (
                "这个项目一年的净收入多半在 {low:money} 到 {high:money} 之间（十年里约有八年）",
                (
                    "The project's net income in a year is most likely between {low:money} and "
                    "{high:money} (about eight years in ten)"
                ),
            ),
            "income_year_about": (
                "这个项目一年的净收入大约是 {low:money}",
                "The project's net income in a year is about {low:money}",
            ),
            "need": (
                "留出三个月生活费，自家能拿的都用上，还差的多半在 {low:money} 到 {high:money} 之间",
                (
                    "With three months of living kept and your own money used, you most likely "
                    "need between {low:money} and {high:money}"
                ),
            ),
            "need_most": (
                "留出三个月生活费，自家能拿的都用上，还差的多半不超过 {high:money}",
                (
                    "With three months of living kept and your own money used, you most likely "
                    "need no more than {high:money}"
                ),
            ),
            "need_none": (
                "留出三个月生活费，自家的钱也够用",
                "With three months of living kept, your own money is enough",
            ),
        },
    ),
    **phrase_table(
        "unit",
        {
            "minor": ("元", "yuan"),
            "ppm": ("%", "%"),
            "months": ("个月", "months"),
            "years": ("年", "years"),
            "days": ("天", "days"),
            "count": ("次", "times"),
            "centi": ("亩", "mu"),
            "flag": ("是", "yes"),
        },
    ),
}

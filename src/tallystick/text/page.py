"""Sentences of the household's page, in a villager's words; blanks are filled by the page.

Every blank is bare, `{name}`, and takes what the page has already written and escaped: a sum, a
month, a member's name. Law: no deadline, telephone or promise stands here that no rule holds.
Source: the county's practice (words for households, appeal, review by a person).
"""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["PAGE"]

_TITLES = {
    "title.borrow": ("借 {amount}适合您", "Borrowing {amount} suits you"),
    "title.lease": ("租赁 {amount}的设备适合您", "Leasing for {amount} suits you"),
    "title.save": ("这样存 {amount}适合您", "Saving {amount} this way suits you"),
    "title.invest": ("{amount}这样理财适合您", "Investing {amount} this way suits you"),
    "title.insure": ("这份保险适合您", "This insurance suits you"),
    "title.not": ("您申请的 {amount}暂时不合适", "The {amount} you asked for does not fit yet"),
    "title.not_insure": (
        "您想投的保险暂时不合适",
        "The insurance you asked for does not fit yet",
    ),
    "title.refused": ("{member}没有同意这次申请", "{member} has declined this application"),
    "lead.lent": (
        "办法是{scheme}。现在还没有放款：{member}审批、您签字以后才算数。",
        (
            "The offer: {scheme}. No money has moved yet: it counts once {member} approves "
            "and you sign."
        ),
    ),
    "lead.plain": (
        "办法是{scheme}。您签字以后才算数。",
        "The offer: {scheme}. It counts once you sign.",
    ),
    "lead.not": (
        "您申请的是{scheme}。下面写着差在哪里、怎样改就可以、还能找谁。",
        (
            "You asked for: {scheme}. Below: what is missing, what would make it fit, "
            "and who else can help."
        ),
    ),
    "lead.aid": (
        "救助不用还。下面写着为什么、去找谁。",
        "Aid need not be paid back. Below: why, and where to go.",
    ),
    "lead.review": (
        "要请人当面看过才能定。下面写着为什么。",
        "A person must look at it with you first. Below: why.",
    ),
    "until": ("{date}前有效", "Holds until {date}"),
}
_HEADINGS = {
    "head.why_fits": ("为什么适合", "Why it fits"),
    "head.why_not": ("差在哪里", "What is missing"),
    "head.measured": ("和界限比一比", "Your figures beside the limits"),
    "head.pay": ("什么时候还、还多少", "When you pay, and how much"),
    "head.pay_lease": ("什么时候付、付多少", "When you pay, and how much"),
    "head.cash": ("您家手里的钱，一月一月看", "The money in your hand, month by month"),
    "head.change_fits": ("怎样会不一样", "What would change this"),
    "head.change_not": ("怎样改就可以", "What would make it fit"),
    "head.where": ("找谁办", "Where to go"),
    "head.others": ("还能找谁", "Who else can help"),
    "head.sure": ("有多大把握", "How sure we are"),
    "head.disagree": ("不同意？", "Do you disagree?"),
    "head.decided": ("谁定的", "Who decided"),
    "head.asked_again": ("以后回来问您", "When we come back to ask you"),
    "head.receipt": ("收据", "Receipt"),
}
_CELLS = {
    "cell.term": ("多久还清", "Paid back over"),
    "cell.term_lease": ("多久付清", "Paid over"),
    "cell.asked_term": ("想借多久", "For how long"),
    "cell.asked_rate": ("年利率", "Interest a year"),
    "cell.asked_repayment": ("怎么还", "How it is paid"),
    "cell.amount": ("金额", "Amount"),
    "cell.year": ("用一年的全部成本", "Cost in a year"),
    "cell.cost": ("利息和费用一共", "Interest and fees in all"),
    "cell.subsidy": ("政府替您付利息", "Interest government pays"),
    "cell.most": ("最多的一次还", "Largest payment"),
    "cell.cover": ("保到几时", "Covered"),
    "cell.government": ("政府替您付保费", "Premium government pays"),
    "term.once": ("{term}，一次还清", "{term}, one payment"),
    "term.many": ("{term}，分 {count} 次", "{term}, {count} payments"),
    "per_ten_thousand": ("每 1 万元一年 {amount}", "{amount} on each ¥10,000"),
    "insured": ("保额 {amount}", "Insured: {amount}"),
    "purpose": ("用途：{purpose}", "For {purpose}"),
    "span": ("{first}到{last}", "{first} to {last}"),
}
_TABLES = {
    "caption.schedule": (
        "{repayment}，年利率 {rate}。单位：元",
        "Terms: {repayment}, {rate} a year. In yuan",
    ),
    "caption.part": ("第 {part} 部分，共 {parts} 部分", "Part {part} of {parts}"),
    "caption.measured": ("您家的数和界限", "Your figures and the limits"),
    "caption.cash": ("每月底手里的钱（元）", "Money in hand at the end of each month (yuan)"),
    "column.month": ("月份", "Month"),
    "column.principal": ("本金", "Principal"),
    "column.interest": ("利息", "Interest"),
    "column.subsidy": ("政府付", "Government"),
    "column.fee": ("费用", "Fee"),
    "column.payment": ("您还", "You pay"),
    "column.total": ("一共", "Total"),
    "column.figure": ("看什么", "What we look at"),
    "column.have": ("您家", "Yours"),
    "column.need": ("界限", "Limit"),
    "column.middle": ("中等年景", "Middle year"),
    "column.bad": ("差年景", "Bad year"),
    "side.least": ("至少 {need}", "at least {need}"),
    "side.most": ("最多 {need}", "at most {need}"),
    "nothing_left": ("没有余钱", "nothing left over"),
    "beyond": ("没有收入可比", "no income to compare"),
}
_SENTENCES = {
    "pay.once": ("{month}一次还 {amount}。", "One payment of {amount} in {month}."),
    "pay.first": (
        "第一次{month}还 {amount}，最后一次{last_month}还 {last}。",
        "First {amount} in {month}, last {last} in {last_month}.",
    ),
    "cash.lowest": (
        "差年景里，手里钱最少的是{month}，还有 {amount}。",
        "In a bad year the least you have in hand is {amount}, in {month}.",
    ),
    "cash.end": (
        "到{month}，中等年景有 {middle}，差年景有 {bad}。",
        "By {month} you have {middle} in a middle year and {bad} in a bad one.",
    ),
    "cash.picture": (
        "每月底手里的钱：中等年景和差年景，从{first}到{last}",
        "Money in hand at the end of each month, middle and bad year, {first} to {last}",
    ),
    "cash.due": ("要还款的月份", "Month with a payment"),
    "cash.tallest": ("最高的一根是 {amount}", "The tallest bar is {amount}"),
    "cash.details": ("每个月的数", "The figure of each month"),
    "change.tight": (
        "最紧的一项是“{figure}”：您家 {have}，界限是{need}。收成、价格或开支变了，结果也会变。",
        (
            "Your tightest figure is “{figure}”: {have}, limit {need}. If harvest, price or "
            "spending changes, so does this result."
        ),
    ),
    "change.plain": (
        "您的情况或要办的事变了，告诉我们，会重新算。",
        "If your situation or your wish changes, tell us and it is worked out anew.",
    ),
    "change.option": (
        "{scheme}也合适：{amount}，年利率 {rate}，{term}。",
        "Also fits: {scheme}, {amount}, {rate} a year, {term}.",
    ),
    "change.terms": ("（{amount}，年利率 {rate}，{term}）", " ({amount}, {rate} a year, {term})"),
    "change.none": (
        "这件事只改一处还不够。请和“还能找谁”里的人一起商量，或者情况变了再来。",
        (
            "No single change is enough. Talk it over with those who can help, or come again when "
            "things have changed."
        ),
    ),
    "helper.day": ("约 {days} 天答复", "about {days} day"),
    "helper.days": ("约 {days} 天答复", "about {days} days"),
    "helper.none": (
        "目录里暂时没有合适的机构，请让{member}帮您再找。",
        "Nobody in the list serves this yet; let {member} look further for you.",
    ),
    "sure.bad_year": (
        "差年景：五年里最差的那一年。我们按它算过。",
        "A bad year is the worst of five. We have reckoned with one.",
    ),
    "sure.assumed": (
        "有 {count} 项您没有说，先按一般情况算：{names}。说了会更准。",
        "{count} facts you did not state were assumed: {names}. Tell us, and it is surer.",
    ),
    "sure.more": ("等", " and others"),
    "sure.stale": (
        "这些情况一年多没有更新：{names}（最久 {months} 个月），请核对",
        (
            "These were last updated more than a year ago: {names}"
            " (the oldest {months} months); check them"
        ),
    ),
    "sure.stated": (
        "用的都是您说的情况，没有替您估。",
        "Only what you told us was used; nothing was assumed.",
    ),
    "disagree": (
        (
            "告诉村干部，或到{member}说“我要申诉”。会有人重新看，当面答复您。申诉不花钱，也不影响以后"
            "办事。哪个数看不懂，可以让他们讲给您听。"
        ),
        (
            "Tell your village officer, or say “I appeal” at {member}. A person looks at it again "
            "and answers you. It costs nothing and does not count against you. Ask them to explain "
            "any figure here."
        ),
    ),
    "decided.rules": (
        (
            "{member}在{date}按全县统一的规则算出这个结果，由人复核。审批和拒绝都要有人签名，"
            "机器不能拒绝您。"
        ),
        (
            "{member} worked this out on {date} by the county's common rules, and a person reviews "
            "it. Approving or refusing takes a person's signature; no machine can refuse you."
        ),
    ),
    "decided.refused": (
        "{member}的工作人员复核了您的情况，由人作出决定并签名，不是机器拒绝的。",
        "An officer of {member} reviewed your case, decided and signed. No machine refused you.",
    ),
    "refused.tag": ("工作人员没有同意", "Declined by an officer"),
    "refused.words": ("工作人员的话", "In the officer's words"),
    "refused.code": ("代码 {code}", "code {code}"),
    "feedback.days": ("{event} {days} 天", "{days} days {event}"),
    "receipt.kept": (
        "这个结果已记在全县共同的账本上，改了会被发现。",
        "This result stands in the county's shared ledger; nobody can alter it unseen.",
    ),
    "receipt.check": (
        (
            "核对：向{member}要证据文件，在任何电脑上运行 {command}，不用上网。编号要和这里一样，"
            "谁算都是同一个结果。"
        ),
        (
            "To check: ask {member} for the evidence file and run {command} on any computer, "
            "offline. The numbers must be those here; anyone gets the same result."
        ),
    ),
    "receipt.case": ("案件号", "Case"),
    "receipt.chain": ("账本", "Ledger"),
    "receipt.height": ("第几页", "Page"),
    "receipt.record": ("决定编号", "Decision"),
    "receipt.picture": ("收据的二维码", "QR code of the receipt"),
    "file": ("文件", "FILE"),
    "comma": ("、", ", "),
    "colon": ("：", ": "),
}

PAGE = phrase_table("page", {**_TITLES, **_HEADINGS, **_CELLS, **_TABLES, **_SENTENCES})
"""Every sentence of the page by code, `page.head.sure`."""
